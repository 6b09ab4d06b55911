"""A run as JUnit XML, which continuous integration reads: a suite for each suite, a test for each case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from rag.evaluation.reports.told import Told, place, told, wrong
from rag.evaluation.results import Outcome, Report, Result, RunInfo

if TYPE_CHECKING:
    from junitparser.junitparser import FinalResult
    from junitparser.xunit2 import TestCase, TestSuite

# What XML 1.0 cannot hold, not even escaped (section 2.2 of its recommendation).
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(report: Report, path: Path) -> None:
    """Write the file; a failure that a suite expects is told as skipped, as pytest does."""
    from junitparser.xunit2 import JUnitXml  # noqa: PLC0415  heavy: lxml

    document = JUnitXml("Dateline evaluation")
    for name, cases in groupby(told(report), lambda case: case.suite):
        document.add_testsuite(_suite(name, cases, report.run))
    document.update_statistics()  # type: ignore[no-untyped-call]
    document.write(str(path))


def _suite(name: str, cases: Iterable[Told], run: RunInfo) -> TestSuite:
    from junitparser.xunit2 import TestSuite  # noqa: PLC0415  heavy: lxml

    suite = TestSuite(_xml(name))  # type: ignore[no-untyped-call]
    suite.timestamp = f"{run.started.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    for key, value in _properties(run).items():
        suite.add_property(key, _xml(value))
    suite.add_testcases([_test(case) for case in cases])
    return suite


def _properties(run: RunInfo) -> Mapping[str, str]:
    return {
        "run": run.name,
        "answerer": run.answerer,
        "model": run.model,
        "judge": run.judge or "",
        "corpus": run.corpus_digest,
        "version": run.version,
        "attempts": str(run.attempts),
    }


def _test(case: Told) -> TestCase:
    from junitparser.xunit2 import TestCase  # noqa: PLC0415  heavy: lxml

    test = TestCase(_xml(case.case.id), _xml(case.suite), round(case.seconds, 6))
    for tag in case.tags:
        test.add_property("tag", _xml(tag))
    if case.outcome is Outcome.XPASSED:
        test.add_property("passed against expectation", _xml(case.case.xfail or ""))
    found = _outcome(case)
    if found is not None:
        test.result = [found]
    return test


def _outcome(case: Told) -> FinalResult | None:
    from junitparser import Error, Failure, Skipped  # noqa: PLC0415  heavy: lxml

    match case.outcome:
        case Outcome.FAILED:
            return _told(Failure(_message(case), "expectation"), case)
        case Outcome.ERROR:
            answered = all(result.sample.answer for result in case.failing)
            return _told(Error(_message(case), "no verdict" if answered else "no answer"), case)
        case Outcome.XFAILED:
            return Skipped(_xml(f"expected to fail: {case.case.xfail}"), "xfail")
        case Outcome.SKIPPED:
            return Skipped(_xml(case.case.skip or ""), "skip")
        case _:
            return None


def _message(case: Told) -> str:
    checks = [check for result in case.failing for check in wrong(result)]
    first = f"{checks[0].name}: expected {checks[0].expected}, got {checks[0].got}" if checks else case.outcome.value
    more = f" (and {len(checks) - 1} more)" if len(checks) > 1 else ""
    return _xml(" ".join(first.split()) + more)


def _told(found: FinalResult, case: Told) -> FinalResult:
    found.text = _xml("\n\n".join(_sample(result, len(case.results)) for result in case.failing))
    return found


def _sample(result: Result, of: int) -> str:
    where, answer = place(result, of), result.sample.answer
    lines = [f"question: {result.asked.question}" + (f" ({where})" if where else "")]
    for check in wrong(result):
        lines += [f"{check.name}", f"  expected: {check.expected}", f"  got: {check.got}"]
    if answer:
        lines.append(f"answer ({answer.status.value}): {answer.text}")
    return "\n".join(lines)


def _xml(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
