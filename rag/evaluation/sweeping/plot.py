"""A sweep as a picture: quality against latency, a point for each setting."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.evaluation.metrics import metric
from rag.evaluation.sweeping.grid import varied
from rag.evaluation.sweeping.sweep import Measured, Swept

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}
_INK, _SOFT, _RULE, _ACCENT = "#1d1f23", "#6b7280", "#e2e4e9", "#0b61c4"
_WIDTH, _HEIGHT, _LABEL = 9.6, 4.8, 0.19
"""Inches of the plot, and of the height of a label."""
FRONT = "front: no other setting is as good and as fast, and better in one of the two"


def sweep_svg(swept: Swept) -> str:
    """Return the plot as an SVG file's text; the same bytes for the same numbers."""
    import matplotlib as mpl  # noqa: PLC0415  heavy: matplotlib
    from matplotlib.figure import Figure  # noqa: PLC0415  heavy: matplotlib

    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "sweep", "text.parse_math": False}):
        named = [each for place, each in enumerate(swept.measured) if each.front or place == 0]
        height = max(_HEIGHT, _LABEL * len(named) + 1)
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        axes = figure.add_subplot()
        _points(axes, swept)
        _labels(axes, swept, named, _LABEL / (height - 1))
        _front(axes, swept)
        _framed(axes, swept)
        figure.legend(loc="outside lower left", frameon=False, fontsize=8, labelcolor=_SOFT, ncols=2)
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata=_NO_METADATA)
    return written.getvalue()


def _points(axes: Axes, swept: Swept) -> None:
    for place, each in enumerate(swept.measured):
        value, seconds = each.quality.value, each.latency.value
        known = math.isfinite(each.quality.low) and math.isfinite(each.quality.high)
        axes.errorbar(
            seconds,
            value,
            yerr=[[value - each.quality.low], [each.quality.high - value]] if known else None,
            fmt="D" if place == 0 else "o",
            color=_ACCENT if each.front else _SOFT,
            markerfacecolor=_ACCENT if each.setting == swept.best.setting else "white",
            elinewidth=0.8,
            markersize=6,
        )


def _labels(axes: Axes, swept: Swept, named: Sequence[Measured], step: float) -> None:
    """Write what points are beside the plot, one below the other, with a line from each: points may coincide."""
    names = varied([each.setting for each in swept.measured])
    for place, each in enumerate(sorted(named, key=lambda each: (-each.quality.value, each.latency.value))):
        default, best = each.setting == swept.measured[0].setting, each.setting == swept.best.setting
        label = "default: " * default + "best: " * best + each.setting.told(names)
        axes.annotate(
            label,
            (each.latency.value, each.quality.value),
            (1.05, 0.5 + (len(named) / 2 - place - 0.5) * step),
            textcoords="axes fraction",
            verticalalignment="center",
            fontsize=8,
            color=_INK,
            arrowprops={"arrowstyle": "-", "color": _SOFT, "linewidth": 0.5, "relpos": (0, 0.5), "shrinkB": 4},
        )


def _front(axes: Axes, swept: Swept) -> None:
    front = sorted((each.latency.value, each.quality.value) for each in swept.measured if each.front)
    axes.plot(*zip(*front, strict=True), color=_ACCENT, linewidth=1, linestyle="--", zorder=1, label=FRONT)


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
