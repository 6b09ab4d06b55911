"""A run is of one selection, has a place of its own, is written by one process, and scored again as it was asked."""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from rag.errors import ConfigurationError, StorageError
from rag.evaluation.evaluate import evaluate, report_of, score_again, write_reports
from rag.evaluation.results import Outcome
from rag.evaluation.runs.directory import RunDirectory
from rag.evaluation.runs.order import Order, Selection
from rag.evaluation.suites.suitefile import read_suite

Case = dict[str, object]
ARTICLE = "---\ntitle: {title}\npublisher: Post\ndate: 2024-05-04\n---\nThe {title} opened on Saturday.\n"
BRIDGE: Case = {"id": "bridge", "tags": ["a"], "question": "When did the bridge open?", "expect": {"cites": "bridge"}}
TOWER: Case = {"id": "tower", "question": "When did the tower open?", "expect": {"cites": "tower"}}
LEFT: Case = {"id": "left", "question": "Why?", "skip": "nobody knows"}


@pytest.fixture(autouse=True)
def _away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "DATELINE_LIBRARY", "DATELINE_ANSWERER"):
        monkeypatch.delenv(name, raising=False)
    Path("articles").mkdir()
    for title in ("bridge", "tower"):
        Path("articles", f"{title}.md").write_text(ARTICLE.format(title=title), encoding="utf-8")


def suite(*cases: Case) -> Path:
    head = {"suite": "small", "corpus": {"folder": "articles"}, "asked_at": "2024-06-01"}
    Path("suite.jsonl").write_text("\n".join(map(json.dumps, [head, *cases])), encoding="utf-8")
    return Path("suite.jsonl")


def run(path: Path, out: str | None = "out", *, jobs: int = 1, **chosen: tuple[str, ...]) -> RunDirectory:
    selection = Selection(tags=chosen.get("tags", ()), ids=chosen.get("ids", ()))
    order = Order(suites=(path,), selection=selection, jobs=jobs, out=Path(out) if out else None)
    return evaluate(order, [read_suite(path)])


def interrupted(made: RunDirectory) -> None:
    """Leave a run as it is before its end."""
    again = RunDirectory.open(made.path)
    again.finished = False
    again.save()


def outcomes(made: RunDirectory) -> dict[str, Outcome]:
    return {result.case.id: result.outcome for result in made.results()}


def test_a_run_goes_on_with_the_same_selection_alone() -> None:
    path = suite(BRIDGE, TOWER)
    interrupted(run(path, ids=("b*",)))
    for other in (Selection(ids=("t*",)), Selection(ids=("b*",), tags=("a",)), Selection(ids=("b*",), limit=1)):
        with pytest.raises(ConfigurationError, match=r"was begun with other selection; choose another place"):
            evaluate(Order(suites=(path,), selection=other, out=Path("out")), [read_suite(path)])
    assert outcomes(RunDirectory.open(Path("out"))) == {"bridge": Outcome.PASSED}
    assert outcomes(run(path, ids=("b*",))) == {"bridge": Outcome.PASSED}


def test_a_run_goes_on_with_more_jobs() -> None:
    path = suite(BRIDGE, TOWER)
    interrupted(run(path))
    assert run(path, jobs=2).complete
    interrupted(run(path, "other"))
    header = json.loads(Path("other/run.json").read_text(encoding="utf-8"))
    header["info"]["settings"]["passages"] = "99"
    Path("other/run.json").write_text(json.dumps(header), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="was begun with other settings"):
        run(path, "other")


def test_runs_that_are_not_named_have_places_of_their_own() -> None:
    path = suite(BRIDGE)
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: run(path, None), range(2)))
    assert len({each.path for each in made}) == len(list(Path("eval-runs").iterdir())) == 2
    assert [each.info.name for each in made] == [each.path.name for each in made]
    assert [len(list(each.samples())) for each in made] == [1, 1]


def test_two_do_not_write_one_run() -> None:
    path = suite(BRIDGE, TOWER)

    def told(one: Future[RunDirectory]) -> str:
        return str(one.exception() or "made")

    with ThreadPoolExecutor(2) as pool:
        first, second = sorted(told(one) for one in [pool.submit(run, path) for _ in range(2)])
    assert "is complete" in first
    assert second == "made"
    assert Path("out/samples.jsonl").read_bytes().count(b"\n") == 2
    assert {each.name for each in Path("out").iterdir()} == {
        "run.json",
        "run.lock",
        "samples.jsonl",
        "results.jsonl",
    }


def test_scoring_again_counts_what_the_articles_do_not_hold_as_errors() -> None:
    path = suite(BRIDGE, TOWER)
    before = run(path).path.joinpath("samples.jsonl").read_bytes()
    Path("articles/tower.md").unlink()
    wrong = {**BRIDGE, "expect": {"excludes": "opened", "cites": {"article": "bridge", "quote": "It fell."}}}
    again = score_again(Order(suites=(suite(wrong, TOWER),)), Path("out"))
    assert outcomes(again) == {"bridge": Outcome.ERROR, "tower": Outcome.ERROR}
    told = [check.got for result in again.results() for check in result.checks]
    assert "does not hold the words 'It fell.'" in told[0]
    assert "There is no article 'tower'" in told[1]
    assert again.info.remarks == ("Scored over other articles than were asked.",)
    # What was answered is kept, for when the suite is mended.
    assert Path("out/samples.jsonl").read_bytes() == before


def test_scoring_again_looks_at_the_cases_that_were_selected() -> None:
    run(suite(BRIDGE, LEFT, TOWER), ids=("b*",))
    again = score_again(Order(suites=(suite(BRIDGE, LEFT, TOWER),)), Path("out"))
    assert (outcomes(again), list(again.skipped())) == ({"bridge": Outcome.PASSED}, [])
    assert again.info.remarks == ()
    run(suite(BRIDGE, LEFT), "whole")
    again = score_again(Order(suites=(suite(BRIDGE, LEFT, TOWER),)), Path("whole"))
    assert [case.id for case in again.skipped()] == ["left"]
    assert again.info.remarks == ("Left out, because this run did not ask it: 1 case of small.",)


def test_nothing_to_ask_is_told_by_its_cause() -> None:
    with pytest.raises(ConfigurationError, match="these suites have no cases"):
        run(suite())
    with pytest.raises(ConfigurationError, match="change --tag or --case"):
        run(suite(BRIDGE), tags=("none",))


def test_reports_that_cannot_be_written_are_told() -> None:
    made = run(suite(BRIDGE))
    Path("out/report.html").mkdir()
    with pytest.raises(StorageError, match=r"report\.html cannot be written \(Is a directory\)"):
        write_reports(report_of(made), made.path)


def test_what_the_articles_do_not_hold_is_not_asked() -> None:
    made = run(suite({**BRIDGE, "expect": {"cites": "ferry"}}, TOWER))
    [wrong, right] = sorted(made.samples(), key=lambda sample: sample.case_id)
    assert wrong.answer is None and str(wrong.error).startswith("Not asked: There is no article 'ferry'")
    assert right.answer is not None


def test_an_article_that_is_gone_is_named_by_the_title_it_had() -> None:
    path = suite(BRIDGE)
    before = run(path, "before")
    Path("articles", "tower.md").unlink()
    comparison = report_of(run(path, "after"), before).comparison
    assert comparison is not None
    assert [comparison.titles[article].casefold() for article in comparison.changed_articles] == ["tower"]
