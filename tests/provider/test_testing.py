"""The fakes keep the promises that tests rely on."""

from __future__ import annotations

import openai
import pytest

from rag.protocols import Message
from rag.testing import ScriptedChat
from rag.testing.server import ScriptedServer, embeddings, fails, html, plain
from rag.types import Usage

HELLO = [Message(role="user", content="Hello")]


def client(server: ScriptedServer) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.base_url, api_key="k", max_retries=0)


def test_the_server_is_understood_by_the_real_client() -> None:
    with (
        ScriptedServer(plain("Hi."), embeddings([1.0, 0.0], [0.0, 1.0]), models=("a", "b")) as server,
        client(server) as real,
    ):
        assert [each.id for each in real.models.list()] == ["a", "b"]
        chat = real.chat.completions.create(model="a", messages=[{"role": "user", "content": "Hello"}])
        assert chat.choices[0].message.content == "Hi."
        vectors = real.embeddings.create(model="e", input=["x", "y"], encoding_format="float")
        assert [each.embedding for each in vectors.data] == [[1.0, 0.0], [0.0, 1.0]]
    assert [request.path for request in server.requests] == ["/v1/chat/completions", "/v1/embeddings"]


def test_faults_and_an_empty_script_are_http_errors() -> None:
    with ScriptedServer(fails(403, "no"), html("<p>x", status=502)) as server, client(server) as real:
        for kind, told in (
            (openai.PermissionDeniedError, "no"),
            (openai.InternalServerError, "502"),
            (openai.InternalServerError, "no reply left"),
        ):
            with pytest.raises(kind, match=told):
                real.chat.completions.create(model="a", messages=[{"role": "user", "content": "Hello"}])


def test_null_content_and_keys_reach_the_client() -> None:
    with ScriptedServer(plain(None)) as server, client(server) as real:
        chat = real.chat.completions.create(model="a", messages=[{"role": "user", "content": "Hello"}])
    assert chat.choices[0].message.content is None
    assert server.requests[0].headers["authorization"] == "Bearer k"


def test_a_closed_server_refuses() -> None:
    with ScriptedServer() as server:
        pass
    with client(server) as real, pytest.raises(openai.APIConnectionError):
        real.models.list()


def test_the_scripted_chat_follows_its_script() -> None:
    chat = ScriptedChat("one", ["t", "wo", Usage(output_tokens=1)], [ValueError("three")], name="me")
    assert chat.name == "me"
    assert list(chat.stream(HELLO)) == ["one"]
    assert list(chat.stream(HELLO)) == ["t", "wo", Usage(output_tokens=1)]
    with pytest.raises(ValueError, match="three"):
        list(chat.stream(HELLO))
    with pytest.raises(AssertionError):
        list(chat.stream(HELLO))
    assert chat.sent == [tuple(HELLO)] * 4
