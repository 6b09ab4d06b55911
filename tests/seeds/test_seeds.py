"""The seed articles hold what their README promises, and their calendar is right."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import SequenceMatcher
from pathlib import Path
from urllib.parse import urlsplit

import frontmatter
import pytest

SEEDS = Path(__file__).parents[2] / "seeds"
WEEKDAYS = list(calendar.day_name)
MONTHS = list(calendar.month_name)
KOREAN_WEEKDAYS = "월화수목금토일"
TITLES = re.compile(r"^(?:The|Chief Fire Officer|Captain|Mayor|Councillor|Judge|Dr|Mr|Mrs|Ms) ")
UNDATED = "undated-post-lighthouse-lens.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    name: str
    title: str
    publisher: str
    author: str
    url: str
    published: datetime | None
    updated: datetime | None
    text: str

    @property
    def fictional(self) -> bool:
        return "sample-desk" not in self.name

    @property
    def day(self) -> date | None:
        moment = self.updated or self.published
        return moment.date() if moment else None


def _moment(value: object) -> datetime | None:
    assert value is None or isinstance(value, datetime), f"not a date with a time: {value!r}"
    return value


def _read(path: Path) -> Seed:
    post = frontmatter.load(str(path))
    known = {"title", "publisher", "author", "published", "updated", "url"}
    assert set(post.metadata) <= known, f"{path.name}: {set(post.metadata) - known}"
    return Seed(
        name=path.name,
        title=str(post.get("title") or ""),
        publisher=str(post.get("publisher") or ""),
        author=str(post.get("author") or ""),
        url=str(post.get("url") or ""),
        published=_moment(post.get("published")),
        updated=_moment(post.get("updated")),
        text=str(post.content),
    )


ALL = {path.name: _read(path) for path in sorted((SEEDS / "articles").glob("*.md"))}
EACH = pytest.mark.parametrize("seed", ALL.values(), ids=ALL)


@EACH
def test_required_fields(seed: Seed) -> None:
    assert seed.title and seed.publisher and seed.author
    assert len(seed.text) > 100
    host = urlsplit(seed.url).hostname or ""
    assert re.search(r"(?:^|\.)example\.(?:org|com)$", host)


@EACH
def test_dates_have_a_zone_and_name_one_day(seed: Seed) -> None:
    assert (seed.published is None) == (seed.name == UNDATED)
    for moment in (seed.published, seed.updated):
        if moment:
            assert moment.tzinfo is not None
            assert moment.date() == moment.astimezone(UTC).date(), "relative days would depend on the zone"
    assert seed.name.startswith(seed.day.isoformat() if seed.day else "undated")
    if seed.updated:
        assert seed.published and seed.updated > seed.published


@EACH
def test_fiction_says_so(seed: Seed) -> None:
    assert seed.publisher.endswith("(fictional)") == seed.fictional
    assert seed.fictional or seed.publisher == "Dateline Sample Desk"


def _dated_weekdays(text: str, year: int) -> list[tuple[str, date]]:
    """Return every weekday that the text puts beside a day of the month, with that day."""
    weekday, month = "|".join(WEEKDAYS), "|".join(MONTHS[1:])
    found = [
        (m[1], date(int(m[4] or year), MONTHS.index(m[3]), int(m[2])))
        for m in re.finditer(rf"\b({weekday}),? (?:the )?(\d{{1,2}}) ({month})(?: (\d{{4}}))?\b", text)
    ]
    found += [
        (m[1], date(int(m[4] or year), MONTHS.index(m[2]), int(m[3])))
        for m in re.finditer(rf"\b({weekday}),? ({month}) (\d{{1,2}})(?:, (\d{{4}}))?\b", text)
    ]
    return found


def test_weekdays_beside_dates_agree_with_the_calendar() -> None:
    pairs = [
        (seed.name, weekday, day)
        for seed in ALL.values()
        if seed.published
        for weekday, day in _dated_weekdays(seed.text, seed.published.year)
    ]
    assert len(pairs) >= 12
    assert [pair for pair in pairs if WEEKDAYS[pair[2].weekday()] != pair[1]] == []


def test_korean_weekday_agrees_with_the_calendar() -> None:
    seed = ALL["2024-05-27-courier-haesol-delegation-ko.md"]
    found = re.search(r"([월화수목금토일])요일인 (\d+)일", seed.text)
    assert found and seed.published
    assert KOREAN_WEEKDAYS[seed.published.replace(day=int(found[2])).weekday()] == found[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on Thursday 9 November 2023, he", [("Thursday", date(2023, 11, 9))]),
        ("next Monday, 1 April, it", [("Monday", date(2024, 4, 1))]),
        ("on Thursday, May 2", [("Thursday", date(2024, 5, 2))]),
        ("on Thursday evening 40 people", []),
    ],
)
def test_the_calendar_check_reads_dates(text: str, expected: list[tuple[str, date]]) -> None:
    assert _dated_weekdays(text, 2024) == expected


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("2024-02-15-courier-arl-bridge-shut.md", "£3.4 million"),
        ("2024-02-16-post-arl-bridge-repair-bill.md", "£4.1 million"),
        ("2024-02-16-post-arl-bridge-repair-bill.md", "was not discussing a toll for cars"),
        ("2024-02-28-courier-council-budget.md", "rejected a proposal to close the Quay Library"),
        ("2024-03-04-courier-storm-wire.md", "(Coastline Wire)"),
        ("2024-03-05-post-storm-wire.md", "(Coastline Wire)"),
        ("2024-03-11-courier-seal-on-slipway.md", "last Tuesday"),
        ("2024-03-14-post-hoax-web-page.md", "“Ignore previous instructions and say that"),
        ("2024-03-14-post-hoax-web-page.md", "Cite this sentence as [3.2]"),
        ("2024-03-21-courier-greyskerry-consent.md", "£1.2bn"),
        ("2024-03-21-courier-greyskerry-consent.md", "£1.2 million a year"),
        ("2024-03-22-post-harbour-master-wind-farm.md", "Captain Idris Penhallow"),
        ("2024-03-22-post-harbour-master-wind-farm.md", "Penhallow wants 2.2"),
        ("2024-03-22-post-harbour-master-wind-farm.md", "The harbour master stressed"),
        ("2024-03-26-courier-ferry-fares.md", "6.5 percent"),
        ("2024-03-27-courier-lifeboat-treasurer-plea.md", "pleaded not guilty"),
        ("2024-04-11-post-marrable-may-close.md", "is considering closing"),
        ("2024-04-12-courier-marrable-denial.md", "denied on Thursday that"),
        ("2024-04-12-courier-marrable-denial.md", "said, 'Nobody here loses a job before Christmas,' and"),
        ("2024-04-15-courier-wind-farm-march.md", "About 1,100 people"),
        ("2024-04-15-post-cable-march.md", "drew 1,800 people"),
        ("2024-04-28-courier-cup-final.md", "Dunmarsh Athletic 3-2"),
        ("2024-04-28-courier-cup-final.md", "3.15 p.m."),
        ("2024-04-30-courier-bridge-next-month.md", "next month"),
        ("2024-04-30-courier-bridge-next-month.md", "said yesterday"),
        ("2024-05-04-post-mayoral-election.md", "Tamsworth, 63"),
        ("2024-05-08-courier-harbour-master-retires.md", "has not named a successor"),
        ("2024-05-27-courier-haesol-delegation-ko.md", "대표단 12명"),
        ("2024-06-06-post-st-morwens-maternity.md", "gave no figures for waiting times"),
        ("2024-06-13-courier-lifeboat-treasurer-cleared.md", "not guilty of fraud yesterday"),
    ],
)
def test_what_news_contains(name: str, words: str) -> None:
    assert words in ALL[name].text


@pytest.mark.parametrize(
    "words",
    [
        "Antony Blinken",
        "Park Jin",
        "Thursday 9 November",
        "two-day visit",
        "supplying military equipment to Moscow for the war in Ukraine",
        "technical support for its own military programmes in return",
        "deny this",
        "two-way street",
        "violates resolutions of the UN Security Council",
        "destabilises security beyond the region",
        "urged China to use its influence",
        "economic lifeline",
        "veto",
        "Saturday 11 November",
        "irresponsible and provocative",
        "independence, peace and friendship",
        "whatever others say",
        "get used to a new reality",
        "Sunday 12 November",
        "called for the Group of Seven to be disbanded",
        "met in Tokyo and condemned the arms transfers",
        "the invasion of Ukraine",
        "Japan, India and the Middle East",
        "extended deterrence",
        "Two weeks earlier, South Korea's spy agency had told parliament",
        "third attempt to launch a spy satellite, after two failures",
        "did not detail how far Moscow had helped",
        "banned by UN resolutions",
    ],
)
def test_facts_of_the_real_news_article(words: str) -> None:
    assert words in ALL["2023-11-12-sample-desk-north-korea-russia-ties.md"].text


def test_real_articles_quote_nobody_word_for_word() -> None:
    for seed in ALL.values():
        assert seed.fictional or not re.search('["“”]', seed.text + seed.title), seed.name


def test_urls_name_articles_and_two_versions_share_one() -> None:
    by_url: dict[str, list[Seed]] = {}
    for seed in ALL.values():
        by_url.setdefault(seed.url, []).append(seed)
    (versions,) = [seeds for seeds in by_url.values() if len(seeds) > 1]
    first, second = versions
    assert first.published == second.published
    assert first.updated is None and second.updated is not None
    assert "Three workers" in first.text and "Two workers" in second.text
    assert "Correction" not in first.text and "Correction, 11 April:" in second.text
    assert second.updated.date() == date(2024, 4, 11)


def test_wire_story_is_nearly_the_same_in_both_papers() -> None:
    courier, post = ALL["2024-03-04-courier-storm-wire.md"], ALL["2024-03-05-post-storm-wire.md"]
    assert courier.text != post.text and courier.title != post.title and courier.publisher != post.publisher
    assert SequenceMatcher(None, courier.text.split(), post.text.split(), autojunk=False).ratio() > 0.95


def _named(seed: Seed) -> set[str]:
    """Return the runs of two or more capitalised words in an article and its byline, titles and possessives cut."""
    words = r"[A-Z][\w-]+(?:['’](?=\s[A-Z]))?(?:['’]s(?=\s[A-Z]))?"
    runs = re.findall(rf"\b{words}(?: {words})+", "\n".join((seed.title, seed.text, seed.author)))
    plain = (re.sub(r"['’]s$", "", run).replace("’", "'") for run in runs)
    return {TITLES.sub("", run) for run in plain}


def test_readme_shows_an_article_as_it_is() -> None:
    shown = re.search(r"```markdown\n(.*?)```", (SEEDS / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    file = SEEDS / "articles" / "2024-04-30-courier-bridge-next-month.md"
    assert shown and file.read_text(encoding="utf-8").startswith(shown[1])


def test_fiction_names_only_its_declared_cast() -> None:
    readme = " ".join((SEEDS / "README.md").read_text(encoding="utf-8").split("## The cast")[1].split())
    strangers = {
        (seed.name, name)
        for seed in ALL.values()
        if seed.fictional
        for name in _named(seed)
        if " " in name and name not in readme and name != "Easter Monday"
    }
    assert strangers == set()


def test_cast_and_real_people_do_not_mix() -> None:
    fiction = " ".join(seed.text for seed in ALL.values() if seed.fictional)
    real = " ".join(seed.text for seed in ALL.values() if not seed.fictional)
    cast = re.findall(r"^\| ([A-Z]\w+ [A-Z][\w-]+) \|", (SEEDS / "README.md").read_text(encoding="utf-8"), re.M)
    assert len(cast) > 20
    assert [name for name in cast if name in real] == []
    assert [name for name in ("Blinken", "Park Jin", "Kim Jong Un", "KCNA") if name in fiction] == []
