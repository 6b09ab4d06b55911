"""Whether the passages that an answer may draw on hold what is relevant, by the measures of information retrieval.

What has to be found is a list of places, in the version that they name, else in the one that was readable within the
limits of the case: each of `relevant`; without it each of `cites`, and the places of
`cites_any` together as one, since one of them will do. A passage covers a place when it overlaps it, or repeats it
though it stands in an article that was folded into it. A place counts once, at the first passage that covers it; a
passage that covers nothing new is not relevant, so that repeating one place does not make up for missing another.

In terms of `ir_measures`, a place is a relevant document, and a passage that covers nothing new another document. A
passage that covers several places at once stands for each of them in turn; cut-offs of hits and recall count passages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from rag.errors import ConfigurationError
from rag.evaluation.evidence import Evidence, found_in
from rag.evaluation.results import Check, Sample, Score
from rag.evaluation.suites.cases import Asked, Cited, Expectation
from rag.types import Answer, Hit, Scope

_FIRST = 5
"""Passages among which recall is counted."""
_NAMES = ("retrieval.hit@1", "retrieval.hit@5", "retrieval.recall@5", "retrieval.mrr", "retrieval.ndcg@10")

Place = tuple[Cited, ...]
"""Places of which any will do."""


def score(asked: Asked, sample: Sample, evidence: Evidence) -> Iterator[Check | Score]:
    """Yield the retrieval metrics of an answerable question whose relevant places are known; otherwise nothing."""
    places = wanted(asked.expect)
    if sample.answer is None or asked.expect.answerable is False or not places:
        return
    hits = sample.answer.hits
    try:
        covered = _covered(places, asked, sample.answer, evidence)
    except ConfigurationError as error:
        yield from (Score(metric=name, value=None, reason=str(error)) for name in _NAMES)
        return
    found = set().union(*covered)
    missed = "; ".join(_described(place) for at, place in enumerate(places) if at not in found)
    reason = f"not among {len(hits)} passages: {missed}" if missed else ""
    yield from (
        Score(metric=name, value=value, reason=reason) for name, value in measured(covered, len(places)).items()
    )


def wanted(expect: Expectation) -> tuple[Place, ...]:
    """Return the places that retrieval should find."""
    alternatives = (expect.cites_any,) if expect.cites_any and not expect.relevant else ()
    return (*((place,) for place in expect.relevant or expect.cites), *alternatives)


def measured(covered: Sequence[AbstractSet[int]], places: int) -> dict[str, float]:
    """Return the metrics of a ranking: for each passage, best first, which of so many places it covers."""
    from ir_measures import RR, SetR, Success, nDCG, pytrec_eval  # noqa: PLC0415  heavy: only where it is used

    relevant = {f"place {at}": 1 for at in range(places)}
    rankings = {"all": _ranking(covered), "first": _ranking(covered[:_FIRST])}
    measures = {
        "retrieval.hit@1": ("first", Success @ 1),
        "retrieval.hit@5": ("first", Success @ _FIRST),
        "retrieval.recall@5": ("first", SetR),
        "retrieval.mrr": ("all", RR),
        "retrieval.ndcg@10": ("all", nDCG @ 10),
    }
    # The provider is named because looking for one that can takes longer than measuring.
    found = pytrec_eval.iter_calc([each for _, each in measures.values()], dict.fromkeys(rankings, relevant), rankings)
    values = {(each.query_id, each.measure): each.value for each in found}
    return {name: values[key] for name, key in measures.items()}


def _ranking(covered: Sequence[AbstractSet[int]]) -> dict[str, float]:
    documents: list[str] = []
    seen: set[int] = set()
    for rank, places in enumerate(covered):
        documents += [f"place {at}" for at in sorted(places - seen)] or [f"passage {rank}"]
        seen |= places
    return {document: -float(rank) for rank, document in enumerate(documents)}


def _covered(places: Sequence[Place], asked: Asked, answer: Answer, evidence: Evidence) -> list[set[int]]:
    """Return for each passage which places it covers; raise ConfigurationError where one is in no article."""
    scope, generation = evidence.scope(asked, answer.question.asked_at), answer.generation

    def covers(hit: Hit, cited: Cited) -> bool:
        return evidence.meets(cited, hit.passage, scope=scope, generation=generation) or any(
            _repeats(hit.passage.text, cited, source.article_id, scope, evidence) for source in hit.also_in
        )

    return [{at for at, place in enumerate(places) if any(covers(hit, each) for each in place)} for hit in answer.hits]


def _repeats(text: str, cited: Cited, article_id: str, scope: Scope, evidence: Evidence) -> bool:
    """Tell whether a text that nearly repeats one of another article holds the words of a place in that article."""
    if evidence.article_id(cited.article) != article_id:
        return False
    words = cited.quote
    if cited.start is not None:
        article = evidence.article(article_id, cited.version or evidence.version_readable(article_id, scope))
        words = article.text[cited.start : cited.end] if article else ""
    return words is None or bool(found_in(text, words))


def _described(place: Place) -> str:
    return " or ".join(f"{cited.article} “{cited.quote}”" if cited.quote else cited.article for cited in place)
