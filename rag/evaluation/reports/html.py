"""A run as one HTML file that needs nothing else: no server, no network, no JavaScript but for filtering.

The results are read once and what is long goes through a file, so memory grows by a line for each case. Whatever comes
from articles, models or suites is escaped by the templates; the page's policy runs its own script alone and fetches
nothing.
"""

from __future__ import annotations

import base64
import hashlib
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path
from textwrap import shorten
from typing import IO, TYPE_CHECKING, Self

from rag.evaluation.metrics import metric
from rag.evaluation.reports import figures, plots
from rag.evaluation.reports.marked import LONGEST
from rag.evaluation.reports.told import Told, among, told
from rag.evaluation.reports.views import VERDICTS, view
from rag.evaluation.results import Change, Estimate, Outcome, Report
from rag.plain import day

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent / "templates"
DETAILED = 24_000_000
"""Characters of failing cases that are told in full; what comes later is told in short."""
_QUESTION = 160
"""Characters of a question in the list of all cases."""
_LISTED = 500
"""Cases of one table of that list, which a browser lays out only once it comes into view."""
_EXCERPT = 160
"""Characters of a passage that was consulted and not cited."""
_SHADES = 10


def write_html(report: Report, path: Path, *, detailed: int = DETAILED) -> None:
    """Write the page; `detailed` is how many characters of failing cases are told in full."""
    environment = _environment()
    with ExitStack() as files:
        shelves = [files.enter_context(shelf) for shelf in _shelves(report, detailed)]
        seen = _read(report, environment, shelves)
        stream = environment.get_template("report.html").stream(
            report=report,
            seen=seen,
            groups=_grouped(report.summary.estimates),
            moves=_moves(report.comparison.changes if report.comparison else ()),
            heat=_heat(report.summary.by_tag),
            latency=plots.latency(seen.seconds),
            trade_off=plots.trade_off(seen.points),
            shelves=[shelf for shelf in shelves if shelf.in_full],
            script=(HERE / "report.js").read_text(encoding="utf-8"),
        )
        stream.enable_buffering(100)
        with path.open("wb") as page:
            stream.dump(page, encoding="utf-8", errors="replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A case in the list of all cases."""

    number: int
    outcome: Outcome
    suite: str
    id: str
    question: str
    tags: tuple[str, ...]
    seconds: float

    @property
    def told(self) -> bool:
        """Whether the page tells more of it."""
        return self.outcome not in {Outcome.PASSED, Outcome.SKIPPED}


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What one reading of the results leaves behind."""

    rows: list[Row] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    points: list[plots.Point] = field(default_factory=list)

    def add(self, case: Told) -> Row:
        """Remember a case, and return its row."""
        question = case.question if len(case.question) <= _QUESTION else f"{case.question[:_QUESTION]} …"
        row = Row(
            number=len(self.rows) + 1,
            outcome=case.outcome,
            suite=case.suite,
            id=case.case.id,
            question=question,
            tags=case.tags,
            seconds=case.seconds,
        )
        self.rows.append(row)
        self.seconds += [result.sample.seconds for result in case.results if result.sample.answer]
        self.points += filter(None, map(plots.point, case.results))
        return row

    def tables(self) -> Iterator[tuple[Row, ...]]:
        """Yield the rows in tables of bounded length."""
        return (tuple(self.rows[start : start + _LISTED]) for start in range(0, len(self.rows), _LISTED))


@dataclass(slots=True, kw_only=True)
class _Shelf:
    """Cases as they are told, kept in a file until the page has come to them."""

    name: str
    title: str
    room: int
    """Characters that may still be told in full."""
    file: IO[str]
    in_full: int = 0
    in_short: int = 0

    @classmethod
    @contextmanager
    def open(cls, name: str, title: str, room: int) -> Iterator[Self]:
        """Return an empty one."""
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace", newline="\n") as file:
            yield cls(name=name, title=title, room=room, file=file)

    def add(self, tell: Callable[..., str]) -> None:
        """Keep what is told of a case, in full where there is room."""
        in_full = self.room > 0
        self.room -= self.file.write(tell(in_full=in_full))
        self.in_full, self.in_short = self.in_full + in_full, self.in_short + (not in_full)

    def pieces(self) -> Iterator[str]:
        """Yield all that was kept, in pieces."""
        self.file.seek(0)
        return iter(partial(self.file.read, 1 << 16), "")


def _shelves(report: Report, room: int) -> Iterator[AbstractContextManager[_Shelf]]:
    """Yield where cases are kept: those that broke, others that fail, and those that were expected to."""
    share = room // 2 if report.comparison else room
    yield _Shelf.open("broken", "Broken since the baseline", share)
    yield _Shelf.open("failing", "Other failing cases" if report.comparison else "Failing cases", share)
    yield _Shelf.open("expected", "Cases expected to fail", room // 4)


def _read(report: Report, environment: Environment, shelves: Sequence[_Shelf]) -> _Seen:
    """Read the results once; keep what is told of the cases that failed, or should have."""
    broke, failing, expected = shelves
    seen, template = _Seen(), environment.get_template("case.html")
    broken = frozenset(report.comparison.broken) if report.comparison else frozenset()
    for case in told(report):
        row = seen.add(case)
        if row.told:
            views = [view(result, len(case.results), report.before(result.sample.key)) for result in case.failing]
            shelf = expected if case.outcome.good else broke if among(case, broken) else failing
            shelf.add(partial(template.render, case=case, row=row, views=views))
    return seen


def _grouped(estimates: Sequence[Estimate]) -> list[tuple[str, list[Estimate]]]:
    """Return the metrics by what stands before the dot of their names, in their order."""
    return [(name, list(group)) for name, group in groupby(estimates, lambda each: each.metric.partition(".")[0])]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heat:
    """Metrics by tag: a row for each metric that is a ratio, a cell for each tag."""

    tags: tuple[tuple[str, int], ...]
    """With the number of samples of the metric that has most."""
    rows: tuple[tuple[str, tuple[Estimate | None, ...]], ...]


def _heat(by_tag: Mapping[str, Sequence[Estimate]]) -> _Heat:
    cells = {(tag, each.metric): each for tag, estimates in by_tag.items() for each in estimates}
    metrics = dict.fromkeys(name for _, name in cells if metric(name).unit == "ratio")
    rows = tuple((name, tuple(cells.get((tag, name)) for tag in by_tag)) for name in metrics)
    sizes = {tag: max((each.count for each in estimates), default=0) for tag, estimates in by_tag.items()}
    return _Heat(tags=tuple(sizes.items()), rows=rows)


def _shade(estimate: Estimate) -> int:
    """Return how far a ratio is from the best, from 0 to `_SHADES`."""
    value = min(1.0, max(0.0, estimate.value))
    return round(_SHADES * (1 - value if metric(estimate.metric).higher_is_better else value))


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415  heavy: jinja2

    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(day=day, figures=figures, metric=metric, verdicts=VERDICTS)
    environment.filters.update(shade=_shade, digest=_digest, cut=_cut, excerpt=_excerpt)
    environment.tests["known"] = lambda estimate: all(map(math.isfinite, (estimate.low, estimate.value, estimate.high)))
    return environment


def _moves(changes: Sequence[Change]) -> dict[str, tuple[float, float, float]]:
    """Return where low end, middle and high end of each change stand on a scale from -1, worse, to 1, better.

    Ratios share one scale; of other units each has its own. What is not finite is left out.
    """
    ends = {each.metric: (each.low, each.difference, each.high) for each in changes}
    finite = {name: end for name, end in ends.items() if all(map(math.isfinite, end))}
    furthest = {name: max(map(abs, end)) or 1.0 for name, end in finite.items()}
    shared = max((reach for name, reach in furthest.items() if metric(name).unit == "ratio"), default=1.0)
    moves = {}
    for name, (low, middle, high) in finite.items():
        reach = shared if metric(name).unit == "ratio" else furthest[name]
        sign = 1 if metric(name).higher_is_better else -1
        moves[name] = (sign * low / reach, sign * middle / reach, sign * high / reach)
    return moves


def _cut(text: str) -> str:
    """Return a text that is not longer than a page can show."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … ({len(text):,} characters)"


def _excerpt(text: str) -> str:
    """Return the beginning of a text in one line."""
    return shorten(text, _EXCERPT, placeholder=" …")


def _digest(script: str) -> str:
    """Return the name by which a content security policy knows a script."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
