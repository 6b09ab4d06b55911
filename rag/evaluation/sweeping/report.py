"""A sweep as a table for a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rag.evaluation.reports import figures
from rag.evaluation.reports.json_form import change_object, estimate_object
from rag.evaluation.reports.terminal import table
from rag.evaluation.results import Direction
from rag.evaluation.runs.directory import writing
from rag.evaluation.sweeping.grid import varied
from rag.evaluation.sweeping.plot import FRONT, sweep_svg
from rag.evaluation.sweeping.sweep import Measured, Swept
from rag.plain import safe
from rag.wire import Json

SCHEMA = 1


def sweep_text(swept: Swept) -> str:
    """Return what was tried, and what the held-out half says about the best of it."""
    names = varied([each.setting for each in swept.measured])
    head = (*names, swept.metric, "95 % interval", "median", "")
    rows = [_row(swept, each, names) for each in swept.measured]
    tried, asked = figures.count(len(swept.measured), "setting"), figures.count(swept.tuned_on, "case")
    title = f"{swept.suite}: {tried} on {asked}, with {swept.held_out:,} about other articles held out"
    parts = [title, "", *table(head, rows), "", f"{FRONT}.", *_nameless(swept), "", *_confirmed(swept, names)]
    return safe("\n".join(parts))


def sweep_object(swept: Swept) -> dict[str, Json]:
    """Return the sweep as JSON."""
    return {
        "schema": SCHEMA,
        "suite": swept.suite,
        "metric": swept.metric,
        "tuned_on": swept.tuned_on,
        "held_out": swept.held_out,
        "nameless": swept.nameless,
        "settings": [
            {
                **asdict(each.setting),
                "quality": estimate_object(each.quality),
                "latency": estimate_object(each.latency),
                "front": each.front,
            }
            for each in swept.measured
        ],
        "best": asdict(swept.best.setting),
        "confirmed": [change_object(each) for each in swept.confirmed],
    }


def write_plot(swept: Swept, path: Path) -> None:
    """Write quality against latency as an SVG file."""
    with writing(path):
        path.write_text(sweep_svg(swept), encoding="utf-8")


def _row(swept: Swept, each: Measured, names: Sequence[str]) -> tuple[str, ...]:
    marks = (
        "default" if each is swept.measured[0] else "",
        "best" if each.setting == swept.best.setting else "",
        "front" if each.front else "",
    )
    quality = each.quality
    return (
        *(f"{getattr(each.setting, name):g}" for name in names),
        figures.amount(quality.metric, quality.value),
        figures.interval(quality.metric, quality.low, quality.high),
        figures.amount(each.latency.metric, each.latency.value),
        ", ".join(filter(None, marks)),
    )


def _nameless(swept: Swept) -> list[str]:
    if not swept.nameless:
        return []
    cases = figures.count(swept.nameless, "case")
    return [f"{cases} without an article: the other half may ask about the same thing; name what each is `about`."]


def _confirmed(swept: Swept, names: Sequence[str]) -> list[str]:
    best = swept.best.setting.told(names)
    if not swept.confirmed:
        return [f"No setting was better than the default ({best}); the held-out cases were not asked."]
    lines = [f"On the {figures.count(swept.held_out, 'held-out case')}, {best} against the default:"]
    rows = [
        (
            change.metric,
            figures.amount(change.metric, change.before),
            figures.amount(change.metric, change.after),
            figures.difference(change.metric, change.difference),
            figures.span(change),
            figures.probability(change.p),
            figures.worth(change),
        )
        for change in swept.confirmed
    ]
    return lines + table(("", "Default", "Best", "Change", "95 % interval", "p", ""), rows) + _advice(swept)


def _advice(swept: Swept) -> list[str]:
    quality = next((change for change in swept.confirmed if change.metric == swept.metric), None)
    if quality is None:
        return [f"No held-out case has a score for {swept.metric}, so nothing is confirmed."]
    if quality.direction is Direction.BETTER:
        return ["The gain holds on articles that it was not chosen by."]
    said = "The gain is not confirmed on articles that it was not chosen by; keep the default."
    if quality.detectable is not None:
        least = figures.size(quality.metric, quality.detectable)
        said += f" So many cases show a change of {least} or more (power 0.8)."
    return [said]
