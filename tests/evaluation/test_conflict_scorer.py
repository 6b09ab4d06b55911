"""Whether conflicts are shown, where the case says whether there is one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Sample
from rag.evaluation.scorers.conflict import score
from rag.evaluation.suites.cases import Asked, Expectation
from rag.library import LocalLibrary
from rag.testing import HashingEmbedder
from rag.types import Answer, Question, Scope, Status


@pytest.mark.parametrize(
    ("status", "expected", "found"),
    [
        ("conflicting", ["conflicting"], {"precision": 1.0, "recall": 1.0, "f1": 1.0}),
        ("conflicting", ["answered"], {"precision": 0.0, "f1": 0.0}),
        ("conflicting", ["answered", "partial"], {"precision": 0.0, "f1": 0.0}),
        ("answered", ["conflicting"], {"recall": 0.0, "f1": 0.0}),
        ("not_in_sources", ["conflicting"], {"recall": 0.0, "f1": 0.0}),
        ("answered", ["answered"], {}),
        ("answered", ["not_in_sources"], {}),
        ("conflicting", ["answered", "conflicting"], {}),
        ("conflicting", [], {}),
    ],
)
def test_conflicts(
    library: Callable[..., LocalLibrary], status: str, expected: list[str], found: dict[str, float]
) -> None:
    answer = Answer(question=Question(text="?"), standalone="?", scope=Scope(), text="…", status=Status(status))
    asked = Asked(question="?", expect=Expectation.model_validate({"status": expected}))
    sample = Sample(suite="s", case_id="c", asked="d", answer=answer)

    told = list(score(asked, sample, Evidence(library(), HashingEmbedder())))

    assert {each.metric.removeprefix("conflict."): each.value for each in told} == found
