"""The chat model against a real server: what it sends, what it understands, and how each fault reads."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextvars import ContextVar

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import BaseMessage
from langchain_core.outputs import LLMResult
from langchain_core.tracers.context import register_configure_hook
from langsmith.utils import tracing_is_enabled

from rag.cancelling import Cancel
from rag.errors import (
    ConfigurationError,
    ModelNotFoundError,
    ProviderBusyError,
    ProviderError,
    ProviderRefusedError,
    ProviderReplyError,
    ProviderUnreachableError,
)
from rag.protocols import Message
from rag.provider.chat import OpenAIChat
from rag.testing.server import (
    DONE,
    Cut,
    Pause,
    Reply,
    ScriptedServer,
    chunk,
    event,
    fails,
    html,
    plain,
    says,
    streamed,
    usage_chunk,
)
from rag.types import Usage

KEY = "sk-proj-Zq81mWcV0aXy55Tn"
ASKED = (Message(role="system", content="Be brief."), Message(role="user", content="Who?"))


def model(server: ScriptedServer, *, retries: int = 0, timeout: float = 20.0, silence: float = 5.0) -> OpenAIChat:
    return OpenAIChat(
        model="tiny", base_url=server.base_url, api_key=KEY, retries=retries, timeout=timeout, silence=silence
    )


def failure(chat: OpenAIChat) -> tuple[list[str | Usage], ProviderError]:
    """Return what came before the error, and the error, which must be fit to be shown and logged."""
    seen: list[str | Usage] = []
    with pytest.raises(ProviderError) as caught:
        for piece in chat.stream(ASKED):
            seen.append(piece)  # noqa: PERF402  what came before an error must stay
    error = caught.value
    assert "\n" not in str(error)
    assert len(str(error)) < 400
    assert KEY[:12] not in str(error)
    assert error.__cause__ is None, "a traceback would show what the server said"
    assert error.__context__ is None
    return seen, error


def test_a_reply_streams_and_ends_with_its_usage() -> None:
    with ScriptedServer(says("Ada ", "Brook.", usage=(31, 4))) as server:
        assert list(model(server).stream(ASKED)) == ["Ada ", "Brook.", Usage(input_tokens=31, output_tokens=4)]
    (request,) = server.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body == {
        "model": "tiny",
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who?"}],
    }


def test_pieces_arrive_before_the_reply_is_complete() -> None:
    with ScriptedServer(streamed(chunk("Ada "), Pause(seconds=30), chunk("Brook."))) as server:
        pieces = model(server, timeout=60, silence=60).stream(ASKED)
        assert next(pieces) == "Ada "


def test_a_server_without_keys_is_asked_without_ours() -> None:
    with ScriptedServer(says("Yes.")) as server:
        assert next(OpenAIChat(model="local", base_url=server.base_url).stream(ASKED)) == "Yes."
    assert server.requests[0].headers["authorization"] == "Bearer none"


def test_earlier_turns_keep_their_roles() -> None:
    talk = [
        Message(role="user", content="a"),
        Message(role="assistant", content="b"),
        Message(role="user", content="c"),
    ]
    with ScriptedServer(says("d")) as server:
        list(model(server).stream(talk))
    assert server.requests[0].body["messages"] == [{"role": m.role, "content": m.content} for m in talk]


@pytest.mark.parametrize(
    "reply",
    [
        streamed(chunk("", role="assistant"), chunk("Yes."), chunk(finish="stop"), DONE),
        streamed(chunk("Yes."), chunk(finish="stop"), usage_chunk(1, 1)),
        streamed(": waiting\n\n", chunk("Yes.", role="assistant", finish="stop"), DONE),
        streamed(chunk("Yes.").replace("data: ", "data:"), chunk(finish="eos"), DONE),
        streamed(chunk("Y") + chunk("es.")[:20], Pause(seconds=0.01), chunk("es.")[20:], chunk(finish="stop"), DONE),
    ],
    ids=["role first", "no end mark", "comment", "no space", "cut within an event"],
)
def test_whole_replies_in_the_dialects_of_servers(reply: Reply) -> None:
    with ScriptedServer(reply) as server:
        pieces = list(model(server).stream(ASKED))
    assert "".join(piece for piece in pieces if isinstance(piece, str)) == "Yes."


ECHO = f"Incorrect API key provided: {KEY}; also {KEY[:14]}**** and Bearer {KEY}\nsecond line <b>bold</b>"
REPLIES: list[tuple[str, Reply, type[ProviderError], str]] = [
    ("400", fails(400, ECHO), ProviderError, "not accepted by"),
    ("400 too long", fails(400, "maximum context length is 4096"), ProviderError, "DATELINE_CONTEXT_TOKENS"),
    ("401", fails(401, ECHO), ProviderRefusedError, "Check OPENAI_API_KEY"),
    ("402", fails(402, "add credit"), ProviderRefusedError, "add credit"),
    ("403", fails(403, ECHO), ProviderRefusedError, "may not use tiny"),
    ("404", fails(404, "no such model"), ModelNotFoundError, "no model tiny"),
    ("404 page", html("<html><title>Oh</title><p>Not here", status=404), ModelNotFoundError, "Oh Not here"),
    ("400 no model", fails(400, "unknown", code="model_not_found"), ModelNotFoundError, "no model tiny"),
    ("413", fails(413, "large"), ProviderError, "too long for tiny"),
    ("429", fails(429, ECHO), ProviderBusyError, "Try again later"),
    ("429 hour", fails(429, "slow", headers={"Retry-After": "3600"}), ProviderBusyError, "in 60 minutes"),
    ("429 spent", fails(429, "pay", code="insufficient_quota"), ProviderBusyError, "quota of this key is spent"),
    ("500", fails(500, ECHO), ProviderBusyError, "has a fault or is overloaded"),
    ("502 page", html("<html><h1>502 Bad Gateway</h1></html>", status=502), ProviderBusyError, "502 Bad Gateway"),
    ("503 ollama", Reply(status=503, parts=('{"error": "loading"}',)), ProviderBusyError, "loading"),
    ("html 200", html("<html>Sign in</html>"), ProviderReplyError, "Check the base URL"),
    ("empty stream", streamed(), ProviderReplyError, "did not send a reply in the OpenAI chat format"),
    ("only the end mark", streamed(DONE), ProviderReplyError, "did not send a reply in the OpenAI chat format"),
    ("not JSON", streamed("data: {oh no\n\n"), ProviderReplyError, "did not send a reply in the OpenAI chat format"),
    (
        "JSON of another kind",
        streamed(event([1]), DONE),
        ProviderReplyError,
        "did not send a reply in the OpenAI chat format",
    ),
    ("empty choices", streamed(event({"choices": []}), DONE), ProviderReplyError, "before the model had finished"),
    ("null choices", streamed(event({"choices": None}), DONE), ProviderReplyError, "before the model had finished"),
    ("not streamed", plain("Yes."), ProviderReplyError, "did not send a reply in the OpenAI chat format"),
    ("error event", streamed(event({"error": {"message": ECHO}})), ProviderReplyError, "reported an error"),
    ("error event 429", streamed(event({"error": {"message": "x", "code": 429}})), ProviderBusyError, "limits how"),
    ("dropped at once", Reply(parts=(Cut(),)), ProviderReplyError, "connection was lost"),
]


@pytest.mark.parametrize(("reply", "kind", "told"), [row[1:] for row in REPLIES], ids=[row[0] for row in REPLIES])
def test_faults_before_the_first_word(reply: Reply, kind: type[ProviderError], told: str) -> None:
    with ScriptedServer(reply) as server:
        seen, error = failure(model(server))
    assert type(error) is kind
    assert told in str(error)
    assert "127.0.0.1" in str(error)
    assert seen == []


MIDWAY: list[tuple[str, Sequence[str | Pause | Cut], str]] = [
    ("ends without a reason", (), "before the model had finished"),
    ("end mark without a reason", (DONE,), "before the model had finished"),
    ("connection lost", (Cut(),), "connection was lost"),
    ("not JSON", ("data: {oh no\n\n",), "could not be read"),
    ("error event", (event({"error": {"message": ECHO, "code": None}}),), "reported an error"),
    ("length limit", (chunk(finish="length"), DONE), "limit on length"),
    ("content filter", (chunk(finish="content_filter"), DONE), "content filter"),
    ("silence", (Pause(seconds=20),), "fell silent for 0.2 s"),
]


@pytest.mark.parametrize(("rest", "told"), [row[1:] for row in MIDWAY], ids=[row[0] for row in MIDWAY])
def test_faults_midway_are_not_tried_again(rest: Sequence[str | Pause | Cut], told: str) -> None:
    with ScriptedServer(streamed(chunk("Ada "), *rest), says("Never asked.")) as server:
        seen, error = failure(model(server, retries=3, silence=0.2))
    assert seen == ["Ada "]
    assert type(error) is ProviderReplyError
    assert told in str(error)
    assert len(server.requests) == 1


def test_a_slow_first_word_ends_at_the_timeout() -> None:
    with ScriptedServer(streamed(Pause(seconds=20))) as server:
        _, error = failure(model(server, timeout=0.3, retries=5))
    assert type(error) is ProviderBusyError
    assert "within 0.3 s" in str(error)


@pytest.mark.parametrize("said", ["data: ", ": waiting\n\n", chunk("")])
def test_a_server_that_drips_ends_at_the_timeout(said: str) -> None:
    drops: list[str | Pause | Cut] = [part for _ in range(2000) for part in (said, Pause(seconds=0.002))]
    with ScriptedServer(streamed(*drops)) as server:
        _, error = failure(model(server, timeout=0.4))
    assert type(error) is ProviderBusyError


def test_a_reply_without_end_is_cut_off() -> None:
    with ScriptedServer(streamed(*[chunk("word " * 10_000)] * 10)) as server:
        _, error = failure(model(server))
    assert "did not come to an end" in str(error)


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def test_nothing_listening_is_told_at_once() -> None:
    port = closed_port()
    _, error = failure(OpenAIChat(model="tiny", base_url=f"http://127.0.0.1:{port}/v1", api_key=KEY, retries=5))
    assert type(error) is ProviderUnreachableError
    assert f"127.0.0.1:{port}" in str(error)
    assert "is running" in str(error)


def test_a_name_that_no_machine_has() -> None:
    _, error = failure(OpenAIChat(model="tiny", base_url="http://user:pw@models.invalid/v1", api_key=KEY, retries=0))
    assert type(error) is ProviderUnreachableError
    assert "models.invalid" in str(error)
    assert "pw@" not in str(error)


def test_a_server_without_tls_asked_with_it() -> None:
    with ScriptedServer() as server:
        base_url = server.base_url.replace("http:", "https:")
        _, error = failure(OpenAIChat(model="tiny", base_url=base_url, api_key=KEY, retries=0))
    assert type(error) is ProviderUnreachableError
    assert "SSL_CERT_FILE" in str(error)


@pytest.mark.parametrize(
    "fault",
    [
        fails(429, headers={"Retry-After": "0"}),
        fails(503, headers={"retry-after-ms": "10"}),
        fails(500, headers={"Retry-After": "Wed, 01 Jan 2020 00:00:00 GMT"}),
        fails(500),
        Reply(parts=(Cut(),)),
    ],
    ids=["now", "milliseconds", "past date", "unsaid", "dropped"],
)
def test_passing_faults_are_tried_again(fault: Reply) -> None:
    with ScriptedServer(fault, says("Ada.", usage=None)) as server:
        assert list(model(server, retries=1).stream(ASKED)) == ["Ada."]
    assert len(server.requests) == 2


def test_tries_are_bounded() -> None:
    busy = fails(429, headers={"Retry-After": "0"})
    with ScriptedServer(*[busy] * 9) as server:
        _, error = failure(model(server, retries=3))
    assert type(error) is ProviderBusyError
    assert len(server.requests) == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_will_not_pass_is_not_tried_again(status: int) -> None:
    with ScriptedServer(fails(status), says("Never asked.")) as server:
        failure(model(server, retries=3))
    assert len(server.requests) == 1


def test_a_server_that_asks_for_an_hour_is_not_waited_for() -> None:
    with ScriptedServer(fails(429, headers={"Retry-After": "3600"}), says("Never asked.")) as server:
        _, error = failure(model(server, retries=3))
    assert "Try again in 60 minutes" in str(error)
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", ["temperature", "stream_options"])
def test_an_option_that_the_model_refuses_is_left_out_from_then_on(name: str) -> None:
    refusal = fails(400, f"Unsupported value: '{name}' is not supported with this model.")
    with ScriptedServer(refusal, says("Ada."), says("Brook.")) as server:
        chat = model(server)
        assert [next(chat.stream(ASKED)), next(chat.stream(ASKED))] == ["Ada.", "Brook."]
    assert [name in request.body for request in server.requests] == [True, False, False]


def test_closing_the_stream_hangs_up() -> None:
    endless: list[str | Pause | Cut] = [part for _ in range(2000) for part in (chunk("word "), Pause(seconds=0.01))]
    with ScriptedServer(streamed(*endless)) as server:
        pieces = model(server).stream(ASKED)
        assert next(pieces) == "word "
        assert not server.disconnected.is_set()
        assert isinstance(pieces, Generator)
        pieces.close()
        assert server.disconnected.wait(5)


def test_a_call_ends_its_thread() -> None:
    with ScriptedServer(says("Ada.")) as server:
        list(model(server).stream(ASKED))
    wait_until(lambda: not [each for each in threading.enumerate() if each.name == "dateline-stream"])


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("It did not become true.")


def test_it_works_within_a_running_event_loop() -> None:
    async def ask() -> list[str | Usage]:
        return list(model(server).stream(ASKED))

    with ScriptedServer(says("Ada.", usage=None)) as server:
        assert asyncio.run(ask()) == ["Ada."]


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.base_url.removesuffix("/v1"))
        monkeypatch.setenv("NO_PROXY", "")
        _, error = failure(OpenAIChat(model="tiny", base_url="http://models.invalid/v1", api_key=KEY, retries=0))
    assert type(error) is ModelNotFoundError, "the proxy answered, with 404"


def test_a_bad_proxy_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("NO_PROXY", "")
    _, error = failure(OpenAIChat(model="tiny", base_url="http://models.invalid/v1", api_key=KEY, retries=0))
    assert type(error) is ProviderUnreachableError


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"base_url": "localhost:11434"}, "OPENAI_BASE_URL"),
        ({"base_url": "ftp://models.example/v1"}, "OPENAI_BASE_URL"),
        ({"base_url": "http://[broken/v1"}, "OPENAI_BASE_URL"),
        ({"api_key": "two words"}, "OPENAI_API_KEY"),
        ({"api_key": "line\nbreak"}, "OPENAI_API_KEY"),
        ({"api_key": "schlüssel"}, "OPENAI_API_KEY"),
        ({"model": " "}, "DATELINE_CHAT_MODEL"),
    ],
)
def test_what_cannot_work_is_told_before_anything_is_sent(given: dict[str, str], told: str) -> None:
    settings = {"model": "tiny", "base_url": "http://localhost:1/v1", "api_key": KEY} | given
    with pytest.raises(ConfigurationError, match=told) as caught:
        OpenAIChat(model=settings["model"], base_url=settings["base_url"], api_key=settings["api_key"])
    assert given.get("api_key", KEY) not in str(caught.value)


def test_the_key_is_not_in_its_representation() -> None:
    assert KEY not in repr(OpenAIChat(model="tiny", api_key=KEY))


def test_tracing_sees_the_call_with_its_messages_and_its_reply() -> None:
    seen: list[object] = []

    class Watcher(BaseCallbackHandler):
        def on_chat_model_start(self, serialized: object, messages: list[list[BaseMessage]], **kwargs: object) -> None:
            seen.extend([kwargs.get("name"), [(each.type, each.content) for each in messages[0]]])

        def on_llm_end(self, response: LLMResult, **kwargs: object) -> None:
            seen.append(response.generations[0][0].text)

    watching: ContextVar[Watcher | None] = ContextVar("watching", default=None)
    register_configure_hook(watching, inheritable=True)
    token = watching.set(Watcher())
    with ScriptedServer(says("Ada ", "Brook.")) as server:
        list(model(server).stream(ASKED))
    watching.reset(token)
    assert seen == ["dateline.chat", [("system", "Be brief."), ("human", "Who?")], "Ada Brook."]


def test_tracing_is_off_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING"):
        monkeypatch.delenv(name, raising=False)
    assert not tracing_is_enabled()


def test_calling_the_work_off_ends_a_call_that_waits() -> None:
    cancel, ended = Cancel(), threading.Event()

    def work() -> None:
        with pytest.raises(asyncio.CancelledError):
            list(model(server).stream(ASKED))
        ended.set()

    with ScriptedServer(streamed(Pause(seconds=60))) as server:
        threading.Thread(target=cancel.run, args=(work,), daemon=True).start()
        while not server.requests:
            time.sleep(0.01)
        assert not ended.is_set()
        cancel.call_off()
        assert ended.wait(10)


def test_work_that_was_called_off_asks_nobody() -> None:
    cancel = Cancel()
    cancel.call_off()

    def work() -> None:
        list(model(server).stream(ASKED))

    with ScriptedServer(says("Ada")) as server:
        with pytest.raises(asyncio.CancelledError):
            cancel.run(work)
        assert not server.requests


SLOW_IMPORT = """
import sys, time
class Slow:
    def find_spec(self, name, *rest):
        if name == "langchain_openai":
            time.sleep(1.5)
sys.meta_path.insert(0, Slow())
from rag.protocols import Message
from rag.provider.chat import OpenAIChat
chat = OpenAIChat(model="tiny", base_url=sys.argv[1], retries=0, timeout=1.5)
print(next(iter(chat.stream([Message(role="user", content="Who?")]))))
"""


def test_loading_the_client_does_not_count_as_the_models_time() -> None:
    with ScriptedServer(says("Ada")) as server:
        ran = subprocess.run(
            [sys.executable, "-c", SLOW_IMPORT, server.base_url], capture_output=True, text=True, check=False
        )
    assert (ran.stdout, ran.stderr) == ("Ada\n", "")
