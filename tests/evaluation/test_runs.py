"""A run on disk is read back as it was written, also after a kill, and refused where it is another's."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from rag.errors import ConfigurationError, StorageError
from rag.evaluation.results import Check, Outcome, Result, RunInfo, Sample, Score
from rag.evaluation.runs.directory import RunDirectory, new_place
from rag.evaluation.runs.order import Selection
from rag.evaluation.suites.cases import Asked, Case, Cited, Expectation, ExpectedFigure
from rag.types import Status

INFO = RunInfo(
    name="r",
    started=datetime(2024, 5, 1, tzinfo=UTC),
    suites=("s",),
    answerer="extractive",
    model="extractive",
    settings={"passages": "8"},
    corpus={"a": "1"},
    corpus_digest="d",
    version="1",
    selection=Selection(tags=("money",), ids=("*",), limit=3),
    attempts=2,
    remarks=("The articles changed.",),
)
TALK = Case(
    id="talk",
    conversation=(
        Asked(question="Why?", since="May 2024"),
        Asked(
            question="Who?",
            expect=Expectation(
                status=Status.ANSWERED,
                cites=(Cited(article="a", quote="x"),),
                figures=(ExpectedFigure(value=4.1, unit="%"),),
                dates=(date(2024, 5, 1),),
            ),
        ),
    ),
    asked_at=datetime(2024, 5, 1, 8, tzinfo=UTC),
    tags=("한국어",),
    xfail="known",
)


def sample(case_id: str, *, turn: int = 1, attempt: int = 1, error: str | None = "none") -> Sample:
    return Sample(suite="s", case_id=case_id, turn=turn, attempt=attempt, asked="d", error=error)


def result(case: Case, of: Sample) -> Result:
    return Result(
        case=case,
        asked=case.turns[of.turn - 1],
        sample=of,
        checks=(Check(name="contains", passed=None, expected="a\u2028b", got="\ud800"),),
        scores=(Score(metric="pass", value=None, weight=0.5, reason="unknown"), Score(metric="tokens", value=1 / 3)),
        outcome=Outcome.XFAILED,
        cluster="a",
        tags=("x",),
    )


def test_how_it_was_made_is_kept(tmp_path: Path) -> None:
    RunDirectory.create(tmp_path / "runs" / "r", INFO, [Path("suite.yaml")])
    run = RunDirectory.open(tmp_path / "runs" / "r")
    assert run.info == INFO
    assert run.suites == (Path("suite.yaml").absolute(),)
    assert not run.finished
    run.finish()
    assert RunDirectory.open(run.path).finished


def test_results_come_back_in_the_order_of_the_suite_and_with_their_samples(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "r", INFO, [])
    plain, left = Case(id="plain", question="What?"), Case(id="left", question="When?", skip="not yet")
    samples = {key: sample(*key[:1], turn=key[1]) for key in (("plain", 1), ("talk", 2), ("talk", 1))}
    for each in samples.values():
        run.append(each)
    told = [result(TALK, samples["talk", 1]), result(TALK, samples["talk", 2])]
    other = result(plain, samples["plain", 1])
    run.write_results([(TALK, told), (left, ()), (plain, [other])])
    again = RunDirectory.open(run.path)
    assert [*again.results()] == [*told, other]
    assert [*again.skipped()] == [left]
    assert [*again.results()] == [*again.results()], "read anew each time"


def test_scoring_again_replaces_what_was_scored(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "r", INFO, [])
    plain = Case(id="plain", question="What?")
    run.append(sample("plain"))
    first = result(plain, sample("plain"))
    run.write_results([(plain, [first])])
    second = replace(first, outcome=Outcome.FAILED, checks=())
    run.write_results([(plain, [second])])
    assert [*run.results()] == [second]


def test_of_a_sample_that_came_twice_the_later_counts(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "r", INFO, [])
    for error in ("first", "second"):
        run.append(sample("c", error=error))
    assert [each.error for each in RunDirectory.open(run.path).samples()] == ["second"]


def test_what_a_kill_left_torn_is_passed_over(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "r", INFO, [])
    run.append(sample("a"))
    with (run.path / "samples.jsonl").open("ab") as file:
        file.write(b'{"suite": "s", "case_id": "b", "ask')
    again = RunDirectory.open(run.path)
    again.append(sample("c"))
    assert [each.case_id for each in RunDirectory.open(run.path).samples()] == ["a", "c"]
    assert again.sample(("s", "b", 1, 1)) is None


def test_a_run_with_errors_is_not_complete(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "r", INFO, [])
    run.append(sample("a", error=None))
    told = [run.complete]
    run.finish()
    told.append(run.complete)
    run.append(sample("b", error="busy"))
    assert [*told, run.complete] == [False, True, False]


def test_a_run_that_was_not_scored_says_how_to_go_on(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "r", INFO, [])
    with pytest.raises(ConfigurationError, match="did not come to an end; go on with --out"):
        list(run.results())


def test_a_directory_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="holds something else"):
        RunDirectory.create(tmp_path, INFO, [])
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_place_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageError, match="choose another place with --out"):
        RunDirectory.create(tmp_path / "file" / "run", INFO, [])


def changed(header: dict[str, object], **fields: object) -> str:
    return json.dumps({**header, **fields})


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"format": 99}, "has format 99, this version reads 1"),
        ({"info": {}}, "is damaged"),
        ({"suites": None}, "is damaged"),
    ],
)
def test_a_run_that_cannot_be_read_is_named(tmp_path: Path, fields: dict[str, object], told: str) -> None:
    place = RunDirectory.create(tmp_path / "r", INFO, []).path / "run.json"
    place.write_text(changed(json.loads(place.read_text(encoding="utf-8")), **fields), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=told):
        RunDirectory.open(place.parent)


@pytest.mark.parametrize("content", ["", "[]", "{", "\x00"])
def test_a_file_that_is_no_run_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is damaged"):
        RunDirectory.open(tmp_path)


def test_a_place_without_a_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="There is no run in"):
        RunDirectory.open(tmp_path)


@pytest.mark.parametrize(
    "row",
    [
        '{"suite": "s", "case_id": "plain", "case": {}}',
        '{"suite": "s", "case_id": "plain"}',
        '{"another": "program"}',
        '{"skipped": {}}',
    ],
)
def test_damaged_results_are_named(tmp_path: Path, row: str) -> None:
    run = RunDirectory.create(tmp_path / "r", INFO, [])
    run.append(sample("plain"))
    (run.path / "results.jsonl").write_text(row + "\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"results\.jsonl is damaged; make it again"):
        [*run.results(), *run.skipped()]


def test_a_row_that_is_no_sample_is_named(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "r", INFO, [])
    (run.path / "samples.jsonl").write_text('{"another": "program"}\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"samples\.jsonl holds what is no sample of a run"):
        RunDirectory.open(run.path)


def test_new_runs_of_one_name_are_numbered(tmp_path: Path) -> None:
    assert [new_place(tmp_path / "runs" / "r").name for _ in range(3)] == ["r", "r-2", "r-3"]
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be written"):
        new_place(tmp_path / "file" / "r")
