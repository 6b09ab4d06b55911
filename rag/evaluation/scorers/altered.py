"""In what a sentence that is not supported differs from what it cites, where that can be named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.evaluation.evidence import Evidence
from rag.evaluation.scorers.proof import finding
from rag.types import Verdict
from rag.verify import Quote
from rag.verify.closeness import UNRELATED
from rag.verify.dates import dates
from rag.verify.direction import contradicted
from rag.verify.figures import figures
from rag.verify.polarity import compare_polarity, polarity
from rag.verify.synonyms import plain
from rag.verify.terms import evened


@dataclass(frozen=True, slots=True, kw_only=True)
class Alteration:
    """What was changed, and how close sentence and quotes are otherwise (a ratio)."""

    defect: Literal["negation", "figure"]
    closeness: float


def altered(words: str, quotes: Sequence[Quote], evidence: Evidence) -> Alteration | None:
    """Return what was changed in an unsupported sentence, or None where that is not one thing.

    A day or time counts as a figure. A negation is added, dropped, or said by the opposite word ("rose" for "fell").
    """
    found = finding(evidence, words, quotes)
    if found.verdict is not Verdict.UNSUPPORTED or found.closeness < UNRELATED:
        return None
    figured = [bool(figures(each) or dates(each, None)) for each in found.missing]
    if any(figured):
        return Alteration(defect="figure", closeness=found.closeness) if all(figured) else None
    said, texts = evened(words), [evened(quote.text) for quote in quotes]
    denied = any(len(polarity(text).negations) != len(polarity(said).negations) for text in texts)
    if denied or _contradicts(plain(said), [plain(text) for text in texts]):
        return Alteration(defect="negation", closeness=found.closeness)
    return None


def _contradicts(said: str, texts: Sequence[str]) -> bool:
    return bool(compare_polarity(said, texts) or contradicted(said, texts))
