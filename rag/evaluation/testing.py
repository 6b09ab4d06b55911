"""What a test framework needs: the articles opened once, a case asked and scored, and its failure in words."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

from pydantic import ValidationError

from rag.answer import Desk
from rag.evaluation.evidence import Evidence
from rag.evaluation.opening import corpora_of, corpus_remarks, measured
from rag.evaluation.reports.told import wrong
from rag.evaluation.results import Check, Result
from rag.evaluation.runs.order import Order
from rag.evaluation.runs.runner import ask_case, try_case
from rag.evaluation.scoring import score_case
from rag.evaluation.suites.cases import Asked, Case, Cited, Suite
from rag.plain import answer_text, safe
from rag.types import Answer, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The articles of a suite, ready to be asked."""

    desk: Desk
    evidence: Evidence
    remarks: tuple[str, ...] = ()
    """What is not as the suite had it, such as articles that changed."""


class Corpora:
    """The articles of all suites of a test session; suites in one place that name the same share a library."""

    def __init__(self, cache: Path, *, answerer: str, library: Path | None = None) -> None:
        self._cache, self._answerer, self._library = cache, answerer, library
        self._opened: dict[tuple[Path | str | None, ...], Opened] = {}
        self._stack = ExitStack()

    def of(self, suite: Suite, path: Path) -> Opened:
        """Return what answers the questions of a suite file; raise DatelineError where its articles cannot be used."""
        key = (path.parent, suite.corpus.folder, suite.corpus.library, suite.corpus.digest)
        if key not in self._opened:
            order = Order(suites=(path,), library=self._library, answerer=self._answerer)
            [room] = self._stack.enter_context(corpora_of(order, [suite], cache=self._cache))
            self._opened[key] = Opened(
                desk=measured(room),
                evidence=Evidence(room.library, room.embedder, path.parent),
                remarks=tuple(corpus_remarks(suite, room)),
            )
        return self._opened[key]

    def close(self) -> None:
        """Close the libraries."""
        self._opened.clear()
        self._stack.close()


def tried(suite: Suite, case: Case, opened: Opened) -> tuple[Result, ...]:
    """Ask a case and score its answers; raise ConfigurationError for an expectation that cannot be checked."""
    samples = tuple(try_case(suite, case, opened.desk, evidence=opened.evidence))
    return score_case(suite, case, samples, opened.evidence)


def failure_text(results: Sequence[Result]) -> str | None:
    """Return what failed and how, the first error or the failed checks in the first line; None where all is well."""
    failing = [result for result in results if wrong(result)]
    if not failing:
        return None
    names = dict.fromkeys(check.name for result in failing for check in wrong(result))
    errors = [safe(result.sample.error) for result in failing if result.sample.error]
    return "\n\n".join(
        [errors[0] if errors else ", ".join(names), *(_turn_text(result, len(results)) for result in failing)]
    )


def one_answer(
    suite: Suite,
    opened: Opened,
    question: str,
    history: Sequence[Answer | tuple[str, str]],
    given: Mapping[str, object],
) -> Answer | str:
    """Return the answer to one question, or what is wrong with it; `given` holds its limits and when it is asked."""
    if unknown := next((name for name in given if name not in _GIVEN), None):
        near = difflib.get_close_matches(unknown, _GIVEN, n=1)
        return f"ask takes no {unknown}; " + (f"did you mean {near[0]}?" if near else f"it takes {', '.join(_GIVEN)}.")
    earlier = [
        {"question": turn.question.text, "answer": turn.text}
        if isinstance(turn, Answer)
        else dict(zip(("question", "answer"), turn, strict=True))
        for turn in history
    ]
    try:
        case = Case.model_validate({"id": "ask", "question": question, "history": earlier, **given})
    except ValidationError as error:
        said = ((".".join(map(str, each["loc"])), each["msg"].removeprefix("Value error, ")) for each in error.errors())
        return "; ".join(f"{place}: {what}" for place, what in said)
    sample = next(ask_case(suite, case, opened.desk, evidence=opened.evidence))
    return sample.answer or str(sample.error)


_GIVEN = ("history", "asked_at", *(name for name in Asked.model_fields if name not in {"question", "expect"}))


def not_cited(answer: Answer, article: str | None, quote: str | None, evidence: Evidence) -> str | None:
    """Return why an answer does not cite a quote, or an article where no quote is given, or None where it does.

    Raises ConfigurationError where the article is not exactly one.
    """
    if article is not None:
        evidence.article_id(article)
    for citation in answer.citations:
        place = Cited(article=article or citation.source.article_id, quote=quote)
        if evidence.meets(place, citation, scope=answer.question.scope, generation=answer.generation):
            return None
    wanted = " in ".join(filter(None, [quote and f"“{quote}”", article])) or "anything"
    return f"does not cite {safe(wanted)}\n\n{_answer_text(answer)}"


def not_abstained(answer: Answer) -> str | None:
    """Return why an answer is no abstention, or None where it is one."""
    if answer.status is Status.NOT_IN_SOURCES:
        return None
    return f"the question was to be left unanswered\n\n{_answer_text(answer)}"


def _turn_text(result: Result, turns: int) -> str:
    answer = result.sample.answer
    turn = f" ({result.sample.turn} of {turns})" if turns > 1 else ""
    asked = safe(f"Question{turn}: {_asked_text(result.asked)}")
    said = [_answer_text(answer)] if answer else []
    return "\n\n".join([asked, *said, *map(_check_text, wrong(result))])


def _answer_text(answer: Answer) -> str:
    return f"Status: {answer.status}\n\n{indent(answer_text(answer), '    ')}"


def _asked_text(asked: Asked) -> str:
    limits = asked.model_dump(mode="json", exclude={"question", "expect"}, exclude_defaults=True)
    said = [f"{name} {', '.join(value) if isinstance(value, list) else value}" for name, value in limits.items()]
    return asked.question + (f" [{'; '.join(said)}]" if said else "")


def _check_text(check: Check) -> str:
    return safe(f"✗ {check.name}\n    expected  {check.expected}\n    got       {check.got}")
