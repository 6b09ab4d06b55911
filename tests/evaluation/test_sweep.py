"""Settings are tried on one half of a suite, and the best is held against the default on the other half."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from rag.errors import ConfigurationError
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Estimate
from rag.evaluation.suites.cases import Case, Cited, Expectation
from rag.evaluation.sweeping.grid import Setting, grid, varied
from rag.evaluation.sweeping.halves import halves
from rag.evaluation.sweeping.sweep import Measured, marked
from rag.library import open_library
from rag.testing.library import EMBEDDER, made_article, put
from tests.conftest import Dateline

DEFAULT = Setting(passages=8, passage_size=1000)


class TestGrid:
    def test_every_combination_after_the_default(self) -> None:
        found = grid(DEFAULT, ["passages=4,8", "dense_weight=0.4,0.8"])
        assert found[0] == DEFAULT
        assert [(each.passages, each.dense_weight) for each in found] == [(8, 0.8), (4, 0.4), (4, 0.8), (8, 0.4)]
        assert varied(found) == ("passages", "dense_weight")

    @pytest.mark.parametrize(
        ("vary", "told"),
        [
            ([], "Say what to vary"),
            (["k=3"], "'k' cannot be varied; name one of passages"),
            (["passages=4", "passages=5"], "varied twice"),
            (["passages=2.5"], "passages=2.5 cannot be used; give a whole number from 1 to 50"),
            (["passages="], "cannot be used"),
            (["passages=4,51"], "passages=51 cannot"),
            (["answer_from=nan"], "answer_from=nan cannot be used; give a number"),
            ([f"passages={','.join(map(str, range(1, 21)))}", "dense_weight=" + ",".join(["1"] * 11)], "more than 200"),
        ],
    )
    def test_mistakes_are_told(self, vary: list[str], told: str) -> None:
        with pytest.raises(ConfigurationError, match=told):
            grid(DEFAULT, vary)


def measured(value: float, seconds: float, metric: str = "pass") -> Measured:
    quality, latency = (
        Estimate(metric=name, value=number, low=0, high=1, count=9, clusters=9)
        for name, number in ((metric, value), ("latency.p50", seconds))
    )
    return Measured(setting=DEFAULT, quality=quality, latency=latency)


def test_the_front_holds_what_nothing_beats() -> None:
    found = marked([measured(0.5, 0.2), measured(0.6, 0.3), measured(0.5, 0.3), measured(0.4, 0.1), measured(0.6, 0.3)])
    assert [each.front for each in found] == [True, True, False, True, True]
    errors = marked([measured(0.1, 0.2, "defect.figure"), measured(0.3, 0.2, "defect.figure")])
    assert [each.front for each in errors] == [True, False]


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    place = tmp_path_factory.mktemp("halves") / "library"
    with closing(open_library(place, model=EMBEDDER.name, dimension=EMBEDDER.dimension, create=True)) as library:
        articles = [
            made_article(f"a{number}", f"The ferry number {number} came.", title=f"T{number}") for number in range(40)
        ]
        put(library, *articles)
        yield Evidence(library, EMBEDDER)


class TestHalves:
    def test_no_article_is_in_both_however_it_is_named(self, evidence: Evidence) -> None:
        random.seed(7)
        cases = [self.case(number, random.sample(range(40), random.choice((1, 1, 1, 2)))) for number in range(60)]
        tune, held_out = halves(cases, evidence)
        assert tune
        assert held_out
        assert sorted([*tune, *held_out], key=cases.index) == cases
        assert self.articles(tune).isdisjoint(self.articles(held_out))

    def test_the_halves_do_not_depend_on_the_order_of_cases(self, evidence: Evidence) -> None:
        cases = [self.case(number, [number % 40]) for number in range(60)]
        tune, _ = halves(cases, evidence)
        again, _ = halves(cases[::-1], evidence)
        assert set(tune) == set(again)

    def test_cases_that_hang_together_cannot_be_halved(self, evidence: Evidence) -> None:
        with pytest.raises(ConfigurationError, match="cannot be halved"):
            halves([self.case(number, [number, number + 1]) for number in range(9)], evidence)

    @staticmethod
    def case(number: int, articles: list[int]) -> Case:
        names = [f"a{article}" if (number + article) % 2 else f"T{article}" for article in articles]
        if number % 3:
            return Case(
                id=f"case {number}",
                question="?",
                expect=Expectation(cites=tuple(Cited(article=each) for each in names)),
            )
        return Case(id=f"case {number}", question="?", about=names[0], articles=tuple(names))

    @staticmethod
    def articles(cases: tuple[Case, ...]) -> set[str]:
        named = {cited.article for case in cases for cited in case.expect.cites}
        named |= {article for case in cases for article in (*case.articles, *([case.about] if case.about else []))}
        return {name[1:] for name in named}


TOWNS = ("Arlmouth", "Brenholm", "Carswick", "Dunmere", "Eastry", "Fallow", "Garrick", "Hallow", "Inver", "Jarrow")


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ten articles with a question each, which every setting of the reader finds but answers only if it may."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "articles").mkdir()
    rows = [
        {"id": town, "text": f"The council of {town} opened a library on Monday. It cost £{n + 2} million."}
        for n, town in enumerate(TOWNS)
    ]
    (tmp_path / "articles" / "a.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    cases = [
        {
            "id": town,
            "question": f"What did the council of {town} open on Monday?",
            "expect": {"status": "not_in_sources"},
            "about": town,
        }
        for town in TOWNS
    ]
    path = tmp_path / "suite.jsonl"
    header = {"suite": "towns", "corpus": {"folder": "articles"}}
    path.write_text("\n".join(map(json.dumps, [header, *cases])), encoding="utf-8")
    return path


def test_the_best_is_confirmed_on_the_other_half(dateline: Dateline, suite: Path, tmp_path: Path) -> None:
    words = ("--vary", "answer_from=-0.9,100", "--vary", "passage_size=100,1000", "--plot", tmp_path / "sweep.svg")
    ran = dateline("eval", "sweep", suite, *words, "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["tuned_on"] + found["held_out"] == len(TOWNS)
    values = [(each["answer_from"], each["passage_size"], each["quality"]["value"]) for each in found["settings"]]
    # The reader answers what it should leave unanswered, until it may not answer at all.
    assert values == [(-0.9, 1000, 0.0), (-0.9, 100, 0.0), (100.0, 100, 1.0), (100.0, 1000, 1.0)]
    assert found["best"]["answer_from"] == 100.0
    quality, latency = found["confirmed"]
    assert (quality["metric"], quality["before"], quality["after"], quality["pairs"]) == (
        "pass",
        0.0,
        1.0,
        found["held_out"],
    )
    assert latency["metric"] == "latency.p50"
    ET.parse(tmp_path / "sweep.svg")
    drawn = (tmp_path / "sweep.svg").read_text(encoding="utf-8")
    assert "default: passage_size 1000, answer_from -0.9" in drawn


def test_a_default_that_nothing_beats_stays(dateline: Dateline, suite: Path) -> None:
    ran = dateline("eval", "sweep", suite, "--vary", "passages=8,3")
    assert ran.code == 0, ran.err
    assert "passages" in ran.out
    assert "No setting was better than the default (passages 8); the held-out cases were not asked." in ran.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--vary", "passages=0"), "passages=0 cannot be used"),
        (("--vary", "passages=3", "--metric", "tokns"), "has a score for tokns"),
        (("--vary", "passages=3", "--limit", "1"), "cannot be halved"),
    ],
)
def test_mistakes_end_in_one_line(dateline: Dateline, suite: Path, words: tuple[str, ...], told: str) -> None:
    ran = dateline("eval", "sweep", suite, *words)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert ran.err.count("\n") == 1


def test_passages_of_another_size_need_articles_to_read(dateline: Dateline, seed_library: Path, suite: Path) -> None:
    ran = dateline("eval", "sweep", suite, "--library", seed_library, "--vary", "passage_size=300")
    assert ran.code == 2
    assert "need articles to read" in ran.err
