"""The share of sentences that an answer's own verdicts call supported."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rag.evaluation.cases import Asked
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Sample
from rag.evaluation.scorers.claims import score
from rag.library import LocalLibrary
from rag.testing import HashingEmbedder
from rag.types import Answer, Claim, Question, Scope, Status, Verdict


@pytest.mark.parametrize(
    ("sentences", "support"),
    [
        ([("It is closed.", "supported"), ("It is old.", "supported")], 1.0),
        ([("It is closed.", "supported"), ("It is old.", "partial")], 0.5),
        ([("It is closed.", "unsupported"), ("It is old.", "uncited")], 0.0),
        ([("They differ:", "uncited"), ("It is old.", "supported")], 1.0),
        ([("They differ:", "unsupported"), ("It is old.", "supported")], 0.5),
        ([("They differ:", "uncited")], None),
        ([], None),
    ],
)
def test_support(library: Callable[..., LocalLibrary], sentences: list[tuple[str, str]], support: float | None) -> None:
    text, claims = "", list[Claim]()
    for words, verdict in sentences:
        claims.append(Claim(start=len(text), end=len(text) + len(words), markers=(), verdict=Verdict(verdict)))
        text += f"{words} "
    answer = Answer(
        question=Question(text="?"),
        standalone="?",
        scope=Scope(),
        text=text,
        status=Status.PARTIAL,
        claims=tuple(claims),
    )
    sample = Sample(suite="s", case_id="c", asked="d", answer=answer)

    told = list(score(Asked(question="?"), sample, Evidence(library(), HashingEmbedder())))

    assert [each.value for each in told] == ([] if support is None else [support])
