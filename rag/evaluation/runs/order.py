"""What somebody wants to have run: which suites, which of their cases, answered by whom."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from rag.errors import ConfigurationError
from rag.evaluation.suites.cases import Case, Suite


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which cases of the suites are asked."""

    tags: tuple[str, ...] = ()
    """Cases with one of these; all where there are none."""
    ids: tuple[str, ...] = ()
    """Cases whose id matches one of these patterns; all where there are none."""
    limit: int | None = None
    """Most cases of each suite."""

    def of(self, suite: Suite) -> tuple[Case, ...]:
        """Return the cases of a suite that are selected."""
        return tuple(case for case in suite.cases if self._wants(case.id, {*suite.tags, *case.tags}))[: self.limit]

    def _wants(self, name: str, tags: set[str]) -> bool:
        named = not self.ids or any(fnmatchcase(name, pattern) for pattern in self.ids)
        return named and (not self.tags or not tags.isdisjoint(self.tags))


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be run, and how; raises ConfigurationError for what cannot be had together."""

    suites: tuple[Path, ...]
    library: Path | None = None
    """Asked in the place of the suites' own corpora."""
    answerer: str | None = None
    model: str | None = None
    selection: Selection = Selection()
    attempts: int = 1
    jobs: int = 1
    """Questions that are answered at a time."""
    record: Path | None = None
    replay: Path | None = None
    judge: str | None = None
    """The model that judges answers."""
    votes: int = 3
    out: Path | None = None

    def __post_init__(self) -> None:
        if self.record and self.replay:
            raise ConfigurationError("--record asks a model and --replay asks none; give one of them.")
