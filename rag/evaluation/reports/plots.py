"""Plots as SVG for a page: its colours and type, no text but ours, the same bytes for the same numbers."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from rag.evaluation.reports import figures
from rag.evaluation.results import Result
from rag.evaluation.statistics.clustered import quantile

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Colours that stand for the page's own, which follow its theme.
_INK, _SOFT, _RULE, _ACCENT = "#010101", "#020202", "#030303", "#040404"
_VARIABLES = {_INK: "var(--ink)", _SOFT: "var(--soft)", _RULE: "var(--rule)", _ACCENT: "var(--accent)"}
_NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}
_SMALL = 9
_BINS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A plot and what it shows in words."""

    svg: str
    title: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What the trade-off needs to know of a sample."""

    confidence: float
    """Score of the best passage that was consulted; minus infinity where there was none."""
    answerable: bool
    answered: bool


Place = tuple[float, float]
"""Shares of the unanswerable questions and of the answerable ones that are answered."""


def point(result: Result) -> Point | None:
    """Return where a result stands in the trade-off; None where its case does not tell whether it is answerable."""
    answer, answerable = result.sample.answer, result.asked.expect.answerable
    if answer is None or answerable is None:
        return None
    confidence = max((hit.score for hit in answer.hits), default=float("-inf"))
    return Point(confidence=confidence, answerable=answerable, answered=answer.status.value != "not_in_sources")


def latency(seconds: Sequence[float]) -> Plot | None:
    """Return how long answers took, with the median and the 95th percentile; None without answers."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    median, slow = quantile(ordered, "median"), quantile(ordered, "p95")
    half, most, all_ = (figures.amount("latency.p50", each) for each in (median, slow, ordered[-1]))
    told = f"Half of {len(ordered):,} answers took up to {half}, 95 % up to {most}, the slowest {all_}."
    return _drawn("Latency", told, lambda axes: _histogram(axes, ordered, {"median": median, "95 %": slow}))


def trade_off(points: Sequence[Point]) -> Plot | None:
    """Return the trade-off of abstaining: None unless there are answerable and unanswerable questions.

    The line shows what becomes of this run's answers when ever more of them are withheld, those with the least score
    first; the broken line answers by that score alone, whatever the answerer decided (a ROC curve).
    """
    if len({each.answerable for each in points}) < 2:
        return None
    kept, alone = _curve(points, [each for each in points if each.answered]), _curve(points, points)
    here = kept[-1]
    told = (
        f"This run answers {here[1]:.1%} of the answerable questions and {here[0]:.1%} of the unanswerable ones. "
        "The line withholds its answers one by one, those whose best passage scores least first; the broken line "
        "answers by that score alone. Scores of different questions compare only roughly."
    ).replace("%", " %")
    return _drawn("Abstaining", told, lambda axes: _lines(axes, kept, alone))


def _curve(points: Sequence[Point], answered: Sequence[Point]) -> list[Place]:
    """Return a place for each threshold, from answering nothing to answering all of `answered`."""
    answerable = sum(each.answerable for each in points)
    places, right, wrong = [(0.0, 0.0)], 0, 0
    ordered = sorted(answered, key=lambda each: -each.confidence)
    for _, same in groupby(ordered, key=lambda each: each.confidence):
        for each in same:
            right, wrong = right + each.answerable, wrong + (not each.answerable)
        places.append((wrong / (len(points) - answerable), right / answerable))
    return places


def _histogram(axes: Axes, seconds: Sequence[float], marks: dict[str, float]) -> None:
    import numpy as np  # noqa: PLC0415  heavy: numpy
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415  heavy: matplotlib

    low, high = max(seconds[0], 0.001), max(seconds[-1], 0.002)
    wide = high / low > 20
    bins = np.geomspace(low, high * 1.001, _BINS + 1) if wide else np.linspace(0, high * 1.001, _BINS + 1)
    axes.hist(np.clip(seconds, low, None), bins=bins.tolist(), histtype="stepfilled", color=_SOFT, alpha=0.55)
    if wide:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_formatter(lambda *_: "")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    for place, (name, value) in enumerate(marks.items()):
        axes.axvline(value, color=_ACCENT, linewidth=1.2, linestyle=("-", "--")[place])
        label = axes.annotate(name, (value, 1), (8 * place - 4, -9), ("data", "axes fraction"), "offset points")
        label.set(color=_ACCENT, fontsize=_SMALL, ha=("right", "left")[place])
    axes.set_xlabel("seconds to the whole answer")
    axes.set_ylabel("answers")


def _lines(axes: Axes, kept: Sequence[Place], alone: Sequence[Place]) -> None:
    axes.plot(*zip(*alone, strict=True), color=_SOFT, linewidth=1.2, linestyle="--", label="by the score alone")
    axes.plot(*zip(*kept, strict=True), color=_ACCENT, linewidth=1.8, label="this run, withholding more")
    axes.plot(*kept[-1], marker="o", markersize=7, color=_ACCENT, clip_on=False, zorder=5)
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes.set_xlabel("unanswerable questions answered")
    axes.set_ylabel("answerable questions answered")
    axes.grid(color=_RULE, linewidth=0.5)
    axes.legend(
        loc="lower right",
        frameon=False,
        fontsize=_SMALL,
        labelcolor=_SOFT,
        title="by the score of the best passage",
        title_fontsize=_SMALL,
    ).get_title().set_color(_SOFT)


def _drawn(title: str, told: str, draw: Callable[[Axes], None]) -> Plot:
    import matplotlib as mpl  # noqa: PLC0415  heavy: matplotlib
    from matplotlib.figure import Figure  # noqa: PLC0415  heavy: matplotlib

    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": title}):
        figure = Figure(figsize=(5.4, 3.4), layout="constrained")
        axes = figure.add_subplot()
        draw(axes)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["bottom", "left"]].set_color(_RULE)
        axes.tick_params(which="both", color=_RULE, labelcolor=_SOFT, labelsize=_SMALL)
        for axis in (axes.xaxis, axes.yaxis):
            axis.label.set(color=_SOFT, fontsize=_SMALL)
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata=_NO_METADATA)
    named = f'<svg role="img" aria-label="{title}. {told}" focusable="false" '
    return Plot(svg=_fitted(written.getvalue()).replace("<svg ", named, 1), title=title, told=told)


def _fitted(svg: str) -> str:
    """Return the bare element in the page's colours and type; only what is referred to keeps its id."""
    svg = svg[svg.index("<svg") :].strip()
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r'\s(?:width|height)="[\d.]+pt"', "", svg, count=2)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font: \1 var(--sans)", svg)
    svg = re.sub(r"font-family: [^;\"]*", "font-family: var(--sans)", svg)
    for stands, colour in _VARIABLES.items():
        svg = svg.replace(stands, colour)
    return re.sub(r"\s*\n\s*", "\n", svg)
