"""Writes what an importer finds: articles that `ingest` reads, and a suite that is run over them."""

from __future__ import annotations

import csv
import hashlib
import heapq
import json
import shutil
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from pydantic import ValidationError
from yaml import YAMLError

from rag.errors import ConfigurationError, StorageError, UnreadableFileError
from rag.evaluation.suites.cases import Case, Corpus, Suite
from rag.types import digest

SUITE, ARTICLES = "suite.jsonl", "articles"
LONGEST = 5_000_000
"""Characters of an article that ingest reads."""
_LONGEST_NAME = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """A row of a set that could not be read, and why."""

    path: Path
    place: str
    reason: str

    def __str__(self) -> str:
        where = f"{self.path}, {self.place}" if self.place else str(self.path)
        return " ".join(f"{where}: {self.reason}".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of a set: `suite` can be run as it is; rows that are broken are `failed`."""

    suite: Path
    articles: int
    cases: int
    left_out: Mapping[str, int]
    """How often something was left out on purpose, by reason."""
    failed: tuple[Unusable, ...] = ()


@contextmanager
def writing(out: Path, *, form: str, limit: int | None = None) -> Iterator[SuiteWriter]:
    """Write a set into `out`, which must not hold one; nothing is left there when the block fails.

    With a limit, that many cases are kept, chosen by the hash of their ids, and all articles. Raises ConfigurationError
    when `out` is taken, cannot be written, or when not one case could be read.
    """
    if (out / SUITE).exists() or (out / ARTICLES).exists():
        raise ConfigurationError(f"{out} holds a suite or articles already; give another folder.")
    made = out / ARTICLES
    try:
        made.mkdir(parents=True)
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written ({error.strerror}); give another folder.") from error
    whole = False
    try:
        with (made / "articles.jsonl").open("w", encoding="utf-8") as articles:
            into = SuiteWriter(out, articles, form=form, limit=limit)
            yield into
        into.close()
        whole = True
    finally:
        if not whole:
            shutil.rmtree(made, ignore_errors=True)


class SuiteWriter:
    """Takes articles and cases one by one, and keeps account of what is left out."""

    def __init__(self, out: Path, articles: TextIO, *, form: str, limit: int | None) -> None:
        self._out, self._articles, self._form = out, articles, form
        self._by_text: dict[str, str] = {}
        self._article_names, self._case_names = _Names(), _Names()
        self._addresses: set[str] = set()
        self._kept = _Kept(limit)
        self._left_out: Counter[str] = Counter()
        self._failed: list[Unusable] = []

    @property
    def imported(self) -> Imported:
        """The account of it."""
        return Imported(
            suite=self._out / SUITE,
            articles=len(self._by_text),
            cases=len(self._kept),
            left_out=dict(self._left_out),
            failed=tuple(self._failed),
        )

    def article(self, text: str, *, name: str, **more: str | None) -> str:
        """Write an article unless its text is known; return the id that cases name it by."""
        if not any(map(str.isalnum, text)):
            raise UnreadableFileError("there is no text in it")
        if len(text) > LONGEST:
            raise UnreadableFileError(f"it is longer than {LONGEST:,} characters, which ingest does not read")
        key = digest(text, *(f"{field}\x1f{value}" for field, value in more.items() if value))
        if key not in self._by_text:
            self._by_text[key] = self._article_names.free(name)
            row = {"id": self._by_text[key], **{field: value for field, value in more.items() if value}, "text": text}
            self._keep_apart(row)
            try:
                self._articles.write(_line(row))
            except OSError as error:
                raise _full(self._out, error) from error
        return self._by_text[key]

    def _keep_apart(self, row: dict[str, str]) -> None:
        """Drop an address that another article has: ingest would take the two for versions of one."""
        address = _place(row.get("url", ""))
        if address in self._addresses:
            del row["url"]
            self.leave_out("the address of an article that another one has too")
        elif address:
            self._addresses.add(address)

    def case(self, name: str, **fields: object) -> None:
        """Keep a case of these fields, under a name of its own where this one is taken."""
        case = Case.model_validate({"id": self._case_names.free(name), **fields})
        self._kept.add(case.id, _line(case.model_dump(mode="json", exclude_defaults=True)))

    def leave_out(self, reason: str) -> None:
        """Count something that is left out on purpose."""
        self._left_out[reason] += 1

    @contextmanager
    def row(self, path: Path, place: str = "") -> Iterator[None]:
        """Note what cannot be read within the block as one failure of this place, and go on after it."""
        try:
            yield
        except UnreadableFileError as error:
            self._fail(path, place, str(error))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            self._fail(path, place, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
        except OSError as error:
            self._fail(path, place, f"it could not be read ({error.strerror or error})")
        except (ValueError, YAMLError, csv.Error, EOFError, zlib.error) as error:
            self._fail(path, place, f"it is damaged ({error})")
        except RecursionError:
            self._fail(path, place, "it is nested too deeply")

    def _fail(self, path: Path, place: str, reason: str) -> None:
        self._failed.append(Unusable(path=path, place=place, reason=reason))

    def close(self) -> None:
        """Write the suite; raise ConfigurationError when it has no case."""
        if not len(self._kept):
            why = f": {self._failed[0]}" if self._failed else ", and all of it was left out" if self._left_out else ""
            raise ConfigurationError(f"No case could be read as {self._form}{why}. Give files of this form.")
        corpus = Corpus(folder=ARTICLES) if self._by_text else Corpus()
        if not self._by_text:
            shutil.rmtree(self._out / ARTICLES)
        suite = Suite(suite=_clean_name(self._out.resolve().name) or self._form, corpus=corpus)
        part = self._out / f"{SUITE}.part"
        try:
            with part.open("w", encoding="utf-8") as file:
                file.write(_line(suite.model_dump(mode="json", exclude_defaults=True)))
                file.writelines(self._kept)
            part.replace(self._out / SUITE)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise _full(self._out, error) from error


class _Kept:
    """Lines in the order in which they came; with a limit, those with the lowest hashes, so a fixed random sample."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._heap: list[tuple[int, int, str]] = []
        self._met = 0

    def __len__(self) -> int:
        return len(self._heap)

    def __iter__(self) -> Iterator[str]:
        return (line for _, _, line in sorted(self._heap, key=lambda kept: kept[1]))

    def add(self, name: str, line: str) -> None:
        rank = -int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
        self._met += 1
        kept = (rank, self._met, line)
        if self._limit is None or len(self._heap) < self._limit:
            heapq.heappush(self._heap, kept)
        else:
            heapq.heappushpop(self._heap, kept)


class _Names:
    """Gives each thing a name that is not taken."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def free(self, wanted: str) -> str:
        name = _clean_name(wanted) or "unnamed"
        while self._taken[name]:
            self._taken[name] += 1
            name = f"{name} ({self._taken[name]})"
        self._taken[name] = 1
        return name


def _clean_name(text: str) -> str:
    """Return a name as one line of what ingest keeps of it."""
    shown = "".join(char if char.isprintable() else " " for char in unicodedata.normalize("NFC", text))
    return " ".join(shown.split())[:_LONGEST_NAME].rstrip()


def _place(url: str) -> str:
    """Return the part of an address in which articles differ, coarser than ingest; empty for what is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}"


def _full(out: Path, error: OSError) -> StorageError:
    return StorageError(f"{out} cannot be written ({error.strerror}); make room, or give another folder.")


def _line(row: Mapping[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"
