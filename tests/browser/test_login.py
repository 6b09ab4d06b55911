"""What a reader does on a server that asks for keys."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.browser.test_page import BUDGET, SENTENCE


def test_a_key_opens_the_page_and_logging_out_closes_it(browser: Browser, locked: tuple[str, str]) -> None:
    address, key = locked
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(address)
    expect(page).to_have_url(f"{address}login")
    _give(page, "dl_000000000000_" + "A" * 43)
    expect(page.get_by_role("alert")).to_contain_text("does not open the page")
    assert len(complaints) == 1  # the browser tells of the status 401
    _give(page, key)
    page.locator("#question textarea").fill(BUDGET)
    page.locator("#question textarea").press("Enter")
    page.locator("a.cite").first.click()
    expect(page.locator("#reader mark.cited")).to_have_text(SENTENCE)
    page.goto(f"{address}login")
    page.get_by_role("button", name="Log out").click()
    page.goto(address)
    expect(page).to_have_url(f"{address}login")
    assert len(complaints) == 1
    page.close()


def _give(page: Page, key: str) -> None:
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Log in").click()
