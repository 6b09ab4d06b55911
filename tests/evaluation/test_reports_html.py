"""The page of a run: what it shows, that hostile words stay words, and that it needs nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from bench.made_up import MadeUp
from rag.evaluation.reports import write_html
from rag.evaluation.results import Estimate, Outcome, Report
from rag.evaluation.statistics.inference import interval
from tests.evaluation.test_reports import HOSTILE, with_words

VOID = {"meta", "br", "input"}
STYLES = Path(__file__).parents[2] / "rag" / "evaluation" / "reports" / "templates" / "report.css"


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self, tag: str, name: str | None = None) -> list[Element]:
        """Return the elements below with this tag and, if one is given, this class."""
        found = [each for each in self.children if isinstance(each, Element)]
        below = [other for each in found for other in (each, *each.all("*"))] if tag == "*" else self.all("*")
        if tag == "*":
            return below
        named = (each for each in below if each.tag == tag)
        return [each for each in named if name is None or name in (each.attributes.get("class") or "").split()]


class Tree(HTMLParser):
    """Builds the tree, and fails where elements are not closed in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute stands twice in {tag}"
        element = Element(tag, dict(attrs))
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


Shows = Callable[..., Element]


def written(report: Report, path: Path, **options: int) -> Element:
    """Write a page and read it back."""
    write_html(report, path, **options)
    tree = Tree()
    tree.feed(path.read_text(encoding="utf-8"))
    tree.close()
    return tree.root


@pytest.fixture
def shows(tmp_path: Path) -> Shows:
    return partial(written, path=tmp_path / "report.html")


@pytest.fixture(scope="module")
def run() -> MadeUp:
    return MadeUp(40, 6)


@pytest.fixture(scope="module")
def page(run: MadeUp, tmp_path_factory: pytest.TempPathFactory) -> Element:
    return written(run.report(), tmp_path_factory.mktemp("page") / "report.html")


def case(page: Element, name: str) -> Element:
    [found] = [each for each in page.all("article", "case") if each.all("h3")[0].text == name]
    return found


def test_the_head_says_what_was_run_and_what_came_of_it(page: Element) -> None:
    head = " ".join(page.text.split())
    assert "40 cases: 34 passed, 4 failed, 2 without a verdict." in head
    for said in ("extractive", "9c1f6a2e77b0d451", "0.1.0", "2024-06-20-made-up", "20 June 2024, 09:30 UTC"):
        assert said in head
    assert "Two articles changed since the suite was written." in head
    assert "22.1 points or more (power 0.8)" in head


def test_a_failing_case_shows_how_it_fails(page: Element, run: MadeUp) -> None:
    failing = [result.case.id for result in run.results() if not result.outcome.good]
    titles = ["Broken since the baseline", "Other failing cases"]
    shown = {
        part.all("h2")[0].text: [each.text for each in part.all("h3")] for part in page.all("section") if part.all("h2")
    }
    assert shown[titles[0]] == ["case-7", "case-34", "case-40"]
    assert sorted(shown[titles[0]] + shown[titles[1]]) == sorted(failing)
    fails, answer = case(page, "case-20"), run.result(19).sample.answer
    assert answer is not None
    assert [each.text for each in fails.all("tbody")[0].all("td")] == ["stages and the guidance.", answer.text]
    assert [each.text for each in fails.all("mark")] == [citation.quote for citation in answer.citations]
    quoted = [each.text for each in fails.all("blockquote")]
    assert quoted == [
        hit.passage.text.replace(c.quote, f"{c.quote}{c.marker}", 1)
        for hit, c in zip(answer.hits, answer.citations, strict=False)
    ]
    assert fails.all("span", "claim")[0].text == answer.text[answer.claims[0].start : answer.claims[0].end]
    assert fails.all("span", "flaw")[0].text == "not supported: nobody"
    assert "Sentences: 1 supported, 1 not supported." in fails.text
    assert len(fails.all("ol", "hits")[0].all("li")) == len(answer.hits)


def test_an_error_stands_in_the_place_of_the_answer(page: Element) -> None:
    shown = case(page, "case-7")
    assert "Without a verdict" in shown.text
    assert "The model server took longer than 60 seconds." in shown.text
    assert not shown.all("blockquote")


def test_a_failing_case_shows_what_the_baseline_said(page: Element, run: MadeUp) -> None:
    shown = case(page, "case-34")
    before, now = run.before(("made up", "case-34", 1, 1)), run.result(33).sample.answer
    assert before is not None
    assert before.answer is not None
    assert now is not None
    [difference] = shown.all("p", "edits")
    kinds = [(each.tag, each.text) if isinstance(each, Element) else ("", each) for each in difference.children]
    assert "".join(text for tag, text in kinds if tag != "ins") == before.answer.text
    assert "".join(text for tag, text in kinds if tag != "del") == now.text
    assert ("ins", "Nobody said that ") in kinds
    assert "The status was: Answered." in shown.text
    assert "The same as now." in case(page, "case-20").text


def test_words_stay_words(shows: Shows) -> None:
    page = shows(with_words(HOSTILE))
    [script] = page.all("script")
    policy = next(each for each in page.all("meta") if "http-equiv" in each.attributes).attributes["content"]
    digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
    assert policy is not None
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in policy
    assert not page.all("img")
    assert "<script>window.hacked = 1</script>" in page.text
    assert "{{ 7 * 7 }}" in page.text
    for element in page.all("*"):
        assert not [name for name in element.attributes if name.startswith("on")]
        for name in ("href", "src", "xlink:href", "action"):
            assert (element.attributes.get(name) or "#").startswith("#")


def test_the_page_is_well_made(page: Element) -> None:
    names = [each.attributes["id"] for each in page.all("*") if "id" in each.attributes]
    assert len(set(names)) == len(names)
    for each in page.all("a"):
        assert (each.attributes["href"] or "")[1:] in names
    for each in page.all("*"):
        for name in ("aria-labelledby", "for"):
            assert each.attributes.get(name, names[0]) in names
    assert all(each.attributes.get("scope") in {"row", "col"} for each in page.all("th"))
    plots = [each for each in page.all("svg") if each.attributes.get("aria-hidden") != "true"]
    assert [(each.attributes["aria-label"] or "").split(".")[0] for each in plots] == ["Latency", "Abstaining"]
    levels = [int(each.tag[1]) for each in page.all("*") if re.fullmatch("h[1-6]", each.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))


def test_every_case_is_listed(shows: Shows) -> None:
    run = MadeUp(1203, 40)
    page = shows(run.report())
    tables = page.all("table", "list")
    assert [len(each.all("tbody")[0].all("tr")) for each in tables] == [500, 500, 203]
    rows = [each.attributes["class"] for table in tables for each in table.all("tbody")[0].all("tr")]
    assert rows == [result.outcome.value for result in run.results()]
    assert len([each for table in tables for each in table.all("a")]) == 40


def test_one_run_gives_one_page(tmp_path: Path) -> None:
    for name in ("one", "other"):
        write_html(MadeUp(9, 1).report(), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_what_would_be_too_large_is_told_in_short(shows: Shows) -> None:
    run = MadeUp(100, 20)
    page = shows(run.report(), detailed=12_000)
    cases = page.all("article", "case")
    in_full = [each for each in cases if each.all("blockquote") or each.all("div", "answer") or each.all("h4")]
    assert 0 < len(in_full) < 20 == len(cases)
    told = re.findall(r"The first (\d+) are told in full, (\d+) more in short", page.text)
    assert sum(int(full) for full, _ in told) == len(in_full)
    assert sum(int(full) + int(short) for full, short in told) == 20
    assert all(each.all("table", "checks") and each.all("p", "question") for each in cases)


def test_tags_are_shaded_by_how_bad_they_are(shows: Shows) -> None:
    made = MadeUp(9, 1).report()

    def tagged(name: str, value: float) -> tuple[Estimate, ...]:
        return (Estimate(metric=name, value=value, low=0.0, high=1.0, count=7, clusters=3),)

    by_tag = {"good": tagged("pass", 1.0), "bad": tagged("pass", 0.2), "odd": tagged("defect.figure", 1.0)}
    by_tag["unknown"] = tagged("pass", math.nan)
    page = shows(replace(made, summary=replace(made.summary, by_tag=by_tag)))
    [heat] = page.all("table", "heat")
    cells = [
        [(each.attributes["class"], each.text) for each in row.all("td")] for row in heat.all("tbody")[0].all("tr")
    ]
    assert cells == [
        [("h0", "100"), ("h8", "20"), ("none", "·"), ("none", "·")],
        [("none", "·"), ("none", "·"), ("h10", "100"), ("none", "·")],
    ]


def test_the_page_has_the_same_quantiles_as_the_metrics(shows: Shows) -> None:
    made, seconds = MadeUp(1, 0), [0.1, 0.2, 0.3, 7.0]
    results = [
        replace(made.result(0), sample=replace(made.result(0).sample, seconds=each, attempt=n))
        for n, each in enumerate(seconds, 1)
    ]
    page = shows(replace(made.report(), results=lambda: iter(results)))
    assert interval(seconds, [1] * 4, range(4), "median", bounded=False)[0] == 0.2
    assert interval(seconds, [1] * 4, range(4), "p95", bounded=False)[0] == 7.0
    told = "Half of 4 answers took up to 0.200 s, 95 % up to 7.00 s, the slowest 7.00 s."
    assert told in page.all("figure", "plot")[0].text


def test_changed_articles_and_what_cannot_be_shown_are_told(shows: Shows) -> None:
    made = MadeUp(9, 1).report()
    assert made.comparison is not None
    comparison = replace(made.comparison, changed_articles=("a1", "b2"))
    run, summary = replace(made.run, titles={"a1": "<b>Storm</b>"}), replace(made.summary, detectable=None)
    page = shows(replace(made, run=run, comparison=comparison, summary=summary))
    assert ["<b>Storm</b> (a1)", "b2"] in [[each.text for each in names.all("li")] for names in page.all("ul", "names")]
    assert "Too few articles: no change of the pass rate could be shown" in page.text


def test_a_run_of_nothing_is_a_page_too(shows: Shows) -> None:
    made = MadeUp(9, 1).report()
    summary = replace(made.summary, outcomes={}, estimates=(), by_tag={}, detectable=None)
    page = shows(replace(made, summary=summary, comparison=None, results=lambda: iter(())))
    assert "0 cases" in page.text
    assert not page.all("article")


def test_expected_failures_and_flaky_cases_are_told(shows: Shows) -> None:
    made = with_words("x", Outcome.XFAILED)
    summary = replace(made.summary, outcomes={Outcome.XFAILED: 1}, flaky=("case-3", "case-5"))
    page = shows(replace(made, summary=summary))
    assert "1 failed as expected" in page.text
    assert "2 cases passed in some attempts only" in page.text
    assert "Expected to fail: so it is" in case(page, "case-9").text
    assert [each.text for each in page.all("h2")][-2:] == ["Cases expected to fail", "All cases"]


def test_colours_can_be_told_from_their_ground() -> None:
    """Contrast by WCAG 2.2, section 1.4.3: at least 4.5 to 1, in both themes."""
    light, dark = (
        dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", STYLES.read_text(encoding="utf-8"), re.DOTALL)
    )
    for theme in (light, light | dark):
        for ground in ("paper", "sheet"):
            for ink in ("ink", "soft", "accent", "good", "fair", "bad", "none"):
                assert contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)
        assert contrast(theme["ink"], theme["cited"]) >= 4.5
        darkest = "#" + "".join(
            f"{(int(theme['bad'][i : i + 2], 16) + int(theme['sheet'][i : i + 2], 16)) // 2:02x}" for i in (1, 3, 5)
        )
        assert contrast(theme["ink"], darkest) >= 4.5


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
