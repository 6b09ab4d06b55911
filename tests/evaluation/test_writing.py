"""Cases written into suite files are read back as they were, and what stood in the file still stands there."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rag.errors import DatelineError, SuiteError
from rag.evaluation.suites.cases import Asked, Case, Cited, Exchange, Expectation, ExpectedFigure, Suite
from rag.evaluation.suites.contradictions import contradictions
from rag.evaluation.suites.suitefile import read_suite
from rag.evaluation.suites.writing import append_answer, append_case, case_of, fresh_id
from rag.question.requests import make_scope
from rag.types import Answer, Citation, Question, Scope, Source, Status, Turn

CASE = Case(
    id="new",
    question="What does it cost?",
    expect=Expectation(status=Status.ANSWERED, cites=(Cited(article="a", quote="It costs £4."), Cited(article="b"))),
)

# Whatever text can be stored: quotes, colons, hashes, dashes, line breaks of every kind, emoji, Korean, numbers.
awkward = (
    st.sampled_from(
        ["no", "~", "null", "1.50", "1e6", "0x1F", "2024-05-01", "12:30", "<<", "=", "---", "...", "\\", "%"]
    )
    | st.sampled_from(["- a", "? a", "# a", "a: b", "a #b", "'", '"', "@a", "&a", "*a", "!a", "|", ">", "[a", "{a"])
    | st.sampled_from(["a\n\nb\n", "\n a", "a \nb", "a\r\nb", "a\tb", "\t", " a ", "\u2028a\u2029", "\x85", "\x00\x1b"])
    | st.sampled_from(["\ufeff", "\ufffe", "알 다리", "🦭", "e\u0301"])
)
texts = awkward | st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
listed = st.lists(texts, max_size=2).map(tuple)
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=200)
optional = st.none() | texts
moments = st.none() | st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC))
days = st.lists(st.dates(min_value=date(1900, 1, 1)), max_size=2).map(tuple)
places = st.lists(
    st.builds(Cited, article=texts, version=optional, quote=optional)
    | st.builds(Cited, article=texts, start=st.just(0), end=st.integers(1, 9)),
    max_size=2,
).map(tuple)
figures = st.lists(
    st.builds(ExpectedFigure, value=st.floats(allow_nan=False, allow_infinity=False), unit=optional), max_size=2
).map(tuple)
expectations = st.builds(
    Expectation,
    status=st.sampled_from(Status) | st.lists(st.sampled_from(Status), max_size=2).map(tuple),
    contains=listed,
    answer=listed,
    min_f1=st.none() | st.floats(0, 1),
    cites=places,
    relevant=places,
    figures=figures,
    dates=days,
    alone=optional,
    max_tokens=st.none() | st.integers(0, 9),
)
plain_cases = st.builds(
    Case,
    id=names,
    question=texts,
    history=st.lists(st.builds(Exchange, question=st.text(max_size=5), answer=texts), max_size=2).map(tuple),
    as_of=st.sampled_from([None, "2024", "May 2024", "2024-05-01"]),
    publishers=listed,
    asked_at=moments,
    tags=listed,
    skip=optional,
    expect=expectations,
)
talks = st.builds(
    Case,
    id=names,
    question=st.none(),
    conversation=st.lists(st.builds(Asked, question=texts, expect=expectations), min_size=1, max_size=2).map(tuple),
)


def passable(case: Case) -> bool:
    return not list(contradictions(case))


@settings(deadline=None, max_examples=80)
@given(case=(plain_cases | talks).filter(passable), suffix=st.sampled_from([".yaml", ".jsonl"]))
def test_a_case_is_read_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, case: Case, suffix: str) -> None:
    path = tmp_path_factory.mktemp("suite") / f"made{suffix}"
    append_case(path, case)
    assert read_suite(path) == Suite(suite="made", cases=(case,))


def test_a_case_that_nothing_can_pass_is_not_written(tmp_path: Path) -> None:
    expect = Expectation(status=Status.NOT_IN_SOURCES, cites=(Cited(article="a"),))
    with pytest.raises(SuiteError, match="'c' cannot be passed: no answer of the status not_in_sources has this"):
        append_case(tmp_path / "suite.yaml", Case(id="c", question="q", expect=expect))
    assert not (tmp_path / "suite.yaml").exists()


WRITTEN = {
    "indented": "suite: s\ncases:\n  - id: a\n    question: q   # why\n\n  # the last word\n",
    "at the margin": "# top\nsuite: s\ncases:\n- id: a\n  question: q\n",
    "far in": "suite: s\ncases:\n\n     -   id: a\n         question: q\n",
    "without an end of line": "suite: s\ncases:\n  - id: a\n    question: q",
    "with carriage returns": "suite: s\r\ncases:\r\n  - id: a\r\n    question: |\r\n      q\r\n",
    "with a mark of order": "\ufeffsuite: s\ncases:\n  - id: a\n    question: q\n",
    "without cases": "suite: s",
    "with bracketed cases inside": "suite: s\ncases:\n  - {id: a, question: q}\n",
    "with a text to its last line": "suite: s\ncases:\n  - id: a\n    question: |+\n      q\n\n\n",
    "lines": '{"suite": "s"}\n{"id": "a",  "question": "q"}\n',
    "lines without an end": '{"suite": "s"}\n{"id": "a", "question": "q"}',
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_what_stands_in_a_file_stays(tmp_path: Path, text: str) -> None:
    path = tmp_path / ("s.jsonl" if text.startswith("{") else "s.yaml")
    path.write_bytes(text.encode())
    before = read_suite(path)
    for name in ("new", "newer"):
        append_case(path, CASE.model_copy(update={"id": name}))
    assert path.read_bytes().startswith(text.encode())
    assert [case.id for case in read_suite(path).cases] == [case.id for case in before.cases] + ["new", "newer"]
    assert (b"\r\n" in text.encode()) == (path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n"))


def test_an_empty_list_of_cases_makes_room(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("suite: s  # name\ncases: []\n", encoding="utf-8")
    append_case(path, CASE)
    assert path.read_text(encoding="utf-8") == (
        "suite: s  # name\ncases:\n- id: new\n  question: What does it cost?\n  expect:\n    status: answered\n"
        "    cites:\n    - article: a\n      quote: It costs £4.\n    - b\n"
    )


REFUSED = {
    "something after the cases": "suite: s\ncases:\n- id: a\n  question: q\ntags: [t]\n",
    "cases in brackets": "suite: s\ncases: [{id: a, question: q}]\n",
    "all in brackets": "{suite: s, cases: []}\n",
    "an end of the document": "suite: s\ncases:\n- id: a\n  question: q\n...\n",
    "a text that would grow": "suite: s\ncases:\n- id: a\n  question: |\n    q",
    "a mistake": "suite: s\ncases:\n- id: a\n",
    "a used id": "suite: s\ncases:\n- id: new\n  question: q\n",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_take_the_case_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SuiteError, match=r"s\.yaml"):
        append_case(path, CASE)
    assert path.read_text(encoding="utf-8") == text
    assert {each.name for each in tmp_path.iterdir()} == {"s.yaml"}


def test_keeps_mode_and_follows_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "s.yaml", tmp_path / "link.yaml"
    path.write_text("suite: s\n", encoding="utf-8")
    path.chmod(0o640)
    link.symlink_to(path)
    append_case(link, CASE)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert len(read_suite(path).cases) == 1


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatelineError, match="Cannot write"):
        append_case(tmp_path / "file" / "s.yaml", CASE)


_APPENDS = """
import sys
from pathlib import Path
from rag.evaluation.suites.cases import Case
from rag.evaluation.suites.writing import append_case
for number in range(6):
    append_case(Path(sys.argv[1]), Case(id=f"{sys.argv[2]}{number}", question="q"))
"""


def test_many_processes_lose_no_case(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    commands = [[sys.executable, "-c", _APPENDS, str(path), each] for each in "ab"]
    for process in [subprocess.Popen(command) for command in commands]:
        assert process.wait() == 0
    ids = [case.id for case in read_suite(path).cases]
    assert sorted(ids) == [f"{each}{number}" for each in "ab" for number in range(6)]


def an_answer(status: Status = Status.ANSWERED, scope: Scope = Scope()) -> Answer:
    source = Source(article_id="a1", title="Bridge", url="https://post.example.com/bridge")
    cited = [Citation(marker=n, source=source, version="v", start=0, end=5, quote="Shut.") for n in (1, 2)]
    question = Question(
        text="And when?",
        asked_at=datetime(2024, 5, 1, 9, tzinfo=UTC),
        history=(Turn(question="What broke?", answer="The bridge."),),
        scope=scope,
    )
    return Answer(
        question=question, standalone="", scope=scope, text="Shut. [1]", status=status, citations=tuple(cited)
    )


def test_an_answer_becomes_the_case_that_it_passes() -> None:
    assert case_of(an_answer(), id="when", tags=["bridge"]) == Case(
        id="when",
        question="And when?",
        history=(Exchange(question="What broke?", answer="The bridge."),),
        asked_at=datetime(2024, 5, 1, 9, tzinfo=UTC),
        tags=("bridge",),
        expect=Expectation(
            status=Status.ANSWERED, cites=(Cited(article="https://post.example.com/bridge", quote="Shut."),)
        ),
    )
    assert case_of(an_answer(Status.NOT_IN_SOURCES), id="x").expect == Expectation(status=Status.NOT_IN_SOURCES)


@given(
    since=moments,
    until=moments,
    as_of=moments,
    days=st.sampled_from(
        [{}, {"since": "2024-02-29", "until": "2024-02-29", "as_of": "2024-02-29"}, {"as_of": "2023"}]
    ),
)
@settings(deadline=None)
def test_the_limits_of_a_question_are_kept(
    since: datetime | None, until: datetime | None, as_of: datetime | None, days: dict[str, str]
) -> None:
    assume(not (since and until) or since < until)
    said = make_scope(since=days.get("since"), until=days.get("until"), as_of=days.get("as_of"))
    scope = said if days else Scope(since=since, until=until, as_of=as_of, publishers=("Post",))
    case = case_of(an_answer(scope=scope), id="limits")
    assert make_scope(since=case.since, until=case.until, as_of=case.as_of, publishers=case.publishers) == scope
    if days.get("until"):
        assert (case.since, case.until, case.as_of) == ("2024-02-29",) * 3


def test_an_answer_is_saved_in_one_call(tmp_path: Path) -> None:
    path = tmp_path / "saved.yaml"
    saved = [append_answer(path, an_answer(), tags=["chat"]) for _ in range(2)]
    assert [case.id for case in saved] == ["and-when", "and-when-2"]
    assert read_suite(path) == Suite(suite="saved", cases=tuple(saved))


def test_ids_are_made_of_the_question() -> None:
    suite = Suite(suite="s")
    for wanted in ("what-broke", "what-broke-2", "what-broke-3"):
        assert fresh_id(suite, "What broke?!") == wanted
        suite = suite.model_copy(update={"cases": (*suite.cases, Case(id=wanted, question="q"))})
    assert fresh_id(suite, "알 다리는 언제?") == "알-다리는-언제"
    assert fresh_id(suite, "?!") == "case"
    assert len(fresh_id(suite, "word " * 500)) <= 60


def test_jsonl_lines_are_what_json_reads(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    append_case(path, CASE.model_copy(update={"question": "a\u2028b"}))
    assert [json.loads(line)["question"] for line in path.read_text(encoding="utf-8").split("\n")[1:-1]] == ["a\u2028b"]
