"""Opens what a command works on, as settings and options say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rag.compose import Newsroom

AtLibrary = Annotated[Path | None, typer.Option("--library", help="Directory of the library (or DATELINE_LIBRARY).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON (docs/json.md).")]


@contextmanager
def opened(
    library: Path | None, *, create: bool = False, any_model: bool = False, **given: object
) -> Iterator[Newsroom]:
    """Open the newsroom for as long as the block runs; raise ConfigurationError or LibraryError."""
    from rag.compose import newsroom
    from rag.settings import read_settings

    with newsroom(read_settings(library=library, **given), create=create, any_model=any_model) as room:
        yield room
