"""The sentences of an answer beside what they cite, verified afresh: what the answer says of itself is not trusted."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from functools import partial

from rag.claims import attribution
from rag.evaluation.evidence import Evidence
from rag.evaluation.scorers.wording import statements
from rag.question.conversation import HALF_SAID, NOT_SAID
from rag.types import Answer, Citation, Verdict
from rag.verify import Finding, Quote, verify

Entails = Callable[[str, Sequence[Quote]], Verdict]
"""Whether quotes, taken together, carry a sentence. An NLI model or a chat model fits as well as our verifier."""


class Proof:
    """An answer's statements with what carries them; every question is put to `entails` once."""

    def __init__(self, answer: Answer, evidence: Evidence, entails: Entails | None = None) -> None:
        self._entails: Entails = entails or partial(_verified, evidence)
        self._known: dict[tuple[str, tuple[int, ...]], Verdict] = {}
        self.quotes = {citation.marker: quote_of(citation, answer, evidence) for citation in answer.citations}
        """By marker."""
        every = [(each.words, tuple(citation.marker for citation in each.citations)) for each in statements(answer)]
        sources = {attribution(citation) for citation in answer.citations}
        self.needed = [bool(markers) or not _states_nothing(words, sources) for words, markers in every]
        """For each sentence whether it needs a citation; one that repeats what another cites does."""
        self.cited = [each for each, needed in zip(every, self.needed, strict=True) if needed]
        """Those that do, without markers, each with the markers behind it."""

    def verdict(self, words: str, markers: Sequence[int]) -> Verdict:
        """Return how well what the markers stand for, taken together, carries the words."""
        key = (words, tuple(markers))
        if key not in self._known:
            quotes = [self.quotes[marker] for marker in markers]
            self._known[key] = self._entails(words, quotes) if quotes else Verdict.UNCITED
        return self._known[key]

    def carried(self, words: str, markers: Sequence[int]) -> bool:
        """Tell whether the words are supported; a partial verdict is none."""
        return self.verdict(words, markers) is Verdict.SUPPORTED


def _states_nothing(words: str, sources: Set[str]) -> bool:
    """Tell whether a sentence only leads in ("They differ:"), names a source, or is what we say without sources."""
    leads_in = words.endswith((":", "：")) and not any(map(str.isdigit, words))
    return leads_in or words in {NOT_SAID, HALF_SAID} or words.rstrip(":： ") in sources


def quote_of(citation: Citation, answer: Answer, evidence: Evidence) -> Quote:
    """Return a citation's quote with the passage that it stands in, or where no hit holds it with its article."""
    place = (citation.source.article_id, citation.version)
    for passage in (hit.passage for hit in answer.hits):
        if (passage.source.article_id, passage.version) == place and passage.start <= citation.start < passage.end:
            return Quote(text=citation.quote, source=citation.source, nearby=passage.text)
    article = evidence.article(*place)
    return Quote(text=citation.quote, source=citation.source, nearby=article.text if article else "")


def _verified(evidence: Evidence, words: str, quotes: Sequence[Quote]) -> Verdict:
    return finding(evidence, words, quotes).verdict


def finding(evidence: Evidence, words: str, quotes: Sequence[Quote]) -> Finding:
    """Return what our verifier finds."""
    return verify(words, quotes, evidence.similarity)
