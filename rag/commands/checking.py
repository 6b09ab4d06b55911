"""`dateline check`: a draft, checked against the articles."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from rag import plain, wire
from rag.commands.opening import AsJson, AtLibrary, opened
from rag.commands.scoping import ArticleIds, AsOf, Publishers, Since, Until
from rag.errors import ConfigurationError
from rag.question.requests import make_scope
from rag.terminal import progress_bar, show

_LONGEST_FILE = 1 << 20
"""Bytes that are read; no draft that is taken has more."""


def check(
    draft: Annotated[Path, typer.Argument(metavar="FILE", help="Plain text or Markdown; - for standard input.")],
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 unless every sentence is supported.")] = False,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    publisher: Publishers = None,
    article: ArticleIds = None,
    library: AtLibrary = None,
    as_json: AsJson = False,
) -> None:
    """Check a draft: what of it the articles bear out, with the words that prove it or come closest."""
    from rag.check import Checked, checker

    scope = make_scope(since=since, until=until, as_of=as_of, publishers=publisher or (), article_ids=article or ())
    text = _read(draft)
    with opened(library) as room, progress_bar() as advance:
        for step in checker(room.desk()).stream(text, scope):
            if isinstance(step, Checked):
                checked = step
            else:
                advance(step.done, step.total, "sentences")
    show(wire.checked_object(checked) if as_json else plain.checked_text(checked))
    raise typer.Exit(1 if strict and not checked.borne_out else 0)


def _read(path: Path) -> str:
    """Return a draft; raise ConfigurationError when it cannot be read."""
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(_LONGEST_FILE + 1)
        else:
            with path.open("rb") as file:
                data = file.read(_LONGEST_FILE + 1)
        if len(data) > _LONGEST_FILE:
            raise ConfigurationError(f"{path} is larger than a draft can be; check it in parts.")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"Cannot read {path}: {error.strerror}. Name a text file, or -.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 text; save it as plain text or Markdown.") from error
