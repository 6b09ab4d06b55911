from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rag.compose import Newsroom, newsroom
from rag.errors import ConfigurationError, ProviderBusyError
from rag.prices import Price, read_prices
from rag.settings import read_settings
from rag.testing.chat import ScriptedChat
from rag.types import Question, Scope, Turn, Usage
from tests.conftest import Dateline

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "prices.toml"


def test_a_million_tokens_cost_what_the_table_says() -> None:
    price = Price(input=0.5, output=2.0)
    assert price.of(Usage(input_tokens=1_000_000, output_tokens=500_000)) == 1.5
    assert price.of(Usage()) == 0


def test_the_example_can_be_read() -> None:
    assert read_prices(EXAMPLE)["my-model"] == Price(input=0.5, output=2.0)


@pytest.mark.parametrize(
    "table",
    [
        "[m]\ninput = 1",
        "[m]\ninput = 1\noutput = -1",
        "[m]\ninput = 1\noutput = nan",
        "[m]\ninput = 1\noutput = inf",
        "[m]\ninput = 1\noutput = true",
        "[m]\ninput = 1\noutput = '2'",
        "[m]\ninput = 1\noutput = 2\ncached = 3",
        "m = 1",
        # A name with a dot that stands without quotation marks is a table in a table.
        "[gpt-4.1]\ninput = 1\noutput = 2",
    ],
)
def test_what_is_no_price_is_said(tmp_path: Path, table: str) -> None:
    (tmp_path / "prices.toml").write_text(table)
    with pytest.raises(ConfigurationError, match=r"prices.toml: the price of “(m|gpt-4)” must be a table such as"):
        read_prices(tmp_path / "prices.toml")


@pytest.mark.parametrize("content", [b"[m", b"\xff", None])
def test_a_file_that_cannot_be_read_is_said(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "prices.toml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"The prices in .*prices.toml cannot be read \(.+\); mend the file"):
        read_prices(tmp_path / "prices.toml")


@pytest.fixture
def room(tmp_path: Path, dateline: Dateline) -> Iterator[Newsroom]:
    story = tmp_path / "story.md"
    story.write_text("---\ntitle: Budget\n---\nThe council held the budget at $4.25 million.\n")
    assert dateline("ingest", str(story), "--library", str(tmp_path / "library")).code == 0
    (tmp_path / "prices.toml").write_text('["scripted"]\ninput = 1\noutput = 10\n')
    with newsroom(read_settings(library=tmp_path / "library", prices=tmp_path / "prices.toml")) as opened:
        yield opened


ASKED = Question(text="What did the council do with the budget?")
REPLY = "The council held the budget at $4.25 million [1.1]."
USED = Usage(input_tokens=1000, output_tokens=10)


def test_an_answer_costs_what_its_tokens_do(room: Newsroom) -> None:
    answer = room.desk(ScriptedChat([REPLY, USED])).ask(ASKED)
    assert answer.cost == pytest.approx(0.0011)


def test_the_tokens_of_a_rewritten_question_cost_too(room: Newsroom) -> None:
    asked = Question(text="What about it?", history=(Turn(question="Is there a budget?", answer="Yes."),))
    answer = room.desk(ScriptedChat(["What about the budget?", USED], [REPLY, USED])).ask(asked)
    assert answer.standalone == "What about the budget?"
    assert answer.cost == pytest.approx(0.0022)


@pytest.mark.parametrize("reply", [[REPLY], ["The council ", ProviderBusyError("The model server is busy.")]])
def test_what_was_not_counted_has_no_known_cost(room: Newsroom, reply: list[str | Exception]) -> None:
    assert room.desk(ScriptedChat(reply)).ask(ASKED).cost is None


def test_a_model_that_was_not_asked_cost_nothing(room: Newsroom) -> None:
    nowhere = replace(ASKED, scope=Scope(publishers=("Nobody",)))
    assert room.desk(ScriptedChat()).ask(nowhere).cost == 0


def test_a_model_without_a_price_and_the_embedded_reader_have_no_known_cost(room: Newsroom) -> None:
    assert room.desk(ScriptedChat([REPLY, USED], name="other")).ask(ASKED).cost is None
    assert room.desk().ask(ASKED).cost is None


def test_a_wrong_table_is_said_at_the_command_line(
    room: Newsroom, dateline: Dateline, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert room.settings.prices
    room.settings.prices.write_text("scripted = 1")
    monkeypatch.setenv("DATELINE_PRICES", str(room.settings.prices))
    ran = dateline("ask", ASKED.text, "--library", str(room.settings.library))
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "the price of “scripted” must be a table" in ran.err
