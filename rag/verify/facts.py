"""Whether two near copies of a text state the same facts."""

from __future__ import annotations

from rag.verify.agreement import compare_figures
from rag.verify.alignment import changed_facts
from rag.verify.figures import figures
from rag.verify.polarity import compare_polarity


def same_facts(one: str, other: str) -> bool:
    """Tell whether neither of two near copies has a figure, name, direction or denial that the other lacks."""
    return not any(_added(*pair) for pair in ((one, other), (other, one)))


def _added(text: str, base: str) -> bool:
    return bool(
        compare_figures(figures(text), figures(base)).missing
        or changed_facts(text, base)
        or compare_polarity(text, [base])
    )
