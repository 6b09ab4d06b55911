"""Tests of promptfoo: a configuration (.yaml, .json), or its tests alone (.yaml, .json, .jsonl, .csv).

A test's question is its variable of that name (or `query`, `input`, `prompt`, …), or its only one. A context that a
test gives becomes an article. Tests in other files are read where these lie beside or below the configuration. Nothing
is run: tests and assertions that are code are left out, and so is a test of which no assertion has a counterpart.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import yaml

from rag.errors import UnreadableFileError
from rag.evaluation.importers import assertions
from rag.evaluation.importers.reading import Fields, csv_rows, fields_of, lines, parsed, read_json, whole
from rag.evaluation.importers.writing import Imported, SuiteWriter, writing
from rag.evaluation.suites.cases import Cited

_QUESTIONS = ("question", "query", "user_input", "user_query", "input", "prompt", "message", "user_message")
_CONTEXTS = ("context", "contexts", "document", "documents", "passage", "article")
_LARGEST = 1 << 24
"""Bytes of a YAML file."""
_MOST = 1_000_000
"""Values of a YAML file with its aliases written out."""
_MOST_FILES = 1_000
"""Files of tests that a configuration may name."""
_MOST_EACH = 1_000
"""Assertions of a test, and questions: what defaults and lists multiply must end."""


def convert(paths: Sequence[Path], out: Path, *, limit: int | None = None) -> Imported:
    """Write tests and contexts into `out`; raise ConfigurationError where nothing can be written."""
    with writing(out, form="promptfoo", limit=limit) as into:
        for path in paths:
            with into.row(path):
                _file(into, path)
    return into.imported


def _file(into: SuiteWriter, path: Path, default: Fields | None = None, depth: int = 0) -> None:
    default = default or {}
    match path.suffix.lower():
        case ".csv":
            for place, cells in csv_rows(path):
                with into.row(path, place):
                    _test(into, path, place, _from_cells(cells), default)
        case ".jsonl":
            for place, line in lines(path):
                with into.row(path, place):
                    _test(into, path, place, fields_of(parsed(line)), default)
        case ".yaml" | ".yml" | ".json":
            value = _yaml(path) if path.suffix.lower() != ".json" else read_json(path)
            if isinstance(value, Mapping) and "vars" not in value:
                default = _default(value)
                if "scenarios" in value:
                    into.leave_out("scenarios")
                value = value.get("tests")
            tests = value if isinstance(value, list) else [value]
            _tests(into, path, tests, default, depth)
        case _:
            raise UnreadableFileError("tests in this kind of file are not read; give .yaml, .json, .jsonl or .csv")


def _default(configuration: Fields) -> Fields:
    found = configuration.get("defaultTest") or {}
    if isinstance(found, str):
        raise UnreadableFileError("its defaultTest stands in another file; write it into the configuration")
    return fields_of(found)


def _tests(into: SuiteWriter, path: Path, tests: Sequence[object], default: Fields, depth: int) -> None:
    for number, test in enumerate(tests, start=1):
        place = f"test {number}"
        with into.row(path, place):
            if not isinstance(test, str):
                _test(into, path, place, fields_of(test), default)
                continue
            if depth:
                raise UnreadableFileError("a file of tests names another one; give that file itself")
            for file in _named(path, test):
                with into.row(file):
                    _file(into, file, default, depth + 1)


def _named(path: Path, reference: str) -> list[Path]:
    """Return the files that a reference names, none of them outside the configuration's folder."""
    pattern, folder = reference.removeprefix("file://"), path.resolve().parent
    if "://" in pattern or re.search(r"\.(js|cjs|mjs|ts|py)(:|$)", pattern):
        raise UnreadableFileError(f"tests from {reference[:80]!r} are not fetched or run; write them to a file")
    if not pattern or Path(pattern).is_absolute():
        raise UnreadableFileError(f"{reference[:80]!r} is not below the configuration; give that file itself")
    found = sorted(itertools.islice(folder.glob(pattern), _MOST_FILES))
    if not found:
        raise UnreadableFileError(f"there is no file {reference[:80]!r}")
    if not all(file.resolve().is_relative_to(folder) for file in found):
        raise UnreadableFileError(f"{reference[:80]!r} is not below the configuration; give that file itself")
    return found


def _test(into: SuiteWriter, path: Path, place: str, test: Fields, default: Fields) -> None:
    if "path" in test:
        raise UnreadableFileError("it names a program that makes tests, which is not run; write them to a file")
    variables = {**_variables(default), **_variables(test)}
    wanted = _wanted(test, default)
    if not wanted:
        into.leave_out("a test without assertions")
        return
    if max(len(wanted), len(_questions(variables))) > _MOST_EACH:
        raise UnreadableFileError(f"it has more than {_MOST_EACH:,} assertions or questions; split it")
    if "threshold" in test:
        into.leave_out("a threshold of a whole test: all of its assertions must hold")
    texts = {name: value for name, value in variables.items() if isinstance(value, str)}
    expect = assertions.expected(wanted, texts, into.leave_out)
    if expect is None:
        into.leave_out("a test of which no assertion has a counterpart")
        return
    name = f"{path.stem}, {place}"
    contexts = [text for key in _CONTEXTS for text in _listed(variables.get(key)) if not text.startswith("file://")]
    articles = [into.article(text, name=f"{name}, context {i}") for i, text in enumerate(contexts, start=1)]
    described = test.get("description")
    expect = expect.model_copy(update={"relevant": tuple(Cited(article=article) for article in articles)})
    for question in _questions(variables):
        into.case(
            described if isinstance(described, str) and described.strip() else name,
            question=question,
            about=articles[0] if articles else None,
            tags=_tags(test.get("metadata")),
            expect=expect,
        )


def _from_cells(cells: Mapping[str, str]) -> Fields:
    """Return a CSV row as a test."""
    wanted = [value for name, value in cells.items() if re.fullmatch(r"__expected\d*", name) and value.strip()]
    return {
        "description": cells.get("__description", ""),
        "vars": {name: value for name, value in cells.items() if not name.startswith("__")},
        "assert": [assertions.cell(value) for value in wanted],
        "metadata": {name[11:]: value for name, value in cells.items() if name.startswith("__metadata:")},
    }


def _variables(test: Fields) -> dict[str, object]:
    found = fields_of(test.get("vars") or {})
    return {str(name): str(value) if isinstance(value, int | float) else value for name, value in found.items()}


def _wanted(test: Fields, default: Fields) -> list[object]:
    options = test.get("options")
    alone = isinstance(options, Mapping) and str(options.get("disableDefaultAsserts")).lower() == "true"
    return _asserted(test) if alone else [*_asserted(default), *_asserted(test)]


def _asserted(test: Fields) -> list[object]:
    found = test.get("assert") or []
    if not isinstance(found, list):
        raise UnreadableFileError("its assert is no list")
    return found


def _questions(variables: Mapping[str, object]) -> tuple[str, ...]:
    """Return the question; a list is as many tests."""
    named = next((_listed(variables[name]) for name in _QUESTIONS if _listed(variables.get(name))), ())
    if named:
        return named
    others = [value for name, value in variables.items() if name not in _CONTEXTS]
    if len(others) != 1 or not _listed(others[0]):
        raise UnreadableFileError("none of its vars is the question; name one of them question")
    return _listed(others[0])


def _listed(value: object) -> tuple[str, ...]:
    found = value if isinstance(value, list) else [value]
    return tuple(whole(each.strip()) for each in found if isinstance(each, str) and each.strip())


def _tags(metadata: object) -> tuple[str, ...]:
    if not isinstance(metadata, Mapping):
        return ()
    pairs = [(name, each) for name, value in metadata.items() for each in _listed(value)]
    return tuple(each if str(name).startswith("tags") else f"{name}:{each}" for name, each in pairs)


class _Texts(yaml.SafeLoader):
    """Reads every scalar as the text that it is written as, and `<<` as a merge."""

    yaml_implicit_resolvers = {"<": [("tag:yaml.org,2002:merge", re.compile("<<"))]}  # noqa: RUF012  as its base has it


def _yaml(path: Path) -> object:
    with path.open("rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise UnreadableFileError(f"it is larger than {_LARGEST >> 20} MB; split it")
    loader = _Texts(data)
    try:
        node = loader.get_single_node()
        if node is None:
            raise UnreadableFileError("it is empty")
        if _weight(node, {}) > _MOST:
            raise UnreadableFileError("its aliases make it too large; write it without them")
        return cast("object", loader.construct_document(node))
    finally:
        loader.dispose()


def _weight(node: yaml.Node, known: dict[int, int]) -> int:
    """Return how many values a node has with its aliases written out; one that holds itself has too many."""
    if id(node) not in known:
        known[id(node)] = _MOST + 1
        known[id(node)] = 1 + sum(_weight(each, known) for each in _children(node))
    return known[id(node)]


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif isinstance(node, yaml.MappingNode):
        yield from itertools.chain.from_iterable(node.value)
