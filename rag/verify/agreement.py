"""Whether one text has the figures of another: two agree when any two of their readings do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from rag.verify.figures import Figure, Reading, figures
from rag.verify.units import MULTIPLES, STRICT


class Comparison(NamedTuple):
    """Figures of a claim that the quotes lack, and those that they have only loosely."""

    missing: tuple[str, ...]
    loose: tuple[str, ...]


def compare_figures(claim: Sequence[Figure], quoted: Sequence[Figure], titled: Sequence[Figure] = ()) -> Comparison:
    """Return which figures of a claim are absent from the quoted ones, and which agree but for a hedge or rounding.

    A figure that only the article's title has is there loosely.
    """
    missing, loose = [], []
    for figure in claim:
        equal = [other for other in quoted if _agree(figure, other)]
        if equal and not _about_another_thing(figure, equal, quoted, claim) and not _bounded_apart(figure, equal):
            if not any(_same_bound(figure, other) for other in equal):
                loose.append(figure.text)
        elif (
            any(_near(figure, other) for other in quoted)
            or _difference(figure, quoted)
            or (not equal and any(_agree(figure, other) for other in titled))
        ):
            loose.append(figure.text)
        elif not figure.weak:
            missing.append(figure.text)
    return Comparison(tuple(dict.fromkeys(missing)), tuple(dict.fromkeys(loose)))


def _difference(figure: Figure, quoted: Sequence[Figure]) -> bool:
    """Tell whether so many points lie between two percentages of the quotes."""
    points = "point" in figure.things or any(reading.unit == "point" for reading in figure.readings)
    shares = {reading.value for each in quoted for reading in each.readings if reading.unit == "percent"}
    return points and any(abs(one - other) == figure.readings[0].value for one in shares for other in shares)


def turned_ranges(claim: str, quote: str) -> tuple[str, ...]:
    """Return what an evened claim gives as "from A to B" where the quote has "from B to A"."""
    ours, theirs = _steps(claim), _steps(quote)
    return tuple(
        f"from {first.text} to {last.text}"
        for first, last in ours
        if any(_agree(first, end) and _agree(last, begin) and not _agree(first, begin) for begin, end in theirs)
    )


_TALLY = re.compile(r"(?<![\d£$€.])(\d+)(?: [a-z]+)?(?: to |-)(\d+)(?![\d.%])")
_LOST = re.compile(r"\b(?:los[et]\w*|defeat\w*|reject\w*|beaten|fail\w*|down)\b", re.IGNORECASE)


def turned_tallies(claim: str, quotes: Sequence[str]) -> tuple[str, ...]:
    """Return a score or vote of an evened claim that the quotes have the other way round, who lost aside."""
    theirs = {(found[1], found[2]) for quote in quotes for found in _TALLY.finditer(quote)}
    if bool(_LOST.search(claim)) != any(_LOST.search(quote) for quote in quotes):
        return ()
    return tuple(
        found[0]
        for found in _TALLY.finditer(claim)
        if (found[2], found[1]) in theirs and (found[1], found[2]) not in theirs and found[1] != found[2]
    )


def _steps(text: str) -> list[tuple[Figure, Figure]]:
    found = figures(text)
    return [
        (first, last)
        for first, last in pairwise(found)
        if (text[first.end : last.start] == " to " and text[: first.start].endswith("from "))
        or (first.kind == last.kind == "time" and text[first.end : last.start] == " and ")
    ]


def _agree(claim: Figure, quoted: Figure) -> bool:
    if claim.kind == "vague":
        return _vaguely(claim, quoted)
    if {claim.kind, quoted.kind} == {"ordinal", "number"} or "vague" in quoted.kind:
        return False
    if (claim.kind == "time") != (quoted.kind == "time"):
        return False
    return any(_equal(ours, theirs) for ours in claim.readings for theirs in quoted.readings)


def _units(figure: Figure) -> set[str]:
    return {reading.unit for reading in figure.readings}


def same_figure(one: Figure, other: Figure) -> bool:
    """Tell whether two figures agree in value and unit."""
    return _agree(one, other)


def _vaguely(claim: Figure, quoted: Figure) -> bool:
    scale = claim.readings[0].value
    if quoted.kind == "vague":
        return quoted.readings[0].value == scale
    return any(2 * scale <= abs(reading.value) < 1000 * scale for reading in quoted.readings)


def _equal(ours: Reading, theirs: Reading) -> bool:
    if {ours.unit, theirs.unit} == {"percent", ""} and Decimal(0) < min(ours.value, theirs.value) < 1:
        part, percent = (ours.value, theirs.value) if not ours.unit else (theirs.value, ours.value)
        return abs(part * 100 - percent) < Decimal("0.5")
    if {ours.unit, theirs.unit} == {"point", "basis point"}:
        smaller, larger = sorted((ours.value, theirs.value))
        return smaller * 100 == larger
    if ours.unit and theirs.unit and ours.unit != theirs.unit:
        kind, factor = MULTIPLES.get(ours.unit, (ours.unit, 1))
        other, times = MULTIPLES.get(theirs.unit, (theirs.unit, 1))
        return kind == other and ours.value * factor == theirs.value * times
    if ours.value != theirs.value:
        return False
    return ours.unit == theirs.unit or not ours.unit or (not theirs.unit and ours.unit not in STRICT)


def _about_another_thing(
    figure: Figure, equal: Sequence[Figure], quoted: Sequence[Figure], claim: Sequence[Figure]
) -> bool:
    """Tell whether the quotes count what the claim counts, but with another figure ("3 dead, 5 hurt" turned round)."""
    if (
        figure.done
        and not any(other.done == figure.done and not _agree(other, figure) for other in claim)
        and all(other.done and other.done != figure.done for other in equal)
        and any(
            other.done == figure.done
            and other.kind == figure.kind
            and _units(other) == _units(figure)
            and not _agree(figure, other)
            for other in quoted
        )
    ):
        return True
    if not figure.things or any(not other.things or other.things & figure.things for other in equal):
        return False
    return any(
        other.things & figure.things and other.kind == figure.kind and not _agree(figure, other) for other in quoted
    )


def _same_bound(figure: Figure, other: Figure) -> bool:
    return {"": "near"}.get(figure.bound, figure.bound) == {"": "near"}.get(other.bound, other.bound)


def _bounded_apart(figure: Figure, equal: Sequence[Figure]) -> bool:
    """Tell whether one says "more than" where the other says "fewer than"."""
    return all({figure.bound, other.bound} == {"least", "most"} for other in equal)


def _near(figure: Figure, other: Figure) -> bool:
    """Tell whether a hedged round figure ("nearly 300") stands for a quoted one (297), within a twentieth."""
    if not figure.bound or figure.kind != "number" or other.kind != "number":
        return False
    return any(
        _equal(Reading(ours.value, ours.unit), Reading(ours.value, theirs.unit))
        and len(f"{ours.value.normalize():f}".strip("-0.").replace(".", "")) <= 2
        and 0 < abs(ours.value - theirs.value) * 20 <= abs(theirs.value)
        and not (figure.bound == "least" and theirs.value < ours.value)
        and not (figure.bound == "most" and theirs.value > ours.value)
        for ours in figure.readings
        for theirs in other.readings
    )
