"""What a run is told as: text, JSON, JUnit XML and Markdown, of made-up results with hostile words in them."""

from __future__ import annotations

import html
import json
import math
import re
import tempfile
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped
from markdown_it import MarkdownIt

from bench.made_up import MadeUp
from rag.evaluation.reports import figures, terminal_text, write_json, write_junit, write_markdown
from rag.evaluation.reports.markdown import LIMIT
from rag.evaluation.results import Change, Check, Direction, Estimate, Outcome, Report, Result
from rag.evaluation.suites.cases import Case
from rag.plain import safe

HOSTILE = (
    '</details><script>window.hacked = 1</script><img src=https://evil.example/x.png onerror="window.hacked = 2"> '
    "@octocat #1 [link](https://evil.example) ![image](https://evil.example/x.png) https://evil.example ``` `a` | ]]> "
    "{{ 7 * 7 }} \x1b[31m\x00\x07\ufffe\ud800 \u202eabc 한국어 &lt;b&gt;"
)

OUR_TAGS = {"h3", "p", "blockquote", "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}


def with_words(words: str, outcome: Outcome = Outcome.FAILED) -> Report:
    """Return a report with one case in which a suite, an article and a model said these words."""
    made = MadeUp(9, 1).report()
    [failed] = [result for result in made.results() if result.outcome is Outcome.FAILED]
    assert failed.sample.answer is not None
    case = Case(
        id="case-9", question="".join(filter(str.isprintable, words)).strip() or "?", xfail="so it is", tags=("tag",)
    )
    answer = replace(failed.sample.answer, text=words, claims=(), citations=())
    result = replace(
        failed,
        case=case,
        asked=case.turns[0],
        sample=replace(failed.sample, answer=answer),
        checks=(Check(name="contains", passed=False, expected=words, got=words),),
        outcome=outcome,
    )
    run = replace(made.run, remarks=(words,), suites=(words,), model=words)
    return replace(made, run=run, results=lambda: iter([result]))


def of(*results: Result) -> Report:
    return replace(MadeUp(9, 1).report(), results=lambda: iter(results), comparison=None)


# In a terminal


def test_the_text_says_what_failed_and_why() -> None:
    text = terminal_text(MadeUp(40, 6).report(), width=100)
    assert "made up: 40 cases, 34 passed, 4 failed, 2 without a verdict" in text
    assert "What was reported about Much of this is shared with?" in text
    assert "✗ contains: expected stages and the guidance." in text
    assert "got Dateline Sample Desk, 10 November 2023: Nobody said that" in text
    assert "got The model server took longer than 60 seconds." in text
    assert re.search(r"^pass +97\.0 % +89\.1 to 100\.0 % +40$", text, re.MULTILINE)
    assert re.search(r"^pass +90\.0 % +85\.9 % +−4\.1 points +−5\.9 to −2\.3 +0\.004  worse$", text, re.MULTILINE)
    assert "no evidence of change in 2 others" in text
    assert "\nBroken (3):\n  case-7\n  case-34\n  case-40\nMended (1):\n  case-2\n" in text
    assert "22.1 points or more (power 0.8)" in text
    assert "Note: Two articles changed since the suite was written." in text


@pytest.mark.parametrize("width", [60, 80, 133])
def test_no_line_of_a_failing_case_is_wider_than_the_terminal(width: int) -> None:
    text = terminal_text(with_words("한국어 질문 " * 40), width=width)
    failing = text.split("\n\nMetric")[0].splitlines()[2:]
    assert any(line.endswith("…") for line in failing)
    assert all(len(line) + len(re.findall("[가-힣]", line)) <= width for line in failing)


def test_an_endless_answer_is_cut() -> None:
    text = terminal_text(with_words("word " * 20_000), width=80)
    assert len(text) < 20_000


def test_the_text_commands_no_terminal() -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", terminal_text(with_words(HOSTILE)))


def test_many_failing_cases_are_counted_in_the_text() -> None:
    text = terminal_text(MadeUp(100, 50).report())
    assert text.count("✗") == 20
    assert "… and 30 more failing cases" in text


def test_cases_that_pass_against_expectation_are_named() -> None:
    text = terminal_text(with_words("x", Outcome.XPASSED))
    assert "Passed against expectation, so take their xfail away (1):\n  case-9\n" in text
    assert "Failing" not in text


def test_only_what_moved_is_compared_line_by_line() -> None:
    text = terminal_text(MadeUp(40, 6).report())
    assert "retrieval.hit@1" not in text.partition("Against ")[2]
    assert "1 metric worse, 1 metric better, no evidence of change in 2 others. 3 cases broke, 1 mended" in text.lower()


def compared(report: Report, **fields: Any) -> Report:
    assert report.comparison is not None
    return replace(report, comparison=replace(report.comparison, **fields))


@pytest.mark.parametrize(("cases", "shown"), [(1, 1), (50, 50), (600, 50)])
def test_broken_cases_are_listed_whole_and_what_is_left_out_is_counted(cases: int, shown: int) -> None:
    names = tuple(f"{n}-{'long-' * 30}name" for n in range(cases))
    text = terminal_text(compared(MadeUp(9, 1).report(), broken=names, mended=()), width=80)
    lines = text.partition(f"\nBroken ({cases}):\n")[2].splitlines()
    assert lines[:shown] == [f"  {name}" for name in names[:shown]]
    assert (lines[shown] == f"  … and {cases - 50:,} more") is (cases > 50)


def test_articles_that_changed_are_named_by_title_and_id(tmp_path: Path) -> None:
    made = MadeUp(9, 1).report()
    report = compared(
        replace(made, run=replace(made.run, titles={"a1": "A *storm* at sea", "other": "No"})),
        changed_articles=("a1", "b2", "c3"),
        titles={"a1": "An older title", "b2": "Gone since"},
    )
    names = ["A *storm* at sea (a1)", "Gone since (b2)", "c3"]
    assert figures.changed_articles(report) == tuple(names)
    assert figures.changed_articles(replace(report, comparison=None)) == ()
    assert "Articles that changed in between (3):\n  " + "\n  ".join(names) in terminal_text(report)
    assert "Articles that changed in between: <code>A *storm* at sea (a1)</code>" in rendered(report, tmp_path / "a.md")


def test_it_is_said_where_a_suite_can_show_nothing(tmp_path: Path) -> None:
    made = MadeUp(9, 1).report()
    few = replace(made, summary=replace(made.summary, detectable=None))
    said = "Too few articles: no change of the pass rate could be shown; at least 6 must change one way."
    assert said in terminal_text(few)
    assert said in rendered(few, tmp_path / "few.md")
    nothing = replace(few, summary=replace(few.summary, estimates=()))
    assert "Too few" not in terminal_text(nothing) + rendered(nothing, tmp_path / "nothing.md")


def test_turns_and_attempts_of_a_case_stay_together() -> None:
    [failed] = [each for each in MadeUp(9, 1).results() if each.outcome is Outcome.FAILED]
    again = replace(failed, sample=replace(failed.sample, attempt=2), outcome=Outcome.PASSED)
    report = of(failed, again)
    assert "turn 1, attempt 1: What was reported about" in terminal_text(report)
    assert [case["outcome"] for case in told_cases(report)] == ["failed"]


# As JSON


def as_json(report: Report) -> dict[str, Any]:
    file = StringIO()
    write_json(report, file)
    told: dict[str, Any] = json.loads(file.getvalue(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    return told


def told_cases(report: Report) -> list[dict[str, Any]]:
    told = as_json(report)
    assert told["schema"] == 1
    cases: list[dict[str, Any]] = told["cases"]
    return cases


def test_the_object_holds_what_the_tables_show() -> None:
    report = MadeUp(40, 6).report()
    told = as_json(report)
    assert told["passed"] is False
    assert told["outcomes"]["passed"] == 34
    assert told["metrics"][0] | {} == {
        "metric": "pass",
        "value": 0.97,
        "low": pytest.approx(0.8909, abs=1e-4),
        "high": 1.0,
        "count": 40,
        "clusters": 32,
        "unscored": 0,
        "unit": "ratio",
        "higher_is_better": True,
    }
    assert told["tags"].keys() == report.summary.by_tag.keys()
    assert told["comparison"]["broken"] == ["case-7", "case-34", "case-40"]
    assert told["comparison"]["changes"][0]["direction"] == "worse"
    assert len(told["cases"]) == 40


def test_only_failing_cases_are_told_in_full() -> None:
    for case in told_cases(MadeUp(40, 6).report()):
        [sample] = case["samples"]
        assert (sample["answer"] is not None) is (case["outcome"] == "failed")
        assert bool(sample["failed"]) is (case["outcome"] == "failed")
        assert bool(sample["error"]) is (case["outcome"] == "error")


def test_what_cannot_be_told_is_null_and_a_dash() -> None:
    made = MadeUp(9, 1).report()
    unknown = Estimate(
        metric="judge.score", value=math.nan, low=math.nan, high=math.nan, count=0, clusters=0, unscored=9
    )
    report = replace(made, summary=replace(made.summary, estimates=(unknown,)))
    told = as_json(report)
    assert [told["metrics"][0][key] for key in ("value", "low", "high")] == [None, None, None]
    assert re.search(r"^judge\.score +– +–  0 \(9 unscored\)$", terminal_text(report), re.MULTILINE)


# As JUnit XML


def test_junit_counts_and_explains(tmp_path: Path) -> None:
    report = replace(MadeUp(40, 6).report(), skipped=(Case(id="later", question="When?", skip="not yet"),))
    write_junit(report, tmp_path / "junit.xml")
    document = JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    assert (document.tests, document.failures, document.errors, document.skipped) == (41, 4, 2, 1)
    tests = {test.name: test for suite in document for test in suite}
    assert tests["case-1"].is_passed
    [failure] = tests["case-20"].result
    assert isinstance(failure, Failure)
    assert failure.message.startswith("contains: expected stages and the guidance., got Dateline Sample Desk")
    assert "Nobody said that" in failure.text
    [error] = tests["case-7"].result
    assert isinstance(error, Error)
    assert "took longer than 60 seconds" in error.message
    [skipped] = tests["later"].result
    assert isinstance(skipped, Skipped)
    assert skipped.message == "not yet"
    seconds = sum(result.sample.seconds for result in report.results())
    assert document.time == pytest.approx(seconds, abs=0.01)


def test_an_answer_that_could_not_be_judged_is_no_missing_answer_in_junit(tmp_path: Path) -> None:
    [failed] = [each for each in MadeUp(9, 1).results() if each.outcome is Outcome.FAILED]
    crashed = Check(name="own", passed=None, expected="a verdict", got="ZeroDivisionError")
    judged = replace(failed, outcome=Outcome.ERROR, checks=(crashed,))
    missing = replace(
        judged,
        case=Case(id="missing", question="What?"),
        sample=replace(failed.sample, case_id="missing", answer=None, error="no model"),
    )
    write_junit(of(judged, missing), tmp_path / "junit.xml")
    errors = ElementTree.parse(tmp_path / "junit.xml").findall(".//error")
    assert [each.attrib["type"] for each in errors] == ["no verdict", "no answer"]
    assert f"answer (partial): {failed.sample.answer.text if failed.sample.answer else ''}" in (errors[0].text or "")


def test_an_expected_failure_is_skipped_in_junit_with_its_reason(tmp_path: Path) -> None:
    write_junit(with_words("x", Outcome.XFAILED), tmp_path / "junit.xml")
    document = JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    [test] = next(iter(document))
    [skipped] = test.result
    assert isinstance(skipped, Skipped)
    assert (skipped.type, skipped.message) == ("xfail", "expected to fail: so it is")


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(), min_size=1, max_size=40))
def test_junit_and_markdown_can_be_read_whatever_was_said(words: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "junit.xml"
        write_junit(with_words(words), path)
        message = ElementTree.parse(path).findall(".//failure")[0].attrib["message"]
        assert message.startswith("contains: expected ")
        page = rendered(with_words(words), Path(folder) / "comment.md")
    assert " ".join(safe(words).split()).encode("utf-8", "replace").decode() in html.unescape(page)


# As Markdown


def rendered(report: Report, path: Path) -> str:
    write_markdown(report, path)
    return str(MarkdownIt("commonmark").enable("table").render(path.read_text(encoding="utf-8")))


def test_markdown_tells_changes_and_broken_cases(tmp_path: Path) -> None:
    write_markdown(MadeUp(40, 6).report(), tmp_path / "comment.md")
    text = (tmp_path / "comment.md").read_text(encoding="utf-8")
    assert text.startswith("### 40 cases: 34 passed, 4 failed, 2 without a verdict\n")
    assert "| `pass` | 90.0 % | 85.9 % | −4.1 points | −5.9 to −2.3 | 0.004 | ▼ worse |" in text
    assert text.index("<code>case-40</code>, broken since the baseline") < text.index("<code>case-14</code>")
    assert "expected `stages and the guidance.`, got `Dateline Sample Desk" in text


def test_no_words_become_markup_in_a_comment(tmp_path: Path) -> None:
    page = rendered(with_words(HOSTILE), tmp_path / "comment.md")
    bare = re.sub(r"<code>[^<]*</code>", "", page)
    assert set(re.findall(r"</?([a-z0-9]+)", bare)) <= OUR_TAGS
    assert not re.search(r"@|#1|evil|hacked", bare)
    assert page.count("</details>") == 2
    assert html.escape("<script>window.hacked = 1</script>") in page


@pytest.mark.parametrize("failing", [700, 1500])
def test_a_comment_is_no_longer_than_github_takes(failing: int, tmp_path: Path) -> None:
    write_markdown(MadeUp(1500, failing).report(), tmp_path / "comment.md")
    text = (tmp_path / "comment.md").read_text(encoding="utf-8")
    assert LIMIT - 2500 < len(text) <= LIMIT
    left_out = re.search(r"… and ([\d,]+) more failing cases: a comment holds no more than this\.\n$", text)
    assert left_out is not None
    assert int(left_out[1].replace(",", "")) + text.count("<details><summary>") - 1 == failing


# Numbers


def test_amounts_have_their_units() -> None:
    assert figures.amount("pass", 0.8621) == "86.2 %"
    assert figures.amount("latency.p50", 0.0314) == "0.031 s"
    assert figures.amount("latency.p95", 12.345) == "12.35 s"
    assert figures.amount("tokens", 1204.0) == "1,204 tokens"
    assert figures.amount("cost", 0.00125) == "0.0013 $"
    assert figures.interval("pass", 0.79, 0.913) == "79.0 to 91.3 %"
    assert figures.difference("pass", -0.041) == "−4.1 points"
    assert figures.difference("pass", 0.0001) == "±0.0 points"
    assert figures.difference("latency.p50", 0.25) == "+0.250 s"
    assert figures.probability(0.00001) == "< 0.001"


def test_a_comparison_without_evidence_says_so() -> None:
    change = Change(
        metric="pass", before=0.9, after=0.91, low=-0.02, high=0.04, p=0.5, adjusted_p=0.5, pairs=80, detectable=0.05,
        direction=Direction.NO_EVIDENCE,
    )  # fmt: skip
    made = MadeUp(9, 1).report()
    assert made.comparison is not None
    comparison = replace(made.comparison, changes=(change,), broken=(), mended=(), p=1.0)
    assert figures.verdict(comparison) == (
        "No evidence of change in 1 metric. 0 cases broke, 0 mended: no evidence of change (sign flip test by article: "
        "p = 0.500; exact McNemar test, counting cases as independent: p = 1.000)."
    )
    few = replace(comparison, changes=(replace(change, detectable=None),))
    assert "no evidence of change, with too few articles to show any (sign flip" in figures.verdict(few)
    assert figures.verdict(replace(comparison, changes=())) == (
        "No metric in common. 0 cases broke, 0 mended (exact McNemar test, counting cases as independent: p = 1.000)."
    )


def test_what_decides_is_the_test_by_article() -> None:
    made = MadeUp(9, 1).report()
    assert made.comparison is not None
    [passes, *_] = made.comparison.changes
    steady = replace(passes, p=0.07, adjusted_p=0.07, direction=Direction.NO_EVIDENCE)
    comparison = replace(made.comparison, changes=(steady,), broken=("a", "b"), mended=(), p=0.0001)
    assert figures.verdict(comparison) == (
        "No evidence of change in 1 metric. 2 cases broke, 0 mended: no evidence of change (sign flip test by article: "
        "p = 0.070; exact McNemar test, counting cases as independent: p < 0.001)."
    )
