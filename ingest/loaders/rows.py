"""Reads .jsonl files (one article per row) and .json files (an article, a list, or an object that holds a list)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ingest.reading import LARGEST, read_text
from ingest.values import Failure, Raw
from rag.errors import UnreadableFileError

_SPELLINGS = {
    "origin_id": ("id", "_id", "guid", "uuid", "article_id"),
    "title": ("title", "headline"),
    "text": ("text", "body", "content", "article", "maintext", "articlebody", "full_text"),
    "published": ("published", "date", "date_publish", "pubdate", "publishedat", "datepublished", "published_at"),
    "updated": ("updated", "date_modify", "updatedat", "datemodified", "updated_at", "modified"),
    "publisher": ("publisher", "source", "outlet", "sitename", "source_name", "publication"),
    "author": ("author", "authors", "byline", "creator"),
    "url": ("url", "link", "canonical_url"),
    "language": ("language", "lang"),
}
_LISTS = ("articles", "items", "results", "data", "rows")


def load_lines(path: Path) -> Iterator[Raw | Failure]:
    """Yield the article of each row; a broken row is told by its number and the others go on."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LARGEST + 1):
            number += 1
            place = f"line {number}"
            if len(line) > LARGEST:
                raise UnreadableFileError(
                    f"The row in {place} is longer than {LARGEST >> 20} MB; write one article per line."
                )
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if line.strip():
                yield _row(path, place, line)


def load_file(path: Path) -> Iterator[Raw | Failure]:
    """Yield the file's articles."""
    try:
        value = _parsed(read_text(path))
    except ValueError as error:
        raise UnreadableFileError(f"It is not valid JSON ({error}); correct it.") from error
    rows = _rows(value)
    if rows is None:
        yield _raw(path, "", value)
        return
    for number, row in enumerate(rows, start=1):
        yield _raw(path, f"article {number}", row)


def _rows(value: object) -> list[object] | None:
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and not any(isinstance(_field(value, name), str) for name in ("text", "title")):
        return next((value[name] for name in _LISTS if isinstance(value.get(name), list)), None)
    return None


def _row(path: Path, place: str, line: bytes) -> Raw | Failure:
    try:
        value = _parsed(line.decode("utf-8"))
    except UnicodeDecodeError:
        return Failure(path=path, place=place, reason="The row is not UTF-8; write the file as UTF-8.")
    except ValueError as error:
        return Failure(path=path, place=place, reason=f"The row is not valid JSON ({error}); correct it.")
    return _raw(path, place, value)


def _parsed(text: str) -> object:
    try:
        value: object = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        raise ValueError(f"{error.msg} at {where}") from None
    return value


def _raw(path: Path, place: str, value: object) -> Raw | Failure:
    if not isinstance(value, dict):
        return Failure(path=path, place=place, reason="It is not an object; write {...} with the article's fields.")
    fields = {str(name).lower(): found for name, found in value.items()}
    found = {name: _line(_field(fields, name)) for name in _SPELLINGS}
    if not found["text"]:
        return Failure(path=path, place=place, reason="It has no text; give the article a field named text.")
    return Raw(place=place, **found)


def _field(fields: dict[str, object], name: str) -> object:
    return next((fields[key] for key in _SPELLINGS[name] if fields.get(key) not in (None, "", [], {})), None)


def _line(value: object, depth: int = 4) -> str:
    """Return a value as text: lists joined by commas, objects by their name, as {"source": {"name": ...}} has it."""
    if isinstance(value, list) and depth:
        return ", ".join(filter(None, (_line(each, depth - 1) for each in value[:50])))
    if isinstance(value, dict) and depth:
        return _line(value.get("name") or value.get("title"), depth - 1)
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
