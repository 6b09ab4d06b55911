"""A suite in two halves that share no article: one to choose by, one to confirm with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from rag.errors import ConfigurationError
from rag.evaluation.evidence import Evidence
from rag.evaluation.suites.cases import Case

Halves = tuple[tuple[Case, ...], tuple[Case, ...]]


def halves(cases: Sequence[Case], evidence: Evidence) -> Halves:
    """Return the cases to tune on and those held out; cases that name an article in common stay together.

    A group's half is decided by the hash of its first case's id, so it is the same on every machine, whatever the
    articles are called there. Raises ConfigurationError when all cases hang together.
    """
    groups = _Groups()
    for case in cases:
        groups.join(f"case {case.id}", [f"article {article}" for article in _articles(case, evidence)])
    first: dict[str, str] = {}
    for case in sorted(cases, key=lambda case: case.id):
        first.setdefault(groups.of(f"case {case.id}"), case.id)
    held = {group for group, name in first.items() if hashlib.sha256(name.encode()).digest()[-1] % 2}
    kept = [case for case in cases if groups.of(f"case {case.id}") in held]
    tune = [case for case in cases if groups.of(f"case {case.id}") not in held]
    if not tune or not kept:
        raise ConfigurationError(
            "The cases cannot be halved without an article in both halves; a sweep needs cases about more articles."
        )
    return tuple(tune), tuple(kept)


def _articles(case: Case, evidence: Evidence) -> Iterator[str]:
    named = [case.about] if case.about else []
    for turn in case.turns:
        expect = turn.expect
        places = (*expect.relevant, *expect.cites, *expect.cites_any, *expect.cites_none)
        named += [*turn.articles, *(place.article for place in places)]
    for reference in named:
        try:
            yield evidence.article_id(reference)
        except ConfigurationError:
            yield reference


class _Groups:
    """Names that were joined, directly or through others (union-find)."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def of(self, name: str) -> str:
        """Return what stands for a name's group."""
        parents = self._parents
        while (parent := parents.setdefault(name, name)) != name:
            parents[name] = parents[parent]
            name = parent
        return name

    def join(self, name: str, others: Sequence[str]) -> None:
        """Put names into one group."""
        for other in others:
            self._parents[self.of(other)] = self.of(name)
