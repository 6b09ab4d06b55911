"""A sweep as a picture: quality against latency, a point for each setting."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

from rag.evaluation.metrics import metric
from rag.evaluation.sweeping.grid import varied
from rag.evaluation.sweeping.sweep import Swept

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}
_INK, _SOFT, _RULE, _ACCENT = "#1d1f23", "#6b7280", "#e2e4e9", "#0b61c4"


def sweep_svg(swept: Swept) -> str:
    """Return the plot as an SVG file's text; the same bytes for the same numbers."""
    import matplotlib as mpl  # noqa: PLC0415  heavy: matplotlib
    from matplotlib.figure import Figure  # noqa: PLC0415  heavy: matplotlib

    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "sweep", "text.parse_math": False}):
        figure = Figure(figsize=(7.2, 4.6), layout="constrained")
        axes = figure.add_subplot()
        _points(axes, swept)
        _front(axes, swept)
        _framed(axes, swept)
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata=_NO_METADATA)
    return written.getvalue()


def _points(axes: Axes, swept: Swept) -> None:
    names = varied([each.setting for each in swept.measured])
    every = [each.latency.value for each in swept.measured]
    middle = (min(every) + max(every)) / 2
    for place, each in enumerate(swept.measured):
        value, seconds = each.quality.value, each.latency.value
        chosen = each.setting == swept.best.setting
        known = math.isfinite(each.quality.low) and math.isfinite(each.quality.high)
        axes.errorbar(
            seconds,
            value,
            yerr=[[value - each.quality.low], [each.quality.high - value]] if known else None,
            fmt="D" if place == 0 else "o",
            color=_ACCENT if each.front else _SOFT,
            markerfacecolor=_ACCENT if chosen else "white",
            elinewidth=0.8,
            markersize=6,
        )
        if each.front or place == 0:
            label = ("default: " if place == 0 else "") + each.setting.told(names)
            left = seconds > middle
            named = axes.annotate(label, (seconds, value), (-6 if left else 6, 5), textcoords="offset points")
            named.set(fontsize=8, color=_INK, horizontalalignment="right" if left else "left", in_layout=False)


def _front(axes: Axes, swept: Swept) -> None:
    front = sorted((each.latency.value, each.quality.value) for each in swept.measured if each.front)
    axes.plot(*zip(*front, strict=True), color=_ACCENT, linewidth=1, linestyle="--", zorder=1)


def _framed(axes: Axes, swept: Swept) -> None:
    about = metric(swept.metric)
    arrow = "higher" if about.higher_is_better else "lower"
    axes.set_xlabel("median seconds to the whole answer", color=_SOFT, fontsize=9)
    axes.set_ylabel(f"{swept.metric} ({arrow} is better)", color=_SOFT, fontsize=9)
    axes.set_title(f"{swept.suite}: {swept.tuned_on:,} cases to tune on", loc="left", fontsize=10, color=_INK)
    axes.grid(color=_RULE, linewidth=0.5)
    axes.margins(0.12)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["bottom", "left"]].set_color(_RULE)
    axes.tick_params(color=_RULE, labelcolor=_SOFT, labelsize=8)
