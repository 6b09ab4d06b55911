"""What a question asks for, and whether a sentence holds one."""

import pytest

from rag.reader.asked import Kind, asked_for, holds


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many troops are there?", "number"),
        ("What percentage voted?", "number"),
        ("How old is he?", "number"),
        ("When did he leave?", "date"),
        ("In what year was it?", "date"),
        ("Who said so?", "person"),
        ("Whose car was it?", "person"),
        ("Where is it?", "place"),
        ("In which city was he born?", "place"),
        ("Why did he leave?", "reason"),
        ("What led to the crash?", "reason"),
        ("What did she say?", "any"),
        ("How did he die?", "any"),
    ],
)
def test_the_question_word_shows_what_is_asked_for(question: str, kind: Kind) -> None:
    assert asked_for(question) == kind


@pytest.mark.parametrize(
    ("kind", "sentence", "asked", "expected"),
    [
        ("number", "Fourteen were hurt.", "", 1.0),
        ("number", "Some 3,000 were hurt.", "", 1.0),
        ("number", "Many were hurt.", "", 0.0),
        ("date", "It was on Monday.", "", 1.0),
        ("date", "It was in 1999.", "1999", 0.0),
        ("person", "Then Ruth Amsel resigned.", "", 1.0),
        ("person", "He said so on Monday.", "", 0.0),
        ("person", "Obama's plan failed.", "obama", 0.0),
        ("place", "She lives in Paris.", "", 1.0),
        ("place", "She lives well.", "", 0.0),
        ("reason", "He left because it rained.", "", 1.0),
        ("reason", "He left.", "", 0.0),
        ("any", "He left.", "", 0.5),
    ],
)
def test_a_sentence_holds_one_beyond_the_words_of_the_question(
    kind: Kind, sentence: str, asked: str, expected: float
) -> None:
    assert holds(kind, sentence, frozenset(asked.split())) == expected
