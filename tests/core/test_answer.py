"""The whole path from a question to an answer with its proof, over a real library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from rag.answer import Desk
from rag.embed import EmbeddedModel
from rag.embed.remember import RememberingEmbedder
from rag.errors import ProviderBusyError, ProviderError
from rag.generate.answerer import GenerativeAnswerer
from rag.library import LocalLibrary
from rag.protocols import Answerer, Brief, Draft, Embedder, Insufficient, Retriever
from rag.question.rewrite import HistoryRewriter
from rag.reader.extractive import ExtractiveAnswerer
from rag.retrieval.hybrid import hybrid
from rag.testing import HashingEmbedder, ScriptedChat
from rag.types import (
    Answer,
    Delta,
    Event,
    Found,
    Hit,
    PromptUse,
    Question,
    Restart,
    Scope,
    Searching,
    Source,
    Status,
    Turn,
    Usage,
    Verdict,
)

MakeLibrary = Callable[..., LocalLibrary]
NOW = datetime(2023, 6, 1, tzinfo=UTC)


def source(article_id: str, publisher: str | None = None, day: int | None = None) -> Source:
    published = datetime(2023, 5, day, tzinfo=UTC) if day else None
    return Source(article_id=article_id, title=f"Title of {article_id}", publisher=publisher, published=published)


FERRY = (
    source("ferry", "Harbour Courier", 4),
    (
        "A ferry struck the north pier on Wednesday. Fourteen passengers were injured when the ferry struck the pier. "
        "The harbour stayed closed until evening."
    ),
)
WIRE = (
    source("wire", "Coast Wire", 5),
    (
        "The north pier is closed. 17 passengers were injured when the ferry struck the pier, Coast Wire has learnt. "
        "The cause is not known."
    ),
)
MAYOR = (
    source("mayor", "Harbour Courier", 9),
    "Mayor Ruth Amsel opened the new library on Tuesday. She said the building cost 3 million euros.",
)


@dataclass
class Scripted:
    """An answerer that drafts what it is told, and records what it was given."""

    pieces: Sequence[Draft | Exception]
    name: str = "scripted"
    briefs: list[Brief] = field(default_factory=list)
    ended: bool = False

    def reads(self, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        return hits

    def draft(self, brief: Brief) -> Iterator[Draft]:
        self.briefs.append(brief)
        try:
            for piece in self.pieces:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            self.ended = True


def desk(
    library: LocalLibrary, answerer: Answerer, fallback: Answerer | None = None, embedder: Embedder | None = None
) -> Desk:
    embedder = embedder or HashingEmbedder()
    return Desk(
        library=library,
        embedder=embedder,
        retriever=hybrid(library, embedder),
        rewriter=HistoryRewriter(),
        answerer=answerer,
        fallback=fallback,
    )


def ask(text: str, **more: object) -> Question:
    return Question(text=text, asked_at=NOW, **more)  # type: ignore[arg-type]


def streamed(events: Sequence[Event]) -> str:
    """The text that a reader of the stream sees in the end."""
    text = ""
    for event in events:
        if isinstance(event, Restart):
            text = ""
        elif isinstance(event, Delta):
            text += event.text
    return text


def proved(answer: Answer, library: LocalLibrary) -> bool:
    """Whether every citation is cut from the stored article, and every marker of a claim has one."""
    for cited in answer.citations:
        assert library.article(cited.source.article_id, cited.version).text[cited.start : cited.end] == cited.quote
    markers = [cited.marker for cited in answer.citations]
    assert markers == list(range(1, len(markers) + 1))
    return all(marker in markers for claim in answer.claims for marker in claim.markers)


QUESTION = "How many passengers were injured when the ferry struck the pier?"
BUSY = ProviderBusyError("The model server is overloaded; try again later.")


def test_a_drafted_answer_is_streamed_grounded_and_accounted_for(library: MakeLibrary) -> None:
    store = library(FERRY, MAYOR)
    used = PromptUse(name="p", version="1", digest="d")
    answerer = Scripted(
        [used, "Fourteen passengers were injured when the ferry struck the pier [1.", "2].", Usage(input_tokens=5)]
    )
    events = list(desk(store, answerer).stream(ask(QUESTION)))
    answer = events[-1]
    assert isinstance(answer, Answer)
    assert [type(event) for event in events[:2]] == [Searching, Found]
    assert answer.status is Status.ANSWERED
    assert streamed(events) == answer.text
    assert [cited.quote for cited in answer.citations] == [
        "Fourteen passengers were injured when the ferry struck the pier."
    ]
    assert [claim.verdict for claim in answer.claims] == [Verdict.SUPPORTED]
    assert proved(answer, store)
    assert (answer.model, answer.prompts, answer.usage) == ("scripted", (used,), Usage(input_tokens=5))
    assert answer.generation == store.generation()
    assert [timing.stage for timing in answer.timings] == ["standalone", "scope", "retrieve", "answer", "ground"]
    [brief] = answerer.briefs
    assert (brief.question, brief.hits) == (QUESTION, answer.hits)
    cited = [each for event in events if isinstance(event, Delta) for each in event.citations]
    assert tuple(cited) == answer.citations


def test_asking_gives_what_streaming_ends_with(library: MakeLibrary) -> None:
    made = desk(library(FERRY, WIRE), ExtractiveAnswerer(embedder=HashingEmbedder(), answer_from=-9.0))
    answer, last = made.ask(ask(QUESTION)), list(made.stream(ask(QUESTION)))[-1]
    assert isinstance(last, Answer)
    assert (answer.text, answer.citations, answer.status) == (last.text, last.citations, last.status)


def test_articles_that_count_differently_are_told_side_by_side(library: MakeLibrary) -> None:
    store = library(FERRY, WIRE, MAYOR)
    answer = desk(store, ExtractiveAnswerer(embedder=HashingEmbedder(), answer_from=-9.0)).ask(ask(QUESTION))
    assert answer.status is Status.CONFLICTING
    assert "Fourteen" in answer.text
    assert "17" in answer.text
    assert "Harbour Courier, 4 May 2023:" in answer.text
    assert proved(answer, store)


def test_what_the_draft_calls_insufficient_is_not_in_the_articles_and_shows_the_nearest(library: MakeLibrary) -> None:
    events = list(
        desk(library(FERRY), Scripted([Insufficient(reason="They do not name the captain.")])).stream(
            ask("Who was the captain of the ferry?")
        )
    )
    answer = events[-1]
    assert isinstance(answer, Answer)
    assert (answer.status, answer.text) == (
        Status.NOT_IN_SOURCES,
        "The articles do not say. They do not name the captain.",
    )
    assert answer.hits
    assert (answer.claims, answer.citations) == ((), ())
    assert not any(isinstance(event, Restart) for event in events)


@pytest.mark.parametrize(
    "pieces",
    [
        ["The president of France visited Mars in 1999 [1.1]."],
        ["Penguins sing."],
        ["Fourteen were hurt [9.9]."],
        ["Fourteen passengers were injured [1.2].", Insufficient(reason="On second thoughts, no.")],
    ],
)
def test_a_draft_that_nothing_bears_out_is_withdrawn(library: MakeLibrary, pieces: list[Draft]) -> None:
    events = list(desk(library(FERRY), Scripted(pieces)).stream(ask(QUESTION)))
    answer = events[-1]
    assert isinstance(answer, Answer)
    assert answer.status is Status.NOT_IN_SOURCES
    assert answer.text.startswith("The articles do not say. ")
    assert streamed(events) == ""
    assert isinstance(events[-2], Restart)
    assert answer.hits


def test_pointers_to_nowhere_are_reported(library: MakeLibrary) -> None:
    draft = "Fourteen passengers were injured when the ferry struck the pier [1.2][9.9]."
    answer = desk(library(FERRY), Scripted([draft])).ask(ask(QUESTION))
    assert answer.rejected == ("[9.9]",)
    assert "9.9" not in answer.text


def test_an_empty_draft_is_no_answer(library: MakeLibrary) -> None:
    answer = desk(library(FERRY), Scripted([])).ask(ask(QUESTION))
    assert answer.status is Status.NOT_IN_SOURCES


@pytest.mark.parametrize("before", [[], ["Half a sentence "], ["Fourteen passengers were injured [1.2]. And "]])
def test_when_the_provider_fails_the_fallback_answers_with_a_note(library: MakeLibrary, before: list[str]) -> None:
    store = library(FERRY)
    failing = Scripted([*before, BUSY], name="gpt")
    fallback = Scripted(["Fourteen passengers were injured when the ferry struck the pier [1.2]."], name="reader")
    events = list(desk(store, failing, fallback).stream(ask(QUESTION)))
    answer = events[-1]
    assert isinstance(answer, Answer)
    assert (answer.status, answer.model) == (Status.ANSWERED, "reader")
    assert answer.note == "The model server is overloaded; try again later. The embedded reader answered in its place."
    assert streamed(events) == answer.text == "Fourteen passengers were injured when the ferry struck the pier. [1]"
    assert proved(answer, store)


def test_without_a_fallback_the_providers_error_is_raised(library: MakeLibrary) -> None:
    with pytest.raises(ProviderError, match="overloaded"):
        desk(library(FERRY), Scripted([BUSY])).ask(ask(QUESTION))


def test_only_a_providers_error_is_covered_by_the_fallback(library: MakeLibrary) -> None:
    fallback = Scripted(["never"])
    with pytest.raises(ZeroDivisionError):
        desk(library(FERRY), Scripted([ZeroDivisionError()]), fallback).ask(ask(QUESTION))
    assert fallback.briefs == []


def test_a_fallback_that_fails_too_is_an_error(library: MakeLibrary) -> None:
    with pytest.raises(ProviderError):
        desk(library(FERRY), Scripted([BUSY]), Scripted([BUSY])).ask(ask(QUESTION))


def test_an_abandoned_stream_ends_the_draft(library: MakeLibrary) -> None:
    answerer = Scripted(["Fourteen passengers were injured [1.2]. "] * 9)
    stream = desk(library(FERRY), answerer).stream(ask(QUESTION))
    assert next(event for event in stream if isinstance(event, Delta))
    assert not answerer.ended
    stream.close()  # type: ignore[attr-defined]
    assert answerer.ended


@pytest.mark.parametrize(
    ("articles", "scope", "reason"),
    [
        ((), Scope(), "There are none in this library yet."),
        ((FERRY,), Scope(publishers=("CNN",)), "There is no article by CNN in this library."),
        (
            (FERRY,),
            Scope(since=datetime(2023, 5, 7, tzinfo=UTC)),
            "There is no article published from 7 May 2023 in this library.",
        ),
        (
            (FERRY,),
            Scope(until=datetime(2023, 5, 1, tzinfo=UTC)),
            "There is no article published up to 30 April 2023 in this library.",
        ),
        ((FERRY,), Scope(article_ids=("x",)), "There is no article named x in this library."),
    ],
)
def test_where_nothing_can_be_found_no_model_is_called_and_the_reason_is_given(
    library: MakeLibrary, articles: tuple[tuple[Source, str], ...], scope: Scope, reason: str
) -> None:
    answerer = Scripted(["never"])
    answer = desk(library(*articles), answerer).ask(ask(QUESTION, scope=scope))
    assert (answer.status, answer.text, answer.hits) == (
        Status.NOT_IN_SOURCES,
        f"The articles do not say. {reason}",
        (),
    )
    assert answerer.briefs == []


def test_words_about_publication_narrow_the_search_and_are_shown(library: MakeLibrary) -> None:
    made = desk(library(FERRY, WIRE), Scripted(["No."]))
    answer = made.ask(ask("How many were injured, according to Coast Wire?"))
    assert answer.scope == Scope(publishers=("Coast Wire",))
    assert {hit.passage.source.article_id for hit in answer.hits} == {"wire"}
    since = made.ask(ask("What has happened since 5 May 2023?"))
    assert {hit.passage.source.article_id for hit in since.hits} == {"wire"}


def test_where_no_article_is_dated_words_about_dates_do_not_narrow(library: MakeLibrary) -> None:
    made = desk(library((source("undated"), FERRY[1])), Scripted(["No."]))
    answer = made.ask(ask("Which ferry struck the pier last week?"))
    assert answer.scope.unlimited
    assert answer.hits


def test_a_follow_up_is_searched_standalone_and_earlier_answers_are_no_evidence(library: MakeLibrary) -> None:
    answerer = Scripted(["No."])
    history = (Turn(question="Who opened the new library?", answer="Mayor Ruth Amsel."),)
    answer = desk(library(FERRY, MAYOR), answerer).ask(ask("What did it cost?", history=history))
    assert "library" in answer.standalone
    assert answer.question.text == "What did it cost?"
    assert answer.hits[0].passage.source.article_id == "mayor"
    assert all("opened the new library?" not in hit.passage.text for hit in answer.hits)


def test_searching_finds_what_an_answer_is_looked_for_in(library: MakeLibrary) -> None:
    made = desk(library(FERRY, WIRE, MAYOR), Scripted(["No."]))
    assert tuple(made.search(ask(QUESTION), 8)) == made.ask(ask(QUESTION)).hits
    assert len(made.search(ask(QUESTION), 1)) == 1


def test_a_chat_model_is_asked_with_labels_and_its_answer_is_proved(library: MakeLibrary) -> None:
    store = library(FERRY, MAYOR)
    chat = ScriptedChat(
        ["Fourteen passengers were injured when the ", "ferry struck the pier [1.2].", Usage(output_tokens=9)]
    )
    answer = desk(store, GenerativeAnswerer(model=chat)).ask(ask(QUESTION))
    assert answer.status is Status.ANSWERED
    assert [used.name for used in answer.prompts] == ["answer.system", "answer.user"]
    assert answer.usage == Usage(output_tokens=9)
    assert "[1.2] Fourteen passengers" in chat.sent[0][1].content
    assert proved(answer, store)


def test_many_threads_get_the_answers_that_one_gets(library: MakeLibrary) -> None:
    made = desk(library(FERRY, WIRE, MAYOR), ExtractiveAnswerer(embedder=HashingEmbedder(), answer_from=-9.0))
    texts = [QUESTION, "Who opened the new library?", "What did the building cost?"] * 4
    alone = [made.ask(ask(text)).text for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda text: made.ask(ask(text)).text, texts)) == alone


def test_the_embedded_reader_answers_what_the_articles_say_and_nothing_else(library: MakeLibrary) -> None:
    embedder = RememberingEmbedder(EmbeddedModel())
    store = library(FERRY, MAYOR, embedder=embedder)
    made = desk(store, ExtractiveAnswerer(embedder=embedder), embedder=embedder)
    said = {text: made.ask(ask(text)) for text in (QUESTION, "Who opened the new library?", "Who won the World Cup?")}
    assert [answer.status for answer in said.values()] == [Status.ANSWERED, Status.ANSWERED, Status.NOT_IN_SOURCES]
    assert said["Who opened the new library?"].text == (
        "Harbour Courier, 9 May 2023: Mayor Ruth Amsel opened the new library on Tuesday. [1]"
    )
    assert all(proved(answer, store) for answer in said.values())


def test_a_passage_that_the_model_had_no_room_for_cannot_be_cited(library: MakeLibrary) -> None:
    chat = ScriptedChat("A ferry struck the pier [1.1]. The mayor opened the library on Tuesday [2.1][3.1].")
    answer = desk(library(FERRY, MAYOR), GenerativeAnswerer(model=chat, budget_tokens=1)).ask(
        ask("What struck the pier?")
    )
    assert len(answer.hits) > 1
    assert {citation.source.article_id for citation in answer.citations} <= {answer.hits[0].passage.source.article_id}
    assert answer.rejected == ("[2.1]", "[3.1]")


@dataclass(frozen=True)
class Interrupted:
    """A retriever during whose first search another process changes the library."""

    inner: Retriever
    changes: list[Callable[[], None]]

    def retrieve(self, query: str, scope: Scope, limit: int) -> list[Hit]:
        hits = self.inner.retrieve(query, scope, limit)
        if self.changes:
            self.changes.pop()()
        return hits


def test_an_answer_names_the_generation_that_it_was_searched_in(library: MakeLibrary) -> None:
    stored = library(FERRY, MAYOR)

    def remove() -> None:
        with stored.writing() as writer:
            writer.remove("mayor")

    inner = hybrid(stored, HashingEmbedder())
    busy = replace(desk(stored, Scripted(["The pier. [1.1]"])), retriever=Interrupted(inner, [remove]))
    answer = busy.ask(ask("Who opened the library?"))
    assert answer.generation == stored.generation()
    assert "mayor" not in {hit.passage.source.article_id for hit in answer.hits}
