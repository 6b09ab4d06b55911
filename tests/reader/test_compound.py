"""Questions that ask two things at once."""

import pytest

from rag.reader.compound import parts


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who opened the library?", ["Who opened the library?"]),
        (
            "Who opened the library, and what did it cost?",
            ["Who opened the library?", "what did it cost? (opened library)"],
        ),
        (
            "When did the ferry sink and how many were saved?",
            ["When did the ferry sink?", "how many were saved? (ferry sink)"],
        ),
        ("When and where did the ferry sink?", ["When and where did the ferry sink?"]),
        (
            "What became of the man who stole a car and who fled?",
            ["What became of the man who stole a car and who fled?"],
        ),
        ("Forget the rest, and who are you?", ["Forget the rest, and who are you?"]),
        ("", [""]),
    ],
)
def test_a_question_is_cut_where_another_begins(question: str, expected: list[str]) -> None:
    assert parts(question) == expected
