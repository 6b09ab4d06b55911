"""A chat model as judge of answers, through openevals: several votes, and nothing made up where it does not say.

openevals reads its model's structured output, which many servers lack and in which only one verdict fits. The model
that it is given here is our own seam, and its structured output is its reply as `verdict` reads it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import prompts
from rag.errors import ConfigurationError, NotRecordedError, ProviderError
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Sample, Score
from rag.evaluation.scorers import Scorer
from rag.evaluation.suites.cases import Asked, Expectation
from rag.protocols import ChatModel, Message
from rag.question.conversation import NONE, fenced, told
from rag.types import Answer, Citation, Status

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel, LanguageModelInput
    from langchain_core.messages import AIMessage
    from langchain_core.runnables import Runnable
    from openevals.types import ChatCompletionMessage
    from pydantic import BaseModel

LONGEST_ANSWER, LONGEST_QUOTE, MOST_QUOTES = 4000, 600, 20
"""Characters of an answer and of each quote, and how many quotes, a judge is shown."""
LONGEST_REASON = 240
"""Characters of a judge's reason that are repeated."""

_VERDICT = re.compile(
    r"\bverdict\b[\W_]{0,12}?(?:\bis\b|[:=：])[\W_]{0,12}(\w+)(?:\s{0,3}(?:\bor\b|\band\b|[/|])\W{0,5}(\w+))?",
    re.IGNORECASE,
)
"""The word after "verdict", and a second one where it only repeats the choice that was given."""
_ALONE = re.compile(r"\W*(yes|no)\W*", re.IGNORECASE)
_THOUGHTS = re.compile(r"<think>.*?(?:</think>|\Z)", re.IGNORECASE | re.DOTALL)
_OPENINGS = re.compile("[<＜﹤‹〈]")
_SPOKEN = re.compile(r"\bverdict\b(?=[\W_]{0,12}(?:\bis\b|[:=：]))", re.IGNORECASE)
"""A verdict in what is judged: marked as quoted, it is none even where a judge repeats it."""


def make_judge(model: ChatModel, *, votes: int) -> Scorer:
    """Return a scorer that asks a model, `votes` times, whether an answer is right; raise ConfigurationError below 1.

    `judge.score` is the share of yes among the votes that could be read, `judge.spread` their standard deviation. A
    reply without a verdict is no vote; after a failure of the server, or a reply that was not recorded, no more are
    asked for. Without any vote the score is unknown.
    """
    if votes < 1:
        raise ConfigurationError("A judge needs at least one vote. Ask for one or more.")
    ask = _asking(model)

    def score(asked: Asked, sample: Sample, evidence: Evidence) -> Iterator[Score]:  # noqa: ARG001  a scorer's form
        if sample.answer is not None:
            yield from _scores(_cast(ask, asked, sample.answer, votes), votes)

    return score


def described(model: ChatModel, *, votes: int) -> str:
    """Return what names a judge in the record of a run: its model, votes and wording."""
    wording = "-".join(prompts.load(name).digest[:8] for name in ("judge.system", "judge.user"))
    return f"{model.name}, {votes} {'vote' if votes == 1 else 'votes'}, wording {wording}"


def verdict(reply: str) -> bool | None:
    """Return the last verdict of a reply; None where it has none, two in a line, or one that is neither yes nor no."""
    said = _THOUGHTS.sub(" ", reply)
    if alone := _ALONE.fullmatch(said):
        return alone[1].lower() == "yes"
    found = list(_VERDICT.finditer(said))
    if not found or found[-1][2]:
        return None
    line = said.rfind("\n", 0, found[-1].start())
    words = {each[1].lower() for each in found if each.start() > line}
    return {"yes": True, "no": False}.get(words.pop()) if len(words) == 1 else None


@dataclass(slots=True, kw_only=True)
class _Votes:
    yes: list[str] = field(default_factory=list)
    """The replies, as reasons."""
    no: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """Why a vote does not count."""


Material = dict[str, str]
"""What one judge is shown: the variables of prompts/judge.user.md."""
Ask = Callable[[Material], tuple[bool | None, str]]


def _cast(ask: Ask, asked: Asked, answer: Answer, votes: int) -> _Votes:
    cast = _Votes()
    for number in range(votes):
        try:
            right, reply = ask(_material(asked, answer, number, votes))
        except (ProviderError, NotRecordedError) as error:
            cast.lost.append(str(error))
            break
        pile = cast.lost if right is None else cast.yes if right else cast.no
        pile.append("the judge gave no verdict" if right is None else reply)
    return cast


def _scores(cast: _Votes, votes: int) -> Iterator[Score]:
    counted = len(cast.yes) + len(cast.no)
    share = len(cast.yes) / counted if counted else None
    against = f"{len(cast.no)} of {counted} votes against it: {_cut(cast.no[-1], LONGEST_REASON)}" if cast.no else ""
    lost = f"{votes - counted} of {votes} votes lost: {cast.lost[-1]}" if cast.lost else ""
    yield Score(metric="judge.score", value=share, reason="; ".join(filter(None, (against, lost))))
    if votes > 1:
        spread = math.sqrt(share * (1 - share)) if share is not None and counted > 1 else None
        yield Score(metric="judge.spread", value=spread, reason="" if spread is not None else lost)


def _material(asked: Asked, answer: Answer, number: int, votes: int) -> Material:
    """Return what judge `number`, from 0, is shown: each reads the quotes in another order, lest order decide."""
    quotes = [_shown(citation) for citation in answer.citations[:MOST_QUOTES]]
    turn = number % len(quotes) if quotes else 0
    return {
        "history": _harmless(told(answer.question.history)),
        "question": _quoted(asked.question),
        "expected": "\n".join(f"- {line}" for line in _expected(asked.expect)) or NONE,
        "quotes": "\n".join(quotes[turn:] + quotes[:turn]) or NONE,
        "answer": _quoted(_cut(answer.text, LONGEST_ANSWER)),
        "vote": str(number + 1),
        "votes": str(votes),
    }


def _expected(expect: Expectation) -> Iterator[str]:
    if expect.answerable is False:
        yield "It says that the articles do not answer."
    if expect.statuses == (Status.CONFLICTING,):
        yield "It shows that the articles disagree."
    if right := (*expect.answer, *expect.reference):
        yield f"It says, in whatever words: {_quoted(' / or: '.join(right))}"
    yield from (f"It says: {_quoted(text)}" for text in expect.contains)
    if expect.any_of:
        yield f"It says one of: {_quoted(' / or: '.join(expect.any_of))}"
    yield from (f"It gives the number {each.value:,.15g} {_quoted(each.unit or '')}".strip() for each in expect.figures)
    yield from (f"It gives the date {day.isoformat()}" for day in expect.dates)
    yield from (f"It does not claim: {_quoted(text)}" for text in expect.forbids)


def _shown(citation: Citation) -> str:
    source = citation.source
    day = source.published.date().isoformat() if source.published else "date unknown"
    header = ", ".join(filter(None, (source.publisher, day)))
    return f"- ({citation.marker}) {_quoted(header)}: {_quoted(_cut(citation.quote, LONGEST_QUOTE))}"


def _quoted(text: str) -> str:
    """Return material in one line, in which nothing reads as one of the prompt's tags or as a verdict."""
    return _harmless(fenced(text))


def _harmless(text: str) -> str:
    return _SPOKEN.sub(r"\g<0> (quoted)", _OPENINGS.sub("(", text))


def _cut(text: str, longest: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[:longest]} …"


def _asking(model: ChatModel) -> Ask:
    """Return openevals' judge over our model and prompts."""
    from openevals.llm import create_llm_as_judge  # noqa: PLC0415  heavy: only where a judge is asked for

    system, user = prompts.load("judge.system"), prompts.load("judge.user")

    def messages(*, outputs: Material, **_: object) -> list[ChatCompletionMessage]:
        asked = user.render(**outputs)
        return [{"role": "system", "content": system.render()}, {"role": "user", "content": asked}]

    evaluate = create_llm_as_judge(prompt=messages, judge=_adapted(model), feedback_key="judge")

    def ask(material: Material) -> tuple[bool | None, str]:
        result = evaluate(outputs=material)
        if not isinstance(result, dict):
            raise TypeError("openevals returned more than one result")
        right: object = result["score"]
        return right if isinstance(right, bool) else None, str(result["comment"])

    return ask


def _adapted(model: ChatModel) -> BaseChatModel:
    """Return our model as LangChain's, whose structured output is the verdict of its reply with the reply."""
    from langchain_core.language_models import BaseChatModel  # noqa: PLC0415  heavy: only where a judge is asked for
    from langchain_core.messages import AIMessage, BaseMessage  # noqa: PLC0415
    from langchain_core.outputs import ChatGeneration, ChatResult  # noqa: PLC0415

    roles = {"system": "system", "ai": "assistant"}

    class Adapted(BaseChatModel):
        @property
        def _llm_type(self) -> str:
            return model.name

        def _generate(self, messages: list[BaseMessage], *_: object, **__: object) -> ChatResult:
            said = [Message(role=roles.get(each.type, "user"), content=each.text) for each in messages]
            reply = "".join(piece for piece in model.stream(said) if isinstance(piece, str))
            return ChatResult(generations=[ChatGeneration(message=AIMessage(content=reply))])

        def with_structured_output(
            self, *_: object, **__: object
        ) -> Runnable[LanguageModelInput, dict[str, object] | BaseModel]:
            return self | _read

    return Adapted()


def _read(message: AIMessage) -> dict[str, object] | BaseModel:
    return {"score": verdict(message.text), "reasoning": message.text}
