"""Reads .md files with front matter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from ingest.clean import clean_line
from ingest.plain import plain
from ingest.reading import read_text
from ingest.values import Failure, Raw
from rag.errors import UnreadableFileError

_LONGEST = 200_000
"""Characters that are parsed as markdown: hostile markup takes time that grows with the square of its length."""
_LONGEST_FRONT = 50_000
_DEEPEST = 20
"""Levels: YAML's parser in C ends the process on a nesting that exhausts its stack."""
_FIELDS = ("publisher", "author", "published", "updated", "url", "language")


def load(path: Path) -> Iterator[Raw | Failure]:
    """Yield the file as one article: fields from its front matter, text from its body as a reader sees it."""
    fields, body = _parted(read_text(path))
    if len(body) > _LONGEST:
        raise UnreadableFileError(f"It is longer than {_LONGEST:,} characters; split it, or save it as .txt.")
    heading, text = plain(body)
    title = _line(fields.get("title")) or heading
    if heading and clean_line(heading) == clean_line(title):
        text = text.partition("\n\n")[2] or text
    yield Raw(
        text=text,
        title=title,
        **{name: _line(fields.get(name)) for name in _FIELDS},
        origin_id=_line(fields.get("id")),
    )


def _parted(text: str) -> tuple[dict[str, object], str]:
    """Return the fields and the body; a text between two rules that holds no fields is part of the body."""
    from frontmatter.default_handlers import YAMLHandler  # noqa: PLC0415  heavy: only where it is used

    text, handler = text.strip(), YAMLHandler()
    if not handler.detect(text):
        return {}, text
    try:
        front, body = handler.split(text)
    except ValueError:  # a rule, and no second one
        return {}, text
    try:
        _examine(front)
        fields = handler.load(front)
    except UnreadableFileError:
        raise
    except Exception as error:  # YAML has its own errors, and its constructors raise others
        raise UnreadableFileError(f"Its front matter is not valid YAML ({_reason(error)}); correct it.") from error
    if not isinstance(fields, dict):
        return {}, text
    return {name.lower(): value for name, value in fields.items() if isinstance(name, str)}, body


def _examine(front: str) -> None:
    """Raise UnreadableFileError for YAML that takes more time, memory or stack than its length lets expect."""
    import yaml  # noqa: PLC0415  heavy: only where it is used
    from frontmatter.default_handlers import SafeLoader  # noqa: PLC0415  heavy: only where it is used

    if len(front) > _LONGEST_FRONT:
        raise UnreadableFileError(f"Its front matter is longer than {_LONGEST_FRONT:,} characters; shorten it.")
    depth = 0
    for event in yaml.parse(front, Loader=SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        merged = isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]
        if merged or getattr(event, "anchor", None):
            raise UnreadableFileError("Its front matter uses an anchor, alias or merge key; write each value out.")
        if depth > _DEEPEST:
            raise UnreadableFileError(f"Its front matter is nested more than {_DEEPEST} levels deep; write it flat.")


def _reason(error: Exception) -> str:
    """Return what is wrong, and in which line of the file."""
    problem, mark = getattr(error, "problem", None), getattr(error, "problem_mark", None)
    said = " ".join((problem or str(error)).split())
    reason = said if len(said) <= 120 else type(error).__name__
    return f"line {mark.line + 1}: {reason}" if mark else reason


def _line(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_line(each) for each in value[:50] if each and not isinstance(each, list))
    try:
        return str(value) if isinstance(value, str | int | float | date) else ""
    except ValueError as error:  # Python writes no number of thousands of digits
        raise UnreadableFileError("Its front matter holds a number that is too long; put it in quotes.") from error
