"""From suite files to a run that is asked and scored; the same run scored again, compared, and ready to be reported."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import ConfigurationError, DatelineError
from rag.evaluation.corpus import corpus_digest, manifest
from rag.evaluation.evidence import Evidence
from rag.evaluation.judge import described, make_judge
from rag.evaluation.opening import chat_model, corpora_of, corpus_remarks, judge_model, measured
from rag.evaluation.reports import write_json, write_junit
from rag.evaluation.reports.figures import count
from rag.evaluation.reports.html import write_html
from rag.evaluation.reports.markdown import write_markdown
from rag.evaluation.results import Report, RunInfo
from rag.evaluation.runs.directory import RunDirectory, new_place, writing
from rag.evaluation.runs.order import Order
from rag.evaluation.runs.runner import Ready, kept, run_suites, score_suites
from rag.evaluation.scorers import Scorer
from rag.evaluation.statistics.comparing import compare
from rag.evaluation.statistics.summary import Tally
from rag.evaluation.suites.cases import Case, Corpus, Suite
from rag.evaluation.suites.checking import untrue_places
from rag.evaluation.suites.mistakes import Problem
from rag.evaluation.suites.starter import starter
from rag.evaluation.suites.suitefile import placed, read_suite
from rag.terminal import progress_bar

if TYPE_CHECKING:
    from rag.evaluation.opening import Articles

_MAY_DIFFER = {"name", "started", "jobs", "judge", "remarks"}
"""What may be another when a run goes on."""


class StoppedError(DatelineError):
    """The user stopped a run, which can go on."""


def evaluate(order: Order, suites: Sequence[Suite]) -> RunDirectory:
    """Ask and score what is ordered, or what is left of it; raise DatelineError, StoppedError among them."""
    if len({suite.suite for suite in suites}) < len(suites):
        raise ConfigurationError("Two of these suites have one name; a run tells suites apart by their names.")
    chosen = [order.selection.of(suite) for suite in suites]
    if not any(suite.cases for suite in suites):
        raise ConfigurationError("There is nothing to ask: these suites have no cases.")
    if not any(chosen):
        raise ConfigurationError("No case is selected; change --tag or --case, or leave them out.")
    with corpora_of(order, suites) as rooms, _begun(order, suites, rooms) as run:
        chat = chat_model(order)
        ready = [
            Ready(suite=suite, cases=cases, desk=measured(room, chat), evidence=_evidence(path, room))
            for path, suite, cases, room in zip(order.suites, suites, chosen, rooms, strict=True)
        ]
        try:
            with progress_bar() as advance:
                run_suites(ready, run, jobs=order.jobs, advance=advance)
                score_suites(ready, run, judge=_judge(order, run), jobs=order.jobs, advance=advance)
        except KeyboardInterrupt:
            raise StoppedError(
                f"Stopped; the answers so far are kept. To go on, run the same again with --out {run.path}."
            ) from None
        run.finish()
    return run


def score_again(order: Order, place: Path) -> RunDirectory:
    """Score the answers of a run by what the suites of the order say now; nothing is asked again but of a judge."""
    with RunDirectory.held(place):
        run = RunDirectory.open(place)
        _score_again(order, run)
    return run


def _score_again(order: Order, run: RunDirectory) -> None:
    suites = [read_suite(path) for path in order.suites]
    with corpora_of(replace(order, answerer="extractive", record=None, replay=None), suites) as rooms:
        remarks = [remark for suite, room in zip(suites, rooms, strict=True) for remark in corpus_remarks(suite, room)]
        if corpus_digest(_corpus(rooms)) != run.info.corpus_digest:
            remarks.append("Scored over other articles than were asked.")
        ready = []
        for path, suite, room in zip(order.suites, suites, rooms, strict=True):
            asked, left = _asked(run, suite)
            if left:
                remarks.append(f"Left out, because this run did not ask it: {count(left, 'case')} of {suite.suite}.")
            ready.append(Ready(suite=suite, cases=asked, desk=room.desk(), evidence=_evidence(path, room)))
        if not any(each.cases for each in ready):
            raise ConfigurationError(f"The run {run.path} asked nothing of what these suites ask; run them.")
        with progress_bar() as advance:
            score_suites(ready, run, judge=_judge(order, run), jobs=order.jobs, advance=advance)
    run.info = replace(run.info, remarks=tuple(remarks))
    run.save()


def _asked(run: RunDirectory, suite: Suite) -> tuple[tuple[Case, ...], int]:
    """Return the cases of a suite that a run asked or skipped, and how many of those it was to ask are left out."""
    chosen = {case.id for case in run.info.selection.of(suite)}
    asked = tuple(
        case
        for case in suite.cases
        if (case.skip and case.id in chosen)
        or (not case.skip and all(kept(run, suite, case, attempt) for attempt in range(1, run.info.attempts + 1)))
    )
    return asked, len(chosen - {case.id for case in asked})


def untrue_cases(path: Path, library: Path | None = None) -> list[Problem]:
    """Return what the cases of a suite name that their articles do not hold, or why its articles cannot be used.

    A suite that names no corpus is held to the articles of `library` alone; without it nothing is looked at.
    """
    suite = read_suite(path)
    if library is None and suite.corpus.folder is None and suite.corpus.library is None:
        return []
    try:
        with corpora_of(Order(suites=(path,), library=library, answerer="extractive"), [suite]) as [room]:
            evidence = _evidence(path, room)
            found = [
                (("cases", number, *place), what)
                for number, case in enumerate(suite.cases)
                for place, what in untrue_places(case, evidence)
            ]
    except DatelineError as error:
        if library is not None:
            raise
        found = [(("corpus", "folder" if suite.corpus.folder else "library"), str(error))]
    return placed(path, found)


def begin_suite(path: Path, *, library: Path | None, folder: Path | None) -> None:
    """Write a first suite over a library or a folder of articles; raise ConfigurationError where it cannot be."""
    if path.suffix.lower() not in {".yaml", ".yml"}:
        raise ConfigurationError(f"{path} would be no suite file; name one that ends in .yaml.")
    if library and folder:
        raise ConfigurationError("Give --library or --folder, not both.")
    named = {"library": library, "folder": folder}
    corpus = Corpus(**{name: os.path.relpath(place, path.parent) for name, place in named.items() if place})
    # The embedded reader: beginning must cost nothing.
    order = Order(suites=(path,), library=library, answerer="extractive")
    with corpora_of(order, [Suite(suite=path.stem, corpus=corpus)]) as [room]:
        text = starter(room.desk(), name=path.stem, corpus=corpus)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise ConfigurationError(f"{path} is there already; name another file.") from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}. Name another place.") from error


def report_of(run: RunDirectory, baseline: RunDirectory | None = None) -> Report:
    """Return what a scored run shows, beside a baseline where there is one; needs neither suite nor corpus."""
    skipped = tuple(run.skipped())
    summary = Tally(run.results(), skipped=len(skipped)).summary()
    report = Report(run=run.info, summary=summary, results=run.results, skipped=skipped)
    if baseline is None:
        return report
    comparison = compare(
        baseline.results(),
        run.results(),
        baseline=baseline.info.name,
        corpus_before=baseline.info.corpus,
        corpus_after=run.info.corpus,
        titles_before=baseline.info.titles,
    )
    return replace(report, comparison=comparison, before=baseline.sample)


def write_reports(report: Report, directory: Path) -> None:
    """Write every form of a report into a run's directory; raise StorageError."""
    with writing(directory):
        write_html(report, directory / "report.html")
        write_markdown(report, directory / "report.md")
        write_junit(report, directory / "junit.xml")
        with (directory / "report.json").open("w", encoding="utf-8", errors="backslashreplace") as file:
            write_json(report, file)


def _evidence(path: Path, room: Articles) -> Evidence:
    return Evidence(room.library, room.embedder, path.parent)


def _titles(rooms: Sequence[Articles]) -> dict[str, str]:
    every = (each.source for room in rooms for each in room.library.articles(limit=sys.maxsize))
    return {source.article_id: source.title for source in every}


def _corpus(rooms: Sequence[Articles]) -> dict[str, str]:
    return {article: current for room in rooms for article, current in manifest(room.library).items()}


def _info(order: Order, suites: Sequence[Suite], rooms: Sequence[Articles]) -> RunInfo:
    started = datetime.now(UTC)
    corpus, settings = _corpus(rooms), rooms[0].settings
    remarks = [remark for suite, room in zip(suites, rooms, strict=True) for remark in corpus_remarks(suite, room)]
    told = {"passages": str(settings.passages), "embedding_model": rooms[0].embedder.name}
    if settings.generative:
        told["context_tokens"] = str(settings.context_tokens)
    return RunInfo(
        name=order.out.name if order.out else f"{_plain(suites[0].suite)}-{started:%Y%m%dT%H%M%SZ}",
        started=started,
        suites=tuple(suite.suite for suite in suites),
        answerer="generative" if settings.generative else "extractive",
        model=settings.chat_model if settings.generative else "extractive",
        settings=told,
        corpus=corpus,
        titles=_titles(rooms),
        corpus_digest=corpus_digest(corpus),
        version=version("dateline"),
        selection=order.selection,
        attempts=order.attempts,
        jobs=order.jobs,
        remarks=tuple(remarks),
    )


@contextmanager
def _begun(order: Order, suites: Sequence[Suite], rooms: Sequence[Articles]) -> Iterator[RunDirectory]:
    """Hold a new run, or the interrupted one at the place of the order; another process that wants it waits."""
    info = _info(order, suites, rooms)
    place = order.out or new_place(Path("eval-runs", info.name))
    with RunDirectory.held(place):
        yield _run_at(place, replace(info, name=place.name), order)


def _run_at(place: Path, info: RunInfo, order: Order) -> RunDirectory:
    if not RunDirectory.exists(place):
        return RunDirectory.create(place, info, order.suites)
    run = RunDirectory.open(place)
    if run.complete:
        raise ConfigurationError(
            f"The run {place} is complete; choose another place with --out, or `dateline eval score {place}`."
        )
    if other := _other(run.info, info):
        raise ConfigurationError(
            f"The run {place} was begun with other {', '.join(other)}; choose another place with --out."
        )
    run.info = replace(run.info, remarks=info.remarks)
    return run


def _other(one: RunInfo, two: RunInfo) -> list[str]:
    """Return in what runs differ that would have to be equal if they were one."""
    names = (each.name for each in fields(RunInfo) if each.name not in _MAY_DIFFER)
    return [name for name in names if getattr(one, name) != getattr(two, name)]


def _judge(order: Order, run: RunDirectory) -> Scorer | None:
    """Return the judge that is ordered, and note in the run who it is."""
    model = judge_model(order, session=run.info.started.isoformat())
    run.info = replace(run.info, judge=described(model, votes=order.votes) if model else None)
    return make_judge(model, votes=order.votes) if model else None


def _plain(name: str) -> str:
    """Return a suite's name as a part of a file's name."""
    return "".join(each if each.isalnum() else "-" for each in name)[:60].strip("-") or "suite"
