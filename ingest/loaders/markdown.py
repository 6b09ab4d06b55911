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
    import frontmatter  # noqa: PLC0415  heavy: only where it is used
    from frontmatter.default_handlers import YAMLHandler  # noqa: PLC0415  heavy: only where it is used

    try:
        fields, body = frontmatter.parse(text, handler=YAMLHandler())
    except Exception as error:  # YAML has its own errors, and its constructors raise others
        raise UnreadableFileError(f"Its front matter is not valid YAML ({_reason(error)}); correct it.") from error
    if not isinstance(fields, dict):
        raise UnreadableFileError("Its front matter holds no fields; write lines such as title: Rates held.")
    return {name.lower(): value for name, value in fields.items() if isinstance(name, str)}, body


def _reason(error: Exception) -> str:
    """Return what is wrong, and in which line of the file."""
    problem, mark = getattr(error, "problem", None), getattr(error, "problem_mark", None)
    said = " ".join((problem or str(error)).split())
    reason = said if len(said) <= 120 else type(error).__name__
    return f"line {mark.line + 1}: {reason}" if mark else reason


def _line(value: object) -> str:
    if isinstance(value, list):
        # No lists inside: YAML's aliases let a few lines stand for billions of words.
        return ", ".join(_line(each) for each in value[:50] if each and not isinstance(each, list))
    try:
        return str(value) if isinstance(value, str | int | float | date) else ""
    except ValueError as error:  # Python writes no number of thousands of digits
        raise UnreadableFileError("Its front matter holds a number that is too long; put it in quotes.") from error
