"""What a question says about publication."""

from datetime import UTC, datetime

import pytest

from rag.question.scope import narrowed
from rag.types import Question, Scope

NOW = datetime(2023, 11, 15, 12, tzinfo=UTC)
PUBLISHERS = ["The Harbour Courier (fictional)", "CNN", "The Times", "Time"]


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def scope_of(text: str, scope: Scope = Scope(), standalone: str = "") -> Scope:
    return narrowed(Question(text=text, asked_at=NOW, scope=scope), standalone or text, PUBLISHERS)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("What has happened since May 2023?", "2023-05-01", None),
        ("What did the articles published in May 2023 say?", "2023-05-01", "2023-06-01"),
        ("What do stories between 1 May 2023 and 3 June 2023 say?", "2023-05-01", "2023-06-04"),
        ("Is there news after May?", "2023-06-01", None),
        ("Which articles before 2020 mention him?", None, "2020-01-01"),
        ("And the coverage until 2020?", None, "2021-01-01"),
        ("What happened last week?", "2023-11-06", None),
        ("What happened yesterday?", "2023-11-14", None),
        ("What changed in the last 3 days?", "2023-11-12", None),
        ("What changed over the past few days?", "2023-11-12", None),
        ("Who resigned in the past year?", "2022-01-01", None),
        # Not about publication.
        ("What happened on 9 November?", None, None),
        ("What happened in the last week of October?", None, None),
        ("How many deaths were reported in 2020?", None, None),
        ("What was said on 9 November?", None, None),
        ("What has changed since the war?", None, None),
        ("Who won?", None, None),
    ],
)
def test_words_about_publication_narrow_the_dates(text: str, since: str | None, until: str | None) -> None:
    scope = scope_of(text)
    assert scope == Scope(since=day(since) if since else None, until=day(until) if until else None)


@pytest.mark.parametrize(
    ("text", "publishers"),
    [
        ("What happened according to the harbour Courier?", ()),
        ("What happened according to the Harbour Courier?", ("The Harbour Courier (fictional)",)),
        ("What did CNN report?", ("CNN",)),
        ("Has the Times published it?", ("The Times",)),
        ("Are there articles by CNN on it?", ("CNN",)),
        ("What was reported by CNN?", ("CNN",)),
        # What befell an outlet may be told by others.
        ("Who was fired by CNN?", ()),
        ("Did CNN lay off staff?", ()),
        ("Did the rescue come in time?", ()),
        ("What is the Times?", ()),
    ],
)
def test_an_outlet_that_is_asked_for_its_account_narrows(text: str, publishers: tuple[str, ...]) -> None:
    assert scope_of(text).publishers == publishers


def test_the_question_itself_outranks_its_history_in_naming_outlets() -> None:
    carried = "What did CNN report on Obama? What did the Times report?"
    assert scope_of("What did the Times report?", standalone=carried).publishers == ("The Times",)
    assert scope_of("And on Bush?", standalone="What did CNN report on Bush?").publishers == ("CNN",)


def test_the_users_scope_is_never_widened() -> None:
    user = Scope(since=day("2023-11-10"), until=day("2023-11-12"), publishers=("cnn",), article_ids=("a",))
    assert scope_of("What did the Times report since May 2023?", user) == user
    assert scope_of("What did CNN report?", user).publishers == ("CNN",)


def test_last_week_is_counted_from_the_day_as_of_which_is_asked() -> None:
    scope = scope_of("What happened last week?", Scope(as_of=day("2021-03-10")))
    assert scope.since == day("2021-03-01")
