"""The settings that a sweep tries: every combination of the values that are given for some of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

from rag.errors import ConfigurationError
from rag.reader.extractive import ANSWER_FROM
from rag.retrieval.hybrid import DENSE_WEIGHT

MOST = 200
"""Combinations; each asks half of the suite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What an answer depends on, and a sweep may vary."""

    passages: int
    """How many passages an answer may draw on."""
    passage_size: int
    """Most characters of a passage."""
    dense_weight: float = DENSE_WEIGHT
    """Weight of closeness in meaning beside that of shared words."""
    answer_from: float = ANSWER_FROM
    """Log odds from which the embedded reader answers."""

    def told(self, names: Sequence[str]) -> str:
        """Return some of its values in words."""
        return ", ".join(f"{name} {getattr(self, name):g}" for name in names)


_BOUNDS: dict[str, tuple[type[int] | type[float], float, float]] = {
    "passages": (int, 1, 50),
    "passage_size": (int, 100, 20_000),
    "dense_weight": (float, 0, 100),
    "answer_from": (float, -100, 100),
}


def grid(default: Setting, vary: Sequence[str]) -> tuple[Setting, ...]:
    """Return the default and every combination of `name=value,value,…`; raise ConfigurationError for what is none."""
    values: dict[str, tuple[float, ...]] = {}
    for each in vary:
        name, found = _read(each)
        if name in values:
            raise ConfigurationError(f"{name} is varied twice; give all its values in one --vary.")
        values[name] = found
    if not values:
        raise ConfigurationError(f"Say what to vary: --vary NAME=VALUE,VALUE with {', '.join(_BOUNDS)}.")
    if math.prod(map(len, values.values())) > MOST:
        raise ConfigurationError(f"These are more than {MOST} combinations; vary less at a time.")
    combined = [dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())]
    return tuple(dict.fromkeys([default, *(_changed(default, each) for each in combined)]))


def varied(settings: Sequence[Setting]) -> tuple[str, ...]:
    """Return the names of what differs among settings."""
    return tuple(
        each.name for each in fields(Setting) if len({getattr(setting, each.name) for setting in settings}) > 1
    )


def _read(text: str) -> tuple[str, tuple[float, ...]]:
    name, _, listed = text.partition("=")
    if name not in _BOUNDS:
        raise ConfigurationError(f"{name!r} cannot be varied; name one of {', '.join(_BOUNDS)}.")
    kind, least, most = _BOUNDS[name]
    return name, tuple(_value(name, each, kind, least, most) for each in listed.split(","))


def _value(name: str, text: str, kind: Callable[[str], float], least: float, most: float) -> float:
    try:
        value = kind(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        whole = "a whole number" if kind is int else "a number"
        raise ConfigurationError(f"{name}={text[:40]} cannot be used; give {whole} from {least:g} to {most:g}.")
    return value


def _changed(default: Setting, values: dict[str, float]) -> Setting:
    return replace(default, **values)  # type: ignore[arg-type]  # `_value` keeps whole numbers whole
