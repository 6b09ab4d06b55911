"""RAGAS data sets and test sets: .jsonl, .json or .csv, with the names of today's versions and of older ones.

Form: {user_input, reference, reference_contexts, retrieved_contexts}, earlier {question, ground_truth(s), contexts}.
Contexts become articles. What the evaluated system said (`response`, `answer`) is not read. References are whole
sentences, so that they are scored and not checked: a case passes when a reference context is cited, or, without any,
when the question is answered at all.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from rag.errors import UnreadableFileError
from rag.evaluation.importers.expecting import from_place
from rag.evaluation.importers.reading import Fields, csv_rows, fields_of, json_rows, parsed, text_in, texts_in, whole
from rag.evaluation.importers.writing import Imported, SuiteWriter, writing
from rag.evaluation.suites.cases import Asked, Cited, Exchange, Expectation
from rag.types import Status

_LISTS = ("contexts", "reference_contexts", "retrieved_contexts", "ground_truths", "user_input")
_ANSWERED = Expectation(status=(Status.ANSWERED, Status.PARTIAL, Status.CONFLICTING))


def convert(paths: Sequence[Path], out: Path, *, limit: int | None = None) -> Imported:
    """Write contexts and questions into `out`; raise ConfigurationError where nothing can be written."""
    with writing(out, form="ragas", limit=limit) as into:
        for path in paths:
            with into.row(path):
                table = path.suffix.lower() == ".csv"
                for place, raw in csv_rows(path) if table else json_rows(path):
                    with into.row(path, place):
                        row = _unfolded(raw) if isinstance(raw, dict) else fields_of(parsed(raw))
                        _case(into, f"{path.stem}, {place}", row)
    return into.imported


def _unfolded(row: dict[str, str]) -> Fields:
    """Return a CSV row with its lists, which stand there as Python or JSON writes them."""
    made: dict[str, object] = dict(row)
    for name in _LISTS:
        if row.get(name, "").startswith("["):
            try:
                made[name] = ast.literal_eval(row[name])
            except (ValueError, SyntaxError, MemoryError):
                made[name] = parsed(row[name])
    return made


def _case(into: SuiteWriter, name: str, row: Fields) -> None:
    row = fields_of(row.get("eval_sample") or row)
    right, others = _contexts(row)
    cited = [Cited(article=into.article(text, name=f"{name}, context {i}")) for i, text in enumerate(right, start=1)]
    for number, text in enumerate(others, start=len(right) + 1):
        into.article(text, name=f"{name}, context {number}")
    expect = _expected(cited, _reference(row))
    about = cited[0].article if cited else None
    questions, history = _asked(into, row)
    if len(questions) == 1:
        into.case(name, question=questions[0], history=history, about=about, expect=expect)
    else:
        turns = [Asked(question=each) for each in questions[:-1]] + [Asked(question=questions[-1], expect=expect)]
        into.case(name, conversation=tuple(turns), about=about, expect=Expectation())


def _contexts(row: Fields) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the contexts that hold the answer, and those that a system found, which may not.

    `contexts` of a test set hold it; beside an answer of a system they are what that system found.
    """
    contexts, retrieved = texts_in(row, "contexts"), texts_in(row, "retrieved_contexts")
    if text_in(row, "answer", "response"):
        return texts_in(row, "reference_contexts"), (*contexts, *retrieved)
    return texts_in(row, "reference_contexts") or contexts, (*contexts, *retrieved)


def _reference(row: Fields) -> tuple[str, ...]:
    found = text_in(row, "reference", "ground_truth")
    return (found,) if found else texts_in(row, "ground_truths")


def _expected(cited: Sequence[Cited], reference: Sequence[str]) -> Expectation:
    if cited:
        return from_place(cited, reference)
    if not reference:
        raise UnreadableFileError("it has neither a reference nor a reference context")
    return _ANSWERED.model_copy(update={"reference": tuple(reference)})


def _asked(into: SuiteWriter, row: Fields) -> tuple[list[str], tuple[Exchange, ...]]:
    """Return the question with what went before it, or the questions of a conversation without answers."""
    messages = row.get("user_input")
    if not isinstance(messages, list):
        question = text_in(row, "user_input", "question")
        if question is None:
            raise UnreadableFileError("it has no user_input or question")
        return [question], ()
    said = list(_said(into, messages))
    while said and said[-1][0] != "human":
        said.pop()  # the answer of the system that was evaluated
    if not said:
        raise UnreadableFileError("nobody asks anything in its user_input")
    questions = [text for who, text in said if who == "human"]
    answers = [text for who, text in said if who == "ai"]
    if len(answers) != len(questions) - 1:
        return questions, ()
    earlier = zip(questions[:-1], answers, strict=True)
    return questions[-1:], tuple(Exchange(question=question, answer=answer) for question, answer in earlier)


def _said(into: SuiteWriter, messages: Sequence[object]) -> Iterator[tuple[str, str]]:
    for message in messages:
        match message:
            case {"type": "human" | "ai" as who, "content": str(text)} if text.strip():
                yield str(who), whole(text.strip())
            case {"type": "tool" | "ai"}:
                into.leave_out("a message of a tool, or to one")
            case _:
                raise UnreadableFileError("its user_input holds something else than messages")
