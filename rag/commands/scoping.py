"""Options that say what may be searched."""

from __future__ import annotations

from typing import Annotated

import typer

Since = Annotated[str | None, typer.Option(help="Only articles published on or after this date.")]
Until = Annotated[str | None, typer.Option(help="Only articles published on or before this date.")]
AsOf = Annotated[str | None, typer.Option(help="As it could be known on this date.")]
Publishers = Annotated[list[str] | None, typer.Option("--publisher", help="Only this outlet; may be repeated.")]
ArticleIds = Annotated[list[str] | None, typer.Option("--article", help="Only this article; may be repeated.")]
