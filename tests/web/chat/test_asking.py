from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace

import pytest

from rag.answer import Desk
from rag.errors import ProviderBusyError
from rag.generate.answerer import GenerativeAnswerer
from rag.provider.chat import OpenAIChat
from rag.testing.server import Pause, ScriptedServer, streamed
from rag.types import Article, Question, Status
from rag.web.chat.asking import follow
from rag.web.chat.exchange import Exchange, Stage
from rag.web.service import Service

MakeDesk = Callable[..., Desk]
MakeService = Callable[..., Service]
AllOf = Callable[[Desk], Awaitable[list[Exchange]]]
ASKED = Question(text="What is the council's budget?")
PIECES = ("The council held the budget ", "at $4.25 million.", " [1.1]")


@pytest.fixture
def all_of(make_service: MakeService) -> AllOf:
    async def all_of(desk: Desk) -> list[Exchange]:
        return [each async for each in follow(ASKED, make_service(desk), asyncio.Event())]

    return all_of


async def _ends(service: Service) -> None:
    async with asyncio.timeout(10):
        while service.work.under_way:
            await asyncio.sleep(0.01)


async def test_the_question_is_shown_before_anything_is_known(make_desk: MakeDesk, make_service: MakeService) -> None:
    async with aclosing(follow(ASKED, make_service(make_desk(*PIECES)), asyncio.Event())) as exchanges:
        first = await anext(exchanges)
    assert first == Exchange(question=ASKED.text)


async def test_it_ends_with_the_answer_that_the_desk_gives(
    make_desk: MakeDesk, all_of: AllOf, article: Article
) -> None:
    last = (await all_of(make_desk(*PIECES)))[-1]
    assert last.answer is not None
    assert (last.stage, last.answer.status) == (Stage.DONE, Status.ANSWERED)
    assert last.text == "The council held the budget at $4.25 million. [1]"
    assert [citation.quote for citation in last.citations] == [article.text.split("\n\n")[0]]


async def test_an_error_with_a_message_is_shown_with_what_was_written_so_far(
    make_desk: MakeDesk, all_of: AllOf
) -> None:
    busy = ProviderBusyError("The model server is busy. Try again in a minute.")
    last = (await all_of(make_desk("The council held ", busy)))[-1]
    assert (last.stage, last.error) == (Stage.FAILED, "The model server is busy. Try again in a minute.")
    assert last.text.startswith("The council")


async def test_any_other_error_is_logged_and_not_shown(
    make_desk: MakeDesk, all_of: AllOf, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        last = (await all_of(make_desk(RuntimeError("the secret of /home/me"))))[-1]
    assert last.stage is Stage.FAILED
    assert "secret" not in last.error
    assert "the secret of /home/me" in caplog.text


async def test_a_silent_model_does_not_delay_a_stop_and_ends_at_its_next_word(
    make_desk: MakeDesk, make_service: MakeService
) -> None:
    speak, written, late = (threading.Event() for _ in range(3))
    stop = asyncio.Event()
    pieces = ("The council held the budget. ", written.set, speak.wait, "More. ", "And more. ", late.set)
    service = make_service(make_desk(*pieces))
    exchanges = follow(ASKED, service, stop)
    assert (await anext(exchanges)).busy
    while not written.is_set():
        await anext(exchanges)
    await anext(exchanges)
    assert await anext(exchanges) is await anext(exchanges), "silence changes nothing"
    stop.set()
    *_, last = [each async for each in exchanges]
    assert (last.stage, last.text) == (Stage.STOPPED, "The council held the budget.")
    speak.set()
    await _ends(service)
    assert not late.is_set()


async def test_a_tab_that_is_closed_ends_the_model_at_its_next_word(
    make_desk: MakeDesk, make_service: MakeService
) -> None:
    speak, written, late = (threading.Event() for _ in range(3))
    pieces = ("The council held the budget. ", written.set, speak.wait, "More. ", "And more. ", late.set)
    service = make_service(make_desk(*pieces))
    exchanges = follow(ASKED, service, asyncio.Event())
    while not written.is_set():
        await anext(exchanges)
    await exchanges.aclose()
    speak.set()
    await _ends(service)
    assert not late.is_set()


async def test_a_stop_hangs_up_on_a_model_that_keeps_silent(make_desk: MakeDesk, make_service: MakeService) -> None:
    stop = asyncio.Event()
    with ScriptedServer(streamed(Pause(seconds=30))) as server:
        chat = OpenAIChat(model="tiny", base_url=server.base_url, retries=0)
        desk = replace(make_desk(), answerer=GenerativeAnswerer(model=chat))
        service = make_service(desk)
        exchanges = follow(ASKED, service, stop)
        while not server.requests:
            await anext(exchanges)
        stop.set()
        assert [each async for each in exchanges][-1].stage is Stage.STOPPED
        await _ends(service)
