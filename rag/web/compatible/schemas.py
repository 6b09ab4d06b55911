"""The forms of what clients of OpenAI's API are sent, as JSON schemas: for the OpenAPI document and for tests."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rag.web.api.schemas import AnswerSent, CitationSent, Sent


class PlacedCitationSent(CitationSent):
    """A citation of the answer, and where exactly its characters can be opened."""

    range_url: str


class UrlCitationSent(Sent):
    """A marker in the text."""

    start_index: int = Field(ge=0, description="Unicode code points from the start of the answer's text.")
    end_index: int = Field(ge=0)
    title: str
    url: str
    dateline: PlacedCitationSent


class AnnotationSent(Sent):
    """What a marker in the text of a completion cites."""

    type: Literal["url_citation"]
    url_citation: UrlCitationSent


class CompletionMessageSent(Sent):
    """The text of a completion."""

    role: Literal["assistant"]
    content: str
    refusal: None
    annotations: list[AnnotationSent]


class ChoiceSent(Sent):
    """The one choice there is."""

    index: Literal[0]
    message: CompletionMessageSent
    finish_reason: Literal["stop"]
    logprobs: None


class CompletionUsageSent(Sent):
    """Tokens as the provider counted them."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class CompletionSent(Sent):
    """A chat completion with its proof."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChoiceSent] = Field(min_length=1, max_length=1)
    usage: CompletionUsageSent
    dateline: AnswerSent


class ResponseAnnotationSent(UrlCitationSent):
    """What a marker in the text of a response cites."""

    type: Literal["url_citation"]


class OutputTextSent(Sent):
    """The text of a response."""

    type: Literal["output_text"]
    text: str
    annotations: list[ResponseAnnotationSent]
    logprobs: list[None] = Field(max_length=0)


class OutputMessageSent(Sent):
    """The one message of a response."""

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    status: Literal["completed"]
    content: list[OutputTextSent] = Field(min_length=1, max_length=1)


class InputDetailsSent(Sent):
    """Always nought: nothing is cached."""

    cached_tokens: Literal[0]
    cache_write_tokens: Literal[0]


class OutputDetailsSent(Sent):
    """Always nought: reasoning is not counted apart."""

    reasoning_tokens: Literal[0]


class ResponseUsageSent(Sent):
    """Tokens as the provider counted them."""

    input_tokens: int
    input_tokens_details: InputDetailsSent
    output_tokens: int
    output_tokens_details: OutputDetailsSent
    total_tokens: int


class ResponseFormatSent(Sent):
    """The form of the text."""

    type: Literal["text"]


class ResponseTextSent(Sent):
    """How the text was written."""

    format: ResponseFormatSent


class ResponseSent(Sent):
    """A response with its proof."""

    id: str
    object: Literal["response"]
    created_at: int
    completed_at: int
    status: Literal["completed"]
    background: Literal[False]
    error: None
    incomplete_details: None
    instructions: None
    max_output_tokens: None
    metadata: dict[str, str]
    model: str
    output: list[OutputMessageSent] = Field(min_length=1, max_length=1)
    parallel_tool_calls: Literal[False]
    previous_response_id: None
    reasoning: None
    store: Literal[False]
    temperature: None
    text: ResponseTextSent
    tool_choice: Literal["none"]
    tools: list[None] = Field(max_length=0)
    top_p: None
    truncation: Literal["disabled"]
    usage: ResponseUsageSent
    dateline: AnswerSent


class EmbeddingSent(Sent):
    """The vector of one text: numbers, or their 32-bit floats in base64."""

    object: Literal["embedding"]
    index: int = Field(ge=0)
    embedding: list[float] | str


class EmbeddingUsageSent(Sent):
    """Always nought: tokens are not counted."""

    prompt_tokens: Literal[0]
    total_tokens: Literal[0]


class EmbeddingsSent(Sent):
    """The vectors of texts, in the order of the texts."""

    object: Literal["list"]
    model: str
    data: list[EmbeddingSent]
    usage: EmbeddingUsageSent


class ModelSent(Sent):
    """A model that can be named."""

    id: str
    object: Literal["model"]
    created: Literal[0]
    owned_by: Literal["dateline"]


class ModelsSent(Sent):
    """The models that can be named."""

    object: Literal["list"]
    data: list[ModelSent]
