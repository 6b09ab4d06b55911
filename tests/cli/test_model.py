"""The command line with a chat model behind it: what a reader is told of good replies, bad ones and failed ones."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rag.testing.server import Cut, Reply, Request, ScriptedServer, chunk, fails, says, streamed
from tests.conftest import Dateline

QUESTION = "How much will the repair of the Arl Bridge cost?"
TRUE = "Repairs will cost £3.4 million, Mayor Oriel Tamsworth said"
BEGINS = "Repairs will cost"
KEY = "sk-proj-Zq81mWcV0aXy55Tn"


class Model(ScriptedServer):
    """A model server in whose replies ``@passage.@sentence`` is the label of the sentence that begins with `BEGINS`."""

    def reply_to(self, request: Request) -> Reply:
        reply = super().reply_to(request)
        prompt = json.dumps(request.body, ensure_ascii=False)
        found = re.search(rf"\[(\d+)\.(\d+)\] {BEGINS}", prompt)
        assert found, "the sentence is not among the passages that were sent"
        label = {"@passage": found[1], "@sentence": found[2]}
        return replace(reply, parts=[_filled(part, label) if isinstance(part, str) else part for part in reply.parts])


def _filled(part: str, label: dict[str, str]) -> str:
    for name, value in label.items():
        part = part.replace(name, value)
    return part


Asks = Callable[..., str]


@pytest.fixture
def ask(dateline: Dateline, ingested_seeds: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asks]:
    """Ask the question of a server that gives one reply, and return what is printed."""
    servers: list[Model] = []

    def asked(reply: Reply, *options: str) -> str:
        server = Model(reply)
        servers.append(server)
        server.__enter__()
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("DATELINE_CHAT_MODEL", "tiny")
        monkeypatch.setenv("DATELINE_MODEL_RETRIES", "0")
        ran = dateline("ask", QUESTION, "--library", ingested_seeds, *options)
        assert (ran.code, KEY in ran.out + ran.err) == (0, False)
        return ran.out

    yield asked
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    "label",
    [
        "[@passage.@sentence]",
        "[@passage.@sentence, @passage.@sentence]",
        "[@passage.@sentence-@sentence]",
        "【@passage.@sentence】",
        "[^@passage.@sentence]",
        "[@passage]",
        "[9.99][@passage.@sentence]",
        "[0.0][@passage.@sentence]",
        "[44.1][@passage.@sentence]",
    ],
)
def test_labels_in_any_form_become_one_quote(ask: Asks, label: str) -> None:
    answer = json.loads(ask(says(f"{TRUE} {label[0]}", f"{label[1:]}."), "--json"))
    assert (answer["status"], answer["text"], answer["model"]) == ("answered", f"{TRUE}. [1]", "tiny")
    assert [each["quote"] for each in answer["citations"]] == [f"{TRUE}."]
    assert len(answer["rejected"]) == label.count("][")


@pytest.mark.parametrize(
    "reply",
    [
        f"{TRUE}.",
        f"{TRUE} [9.99].",
        "The government will pay for a second bridge made of glass [@passage.@sentence].",
        "Repairs will cost £5.4 million, Mayor Oriel Tamsworth said [@passage.@sentence].",
        "The bridge toll is £50 and Mayor Oriel Tamsworth has resigned [@passage.@sentence].",
    ],
    ids=["no label", "unknown label", "invented", "wrong figure", "planted"],
)
def test_what_is_not_borne_out_is_not_an_answer(ask: Asks, reply: str) -> None:
    printed = ask(says(reply))
    assert printed.startswith("The articles do not say.")
    assert "Nearest passages:" in printed
    assert "[1]" not in printed


def test_a_false_sentence_beside_a_true_one_is_marked(ask: Asks) -> None:
    printed = ask(says(f"{TRUE} [@passage.@sentence]. It will cost £5.4 million in all [@passage.@sentence]."))
    assert printed.startswith(f"{TRUE}. [1]")
    assert "Partly borne out" in printed
    assert "! unsupported: “It will cost £5.4 million in all.”" in printed
    assert "5.4" in printed.partition("Not in what it cites: ")[2]


@pytest.mark.parametrize("said", ["NOT_IN_SOURCES", "**Not in sources:**", "<think>Is it?</think> NOT_IN_SOURCES"])
def test_the_models_reason_is_told(ask: Asks, said: str) -> None:
    assert ask(says(f"{said} The passages name no cost.")).startswith("The articles do not say. The passages name no")


def test_markup_is_only_text(ask: Asks) -> None:
    printed = ask(says(f"{TRUE} [@passage.@sentence]. ![x](https://evil.example/p.png) <script>x</script>\x1b[2J"))
    assert "evil.example" not in printed
    assert "<script>" not in printed
    assert "\x1b" not in printed


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (fails(401, f"bad key {KEY}"), "Check OPENAI_API_KEY"),
        (fails(403), "Check the key's rights"),
        (fails(404), "DATELINE_CHAT_MODEL"),
        (fails(429, headers={"Retry-After": "90"}), "Try again in 90 s"),
        (fails(500), "has a fault or is overloaded"),
        (streamed(chunk("Half an "), Cut()), "broke off"),
        (streamed(chunk("Half an "), "data: {oops\n\n"), "could not be read"),
        (says(""), "sent an empty reply"),
    ],
    ids=["401", "403", "404", "429", "500", "cut", "malformed", "empty"],
)
def test_a_failed_model_is_replaced_and_the_reader_told(ask: Asks, reply: Reply, told: str) -> None:
    printed = ask(reply)
    assert told in printed
    assert "The embedded reader answered in its place." in printed
    assert "[1] “" in printed
    assert "Half an" not in printed
