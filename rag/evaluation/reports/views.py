"""One failing result as the page shows it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from rag.evaluation.reports.marked import LONGEST, Edit, Piece, Shown, edits, passages, pieces
from rag.evaluation.reports.told import place, wrong
from rag.evaluation.results import Check, Result, Sample
from rag.evaluation.suites.cases import Asked
from rag.types import Answer, Hit, Status, Turn, Verdict

VERDICTS = {
    Verdict.SUPPORTED: "supported",
    Verdict.PARTIAL: "partly supported",
    Verdict.UNSUPPORTED: "not supported",
    Verdict.UNCITED: "without a source",
}
_STATUSES = {
    Status.ANSWERED: "Answered",
    Status.PARTIAL: "Partly answered",
    Status.CONFLICTING: "Sources disagree",
    Status.NOT_IN_SOURCES: "Not in these articles",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What the baseline answered."""

    same: bool
    text: str
    edits: tuple[Edit, ...]
    """Empty where the texts are too long to be compared."""
    status: str | None
    """Its status, where it is another one now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A result, cut and compared."""

    where: str
    """Which turn and attempt, where its case has several."""
    question: str
    history: tuple[Turn, ...]
    limits: str
    searched: str | None
    """The question as it was searched, where that is another one."""
    status: str
    wrong: tuple[Check, ...]
    holding: int
    """How many other expectations hold."""
    verdicts: str
    """How many sentences have which verdict."""
    pieces: tuple[Piece, ...]
    passages: tuple[Shown, ...]
    hits: tuple[Hit, ...]
    note: str | None
    before: Before | None


def view(result: Result, of: int, before: Sample | None) -> View:
    """Return a result of a case that has so many."""
    sample, answer = result.sample, result.sample.answer
    return View(
        where=place(result, of),
        question=result.asked.question,
        history=answer.question.history if answer else (),
        limits=_limits(result.asked),
        searched=answer.standalone if answer and answer.standalone != result.asked.question.strip() else None,
        status=_STATUSES[answer.status] if answer else "No answer",
        wrong=wrong(result),
        holding=sum(check.passed is True for check in result.checks),
        verdicts=_verdicts(answer) if answer else "",
        pieces=tuple(pieces(answer)) if answer else (),
        passages=tuple(passages(answer)) if answer else (),
        hits=answer.hits if answer else (),
        note=answer.note if answer else None,
        before=_before(before, sample, answer) if before else None,
    )


def _verdicts(answer: Answer) -> str:
    counts = Counter(claim.verdict for claim in answer.claims)
    return ", ".join(f"{counts[each]} {VERDICTS[each]}" for each in Verdict if counts[each])


def _before(before: Sample, sample: Sample, answer: Answer | None) -> Before:
    then, now = before.answer, answer
    old = then.text if then else before.error or ""
    new = now.text if now else sample.error or ""
    comparable = then is not None and now is not None and old != new
    status = _STATUSES[then.status] if then else "No answer"
    return Before(
        same=old == new,
        text=old[:LONGEST],
        edits=tuple(edits(old, new)) if comparable else (),
        status=status if (then and then.status) != (now and now.status) else None,
    )


def _limits(asked: Asked) -> str:
    return ", ".join(
        filter(
            None,
            (
                f"published since {asked.since}" if asked.since else "",
                f"published until {asked.until}" if asked.until else "",
                f"as of {asked.as_of}" if asked.as_of else "",
                f"by {' or '.join(asked.publishers)}" if asked.publishers else "",
                f"in {' or '.join(asked.articles)}" if asked.articles else "",
            ),
        )
    )
