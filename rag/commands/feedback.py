"""`dateline feedback`: what readers said about answers, listed, and turned into cases of a suite."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rag import wire
from rag.commands.opening import AsJson, AtLibrary, opened
from rag.plain import safe
from rag.terminal import show, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.records.feedback import Feedback, Rating

cli = typer.Typer(no_args_is_help=True, help="Read what readers said about answers.", rich_markup_mode=None)

_MOST = 100_000


@cli.command("list")
def list_feedback(
    rating: Annotated[Literal["up", "down"] | None, typer.Option(help="Only this rating.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="How many.")] = 100,
    library: AtLibrary = None,
    as_json: AsJson = False,
) -> None:
    """List the feedback, newest first."""
    found = _feedback(library, rating, limit)
    if as_json:
        show(wire.list_object("feedback", [wire.feedback_object(each) for each in found], None))
        return
    for each in found:
        asked = each.answer["question"] if each.answer else "(its article was removed)"
        show(safe(f"{each.id}  {each.rating:4}  {each.kind or '-':11}  {asked}  {each.comment or ''}".rstrip()))


@cli.command()
def export(
    suite: Annotated[Path, typer.Option("--suite", metavar="FILE", help="A suite, made where there is none.")],
    library: AtLibrary = None,
) -> None:
    """Add each answer that a reader found right to a suite, unless the suite asks its question already."""
    from rag.errors import SuiteError
    from rag.evaluation.suites.suitefile import read_suite
    from rag.evaluation.suites.writing import append_answer
    from rag.records.answered import answer_of

    asked = {case.question for case in read_suite(suite).cases} if suite.exists() else set()
    added, failed = 0, False
    for each in reversed(_feedback(library, "up", _MOST)):
        answer = answer_of(each)
        if answer is None or answer.question.text in asked:
            continue
        asked.add(answer.question.text)
        try:
            append_answer(suite, answer, tags=("feedback",))
            added += 1
        except SuiteError as error:
            failed = True
            tell(str(error))
    show(safe(f"{added} added to {suite}"))
    raise typer.Exit(1 if failed else 0)


def _feedback(library: Path | None, rating: Rating | None, limit: int) -> Sequence[Feedback]:
    from rag.records import open_records
    from rag.records.feedback import FeedbackStore

    with opened(library, any_model=True) as room, closing(open_records(room.library.directory)) as records:
        return FeedbackStore(records).list(limit=limit, rating=rating)
