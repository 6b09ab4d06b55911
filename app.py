"""The `dateline` command: options in, the same functions as behind every other door, text or JSON out.

Exit codes: 0 it worked, also when the articles do not say · 1 it ran and something failed · 2 wrong usage or settings.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag import plain, wire
from rag.commands.articles import cli as articles
from rag.commands.checking import check
from rag.commands.feedback import cli as feedback
from rag.commands.keys import cli as keys
from rag.commands.mcp import mcp
from rag.commands.opening import AsJson, AtLibrary, opened
from rag.commands.scoping import ArticleIds, AsOf, Publishers, Since, Until
from rag.errors import ConfigurationError, DatelineError, UserError
from rag.evaluation.commands import cli as evaluation
from rag.question.batch import Made, answered_rows, batch_lines
from rag.question.requests import make_question, make_scope
from rag.terminal import progress_bar, show, tell, working
from rag.types import Question, Scope

if TYPE_CHECKING:
    from ingest import Progress

cli = typer.Typer(
    name="dateline",
    help="Ask the news, and check every word.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"dateline {version('dateline')}")
        raise typer.Exit


@cli.callback()
def options(
    version: Annotated[  # noqa: ARG001  its callback uses it
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Ask the news, and check every word."""
    from rag.settings import misspelt

    for line in misspelt():
        tell(line)


cli.add_typer(articles, name="articles")
cli.add_typer(evaluation, name="eval")
cli.add_typer(feedback, name="feedback")
cli.add_typer(keys, name="keys")
cli.command()(check)
cli.command()(mcp)

BatchFile = Annotated[
    Path | None, typer.Option("--batch", help="JSONL file of {id, question, …}, a JSON row out for each; - for stdin.")
]
QuestionText = Annotated[str | None, typer.Argument(metavar="QUESTION", help="What you want to know.")]


@cli.command()
def ingest(
    places: Annotated[
        list[str], typer.Argument(help="Files or directories: .md .txt .html .json .jsonl; or addresses: https://…")
    ],
    library: AtLibrary = None,
    as_json: AsJson = False,
) -> None:
    """Add articles to the library; what it already knows costs nothing."""
    from ingest import ingest as ingest_paths
    from ingest.intake import gathered
    from ingest.report import partial_report, report_object, report_text

    with opened(library, create=True) as room, gathered(places) as paths, progress_bar() as advance:

        def met(at: Progress) -> None:
            advance(at.done, at.total, f"{at.articles:,} articles, {plain.safe(Path(at.path).name)}")

        try:
            report = ingest_paths(paths, room.library, room.embedder, progress=met)
        except DatelineError as error:
            if as_json and (done := partial_report(error)):
                show(report_object(done))
            raise
    for line in (*report.remarks, *report.failed):
        tell(str(line))
    show(report_object(report) if as_json else report_text(report))
    raise typer.Exit(1 if report.failed else 0)


@cli.command()
def ask(
    question: QuestionText = None,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    publisher: Publishers = None,
    article: ArticleIds = None,
    batch: BatchFile = None,
    library: AtLibrary = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question with checked citations, or say that the articles do not."""
    scope = make_scope(since=since, until=until, as_of=as_of, publishers=publisher or (), article_ids=article or ())
    asked = _asked(question, batch, scope)
    with opened(library) as room:
        desk = room.desk()
        if isinstance(asked, Question):
            answer = desk.ask(asked)
            show(wire.answer_object(answer) if as_json else plain.answer_text(answer))
        else:
            _run(asked, lambda each: wire.answer_object(desk.ask(each)))


@cli.command()
def search(
    question: QuestionText = None,
    limit: Annotated[int, typer.Option("-k", "--limit", min=1, max=1000, help="How many passages.")] = 10,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    publisher: Publishers = None,
    article: ArticleIds = None,
    batch: BatchFile = None,
    library: AtLibrary = None,
    as_json: AsJson = False,
) -> None:
    """Show the passages nearest to a question, without an answer."""
    scope = make_scope(since=since, until=until, as_of=as_of, publishers=publisher or (), article_ids=article or ())
    asked = _asked(question, batch, scope)
    with opened(library) as room:
        desk = room.desk()
        if isinstance(asked, Question):
            hits = desk.search(asked, limit)
            show(wire.hits_object(hits) if as_json else plain.hits_text(hits))
        else:
            _run(asked, lambda each: wire.hits_object(desk.search(each, limit)))


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (or DATELINE_HOST).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on (or DATELINE_PORT).")] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    access: Annotated[str | None, typer.Option(help="Ask for keys: auto, keys or open (or DATELINE_ACCESS).")] = None,
    root_path: Annotated[
        str | None, typer.Option(help="Path under which a proxy shows the server (or DATELINE_ROOT_PATH).")
    ] = None,
    library: AtLibrary = None,
) -> None:
    """Serve the chat page and the API."""
    from ingest.intake import LibraryIntake
    from rag.commands.serving import options_of, served_newsroom, service_records
    from rag.commands.watching import watching
    from rag.settings import read_settings
    from rag.web.server import serve as serve_all
    from rag.web.service import make_service

    settings = read_settings(library=library, host=host, port=port, access=access, root_path=root_path)
    served = options_of(settings)
    with (
        served_newsroom(settings) as room,
        service_records(room.library.directory, served) as records,
        watching(settings) as (watcher, model),
    ):
        intake = LibraryIntake(library=room.library, embedder=room.embedder)
        service = make_service(room.desk(model), records, served, intake=intake, watcher=watcher)
        serve_all(service, open_browser=open_browser)


@cli.command()
def doctor(library: AtLibrary = None, as_json: AsJson = False) -> None:
    """Check the library, and say what to do about what is wrong."""
    with opened(library, any_model=True) as room:
        findings = room.library.check()
    show(wire.findings_object(findings) if as_json else plain.findings_text(findings))
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


@cli.command()
def reindex(library: AtLibrary = None) -> None:
    """Rebuild the vector index from the stored articles; after a change of embedding model, embed them anew."""
    from ingest.pipeline import embedded_text

    with opened(library, any_model=True) as room, working("Rebuilding the index"):
        room.library.reindex(room.embedder, embedded_text)
    print("Rebuilt the index.")


@cli.command()
def compact(library: AtLibrary = None) -> None:
    """Erase from the disk what was removed, and give its space back."""
    with opened(library, any_model=True) as room, working("Writing the library anew"):
        room.library.compact()
    print("Erased what was removed.")


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line; mistakes and failures end in one line and an exit code."""
    # A half character pair from a batch row must not break the row that answers it; in JSON this form is an escape.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        try:
            cli(args=words)
        finally:
            sys.stdout.flush()
    except DatelineError as error:
        tell(" ".join([str(error), *getattr(error, "__notes__", ())]))
        sys.exit(2 if isinstance(error, UserError) else 1)
    except BrokenPipeError:
        # The reader of the pipe (such as `head`) has seen enough; closing standard output again would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _asked(text: str | None, batch: Path | None, scope: Scope) -> Question | Path:
    """Return the one question, or the file of many; raise ConfigurationError unless it is exactly one of them."""
    if batch is None:
        return make_question(text or "", scope)
    if text is not None or not scope.unlimited:
        raise ConfigurationError("--batch takes questions, dates and outlets from its rows; leave the others out.")
    return batch


def _run(batch: Path, answered: Callable[[Question], Made]) -> None:
    """Print a JSON row for each row of a batch; exit with 1 if any failed."""
    failed = False
    with batch_lines(batch) as lines:
        for made in answered_rows(lines, answered):
            failed |= "error" in made
            print(json.dumps(made, ensure_ascii=False), flush=True)
    raise typer.Exit(1 if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1:] or ["serve"])
