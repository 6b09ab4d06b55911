"""`dateline articles`: the stored articles, listed, shown and removed."""

from __future__ import annotations

from typing import Annotated

import typer

from rag import plain, wire
from rag.commands.opening import AsJson, AtLibrary, opened
from rag.errors import UserError
from rag.terminal import show, tell

cli = typer.Typer(no_args_is_help=True, help="List, show and remove stored articles.", rich_markup_mode=None)

ArticleId = Annotated[str, typer.Argument(metavar="ID", help="The article's id, as `articles list` shows it.")]


@cli.command("list")
def list_articles(
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 100,
    offset: Annotated[int, typer.Option(min=0, help="After how many.")] = 0,
    library: AtLibrary = None,
    as_json: AsJson = False,
) -> None:
    """List the current articles, newest first."""
    with opened(library, any_model=True) as room:
        found, total = room.library.articles(limit=limit, offset=offset), room.library.count()
    show(wire.articles_object(found, total) if as_json else plain.articles_text(found, total))


@cli.command("show")
def show_article(
    article_id: ArticleId,
    version: Annotated[str | None, typer.Option(help="A stored version; the current one otherwise.")] = None,
    library: AtLibrary = None,
    as_json: AsJson = False,
) -> None:
    """Show one article as it is stored."""
    with opened(library, any_model=True) as room:
        article, versions = room.library.article(article_id, version), room.library.versions(article_id)
    show(wire.article_object(article) if as_json else plain.article_text(article, versions))


@cli.command("remove")
def remove_articles(
    article_ids: Annotated[list[str], typer.Argument(metavar="ID…", help="Ids, as `articles list` shows them.")],
    library: AtLibrary = None,
) -> None:
    """Remove articles with all their versions from search and from feedback; `compact` erases their bytes."""
    from rag.records.erasing import erase_at

    failed = 0
    with opened(library, any_model=True) as room:
        with room.library.writing() as writer:
            for article_id in article_ids:
                try:
                    writer.remove(article_id)
                    print(f"Removed {article_id}.")
                except UserError as error:
                    failed += 1
                    tell(str(error))
        erase_at(room.library.directory, article_ids)
    raise typer.Exit(1 if failed else 0)
