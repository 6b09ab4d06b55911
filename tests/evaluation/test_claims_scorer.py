"""The share of sentences that an answer's own verdicts call supported."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ingest.split import split
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Sample
from rag.evaluation.scorers.claims import score
from rag.evaluation.suites.cases import Asked
from rag.library import LocalLibrary
from rag.testing import HashingEmbedder
from rag.testing.drafting import drafted
from rag.types import Answer, Claim, Hit, Question, Scope, Source, Status, Verdict

BRIDGE = Source(article_id="bridge", title="Bridge")
TEXT = "The bridge was closed on Monday. Nobody was hurt."


@pytest.mark.parametrize(
    ("sentences", "support"),
    [
        ([("It is closed.", "supported"), ("It is old.", "supported")], 1.0),
        ([("It is closed.", "supported"), ("It is old.", "partial")], 0.5),
        ([("It is closed.", "unsupported"), ("It is old.", "uncited")], 0.0),
        ([("They differ:", "uncited"), ("It is old.", "supported")], 1.0),
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


def test_a_sentence_that_repeats_what_is_cited_needs_a_citation_too(
    library: Callable[..., LocalLibrary],
) -> None:
    evidence = Evidence(library((BRIDGE, TEXT)), HashingEmbedder())
    hits = [Hit(passage=passage, score=1.0) for passage in split(evidence.library.article("bridge"))]
    draft = "The bridge was closed on Monday [1.1]. Nobody was hurt [1.2]. The bridge was closed on Monday."
    answer = drafted(draft, hits, evidence.similarity)
    assert [claim.verdict for claim in answer.claims] == ["supported", "supported", "uncited"]

    told = list(score(Asked(question="?"), Sample(suite="s", case_id="c", asked="d", answer=answer), evidence))

    assert [each.value for each in told] == [pytest.approx(2 / 3)]
