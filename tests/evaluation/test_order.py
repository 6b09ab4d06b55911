"""An order selects cases by tag, by id and by number."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import ConfigurationError
from rag.evaluation.runs.order import Order, Selection
from rag.evaluation.suites.cases import Case, Suite

SUITE = Suite(
    suite="s",
    tags=("all",),
    cases=(
        Case(id="cost-1", question="a", tags=("money",)),
        Case(id="cost-2", question="b", tags=("money", "slow")),
        Case(id="hurt[1]", question="c"),
    ),
)


@pytest.mark.parametrize(
    ("tags", "ids", "limit", "wanted"),
    [
        ((), (), None, ["cost-1", "cost-2", "hurt[1]"]),
        (("money",), (), None, ["cost-1", "cost-2"]),
        (("slow", "other"), (), None, ["cost-2"]),
        (("all",), (), None, ["cost-1", "cost-2", "hurt[1]"]),
        ((), ("cost-*",), None, ["cost-1", "cost-2"]),
        ((), ("COST-1",), None, []),
        ((), ("*1", "hurt*"), None, ["cost-1", "hurt[1]"]),
        (("money",), ("*2", "hurt*"), None, ["cost-2"]),
        (("money",), (), 1, ["cost-1"]),
        ((), (), 9, ["cost-1", "cost-2", "hurt[1]"]),
    ],
)
def test_cases_are_selected(tags: tuple[str, ...], ids: tuple[str, ...], limit: int | None, wanted: list[str]) -> None:
    assert [case.id for case in Selection(tags=tags, ids=ids, limit=limit).of(SUITE)] == wanted


def test_replies_are_either_kept_or_replayed() -> None:
    with pytest.raises(ConfigurationError, match="give one of them"):
        Order(suites=(), record=Path("a.jsonl"), replay=Path("a.jsonl"))
