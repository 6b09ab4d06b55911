"""What a reader does on the page of a server without a chat model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import pytest
from playwright.sync_api import Page, expect

BUDGET = "How much is the harbour budget?"
SENTENCE = "The council voted to hold the harbour budget at £4.25 million for a second year."


class Visit(Protocol):
    page: Page

    def ask(self, question: str) -> None: ...
    def answered(self, number: int = 1) -> str: ...
    def text(self, selector: str) -> str: ...


Opens = Callable[..., Visit]

INSIDE = """(mark) => {
  const box = mark.getBoundingClientRect(), panel = mark.closest("#reader").getBoundingClientRect();
  return box.top >= Math.max(panel.top, 0) && box.bottom <= Math.min(panel.bottom, innerHeight)
    && box.left >= panel.left && box.right <= panel.right;
}"""
"""Whether a mark is wholly within what is visible of the panel."""


def _opened(visit: Visit) -> str:
    """Wait until a sentence is marked and in view, and return it."""
    mark = visit.page.wait_for_selector("#reader mark.cited")
    assert mark is not None
    visit.page.wait_for_function(INSIDE, arg=mark)
    return mark.inner_text()


def test_a_citation_opens_the_article_at_its_exact_sentence(visit: Opens, extractive: str) -> None:
    there = visit(extractive)
    there.ask(BUDGET)
    shown = there.answered()
    assert "Answered" in shown
    assert "£4.25 million" in shown
    there.page.click("#live a.cite >> nth=0")
    assert _opened(there) == SENTENCE == there.text("#live .sources li:first-child .quote")
    assert there.page.evaluate("document.querySelector('#reader').scrollTop") > 0
    assert "Wexcombe council holds harbour budget" in there.text("#reader h2")
    assert "6 February 2024" in there.text("#reader .byline")
    original = there.page.locator("#reader .original a")
    expect(original).to_have_attribute("href", "https://tidewater.example.com/harbour-budget")
    expect(original).to_have_attribute("rel", "noopener noreferrer")
    assert "neither had heard about the vote." in there.text("#reader .text")


def test_the_source_list_opens_the_same_place(visit: Opens, extractive: str) -> None:
    there = visit(extractive)
    there.ask(BUDGET)
    there.answered()
    there.page.click("#live .sources a >> nth=0")
    assert _opened(there) == SENTENCE


def test_the_keyboard_is_enough(visit: Opens, extractive: str) -> None:
    there = visit(extractive)
    there.ask(BUDGET)
    there.answered()
    for _ in range(30):
        there.page.keyboard.press("Shift+Tab")
        if there.page.evaluate("document.activeElement.matches('a.cite')"):
            break
    there.page.keyboard.press("Enter")
    assert _opened(there) == SENTENCE
    expect(there.page.locator("#reader h2")).to_be_focused()
    there.page.keyboard.press("Escape")
    expect(there.page.locator("#reader article")).to_have_count(0)
    expect(there.page.locator("#live a.cite >> nth=0")).to_be_focused()


def test_what_the_articles_do_not_say_is_said_with_the_nearest_passages(visit: Opens, extractive: str) -> None:
    there = visit(extractive)
    there.ask("Who painted the ceiling of the Sistine Chapel?")
    assert "Not in these articles" in there.answered()
    expect(there.page.locator("#live a.cite")).to_have_count(0)
    nearest = there.page.locator("#live .nearest a")
    if nearest.count():
        nearest.first.click()
        assert _opened(there)


def test_a_follow_up_shows_what_was_searched(visit: Opens, extractive: str) -> None:
    there = visit(extractive)
    there.ask(BUDGET)
    there.answered()
    there.ask("Who denied that it would cost jobs?")
    there.answered(2)
    searched = there.text("[data-exchange='2'] .searched")
    assert searched.startswith("Searched for:")
    assert "harbour" in searched
    expect(there.page.locator("[data-exchange='1'] .searched")).to_be_hidden()
    there.page.click("[data-exchange='1'] a.cite >> nth=0")
    assert _opened(there) == SENTENCE


def test_a_hostile_article_is_only_text(visit: Opens, extractive: str) -> None:
    there = visit(extractive)
    there.ask("What was stolen from Gallows Pier on Sunday night?")
    there.answered()
    there.page.locator("#live a[href^='#read/']").first.click()
    assert _opened(there)
    assert "<script>window.hacked=1</script>" in there.text("#reader h2")
    assert "${window.hacked=9}" in there.text("#reader .text")
    there.page.hover("#reader .publisher")
    expect(there.page.locator("#reader .original")).to_have_count(0)
    inside = there.page.locator("#chat section, #reader article")
    assert inside.locator("img, script, iframe, b, svg[onload]").count() == 0
    links = inside.locator("a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert links
    assert all(link.startswith("#read/") for link in links)


def test_two_tabs_do_not_mix(visit: Opens, extractive: str) -> None:
    one, other = visit(extractive), visit(extractive)
    one.ask(BUDGET)
    other.ask("How many ferry crew members voted for a strike?")
    assert "£4.25 million" in one.answered()
    assert "87" in other.answered()
    assert "87" not in one.text("#chat")
    assert "£4.25 million" not in other.text("#chat")
    one.page.click("#live a.cite >> nth=0")
    other.page.click("#live a.cite >> nth=0")
    assert "£4.25 million" in _opened(one)
    assert "87" in _opened(other)


def test_a_new_conversation_begins_empty(visit: Opens, extractive: str) -> None:
    there = visit(extractive)
    there.ask(BUDGET)
    there.answered()
    there.page.click("#live a.cite >> nth=0")
    _opened(there)
    there.page.click("#clear")
    expect(there.page.locator(".exchange")).to_have_count(0)
    expect(there.page.locator("#reader article")).to_have_count(0)
    there.ask(BUDGET)
    there.answered()
    expect(there.page.locator(".searched")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(390, 844), (1440, 900)])
def test_nothing_overlaps_or_runs_over(visit: Opens, extractive: str, width: int, height: int, scheme: str) -> None:
    there = visit(extractive, width=width, height=height, scheme=scheme)
    there.ask(BUDGET)
    there.answered()
    there.page.click("#live a.cite >> nth=0")
    _opened(there)
    assert there.page.evaluate("document.documentElement.scrollWidth") <= width
    lines = there.page.locator(".byline time").evaluate_all("dates => dates.map(date => date.getClientRects().length)")
    assert set(lines) == {1}, "a date stays in one line"
    reader = there.page.locator("#reader").bounding_box()
    chat = there.page.locator("#chat").bounding_box()
    assert reader
    assert chat
    if width < 900:
        assert (reader["x"], reader["y"], reader["width"], reader["height"]) == (0, 0, width, height)
    else:
        assert reader["x"] >= chat["x"] + chat["width"]
        assert reader["height"] == height
    before = there.page.evaluate("scrollY")
    there.page.mouse.move(reader["x"] + reader["width"] / 2, height / 2)
    there.page.mouse.wheel(0, 4000)
    there.page.wait_for_function(
        "(r => r.scrollTop + r.clientHeight >= r.scrollHeight - 2)(document.querySelector('#reader'))"
    )
    assert there.page.evaluate("scrollY") == before
    there.page.click("#reader [data-close]")
    expect(there.page.locator("#reader")).to_be_hidden()
