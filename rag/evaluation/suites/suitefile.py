"""Suite files, YAML or JSONL, as suites; every mistake in one is told with its line.

A JSONL suite has the suite's own fields in its first line, and a case in each line after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from rag.errors import SuiteError
from rag.evaluation.suites.cases import Suite
from rag.evaluation.suites.contradictions import contradictions, expects_nothing
from rag.evaluation.suites.mistakes import Place, Problem, located, named_lines, repeated, told
from rag.evaluation.suites.parsing import Entries, Fields, Mistake, Value, json_value, yaml_value

__all__ = ["JSONL", "Problem", "case_lines", "placed", "problems", "read_bytes", "read_suite", "suite_of"]

LARGEST = 64 * 1024 * 1024
"""Bytes of a suite file; 10,000 cases take about 5 MB."""
YAML, JSONL = (".yaml", ".yml"), (".jsonl",)


def read_suite(path: Path) -> Suite:
    """Return the suite that a file holds; raise SuiteError, which names the first mistake's line."""
    return suite_of(read_bytes(path), path)


def suite_of(content: bytes, path: Path) -> Suite:
    """Return the suite in a file's content; the path tells the format and is named in the SuiteError."""
    suite, _, found = _examined(content, path)
    if suite is None or found:
        first = found[0]
        more = f" (and {len(found) - 1} more; `dateline eval validate {path}` lists them)" if len(found) > 1 else ""
        raise SuiteError(f"{path}:{first.line}: {first}{more}")
    return suite


def problems(path: Path) -> list[Problem]:
    """Return every mistake in a suite file by line; raise SuiteError if it is unreadable.

    A case that expects nothing is one here, though it can be run.
    """
    suite, value, found = _examined(read_bytes(path), path)
    idle = [number for number, case in enumerate(suite.cases) if expects_nothing(case)] if suite else []
    what = "expects nothing, and passes whatever is answered; say at least a status"
    return _by_line([*found, *(located(value, ("cases", number), what) for number in idle)])


def placed(path: Path, found: Iterable[tuple[Place, str]]) -> list[Problem]:
    """Return what is wrong at places of a suite file as problems by line; raise SuiteError if it is unreadable."""
    value = _examined(read_bytes(path), path)[1]
    return _by_line(located(value, place, what) for place, what in found)


def _by_line(found: Iterable[Problem]) -> list[Problem]:
    return sorted(found, key=lambda each: each.line)


def case_lines(path: Path) -> dict[str, int]:
    """Return the line in which each case of a suite file begins, by case id; raise SuiteError."""
    return dict(named_lines(_examined(read_bytes(path), path)[1]))


def read_bytes(path: Path) -> bytes:
    """Return the content of a suite file; raise SuiteError where it cannot be one."""
    if path.suffix.lower() not in YAML + JSONL:
        raise SuiteError(f"{path} is no suite file; name one that ends in .yaml, .yml or .jsonl.")
    try:
        if path.stat().st_size > LARGEST:
            raise SuiteError(f"{path} is larger than {LARGEST // 2**20} MB; split it into several suites.")
        return path.read_bytes()
    except OSError as error:
        raise SuiteError(f"Cannot read {path}: {error.strerror or error}.") from error


def _examined(content: bytes, path: Path) -> tuple[Suite | None, Value, list[Problem]]:
    """Return the suite if it has the form of one, its values with their lines, and the mistakes by line."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return None, None, [Problem(line=line, where="", what="not UTF-8; save the file in that encoding")]
    found: list[Problem] = []
    if path.suffix.lower() in JSONL:
        value: Value = _rows(text, found)
    else:
        try:
            value = yaml_value(text)
        except Mistake as mistake:
            return None, None, [_problem(mistake)]
    if not isinstance(value, Fields):
        return None, value, found or [Problem(line=1, where="", what="begin with `suite: NAME` and `cases:`")]
    suite = _validated(value, found)
    for number, case in enumerate(suite.cases if suite else ()):
        found += [located(value, ("cases", number, *place), what) for place, what in contradictions(case)]
    return suite, value, _by_line(found)


def _rows(text: str, found: list[Problem]) -> Fields | None:
    """Return a JSONL suite as the one value that it would be in YAML; mistakes in form are added to `found`."""
    whole: Fields | None = None
    cases = Entries(1)
    for line, row in enumerate(text.split("\n"), 1):
        if not row.strip():
            continue
        try:
            value = json_value(row, line)
            if whole is None:
                whole = _header(value, line)
                continue
            cases.append(value)
            cases.lines.append(line)
        except Mistake as mistake:
            found.append(_problem(mistake))
            if whole is None:
                return None
    if whole is None:
        found.append(Problem(line=1, where="", what="the file is empty; begin with " + _FIRST_ROW))
    else:
        whole.add("cases", cases, whole.line)
    return whole


_FIRST_ROW = '{"suite": "NAME"}, and write one case to each line after it'


def _header(value: Value, line: int) -> Fields:
    if not isinstance(value, Fields) or "id" in value:
        raise Mistake(line, "the first line is about the suite itself: begin with " + _FIRST_ROW)
    if "cases" in value:
        raise Mistake(line, "in a JSONL suite the cases stand in lines of their own after the first")
    return value


def _problem(mistake: Mistake) -> Problem:
    return Problem(line=mistake.line, where="", what=str(mistake))


def _validated(value: Fields, found: list[Problem]) -> Suite | None:
    again = list(repeated(value))
    found += again
    try:
        return Suite.model_validate(value)
    except ValidationError as error:
        # The model's own word about ids that are not unique has no line.
        found += [problem for problem in told(value, error) if problem.where or not again]
        return None
