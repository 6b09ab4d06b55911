"""What is wrong with a suite's values: errors of validation in words, with case, field and line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import shorten

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rag.evaluation.suites.cases import Asked, Case, Cited, Corpus, Exchange, Expectation, ExpectedFigure, Suite
from rag.evaluation.suites.fields import as_text
from rag.evaluation.suites.parsing import Entries, Fields, Value

Place = tuple[str | int, ...]
"""Names of fields and positions in lists, from the suite inwards."""
_LONGEST = 200
"""Characters of the name of a place; names come from the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in a suite: where it stands, in which case and field, and what to do about it."""

    line: int
    """From 1; 0 where there is no line to name."""
    where: str
    what: str

    def __str__(self) -> str:
        """Return it in one line, without the number of the line."""
        return f"{self.where}: {self.what}" if self.where else self.what


def told(value: Fields, error: ValidationError) -> list[Problem]:
    """Return a problem for each value that a validation found wrong."""
    found: dict[tuple[str, ...], Problem] = {}
    for each in error.errors(include_url=False):
        problem, place = _located(value, each)
        found.setdefault(place, problem)
    # A value that may have several forms is wrong as each of them; what is wrong within it says more.
    within = {place[:length] for place in found for length in range(len(place))}
    return [problem for place, problem in found.items() if place not in within]


def within(case: Case, turn: int) -> Place:
    """Return the place of a case's turn, from 0, within the case: a plain question is its only one."""
    return ("conversation", turn) if case.conversation else ()


def located(value: Value, place: Place, what: str) -> Problem:
    """Return a problem at a place of a suite; parts of the place that are not in the file are left out."""
    line, where, _ = _found(value, place)
    return Problem(line=line, where=where, what=what)


def repeated(value: Fields) -> Iterable[Problem]:
    """Yield a problem for each case whose id another one before it has."""
    seen: dict[str, int] = {}
    for name, line in named_lines(value):
        if name in seen:
            what = f"the case in line {seen[name]} has this id already; ids must differ"
            yield Problem(line=line, where=shorten(f"case {name}, id", _LONGEST, placeholder="…"), what=what)
        seen.setdefault(name, line)


def named_lines(value: Value) -> Iterable[tuple[str, int]]:
    """Yield the id of each case that has one, and the line where the case begins."""
    cases = value.get("cases") if isinstance(value, Fields) else None
    if isinstance(cases, Entries):
        for case, line in zip(cases, cases.lines, strict=True):
            if (name := _id(case)) is not None:
                yield name, line


def _id(case: Value) -> str | None:
    name = case.get("id") if isinstance(case, Fields) else None
    return str(as_text(name)) if isinstance(name, int | float) else name if isinstance(name, str) else None


def _located(value: Fields, error: ErrorDetails) -> tuple[Problem, tuple[str, ...]]:
    """Return the problem and what names its place."""
    line, where, steps = _found(value, error["loc"])
    if error["type"] == "missing":
        steps = (*steps, str(error["loc"][-1]))
    return Problem(line=line, where=where, what=_said(error)), steps


def _found(value: Value, place: Place) -> tuple[int, str, tuple[str, ...]]:
    """Return the line of a place, its name, and those of its parts that are in the file."""
    at: Value = value
    line, where, path = value.line if isinstance(value, Fields) else 1, "", ""
    steps: list[str] = []
    for part in place:
        if isinstance(at, Fields) and isinstance(part, str) and part in at:
            line, at = at.lines[part], at[part]
            path += f".{part}" if path else part
        elif isinstance(at, list) and isinstance(part, int) and part < len(at):
            line = at.lines[part] if isinstance(at, Entries) else line
            at = at[part]
            path += f"[{part}]"
            if path == f"cases[{part}]":
                where, path = f"case {_id(at) or f'number {part + 1}'}", ""
        else:
            continue
        steps.append(str(part))
    return line, shorten(", ".join(filter(None, (where, path))), _LONGEST, placeholder="…"), tuple(steps)


def _said(error: ErrorDetails) -> str:
    name, given, kind = str(error["loc"][-1]) if error["loc"] else "", error["input"], error["type"]
    shown, limits = _shown(given), error.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(name, _owner(error["loc"][:-1]))
    if kind in _NEEDED:
        return f"{_NEEDED[kind]} is needed here, not {shown}"
    told = {
        "missing": f"{name} is missing",
        "enum": f"{shown} is none of {limits.get('expected')}",
        "literal_error": f"{shown} is not {limits.get('expected')}",
        "string_too_short": "the text is empty",
        "string_pattern_mismatch": f"{shown} {_PATTERNS.get(str(limits.get('pattern')), 'has another form')}",
    }
    said = error["msg"].removeprefix("Value error, ")
    return told.get(kind, said.replace("Input", shown, 1))


_NEEDED = {
    "string_type": "a text",
    "tuple_type": "a list",
    "float_type": "a number",
    "int_type": "a whole number",
    "model_type": "a group of fields",
    "finite_number": "a finite number",
}
_PATTERNS = {
    r"^[a-z]{2}$": "is no language; write two letters such as en or ko",
    r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$": "is no import path; write module:function",
    r"^[^\x00-\x1f\x7f]+$": "holds a line break or another control character",
}


def _shown(given: object) -> str:
    match given:
        case None:
            return "nothing"
        case dict():
            return "a group of fields"
        case list() | tuple():
            return "a list"
    text = str(getattr(given, "written", given))
    return repr(text[:60] + "…" if len(text) > 60 else text)


def _unknown(name: str, owner: type[BaseModel]) -> str:
    for other, place in _ELSEWHERE:
        if name in other.model_fields:
            return f"the field {name} stands {place}"
    fields = list(owner.model_fields)
    near = difflib.get_close_matches(name, fields, n=1, cutoff=0.6)
    advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(fields)}"
    return f"there is no field {_shown(name)}; {advice}"


_ELSEWHERE = ((Expectation, "under expect"), (Case, "beside the question"), (Suite, "at the top of the suite"))


def _owner(place: Sequence[str | int]) -> type[BaseModel]:
    """Return the model of what stands at a place of a suite."""
    names = [part for part in place if isinstance(part, str) and part in _OWNERS]
    return _OWNERS[names[-1]] if names else Suite


PLACES = ("cites", "cites_any", "cites_none", "relevant")
"""Fields of an expectation that name places in articles."""
_OWNERS: dict[str, type[BaseModel]] = {
    "corpus": Corpus,
    "cases": Case,
    "conversation": Asked,
    "history": Exchange,
    "expect": Expectation,
    "figures": ExpectedFigure,
    **dict.fromkeys(PLACES, Cited),
}
