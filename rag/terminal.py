"""What the command line says: results, failures, and signs of life for long work (the home of rich)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rag.plain import safe
from rag.wire import Json

Advance = Callable[[int, int | None, str], None]
"""Takes how much is done, of how much (None: not known), and what is at hand."""


def show(made: str | Mapping[str, Json]) -> None:
    """Print a text, or an object as JSON."""
    text = made if isinstance(made, str) else json.dumps(made, ensure_ascii=False, indent=2)
    sys.stdout.write(f"{text}\n")


def tell(what: str) -> None:
    """Say what went wrong, in one line on standard error."""
    sys.stderr.write(f"dateline: {safe(' '.join(what.split()))}\n")


@contextmanager
def progress_bar() -> Iterator[Advance]:
    """Show a bar on standard error, if that is a terminal, for as long as the block runs."""
    if not sys.stderr.isatty():
        yield lambda _done, _total, _what: None
        return
    from rich.console import Console  # noqa: PLC0415  only for a terminal
    from rich.markup import escape  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=None)
        yield lambda done, total, what: bars.update(task, completed=done, total=total, description=escape(what))


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show that something goes on whose length is not known."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415  only for a terminal

    with Console(stderr=True).status(what):
        yield
