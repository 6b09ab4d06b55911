"""What an answer took: time, tokens and money. What is not known is left unscored."""

from __future__ import annotations

from collections.abc import Iterator

from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Sample, Score
from rag.evaluation.suites.cases import Asked
from rag.types import Answer


def score(asked: Asked, sample: Sample, evidence: Evidence) -> Iterator[Check | Score]:  # noqa: ARG001  a scorer's form
    """Yield what was spent, and the checks of the limits that the case sets."""
    answer, expect = sample.answer, asked.expect
    if answer is None:
        return
    tokens, cost = _tokens(answer), _cost(answer)
    yield Score(metric="latency.p50", value=sample.seconds)
    yield Score(metric="latency.p95", value=sample.seconds)
    if sample.first_seconds is not None:
        yield Score(metric="latency.first", value=sample.first_seconds)
    yield Score(metric="tokens", value=tokens, reason="" if tokens is not None else "the model server did not count")
    yield Score(metric="cost", value=cost, reason="" if cost is not None else "no price is known")
    yield from _limit("max_seconds", sample.seconds, expect.max_seconds, "{:.2f} s")
    yield from _limit("max_cost", cost, expect.max_cost, "${:.6f}")
    yield from _limit("max_tokens", tokens, expect.max_tokens, "{:.0f} tokens")


def _tokens(answer: Answer) -> float | None:
    """Return the tokens read and written; where a model was sent a prompt, none at all means that nobody counted."""
    total = answer.usage.input_tokens + answer.usage.output_tokens
    return None if answer.prompts and not total else float(total)


def _cost(answer: Answer) -> float | None:
    """Return US dollars; an answer for which no model was asked costs nothing."""
    return 0.0 if answer.cost is None and not answer.prompts else answer.cost


def _limit(name: str, spent: float | None, most: float | None, form: str) -> Iterator[Check]:
    if most is None:
        return
    yield Check(
        name=name,
        passed=None if spent is None else spent <= most,
        expected=f"at most {form.format(most)}",
        got="unknown" if spent is None else form.format(spent),
    )
