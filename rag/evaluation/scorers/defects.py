"""What is wrong with an answer, by name: each citation and each sentence has at most one defect.

The order in which causes are looked for, so that one mistake is counted once:

1. A *citation* to a version that is not stored, or that the limits of the case or of the search do not admit:
   `wrong_version`.
2. A citation whose quote is not the stored characters, or not whole sentences: `wrong_span`. A sentence that cites one
   of these two is not judged, for it may fail because of them.
3. A sentence that is its citation but for one thing: `negation` where one denies what the other affirms or turns a
   direction round, else `figure` where a figure or date is missing.
4. A sentence that is not supported, although another one that was found, or of an article that is cited, carries it:
   its citations are `wrong_source`.
5. A sentence in other words than its citation, but close to it: `negation` and `figure` as above.
6. Any other unsupported or uncited sentence: `unsupported_sentence`.
7. A citation that none of its sentences needs: `surplus_citation`.

A sentence that is partly supported, and one that is right but cites nothing, is no defect; `citation.recall` counts
them. A sentence counts as supported here also when one of its citations alone supports it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag.errors import ConfigurationError
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Sample, Score
from rag.evaluation.scorers.altered import altered
from rag.evaluation.scorers.exactness import inexact, misplaced
from rag.evaluation.scorers.proof import Proof, finding
from rag.evaluation.suites.cases import Asked
from rag.sentences import sentences
from rag.types import Answer, Citation, Scope, Status, Verdict
from rag.verify import Quote
from rag.verify.closeness import SURE, shared
from rag.verify.synonyms import terms

_OF_CITATIONS = ("wrong_version", "wrong_span", "wrong_source", "surplus_citation")
_OF_SENTENCES = ("negation", "figure", "unsupported_sentence")
_LOOKED_AT = 10
"""Stored sentences, those that share most words with a failing sentence, that are tried for it."""


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
    found = _Diagnosis(proof, answer, _limits(asked, answer, evidence), evidence)
    for name in _OF_CITATIONS if answer.citations else ():
        where = [f"[{marker}]" for defect, marker in found.citations() if defect == name]
        yield _share(name, where, len(answer.citations))
    for name in _OF_SENTENCES if proof.cited else ():
        where = [words for defect, words in found.sentences if defect == name]
        yield _share(name, where, len(proof.cited))


class _Diagnosis:
    """The defects of one answer. Looking for causes costs time only where something fails."""

    def __init__(self, proof: Proof, answer: Answer, scope: Scope, evidence: Evidence) -> None:
        self._proof, self._answer, self._scope, self._evidence = proof, answer, scope, evidence
        self._broken = {each.marker: defect for each in answer.citations if (defect := self._of_place(each))}
        self._needed: set[int] = set()
        self._blamed: set[int] = set()
        self._stored: list[Quote] | None = None
        self.sentences: list[tuple[str, str]] = []
        """Each defect with the words of a sentence that has it."""
        for words, markers in proof.cited:
            self._look_at(words, markers)

    def citations(self) -> Iterator[tuple[str, int]]:
        """Yield each defect with the marker of a citation that has it."""
        for marker in (citation.marker for citation in self._answer.citations):
            if marker in self._broken:
                yield self._broken[marker], marker
            elif marker not in self._needed:
                yield "wrong_source" if marker in self._blamed else "surplus_citation", marker

    def _of_place(self, citation: Citation) -> str | None:
        if misplaced(citation, self._answer, self._scope, self._evidence):
            return "wrong_version"
        return "wrong_span" if inexact(citation, self._answer, self._evidence) else None

    def _look_at(self, words: str, markers: Sequence[int]) -> None:
        if not self._broken.keys().isdisjoint(markers):
            self._needed.update(markers)
        elif self._carried(words, markers):
            self._needed.update(self._needed_by(words, markers))
        else:
            change = altered(words, [self._proof.quotes[marker] for marker in markers], self._evidence)
            if not (change and change.closeness >= SURE) and self._elsewhere(words):
                self._blame(words, markers)
                return
            self._needed.update(markers)
            if change or self._proof.verdict(words, markers) is not Verdict.PARTIAL:
                self.sentences.append((change.defect if change else "unsupported_sentence", words))

    def _carried(self, words: str, markers: Sequence[int]) -> bool:
        # Further quotes take nothing away from one that is enough.
        proof = self._proof
        return proof.carried(words, markers) or any(proof.carried(words, [marker]) for marker in markers)

    def _needed_by(self, words: str, markers: Sequence[int]) -> Iterator[int]:
        """Yield the citations that carry a supported sentence alone, or without which the others do not."""
        for marker in markers:
            rest = [other for other in markers if other != marker]
            if self._proof.carried(words, [marker]) or not self._carried(words, rest):
                yield marker

    def _blame(self, words: str, markers: Sequence[int]) -> None:
        """Lay it to the citations that do not carry the words even in part, or else to all."""
        verdict = self._proof.verdict
        alien = [marker for marker in markers if verdict(words, [marker]) is Verdict.UNSUPPORTED] or markers
        self._blamed.update(alien)
        self._needed.update(set(markers).difference(alien))

    def _elsewhere(self, words: str) -> bool:
        """Tell whether a stored sentence carries the words; those that share most with them are tried."""
        if self._stored is None:
            self._stored = _stored(self._answer, self._evidence)

        def common(quote: Quote) -> float:
            return shared(words, frozenset(terms(quote.text)), frozenset())

        nearest = sorted(self._stored, key=common, reverse=True)[:_LOOKED_AT]
        return any(finding(self._evidence, words, [quote]).verdict is Verdict.SUPPORTED for quote in nearest)


def _limits(asked: Asked, answer: Answer, evidence: Evidence) -> Scope:
    try:
        return evidence.scope(asked, answer.question.asked_at)
    except ConfigurationError:  # an article that it is limited to is not in this library
        return answer.question.scope


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


def _share(name: str, where: Sequence[str], count: int) -> Score:
    return Score(metric=f"defect.{name}", value=len(where) / count, reason=where[0] if where else "")
