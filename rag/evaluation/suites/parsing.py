"""Text of a suite file as plain values that know their line; refuses what could mislead or be used for harm.

YAML is read as version 1.2 has it: `no`, `12:30` and `2024-05-01` are texts. Numbers keep the characters they were
written in. Anchors, aliases, tags and keys that stand twice are mistakes, and so is nesting deeper than any suite has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import yaml

from rag.evaluation.suites.fields import WrittenFloat, WrittenInt

Value = None | str | int | float | bool | list["Value"] | dict[str, "Value"]

_DEEPEST = 20
"""Levels of nesting; a suite has nine."""
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]{1,300}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Fields(dict[str, Value]):
    """A mapping that knows in which line of its file it and each of its keys stand."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}

    def add(self, key: str, value: Value, line: int) -> None:
        """Take in a field; raise Mistake where it stands already."""
        if key in self:
            raise Mistake(line, f"{key[:60]!r} stands twice, first in line {self.lines[key]}; keep one")
        self[key], self.lines[key] = value, line


class Entries(list[Value]):
    """A list that knows in which line of its file each entry begins."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []


class Mistake(Exception):  # noqa: N818  of whoever wrote the file
    """What is wrong with the form of a file, before anything is known of its meaning."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


def yaml_value(text: str) -> Value:
    """Return what one YAML document says; raise Mistake at the first thing that cannot be read."""
    found = _UNPRINTABLE.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise Mistake(line, f"the character {found[0]!a} cannot be read; write it as an escape in double quotes")
    try:
        return _Builder().built(yaml.parse(text, Loader=LOADER))
    except yaml.MarkedYAMLError as error:
        raise _explained(error, text) from error
    except yaml.YAMLError as error:
        raise Mistake(1, f"not YAML: {' '.join(str(error).split())}") from error


def json_value(text: str, line: int) -> Value:
    """Return what one line of JSON says; raise Mistake."""

    def fields(pairs: list[tuple[str, Value]]) -> Fields:
        made = Fields(line)
        for key, value in pairs:
            made.add(key, value, line)
        return made

    def constant(name: str) -> Value:
        raise Mistake(line, f"{name} is no number")

    try:
        found: Value = json.loads(
            text, object_pairs_hook=fields, parse_constant=constant, parse_int=number, parse_float=number
        )
    except json.JSONDecodeError as error:
        raise Mistake(line, f"not JSON: {error.msg} at column {error.colno}; write one object to a line") from error
    except RecursionError as error:
        raise Mistake(line, "nested too deeply") from error
    return found


def number(text: str) -> Value:
    """Return a number that keeps the characters it is written in; the text where it is no number."""
    made: WrittenInt | WrittenFloat
    if _INT.fullmatch(text):
        made = WrittenInt(text)
    elif _FLOAT.fullmatch(text):
        made = WrittenFloat(text)
    else:
        return text
    made.written = text
    return made


class _Builder:
    """Makes values of parser events with a stack of its own, so that no depth of nesting can exhaust Python's."""

    def __init__(self) -> None:
        self._open: list[Fields | Entries] = []
        self._keys: list[tuple[str, int] | None] = []
        self._whole: Value = None
        self._documents = 0

    def built(self, events: Iterable[yaml.Event]) -> Value:
        for event in events:
            line = event.start_mark.line + 1 if event.start_mark else 1
            match event:
                case yaml.DocumentStartEvent():
                    self._documents += 1
                    if self._documents > 1:
                        raise Mistake(line, "a second document begins here; a suite is one, so remove the line ---")
                case yaml.AliasEvent():
                    raise Mistake(line, "aliases (*name) are not read; write the value itself, or put it in quotes")
                case yaml.CollectionEndEvent():
                    self._open.pop()
                    self._keys.pop()
                case yaml.NodeEvent():
                    self._node(event, line)
        if not self._documents:
            raise Mistake(1, "the file is empty; begin with `suite: NAME` and `cases:`")
        return self._whole

    def _node(self, event: yaml.NodeEvent, line: int) -> None:
        if event.anchor is not None:
            raise Mistake(line, "anchors (&name) are not read; put a text that begins with & in quotes")
        if getattr(event, "tag", None) is not None:
            raise Mistake(line, "tags (!name) are not read; put a text that begins with ! in quotes")
        if isinstance(event, yaml.ScalarEvent):
            plain = event.style is None or event.style == ""
            self._place(_resolved(event.value) if plain else event.value, event.value, line)
            return
        made = Fields(line) if isinstance(event, yaml.MappingStartEvent) else Entries(line)
        self._place(made, None, line)
        self._open.append(made)
        self._keys.append(None)
        if len(self._open) > _DEEPEST:
            raise Mistake(line, "nested too deeply")

    def _place(self, value: Value, written: str | None, line: int) -> None:
        if not self._open:
            self._whole = value
            return
        inside = self._open[-1]
        if isinstance(inside, Entries):
            inside.append(value)
            inside.lines.append(line)
        elif (key := self._keys[-1]) is not None:
            inside.add(key[0], value, key[1])
            self._keys[-1] = None
        elif written is None:
            raise Mistake(line, "the name of a field must be a word; put a text that begins with [ or { in quotes")
        else:
            self._keys[-1] = (written, line)


def _resolved(text: str) -> Value:
    return None if text in {"", "~", "null", "Null", "NULL"} else number(text)


def _explained(error: yaml.MarkedYAMLError, text: str) -> Mistake:
    problem, mark = error.problem or "", error.problem_mark or error.context_mark
    if error.context_mark and any(words in problem for words in _TOLD_WHERE_IT_BEGINS):
        mark = error.context_mark
    at = mark.line if mark else 0
    line = text.splitlines()[at : at + 1]
    if "tab character" in problem or (line and "\t" in line[0][: len(line[0]) - len(line[0].lstrip())]):
        return Mistake(at + 1, "a tab in the indent; use spaces")
    told = next((advice for said, advice in _ADVICE.items() if said in problem), problem)
    return Mistake(at + 1, told)


_TOLD_WHERE_IT_BEGINS = ("end of stream", "',' or", "expected ':'")
_ADVICE = {
    "expected ':'": "a line without a field's name; indent what goes on with a text, or write `name: value`",
    "expected node content": "a value is missing here, or a character that cannot begin a text without quotes",
    "expected <document start>": "no field can stand here; begin all fields of the suite at the margin",
    "mapping values are not allowed": "a colon where no field can begin; put a text that holds `: ` in quotes, "
    "and give the fields of one thing the same indent",
    "'-' indicator": "neither the next `- ` of a list nor a field of its last entry; give the fields of one "
    "thing the same indent",
    "did not find expected key": "no field can stand here; give the fields of one thing the same indent, "
    "and write nothing after a text in quotes",
    "cannot start any token": "this character cannot begin a text without quotes; put the text in quotes",
    "end of stream": "a quotation mark opens here and is not closed",
    "',' or": "a bracket opens here and is not closed, or a comma is missing",
    "block sequence entries are not allowed": "a list begins on a line of its own; put a text that begins with `- ` "
    "in quotes",
    "unknown escape": "a backslash in double quotes begins an escape; write \\\\ or use single quotes",
}
