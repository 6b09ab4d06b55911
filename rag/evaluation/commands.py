"""`dateline eval`: suites in; a table or JSON, reports and an exit code out.

Exit codes: 0 every case and threshold holds · 1 something failed or got worse · 2 wrong usage, suite or settings.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from typer.core import TyperGroup

from rag.plain import safe
from rag.terminal import show, tell

if TYPE_CHECKING:
    from typer._click import Context

    from rag.evaluation.gates import Threshold
    from rag.evaluation.runs.directory import RunDirectory

_RUN = "run"


class _Runs(TyperGroup):
    """Takes `dateline eval SUITE` for `dateline eval run SUITE`."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Put the command's name before words that do not begin with one."""
        named = not args or args[0] in self.commands or args[0] == "--help"
        return super().parse_args(ctx, args if named else [_RUN, *args])


cli = typer.Typer(
    cls=_Runs,
    no_args_is_help=True,
    help="Measure answers: dateline eval SUITE… runs suites of questions with expectations.",
    rich_markup_mode=None,
)

Suites = Annotated[list[Path], typer.Argument(metavar="SUITE…", help="Suite files: .yaml or .jsonl")]
RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="Directory that a run wrote.")]
AtLibrary = Annotated[Path | None, typer.Option("--library", help="Ask this library, not the suite's own articles.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON (docs/json.md).")]
Answerer = Annotated[
    Literal["auto", "extractive", "generative"] | None, typer.Option(help="Who answers (or DATELINE_ANSWERER).")
]
Model = Annotated[str | None, typer.Option(help="The chat model (or DATELINE_CHAT_MODEL).")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="Only cases with this tag; may be repeated.")]
Ids = Annotated[
    list[str] | None, typer.Option("--case", metavar="GLOB", help="Only cases of such ids; may be repeated.")
]
Limit = Annotated[int | None, typer.Option(min=1, help="At most so many cases of each suite.")]
Baseline = Annotated[Path | None, typer.Option(metavar="RUN", help="Compare with this run; fail where it was better.")]
FailUnder = Annotated[
    list[str] | None,
    typer.Option(metavar="METRIC=VALUE", help="Fail below this value, or above it where less is better; repeatable."),
]
Judge = Annotated[str | None, typer.Option(metavar="MODEL", help="Let a chat model judge the answers too.")]
Votes = Annotated[int, typer.Option("--judge-votes", min=1, max=99, help="How often it judges each answer.")]
Record = Annotated[Path | None, typer.Option(metavar="FILE", help="Keep the chat model's replies in this file.")]
Replay = Annotated[Path | None, typer.Option(metavar="FILE", help="Take the replies from this file; ask no server.")]
Jobs = Annotated[int, typer.Option(min=1, max=64, help="Questions that are answered at a time.")]


@cli.command(_RUN)
def run(
    suites: Suites,
    library: AtLibrary = None,
    answerer: Answerer = None,
    model: Model = None,
    baseline: Baseline = None,
    repeat: Annotated[int, typer.Option(min=1, max=1000, help="How often each question is asked.")] = 1,
    jobs: Jobs = 1,
    tag: Tags = None,
    case: Ids = None,
    limit: Limit = None,
    fail_under: FailUnder = None,
    record: Record = None,
    replay: Replay = None,
    judge: Judge = None,
    judge_votes: Votes = 3,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where the run goes, or goes on.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask what suites ask, check what they expect, and report."""
    from rag.evaluation.evaluate import evaluate
    from rag.evaluation.gates import thresholds
    from rag.evaluation.runs.order import Order, Selection
    from rag.evaluation.suites.suitefile import read_suite

    read = [read_suite(path) for path in suites]
    wanted = thresholds(fail_under or (), read)
    before = _scored(baseline) if baseline else None
    order = Order(
        suites=tuple(suites),
        library=library,
        answerer=answerer,
        model=model,
        selection=Selection(tags=tuple(tag or ()), ids=tuple(case or ()), limit=limit),
        attempts=repeat,
        jobs=jobs,
        record=record,
        replay=replay,
        judge=judge,
        votes=judge_votes,
        out=out,
    )
    _report(evaluate(order, read), before, wanted, as_json=as_json)


@cli.command()
def score(
    run_path: RunPath,
    suites: Annotated[list[Path] | None, typer.Option("--suite", help="In the place of the run's suites.")] = None,
    library: AtLibrary = None,
    baseline: Baseline = None,
    jobs: Jobs = 1,
    fail_under: FailUnder = None,
    judge: Judge = None,
    judge_votes: Votes = 3,
    record: Record = None,
    replay: Replay = None,
    as_json: AsJson = False,
) -> None:
    """Score the answers of a run again, by what its suites say now, without asking anew."""
    from rag.evaluation.evaluate import score_again
    from rag.evaluation.gates import thresholds
    from rag.evaluation.runs.directory import RunDirectory
    from rag.evaluation.runs.order import Order
    from rag.evaluation.suites.suitefile import read_suite

    asked = RunDirectory.open(run_path)
    paths = tuple(suites or asked.suites)
    wanted = thresholds(fail_under or (), [read_suite(path) for path in paths])
    before = _scored(baseline) if baseline else None
    order = Order(
        suites=paths, library=library, jobs=jobs, judge=judge, votes=judge_votes, record=record, replay=replay
    )
    _report(score_again(order, run_path), before, wanted, as_json=as_json)


@cli.command()
def compare(
    run_path: RunPath,
    baseline: Annotated[Path, typer.Argument(metavar="BASELINE", help="Directory of the earlier run.")],
    as_json: AsJson = False,
) -> None:
    """Say what differs between two runs, and how sure that is."""

    _report(_scored(run_path), _scored(baseline), (), as_json=as_json)


@cli.command()
def report(run_path: RunPath, as_json: AsJson = False) -> None:
    """Write the reports of a run again."""

    _report(_scored(run_path), None, (), as_json=as_json)


@cli.command()
def init(
    suite: Annotated[Path, typer.Argument(metavar="SUITE", help="The file to write, such as suite.yaml.")],
    library: Annotated[Path | None, typer.Option("--library", help="The library (or DATELINE_LIBRARY).")] = None,
    folder: Annotated[Path | None, typer.Option(help="A folder of articles, in the place of a library.")] = None,
) -> None:
    """Write a first suite over your articles, for you to check and go on with."""
    from rag.evaluation.evaluate import begin_suite

    begin_suite(suite, library=library, folder=folder)
    show(safe(f"Wrote {suite}; read its cases, then run: dateline eval {suite}"))


@cli.command()
def validate(suites: Suites, library: AtLibrary = None) -> None:
    """Show every mistake in suite files with its line, and what they name that their articles do not hold."""
    from rag.evaluation.evaluate import untrue_cases
    from rag.evaluation.reports.figures import count
    from rag.evaluation.suites.suitefile import problems, read_suite

    wrong = False
    for path in suites:
        formal = problems(path)
        found = formal or untrue_cases(path, library)
        for each in found:
            show(safe(f"{path}:{each.line}: {each}"))
        if formal:
            show(safe(f"{path}: whether its articles hold what it says is looked at when these are mended"))
        elif not found:
            show(safe(f"{path}: {count(len(read_suite(path).cases), 'case')}, nothing wrong"))
        wrong |= bool(found)
    raise typer.Exit(2 if wrong else 0)


@cli.command()
def schema() -> None:
    """Print the JSON Schema of suites, for editors."""
    from rag.evaluation.suites.schema import schema_text

    show(schema_text().rstrip("\n"))


@cli.command("import")
def import_set(
    form: Annotated[str, typer.Argument(metavar="FORMAT", help="squad, mrqa, newsqa, rows, ragas or promptfoo")],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Its files.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where articles and suite go.")],
    limit: Limit = None,
) -> None:
    """Turn a public question set into articles and a suite."""
    from rag.errors import ConfigurationError
    from rag.evaluation.importers import FORMS
    from rag.evaluation.reports.figures import count

    if form not in FORMS:
        raise ConfigurationError(f"There is no importer for {form}; name one of {', '.join(FORMS)}.")
    made = FORMS[form](paths, out, limit=limit)
    for failure in made.failed:
        tell(str(failure))
    for reason, times in made.left_out.items():
        tell(f"Left out {times:,}: {reason}")
    if not made.articles:
        tell(f"The set has no articles; ask a library of yours: dateline eval {made.suite} --library DIR")
    show(safe(f"{count(made.articles, 'article')} and {count(made.cases, 'case')}: {made.suite}"))
    raise typer.Exit(1 if made.failed else 0)


@cli.command("sweep")
def sweep_settings(
    suite: Annotated[Path, typer.Argument(metavar="SUITE", help="A suite file; half of it is held out.")],
    vary: Annotated[
        list[str],
        typer.Option(metavar="NAME=A,B,…", help="passages, passage_size, dense_weight or answer_from; repeatable."),
    ],
    metric: Annotated[str, typer.Option(help="What is to be as good as can be.")] = "pass",
    library: AtLibrary = None,
    answerer: Answerer = None,
    model: Model = None,
    tag: Tags = None,
    case: Ids = None,
    limit: Limit = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.svg", help="Draw quality against latency.")] = None,
    as_json: AsJson = False,
) -> None:
    """Try settings on half of a suite, and the best of them on the other half."""
    from rag.evaluation.runs.order import Order, Selection
    from rag.evaluation.sweeping.report import sweep_object, sweep_text, write_plot
    from rag.evaluation.sweeping.sweep import sweep

    order = Order(
        suites=(suite,),
        library=library,
        answerer=answerer,
        model=model,
        selection=Selection(tags=tuple(tag or ()), ids=tuple(case or ()), limit=limit),
    )
    found = sweep(order, vary, metric=metric)
    if plot:
        write_plot(found, plot)
    show(sweep_object(found) if as_json else sweep_text(found))


def _scored(path: Path) -> RunDirectory:
    """Open a run; raise ConfigurationError, before anything is asked, unless it was scored."""
    from rag.evaluation.runs.directory import RunDirectory

    run = RunDirectory.open(path)
    next(run.results(), None)
    return run


def _report(scored: RunDirectory, before: RunDirectory | None, wanted: tuple[Threshold, ...], *, as_json: bool) -> None:
    """Write all reports, print one, and exit with what the run is worth."""
    from rag.evaluation.evaluate import report_of, write_reports
    from rag.evaluation.gates import failures
    from rag.evaluation.reports import terminal_text, write_json

    made = report_of(scored, before)
    write_reports(made, scored.path)
    if as_json:
        write_json(made, sys.stdout)
    else:
        show(terminal_text(made))
        show(safe(f"Report: {scored.path / 'report.html'}"))
    reasons = list(failures(made, wanted))
    for reason in reasons:
        tell(reason)
    raise typer.Exit(1 if reasons else 0)
