"""Reads the files of published sets, and their fields with a clear word where something else stands there."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, cast

from rag.errors import UnreadableFileError

Fields = Mapping[str, object]

LARGEST = 1 << 30
"""Bytes of a file that has to be read as a whole."""
LONGEST_LINE = 1 << 26
"""Bytes of a line; a compressed file of a few bytes can hold a line without end."""


def read_json(path: Path) -> object:
    """Return the one value of a JSON file."""
    with _opened(path) as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise UnreadableFileError(f"it is larger than {LARGEST >> 20} MB; split it")
    return parsed(data.decode("utf-8-sig"))


def lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the lines that are not blank, each with its place; .gz files are unpacked on the way."""
    with _opened(path) as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise UnreadableFileError(f"line {number} is longer than {LONGEST_LINE >> 20} MB")
            text = line.decode("utf-8-sig" if number == 1 else "utf-8", "replace")
            if text.strip():
                yield f"line {number}", text


def json_rows(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the rows of a .jsonl or .json file (a list, or an object that holds one as `data`), each as JSON."""
    if ".jsonl" in path.suffixes or ".ndjson" in path.suffixes:
        yield from lines(path)
        return
    value = read_json(path)
    if isinstance(value, Mapping):
        value = next((value[name] for name in ("data", "samples", "tests", "rows") if name in value), value)
    if not isinstance(value, list):
        raise UnreadableFileError("it holds no list of rows")
    for number, row in enumerate(value, start=1):
        yield f"row {number}", json.dumps(row)


def csv_rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the rows of a CSV file by the names in its first line, each with the line on which it ends."""
    most = csv.field_size_limit(LONGEST_LINE)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            names = [name.strip() for name in next(reader, [])]
            for row in reader:
                if any(row):
                    yield f"line {reader.line_num}", dict(zip(names, row, strict=False))
    finally:
        csv.field_size_limit(most)


def parsed(text: str) -> object:
    """Return a JSON text's value."""
    try:
        value: object = json.loads(text)
    except json.JSONDecodeError as error:
        raise UnreadableFileError(f"it is not valid JSON ({error.msg}, column {error.colno})") from None
    return value


def fields_of(value: object) -> Fields:
    """Return an object's fields."""
    if not isinstance(value, Mapping):
        raise UnreadableFileError("an object is missing where one belongs")
    return value


def items_in(fields: Fields, name: str) -> list[object]:
    """Return a field that must be a list."""
    value = fields.get(name)
    if not isinstance(value, list):
        raise UnreadableFileError(f"it has no list {name}")
    return value


def text_in(fields: Fields, *names: str) -> str | None:
    """Return the first of these fields that holds text, trimmed; None where none does."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, str) and value.strip():
            return whole(value.strip())
    return None


def needed(fields: Fields, *names: str) -> str:
    """Return the first of these fields that holds text, trimmed; one must."""
    found = text_in(fields, *names)
    if found is None:
        raise UnreadableFileError(f"it has no {' or '.join(names)}")
    return found


def raw_text(fields: Fields, name: str) -> str:
    """Return a text as it stands, so that offsets into it stay right."""
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise UnreadableFileError(f"it has no {name}")
    return whole(value)


def texts_in(fields: Fields, name: str) -> tuple[str, ...]:
    """Return the texts of a field that holds one or a list, trimmed, each once."""
    value = fields.get(name)
    found = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(whole(each.strip()) for each in found if isinstance(each, str) and each.strip()))


def offset_in(fields: Fields, name: str) -> int:
    """Return a field that must be a place in a text."""
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnreadableFileError(f"{name} is no place in the text")
    return value


def whole(text: str) -> str:
    """Return a text that can be written; raise UnreadableFileError for half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnreadableFileError("it holds half of a surrogate pair, which is no character") from None
    return text


def _opened(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")
