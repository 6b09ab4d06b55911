"""What a suite file says: cases with questions and expectations. The models are the format and its schema.

An article is named by id, address, row id or title (see `Evidence`). Offsets and units are those of `rag.types`. One
value may stand where a list may, and an article's name alone is the whole article (see `rag.evaluation.suites.fields`).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from rag.evaluation.suites.fields import (
    Days,
    Imports,
    Language,
    Moment,
    Name,
    Number,
    Ratio,
    Regexes,
    Text,
    Texts,
    When,
    Whole,
    Words,
    article_alone,
    as_list,
    figure_alone,
)
from rag.evaluation.suites.rules import ONE_CORPUS, ONE_FORM, ONE_PLACE
from rag.types import Status


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cited(_Part):
    """A place in an article that an answer must, may or must not cite."""

    model_config = ConfigDict(json_schema_extra=ONE_PLACE)

    article: Text = Field(description="Its id, address, row id or title.")
    version: Text | None = Field(
        default=None, description="A stored version; else the one in scope, or any for cites_none."
    )
    quote: Text | None = Field(default=None, description="Words of the article; a citation that overlaps them counts.")
    start: Whole | None = Field(default=None, ge=0, description="Start of a sentence range, in code points.")
    end: Whole | None = Field(default=None, ge=1, description="End of a sentence range, exclusive.")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.start is None) != (self.end is None):
            raise ValueError("start and end go together")
        if self.start is not None and (self.quote is not None or self.end is None or self.end <= self.start):
            raise ValueError("give a quote, or a start and a later end")
        return self


class ExpectedFigure(_Part):
    """A number that the answer must give."""

    value: Number = Field(description="In the base unit: 4.1 million is 4100000.")
    unit: Text | None = Field(default=None, description="As in an article: £, %, people, km; any unit otherwise.")
    tolerance: Ratio = Field(default=0.0, description="Share of the value by which the answer may differ.")


Places = Annotated[
    tuple[Annotated[Cited, BeforeValidator(article_alone, json_schema_input_type=Cited | Text)], ...],
    BeforeValidator(as_list, json_schema_input_type=Cited | Text | tuple[Cited | Text, ...]),
]
Figures = Annotated[
    tuple[Annotated[ExpectedFigure, BeforeValidator(figure_alone)], ...],
    BeforeValidator(as_list, json_schema_input_type=ExpectedFigure | Number | tuple[ExpectedFigure | Number, ...]),
]


class Expectation(_Part):
    """What must hold of an answer. Every field that is given is checked; all must hold for the case to pass."""

    status: Status | tuple[Status, ...] = Field(default=(), description="The status, or those that will do.")
    contains: Texts = Field(default=(), description="Texts that the answer must all hold, whatever their case.")
    any_of: Texts = Field(default=(), description="Texts of which the answer must hold one.")
    excludes: Texts = Field(default=(), description="Texts that it must not hold.")
    matches: Regexes = Field(default=(), description="Regular expressions that must all be found in it.")
    answer: Texts = Field(default=(), description="Right short answers; one must stand in the text. Gives EM and F1.")
    reference: Texts = Field(default=(), description="Right answers in other words. Give EM and F1; not checked.")
    min_f1: Ratio | None = Field(default=None, description="Least token F1 with a right answer.")
    forbids: Texts = Field(default=(), description="Statements that the answer must not make, in whatever words.")
    cites: Places = Field(default=(), description="Places that must all be cited.")
    cites_any: Places = Field(default=(), description="Places of which one must be cited.")
    cites_none: Places = Field(default=(), description="Places that must not be cited.")
    relevant: Places = Field(default=(), description="What retrieval should find; what must be cited otherwise.")
    figures: Figures = Field(default=(), description="Numbers that it must give.")
    dates: Days = Field(default=(), description="Days that it must give or cite, in whatever words.")
    language: Language | None = Field(default=None, description="Language of the answer, as ISO 639-1.")
    searched: Texts = Field(default=(), description="Texts that the standalone question must hold.")
    alone: Text | None = Field(
        default=None, description="The same question standing alone; asked too, and must be answered alike."
    )
    max_seconds: Number | None = Field(default=None, gt=0)
    max_cost: Number | None = Field(default=None, ge=0, description="US dollars.")
    max_tokens: Whole | None = Field(default=None, ge=0, description="Read and written together.")
    scorers: Imports = Field(default=(), description="Own checks, each as module:function.")

    @property
    def statuses(self) -> tuple[Status, ...]:
        """The statuses that will do; empty where any does."""
        return (self.status,) if isinstance(self.status, Status) else self.status

    @property
    def answerable(self) -> bool | None:
        """Whether the articles answer, as far as the expectation tells."""
        if self.statuses:
            told = {status is not Status.NOT_IN_SOURCES for status in self.statuses}
            return told.pop() if len(told) == 1 else None
        words = (self.contains, self.any_of, self.answer, self.reference)
        wants = (*words, self.cites, self.cites_any, self.figures, self.dates)
        return True if any(wants) else None


class _Limited(_Part):
    since: When | None = Field(default=None, description="Only articles published on or after this date.")
    until: When | None = Field(default=None, description="Only articles published on or before this date.")
    as_of: When | None = Field(default=None, description="As it could be known on this date.")
    publishers: Texts = Field(default=(), description="Only these outlets.")
    articles: Texts = Field(default=(), description="Only these articles.")
    expect: Expectation = Expectation()


class Asked(_Limited):
    """One question with its limits and what is expected of its answer."""

    question: Text


class Exchange(_Part):
    """An earlier question with its answer."""

    question: Words
    answer: Words


class Case(_Limited):
    """A question, or a conversation whose answers are the history of the questions after them."""

    model_config = ConfigDict(json_schema_extra=ONE_FORM)

    id: Name
    question: Text | None = None
    history: tuple[Exchange, ...] = Field(default=(), description="Earlier turns, as they are said to have gone.")
    conversation: tuple[Asked, ...] = Field(default=(), description="Questions asked in turn, in place of `question`.")
    asked_at: Moment | None = Field(default=None, description="When it is asked: what yesterday means.")
    about: str | None = Field(
        default=None,
        min_length=1,
        description="Its article, as intervals group cases; the first that it names as right otherwise.",
    )
    tags: Texts = ()
    xfail: Text | None = Field(default=None, description="Why it is known to fail.")
    skip: Text | None = Field(default=None, description="Why it is not asked.")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.question is None) == (not self.conversation):
            raise ValueError("give a question, or a conversation")
        if self.conversation and (self.history or self._limited() != _Limited()):
            raise ValueError("in a conversation, limits and expectations stand beside each question")
        return self

    @property
    def turns(self) -> tuple[Asked, ...]:
        """What is asked, in order; one for a plain question."""
        if self.question is None:
            return self.conversation
        return (Asked(question=self.question, **dict(self._limited())),)

    def _limited(self) -> _Limited:
        return _Limited(**{name: getattr(self, name) for name in _Limited.model_fields})


class Corpus(_Part):
    """The articles that a suite was written for; paths are relative to the suite file."""

    model_config = ConfigDict(json_schema_extra=ONE_CORPUS)

    folder: Text | None = Field(default=None, description="Article files, read into a library of their own.")
    library: Text | None = Field(default=None, description="A library as it is.")
    digest: Text | None = Field(default=None, description="What the articles were when the suite was written.")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.folder is not None and self.library is not None:
            raise ValueError("give a folder or a library")
        return self


class Suite(_Part):
    """A file of cases over one corpus."""

    suite: Name = Field(description="Its name.")
    version: Literal[1] = Field(default=1, description="Of this format.")
    description: Words | None = None
    corpus: Corpus = Corpus()
    asked_at: Moment | None = Field(default=None, description="When its questions are asked; now otherwise.")
    tags: Texts = Field(default=(), description="Tags of every case.")
    cases: tuple[Case, ...] = ()

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        seen: set[str] = set()
        for case in self.cases:
            if case.id in seen:
                raise ValueError(f"two cases have the id {case.id!r}")
            seen.add(case.id)
        return self
