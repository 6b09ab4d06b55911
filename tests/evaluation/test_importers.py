"""Public question sets become suites that can be run: real files of each form, in words of our own."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from ingest import compose, ingest
from ingest.clean import clean
from rag.errors import ConfigurationError
from rag.evaluation.evidence import Evidence, found_in
from rag.evaluation.importers import FORMS, Imported
from rag.evaluation.importers.expecting import quote
from rag.evaluation.importers.writing import LONGEST
from rag.evaluation.suites.cases import Case, Suite
from rag.evaluation.suites.suitefile import problems, read_suite
from rag.library import open_library
from rag.sentences import sentences
from rag.testing import HashingEmbedder
from rag.types import Status
from tests.conftest import Dateline

FERRY = (
    "The ferry Corrin Belle returned to Hallow Sound on Monday. It had been away for eleven weeks.\n\n"
    "Repairs to its gearbox cost £640,000, the operator said."
)
ORCHARD = "Pickers at Dunmere began their strike in the first week of October. They ask for £14 an hour."

Import = Callable[..., tuple[Suite, Imported]]


@pytest.fixture
def imported(tmp_path: Path) -> Import:
    """Import files, read the suite, ingest its articles, and see that every place that it names is found there."""

    def run(form: str, *paths: Path, limit: int | None = None) -> tuple[Suite, Imported]:
        found = FORMS[form](paths, tmp_path / "out", limit=limit)
        suite = read_suite(found.suite)
        assert not problems(found.suite)
        assert len(suite.cases) == found.cases
        if suite.corpus.folder is not None:
            _all_places_are_found(suite, found.suite.parent / suite.corpus.folder, found.articles, tmp_path / "library")
        return suite, found

    return run


def _all_places_are_found(suite: Suite, articles: Path, count: int, place: Path) -> None:
    embedder = HashingEmbedder()
    with closing(open_library(place, model=embedder.name, dimension=embedder.dimension, create=True)) as library:
        report = ingest([articles], library, embedder)
        assert not report.failed
        assert library.count() == count
        evidence = Evidence(library, embedder)
        for case in suite.cases:
            if case.about is not None:
                evidence.article_id(case.about)
            for turn in case.turns:
                for cited in (*turn.expect.relevant, *turn.expect.cites_any):
                    article_id = evidence.article_id(cited.article)
                    version = library.article(article_id).version
                    assert evidence.places(cited, article_id=article_id, version=version)


def write(path: Path, value: object) -> Path:
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def write_lines(path: Path, *rows: object) -> Path:
    return write(path, "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))


def write_table(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path


def case_of(suite: Suite, question: str) -> Case:
    return next(case for case in suite.cases if case.turns[-1].question == question)


def told(found: Imported) -> list[str]:
    return [str(failure) for failure in found.failed]


def at(text: str, words: str) -> dict[str, object]:
    return {"text": words, "answer_start": text.index(words)}


class TestSquad:
    def test_answers_unanswerable_questions_and_paragraphs(self, imported: Import, tmp_path: Path) -> None:
        qas = [
            {
                "id": "q1",
                "question": "How much did the repairs cost?",
                "answers": [at(FERRY, "£640,000"), at(FERRY, "£640,000"), at(FERRY, "cost £640,000")],
                "is_impossible": False,
            },
            {
                "id": "q2",
                "question": "Who built the ferry?",
                "answers": [],
                "plausible_answers": [at(FERRY, "operator")],
                "is_impossible": True,
            },
        ]
        old = [{"id": "q3", "question": "What do the pickers ask for?", "answers": [at(ORCHARD, "£14 an hour")]}]
        paragraphs = [{"context": FERRY, "qas": qas}, {"context": ORCHARD, "qas": old}]
        data = write(
            tmp_path / "dev.json", {"version": "v2.0", "data": [{"title": "Two_tales", "paragraphs": paragraphs}]}
        )
        suite, found = imported("squad", data)
        assert (found.articles, found.cases, found.failed, found.left_out) == (2, 3, (), {})
        first, second, third = suite.cases
        assert first.id == "q1"
        assert first.expect.answer == ("£640,000", "cost £640,000")
        assert [place.quote for place in first.expect.relevant] == [
            "Repairs to its gearbox cost £640,000, the operator said."
        ]
        assert second.expect.statuses == (Status.NOT_IN_SOURCES,)
        assert not second.expect.relevant
        assert second.tags == ("unanswerable",)
        assert second.about == first.about == "Two tales#1"
        assert third.about == "Two tales#2"

    def test_a_broken_question_is_told_and_the_others_go_on(self, imported: Import, tmp_path: Path) -> None:
        good = {"id": "good", "question": "What cost £640,000?", "answers": [at(FERRY, "gearbox")]}
        moved = {"id": "moved", "question": "Where?", "answers": [{"text": "Hallow Sound", "answer_start": 3}]}
        none = {"id": "none", "question": "When?", "answers": []}
        half = {"id": "half", "question": "\ud800", "answers": [at(FERRY, "gearbox")]}
        paragraph = {"context": FERRY, "qas": [moved, None, none, {"answers": 3}, half, good]}
        data = write(tmp_path / "a.json", {"data": [{"title": "T", "paragraphs": [paragraph, {"context": 5}]}]})
        broken = write(tmp_path / "b.json", "{")
        suite, found = imported("squad", data, broken, tmp_path / "absent.json")
        assert [case.id for case in suite.cases] == ["good"]
        assert told(found) == [
            f"{data}, article 1, paragraph 1, question 1: its answer 'Hallow Sound' does not stand at character 3",
            f"{data}, article 1, paragraph 1, question 2: an object is missing where one belongs",
            f"{data}, article 1, paragraph 1, question 3: it has no answer, and is not marked as impossible",
            f"{data}, article 1, paragraph 1, question 4: it has no question",
            f"{data}, article 1, paragraph 1, question 5: it holds half of a surrogate pair, which is no character",
            f"{data}, article 1, paragraph 2: it has no context",
            f"{broken}: it is not valid JSON (Expecting property name enclosed in double quotes, column 2)",
            f"{tmp_path / 'absent.json'}: it could not be read (No such file or directory)",
        ]


def mrqa_row(context: str, *qas: object) -> dict[str, object]:
    return {"id": "", "context": context, "qas": list(qas)}


class TestMrqa:
    def test_compressed_lines_with_marks_and_inclusive_ends(self, imported: Import, tmp_path: Path) -> None:
        context = f"[DOC] [TLE] Ferry back [PAR] {FERRY} [DOC] {ORCHARD}"
        spans = [[start, start + len("ferry") - 1] for start in (context.index("ferry"), context.index("ferry"))]
        cost = context.index("£640,000")
        row = mrqa_row(
            context,
            {
                "qid": "a",
                "question": "What did it cost?",
                "answers": ["£640,000"],
                "detected_answers": [{"text": "£640,000", "char_spans": [[cost, cost + 7]], "token_spans": [[1, 1]]}],
            },
            {"qid": "b", "question": "What returned?", "detected_answers": [{"text": "ferry", "char_spans": spans}]},
        )
        path = tmp_path / "News.jsonl.gz"
        with gzip.open(path, "wt", encoding="utf-8") as file:
            file.write(json.dumps({"header": {"dataset": "News", "mrqa_split": "dev"}}) + "\n" + json.dumps(row) + "\n")
        suite, found = imported("mrqa", path)
        assert (found.articles, found.cases, found.failed) == (1, 2, ())
        assert suite.cases[0].expect.answer == ("£640,000",)
        assert suite.cases[1].expect.answer == ("ferry",)
        assert len(suite.cases[1].expect.relevant) == 1

    def test_broken_lines_are_told(self, imported: Import, tmp_path: Path) -> None:
        asked = {"qid": "x", "question": "What?"}
        rows = [
            "[" * 100_000,
            "not json",
            mrqa_row(ORCHARD, asked | {"detected_answers": [{"char_spans": [[5, 2]]}]}),
            mrqa_row(ORCHARD, asked | {"detected_answers": [{"char_spans": [[900, 905]]}]}),
            mrqa_row(ORCHARD, asked | {"detected_answers": []}),
            mrqa_row(ORCHARD, asked | {"detected_answers": [{"char_spans": [[0, 6]]}]}),
        ]
        path = write_lines(tmp_path / "set.jsonl", *rows)
        cut = tmp_path / "cut.jsonl.gz"
        cut.write_bytes(gzip.compress(json.dumps(mrqa_row(FERRY)).encode())[:60])
        suite, found = imported("mrqa", path, cut)
        assert len(suite.cases) == 1
        assert told(found) == [
            f"{path}, line 1: it is nested too deeply",
            f"{path}, line 2: it is not valid JSON (Expecting value, column 1)",
            f"{path}, line 3, question 1: char_spans [5, 2] are no places in the context",
            f"{path}, line 4, question 1: its answer, characters 900 to 906, is outside the text",
            f"{path}, line 5, question 1: none of its answers is placed in the context",
            f"{cut}: it is damaged (Compressed file ended before the end-of-stream marker was reached)",
        ]


def answer(words: str) -> dict[str, int]:
    return {"s": FERRY.index(words), "e": FERRY.index(words) + len(words)}


class TestNewsqa:
    def test_the_combined_json(self, imported: Import, tmp_path: Path) -> None:
        questions = [
            {"q": "How long was it away?", "consensus": answer("eleven weeks"), "isQuestionBad": 0.0, "answers": []},
            {"q": "Who is the captain?", "consensus": {"noAnswer": True}},
            {"q": "The the what?", "consensus": {"badQuestion": True}},
            {"q": "Which one?", "consensus": {"s": "3"}},
        ]
        story = {"storyId": "./cnn/stories/1.story", "type": "dev", "text": FERRY, "questions": questions}
        path = write(tmp_path / "combined-newsqa-data-v1.json", {"data": [story], "version": "1"})
        suite, found = imported("newsqa", path)
        assert (found.articles, found.cases) == (1, 2)
        assert found.left_out == {"the question is marked as bad": 1}
        assert told(found) == [f"{path}, story 1, question 4: s is no place in the text"]
        assert case_of(suite, "How long was it away?").expect.answer == ("eleven weeks",)
        assert case_of(suite, "How long was it away?").tags == ("dev",)
        assert case_of(suite, "Who is the captain?").expect.statuses == (Status.NOT_IN_SOURCES,)

    def test_the_combined_csv(self, imported: Import, tmp_path: Path) -> None:
        weeks, cost = ("{s}:{e}".format_map(answer(words)) for words in ("eleven weeks", "£640,000"))
        row = {"story_id": "1", "is_answer_absent": "0.0", "is_question_bad": "?", "validated_answers": ""}
        rows = [
            row | {"question": "How long?", "answer_char_ranges": f"{weeks}|{cost}|{weeks}"},
            row
            | {
                "question": "How much?",
                "answer_char_ranges": weeks,
                "validated_answers": f'{{"{cost}": 2, "none": 1}}',
            },
            row | {"question": "Who?", "answer_char_ranges": "None|None"},
            row | {"question": "Eh?", "answer_char_ranges": "None", "is_question_bad": "0.75"},
            row
            | {
                "question": "Split?",
                "answer_char_ranges": weeks,
                "validated_answers": f'{{"{cost}": 1, "none": 1, "1:2": 1}}',
            },
            row | {"question": "Where?", "answer_char_ranges": "9000:9004"},
        ]
        table = [each | {"story_text": FERRY.replace("\n", "\r\n")} for each in rows]
        path = write_table(tmp_path / "combined-newsqa-data-v1.csv", table)
        suite, found = imported("newsqa", path)
        assert case_of(suite, "How long?").expect.answer == ("eleven weeks",)
        assert case_of(suite, "How much?").expect.answer == ("£640,000",)
        assert not case_of(suite, "Who?").expect.answerable
        assert not case_of(suite, "Split?").expect.answerable
        assert found.left_out == {"the question is marked as bad": 1}
        assert len(told(found)) == 1
        assert "its answer is outside the text" in told(found)[0]

    def test_a_table_without_places(self, imported: Import, tmp_path: Path) -> None:
        row = {"story_id": "1", "question": "Who?", "story_text": FERRY, "is_question_bad": "0"}
        rows = [row | {"answer_char_ranges": ranges} for ranges in ("", "4:x", "None")]
        path = write_table(tmp_path / "set.csv", rows)
        suite, found = imported("newsqa", path)
        assert len(suite.cases) == 1
        assert [failure.split(": ", 1)[1] for failure in told(found)] == [
            "'' is no place in the story",
            "'4:x' is no place in the story",
        ]

    def test_the_tokenized_csv_of_a_split(self, imported: Import, tmp_path: Path) -> None:
        words = "Pickers at Dunmere began their strike in October . They ask for £14 an hour ."
        row = {"story_id": "2", "story_text": words, "question": "What do they ask for ?"}
        path = write_table(
            tmp_path / "dev.csv", [row | {"answer_token_ranges": "12:15"}, row | {"answer_token_ranges": "9:99"}]
        )
        suite, found = imported("newsqa", path)
        assert [case.expect.answer for case in suite.cases] == [("£14 an hour",)]
        assert told(found) == [f"{path}, line 3: answer_token_ranges '9:99' are no places in the story"]


def question(name: str, **more: object) -> dict[str, object]:
    blank: dict[str, object] = {
        "history": [],
        "answers": [],
        "start": None,
        "end": None,
        "evidence": None,
        "unanswerable": False,
    }
    return {"id": name, "question": f"What of {name}?", "article_id": "f", **blank, **more}


class TestRows:
    def test_every_field(self, imported: Import, tmp_path: Path) -> None:
        articles = [
            {
                "id": "f",
                "title": "Ferry back",
                "publisher": "Post",
                "published": "2024-03-04",
                "url": None,
                "text": FERRY,
            },
            {"id": "o", "title": "Strike", "publisher": None, "published": None, "url": None, "text": ORCHARD},
        ]
        start = FERRY.index("£640,000")
        asked = [
            question("cost", answers=["£640,000"], start=start, end=start + 8),
            question("absence", answers=["Nearly three months"], evidence="It had been away for eleven weeks."),
            question("builder", unanswerable=True),
            question(
                "day",
                answers=["Monday"],
                history=[["What returned?", "The ferry"]],
                ambiguous=True,
                distractors=["May"],
            ),
            question("nowhere", article_id="x", answers=["?"]),
            question("empty"),
            question("lost", answers=["no"], evidence="words that it does not hold"),
            question("talk", answers=["Monday"], history=["What?"]),
        ]
        write_lines(tmp_path / "articles.jsonl", *articles)
        write_lines(tmp_path / "questions.jsonl", *asked)
        suite, found = imported("rows", tmp_path)
        cost, absence, builder, day = suite.cases
        assert cost.expect.answer == ("£640,000",)
        assert absence.expect.reference == ("Nearly three months",)
        assert absence.expect.cites_any[0].quote == "It had been away for eleven weeks."
        assert not builder.expect.answerable
        assert day.tags == ("ambiguous", "distractors")
        assert [(turn.question, turn.answer) for turn in day.history] == [("What returned?", "The ferry")]
        assert {case.about for case in suite.cases} == {"f"}
        where = tmp_path / "questions.jsonl"
        assert told(found) == [
            f"{where}, line 5: there is no article with the id 'x'",
            f"{where}, line 6: it has no answer and no evidence, and is not marked as unanswerable",
            f"{where}, line 7: its evidence does not stand in the article",
            f"{where}, line 8: its history is no list of [question, answer]",
        ]

    def test_articles_of_one_address_stay_apart(self, imported: Import, tmp_path: Path) -> None:
        address = "https://post.example/news/1"
        articles = [
            {"id": "p", "text": "Peat burned.", "url": "http://["},
            {"id": "f", "text": FERRY, "url": address},
            {"id": "o", "text": ORCHARD, "url": f"{address}/?utm_source=x"},
        ]
        write_lines(tmp_path / "articles.jsonl", *articles)
        asked = [question("a", answers=["Monday"]), question("b", article_id="o", answers=["October"])]
        write_lines(tmp_path / "questions.jsonl", *asked)
        suite, found = imported("rows", tmp_path)
        assert [case.about for case in suite.cases] == ["f", "o"]
        assert found.left_out == {"the address of an article that another one has too": 1}

    def test_space_cut_off_at_the_end_of_a_text(self, imported: Import, tmp_path: Path) -> None:
        write_lines(tmp_path / "articles.jsonl", {"id": "f", "text": FERRY})
        start = FERRY.index("Repairs")
        last = question("last", answers=["Repairs"], start=start, end=len(FERRY) + 1, evidence=FERRY[start:] + " ")
        write_lines(tmp_path / "questions.jsonl", last, last | {"evidence": "Other words."})
        suite, found = imported("rows", tmp_path)
        assert len(suite.cases) == len(found.failed) == 1

    def test_a_limit_samples_cases_alike_each_time_and_keeps_all_articles(
        self, imported: Import, tmp_path: Path
    ) -> None:
        write_lines(tmp_path / "articles.jsonl", {"id": "f", "text": FERRY}, {"id": "o", "text": ORCHARD})
        names = [f"case {number}" for number in range(40)]
        asked = [question(name, answers=["Monday"]) for name in names]
        write_lines(tmp_path / "questions.jsonl", *asked)
        suite, found = imported("rows", tmp_path / "questions.jsonl", tmp_path / "articles.jsonl", limit=10)
        assert (found.articles, found.cases) == (2, 10)
        kept = [case.id for case in suite.cases]
        assert kept == [name for name in names if name in kept]
        assert kept != names[:10]
        write_lines(tmp_path / "questions.jsonl", *reversed(asked))
        again = FORMS["rows"]([tmp_path / "articles.jsonl", tmp_path / "questions.jsonl"], tmp_path / "again", limit=10)
        assert {case.id for case in read_suite(again.suite).cases} == set(kept)


class TestRagas:
    def test_single_turns_and_conversations(self, imported: Import, tmp_path: Path) -> None:
        said = [
            {"content": "What returned?", "type": "human"},
            {"content": "", "type": "ai", "tool_calls": [{"name": "search", "args": {}}]},
            {"content": "found", "type": "tool"},
            {"content": "The ferry.", "type": "ai"},
            {"content": "How long was it away?", "type": "human"},
            {"content": "Eleven weeks.", "type": "ai"},
        ]
        unanswered = [{"content": "What returned?", "type": "human"}, {"content": "And when?", "type": "human"}]
        path = write_lines(
            tmp_path / "set.jsonl",
            {
                "user_input": "What did the repair cost?",
                "retrieved_contexts": [ORCHARD, FERRY],
                "reference_contexts": [FERRY],
                "response": "It was free.",
                "reference": "The repair of the gearbox cost the operator £640,000.",
            },
            {"user_input": said, "reference": "It was away for eleven weeks."},
            {"user_input": unanswered, "reference": "On Monday."},
            {"user_input": "Why?"},
            {"reference": "Because."},
        )
        suite, found = imported("ragas", path)
        single, followed, conversation = suite.cases
        assert found.articles == 2
        assert len(single.expect.cites_any) == 1
        assert single.expect.reference == ("The repair of the gearbox cost the operator £640,000.",)
        assert followed.question == "How long was it away?"
        assert [(turn.question, turn.answer) for turn in followed.history] == [("What returned?", "The ferry.")]
        assert followed.expect.statuses == (Status.ANSWERED, Status.PARTIAL, Status.CONFLICTING)
        assert [turn.question for turn in conversation.conversation] == ["What returned?", "And when?"]
        assert conversation.conversation[0].expect.reference == ()
        assert conversation.conversation[1].expect.reference == ("On Monday.",)
        assert found.left_out == {"a message of a tool, or to one": 2}
        assert told(found) == [
            f"{path}, line 4: it has neither a reference nor a reference context",
            f"{path}, line 5: it has no user_input or question",
        ]

    def test_older_names_and_tables(self, imported: Import, tmp_path: Path) -> None:
        made = [
            {
                "question": "What do they ask for?",
                "contexts": str([ORCHARD]),
                "ground_truth": "£14 an hour",
                "answer": "",
            },
            {"question": "And where?", "contexts": json.dumps([FERRY]), "ground_truth": "Dunmere", "answer": "At sea."},
        ]
        suite, found = imported("ragas", write_table(tmp_path / "set.csv", made))
        assert found.articles == 2
        assert suite.cases[0].expect.cites_any
        # Beside a system's answer, contexts are what that system found.
        assert not suite.cases[1].expect.cites_any
        assert suite.cases[1].expect.reference == ("Dunmere",)


CONFIG = """\
# yaml-language-server: $schema=https://promptfoo.dev/config-schema.json
description: Ferry desk
prompts: ['Answer: {{question}}']
providers: [openai:gpt-4.1-mini]
defaultTest:
  vars: {place: Hallow Sound}
  assert:
    - type: latency
      threshold: 2500
    - &polite
      type: not-icontains
      value: as an AI
tests:
  - description: Where it returned
    vars: &asked
      question: Where did the ferry return to?
      context: The ferry Corrin Belle returned to Hallow Sound on Monday.
    assert:
      - type: contains
        value: '{{place}}'
      - type: llm-rubric
        value: Is polite
    metadata: {topic: sea, tags: [smoke]}
  - vars:
      <<: *asked
      question: ['How long was it away?', 'Since when?']
    assert:
      - {type: icontains-any, value: [11, eleven]}
      - {type: contains-any, value: [week, month]}
      - {type: regex, value: '\\d+|[Ee]leven'}
      - {type: not-regex, value: 'no\\s+idea'}
      - {type: cost, threshold: 0.002}
      - {type: regex, value: '(?<name>'}
      - {type: equals, value: no}
      - type: assert-set
        assert: [{type: contains-all, value: [ferry, weeks]}, *polite]
  - vars: {question: 'Why?'}
    options: {disableDefaultAsserts: true}
    assert: [{type: javascript, value: 'output.length < 9'}]
  - vars: {one: A, two: B}
    assert: [{type: contains, value: x}]
  - file://more/*.csv
  - file://../outside.csv
  - file://make.py:tests
  - https://example.com/t.csv
scenarios: []
"""


class TestPromptfoo:
    def test_a_configuration_with_defaults_and_files(self, imported: Import, tmp_path: Path) -> None:
        folder = tmp_path / "config"
        (folder / "more").mkdir(parents=True)
        config = write(folder / "promptfooconfig.yaml", CONFIG)
        write_table(tmp_path / "outside.csv", [{"question": "?", "__expected": "x"}])
        row = {"question": "Who repaired it?", "__expected1": "icontains-any: yard, dock", "__expected2": "Note: none"}
        write_table(folder / "more" / "a.csv", [row | {"__description": "Yard", "__metadata:topic": "sea"}])
        suite, found = imported("promptfoo", config)
        where, long, since, yard = suite.cases
        assert where.id == "Where it returned"
        assert where.expect.contains == ("Hallow Sound",)
        assert where.expect.excludes == ("as an AI",)
        assert where.expect.max_seconds == 2.5
        assert where.tags == ("topic:sea", "smoke")
        assert where.about == long.about is not None
        assert long.expect.any_of == ("11", "eleven")
        assert long.expect.matches == ("week|month", r"(?-i:\d+|[Ee]leven)", r"\A(?![\s\S]*(?-i:no\s+idea))")
        assert long.expect.max_cost == 0.002
        assert long.expect.answer == ("no",)
        assert long.expect.contains == ("ferry", "weeks")
        assert (since.question, since.expect) == ("Since when?", long.expect)
        assert yard.expect.any_of == ("yard", "dock")
        assert yard.expect.answer == ("Note: none",)
        assert (yard.id, yard.tags) == ("Yard", ("topic:sea",))
        assert found.left_out == {
            "scenarios": 1,
            "an assertion llm-rubric, which has no counterpart": 1,
            "a regular expression that only JavaScript understands": 1,
            "an assertion javascript, which has no counterpart": 1,
            "a test of which no assertion has a counterpart": 1,
        }
        assert told(found) == [
            f"{config}, test 4: none of its vars is the question; name one of them question",
            f"{config}, test 6: 'file://../outside.csv' is not below the configuration; give that file itself",
            f"{config}, test 7: tests from 'file://make.py:tests' are not fetched or run; write them to a file",
            f"{config}, test 8: tests from 'https://example.com/t.csv' are not fetched or run; write them to a file",
        ]

    def test_what_multiplies_has_an_end(self, imported: Import, tmp_path: Path) -> None:
        contains = {"type": "contains", "value": "x"}
        rows = [
            {"vars": {"question": ["?"] * 1001}, "assert": [contains]},
            {"vars": {"question": "Who?"}, "assert": [contains] * 1001},
            {
                "vars": {"question": "Who?", "v": "y" * 10_001},
                "assert": [contains | {"value": "{{v}}"}, contains | {"value": "z" * 10_001}, contains],
            },
        ]
        suite, found = imported("promptfoo", write(tmp_path / "tests.json", rows))
        assert [case.expect.contains for case in suite.cases] == [("x",)]
        assert len(found.failed) == 2
        assert found.left_out == {"an assertion contains without plain text as its value": 2}

    def test_what_stands_elsewhere_is_told(self, imported: Import, tmp_path: Path) -> None:
        test = {"vars": {"question": "Who?"}, "assert": [{"type": "contains", "value": "x"}]}
        made = write(tmp_path / "made.json", [{"path": "file://make.py:tests", "config": {}}, test])
        elsewhere = write(tmp_path / "elsewhere.json", {"defaultTest": "file://default.yaml", "tests": [test]})
        _, found = imported("promptfoo", made, elsewhere)
        assert told(found) == [
            f"{made}, test 1: it names a program that makes tests, which is not run; write them to a file",
            f"{elsewhere}: its defaultTest stands in another file; write it into the configuration",
        ]

    def test_tests_alone_need_no_articles(self, imported: Import, tmp_path: Path) -> None:
        row = {"vars": {"topic": "Who sails?"}, "assert": [{"type": "starts-with", "value": "The"}]}
        suite, found = imported("promptfoo", write_lines(tmp_path / "tests.jsonl", row))
        assert (found.articles, suite.corpus.folder) == (0, None)
        assert suite.cases[0].question == "Who sails?"
        assert not (tmp_path / "out" / "articles").exists()

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (
                "a: &a [x,x,x,x,x,x,x,x,x]\n"
                + "".join(
                    f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
                ),
                "its aliases make it too large",
            ),
            ("tests: &t [*t]", "its aliases make it too large"),
            ("tests: [!!python/object/apply:os.system [ls]]", "it is damaged"),
            ("[" * 1000, "it is nested too deeply"),
            ("", "it is empty"),
            ("\x00", "it is damaged"),
        ],
    )
    def test_hostile_yaml_ends_in_one_line(self, tmp_path: Path, text: str, reason: str) -> None:
        path = write(tmp_path / "config.yaml", text)
        with pytest.raises(ConfigurationError, match="No case could be read as promptfoo") as caught:
            FORMS["promptfoo"]([path], tmp_path / "out")
        assert reason in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_set_without_articles_says_how_to_ask_it(
    dateline: Dateline, tmp_path: Path, seed_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "pf.csv", "question,__expected\nHow many turbines will Greyskerry have?,contains: 74\n")
    ran = dateline("eval", "import", "promptfoo", "pf.csv", "--out", "set")
    suite = Path("set", "suite.jsonl")
    assert (ran.code, ran.out) == (0, f"0 articles and 1 case: {suite}\n")
    assert (
        ran.err == f"dateline: The set has no articles; ask a library of yours: dateline eval {suite} --library DIR\n"
    )
    asked = dateline("eval", suite, "--library", seed_library, "--out", "run")
    assert asked.code == 0, asked.err
    assert "1 passed" in asked.out


def test_quotes_are_found_in_what_ingest_makes_of_a_text() -> None:
    chance = random.Random(11)
    odd = "\x00\x07\x1c\x85\xad\u200b\u2028\u2029\u202e\u2060\u2066\ufeff\U000e0041\t\r\v\f\n e\u0301"
    checked = 0
    for _ in range(300):
        text = "".join(
            chance.choice((*odd, "Ferry ", "sank. ", "The “pier” ", "£3.4 ", "held!\n\n")) for _ in range(60)
        )
        stored = clean(text)
        for span in sentences(text):
            words = quote(text, span)
            if any(map(str.isalnum, words)):
                assert found_in(stored, words), (text, words)
                checked += 1
    assert checked > 1000


class TestWriting:
    def test_the_bound_of_ingest_is_kept(self) -> None:
        assert LONGEST == compose.LONGEST

    @pytest.mark.parametrize("form", FORMS)
    def test_nothing_is_left_where_nothing_could_be_read(self, tmp_path: Path, form: str) -> None:
        path = tmp_path / "picture.json"
        path.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
        with pytest.raises(ConfigurationError, match=f"No case could be read as {form}: "):
            FORMS[form]([path], tmp_path / "out")
        assert not (tmp_path / "out" / "articles").exists()
        assert not (tmp_path / "out" / "suite.jsonl").exists()

    def test_an_earlier_suite_is_not_written_over(self, tmp_path: Path) -> None:
        row = {"vars": {"question": "Who?"}, "assert": [{"type": "contains", "value": "x"}]}
        path = write_lines(tmp_path / "tests.jsonl", row)
        FORMS["promptfoo"]([path], tmp_path / "out")
        with pytest.raises(ConfigurationError, match="holds a suite or articles already"):
            FORMS["promptfoo"]([path], tmp_path / "out")

    def test_names_that_repeat_or_cannot_be_shown_become_names(self, imported: Import, tmp_path: Path) -> None:
        asked = [
            question(name, answers=["Monday"]) for name in ("same", "same", "a\x1b[2J\nb", "x" * 500, "l\u2028m\x85n")
        ]
        write_lines(tmp_path / "articles.jsonl", {"id": "f", "text": FERRY})
        write_lines(tmp_path / "questions.jsonl", *asked)
        suite, _ = imported("rows", tmp_path)
        assert [case.id for case in suite.cases] == ["same", "same (2)", "a [2J b", "x" * 180, "l m n"]
