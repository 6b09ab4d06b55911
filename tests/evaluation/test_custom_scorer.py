"""Scorers that a suite brings: where they are found, what they may return, and that they end nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import pytest

from rag.errors import ConfigurationError
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Sample, Score
from rag.evaluation.scorers.custom import load_scorer, score
from rag.evaluation.suites.cases import Asked, Expectation
from rag.library import LocalLibrary, open_library
from rag.testing import HashingEmbedder
from rag.types import Answer, Question, Scope, Status

Run = Callable[..., list[Check | Score]]
HEAD = """
import math
from rag.evaluation.results import Check, Score

def own(asked, sample, evidence):
"""

DEEP = """
from dataclasses import dataclass

@dataclass
class own:
    asked: object
    sample: object
    evidence: object
"""


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalLibrary]:
    model = HashingEmbedder()
    place = tmp_path_factory.mktemp("library")
    with closing(open_library(place, model=model.name, dimension=model.dimension, create=True)) as library:
        yield library


@pytest.fixture
def run(articles: LocalLibrary, tmp_path: Path) -> Run:
    """Score with a function `checks:own` of this body, in a file beside the suite."""

    def scored(body: str = "", *names: str, folder: Path | None = tmp_path) -> list[Check | Score]:
        if body:
            (tmp_path / "checks.py").write_text(HEAD + "\n".join(f"    {line}" for line in dedent(body).splitlines()))
        answer = Answer(
            question=Question(text="?"), standalone="?", scope=Scope(), text="A bridge.", status=Status.ANSWERED
        )
        sample = Sample(suite="s", case_id="c", asked="d", answer=answer)
        asked = Asked(question="Which bridge?", expect=Expectation(scorers=names or ("checks:own",)))
        return list(score(asked, sample, Evidence(articles, HashingEmbedder(), folder)))

    return scored


NAME = "checks:own"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("return 'bridge' in sample.answer.text", [Check(name=NAME, passed=True, expected="true", got="true")]),
        ("return len(sample.answer.text) > 99", [Check(name=NAME, passed=False, expected="true", got="false")]),
        ("return len(sample.answer.text) / 10", [Score(metric=NAME, value=0.9)]),
        ("return 2", [Score(metric=NAME, value=2.0)]),
        ("import numpy; return numpy.float32(0.5)", [Score(metric=NAME, value=0.5)]),
        ("return {'words': 2, 'commas': 0.0}", [Score(metric="words", value=2.0), Score(metric="commas", value=0.0)]),
        ("return {'tone': None}", [Score(metric="tone", value=None)]),
        ("return {}", []),
        ("return Score(metric='tone', value=None, reason='x')", [Score(metric="tone", value=None, reason="x")]),
        (
            "return Check(name='a', passed=None, expected='b', got='c')",
            [Check(name="a", passed=None, expected="b", got="c")],
        ),
        (
            "yield Check(name='a', passed=True, expected=asked.question, got='c')\nyield Score(metric='m', value=1)",
            [Check(name="a", passed=True, expected="Which bridge?", got="c"), Score(metric="m", value=1.0)],
        ),
    ],
)
def test_what_a_scorer_may_return(body: str, found: list[Check | Score], run: Run) -> None:
    assert run(body) == found


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return None", "checks:own returned nothing; return a bool"),
        ("return 'fine'", "checks:own returned 'fine'; return a bool"),
        ("return b'fine'", "returned b'fine'"),
        ("return object", "returned <class 'object'>"),
        ("return math.nan", "returned Score("),
        ("return {'m': math.inf}", "returned Score("),
        ("return {'m': 'high'}", "returned Score("),
        ("return {1: 0.5}", "returned Score("),
        ("return [0.5, True]", "returned 0.5"),
        ("return Check(name='a', passed='yes', expected='', got='')", "returned Check("),
        ("return {'answer.f1': 1.0}", "the metric answer.f1, which is Dateline's"),
        ("raise ValueError('two\\nlines')", "ValueError: two lines"),
        ("return evidence.nothing", "AttributeError: 'Evidence' object has no attribute 'nothing'"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("yield Score(metric='m', value=1)\nraise RuntimeError('late')", "RuntimeError: late"),
        ("def deeper(): return deeper()\nreturn deeper()", "RecursionError: "),
    ],
)
def test_what_is_wrong_leaves_the_check_open(body: str, told: str, run: Run) -> None:
    (check,) = run(body)
    assert isinstance(check, Check)
    assert (check.name, check.passed) == (NAME, None)
    assert told in check.got
    assert "\n" not in check.got


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("a = 1\nreturn {}['nothing']", "KeyError: 'nothing' (checks.py:7)"),
        ("import json\nreturn json.loads('')", "(checks.py:7)"),
        ("def inner(): raise ValueError('x')\nreturn inner()", "ValueError: x (checks.py:6)"),
        ("yield Score(metric='m', value=1)\nraise RuntimeError('late')", "RuntimeError: late (checks.py:7)"),
    ],
)
def test_a_crash_is_told_with_the_line_of_the_scorer(body: str, told: str, run: Run) -> None:
    (check,) = run(body)
    assert isinstance(check, Check)
    assert check.got.endswith(told)


def test_one_wrong_scorer_spares_the_others(run: Run) -> None:
    found = run("return True", "nowhere:at_all", "checks:missing", "checks:HEAD_", "checks:own", "json:dumps")
    assert [(each.name, each.passed) for each in found if isinstance(each, Check)] == [
        ("nowhere:at_all", None),
        ("checks:missing", None),
        ("checks:HEAD_", None),
        ("checks:own", True),
        ("json:dumps", None),
    ]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("checks", "write module:function"),
        ("checks:", "write module:function"),
        ("../checks:own", "write module:function"),
        ("a..b:own", "write module:function"),
        ("no_such_module:own", "module no_such_module of a scorer is neither beside the suite in"),
        ("rag.no_such_module:own", "module rag.no_such_module"),
        ("math:no_such_function", "math has no function no_such_function"),
        ("math:pi", "math has no function pi"),
    ],
)
def test_names_of_no_scorer_are_explained(name: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=told):
        load_scorer(name, tmp_path)


def test_what_a_module_lacks_is_not_blamed_on_its_name(tmp_path: Path) -> None:
    (tmp_path / "checks.py").write_text("import no_such_module")
    with pytest.raises(ConfigurationError, match=r"cannot be loaded: ModuleNotFoundError: .*no_such.* \(checks.py:1\)"):
        load_scorer(NAME, tmp_path)


@pytest.mark.parametrize("code", ["def own(:", "1 / 0", "import sys; sys.exit(3)", "raise ValueError('two\nlines')"])
def test_a_module_that_cannot_be_loaded_is_named_in_one_line(code: str, tmp_path: Path) -> None:
    (tmp_path / "checks.py").write_text(code)
    with pytest.raises(ConfigurationError, match=r"^The module checks of a scorer cannot be loaded: [^\n]+[.]$"):
        load_scorer(NAME, tmp_path)


def test_modules_beside_the_suite_go_first_and_are_apart(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder / "inner").mkdir(parents=True)
        (tmp_path / folder / "json.py").write_text(f"def own(asked, sample, evidence): return {folder!r}")
        (tmp_path / folder / "inner" / "deep.py").write_text(DEEP)
    one, two = (load_scorer("json:own", tmp_path / folder) for folder in ("one", "two"))
    assert (one(*[None] * 3), two(*[None] * 3)) == ("one", "two")  # type: ignore[arg-type]
    assert load_scorer("json:own", tmp_path / "one") is one
    assert load_scorer("inner.deep:own", tmp_path / "one")(*[None] * 3)  # type: ignore[arg-type]
    assert load_scorer("json:dumps", tmp_path) is sys.modules["json"].dumps
    assert not any(str(tmp_path) in place for place in sys.path)


def test_a_module_runs_once_however_many_threads_ask(tmp_path: Path) -> None:
    (tmp_path / "checks.py").write_text(
        "import time\ntime.sleep(0.05)\ndef own(*given): return True\ndef other(*given): return True"
    )
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda name: load_scorer(name, tmp_path), ["checks:own", "checks:other"] * 8))
    assert len({id(function.__globals__) for function in found}) == 1


def test_a_module_may_import_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_checks.py").write_text("LIMIT = 7")
    (tmp_path / "checks.py").write_text(
        "import neighbour_of_checks\ndef own(asked, sample, evidence): return neighbour_of_checks.LIMIT"
    )
    assert load_scorer(NAME, tmp_path)(*[None] * 3) == 7  # type: ignore[arg-type]
