"""The pytest plugin: every case of a suite file is a test, and suites can be written in Python too.

It comes with the package and loads nothing of it before it meets a suite file or a fixture that needs it.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypedDict, Unpack

import pytest

if TYPE_CHECKING:
    from rag.evaluation.suites.cases import Case, Corpus, Suite
    from rag.evaluation.testing import Corpora, Opened
    from rag.types import Answer

_SUFFIXES = {".yaml", ".yml", ".jsonl"}
_CORPORA = pytest.StashKey["Corpora"]()
_OWN_MARKS = {"filterwarnings", "parametrize", "skip", "skipif", "timeout", "usefixtures", "xdist_group", "xfail"}
"""Marks that do something; a tag of such a name becomes `tag-NAME`."""


class SuiteWarning(pytest.PytestWarning):
    """What a suite says does not fit: articles that changed since."""


class CaseFailed(Exception):  # noqa: N818  named like pytest's own
    """A case whose answer is not as expected; its text says how."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take in the options and settings of this plugin."""
    group = parser.getgroup("dateline", "answers over news articles")
    group.addoption("--dateline-library", metavar="DIR", help="ask this library in place of the suites' own articles")
    group.addoption(
        "--dateline-answerer",
        choices=["extractive", "generative", "auto"],
        default="extractive",
        help="who writes answers: the embedded reader, which needs no network (default), or the configured chat model",
    )
    parser.addini("dateline_suites", "patterns of the suite files to collect from folders", type="args", default=[])
    parser.addini("dateline_corpus", "folder of articles that the fixture `ask` asks", type="string", default="")
    parser.addini("dateline_library", "library that the fixture `ask` asks", type="string", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Describe the mark that chooses articles."""
    config.addinivalue_line(
        "markers", "dateline(corpus=…, library=…): the articles that `ask` asks, relative to the test's file"
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> SuiteFile | None:
    """Collect a suite file that was named, or that lies in a folder and fits `dateline_suites`."""
    if file_path.suffix.lower() not in _SUFFIXES:
        return None
    patterns = parent.config.getini("dateline_suites")
    if parent.session.isinitpath(file_path) or any(map(file_path.match, patterns)):
        return SuiteFile.from_parent(parent, path=file_path)
    return None


class SuiteFile(pytest.File):
    """A suite; its cases are its tests."""

    suite: Suite
    opened: Opened

    def collect(self) -> Iterator[CaseItem]:
        """Yield an item for each case; an unreadable suite is a collection error that names the line."""
        from rag.errors import SuiteError  # noqa: PLC0415  heavy: pytest starts without Dateline
        from rag.evaluation.suites.suitefile import case_lines, read_suite  # noqa: PLC0415

        try:
            self.suite, lines = read_suite(self.path), case_lines(self.path)
        except SuiteError as error:
            raise self.CollectError(str(error)) from error
        marks = {case.id: [_mark(tag) for tag in (*self.suite.tags, *case.tags)] for case in self.suite.cases}
        _describe(self.config, chain.from_iterable(marks.values()))
        for case in self.suite.cases:
            yield CaseItem.from_parent(self, name=case.id, case=case, line=lines[case.id], marks=marks[case.id])

    def setup(self) -> None:
        """Open the articles, before the first case that is asked."""
        self.opened = _opened(self, self.suite, self.path)


class CaseItem(pytest.Item):
    """A case of a suite, asked and checked."""

    def __init__(self, *, case: Case, line: int, marks: Iterable[str], **given: object) -> None:
        super().__init__(**given)  # type: ignore[arg-type]
        self.case, self.line = case, line
        for mark in marks:
            self.add_marker(mark)
        if case.skip is not None:
            self.add_marker(pytest.mark.skip(reason=case.skip))
        if case.xfail is not None:
            self.add_marker(pytest.mark.xfail(reason=case.xfail, raises=CaseFailed))

    def runtest(self) -> None:
        """Ask the case; raise CaseFailed where something is not as expected."""
        from rag.errors import DatelineError  # noqa: PLC0415  heavy: pytest starts without Dateline
        from rag.evaluation.results import Outcome  # noqa: PLC0415
        from rag.evaluation.scoring import outcome_of  # noqa: PLC0415
        from rag.evaluation.testing import failure_text, tried  # noqa: PLC0415

        whole = self.getparent(SuiteFile)
        assert whole is not None
        try:
            results = tried(whole.suite, self.case, whole.opened)
        except DatelineError as error:
            pytest.fail(f"{self.path}:{self.line}: {error}", pytrace=False)
        if failure := failure_text(results):
            if outcome_of(results) is Outcome.ERROR:
                pytest.fail(failure, pytrace=False)
            raise CaseFailed(failure)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> object:  # type: ignore[override]
        """Return what failed in place of a traceback, which would lead into Dateline."""
        if isinstance(excinfo.value, CaseFailed | SuiteWarning):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the case stands."""
        return self.path, self.line - 1, self.name


class Limits(TypedDict, total=False):
    """What of the library a question may draw on, as in a suite."""

    since: str
    until: str
    as_of: str
    publishers: Sequence[str]
    articles: Sequence[str]


class Ask(Protocol):
    """Asks a question; earlier answers, or questions with their answers, are its history."""

    def __call__(
        self,
        question: str,
        *,
        history: Sequence[Answer | tuple[str, str]] = (),
        asked_at: str | None = None,
        **limits: Unpack[Limits],
    ) -> Answer:
        """Return the answer; a question that cannot be asked fails the test."""


class AssertCites(Protocol):
    """Fails the test unless an answer cites an article, a quote, or a quote in an article."""

    def __call__(self, answer: Answer, *, article: str | None = None, quote: str | None = None) -> None:
        """Check it; the article is named by id, address, row id or title."""


class AssertAbstains(Protocol):
    """Fails the test unless an answer says that the articles do not."""

    def __call__(self, answer: Answer) -> None:
        """Check it."""


@pytest.fixture
def ask(request: pytest.FixtureRequest) -> Ask:
    """Ask over the articles that the mark `dateline` or the settings `dateline_corpus`, `dateline_library` name."""
    from rag.evaluation.testing import one_answer  # noqa: PLC0415  heavy: pytest starts without Dateline

    suite, opened = _articles(request)

    def asked(
        question: str,
        *,
        history: Sequence[Answer | tuple[str, str]] = (),
        asked_at: str | None = None,
        **limits: Unpack[Limits],
    ) -> Answer:
        __tracebackhide__ = True
        answer = one_answer(suite, opened, question, history, {"asked_at": asked_at, **limits})
        if isinstance(answer, str):
            pytest.fail(answer)
        return answer

    return asked


@pytest.fixture
def assert_cites(request: pytest.FixtureRequest) -> AssertCites:
    """Check what an answer over the articles of `ask` cites."""
    from rag.errors import ConfigurationError  # noqa: PLC0415  heavy: pytest starts without Dateline
    from rag.evaluation.testing import not_cited  # noqa: PLC0415

    _, opened = _articles(request)

    def check(answer: Answer, *, article: str | None = None, quote: str | None = None) -> None:
        __tracebackhide__ = True
        try:
            wrong, pytrace = not_cited(answer, article, quote, opened.evidence), True
        except ConfigurationError as error:
            wrong, pytrace = str(error), False
        if wrong:
            pytest.fail(wrong, pytrace=pytrace)

    return check


@pytest.fixture
def assert_abstains() -> AssertAbstains:
    """Check that an answer leaves the question unanswered."""
    from rag.evaluation.testing import not_abstained  # noqa: PLC0415  heavy: pytest starts without Dateline

    def check(answer: Answer) -> None:
        __tracebackhide__ = True
        if wrong := not_abstained(answer):
            pytest.fail(wrong)

    return check


def _articles(request: pytest.FixtureRequest) -> tuple[Suite, Opened]:
    from rag.evaluation.suites.cases import Suite  # noqa: PLC0415  heavy: pytest starts without Dateline

    mark, config = request.node.get_closest_marker("dateline"), request.config
    place = request.path if mark else config.inipath or config.rootpath / "pytest.ini"
    given = mark.kwargs if mark else {name: config.getini(f"dateline_{name}") for name in ("corpus", "library")}
    suite = Suite(suite=place.name, corpus=_corpus(**given))
    return suite, _opened(request.node, suite, place, "" if any(given.values()) else _UNNAMED)


_UNNAMED = " Or name articles: @pytest.mark.dateline(corpus=…), or the setting dateline_corpus or dateline_library."


def _corpus(*, corpus: str = "", library: str = "") -> Corpus:
    from rag.evaluation.suites.cases import Corpus  # noqa: PLC0415  heavy: pytest starts without Dateline

    return Corpus(folder=corpus or None, library=library or None)


def _opened(node: pytest.Item | pytest.Collector, suite: Suite, path: Path, advice: str = "") -> Opened:
    """Return the articles of a suite; where they cannot be used that is told without a traceback, with advice."""
    from rag.errors import DatelineError  # noqa: PLC0415  heavy: pytest starts without Dateline

    corpora = node.config.stash.get(_CORPORA, None) or _start(node.config)
    try:
        opened = corpora.of(suite, path)
    except DatelineError as error:
        wrong = str(error) + advice
    else:
        for remark in opened.remarks:
            node.warn(SuiteWarning(remark))
        return opened
    pytest.fail(wrong, pytrace=False)


def _start(config: pytest.Config) -> Corpora:
    from rag.evaluation.testing import Corpora  # noqa: PLC0415  heavy: pytest starts without Dateline

    library = config.getoption("dateline_library")
    corpora = Corpora(
        _cache(config),
        answerer=config.getoption("dateline_answerer"),
        library=Path(library) if library else None,
    )
    config.stash[_CORPORA] = corpora
    config.add_cleanup(corpora.close)
    return corpora


def _cache(config: pytest.Config) -> Path:
    """Return pytest's cache, which xdist's workers share, or a folder for this run where it is switched off."""
    cache: pytest.Cache | None = getattr(config, "cache", None)
    if cache is not None:
        return cache.mkdir("dateline")
    folder = tempfile.TemporaryDirectory(prefix="dateline-")
    config.add_cleanup(folder.cleanup)
    return Path(folder.name)


def _mark(tag: str) -> str:
    """Return a tag as a mark that `-m` can name."""
    name = re.sub(r"[^\w.+-]+", "-", tag)
    return f"tag-{name}" if name in _OWN_MARKS or name.startswith("_") else name


def _describe(config: pytest.Config, marks: Iterable[str]) -> None:
    """Make marks known, as `--strict-markers` demands."""
    known = {line.split(":")[0].split("(")[0].strip() for line in config.getini("markers")}
    for mark in sorted(set(marks) - known):
        config.addinivalue_line("markers", f"{mark}: tag of cases in a suite")
