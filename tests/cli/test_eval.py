"""`dateline eval` over real files: suites in; a table, reports and an exit code out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from rag.testing.server import Reply, Request, ScriptedServer, fails, says
from tests.conftest import Dateline, Ran

ROOT = Path(__file__).parents[2]
BRIDGE = """---
title: Bridge shut after crack is found
publisher: Courier
date: 2024-02-15
url: https://courier.example/bridge
---
Repairs to the Arl Bridge will cost £3.4 million. Mayor Oriel Tamsworth said so on Thursday.
"""
FERRY = """---
title: Ferry strikes pier
publisher: Post
date: 2024-05-04
url: https://post.example/ferry
---
The island ferry struck the pier at Overwick. Fourteen passengers were hurt.
"""
COST = "How much will repairs to the Arl Bridge cost?"
GOOD: dict[str, object] = {
    "id": "cost",
    "question": COST,
    "tags": ["money"],
    "expect": {"status": "answered", "contains": "£3.4 million", "cites": "Bridge shut after crack is found"},
}
BAD: dict[str, object] = {"id": "hurt", "question": "How many passengers were hurt?", "expect": {"contains": "forty"}}
NOWHERE: dict[str, object] = {
    "id": "nowhere",
    "question": "Who painted the ceiling of the railway station on Mars?",
    "expect": {"status": "not_in_sources"},
}


@pytest.fixture(scope="session")
def user_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus") / "articles"
    folder.mkdir()
    (folder / "bridge.md").write_text(BRIDGE, encoding="utf-8")
    (folder / "ferry.md").write_text(FERRY, encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def _away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, user_cache: Path) -> None:
    """Work in an empty folder, with no model configured, and keep libraries of articles for all tests."""
    monkeypatch.chdir(tmp_path)
    # The list of fonts takes seconds to make anew.
    monkeypatch.setenv("MPLCONFIGDIR", str(Path.home() / ".cache" / "matplotlib"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(user_cache))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "DATELINE_LIBRARY", "DATELINE_ANSWERER"):
        monkeypatch.delenv(name, raising=False)


class Desk:
    """Writes suites and runs them."""

    def __init__(self, dateline: Dateline, articles: Path) -> None:
        self._dateline = dateline
        self._articles = articles

    def suite(
        self, *cases: Mapping[str, object], name: str = "small", file: str = "suite.yaml", **fields: object
    ) -> Path:
        corpus = {"folder": os.path.relpath(self._articles)}
        whole = {"suite": name, "corpus": corpus, "asked_at": "2024-06-01", **fields, "cases": list(cases)}
        Path(file).write_text(
            yaml.safe_dump(json.loads(json.dumps(whole)), allow_unicode=True, sort_keys=False), encoding="utf-8"
        )
        return Path(file)

    def eval(self, *words: str | Path) -> Ran:
        return self._dateline("eval", *words)

    def run(self, out: str, *cases: Mapping[str, object], words: tuple[str | Path, ...] = ()) -> Ran:
        return self.eval(self.suite(*cases), "--out", out, *words)


@pytest.fixture
def desk(dateline: Dateline, articles: Path) -> Desk:
    return Desk(dateline, articles)


def samples(out: str | Path) -> list[dict[str, object]]:
    lines = Path(out, "samples.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.endswith("}")]


def outcomes(out: str) -> dict[str, str]:
    lines = Path(out, "results.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["case_id"]: row["outcome"] for row in map(json.loads, lines)}


def test_a_suite_that_passes_exits_with_0_and_leaves_every_report(desk: Desk) -> None:
    ran = desk.run("out", GOOD, NOWHERE)
    assert (ran.code, ran.err) == (0, "")
    assert "pass" in ran.out
    assert "100.0 %" in ran.out
    assert "Report: out/report.html" in ran.out
    assert "<html" in Path("out/report.html").read_text(encoding="utf-8")
    assert "pass" in Path("out/report.md").read_text(encoding="utf-8")
    assert json.loads(Path("out/report.json").read_text(encoding="utf-8"))["schema"] == 1
    assert {case.get("name") for case in ET.parse("out/junit.xml").iter("testcase")} == {"cost", "nowhere"}


def test_a_failing_case_exits_with_1_and_says_what_was_expected(desk: Desk) -> None:
    ran = desk.run("out", GOOD, BAD)
    assert ran.code == 1
    assert "forty" in ran.out
    assert ran.err == "dateline: 1 case failed.\n"
    assert outcomes("out") == {"cost": "passed", "hurt": "failed"}


def test_several_suites_make_one_run_that_is_named_by_suite_and_time(desk: Desk) -> None:
    ran = desk.eval(desk.suite(GOOD, name="../My suite"), desk.suite(GOOD, name="other", file="other.yaml"))
    assert ran.code == 0
    (made,) = Path("eval-runs").iterdir()
    assert made.name.startswith("My-suite-2")
    assert [sample["suite"] for sample in samples(made)] == ["../My suite", "other"]


def test_chosen_cases_are_asked_as_often_as_ordered(desk: Desk) -> None:
    words = ("--tag", "money", "--case", "c*", "--limit", "1", "--repeat", "2", "--jobs", "2", "--json")
    ran = desk.run("out", GOOD, {**GOOD, "id": "c2"}, {**GOOD, "id": "d"}, BAD, words=words)
    assert ran.code == 0
    # Two at a time come in any order.
    assert {(sample["case_id"], sample.get("attempt", 1)) for sample in samples("out")} == {("cost", 1), ("cost", 2)}
    assert len(samples("out")) == 2
    assert json.loads(ran.out) == json.loads(Path("out/report.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--tag", "none"), "No case is selected"),
        (("--fail-under", "pas=1"), "There is no metric pas; did you mean pass"),
        (("--baseline", "nowhere"), "There is no run in nowhere"),
        (("--answerer", "generative"), "No chat model is configured"),
        (("--record", "tape.jsonl"), "--record keeps a chat model's replies"),
        (("--replay", "tape.jsonl"), "holds no recorded replies"),
        (("--replay", "tape.jsonl", "--answerer", "extractive"), "leave out --answerer extractive"),
    ],
)
def test_wrong_usage_exits_with_2_and_asks_nothing(desk: Desk, words: tuple[str, ...], told: str) -> None:
    ran = desk.run("out", GOOD, words=words)
    assert ran.code == 2
    assert told in ran.err
    assert ran.err.count("\n") == 1
    assert not Path("out", "samples.jsonl").exists()


def test_a_mistake_in_a_suite_is_told_with_its_line(desk: Desk) -> None:
    Path("suite.yaml").write_text("suite: s\ncases:\n- id: a\n  question: Why?\n  expcet: {}\n", encoding="utf-8")
    ran = desk.eval("suite.yaml")
    assert ran.code == 2
    assert "suite.yaml:5" in ran.err


def test_a_case_about_what_the_articles_do_not_hold_is_an_error_and_the_others_are_asked(desk: Desk) -> None:
    quote = {"article": "Ferry strikes pier", "quote": "Forty passengers were hurt."}
    ran = desk.run("out", {**BAD, "xfail": "known", "expect": {"cites": quote}}, GOOD)
    assert ran.code == 1
    assert "1 passed, 1 without a verdict" in ran.out
    told = " ".join(ran.out.split())
    assert "'Ferry strikes pier' does not hold the words 'Forty passengers were hurt.'" in told


def test_two_suites_of_one_name_are_refused(desk: Desk) -> None:
    ran = desk.eval(desk.suite(GOOD), desk.suite(BAD, file="other.yaml"))
    assert (ran.code, "have one name" in ran.err) == (2, True)


def test_thresholds_are_floors_or_ceilings(desk: Desk) -> None:
    given = ("pass=0.4", "pass=0.9", "latency.p50=60", "latency.p50=0")
    ran = desk.run("out", GOOD, BAD, words=tuple(word for each in given for word in ("--fail-under", each)))
    assert ran.code == 1
    told = ran.err.splitlines()
    assert told[0] == "dateline: pass must be at least 0.9, and is 0.5."
    assert told[1].startswith("dateline: latency.p50 must be at most 0, and is ")
    assert len(told) == 2


def many(count: int, words: str) -> list[dict[str, object]]:
    """Return cases about one thing, each of which expects some words."""
    return [
        {"id": f"c{n}", "question": f"{COST} ({n})", "about": f"{n}", "expect": {"contains": words}}
        for n in range(count)
    ]


def test_a_run_that_is_worse_than_its_baseline_exits_with_1_and_says_so(desk: Desk) -> None:
    assert desk.run("before", *many(12, "£3.4 million")).code == 0
    ran = desk.run("after", *many(12, "£9.9 million"), words=("--baseline", "before"))
    assert ran.code == 1
    assert "Worse than before: pass" in ran.err
    compared = desk.eval("compare", "after", "before", "--json")
    assert compared.code == 1
    assert json.loads(compared.out)["comparison"]["broken"]


def test_a_baseline_that_was_not_scored_is_refused_before_anything_is_asked(desk: Desk) -> None:
    desk.run("before", GOOD)
    Path("before/results.jsonl").unlink()
    ran = desk.run("after", GOOD, words=("--baseline", "before"))
    assert (ran.code, "The run before did not come to an end" in ran.err) == (2, True)
    assert not Path("after").exists()


def test_an_old_run_is_scored_again_without_asking(desk: Desk) -> None:
    assert desk.run("out", GOOD, BAD).code == 1
    before = samples("out")
    desk.suite(GOOD, {**BAD, "expect": {"contains": "Fourteen"}}, NOWHERE)
    ran = desk.eval("score", "out")
    assert (ran.code, ran.err) == (0, "")
    assert "Left out, because this run did not ask it: 1 case of small." in Path("out/report.html").read_text(
        encoding="utf-8"
    )
    assert samples("out") == before
    assert outcomes("out") == {"cost": "passed", "hurt": "passed"}


def test_reports_are_written_again_without_suite_and_corpus(desk: Desk) -> None:
    desk.run("out", GOOD, BAD)
    table = Path("out/report.json").read_text(encoding="utf-8")
    for path in (Path("suite.yaml"), *Path("out").glob("report.*")):
        path.unlink()
    assert desk.eval("report", "out").code == 1
    assert Path("out/report.json").read_text(encoding="utf-8") == table


def test_a_run_that_is_complete_is_left_as_it_is(desk: Desk) -> None:
    desk.run("out", GOOD)
    ran = desk.run("out", GOOD)
    assert ran.code == 2
    assert "The run out is complete; choose another place with --out" in ran.err


def test_a_run_of_another_kind_is_not_gone_on_with(desk: Desk) -> None:
    desk.run("out", GOOD)
    header = json.loads(Path("out/run.json").read_text(encoding="utf-8"))
    Path("out/run.json").write_text(json.dumps({**header, "finished": False}), encoding="utf-8")
    ran = desk.run("out", GOOD, words=("--repeat", "2"))
    assert ran.code == 2
    assert "was begun with other attempts" in ran.err


def stopped(suite: Path, stop: signal.Signals, *, after: int) -> tuple[int, str]:
    """Run a suite in a process of its own, stop that after some answers, and return its exit code and last words."""
    command = [sys.executable, str(ROOT / "app.py"), "eval", str(suite), "--out", "out"]
    kept = Path("out", "samples.jsonl")
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        while not (kept.exists() and kept.read_bytes().count(b"\n") >= after):
            assert process.poll() is None, "it ended before it was stopped"
            time.sleep(0.005)
        process.send_signal(stop)
        told = process.communicate(timeout=60)[1]
    return process.returncode, told


def test_a_run_that_is_killed_or_stopped_in_the_middle_goes_on(desk: Desk) -> None:
    count = 100
    suite, kept = desk.suite(*many(count, "£3.4 million")), Path("out", "samples.jsonl")
    assert stopped(suite, signal.SIGKILL, after=3)[0] == -signal.SIGKILL
    before = kept.read_bytes()
    first = before[: before.rfind(b"\n") + 1]
    code, told = stopped(suite, signal.SIGINT, after=first.count(b"\n") + 3)
    assert code == 1
    assert told == "dateline: Stopped; the answers so far are kept. To go on, run the same again with --out out.\n"
    second = kept.read_bytes()
    assert second.startswith(first), "what was answered is not asked again"
    assert len(samples("out")) < count
    ran = desk.eval(suite, "--out", "out")
    assert (ran.code, ran.err) == (0, "")
    assert kept.read_bytes().startswith(second)
    assert len(outcomes("out")) == len(samples("out")) == count


ANSWER = "Repairs to the Arl Bridge will cost £3.4 million [1.1]."
TALK: dict[str, object] = {
    "id": "talk",
    "conversation": [
        {"question": COST, "expect": {"contains": "£3.4 million"}},
        {"question": "Who said so?", "expect": {"searched": "Arl Bridge"}},
    ],
}
REPLIES = (
    ANSWER,
    "Who said that repairs to the Arl Bridge will cost £3.4 million?",
    "Mayor Oriel Tamsworth said so [1.2].",
)


def told_apart(out: str) -> list[object]:
    """Return what was answered at last, case by case, without how long it took."""
    kept: list[object] = []
    last = {(str(sample["case_id"]), str(sample.get("turn", 1))): sample for sample in samples(out)}
    for _, sample in sorted(last.items()):
        answer = sample["answer"]
        assert isinstance(answer, dict), sample
        kept.append({name: value for name, value in answer.items() if name not in {"timings", "question"}})
    return kept


def test_recorded_replies_are_replayed_without_key_or_network(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("--model", "tiny", "--jobs", "2")
    with ScriptedServer(*(says(reply) for reply in REPLIES)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-123456")
        recorded = desk.run("live", TALK, words=(*words, "--record", "tape.jsonl"))
        assert (recorded.code, recorded.err) == (0, "")
        assert len(server.requests) == 3
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.delenv("OPENAI_API_KEY")
    assert "sk-secret" not in "".join(
        path.read_text(encoding="utf-8") for path in [*Path("live").iterdir(), Path("tape.jsonl")]
    )
    replayed = desk.run("again", TALK, words=(*words, "--replay", "tape.jsonl", "--baseline", "live"))
    assert (replayed.code, replayed.err) == (0, "")
    assert told_apart("again") == told_apart("live")
    assert json.loads(Path("again/run.json").read_text(encoding="utf-8"))["info"]["model"] == "tiny"


class Abstaining(ScriptedServer):
    """Never says the same twice, whoever asks; fails at the requests that are told, counted from 1."""

    def __init__(self, *failing: int) -> None:
        super().__init__()
        self._failing = failing

    def reply_to(self, request: Request) -> Reply:
        self.requests.append(request)
        number = len(self.requests)
        return fails(400, "It broke.") if number in self._failing else says(f"NOT_IN_SOURCES They hide it, {number}.")


def talk(name: str) -> dict[str, object]:
    expected = {"status": "not_in_sources"}
    asked = (COST, "Who said so?")
    return {"id": name, "conversation": [{"question": question, "expect": expected} for question in asked]}


def test_replies_belong_to_their_cases_in_whatever_order_and_selection(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    talks = [talk(f"c{number}") for number in range(4)]
    with Abstaining() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        recorded = desk.run("live", *talks, words=("--record", "tape.jsonl", "--jobs", "4"))
        assert (recorded.code, recorded.err, len(server.requests)) == (0, "", 12)
    monkeypatch.delenv("OPENAI_BASE_URL")
    assert desk.run("again", *reversed(talks), words=("--replay", "tape.jsonl", "--jobs", "3")).code == 0
    assert told_apart("again") == told_apart("live")
    assert desk.run("one", *talks, words=("--replay", "tape.jsonl", "--case", "c2")).code == 0
    assert told_apart("one") == told_apart("live")[4:6]


def test_a_recorded_run_that_failed_and_went_on_is_replayed_as_it_ended(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Abstaining(3) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        assert desk.run("live", talk("c"), words=("--record", "tape.jsonl")).code == 1
        failed = desk.run("failed", talk("c"), words=("--replay", "tape.jsonl"))
        assert failed.code == 1
        assert "It broke." in " ".join(failed.out.split())
        assert desk.run("live", talk("c"), words=("--record", "tape.jsonl")).code == 0
    monkeypatch.delenv("OPENAI_BASE_URL")
    assert desk.run("again", talk("c"), words=("--replay", "tape.jsonl")).code == 0
    assert told_apart("again") == told_apart("live")


def test_a_failure_that_the_rules_of_rewriting_mended_is_mended_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Abstaining(2) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        assert desk.run("live", talk("c"), words=("--record", "tape.jsonl")).code == 0
    monkeypatch.delenv("OPENAI_BASE_URL")
    assert desk.run("again", talk("c"), words=("--replay", "tape.jsonl")).code == 0
    assert told_apart("again") == told_apart("live")


def test_what_was_not_recorded_is_an_error_and_no_answer_of_another(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer(says(ANSWER)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        assert desk.run("live", GOOD, words=("--record", "tape.jsonl")).code == 0
    monkeypatch.delenv("OPENAI_BASE_URL")
    ran = desk.run("again", {**GOOD, "question": "What will the bridge cost?"}, words=("--replay", "tape.jsonl"))
    assert ran.code == 1
    assert outcomes("again") == {"cost": "error"}
    assert "Not recorded; record again with --record." in ran.out


def test_a_failing_server_is_an_error_that_a_second_run_mends(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATELINE_MODEL_RETRIES", "0")
    with ScriptedServer() as broken:
        monkeypatch.setenv("OPENAI_BASE_URL", broken.base_url)
        assert desk.run("out", GOOD).code == 1
    assert outcomes("out") == {"cost": "error"}
    with ScriptedServer(says(ANSWER)) as mended:
        monkeypatch.setenv("OPENAI_BASE_URL", mended.base_url)
        assert desk.run("out", GOOD).code == 0
    assert outcomes("out") == {"cost": "passed"}


def test_a_judge_votes_and_its_votes_are_recorded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(says("verdict: yes"), says("I cannot tell."), says("verdict: yes")) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        words = ("--answerer", "extractive", "--judge", "strict")
        ran = desk.run("out", GOOD, words=(*words, "--record", "tape.jsonl"))
        assert (ran.code, ran.err) == (0, "")
        assert [request.body["model"] for request in server.requests] == ["strict"] * 3
    monkeypatch.delenv("OPENAI_BASE_URL")
    again = desk.eval(
        "score", "out", "--judge", "strict", "--replay", "tape.jsonl", "--json", "--fail-under", "judge.score=1"
    )
    assert (again.code, again.err) == (0, "")
    assert "strict, 3 votes" in again.out


def scores(out: str) -> list[object]:
    lines = Path(out, "results.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["scores"] for line in lines]


def test_votes_that_are_recorded_are_asked_for_once_by_a_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.run("out", GOOD, words=("--answerer", "extractive"))
    words = ("score", "out", "--judge", "strict")
    with ScriptedServer(says("verdict: yes"), says("verdict: no"), says("verdict: no")) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        assert desk.eval(*words, "--record", "tape.jsonl").code == 0
        first = scores("out")
        assert desk.eval(*words, "--record", "tape.jsonl").code == 0
        assert len(server.requests) == 3
    monkeypatch.delenv("OPENAI_BASE_URL")
    assert scores("out") == first
    assert desk.eval(*words, "--replay", "tape.jsonl").code == 0
    assert scores("out") == first


def test_votes_that_were_not_recorded_leave_a_score_unknown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("--answerer", "extractive", "--judge", "strict", "--judge-votes", "1")
    with ScriptedServer(says("verdict: yes")) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        assert desk.run("out", GOOD, words=(*words, "--record", "tape.jsonl")).code == 0
    monkeypatch.delenv("OPENAI_BASE_URL")
    told = desk.run("again", GOOD, NOWHERE, words=(*words, "--replay", "tape.jsonl", "--json"))
    assert (told.code, told.err) == (0, "")
    (metric,) = (each for each in json.loads(told.out)["metrics"] if each["metric"] == "judge.score")
    assert (metric["count"], metric["unscored"]) == (1, 1)
    assert "1 of 1 votes lost: Not recorded; record again" in str(scores("again"))


def test_validate_lists_every_mistake_with_its_line(desk: Desk) -> None:
    Path("wrong.yaml").write_text(
        "suite: s\ncases:\n- id: a\n  question: Why?\n  expcet: {}\n- id: a\n  question: 7\n- id: b\n", encoding="utf-8"
    )
    ran = desk.eval("validate", "wrong.yaml")
    assert ran.code == 2
    *found, last = ran.out.splitlines()
    assert last == "wrong.yaml: whether its articles hold what it says is looked at when these are mended"
    lines = [line.split(":")[1] for line in found]
    assert lines == sorted(lines)
    assert {"5", "6", "8"} <= set(lines)


def test_validate_holds_a_suite_to_its_articles(desk: Desk) -> None:
    wrong = {**GOOD, "id": "wrong", "publishers": ["Gazette"], "expect": {"cites": "Bridge closed"}}
    ran = desk.eval("validate", desk.suite(GOOD, wrong))
    assert ran.code == 2
    lines = ran.out.splitlines()
    assert ["case wrong, publishers[0]: There is no article" in line for line in lines] == [False, True]
    assert ["case wrong, expect.cites: There is no article" in line for line in lines] == [True, False]
    right = desk.eval("validate", desk.suite(GOOD))
    assert (right.code, right.out) == (0, "suite.yaml: 1 case, nothing wrong\n")


def test_validate_goes_on_after_articles_that_cannot_be_opened(desk: Desk) -> None:
    for kind in ("folder", "library"):
        Path(f"{kind}.yaml").write_text(
            f"suite: {kind}\ncorpus:\n  {kind}: nowhere\n"
            "cases: [{id: a, question: q, expect: {status: partial}}]\n",
            encoding="utf-8",
        )
    ran = desk.eval("validate", "folder.yaml", "library.yaml", desk.suite(GOOD))
    assert (ran.code, ran.err) == (2, "")
    folder, library, good = ran.out.splitlines()
    assert folder.startswith("folder.yaml:3: corpus.folder: ")
    assert library.startswith("library.yaml:3: corpus.library: ")
    assert good == "suite.yaml: 1 case, nothing wrong"


def test_a_first_suite_is_written_and_passes(desk: Desk, articles: Path) -> None:
    ran = desk.eval("init", "first.yaml", "--folder", articles)
    assert (ran.code, ran.err) == (0, "")
    assert desk.eval("first.yaml").code == 0
    again = desk.eval("init", "first.yaml", "--folder", articles)
    assert (again.code, "is there already" in again.err) == (2, True)


def test_the_schema_is_printed(desk: Desk) -> None:
    assert json.loads(desk.eval("schema").out)["title"] == "Suite"


def test_a_public_set_is_imported_and_runs(desk: Desk) -> None:
    text = "Repairs to the Arl Bridge will cost £3.4 million."
    answer = {"text": "£3.4 million", "answer_start": text.index("£")}
    paragraph = {"context": text, "qas": [{"id": "q1", "question": COST, "answers": [answer]}]}
    Path("dev.json").write_text(
        json.dumps({"data": [{"title": "Bridge", "paragraphs": [paragraph]}]}), encoding="utf-8"
    )
    ran = desk.eval("import", "squad", "dev.json", "--out", "set")
    assert (ran.code, ran.err) == (0, "")
    assert desk.eval("set/suite.jsonl", "--out", "run").code in {0, 1}
    assert len(samples("run")) == 1
    unknown = desk.eval("import", "squat", "dev.json", "--out", "other")
    assert (unknown.code, "name one of squad" in unknown.err) == (2, True)


def test_help_names_the_commands(desk: Desk) -> None:
    for words in ((), ("--help",)):
        shown = desk.eval(*words)
        assert {"run", "score", "compare", "report", "init", "validate", "schema", "import"} <= set(
            (shown.out + shown.err).split()
        )
