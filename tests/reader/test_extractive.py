"""Answers put together from the articles' own sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from rag.protocols import Brief, Insufficient
from rag.question.conversation import HALF_SAID
from rag.reader.extractive import ExtractiveAnswerer
from rag.testing import HashingEmbedder
from rag.types import Hit, Passage, Turn

MakePassage = Callable[..., Passage]
ANYTHING = -99.0


def drafted(
    question: str, passages: Sequence[Passage], answer_from: float = ANYTHING, history: tuple[Turn, ...] = ()
) -> str:
    hits = tuple(Hit(passage=each, score=1.0 - place / 100) for place, each in enumerate(passages))
    answerer = ExtractiveAnswerer(embedder=HashingEmbedder(), answer_from=answer_from)
    pieces = list(answerer.draft(Brief(question=question, hits=hits, history=history)))
    return "".join("INSUFFICIENT" if isinstance(piece, Insufficient) else str(piece) for piece in pieces)


def test_the_fewest_sentences_are_told_with_outlet_date_and_label(passage: MakePassage) -> None:
    text = "Rain fell in the morning. Mayor Ruth Amsel opened the new library on Tuesday. Buses were late."
    found = drafted("Who opened the new library?", [passage(text, publisher="Harbour Courier", day="2023-05-09")])
    assert found == "Harbour Courier, 9 May 2023: Mayor Ruth Amsel opened the new library on Tuesday. [1.2]"


@pytest.mark.parametrize(
    ("publisher", "day", "start"),
    [(None, None, "Ruth"), ("Courier", None, "Courier: Ruth"), (None, "2023-05-09", "9 May 2023: Ruth")],
)
def test_only_what_is_known_is_attributed(
    passage: MakePassage, publisher: str | None, day: str | None, start: str
) -> None:
    found = drafted("Who opened it?", [passage("Ruth Amsel opened it.", publisher=publisher, day=day)])
    assert found.startswith(start)


def test_a_sentence_that_leans_on_the_one_before_brings_it_along(passage: MakePassage) -> None:
    text = "Mayor Ruth Amsel spoke on Tuesday. She praised the builders of the new library. Buses were late."
    found = drafted("Who praised the builders of the new library?", [passage(text)])
    assert found == "Mayor Ruth Amsel spoke on Tuesday. [1.1] She praised the builders of the new library. [1.2]"


def test_the_one_before_is_found_in_the_neighbouring_passage_too(passage: MakePassage) -> None:
    first = passage("Buses were late. Mayor Ruth Amsel spoke on Tuesday.")
    second = passage("She praised the builders of the new library.", start=first.end + 2)
    found = drafted("Who praised the builders of the new library?", [second, first])
    assert found == "Mayor Ruth Amsel spoke on Tuesday. [2.2] She praised the builders of the new library. [1.1]"


TWO = "Ruth Amsel opened the new library. Buses were late. Nine builders were paid for the work."


def test_both_halves_of_a_question_are_answered(passage: MakePassage) -> None:
    found = drafted("Who opened the new library, and how many builders were paid?", [passage(TWO)])
    assert found == "Ruth Amsel opened the new library. [1.1] Nine builders were paid for the work. [1.3]"


def test_an_answer_to_both_halves_is_told_once_and_with_one_sentence_more(passage: MakePassage) -> None:
    found = drafted("Who opened the new library, and what did Amsel open?", [passage(TWO)])
    assert found.count("[1.1]") == 1
    assert found.count("[1.") == 2


def test_a_half_that_the_articles_leave_open_is_told(passage: MakePassage) -> None:
    found = drafted(
        "Who opened the new library, and why did the Norwegian parliament resign?", [passage(TWO)], answer_from=0.5
    )
    assert found == f"Ruth Amsel opened the new library. [1.1]\n\n{HALF_SAID}"


def test_a_follow_up_is_not_cut(passage: MakePassage) -> None:
    question = "Who opened it on Tuesday, and how many builders were paid for the work? (the new library)"
    asked = Turn(question="What is the new library?", answer="A building.")
    found = drafted(question, [passage(TWO)], history=(asked,))
    assert found == "Nine builders were paid for the work. [1.3]"


@pytest.mark.parametrize(
    "text",
    [
        "Ruth Amsel said that she praised the builders.",
        "When Amsel was asked, she praised the builders.",
    ],
)
def test_a_sentence_that_names_its_people_stands_alone(passage: MakePassage, text: str) -> None:
    assert drafted("Who praised the builders?", [passage(f"Buses were late. {text}")]) == f"{text} [1.2]"


def test_headings_and_link_labels_are_not_told(passage: MakePassage) -> None:
    text = "Learn more about the new library »\n\nMayor Amsel opened the building."
    found = drafted("What is the new library?", [passage(text)])
    assert "Learn more" not in found


@pytest.mark.parametrize(
    ("start", "kept"),
    [
        ("NORTHGATE, Coast (CNN) -- ", ""),
        ("(CNN) -- ", ""),
        ("SEOUL, Nov 12 - ", ""),
        ("NEW YORK - ", ""),
        ("PARIS, 4 May (Reuters) – ", ""),
        ("NATO -- or so it says -- ", "NATO -- or so it says -- "),
    ],
)
def test_datelines_are_left_out(passage: MakePassage, start: str, kept: str) -> None:
    found = drafted("When was the library opened?", [passage(f"{start}The new library opened on Tuesday.")])
    assert found == f"{kept}The new library opened on Tuesday. [1.1]"


def test_what_reads_as_a_label_in_an_article_is_harmless(passage: MakePassage) -> None:
    text = "The new library [2.1] opened on Tuesday."
    assert drafted("When was the library opened?", [passage(text)]) == "The new library (2.1) opened on Tuesday. [1.1]"


def test_looking_back_goes_on_past_another_pronoun(passage: MakePassage) -> None:
    text = "Buses were late. Mayor Ruth Amsel spoke. She smiled. She praised the builders of the new library."
    found = drafted("Who praised the builders of the new library?", [passage(text)])
    assert found == "Mayor Ruth Amsel spoke. [1.2] She smiled. [1.3] She praised the builders of the new library. [1.4]"


def test_a_repeated_sentence_is_told_once(passage: MakePassage) -> None:
    text = "Mayor Ruth Amsel opened the new library."
    found = drafted("Who opened the new library?", [passage(text, name) for name in "abc"])
    assert found.count("Amsel") == 1


def test_another_article_that_counts_differently_is_told_too(passage: MakePassage) -> None:
    found = drafted(
        "How many passengers were injured when the ferry struck the pier?",
        [
            passage("Fourteen passengers were injured when the ferry struck the pier.", "a", publisher="Courier"),
            passage("The ferry struck the pier, and 17 passengers were injured.", "b", publisher="Wire"),
        ],
    )
    assert "Courier: Fourteen" in found
    assert "\n\nWire: The ferry struck the pier, and 17" in found


def test_it_abstains_below_its_threshold_and_with_nothing_to_read(passage: MakePassage) -> None:
    assert drafted("Who won the 2030 World Cup?", [passage("Rain fell in the morning.")], -0.6) == "INSUFFICIENT"
    assert drafted("Who?", []) == "INSUFFICIENT"
    assert drafted("What is it?", [passage("Only a heading")]) == "INSUFFICIENT"
