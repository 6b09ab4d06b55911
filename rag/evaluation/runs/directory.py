"""A run on disk: how it was made, every sample as it came, and what the samples are worth.

`samples.jsonl` grows while the run goes on and survives a kill; `results.jsonl` is written whole, and may be written
again. Results carry their cases, so that reports and comparisons need neither suite nor corpus.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

from pydantic import TypeAdapter

from rag.errors import ConfigurationError, StorageError
from rag.evaluation.results import Result, RunInfo, Sample
from rag.evaluation.runs.samples import read_sample, sample_object
from rag.evaluation.suites.cases import Case
from rag.library.lock import taking_turns
from rag.rowfile import Row, RowFile
from rag.wire import Json

FORMAT = 1
"""Raised when older runs can no longer be read."""
_RUN, _LOCK, _SAMPLES, _RESULTS = "run.json", "run.lock", "samples.jsonl", "results.jsonl"

Key = tuple[str, str, int, int]


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Raise StorageError in the place of an OSError, with what it says about files at this place."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{error.filename or place} cannot be written ({error.strerror or error}); free some space, mend its"
            " permissions, or choose another place."
        ) from error


def new_place(wanted: Path) -> Path:
    """Make a directory for a new run and return it: numbered if that of another run has the name already."""
    with writing(wanted):
        for number in count(1):
            place = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
            try:
                place.mkdir(parents=True)
            except FileExistsError:
                continue
            return place
    raise AssertionError("numbers do not end")


class RunDirectory:
    """The files of one run; appending is safe from several threads of the process that makes it."""

    def __init__(self, path: Path, info: RunInfo, suites: Sequence[Path], *, finished: bool = False) -> None:
        self.path = path
        self.info = info
        self.suites = tuple(suites)
        """The suite files that were run."""
        self.finished = finished
        """Whether all was asked and scored."""
        self._samples = RowFile(path / _SAMPLES)
        try:
            self._places = {_key(row): place for place, row in self._samples.rows()}
        except KeyError as error:
            raise ConfigurationError(
                f"{path / _SAMPLES} holds what is no sample of a run; run the suite again."
            ) from error

    @classmethod
    def create(cls, path: Path, info: RunInfo, suites: Sequence[Path]) -> RunDirectory:
        """Begin a run in a new or empty directory; raise ConfigurationError or StorageError."""
        _make(path)
        run = cls(path, info, [suite.absolute() for suite in suites])
        run.save()
        return run

    @classmethod
    @contextmanager
    def held(cls, path: Path) -> Iterator[None]:
        """Wait until no other process writes the run at this place, and keep it so; raise what `create` raises."""
        if not cls.exists(path):
            _make(path)
        with taking_turns(path / _LOCK):
            yield

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """Open a run; raise ConfigurationError where there is none that can be read."""
        try:
            header = json.loads((path / _RUN).read_text(encoding="utf-8"))
            if header["format"] != FORMAT:
                raise ConfigurationError(
                    f"The run {path} has format {header['format']}, this version reads {FORMAT}; run its suite again."
                )
            info = _infos().validate_python(header["info"])
            return cls(path, info, [Path(suite) for suite in header["suites"]], finished=bool(header["finished"]))
        except OSError as error:
            raise ConfigurationError(f"There is no run in {path}; name the directory that a run wrote.") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(f"{path / _RUN} is damaged; run the suite again.") from error

    @classmethod
    def exists(cls, path: Path) -> bool:
        """Tell whether there is a run."""
        return (path / _RUN).exists()

    def finish(self) -> None:
        """Note that all was asked and scored."""
        self.finished = True
        self.save()

    def append(self, sample: Sample) -> None:
        """Keep a sample; raise StorageError."""
        self._places[sample.key] = self._samples.append(sample_object(sample))

    def sample(self, key: Key) -> Sample | None:
        """Return the sample of this key, the latest if there are several."""
        place = self._places.get(key)
        return None if place is None else read_sample(self._samples.row(place))

    def samples(self) -> Iterator[Sample]:
        """Yield every sample, as they came."""
        for place in sorted(self._places.values()):
            yield read_sample(self._samples.row(place))

    def write_results(self, scored: Iterable[tuple[Case, Sequence[Result]]]) -> None:
        """Write what each case is worth, in this order; a case without results was skipped. What was there goes."""
        whole = self.path / _RESULTS
        part = RowFile(whole.with_suffix(".part"))
        with writing(part.path):
            part.path.unlink(missing_ok=True)
        for case, results in scored:
            for result in results:
                part.append(_result_row(result))
            if not results:
                part.append({"skipped": _case_object(case)})
        with writing(whole):
            part.path.replace(whole)

    def results(self) -> Iterator[Result]:
        """Yield the results in the order of the suites; each call reads the files anew."""
        for row in self._scored():
            if "skipped" not in row:
                yield self._result(row)

    def skipped(self) -> Iterator[Case]:
        """Yield the cases that were not asked."""
        for row in self._scored():
            if "skipped" in row:
                with self._undamaged():
                    case = Case.model_validate(row["skipped"])
                yield case

    @property
    def complete(self) -> bool:
        """Whether the run came to its end with an answer to everything."""
        return self.finished and all(sample.error is None for sample in self.samples())

    def _scored(self) -> Iterator[Row]:
        if not (self.path / _RESULTS).exists():
            raise ConfigurationError(f"The run {self.path} did not come to an end; go on with --out {self.path}.")
        for _, row in RowFile(self.path / _RESULTS).rows():
            yield row

    def _result(self, row: Row) -> Result:
        with self._undamaged():
            sample = self.sample(_key(row))
            if sample is None:
                raise ConfigurationError(f"{self.path / _SAMPLES} lacks what was scored; run the suite again.")
            case = Case.model_validate(row["case"])
            whole = {**row, "case": case, "asked": case.turns[sample.turn - 1], "sample": sample}
            return _results().validate_python(whole)

    @contextmanager
    def _undamaged(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, LookupError) as error:
            raise ConfigurationError(f"{self.path / _RESULTS} is damaged; make it again with score.") from error

    def save(self) -> None:
        """Write how the run was made."""
        header: dict[str, Json] = {
            "format": FORMAT,
            "finished": self.finished,
            "suites": [str(suite) for suite in self.suites],
            "info": _infos().dump_python(self.info, mode="json"),
        }
        part = self.path / f"{_RUN}.part"
        with writing(part):
            part.write_text(json.dumps(header, indent=1), encoding="utf-8")
            part.replace(self.path / _RUN)


def _make(path: Path) -> None:
    """Make the directory of a run; raise ConfigurationError where there is one with anything else in it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        # Another process may have begun this run a moment ago.
        if not all(each.name.startswith("run.") for each in path.iterdir()):
            raise ConfigurationError(f"{path} holds something else; choose another place with --out.")
    except OSError as error:
        raise StorageError(f"{path} cannot be made ({error.strerror}); choose another place with --out.") from error


def _result_row(result: Result) -> Row:
    """Return a result with the key of its sample in the sample's place."""
    row: Row = _results().dump_python(result, mode="json", exclude_defaults=True, exclude={"case", "asked", "sample"})
    sample = result.sample
    named: Row = {"suite": sample.suite, "case_id": sample.case_id, "turn": sample.turn, "attempt": sample.attempt}
    return {**named, "case": _case_object(result.case), **row}


def _case_object(case: Case) -> Row:
    return case.model_dump(mode="json", exclude_defaults=True)


def _key(row: Row) -> Key:
    return (str(row["suite"]), str(row["case_id"]), _number(row.get("turn", 1)), _number(row.get("attempt", 1)))


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 1


@cache
def _results() -> TypeAdapter[Result]:
    return TypeAdapter(Result)


@cache
def _infos() -> TypeAdapter[RunInfo]:
    return TypeAdapter(RunInfo)
