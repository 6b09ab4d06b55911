"""Precision, recall and F1 of a yes or no, as weighted scores of which the means are the ratios."""

from __future__ import annotations

from collections.abc import Iterator

from rag.evaluation.results import Score


def precision_recall_f1(prefix: str, *, said: bool, true: bool, reason: str) -> Iterator[Score]:
    """Yield what one decision adds: to precision where yes was said, to recall where it is true, to F1 where either.

    F1 is 2·TP / (2·TP + FP + FN): a true positive weighs two, an error one.
    """
    right = said and true
    why = "" if said == true else reason
    if said:
        yield Score(metric=f"{prefix}.precision", value=float(right), reason=why)
    if true:
        yield Score(metric=f"{prefix}.recall", value=float(right), reason=why)
    if said or true:
        yield Score(metric=f"{prefix}.f1", value=float(right), weight=2.0 if right else 1.0, reason=why)
