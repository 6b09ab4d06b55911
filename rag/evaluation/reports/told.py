"""The results of a report case by case: every turn and every attempt of a case together."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import groupby

from rag.evaluation.results import Check, Outcome, Report, Result
from rag.evaluation.scoring import outcome_of
from rag.evaluation.suites.cases import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A case with all its results."""

    suite: str
    case: Case
    outcome: Outcome
    results: tuple[Result, ...]

    @property
    def seconds(self) -> float:
        """How long all its questions took together."""
        return sum(result.sample.seconds for result in self.results)

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of the case and of its suite."""
        return self.results[0].tags if self.results else self.case.tags

    @property
    def question(self) -> str:
        """What it asks first."""
        return self.case.turns[0].question

    @property
    def failing(self) -> tuple[Result, ...]:
        """The results that make it fail, whether that was expected or not."""
        return tuple(result for result in self.results if not result.outcome.good or wrong(result))


def told(report: Report) -> Iterator[Told]:
    """Yield the cases in the order of the results, which hold those of one case together; skipped ones last."""
    for (suite, _), group in groupby(report.results(), lambda result: (result.sample.suite, result.case.id)):
        results = tuple(group)
        yield Told(suite=suite, case=results[0].case, outcome=outcome_of(results), results=results)
    for case in report.skipped:
        yield Told(suite=", ".join(report.run.suites), case=case, outcome=Outcome.SKIPPED, results=())


def failing(report: Report) -> Iterator[Told]:
    """Yield the cases that make the run fail."""
    return (each for each in told(report) if not each.outcome.good)


def among(case: Told, names: Collection[str]) -> bool:
    """Tell whether a comparison names a case: by its id, or by suite and id where two suites use the same."""
    return case.case.id in names or f"{case.suite}: {case.case.id}" in names


def place(result: Result, of: int) -> str:
    """Return which turn and attempt a result is; empty where its case has one result."""
    if of == 1:
        return ""
    return f"turn {result.sample.turn}, attempt {result.sample.attempt}"


def wrong(result: Result) -> tuple[Check, ...]:
    """Return what is wrong with a result: an error for an answer, what fails, and what could not be checked."""
    checks = tuple(check for check in result.checks if not check.passed)
    if result.sample.error is None:
        return checks
    return (Check(name="answer", passed=False, expected="an answer", got=result.sample.error), *checks)
