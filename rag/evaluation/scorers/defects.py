"""What is wrong with an answer, by name: each citation and each sentence has at most one defect.

The order in which causes are looked for, so that one mistake is counted once:

1. A *citation* to a version that is not stored, or that the scope does not admit: `wrong_version`.
2. A citation whose quote is not the stored characters, or not whole sentences: `wrong_span`. A sentence that cites one
   of these two is not judged, for it may fail because of them.
3. A sentence that is not supported, although another stored sentence carries it: its citations are `wrong_source`.
4. A sentence that is unsupported by a quote which is close to it: `negation` where one denies what the other affirms,
   else `figure` where a figure or date is missing.
5. Any other unsupported or uncited sentence that no stored sentence carries: `unsupported_sentence`.
6. A citation that none of its sentences needs: `surplus_citation`.

A sentence that is partly supported, and one that is right but cites nothing, is no defect; `citation.recall` counts
them. A sentence counts as supported here also when one of its citations alone supports it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rag.evaluation.cases import Asked
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Sample, Score
from rag.evaluation.scorers.exactness import inexact, misplaced
from rag.evaluation.scorers.proof import Proof, Statement, finding
from rag.sentences import sentences
from rag.types import Answer, Status, Verdict
from rag.verify import Quote
from rag.verify.closeness import UNRELATED, shared
from rag.verify.dates import dates
from rag.verify.figures import figures
from rag.verify.polarity import compare_polarity
from rag.verify.synonyms import plain, terms
from rag.verify.terms import evened

_OF_CITATIONS = ("wrong_version", "wrong_span", "wrong_source", "surplus_citation")
_OF_SENTENCES = ("negation", "figure", "unsupported_sentence")
_LOOKED_AT = 10
"""Stored sentences, those that share most words with a failing sentence, that are tried for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The defects of an answer: each with the marker of a citation, or with the words of a sentence."""

    citations: tuple[tuple[str, int], ...]
    sentences: tuple[tuple[str, str], ...]


def score(asked: Asked, sample: Sample, evidence: Evidence) -> Iterator[Score]:
    """Yield for each defect the share of citations or sentences that have it, and whether it was right to answer."""
    answer, answerable = sample.answer, asked.expect.answerable
    if answer is None:
        return
    abstained = answer.status is Status.NOT_IN_SOURCES
    if answerable is not None:
        name = "needless_abstention" if answerable else "missing_abstention"
        yield Score(metric=f"defect.{name}", value=float(abstained is answerable))
    proof = Proof(answer, evidence)
    found = diagnosed(proof, answer, evidence)
    for name in _OF_CITATIONS if answer.citations else ():
        where = [f"[{marker}]" for defect, marker in found.citations if defect == name]
        yield _share(name, where, len(answer.citations))
    for name in _OF_SENTENCES if proof.statements else ():
        where = [words for defect, words in found.sentences if defect == name]
        yield _share(name, where, len(proof.statements))


def diagnosed(proof: Proof, answer: Answer, evidence: Evidence) -> Diagnosis:
    """Return the defects of an answer; looking for their causes costs time only where something fails."""
    marks = _Marks()
    for citation in answer.citations:
        if misplaced(citation, answer, evidence):
            marks.broken[citation.marker] = "wrong_version"
        elif inexact(citation, answer, evidence):
            marks.broken[citation.marker] = "wrong_span"
    stored: list[Quote] | None = None
    for statement in proof.statements:
        if not marks.broken.keys().isdisjoint(statement.markers):
            marks.needed.update(statement.markers)
        elif _carried(proof, statement.words, statement.markers):
            marks.needed.update(_needed(proof, statement))
        else:
            stored = _stored(answer, evidence) if stored is None else stored
            _blame(marks, proof, statement, _elsewhere(statement, stored, evidence), evidence)
    judged = [(marks.of_citation(citation.marker), citation.marker) for citation in answer.citations]
    return Diagnosis(
        citations=tuple((defect, marker) for defect, marker in judged if defect), sentences=tuple(marks.sentences)
    )


@dataclass(slots=True, kw_only=True)
class _Marks:
    """What is known so far."""

    broken: dict[int, str] = field(default_factory=dict)
    needed: set[int] = field(default_factory=set)
    blamed: set[int] = field(default_factory=set)
    sentences: list[tuple[str, str]] = field(default_factory=list)

    def of_citation(self, marker: int) -> str | None:
        if marker in self.broken:
            return self.broken[marker]
        if marker in self.needed:
            return None
        return "wrong_source" if marker in self.blamed else "surplus_citation"


def _blame(marks: _Marks, proof: Proof, statement: Statement, elsewhere: bool, evidence: Evidence) -> None:
    """Say what is wrong with a sentence that is not supported, or with its citations."""
    words, markers = statement.words, statement.markers
    verdict = proof.verdict(words, markers)
    if elsewhere:
        alien = [marker for marker in markers if proof.verdict(words, [marker]) is Verdict.UNSUPPORTED]
        marks.blamed.update(alien or markers)
        marks.needed.update(set(markers).difference(alien or markers))
        return
    marks.needed.update(markers)
    if verdict is Verdict.UNCITED:
        marks.sentences.append(("unsupported_sentence", words))
    elif verdict is Verdict.UNSUPPORTED:
        marks.sentences.append((_amiss(words, [proof.quotes[marker] for marker in markers], evidence), words))


def _carried(proof: Proof, words: str, markers: Sequence[int]) -> bool:
    # Further quotes take nothing away from one that is enough.
    return proof.carried(words, markers) or any(proof.carried(words, [marker]) for marker in markers)


def _needed(proof: Proof, statement: Statement) -> Iterator[int]:
    """Yield the citations that carry a supported sentence alone, or without which the others do not."""
    for marker in statement.markers:
        rest = [other for other in statement.markers if other != marker]
        if proof.carried(statement.words, [marker]) or not _carried(proof, statement.words, rest):
            yield marker


def _stored(answer: Answer, evidence: Evidence) -> list[Quote]:
    """Return the sentences that the answer could have cited: of what was found, and of the articles that it cites."""
    found = [
        Quote(text=hit.passage.slice(span), source=hit.passage.source, nearby=hit.passage.text)
        for hit in answer.hits
        for span in hit.passage.sentences
    ]
    for article_id, version in dict.fromkeys((each.source.article_id, each.version) for each in answer.citations):
        if article := evidence.article(article_id, version):
            found += [
                Quote(text=article.text[span.start : span.end], source=article.source, nearby=article.text)
                for span in sentences(article.text)
            ]
    return list({(quote.source.article_id, quote.text): quote for quote in reversed(found)}.values())


def _elsewhere(statement: Statement, stored: Sequence[Quote], evidence: Evidence) -> bool:
    """Tell whether a stored sentence carries the words; those that share most words with them are tried."""

    def common(quote: Quote) -> float:
        return shared(statement.words, frozenset(terms(quote.text)), frozenset())

    nearest = sorted(stored, key=common, reverse=True)[:_LOOKED_AT]
    return any(finding(evidence, statement.words, [quote]).verdict is Verdict.SUPPORTED for quote in nearest)


def _amiss(words: str, quotes: Sequence[Quote], evidence: Evidence) -> str:
    """Return the defect of an unsupported sentence that nothing carries."""
    found = finding(evidence, words, quotes)
    if found.closeness < UNRELATED:
        return "unsupported_sentence"
    if compare_polarity(plain(evened(words)), [plain(evened(quote.text)) for quote in quotes]):
        return "negation"
    return "figure" if any(figures(each) or dates(each, None) for each in found.missing) else "unsupported_sentence"


def _share(name: str, where: Sequence[str], count: int) -> Score:
    return Score(metric=f"defect.{name}", value=len(where) / count, reason=where[0] if where else "")
