"""A suite's own scorers: functions named as module:function in a file beside the suite, or installed.

Such a function is called with what every scorer is called with (question, sample, evidence) and returns a bool or a
`Check`, a number or a `Score`, a mapping of metric to number, or several checks and scores. It runs with all the rights
of whoever runs the suite: its suite must be trusted. What it raises or wrongly returns leaves its check open, with the
reason, and ends nothing.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from numbers import Real
from pathlib import Path
from textwrap import shorten
from traceback import walk_tb
from types import ModuleType
from typing import TypeGuard

from rag.errors import ConfigurationError
from rag.evaluation.evidence import Evidence
from rag.evaluation.metrics import BY_NAME
from rag.evaluation.results import Check, Sample, Score
from rag.evaluation.suites.cases import Asked
from rag.types import digest

Own = Callable[[Asked, Sample, Evidence], object]
_LOADING = threading.RLock()
_SHOWN = 100
"""Characters of what was returned that a message shows."""


def score(asked: Asked, sample: Sample, evidence: Evidence) -> Iterator[Check | Score]:
    """Yield what the case's own scorers find; their modules are looked for in the suite's folder first."""
    for name in asked.expect.scorers:
        try:
            found = load_scorer(name, evidence.folder)(asked, sample, evidence)
            # A generator does its work, and raises, only here.
            yield from tuple(_read(name, found))
        except ConfigurationError as error:
            yield _open(name, str(error))
        except (Exception, SystemExit) as error:  # noqa: BLE001  whatever a suite's own code raises
            yield _open(name, _told(error, name.partition(":")[0], evidence.folder))


@lru_cache(maxsize=256)
def load_scorer(name: str, folder: Path | None = None) -> Own:
    """Return the function that a suite names as module:function; raise ConfigurationError where it cannot be had."""
    module, _, function = name.partition(":")
    if not function or not all(part.isidentifier() for part in (*module.split("."), function)):
        raise ConfigurationError(f"{name!r} names no scorer; write module:function.")
    try:
        with _LOADING:
            found = getattr(_module(module, folder), function, None)
    except ConfigurationError:
        raise
    except (Exception, SystemExit) as error:  # whatever a suite's own code raises
        told = _told(error, module, folder)
        raise ConfigurationError(f"The module {module} of a scorer cannot be loaded: {told}.") from error
    if not callable(found):
        raise ConfigurationError(f"{module} has no function {function}; check the suite's scorers.")
    own: Own = found
    return own


def _module(name: str, folder: Path | None) -> ModuleType:
    if file := _file(name, folder):
        return _beside_suite(name, file)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        where = f"neither beside the suite in {folder} nor" if folder else "not"
        raise ConfigurationError(f"The module {name} of a scorer is {where} installed; check its name.") from error


def _file(name: str, folder: Path | None) -> Path | None:
    """Return the file of a module that lies beside the suite."""
    file = folder.resolve() / f"{name.replace('.', '/')}.py" if folder else None
    return file if file and file.is_file() else None


def _beside_suite(name: str, file: Path) -> ModuleType:
    # Under a name of its own: two suites may each have a checks.py beside them.
    folder = file.parents[name.count(".")]
    unique = f"suite_{digest(str(folder))}.{name}"
    if unique in sys.modules:
        return sys.modules[unique]
    spec = importlib.util.spec_from_file_location(unique, file)
    if spec is None or spec.loader is None:
        raise ConfigurationError(f"{file} cannot be read as a module; check the suite's scorers.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[unique] = module
    sys.path.insert(0, str(folder))
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[unique]
        raise
    finally:
        sys.path.remove(str(folder))
    return module


def _read(name: str, found: object) -> Iterator[Check | Score]:
    match found:
        case bool():
            yield Check(name=name, passed=found, expected="true", got=str(found).lower())
        case Real():
            yield _sound(name, Score(metric=name, value=float(found)))
        case Mapping():
            for metric, value in found.items():
                yield _sound(name, Score(metric=metric, value=value))
        case Check() | Score():
            yield _sound(name, found)
        case Iterable() if not isinstance(found, str | bytes):
            for each in found:
                yield _sound(name, each)
        case _:
            raise ConfigurationError(f"{name} returned {_kind(found)}; return {_RETURNS}.")


_RETURNS = "a bool, a number, a mapping of metric to number, or checks and scores"


def _sound(name: str, found: object) -> Check | Score:
    """Return a check or score as it is if the rest of an evaluation can go on with it."""
    match found:
        case Check(passed=bool() | None):
            return found
        case Score(metric=str() as metric) if metric in BY_NAME:
            raise ConfigurationError(f"{name} returned the metric {metric}, which is Dateline's; call it otherwise.")
        case Score(metric=str(), value=None):
            return found
        case Score(metric=str()) if _is_finite(found.value):
            return replace(found, value=float(found.value))
    raise ConfigurationError(f"{name} returned {_kind(found)}; return {_RETURNS}.")


def _is_finite(value: object) -> TypeGuard[float]:
    return isinstance(value, Real) and math.isfinite(value)


def _kind(found: object) -> str:
    return "nothing" if found is None else shorten(repr(found), _SHOWN, placeholder=" …")


def _told(error: BaseException, module: str, folder: Path | None) -> str:
    """Return an error in one line, with the last line of the module that led to it."""
    file = str(_file(module, folder) or getattr(sys.modules.get(module), "__file__", None))
    lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == file]
    place = f" ({Path(file).name}:{lines[-1]})" if lines else ""
    return " ".join(f"{type(error).__name__}: {error}{place}".split())


def _open(name: str, reason: str) -> Check:
    return Check(name=name, passed=None, expected="true", got=reason)
