"""What a case names must be there, or the case can be neither right nor wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from rag.evaluation.evidence import Evidence
from rag.evaluation.suites.cases import Case
from rag.evaluation.suites.checking import untrue, untrue_places
from rag.evaluation.suites.mistakes import Place
from rag.library import open_library
from rag.testing.library import EMBEDDER, made_article, put

OLD, NEW = "Twelve passengers were hurt.", "Fourteen passengers were hurt."


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    place = tmp_path_factory.mktemp("checked")
    (place / "checks.py").write_text("def polite(asked, sample, evidence):\n    return True\n", encoding="utf-8")
    with closing(
        open_library(place / "library", model=EMBEDDER.name, dimension=EMBEDDER.dimension, create=True)
    ) as library:
        put(library, made_article("ferry", OLD, title="Ferry strikes pier", publisher="Post"))
        put(library, made_article("ferry", NEW, title="Ferry strikes pier", publisher="Post"))
        put(library, made_article("one", "One.", title="Twins"), made_article("two", "Two.", title="Twins"))
        yield Evidence(library, EMBEDDER, place)


def told(evidence: Evidence, **fields: object) -> list[str]:
    return list(untrue(Case.model_validate({"id": "c", "question": "Who?", **fields}), evidence))


def version_of(text: str) -> str:
    return made_article("ferry", text, title="Ferry strikes pier", publisher="Post").version


@pytest.mark.parametrize("field", ["cites", "cites_any", "cites_none", "relevant"])
def test_what_is_there_is_not_told(evidence: Evidence, field: str) -> None:
    places: list[object] = [
        "ferry",
        "Ferry strikes pier",
        {"article": "ferry", "quote": "Fourteen passengers"},
        {"article": "ferry", "quote": "Twelve passengers"},  # an earlier version, as of an earlier day
        {"article": "ferry", "version": version_of(OLD), "quote": "Twelve"},
        {"article": "ferry", "start": 0, "end": len(NEW)},
    ]
    assert told(evidence, articles=["ferry"], publishers=["post"], expect={field: places}) == []


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("nowhere", "There is no article 'nowhere'"),
        ("Twins", "2 articles are called 'Twins'"),
        (
            {"article": "ferry", "quote": "Forty"},
            "'ferry' does not hold the words 'Forty'; see `dateline articles show ferry`.",
        ),
        ({"article": "ferry", "version": version_of(OLD), "quote": "Fourteen"}, "does not hold the words 'Fourteen'"),
        ({"article": "ferry", "version": "0000000000000000"}, "'ferry' has no version 0000000000000000; it has"),
        ({"article": "ferry", "start": 0, "end": 31}, "'ferry' does not reach to character 31"),
    ],
)
def test_what_is_not_there_is_told(evidence: Evidence, place: object, expected: str) -> None:
    (what,) = told(evidence, expect={"cites": place})
    assert expected in what


def test_articles_outlets_and_scorers_that_are_not_there_are_told(evidence: Evidence) -> None:
    scorers = {"scorers": ["checks:polite", "checks:rude"]}
    scorer, article, outlet = told(evidence, articles=["nowhere"], publishers=["Gazette"], expect=scorers)
    assert "no article 'nowhere'" in article
    assert outlet == "There is no article of 'Gazette'; name an outlet as its articles do."
    assert "checks has no function rude" in scorer


def test_every_question_of_a_conversation_is_looked_at(evidence: Evidence) -> None:
    talk = [{"question": "a", "expect": {"cites": "x"}}, {"question": "b", "expect": {"cites": "y"}}]
    case = Case.model_validate({"id": "c", "conversation": talk})
    assert [what.split("'")[1] for what in untrue(case, evidence)] == ["x", "y"]


def test_what_is_not_there_has_its_place_in_the_case(evidence: Evidence) -> None:
    cites = [
        "ferry",
        {"article": "ferry", "quote": "Forty"},
        {"article": "ferry", "version": "0"},
        {"article": "ferry", "start": 0, "end": 31},
    ]
    expect = {"cites": cites, "relevant": "nowhere", "scorers": "checks:rude"}
    limits = {"articles": ["ferry", "nowhere"], "publishers": ["Post", "Gazette"]}
    plain: list[Place] = [
        ("expect", "cites", 1, "quote"),
        ("expect", "cites", 2, "version"),
        ("expect", "cites", 3, "end"),
        ("expect", "relevant", 0, "article"),
        ("expect", "scorers", 0),
        ("articles", 1),
        ("publishers", 1),
    ]
    turn = {"question": "Who?", "expect": expect, **limits}
    case = Case.model_validate({"id": "c", **turn})
    assert [place for place, _ in untrue_places(case, evidence)] == plain
    case = Case.model_validate({"id": "c", "conversation": [{"question": "What?"}, turn]})
    assert [place for place, _ in untrue_places(case, evidence)] == [("conversation", 1, *place) for place in plain]
