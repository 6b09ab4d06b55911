"""Settings are tried on one half of a suite, and the best is held against the default on the other half."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from rag.errors import ConfigurationError
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Estimate
from rag.evaluation.suites.cases import Case
from rag.evaluation.suites.suitefile import read_suite
from rag.evaluation.sweeping.grid import Setting, grid, varied
from rag.evaluation.sweeping.halves import halves, nameless
from rag.evaluation.sweeping.plot import FRONT, sweep_svg
from rag.evaluation.sweeping.report import sweep_object, sweep_text
from rag.evaluation.sweeping.sweep import Measured, Swept, marked
from rag.library import open_library
from rag.testing.library import EMBEDDER, made_article, put
from tests.conftest import SEEDS, Dateline

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


@pytest.fixture(scope="module")
def seeds(ingested_seeds: Path) -> Iterator[Evidence]:
    with closing(open_library(ingested_seeds, model=EMBEDDER.name, any_model=True)) as library:
        yield Evidence(library, EMBEDDER)


PLACES = ("relevant", "cites", "cites_any", "cites_none")
NAMED_BY = (*PLACES, "about", "articles", "turn")


def naming(number: int, by: str, *names: str) -> Case:
    """Return a case that names articles in one of the ways that there are, and in no other."""
    fields: dict[str, object] = {"question": "?"}
    if by in PLACES:
        fields["expect"] = {by: names}
    elif by == "turn":
        fields = {"conversation": [fields, {**fields, "expect": {"cites": names}}]}
    else:
        fields[by] = names[0] if by == "about" else names
    return Case.model_validate({"id": f"case {number}", **fields})


def numbers(cases: Sequence[Case]) -> list[int]:
    return [int(case.id.removeprefix("case ")) for case in cases]


class TestHalves:
    @pytest.mark.parametrize("by", NAMED_BY)
    @pytest.mark.parametrize("other", ["about", "cites"])
    def test_no_article_is_in_both_however_it_is_named(self, evidence: Evidence, by: str, other: str) -> None:
        pairs = [(naming(n, by, f"a{n}"), naming(n + 40, other, f"T{n}")) for n in range(40)]
        tune, held_out = halves([case for pair in pairs for case in pair], evidence)
        assert {n % 40 for n in numbers(tune)}.isdisjoint(n % 40 for n in numbers(held_out))
        assert (len(tune), len(held_out)) == (40, 40)

    @pytest.mark.parametrize("by", ["cites", "cites_any", "relevant", "articles"])
    def test_a_case_about_two_articles_joins_what_is_about_either(self, evidence: Evidence, by: str) -> None:
        single = [naming(n, "about", f"a{n}") for n in range(40)]
        bridges = [naming(100 + n, by, f"a{n}", f"a{n + 1}") for n in range(0, 40, 2)]
        tune, held_out = (set(numbers(half)) for half in halves([*single, *bridges], evidence))
        assert all({n, n + 1, 100 + n} <= tune or {n, n + 1, 100 + n} <= held_out for n in range(0, 40, 2))

    def test_the_halves_are_of_one_size_as_far_as_groups_allow(self, evidence: Evidence) -> None:
        sizes = (11, 7, 5, 4, 3, 2, 2, 1, 1)
        articles = [number for number, size in enumerate(sizes) for _ in range(size)]
        cases = [naming(number, "about", f"a{article}") for number, article in enumerate(articles)]
        random.Random(7).shuffle(cases)
        assert [len(half) for half in halves(cases, evidence)] == [18, 18]
        # A group is not torn apart for the sake of size.
        assert [len(half) for half in halves([case for case in cases if case.about in {"a0", "a6"}], evidence)] == [
            11,
            2,
        ]

    def test_the_halves_keep_the_order_of_cases_and_do_not_depend_on_it(self, evidence: Evidence) -> None:
        cases = [naming(number, "about", f"a{number % 40}") for number in range(60)]
        tune, held_out = halves(cases, evidence)
        assert [sorted(half, key=cases.index) for half in (tune, held_out)] == [list(tune), list(held_out)]
        assert [set(half) for half in halves(cases[::-1], evidence)] == [set(tune), set(held_out)]

    def test_cases_without_an_article_are_counted(self, evidence: Evidence) -> None:
        cases = [*(naming(number, by, "a1") for number, by in enumerate(NAMED_BY)), Case(id="case 99", question="?")]
        assert nameless(cases) == 1
        assert [len(half) for half in halves(cases, evidence)] == [len(NAMED_BY), 1]

    def test_cases_that_hang_together_cannot_be_halved(self, evidence: Evidence) -> None:
        with pytest.raises(ConfigurationError, match="cannot be halved"):
            halves([naming(number, "cites", f"a{number}", f"a{number + 1}") for number in range(9)], evidence)

    def test_the_sample_suite_falls_into_halves_of_almost_one_size(self, seeds: Evidence) -> None:
        suite = read_suite(SEEDS.parent / "suite.yaml")
        urls = {str(source.url) for source in (each.source for each in seeds.library.articles(limit=99))}
        tune, held_out = halves(suite.cases, seeds)
        assert abs(len(tune) - len(held_out)) <= len(suite.cases) // 10
        # Told by what the cases say, wherever in them: no address stands in both.
        told = ["".join(case.model_dump_json() for case in half) for half in (tune, held_out)]
        assert not [url for url in urls if all(f'"{url}"' in half for half in told)]


class TestPlot:
    def test_labels_of_settings_that_coincide_stand_apart(self) -> None:
        settings = [replace(DEFAULT, passages=passages) for passages in range(1, 41)]
        points = marked([replace(measured(0.5, 0.2), setting=setting) for setting in settings])
        svg = sweep_svg(Swept(suite="s", metric="pass", tuned_on=9, held_out=9, measured=tuple(points), best=points[0]))
        labels = [each for each in ET.fromstring(svg).iter(f"{SVG}text") if "passages" in "".join(each.itertext())]
        heights = sorted(height(label) for label in labels)
        assert len(labels) == len(settings)
        assert min(after - before for before, after in pairwise(heights)) > 9
        assert FRONT in svg

    def test_the_front_is_explained_and_cases_without_an_article_are_told(self) -> None:
        points = tuple(marked([measured(0.5, 0.2)]))
        swept = Swept(suite="s", metric="pass", tuned_on=9, held_out=9, measured=points, best=points[0])
        assert FRONT in sweep_text(swept)
        assert "without an article" not in sweep_text(swept)
        assert "1 case without an article" in sweep_text(replace(swept, nameless=1))
        assert sweep_object(replace(swept, nameless=1))["nameless"] == 1


SVG = "{http://www.w3.org/2000/svg}"


def height(label: ET.Element) -> float:
    """Return how far down a label of a plot stands, in points."""
    return float(label.get("y") or label.get("transform", "").partition(" ")[2].partition(")")[0])


TOWNS = ("Arlmouth", "Brenholm", "Carswick", "Dunmere", "Eastry", "Fallow", "Garrick", "Hallow", "Inver", "Jarrow")
NOTING = """
from pathlib import Path

def asked(asked, sample, evidence):
    with Path(__file__).with_name("asked.txt").open("a") as file:
        file.write(sample.case_id + "\\n")
    return True
"""
"""A scorer that writes down whom it saw."""


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ten articles with two questions each, which every setting of the reader finds but answers only if it may.

    What was asked stands in `asked.txt` beside it afterwards, in that order.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "articles").mkdir()
    rows = [
        {"id": town, "text": f"The council of {town} opened a library on Monday. It cost £{n + 2} million."}
        for n, town in enumerate(TOWNS)
    ]
    (tmp_path / "articles" / "a.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (tmp_path / "noting.py").write_text(NOTING, encoding="utf-8")
    expect = {"status": "not_in_sources", "scorers": ["noting:asked"]}
    cases = [
        case
        for town in TOWNS
        for case in (
            {
                "id": town,
                "question": f"What did the council of {town} open on Monday?",
                "about": town,
                "expect": expect,
            },
            {
                "id": f"{town} again",
                "xfail": "answers",
                "question": f"What opened in {town}?",
                "expect": {**expect, "cites_none": town},
            },
        )
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
    assert found["tuned_on"] + found["held_out"] == 2 * len(TOWNS)
    assert {each["quality"]["count"] for each in found["settings"]} == {found["tuned_on"]}
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


def test_nothing_held_out_is_asked_before_the_best_is_chosen(dateline: Dateline, suite: Path) -> None:
    ran = dateline("eval", "sweep", suite, "--vary", "answer_from=-0.9,100", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    asked = suite.with_name("asked.txt").read_text(encoding="utf-8").splitlines()
    tries = len(found["settings"]) * found["tuned_on"]
    tuning, confirming = Counter(asked[:tries]), Counter(asked[tries:])
    assert (len(tuning), set(tuning.values())) == (found["tuned_on"], {len(found["settings"])})
    assert (len(confirming), set(confirming.values())) == (found["held_out"], {2})
    towns = [{name.removesuffix(" again") for name in half} for half in (tuning, confirming)]
    assert towns[0] | towns[1] == set(TOWNS)
    assert not towns[0] & towns[1]


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
