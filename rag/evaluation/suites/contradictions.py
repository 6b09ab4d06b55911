"""Cases that no answer can pass, and cases that any answer passes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from rag.errors import ConfigurationError
from rag.evaluation.suites.cases import Asked, Case, Expectation
from rag.evaluation.suites.mistakes import Place, within
from rag.question.requests import make_scope

_OF_AN_ANSWER = ("answer", "cites", "cites_any", "figures", "dates")
"""What an answer of the status not_in_sources never has. Its words may be asked for, by `contains`."""
# In other years, months and days of the week.
_READ_ON = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=37 * step) for year in (1900, 2500) for step in range(10)]


def contradictions(case: Case) -> Iterator[tuple[Place, str]]:
    """Yield what makes it impossible to pass a case, each with its place within the case."""
    for turn, asked in enumerate(case.turns):
        for place, what in _contradictions(asked):
            yield (*within(case, turn), *place), what


def expects_nothing(case: Case) -> bool:
    """Tell whether a case that is asked passes whatever is answered."""
    return case.skip is None and all(asked.expect == Expectation() for asked in case.turns)


def _contradictions(asked: Asked) -> Iterator[tuple[Place, str]]:
    expect = asked.expect
    unanswered = bool(expect.statuses) and expect.answerable is False
    # Of no article at all it is right that nothing is answered.
    if asked.since and asked.until and not unanswered and _ends_before(asked.since, asked.until):
        yield ("until",), f"it is before since ({asked.since[:60]!r}), so that no article can be meant; change one"
    held = {text.casefold() for text in expect.contains}
    for number, text in enumerate(expect.excludes):
        if text.casefold() in held:
            yield ("expect", "excludes", number), f"{text[:60]!r} stands under contains too; take one away"
    for name in _OF_AN_ANSWER if unanswered else ():
        if getattr(expect, name):
            yield ("expect", name), "no answer of the status not_in_sources has this; take it away or change the status"


def _ends_before(since: str, until: str) -> bool:
    """Tell whether nothing lies between two dates, on whatever day words such as yesterday are read."""
    return _readable(since=since) and _readable(until=until) and not _readable(since=since, until=until)


def _readable(*, since: str | None = None, until: str | None = None) -> bool:
    """Tell whether dates make a scope on any day."""
    for now in _READ_ON:
        with suppress(ConfigurationError):
            make_scope(since=since, until=until, now=now)
            return True
    return False
