"""When two accounts count one thing differently."""

import pytest

from rag.reader.conflict import disagree, in_conflict
from rag.types import Citation, Source

FOURTEEN = "Fourteen passengers were injured when the ferry struck the pier on Monday."


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (FOURTEEN, "The ferry struck the pier, and 17 passengers were injured, police said.", True),
        (FOURTEEN, "When the ferry struck the pier 17 people were injured.", True),
        (FOURTEEN, "14 passengers were injured as the ferry struck the pier.", False),
        (FOURTEEN, "Three people were killed when the ferry struck the pier.", False),
        (FOURTEEN, "The mayor opened 17 new schools.", False),
        (FOURTEEN, "The ferry struck the pier on 17 May.", False),
        (
            "The bridge cost $3 million to mend, the town said.",
            "The town said to mend the bridge cost $4 million.",
            True,
        ),
        ("The bridge was mended in 2019 by the town.", "The bridge was mended in 2021 by the town.", False),
        ("Support for the mayor fell to 39%.", "Support for the mayor fell to 42% on Monday.", True),
        (FOURTEEN, "Seventeen passengers were rescued when the ferry struck the pier.", False),
        (
            "The orchestra played in the old hall for half a million listeners.",
            "The orchestra played in the old hall for 500,000 listeners.",
            False,
        ),
        (
            "The orchestra played in the old hall for nearly 300 listeners.",
            "The orchestra played in the old hall for 297 listeners.",
            False,
        ),
        (
            "The concert in the old hall began late, at 8.15 p.m.",
            "The concert in the old hall began late, at 9 p.m.",
            False,
        ),
        (
            "The school asked for a roof of 40 square metres.",
            "The tower throws a shadow of 55 square metres.",
            False,
        ),
        (
            "The theatre sold its 300 tickets in an hour.",
            "In an hour the theatre sold its £20 tickets.",
            False,
        ),
        ("", "", False),
    ],
)
def test_same_subject_other_count(one: str, other: str, expected: bool) -> None:
    assert disagree(one, other) is expected
    assert disagree(other, one) is expected


@pytest.mark.parametrize(
    ("question", "one", "other", "expected"),
    [
        (
            "How much does the bridge repair cost?",
            "Repairs will cost £3.4 million, the mayor said.",
            "Mending the cracked Arl Bridge will cost £4.1 million, according to a report by the engineer.",
            True,
        ),
        (
            "How many people marched against the wind farm?",
            "About 1,100 people marched along the sea front to protest against the wind farm, police said.",
            "A march in the town drew 1,800 people on Saturday 13 April, according to its organisers.",
            True,
        ),
        (
            "How many people were injured?",
            "Five people were injured at the docks.",
            "A fire in the old town left 12 people dead.",
            False,
        ),
        (
            "What does the Greyskerry wind farm cost?",
            "A wind farm of 74 turbines, to be built off the coast at a cost of £1.2bn, was given consent.",
            "An adult single from Pellhaven to Greyskerry Island will cost £4.26 instead of £4.00.",
            False,
        ),
        (
            "How many people does Marrable Seafoods employ?",
            "The plant employs 214 people and is the largest employer on the fish quay.",
            "Marrable Seafoods is considering closing its plant for good, two people who know of the matter said.",
            False,
        ),
        (
            "Who paid for the bridge repair?",
            "Repairs will cost £3.4 million, Mayor Oriel Tamsworth said.",
            "Mending the cracked Arl Bridge will cost £4.1 million, according to a report by the engineer.",
            False,
        ),
        (
            "How many nurses does the clinic employ?",
            "The clinic employs 31 nurses.",
            "The clinic, five nurses said, employs too few of them.",
            False,
        ),
        (
            "How many nurses does the clinic employ?",
            "The clinic employs 31 nurses.",
            "Two nurses whom the clinic employs told the paper about their pay.",
            False,
        ),
        (
            "How many guards work at the prison?",
            "The prison has 90 guards who work at night.",
            "Of the guards who work at the prison, most have been there for eight years.",
            False,
        ),
        (
            "Do the papers and their sources agree on how many trees the storm felled?",
            "The storm felled 350 trees.",
            "Some 900 trees were felled by the storm, foresters said.",
            True,
        ),
    ],
)
def test_two_answers_to_a_question_for_a_figure(question: str, one: str, other: str, expected: bool) -> None:
    assert disagree(one, other, question) is expected
    assert disagree(other, one, question) is expected


def citation(article: str, quote: str) -> Citation:
    source = Source(article_id=article, title="t")
    return Citation(marker=1, source=source, version="v", start=0, end=len(quote), quote=quote)


def test_an_article_does_not_contradict_itself() -> None:
    later = "The ferry struck the pier and 17 passengers were injured."
    assert in_conflict([citation("a", FOURTEEN), citation("b", later)])
    assert not in_conflict([citation("a", FOURTEEN), citation("a", later)])
    assert not in_conflict([])
