"""The pytest plugin, in processes of their own: what is collected, what is told, and suites written in Python."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

# What a pytest inside this process loads, it would load anew each time.
import rag.evaluation.suites.suitefile
import rag.evaluation.testing  # noqa: F401

pytest_plugins = ["pytester"]

SUITE = """\
suite: ferries
corpus: {folder: articles}
asked_at: 2023-06-01
tags: [ferries]
cases:
  - id: how-many-hurt
    question: How many passengers were hurt when the ferry struck the pier?
    tags: [how-many]
    expect: {figures: 14, cites: Ferry strikes pier}
  - id: where-it-struck
    question: What did the ferry strike?
    tags: [two words, skip]
    expect: {status: answered, contains: lighthouse, excludes: pier}
  - id: who-steered
    question: Who steered the ferry?
    tags: [who]
    xfail: only a model can tell that nobody is named
    expect: {contains: Ahab}
  - id: who-spoke
    question: Who praised the crew of the ferry?
    tags: [who]
    xfail: was out of reach once
    expect: {status: answered}
  - id: not-yet
    question: Who will pay?
    tags: [who]
    skip: the inquiry goes on
  - id: no-scorer
    question: What did the ferry strike?
    xfail: never hides a mistake in the suite
    expect: {scorers: 'nowhere:check'}
  - id: talk
    tags: [follow-up]
    conversation:
      - {question: How many passengers were hurt when the ferry struck the pier?, expect: {figures: 14}}
      - {question: "And when did it strike the pier?", as_of: 2023-05-20, expect: {dates: 2023-05-02}}
"""
ARTICLE = """\
---
title: Ferry strikes pier
publisher: Bay News
published: 2023-05-04T08:00:00Z
---

A ferry struck the pier at Overwick on Monday. Fourteen passengers were hurt when the ferry struck the pier.

The mayor of Overwick praised the crew of the ferry.
"""
# Other plugins of this environment take longer to load than the tests to run.
INI = """\
[pytest]
addopts = --strict-markers --strict-config -p no:langsmith_plugin -p no:hypothesispytest -p no:anyio
    -p no:asyncio -p no:benchmark -p no:codspeed -p no:socket -p no:recording -p no:syrupy -p no:schemathesis
filterwarnings = error
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Path:
    """A folder with a suite, its article and strict settings."""
    pytester.makeini(INI)
    for folder, text in {"articles": ARTICLE, "elsewhere": "A market opened."}.items():
        (pytester.mkdir(folder) / "ferry.md").write_text(text, encoding="utf-8")
    return pytester.makefile(".yaml", ferries=SUITE)


def test_cases_are_tests_that_workers_share(pytester: pytest.Pytester, suite: Path) -> None:
    result = pytester.runpytest_subprocess(suite, "-n", "2", "-rA")
    result.assert_outcomes(passed=1, failed=3, xfailed=1, xpassed=1, skipped=1)
    result.stdout.fnmatch_lines_random(
        [
            "PASSED ferries.yaml::how-many-hurt",
            "FAILED ferries.yaml::where-it-struck - contains, excludes",
            "FAILED ferries.yaml::talk - dates",
            "FAILED ferries.yaml::no-scorer - *Not asked: *nowhere*",
            "XFAIL ferries.yaml::who-steered - only a model can tell that nobody is named",
            "XPASS ferries.yaml::who-spoke - was out of reach once",
            "SKIPPED * ferries.yaml*: the inquiry goes on",
        ]
    )
    assert len(kept_libraries(pytester)) == 1
    told = str(result.stdout).split("FAILURES")[1]
    assert "Traceback" not in told
    assert ".py" not in told
    flat = re.sub(r"\s+", " ", told)
    assert "Question: What did the ferry strike? Status: answered Bay News, 4 May 2023: " in flat
    assert "[1] “Fourteen passengers were hurt when the ferry struck the pier.” Ferry strikes pier Bay News" in flat
    assert "✗ contains expected lighthouse got " in flat
    assert "Question (2 of 2): And when did it strike the pier? [as_of 2023-05-20]" in flat
    assert "Searched for: And when did it strike the pier? (" in flat
    assert "✗ dates expected 2023-05-02 got the answer gives " in flat


def kept_libraries(pytester: pytest.Pytester) -> list[Path]:
    return list(pytester.path.glob(".pytest_cache/d/dateline/*/library"))


def test_a_run_stops_at_a_failure_and_goes_on_with_it(pytester: pytest.Pytester, suite: Path) -> None:
    changed = SUITE.replace("folder: articles", f"folder: articles, digest: '{'0' * 16}'")
    suite.write_text(changed, encoding="utf-8")
    first = pytester.runpytest_subprocess(suite, "-x", "-W", "default::pytest.PytestWarning")
    first.assert_outcomes(passed=1, failed=1, warnings=1)
    first.stdout.fnmatch_lines(["*SuiteWarning: The articles changed since ferries was written*"])
    suite.write_text(SUITE, encoding="utf-8")
    (library,) = kept_libraries(pytester)
    (pytester.path / "articles" / "ferry.md").unlink()
    again = pytester.runpytest_subprocess(suite, "--lf", "--dateline-library", library)
    again.assert_outcomes(failed=1)
    again.stdout.fnmatch_lines(["FAILED ferries.yaml::where-it-struck - *"])


def test_a_chat_model_is_used_only_when_asked_for(
    pytester: pytest.Pytester, suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    result = pytester.runpytest_subprocess(suite, "-k", "how-many", "--dateline-answerer", "generative")
    result.assert_outcomes(errors=1)
    assert "No chat model is configured" in str(result.stdout)
    assert "Traceback" not in str(result.stdout)


@pytest.mark.parametrize(
    ("chosen", "cases"),
    [
        (["-m", "how-many"], ["how-many-hurt"]),
        (["-m", "two-words or tag-skip"], ["where-it-struck"]),
        (["-m", "ferries and not who"], ["how-many-hurt", "where-it-struck", "no-scorer", "talk"]),
        (["-k", "how-many"], ["how-many-hurt"]),
        (["ferries.yaml::talk"], ["talk"]),
    ],
)
def test_cases_are_chosen_like_tests(
    pytester: pytest.Pytester, suite: Path, chosen: list[str], cases: list[str]
) -> None:
    assert collected(pytester, *(chosen if "::" in chosen[0] else [suite, *chosen])) == cases


def collected(pytester: pytest.Pytester, *words: str | Path) -> list[str]:
    result = pytester.runpytest_inprocess(*words, "--collect-only", "-q")
    return [line.split("::", 1)[1] for line in result.outlines if "::" in line]


def test_folders_give_only_the_files_that_are_set(pytester: pytest.Pytester, suite: Path) -> None:
    pytester.makefile(".jsonl", rows='{"suite": "rows"}\n{"id": "one", "question": "Who?"}')
    pytester.makefile(".yml", other="not: a suite")
    assert collected(pytester) == []
    assert collected(pytester, "rows.jsonl") == ["one"]
    pytester.makeini(INI + "dateline_suites = ferr*.yaml *.jsonl")
    assert sorted(collected(pytester)) == [
        "how-many-hurt", "no-scorer", "not-yet", "one", "talk", "where-it-struck", "who-spoke", "who-steered"
    ]  # fmt: skip


def test_an_unreadable_suite_is_told_with_its_line(pytester: pytest.Pytester, suite: Path) -> None:
    suite.write_text(SUITE.replace("tags: [who]", "tag: [who]", 1), encoding="utf-8")
    result = pytester.runpytest_inprocess(suite)
    result.assert_outcomes(errors=1)
    assert re.search(r"ferries\.yaml:16: .*\btag\b", str(result.stdout))
    assert "Traceback" not in str(result.stdout)


def test_articles_that_are_not_there_are_told_in_one_line(pytester: pytest.Pytester, suite: Path) -> None:
    suite.write_text(SUITE.replace("folder: articles", "folder: nowhere"), encoding="utf-8")
    result = pytester.runpytest_inprocess(suite)
    result.assert_outcomes(errors=6, skipped=1)
    assert "nowhere is not a folder" in str(result.stdout)
    assert "Traceback" not in str(result.stdout)


def test_suites_are_written_in_python(pytester: pytest.Pytester, suite: Path) -> None:
    pytester.makeini(INI + "dateline_corpus = articles")
    pytester.makepyfile(WRITTEN)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=3, failed=7, warnings=0)
    told = re.sub(r"(?:\nE|\s)+", " ", str(result.stdout))
    assert "does not cite “lighthouse” in Ferry strikes pier Status: answered" in told
    assert "the question was to be left unanswered Status: answered" in told
    assert "Failed: There is no article 'Balloon lands'" in told
    assert "_ There is no article 'Balloon rises' in this library. " in told
    assert "Failed: ask takes no asof; did you mean as_of?" in told
    assert "Failed: ask takes no expect; it takes history, asked_at, since" in told
    assert "Failed: since: not a date: 'someday'" in told
    assert "rag/evaluation" not in told
    assert "During handling" not in told


WRITTEN = """
import pytest

HURT = "How many passengers were hurt when the ferry struck the pier?"

def test_cited(ask, assert_cites):
    answer = ask(HURT)
    assert_cites(answer, article="Ferry strikes pier", quote="Fourteen passengers were hurt")
    assert_cites(answer, quote="Fourteen passengers")
    assert_cites(answer, article="Ferry strikes pier")
    again = ask("And who praised the crew?", history=[answer, ("Where?", "At Overwick.")])
    assert [turn.question for turn in again.question.history] == [HURT, "Where?"]

def test_limits(ask, assert_abstains):
    answer = ask(HURT, as_of="2023-05-01", asked_at="2023-06-01")
    assert answer.scope.as_of.day == 1 and answer.question.asked_at.month == 6
    assert_abstains(answer)
    assert_abstains(ask(HURT, publishers=["Another Paper"]))

@pytest.mark.dateline(corpus="elsewhere")
def test_other_articles(ask, assert_abstains):
    assert_abstains(ask(HURT))

def test_wrong_quote(ask, assert_cites):
    assert_cites(ask(HURT), article="Ferry strikes pier", quote="lighthouse")

def test_not_abstained(ask, assert_abstains):
    assert_abstains(ask(HURT))

def test_unknown_article(ask):
    ask(HURT, articles=["Balloon lands"])

def test_misspelt_limit(ask):
    ask(HURT, asof="2023-05-01")

def test_no_limit(ask):
    ask(HURT, expect={})

def test_no_date(ask):
    ask(HURT, since="someday")

def test_cites_unknown_article(ask, assert_cites):
    assert_cites(ask(HURT), article="Balloon rises")
"""


def test_whoever_names_no_articles_is_told_how(pytester: pytest.Pytester, suite: Path) -> None:
    pytester.makepyfile("def test_asks(ask):\n    ask('Who?')")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(errors=1)
    told = re.sub(r"\s+", " ", str(result.stdout))
    assert "@pytest.mark.dateline(corpus=…)" in told
    assert "dateline_corpus" in told
    assert "During handling" not in told


def test_pytest_starts_without_dateline(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    pytester.makepyfile(
        """
        import sys

        def test_light():
            ours = {name for name in sys.modules if name.startswith(("rag", "ingest"))}
            nouns = {"rag", "rag.types", "rag.errors"}
            assert ours == nouns | {"rag.evaluation", "rag.evaluation.pytest_plugin"}
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
