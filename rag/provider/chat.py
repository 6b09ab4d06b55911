"""Chat models of OpenAI and of every server with the same interface, through LangChain (its one home for chat)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag.errors import ProviderError
from rag.protocols import Message
from rag.provider.background import iterate
from rag.provider.failures import Endpoint, Failure, endpoint
from rag.types import Usage

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk, BaseMessage
    from langchain_openai import ChatOpenAI
    from openai import DefaultAsyncHttpxClient

OPENAI = "https://api.openai.com/v1"
NO_KEY = "none"
"""Sent to servers that need no key, because the client insists on one."""
CONNECT = 10.0
"""Seconds to reach the server."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 20.0
"""Seconds between tries; a server that asks for more than the longest is not asked again."""
LONGEST_REPLY = 200_000
"""Characters after which a reply is taken to have no end."""
RUN_NAME = "dateline.chat"
"""What tracing calls a model call."""
OPTIONAL = ("temperature", "stream_options")
"""Parameters that some models or servers refuse and that the call can do without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIChat:
    """A chat model on a server; every failure is a ProviderError, and none lasts longer than `timeout`."""

    model: str
    base_url: str | None = None
    """Where the server is, usually ending in ``/v1``; OpenAI itself when not given."""
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 60.0
    """Seconds that a call may take from the question to the last word, with all its tries."""
    silence: float = 30.0
    """Seconds that a reply may pause once it has begun."""
    retries: int = 2
    """Further tries after a failure that may pass, as long as nothing of the reply has been seen."""
    _refused: set[str] = field(default_factory=set, init=False, repr=False, compare=False)
    """Optional parameters that this model turned out to refuse."""

    def __post_init__(self) -> None:
        _ = self._endpoint

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model

    def stream(self, messages: Sequence[Message]) -> Iterator[str | Usage]:
        """Yield the reply as it comes, then its Usage; closing the iterator cancels the call; raise ProviderError."""
        return iterate(lambda: self._call(tuple(messages)))

    async def _call(self, messages: Sequence[Message]) -> AsyncGenerator[str | Usage, None]:
        _load()  # the first call pays for it, and its time is not the server's
        try:
            async with asyncio.timeout(self.timeout), aclosing(self._tries(messages)) as pieces:
                async for piece in pieces:
                    yield piece
        except TimeoutError:
            failure = self._endpoint.too_slow(self.timeout)
        else:
            return
        # Raised outside of the handler: what a client library reports may repeat the key, and tracebacks show causes.
        raise failure

    async def _tries(self, messages: Sequence[Message]) -> AsyncGenerator[str | Usage, None]:
        tries = 0
        while True:
            began = False
            try:
                async with aclosing(self._attempt(messages)) as pieces:
                    async for piece in pieces:
                        began = True
                        yield piece
            except Exception as error:  # noqa: BLE001  a server's reply can break a client library anywhere
                failure = self._failure(error, began=began)
            else:
                return
            if self._drops_option(failure):
                continue
            if began or tries >= self.retries or not _worth_another(failure):
                raise failure.error
            await asyncio.sleep(_pause(failure, tries))
            tries += 1

    async def _attempt(self, messages: Sequence[Message]) -> AsyncGenerator[str | Usage, None]:
        from openai import DefaultAsyncHttpxClient  # noqa: PLC0415  heavy: only where a model is asked

        usage, finish, length = Usage(), "", 0
        async with DefaultAsyncHttpxClient() as client, aclosing(self._chunks(client, messages)) as chunks:
            async for chunk in chunks:
                usage = _usage(chunk) or usage
                finish = str(chunk.response_metadata.get("finish_reason") or finish)
                length += len(chunk.text)
                if length > LONGEST_REPLY:
                    raise self._endpoint.broke_off("It did not come to an end")
                if chunk.text:
                    yield str(chunk.text)
        self._must_be_whole(finish)
        if usage != Usage():
            yield usage

    async def _chunks(
        self, client: DefaultAsyncHttpxClient, messages: Sequence[Message]
    ) -> AsyncGenerator[AIMessageChunk, None]:
        stream = self._model(client).astream(_to_langchain(messages), config={"run_name": RUN_NAME})
        began = False
        while True:
            try:
                # How long a model reads before it writes depends on the passages; after that a pause is a fault.
                async with asyncio.timeout(self.silence if began else None):
                    chunk = await anext(stream, None)
            except TimeoutError:
                break
            if chunk is None:
                return
            began = began or bool(chunk.text)
            yield chunk
        raise self._endpoint.broke_off(f"It fell silent for {self.silence:g} s")

    def _model(self, client: DefaultAsyncHttpxClient) -> ChatOpenAI:
        from langchain_openai import ChatOpenAI  # noqa: PLC0415  heavy: only where a model is asked
        from openai import Timeout  # noqa: PLC0415
        from pydantic import SecretStr  # noqa: PLC0415

        return ChatOpenAI(
            model=self.model,
            base_url=self.base_url or OPENAI,
            api_key=SecretStr(self.api_key or NO_KEY),
            temperature=None if "temperature" in self._refused else 0,
            stream_usage="stream_options" not in self._refused,
            use_responses_api=False,
            max_retries=0,
            # Its way of waiting for a chunk loses cancellations on Python 3.11; silence is watched here.
            stream_chunk_timeout=None,
            timeout=Timeout(self.timeout, connect=min(CONNECT, self.timeout)),
            # Our own client reads the proxy and certificate variables; LangChain's would replace its transport.
            http_async_client=client,
            http_socket_options=(),
            openai_proxy=None,
        )

    def _must_be_whole(self, finish: str) -> None:
        if finish == "length":
            raise self._endpoint.broke_off(
                "The server's limit on length was reached; raise it, or send less (DATELINE_CONTEXT_TOKENS)"
            )
        if finish == "content_filter":
            raise self._endpoint.broke_off("The server's content filter withheld the rest")
        if not finish:
            raise self._endpoint.broke_off("It ended before the model had finished")

    def _failure(self, error: Exception, *, began: bool) -> Failure:
        if isinstance(error, ProviderError):
            return Failure(error=error)
        return self._endpoint.failure(error, began=began)

    def _drops_option(self, failure: Failure) -> bool:
        """Leave out from now on what the server has just refused, and tell whether the call is worth repeating."""
        refused = [name for name in OPTIONAL if type(failure.error) is ProviderError and name in str(failure.error)]
        new = set(refused) - self._refused
        self._refused.update(new)
        return bool(new)

    @property
    def _endpoint(self) -> Endpoint:
        return endpoint(self.model, self.base_url or OPENAI, self.api_key)


def _load() -> None:
    import langchain_openai  # noqa: F401, PLC0415  heavy: only where a model is asked


def _to_langchain(messages: Sequence[Message]) -> list[BaseMessage]:
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage  # noqa: PLC0415  heavy

    kinds = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    return [kinds[message.role](content=message.content) for message in messages]


def _usage(chunk: AIMessageChunk) -> Usage | None:
    counts = chunk.usage_metadata
    return Usage(input_tokens=counts["input_tokens"], output_tokens=counts["output_tokens"]) if counts else None


def _worth_another(failure: Failure) -> bool:
    return failure.retry and (failure.wait or 0.0) <= LONGEST_WAIT


def _pause(failure: Failure, tries: int) -> float:
    """Return the seconds before the next try: what the server asks, else doubling, spread so that callers part."""
    if failure.wait is not None:
        return failure.wait
    spread = random.uniform(0.75, 1.25)  # noqa: S311  not a secret
    return spread * float(min(LONGEST_WAIT, FIRST_WAIT * 2**tries))
