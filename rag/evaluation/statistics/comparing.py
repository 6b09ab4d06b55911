"""Two runs over the same cases, compared: which cases changed, and which metrics did, as far as that can be told.

A difference of a metric is called better or worse only where its p-value, corrected for the number of metrics, is
below 0.05. The pass rate is what a suite is for, and is tested alone. Other qualities and expenses (seconds, tokens,
dollars) are corrected apart, so that a slow day does not make a change of quality easier to claim; `gates` decides
which of them make a run fail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from rag.evaluation.corpus import changed
from rag.evaluation.metrics import metric
from rag.evaluation.results import Change, Comparison, Direction, Result
from rag.evaluation.statistics.clustered import Scores, sums
from rag.evaluation.statistics.inference import ALPHA, Paired, adjusted, mcnemar, paired
from rag.evaluation.statistics.power import detectable
from rag.evaluation.statistics.summary import PASS, CaseTally, Tally, numbered, ordered

if TYPE_CHECKING:
    from rag.evaluation.statistics.clustered import Floats

Key = tuple[str, str]
Unit = tuple[str, str, int]


def compare(
    before: Iterable[Result],
    after: Iterable[Result],
    *,
    baseline: str,
    corpus_before: Mapping[str, str],
    corpus_after: Mapping[str, str],
    titles_before: Mapping[str, str] = MappingProxyType({}),
) -> Comparison:
    """Compare a run with its baseline, question by question; attempts at a question count as their mean.

    Cases that ask something else, or that only one run has, are left out and named. A case passes where all attempts
    pass that both runs made; cases without an answer, or of which that cannot be told, are in neither list.
    """
    was, now = Tally(before), Tally(after)
    common = [key for key in was.cases if key in now.cases]
    others = {key for key in common if was.cases[key].asked != now.cases[key].asked}
    same = [key for key in common if key not in others]
    flips = {key: _flip(was.cases[key], now.cases[key]) for key in same}
    broken, mended = ([key for key in same if flips[key] == way] for way in ((True, False), (False, True)))
    articles = changed(corpus_before, corpus_after)
    names = _Names([*was.cases, *(key for key in now.cases if key not in was.cases)])
    return Comparison(
        baseline=baseline,
        changes=_changes(was, now, same),
        broken=names.of(broken),
        mended=names.of(mended),
        p=mcnemar(len(broken), len(mended)),
        only_before=names.of(key for key in was.cases if key not in now.cases),
        only_after=names.of(key for key in now.cases if key not in was.cases),
        changed_cases=names.of(others),
        changed_articles=articles,
        titles={article: titles_before[article] for article in articles if article in titles_before},
    )


def _flip(before: CaseTally, after: CaseTally) -> tuple[bool | None, bool | None]:
    attempts = before.passes.keys() & after.passes.keys()
    return _passes(before, attempts), _passes(after, attempts)


def _passes(case: CaseTally, attempts: Iterable[int]) -> bool | None:
    told = {case.passes[attempt] for attempt in attempts}
    return None if not told or None in told else told == {1.0}


class _Names:
    """Names cases by id, and by suite too where two suites use the same id."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._uses = Counter(name for _, name in keys)

    def of(self, keys: Iterable[Key]) -> tuple[str, ...]:
        return tuple(sorted(name if self._uses[name] < 2 else f"{suite}: {name}" for suite, name in keys))


def _changes(before: Tally, after: Tally, same: Sequence[Key]) -> tuple[Change, ...]:
    found = _compared(before, after, same)
    families = Counter(map(_family, found))
    corrected: dict[str, float] = {}
    for family in families:
        ps = {name: each.p for name, (each, _) in found.items() if _family(name) == family}
        corrected.update(zip(ps, adjusted(list(ps.values())), strict=True))
    return tuple(
        _change(name, each, pairs, corrected[name], families[_family(name)]) for name, (each, pairs) in found.items()
    )


def _family(name: str) -> str:
    """Return what a metric is corrected together with."""
    return PASS if name == PASS else "quality" if metric(name).unit == "ratio" else "expense"


def _change(name: str, found: Paired, pairs: int, adjusted_p: float, together: int) -> Change:
    """Return a change of one of so many metrics that are corrected together; alone it must show at that level."""
    about, direction = metric(name), Direction.NO_EVIDENCE
    if adjusted_p < ALPHA and found.after != found.before:
        rises = found.after > found.before
        direction = Direction.BETTER if rises is about.higher_is_better else Direction.WORSE
    least = detectable(found.spread, found.clusters, found.typical, level=ALPHA / together)
    return Change(
        metric=name,
        before=found.before,
        after=found.after,
        low=found.low,
        high=found.high,
        p=found.p,
        adjusted_p=adjusted_p,
        pairs=pairs,
        detectable=None if least is None else min(least, found.most),
        direction=direction,
    )


def _compared(before: Tally, after: Tally, same: Sequence[Key]) -> dict[str, tuple[Paired, int]]:
    """Compare every metric that both runs have over the units that both answered; with the number of these units.

    A unit that could not be scored in one run is left out of that metric. One that has no score because the metric
    does not concern its answer, such as the precision of citations where none was made, counts in the other run.
    """
    kept = frozenset(same)
    shared = sorted(
        unit
        for unit, number in before.units.items()
        if unit[:2] in kept and number in before.answered and after.units[unit] in after.answered
    )
    clusters = numbered([before.cases[unit[:2]].cluster for unit in shared])
    found: dict[str, tuple[Paired, int]] = {}
    for name in ordered(before.rows.keys() & after.rows.keys()):
        about = metric(name)
        first, second = (_means(tally, name, shared) for tally in (before, after))
        told = ~(np.isnan(first[0]) | np.isnan(second[0]))
        was, now = (Scores(values[told], weights[told], clusters[told]) for values, weights in (first, second))
        pairs = int(((was.weights > 0.0) | (now.weights > 0.0)).sum())
        was, now = was.counting(), now.counting()
        if len(was.values) and len(now.values):
            found[name] = paired(was, now, about.aggregate, bounded=about.unit == "ratio"), pairs
    return found


def _means(tally: Tally, name: str, shared: Sequence[Unit]) -> tuple[Floats, Floats]:
    """Return for each unit the mean value and weight of its attempts: nan where none could be told, else 0 and 0."""
    places = np.full(len(tally.units), -1, dtype=np.intp)
    places[[tally.units[unit] for unit in shared]] = np.arange(len(shared))
    rows = tally.rows[name]
    place, values, weights = places[np.array(rows.units, dtype=np.intp)], np.array(rows.values), np.array(rows.weights)
    place, values, weights = place[place >= 0], values[place >= 0], weights[place >= 0]
    told = np.isfinite(values)
    seen, times = (np.bincount(place[chosen], minlength=len(shared)) for chosen in (slice(None), told))
    weight, total = (
        sums(place[told], column[told], len(shared)) / np.maximum(times, 1) for column in (weights, weights * values)
    )
    mean = np.divide(total, weight, out=np.zeros(len(shared)), where=weight > 0.0)
    return np.where((seen > 0) & (times == 0), np.nan, mean), weight
