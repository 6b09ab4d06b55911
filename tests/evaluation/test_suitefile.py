"""Suite files: what people write is understood, and every mistake is told with its line."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import SuiteError
from rag.evaluation.suites.cases import Case, Cited, ExpectedFigure
from rag.evaluation.suites.parsing import yaml_value
from rag.evaluation.suites.schema import suite_schema
from rag.evaluation.suites.suitefile import case_lines, problems, read_suite, suite_of
from rag.types import Status

SCHEMA = jsonschema.Draft202012Validator(
    suite_schema(), format_checker=jsonschema.FormatChecker(formats=["date", "regex"])
)


def suite_file(folder: Path, text: str | bytes, name: str = "suite.yaml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def a_case(fields: str) -> str:
    """Return a suite of one case, whose fields begin in line 5."""
    lines = "".join(f"    {line}\n" for line in fields.splitlines())
    return f"suite: s\ncases:\n  - id: a\n    question: q\n{lines}"


def only_case(folder: Path, fields: str) -> Case:
    (case,) = read_suite(suite_file(folder, a_case(fields))).cases
    return case


EVERYTHING = """\
# yaml-language-server: $schema=suite.schema.json
suite: harbour
version: 1
description: All that a suite can say.
corpus: {folder: articles, digest: 85a9b1ee6a474ea8}
asked_at: 2024-06-01T12:00:00+01:00
tags: [harbour, daily]
cases:
  - id: cost
    question: What does it cost?
    history: [{question: What broke?, answer: The bridge.}]
    since: 2024-02-01
    until: May 2024
    as_of: 2024
    publishers: [Harbour Post]
    articles: [a]
    asked_at: 2024-05-01
    tags: [money]
    xfail: The figure is in a table.
    expect:
      status: [answered, conflicting]
      contains: [million]
      any_of: [£4.1, "4.1"]
      excludes: [dollar]
      matches: ['£\\d']
      answer: [£4.1 million]
      min_f1: 0.5
      forbids: [It is free.]
      cites: [{article: a, quote: costs £4.1 million}]
      cites_any: [{article: a, version: 85a9b1ee6a474ea8, start: 0, end: 9}]
      cites_none: [{article: b}]
      relevant: [a]
      figures: [{value: 4100000, unit: £, tolerance: 0.01}]
      dates: [2024-02-16]
      language: en
      searched: [bridge]
      alone: What does the bridge cost?
      max_seconds: 5
      max_cost: 0
      max_tokens: 1000
      scorers: [checks.own:polite]
  - id: talk
    conversation:
      - question: Who is she?
      - question: When did she speak?
        since: 2024-01-01
        expect: {status: not_in_sources}
"""


def test_reads_a_suite_with_every_field(tmp_path: Path) -> None:
    suite = read_suite(suite_file(tmp_path, EVERYTHING))
    assert suite.asked_at == datetime(2024, 6, 1, 11, tzinfo=UTC)
    cost, talk = suite.cases
    assert cost.asked_at == datetime(2024, 5, 1, tzinfo=UTC)
    assert (cost.since, cost.until, cost.as_of) == ("2024-02-01", "May 2024", "2024")
    assert cost.expect.figures == (ExpectedFigure(value=4_100_000, unit="£", tolerance=0.01),)
    assert [asked.expect.statuses for asked in talk.turns] == [(), (Status.NOT_IN_SOURCES,)]


# What YAML 1.1 takes for something else, and one value where a list may stand.
SHORT = [
    ("contains: no", "contains", ("no",)),
    ("contains: on", "contains", ("on",)),
    ("contains: true", "contains", ("true",)),
    ("contains: 12:30", "contains", ("12:30",)),
    ("answer: 61", "answer", ("61",)),
    ("answer: 1.50", "answer", ("1.50",)),
    ("answer: [007, 1_000, 0x1F, 1e3, -.5, .inf]", "answer", ("007", "1_000", "0x1F", "1e3", "-.5", ".inf")),
    ("answer: 2024-05-01", "answer", ("2024-05-01",)),
    (f"answer: {'9' * 5000}", "answer", ("9" * 5000,)),
    ("answer: '61'", "answer", ("61",)),
    ("language: no", "language", "no"),
    ("dates: 2024-05-01", "dates", (date(2024, 5, 1),)),
    ("cites: Arl Bridge shut", "cites", (Cited(article="Arl Bridge shut"),)),
    ("cites: [a, {article: 12e4, quote: b}]", "cites", (Cited(article="a"), Cited(article="12e4", quote="b"))),
    ("relevant: {article: a, quote: b}", "relevant", (Cited(article="a", quote="b"),)),
    ("figures: 4.1", "figures", (ExpectedFigure(value=4.1),)),
    ("figures: [-3, {value: .5}]", "figures", (ExpectedFigure(value=-3), ExpectedFigure(value=0.5))),
    ("status: answered", "status", Status.ANSWERED),
    ("max_tokens: 0", "max_tokens", 0),
    ("scorers: own:polite", "scorers", ("own:polite",)),
]


@pytest.mark.parametrize(("field", "name", "meant"), SHORT, ids=[field[:40] for field, _, _ in SHORT])
def test_what_people_write_is_what_they_mean(tmp_path: Path, field: str, name: str, meant: object) -> None:
    case = only_case(tmp_path, f"expect: {{{field}}}" if "\n" not in field else field)
    assert getattr(case.expect, name) == meant
    assert SCHEMA.is_valid(yaml_value(a_case(f"expect: {{{field}}}")))


@pytest.mark.parametrize("when", ["2024-05-01", "'2024-05-01'", "2024", "May 2024", "2024-05-01T09:00:00Z"])
def test_dates_need_no_quotes(tmp_path: Path, when: str) -> None:
    assert only_case(tmp_path, f"as_of: {when}").as_of == when.strip("'")


# The line, the beginning of what is said, and the fields of a case; those from line 5 on.
MISTAKES = [
    (6, "case a, expect.contians: there is no field 'contians'; did you mean contains?", "expect:\n  contians: x"),
    (5, "case a, contains: the field contains stands under expect", "contains: x"),
    (6, "case a, expect.tags: the field tags stands beside the question", "expect:\n  tags: x"),
    (5, "case a, corpus: the field corpus stands at the top of the suite", "corpus: {folder: x}"),
    (5, "case a, zebra: there is no field 'zebra'; there are since, until", "zebra: 1"),
    (6, "case a, expect.status: 'answerd' is none of 'answered', ", "expect:\n  status: answerd"),
    (7, "case a, expect.status[0]: 'x' is none of 'answered', ", "expect:\n  status:\n    - x"),
    (7, "case a, expect.matches[0]: not a regular expression: ", "expect:\n  matches:\n    - '('"),
    (5, "case a, since: not a date: 'someday'; write one such as", "since: someday"),
    (5, "case a, as_of: not a date: '2024-13-01'", "as_of: 2024-13-01"),
    (
        7,
        "case a, expect.matches[0]: not a regular expression: Possible nested set",
        "expect:\n  matches:\n    - '[[a]'",
    ),
    (5, "case a, asked_at: write a moment such as", "asked_at: noon"),
    (5, "case a, asked_at: write a moment such as", "asked_at: 0001-01-01T00:00:00+14:00"),
    (5, "case a, asked_at: write a moment such as", "asked_at: 1714550400"),
    (6, "case a, expect.dates[1]: write a day such as", "expect:\n  dates: [2024-05-01, May]"),
    (6, "case a, expect.language: 'English' is no language", "expect:\n  language: English"),
    (6, "case a, expect.scorers: 'os.system' is no import path", "expect:\n  scorers: os.system"),
    (6, "case a, expect.min_f1: '2' should be less than or equal to 1", "expect:\n  min_f1: 2"),
    (6, "case a, expect.max_seconds: a number is needed here, not '5s'", "expect:\n  max_seconds: 5s"),
    (6, "case a, expect.max_tokens: a whole number is needed here, not '1.5'", "expect:\n  max_tokens: 1.5"),
    (6, "case a, expect.figures.value: a number is needed here, not '4'", "expect:\n  figures: {value: '4'}"),
    (6, "case a, expect.figures: a group of fields is needed here", "expect:\n  figures: four"),
    (6, "case a, expect.cites: article is missing", "expect:\n  cites: {quote: x}"),
    (6, "case a, expect.cites: start and end go together", "expect:\n  cites: {article: x, start: 1}"),
    (6, "case a, expect.cites: give a quote, or", "expect:\n  cites: {article: x, start: 1, end: 2, quote: x}"),
    (6, "case a, expect.contains: a list is needed here, not nothing", "expect:\n  contains:"),
    (6, "case a, expect.contains[0]: a text is needed here, not a list", "expect:\n  contains: [[x]]"),
    (6, "case a, expect.contains: the text is empty", "expect:\n  contains: ''"),
    (5, "case a, expect: a group of fields is needed here, not 'answered'", "expect: answered"),
    (3, "case a: give a question, or a conversation", "conversation: [{question: x}]"),
    (5, "case a, conversation[0]: question is missing", "conversation: [{expect: {}}]"),
    (5, "case a, history[0]: answer is missing", "history: [{question: x}]"),
]
# What the schema cannot know.
BEYOND_SCHEMA = ("not a date", "Possible nested set", "write a moment", "give a quote, or a start and a later")


@pytest.mark.parametrize(("line", "said", "fields"), MISTAKES, ids=[said[8:60] for _, said, _ in MISTAKES])
def test_a_mistake_is_told_with_its_line(tmp_path: Path, line: int, said: str, fields: str) -> None:
    path = suite_file(tmp_path, a_case(fields))
    found = problems(path)
    assert [(each.line, str(each)[: len(said)]) for each in found][:1] == [(line, said)]
    with pytest.raises(SuiteError, match=f"suite.yaml:{line}: case a"):
        read_suite(path)
    if not any(words in str(found[0]) for words in BEYOND_SCHEMA):
        assert not SCHEMA.is_valid(yaml_value(a_case(fields)))


AT_ODDS = [
    (6, "case a, until: it is before since ('May 2024')", "since: May 2024\nuntil: 2024-04-30\nexpect: {contains: x}"),
    (
        6,
        "case a, until: it is before since ('today')",
        "since: today\nuntil: yesterday\nexpect: {status: [answered, not_in_sources]}",
    ),
    (
        9,
        "case a, expect.excludes[1]: 'ARL' stands under contains too",
        "expect:\n  contains: [Arl, x]\n  excludes:\n    - y\n    - ARL",
    ),
    *(
        (
            7,
            f"case a, expect.{name}: no answer of the status not_in_sources has this",
            f"expect:\n  status: not_in_sources\n  {name}: {value}",
        )
        for name, value in {"answer": 7, "cites": "a", "cites_any": "a", "figures": 7, "dates": "2024-05-01"}.items()
    ),
    (7, "case a, expect.cites: no answer of", "expect:\n  status: [not_in_sources]\n  cites: [a]"),
]


@pytest.mark.parametrize(("line", "said", "fields"), AT_ODDS, ids=[said[8:40] for _, said, _ in AT_ODDS])
def test_a_case_that_nothing_can_pass_is_refused(tmp_path: Path, line: int, said: str, fields: str) -> None:
    path = suite_file(tmp_path, a_case(fields))
    assert [(each.line, str(each)[: len(said)]) for each in problems(path)] == [(line, said)]
    with pytest.raises(SuiteError, match=f"suite.yaml:{line}: case a"):
        read_suite(path)


def test_a_contradiction_in_a_conversation_has_the_line_of_its_field(tmp_path: Path) -> None:
    turns = "  - question: r\n  - question: t\n    since: 2024\n    until: 2023\n    expect: {contains: x}\n"
    text = f"suite: s\ncases:\n- id: a\n  conversation:\n{turns}"
    assert [(each.line, each.where) for each in problems(suite_file(tmp_path, text))] == [
        (8, "case a, conversation[1].until")
    ]


@pytest.mark.parametrize(
    "fields",
    [
        "since: 2024-05-01\nuntil: 2024-05-01",
        "since: 2024-05-01\nuntil: 2024",
        "since: 2024\nuntil: yesterday",
        "since: Friday\nuntil: Monday",
        "since: 2024\nuntil: 2023\nexpect: {status: not_in_sources}",
        "expect: {status: not_in_sources, contains: do not say, excludes: [say], cites_none: a}",
        "expect: {status: [not_in_sources, answered], cites: a}",
    ],
)
def test_what_an_answer_can_pass_is_no_contradiction(tmp_path: Path, fields: str) -> None:
    only_case(tmp_path, fields)


def test_contradictions_and_cases_that_expect_nothing_are_told_together(tmp_path: Path) -> None:
    impossible = "{id: b, question: q, since: 2024, until: 2023}"
    text = f"suite: s\ncases:\n- {{id: a, question: q}}\n- {impossible}\n"
    assert [(each.line, each.where) for each in problems(suite_file(tmp_path, text))] == [
        (3, "case a"),
        (4, "case b, until"),
        (4, "case b"),
    ]


def test_a_case_that_expects_nothing_is_told_and_can_be_run(tmp_path: Path) -> None:
    talk = "conversation: [{question: q}, {question: q%s}]"
    cases = [
        "question: q",
        "question: q, expect: {}",
        talk % "",
        talk % ", expect: {status: answered}",
        "question: q, skip: later",
        "question: q, expect: {reference: r}",
    ]
    rows = "".join(f"- {{id: {number}, {fields}}}\n" for number, fields in enumerate(cases))
    path = suite_file(tmp_path, f"suite: s\ncases:\n{rows}")
    said = "expects nothing, and passes whatever is answered; say at least a status"
    assert [(each.line, str(each)) for each in problems(path)] == [(3 + n, f"case {n}: {said}") for n in range(3)]
    assert len(read_suite(path).cases) == len(cases)


# What is wrong with the form of a file, and in which line.
FORMS: list[tuple[int, str, str | bytes]] = [
    (1, "the file is empty", ""),
    (1, "the file is empty", "# only a comment\n"),
    (1, "begin with `suite: NAME`", "- id: a\n"),
    (1, "suite is missing", "cases: []\n"),
    (1, "'2' is not 1", "version: 2\nsuite: s\n"),
    (2, "a tab in the indent", "suite: s\n\tcases: []\n"),
    (5, "a tab in the indent", "suite: s\ncases:\n  - id: a\n    question: |\n\t\tq\n"),
    (3, "a colon where no field can begin", "suite: s\ncases:\n  - id: What: this\n"),
    (4, "a colon where no field can begin", "suite: s\ncases:\n  - id: a\n      question: q\n"),
    (4, "give the fields of one thing the same indent", "suite: s\ncases:\n  - id: a\n   question: q\n"),
    (3, "a quotation mark opens here", "suite: s\ncases:\n  - id: 'a\n    question: q\n"),
    (2, "a bracket opens here", "suite: s\ntags: [a, b\ncases: []\n"),
    (2, "a line without a field's name", "suite: s\nAll about it\ncases: []\n"),
    (2, "a value is missing here", "suite: s\ntags: [,]\n"),
    (2, "begin all fields of the suite at the margin", "  suite: s\ncases: []\n"),
    (2, "this character cannot begin", "suite: s\ndescription: %d\n"),
    (2, "tags (!name) are not read", "suite: s\ndescription: !!python/object/apply:os.system [ls]\n"),
    (2, "anchors (&name) are not read", "suite: s\ncases: &c []\n"),
    (2, "aliases (*name) are not read", "suite: s\ncases: *c\n"),
    (3, "'suite' stands twice, first in line 1", "suite: s\ncases: []\nsuite: t\n"),
    (1, "nested too deeply", "[" * 100_000),
    (3, "a second document begins here", "suite: s\ncases: []\n---\nsuite: t\n"),
    (2, "the character '\\x00' cannot be read", "suite: s\ndescription: \0\n"),
    (1, "not UTF-8", "suite: s\n".encode("utf-16")),
    (2, "not UTF-8", b"suite: s\ndescription: caf\xe9\n"),
    (2, "the name of a field must be a word", "suite: s\n[a]: b\n"),
    (2, "a group of fields is needed here, not 'x'", "suite: s\ncases: [x]\n"),
    (2, "give a folder or a library", "suite: s\ncorpus: {folder: a, library: b}\n"),
]


@pytest.mark.parametrize(("line", "said", "text"), FORMS, ids=range(len(FORMS)))
def test_a_file_of_the_wrong_form_is_explained(tmp_path: Path, line: int, said: str, text: str | bytes) -> None:
    path = suite_file(tmp_path, text)
    found = problems(path)
    assert said in str(found[0])
    with pytest.raises(SuiteError) as refused:
        read_suite(path)
    assert "\n" not in str(refused.value)
    assert f"suite.yaml:{line}:" in str(refused.value)


def test_all_mistakes_are_listed_by_line(tmp_path: Path) -> None:
    text = "suite: s\nextra: 1\ncases:\n- id: a\n  question: q\n- id: a\n  question: q\n- question: r\n  since: x\n"
    assert [(each.line, each.where) for each in problems(suite_file(tmp_path, text))] == [
        (2, "extra"),
        (6, "case a, id"),
        (8, "case number 3"),
        (9, "case number 3, since"),
    ]
    with pytest.raises(SuiteError, match="and 3 more; `dateline eval validate"):
        read_suite(tmp_path / "suite.yaml")


def test_names_in_a_file_cannot_break_a_message_into_lines(tmp_path: Path) -> None:
    text = 'suite: s\ncases:\n- {id: "a\\nb", "c\\nd": 1}\n- {id: "a\\nb", "c\\nd": 1}\n'
    twice = text.replace("1}\n-", '1, "c\\nd": 2}\n-')
    for written, mistakes in ((text, 5), (twice, 1)):
        found = problems(suite_file(tmp_path, written))
        assert len(found) == mistakes
        assert not any("\n" in str(each) for each in found)


def test_ids_that_are_the_same_number_or_text_are_the_same(tmp_path: Path) -> None:
    path = suite_file(tmp_path, "suite: s\ncases: [{id: 1, question: q}, {id: '1', question: q}]\n")
    assert [str(each) for each in problems(path)] == [
        "case 1, id: the case in line 2 has this id already; ids must differ"
    ]


def test_a_jsonl_suite_has_its_fields_in_the_first_line(tmp_path: Path) -> None:
    rows = [
        {"suite": "s", "tags": "t"},
        {"id": 1, "question": "q", "expect": {"answer": 1.5, "cites": "a"}},
        {"id": "two", "question": "line\u2028separator"},
    ]
    text = "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\r\n"
    path = suite_file(tmp_path, "\ufeff" + text, "s.jsonl")
    suite = read_suite(path)
    assert (suite.suite, suite.tags, [case.id for case in suite.cases]) == ("s", ("t",), ["1", "two"])
    assert suite.cases[0].expect.answer == ("1.5",)
    assert case_lines(path) == {"1": 3, "two": 5}


def test_a_case_has_its_line_under_the_id_that_it_is_read_by(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    rows = ('{"suite": "s"}', *(f'{{"id": {name}, "question": "Why?"}}' for name in ("true", "7", "1.50", '"x"')))
    path.write_text("\n".join(rows), encoding="utf-8")
    assert case_lines(path) == {"true": 2, "7": 3, "1.50": 4, "x": 5}
    assert [case.id for case in read_suite(path).cases] == list(case_lines(path))


JSONL_MISTAKES = [
    (1, "the file is empty", ""),
    (1, "the first line is about the suite itself", '{"id": "a", "question": "q"}\n'),
    (1, "the first line is about the suite itself", "[]\n"),
    (1, "the cases stand in lines of their own", '{"suite": "s", "cases": []}\n'),
    (2, "not JSON: Expecting ',' delimiter at column 12", '{"suite": "s"}\n{"id": "a" "question": "q"}\n'),
    (2, "nested too deeply", '{"suite": "s"}\n' + "[" * 100_000),
    (2, "'id' stands twice", '{"suite": "s"}\n{"id": "a", "id": "b", "question": "q"}\n'),
    (2, "NaN is no number", '{"suite": "s"}\n{"id": "a", "question": "q", "expect": {"figures": NaN}}\n'),
    (2, "Infinity", '{"suite": "s"}\n{"id": "a", "question": "q", "expect": {"figures": Infinity}}\n'),
    (2, "a finite number is needed", '{"suite": "s"}\n{"id": "a", "question": "q", "expect": {"figures": 1e999}}\n'),
    (2, "half of a surrogate pair", '{"suite": "s"}\n{"id": "a", "question": "\\ud800"}\n'),
    (3, "expect.status: 'x' is none of", '{"suite": "s"}\n\n{"id": "a", "question": "q", "expect": {"status": "x"}}\n'),
    (2, "control character", '{"suite": "s"}\n{"id": "a\\nb", "question": "q"}\n'),
]


@pytest.mark.parametrize(("line", "said", "text"), JSONL_MISTAKES, ids=[said for _, said, _ in JSONL_MISTAKES])
def test_a_mistake_in_jsonl_is_told_with_its_line(tmp_path: Path, line: int, said: str, text: str) -> None:
    found = problems(suite_file(tmp_path, text, "s.jsonl"))
    assert found[0].line == line
    assert said in str(found[0])


def test_one_bad_row_does_not_hide_another(tmp_path: Path) -> None:
    text = '{"suite": "s"}\n{\n{"id": "a"}\n{"id": "b", "question": 1, "x": 2}\n'
    assert [each.line for each in problems(suite_file(tmp_path, text, "s.jsonl"))] == [2, 3, 4]


def test_a_large_suite_is_read_whole(tmp_path: Path) -> None:
    rows = [{"suite": "large"}] + [
        {
            "id": f"q{number}",
            "question": f"What happened on day {number}?",
            "as_of": f"20{number % 30:02d}-05-01",
            "expect": {
                "status": "answered",
                "answer": [str(number)],
                "cites": [{"article": f"a{number}", "quote": "q"}],
            },
        }
        for number in range(10_000)
    ]
    suite = read_suite(suite_file(tmp_path, "\n".join(map(json.dumps, rows)), "large.jsonl"))
    assert len(suite.cases) == 10_000
    assert suite.cases[-1].expect.cites == (Cited(article="a9999", quote="q"),)


@pytest.mark.parametrize("name", ["suite.json", "suite", "suite.yaml", "folder.yaml"])
def test_what_is_no_suite_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(SuiteError, match=r"no suite file|Cannot read"):
        read_suite(tmp_path / name)


@pytest.mark.parametrize("text", [a_case("tags: [x]"), '{"suite": "s"}\n\n{"id": "a", "question": "q"}\n'])
def test_says_in_which_line_a_case_begins(tmp_path: Path, text: str) -> None:
    path = suite_file(tmp_path, text, "s.jsonl" if text.startswith("{") else "s.yaml")
    assert case_lines(path) == {"a": 3}


yamlish = st.lists(
    st.sampled_from(
        ["suite: s\n", "cases:\n", "- id: a\n", "  question: q\n", "  expect:\n", "    answer: ", '{"suite": ']
    )
    | st.sampled_from(
        ["[", "]", "{", "}", ",", "'", '"', "|\n", ">-\n", "#", "&a ", "*a", "!t ", "\t", "\n", "---\n", "%"]
    )
    | st.sampled_from(["- ", "? ", ": ", "\\", "\r", "...\n"])
    | st.text(max_size=3),
    max_size=12,
).map(lambda parts: "".join(parts).encode(errors="surrogatepass"))


@settings(deadline=None)
@given(content=yamlish | st.binary(max_size=30), name=st.sampled_from(["s.yaml", "s.jsonl"]))
def test_no_file_brings_the_reader_down(content: bytes, name: str) -> None:
    try:
        suite_of(content, Path(name))
    except SuiteError as error:
        assert str(error).startswith(f"{name}:")
