"""Faults to plant in a good answer, to prove that evaluation names them. Each changes one thing and no verdicts.

A fault gives None where a sample has nothing to damage, such as no negation that could be dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from rag.errors import ArticleNotFoundError
from rag.evaluation.results import Sample
from rag.protocols import Library
from rag.question.conversation import NOT_SAID
from rag.types import Answer, Article, Citation, Claim, Hit, Span, Status, Verdict

Damage = Callable[[Answer, Library], Answer | None]

_NEGATION = re.compile(r"(?<=\w)(?:n[’']t| not| never)\b(?! only)|\b[Nn]o (?=[a-z])|(?<=\bcan)not\b")
_FIGURE = re.compile(r"(?<![\w.,\[])\d[\d.,]*(?!\])")
_SOURCE = re.compile(r"[^:\n]{3,80}\d{4}: ")
"""The outlet and day before the words of an article."""
_INVENTED = "A former lighthouse keeper later sold the recordings to a museum in Lisbon."


def damaged(sample: Sample, damage: Damage, library: Library) -> Sample | None:
    """Return a sample with a fault planted in its answer."""
    answer = damage(sample.answer, library) if sample.answer else None
    return replace(sample, answer=answer) if answer else None


def wrong_citation(answer: Answer, library: Library) -> Answer | None:  # noqa: ARG001  a fault's form
    """Let a marker point at a sentence of another article than the one that it should."""
    for claim in answer.claims:
        if len(claim.markers) == 1:
            right = _cited(answer, claim.markers[0])
            others = [hit for hit in answer.hits if hit.passage.source.article_id != right.source.article_id]
            if others and others[-1].passage.sentences:
                return _recited(answer, _citation(right.marker, others[-1], others[-1].passage.sentences[-1]))
    return None


def wrong_version(answer: Answer, library: Library) -> Answer | None:
    """Cite the same words in another version of their article."""
    for citation in answer.citations:
        for article in _other_versions(library, citation):
            start = article.text.find(citation.quote)
            if start >= 0:
                end = start + len(citation.quote)
                wrong = replace(citation, source=article.source, version=article.version, start=start, end=end)
                return _recited(answer, wrong)
    return None


def off_by_one_span(answer: Answer, library: Library) -> Answer | None:
    """Shift a citation by one character; its quote is still cut from the article."""
    for citation in answer.citations:
        text = library.article(citation.source.article_id, citation.version).text
        by = 1 if citation.end < len(text) else -1
        start, end = citation.start + by, citation.end + by
        if start >= 0:
            return _recited(answer, replace(citation, start=start, end=end, quote=text[start:end]))
    return None


def cite_everything(answer: Answer, library: Library) -> Answer | None:  # noqa: ARG001  a fault's form
    """Let the first sentence cite the first sentence of every passage that was found."""
    known = {_place(citation) for citation in answer.citations}
    everything = [_citation(0, hit, hit.passage.sentences[0]) for hit in answer.hits if hit.passage.sentences]
    unused = list({_place(each): each for each in everything if _place(each) not in known}.values())
    if not unused or not answer.claims:
        return None
    first = max((citation.marker for citation in answer.citations), default=0) + 1
    added = [replace(citation, marker=marker) for marker, citation in enumerate(unused, first)]
    markers = [citation.marker for citation in added]
    text = answer.text[: answer.claims[0].end] + _written(markers)
    claims = list(answer.claims)
    claims[0] = replace(claims[0], markers=(*claims[0].markers, *markers))
    moved = _moved(claims, 1, len(text) - answer.claims[0].end)
    text += answer.text[answer.claims[0].end :]
    return replace(answer, text=text, claims=moved, citations=(*answer.citations, *added))


def dropped_negation(answer: Answer, library: Library) -> Answer | None:  # noqa: ARG001  a fault's form
    """Leave out a "not", a "never" or a "no"."""
    return _reworded(answer, lambda words: _NEGATION.sub("", words, count=1))


def swapped_figure(answer: Answer, library: Library) -> Answer | None:  # noqa: ARG001  a fault's form
    """Put another first digit to the last figure of a sentence."""
    return _reworded(answer, _swapped)


def hallucinated_sentence(answer: Answer, library: Library) -> Answer | None:  # noqa: ARG001  a fault's form
    """Add an invented sentence that cites what the one before it cites."""
    if not answer.claims:
        return None
    markers = answer.claims[-1].markers
    text = f"{answer.text} {_INVENTED}{_written(markers)}"
    start = len(answer.text) + 1
    claim = Claim(start=start, end=start + len(_INVENTED), markers=markers, verdict=Verdict.SUPPORTED)
    return replace(answer, text=text, claims=(*answer.claims, claim))


def needless_abstention(answer: Answer, library: Library) -> Answer | None:  # noqa: ARG001  a fault's form
    """Say that the articles do not say."""
    if answer.status is Status.NOT_IN_SOURCES:
        return None
    return replace(answer, text=NOT_SAID, status=Status.NOT_IN_SOURCES, claims=(), citations=())


def missing_abstention(answer: Answer, library: Library) -> Answer | None:  # noqa: ARG001  a fault's form
    """Answer a question that was left unanswered, with a sentence of the nearest passage."""
    hit = next((hit for hit in answer.hits if hit.passage.sentences), None)
    if answer.status is not Status.NOT_IN_SOURCES or hit is None:
        return None
    citation = _citation(1, hit, hit.passage.sentences[0])
    claim = Claim(start=0, end=len(citation.quote), markers=(1,), verdict=Verdict.SUPPORTED)
    text = f"{citation.quote} [1]"
    return replace(answer, text=text, status=Status.ANSWERED, claims=(claim,), citations=(citation,))


FAULTS: Mapping[str, Damage] = {
    "wrong_source": wrong_citation,
    "wrong_version": wrong_version,
    "wrong_span": off_by_one_span,
    "surplus_citation": cite_everything,
    "negation": dropped_negation,
    "figure": swapped_figure,
    "unsupported_sentence": hallucinated_sentence,
    "needless_abstention": needless_abstention,
    "missing_abstention": missing_abstention,
}
"""Each fault under the name of the defect that it is."""


def _reworded(answer: Answer, change: Callable[[str], str]) -> Answer | None:
    """Return the answer with the first sentence changed that the change changes, without the source before it."""
    for place, claim in enumerate(answer.claims):
        words = answer.text[claim.start : claim.end]
        source = _SOURCE.match(words)
        start = claim.start + (source.end() if source else 0)
        changed = change(answer.text[start : claim.end])
        if changed != answer.text[start : claim.end]:
            text = answer.text[:start] + changed + answer.text[claim.end :]
            claims = list(answer.claims)
            claims[place] = replace(claim, end=start + len(changed))
            return replace(answer, text=text, claims=_moved(claims, place + 1, len(text) - len(answer.text)))
    return None


def _swapped(words: str) -> str:
    found = list(_FIGURE.finditer(words))
    if not found:
        return words
    at = found[-1].start()
    return f"{words[:at]}{int(words[at]) % 9 + 1}{words[at + 1 :]}"


def _moved(claims: Sequence[Claim], first: int, by: int) -> tuple[Claim, ...]:
    return tuple(
        replace(claim, start=claim.start + by, end=claim.end + by) if place >= first else claim
        for place, claim in enumerate(claims)
    )


def _cited(answer: Answer, marker: int) -> Citation:
    return next(citation for citation in answer.citations if citation.marker == marker)


def _recited(answer: Answer, citation: Citation) -> Answer:
    changed = tuple(citation if each.marker == citation.marker else each for each in answer.citations)
    return replace(answer, citations=changed)


def _citation(marker: int, hit: Hit, span: Span) -> Citation:
    passage = hit.passage
    return Citation(
        marker=marker,
        source=passage.source,
        version=passage.version,
        start=span.start,
        end=span.end,
        quote=passage.slice(span),
    )


def _written(markers: Sequence[int]) -> str:
    return " " + "".join(f"[{marker}]" for marker in markers)


def _place(citation: Citation) -> tuple[str, str, int, int]:
    return (citation.source.article_id, citation.version, citation.start, citation.end)


def _other_versions(library: Library, citation: Citation) -> list[Article]:
    article_id = citation.source.article_id
    try:
        versions = [summary.version for summary in library.versions(article_id)]
    except ArticleNotFoundError:
        return []
    return [library.article(article_id, version) for version in versions if version != citation.version]
