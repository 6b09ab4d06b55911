"""What clients of OpenAI's API send, as questions.

The models below are the table of parameters: what counts, what is ignored because it changes nothing here, and what is
refused because ignoring it would change what the caller gets. A description is also the line of the refusal.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from rag.errors import ConfigurationError, UserError
from rag.question.requests import make_question
from rag.types import Question, Scope, Turn
from rag.web.api.requests import Asked, ScopeAsked

SCOPE_KEY = "dateline_scope"
"""The key of `metadata` that holds a scope as JSON, for clients that cannot send members of their own."""

_IGNORED = "Ignored: it changes nothing here."
_TOOLS = "must be empty: Dateline calls no tools."


class ParameterError(ConfigurationError):
    """A request that has the right form and cannot be served; `param` names the member that is at fault."""

    def __init__(self, line: str, param: str) -> None:
        super().__init__(line)
        self.param = param


def _is_truth(value: object) -> object:
    if isinstance(value, bool):
        return value
    raise ValueError("not a truth value")


def _is_number(value: object) -> object:
    """In Python, unlike in JSON, true is 1."""
    if isinstance(value, bool):
        raise ValueError("not a number")  # noqa: TRY004  pydantic tells of this one
    return value


No = Annotated[Literal[False], BeforeValidator(_is_truth)]
One = Annotated[Literal[1], BeforeValidator(_is_number)]
Nought = Annotated[Literal[0], BeforeValidator(_is_number)]
Ignored = Annotated[object, Field(description=_IGNORED)]
NoTools = Annotated[list[object] | None, Field(max_length=0, description=_TOOLS)]
NoToolChoice = Annotated[Literal["none", "auto"] | None, Field(description="must be none or auto: there are no tools.")]
NoLogprobs = Annotated[No | None, Field(description="must be false: an answer has no probabilities.")]
NoTopLogprobs = Annotated[Nought | None, Field(description="must be 0: an answer has no probabilities.")]
Metadata = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=10_000)]] | None,
    Field(max_length=16, description=f"must be an object of texts; of its keys only {SCOPE_KEY} counts."),
]


class _Lenient(BaseModel):
    """A part of what clients send back as they got it: members that say nothing to us are passed over."""

    model_config = ConfigDict(extra="ignore", strict=True)


class Part(_Lenient):
    """A part of a message."""

    type: Literal["text", "input_text", "output_text"]
    text: str


class MessageAsked(_Lenient):
    """A message of the conversation."""

    type: Literal["message"] = "message"
    role: Literal["system", "developer", "user", "assistant"] = Field(
        description="must be user or assistant, or system or developer, which are ignored: Dateline calls no tools."
    )
    content: str | list[Part] | None = Field(
        default=None, description="must be text, or a list of text parts: Dateline reads no images, sounds or files."
    )
    tool_calls: NoTools = None

    @property
    def text(self) -> str:
        """What the message says."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class TextFormat(_Lenient):
    """The form of the answer."""

    type: Literal["text"]


class TextOptions(_Lenient):
    """How a response writes text; anything but its format is ignored."""

    format: TextFormat | None = Field(default=None, description="must be text: an answer is prose with citations.")


class StreamOptions(_Lenient):
    """How a completion is streamed."""

    include_usage: bool | None = Field(default=None, description="must be true or false.")


class Extension(Asked):
    """What only Dateline understands; `extra_body` of the client carries it."""

    scope: ScopeAsked | None = None
    live: bool = Field(
        default=False, description="Stream text before all of it is checked; a withdrawal ends the stream."
    )


class _GenerationAsked(Asked):
    """What both forms of asking have in common."""

    model: str = Field(description="must name a model that GET /v1/models lists.", examples=["dateline"])
    stream: bool | None = Field(default=None, description="must be true or false.")
    metadata: Metadata = None
    dateline: Extension | None = None
    tools: NoTools = None
    tool_choice: NoToolChoice = None
    top_logprobs: NoTopLogprobs = None
    moderation: None = Field(default=None, description="must be left out: nothing is moderated.")
    parallel_tool_calls: Ignored = None
    prompt_cache_key: Ignored = None
    prompt_cache_options: Ignored = None
    prompt_cache_retention: Ignored = None
    safety_identifier: Ignored = None
    service_tier: Ignored = None
    store: Ignored = None
    temperature: Ignored = None
    top_p: Ignored = None
    user: Ignored = None

    def question_of(self, messages: Sequence[MessageAsked], param: str) -> Question:
        """Return the last message as the question; raise ParameterError where there is none, or no such scope."""
        said = [message for message in messages if message.role in {"user", "assistant"}]
        if not said or said[-1].role != "user":
            raise ParameterError("The last message must be the user's: it is the question.", param)
        turns = [
            Turn(question=earlier.text, answer=later.text if later.role == "assistant" else "")
            for earlier, later in pairwise(said)
            if earlier.role == "user"
        ]
        scope = self._scope()
        try:
            return make_question(said[-1].text, scope, turns)
        except UserError as error:
            raise ParameterError(str(error), param) from error

    @property
    def live(self) -> bool:
        """Whether text is wanted before all of it is checked."""
        return bool(self.dateline and self.dateline.live)

    def _scope(self) -> Scope:
        told = (self.metadata or {}).get(SCOPE_KEY)
        asked = self.dateline.scope if self.dateline else None
        try:
            if told is not None:
                asked = ScopeAsked.model_validate_json(told)
            return asked.scope() if asked else Scope()
        except ValidationError as error:
            line = f'metadata.{SCOPE_KEY} must be JSON such as {{"since": "2023-05", "publishers": ["The Courier"]}}.'
            raise ParameterError(line, "metadata") from error
        except UserError as error:
            raise ParameterError(str(error), "dateline" if told is None else "metadata") from error


class CompletionAsked(_GenerationAsked):
    """A chat completion."""

    messages: list[MessageAsked] = Field(
        min_length=1, max_length=1000, examples=[[{"role": "user", "content": "What will the bridge repair cost?"}]]
    )
    stream_options: StreamOptions | None = None
    n: One | None = Field(default=None, description="must be 1: there is one answer to a question.")
    stop: Annotated[list[object] | None, Field(max_length=0, description="must be empty: no answer is cut.")] = None
    logprobs: NoLogprobs = None
    logit_bias: Annotated[
        dict[str, object] | None, Field(max_length=0, description="must be empty: an answer has no probabilities.")
    ] = None
    response_format: TextFormat | None = Field(
        default=None, description="must be text: an answer is prose with citations."
    )
    modalities: list[Literal["text"]] | None = Field(default=None, description="must be text: Dateline does not speak.")
    audio: None = Field(default=None, description="must be left out: Dateline does not speak.")
    functions: NoTools = None
    function_call: NoToolChoice = None
    web_search_options: None = Field(
        default=None, description="must be left out: only the library's articles are searched."
    )
    frequency_penalty: Ignored = None
    max_completion_tokens: Ignored = None
    max_tokens: Ignored = None
    prediction: Ignored = None
    presence_penalty: Ignored = None
    reasoning_effort: Ignored = None
    seed: Ignored = None
    verbosity: Ignored = None

    def question(self) -> Question:
        """Return the question; raise ParameterError where there is none."""
        return self.question_of(self.messages, "messages")


class ResponseAsked(_GenerationAsked):
    """A response."""

    input: str | Annotated[list[MessageAsked], Field(min_length=1, max_length=1000)] = Field(
        description="must be text, or a list of messages of text.", examples=["What will the bridge repair cost?"]
    )
    text: TextOptions | None = None
    previous_response_id: None = Field(
        default=None, description="must be left out: no response is kept, so send the earlier messages in input."
    )
    conversation: None = Field(
        default=None, description="must be left out: no conversation is kept, so send the earlier messages in input."
    )
    background: No | None = Field(default=None, description="must be false: the answer is given at once.")
    prompt: None = Field(default=None, description="must be left out: no prompts are kept.")
    access_programs: Ignored = None
    background_options: Ignored = None
    context_management: Ignored = None
    image: Ignored = None
    include: Ignored = None
    instructions: Ignored = None
    max_output_tokens: Ignored = None
    max_tool_calls: Ignored = None
    reasoning: Ignored = None
    stream_options: Ignored = None
    truncation: Ignored = None

    def question(self) -> Question:
        """Return the question; raise ParameterError where there is none."""
        if isinstance(self.input, str):
            return self.question_of([MessageAsked(role="user", content=self.input)], "input")
        return self.question_of(self.input, "input")


class EmbeddingAsked(Asked):
    """Vectors of texts."""

    model: str = Field(
        description="must name the embedding model that GET /v1/models lists.", examples=["all-MiniLM-L6-v2/int8-1"]
    )
    input: (
        Annotated[str, Field(min_length=1, max_length=32_000)]
        | Annotated[list[Annotated[str, Field(min_length=1, max_length=32_000)]], Field(min_length=1, max_length=256)]
    ) = Field(
        description="must be one text or a list of up to 256, each of 1 to 32,000 characters; tokens are not read "
        "(LangChain: check_embedding_ctx_length=False)."
    )
    encoding_format: Literal["float", "base64"] | None = Field(default=None, description="must be float or base64.")
    dimensions: int | None = Field(
        default=None, description="must be the model's own number of dimensions, or be left out."
    )
    user: Ignored = None
