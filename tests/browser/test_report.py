"""What a reader does on the page of a run, opened as a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, Page, expect

from bench.made_up import MadeUp
from rag.evaluation.reports import write_html
from rag.evaluation.results import Outcome
from tests.evaluation.test_reports import HOSTILE, with_words


class Visit(Protocol):
    page: Page


Opens = Callable[..., Visit]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page of 1,200 cases, of which 120 fail."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_html(MadeUp(1200, 120).report(), path)
    return path.as_uri()


def test_the_last_case_can_be_scrolled_to(visit: Opens, report: str) -> None:
    page = visit(report).page
    last = page.locator(".list tbody tr").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    expect(last).to_contain_text("case-1200")


def test_a_name_in_the_list_leads_to_what_failed(visit: Opens, report: str) -> None:
    page = visit(report).page
    page.locator(".list a").nth(100).click()
    name = page.locator(".list a").nth(100).inner_text()
    expect(page.locator(".case:target h3")).to_have_text(name)
    expect(page.locator(".case:target h3")).to_be_in_viewport()
    expect(page.locator(".case:target table.checks")).to_be_visible()


def test_the_list_is_narrowed_to_what_is_typed_and_chosen(visit: Opens, report: str) -> None:
    page = visit(report).page
    page.fill("#find", "case-40")
    expect(page.locator("#count")).to_have_text("11 of 1,200 cases")
    expect(page.locator(".case:not([hidden]) h3")).to_have_text(["case-40", "case-400"])
    page.select_option("#which", "passed")
    expect(page.locator("#count")).to_have_text("9 of 1,200 cases")
    page.fill("#find", "")
    page.select_option("#which", "error")
    errors = sum(result.outcome is Outcome.ERROR for result in MadeUp(1200, 120).results())
    expect(page.locator("#count")).to_have_text(f"{errors} of 1,200 cases")
    expect(page.locator(".case:not([hidden])")).to_have_count(errors)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_nothing_is_wider_than_the_window(visit: Opens, report: str, width: int, scheme: str) -> None:
    page = visit(report, width=width, scheme=scheme).page
    page.locator(".case").nth(3).scroll_into_view_if_needed()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == {"light": "rgb(250, 248, 243)", "dark": "rgb(23, 22, 19)"}[scheme]


@pytest.mark.parametrize("part", ["comparison", "metrics"])
def test_all_of_a_metric_can_be_seen_on_a_phone(visit: Opens, report: str, part: str) -> None:
    page = visit(report, width=390).page
    table = page.locator(f"section[aria-labelledby={part}] .wide")
    assert table.evaluate("each => each.scrollWidth <= each.clientWidth")
    row = table.locator("tbody tr").first
    for cell in ("[data-label='95 % interval']", ".whisker", "td >> nth=-1"):
        expect(row.locator(cell)).to_be_visible()
    named = row.locator("[data-label='95 % interval']").evaluate("each => getComputedStyle(each, '::before').content")
    assert "attr(data-label)" in named or "95 % interval" in named


def test_a_table_that_goes_on_beyond_the_edge_fades_there(visit: Opens, report: str) -> None:
    page = visit(report, width=390).page
    tags = page.locator("section[aria-labelledby=tags] .wide")
    assert tags.evaluate("each => each.scrollWidth > each.clientWidth")
    assert "linear-gradient" in tags.evaluate("each => getComputedStyle(each).maskImage")
    tags.evaluate("each => each.scrollTo(each.scrollWidth, 0)")
    last = (
        "each => each.getBoundingClientRect().right - each.querySelector('th:last-child').getBoundingClientRect().right"
    )
    assert tags.evaluate(last) >= 39


@pytest.mark.parametrize("width", [390, 700, 1280])
@pytest.mark.parametrize("target", ["#c40", "#all", "#failing"])
def test_nothing_covers_what_a_link_leads_to(visit: Opens, report: str, width: int, target: str) -> None:
    page = visit(report, width=width).page
    page.evaluate("target => { location.hash = target; }", target)
    name = page.locator(f"{target} h3" if target == "#c40" else target)
    expect(name).to_be_in_viewport(ratio=1)
    middle = """each => {
        const at = each.getBoundingClientRect();
        return each.contains(document.elementFromPoint(at.left + 5, at.top + at.height / 2));
    }"""
    assert name.evaluate(middle)


def test_a_plot_alone_is_no_larger_than_beside_another(visit: Opens, tmp_path: Path) -> None:
    made = MadeUp(9, 1).report()
    alone = [next(made.results())]
    write_html(replace(made, results=lambda: iter(alone)), tmp_path / "report.html")
    page = visit((tmp_path / "report.html").as_uri()).page
    expect(page.locator(".plot")).to_have_count(1)
    assert page.locator(".plot").evaluate("each => each.clientWidth") <= 600


def test_hostile_words_run_nothing_and_fetch_nothing(visit: Opens, tmp_path: Path) -> None:
    write_html(with_words(HOSTILE), tmp_path / "report.html")
    page = visit((tmp_path / "report.html").as_uri()).page
    page.locator(".case summary").click()
    expect(page.locator(".case .question")).to_contain_text("<script>window.hacked = 1</script>")


def test_it_can_be_read_without_scripts(browser: Browser, report: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report)
    expect(page.locator("h1")).to_have_text("made up")
    expect(page.locator("#filter")).to_be_hidden()
    page.locator(".case").last.scroll_into_view_if_needed()
    expect(page.locator(".case mark").last).to_be_visible()
    context.close()
