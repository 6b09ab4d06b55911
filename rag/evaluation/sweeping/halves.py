"""A suite in two halves that share no article: one to choose by, one to confirm with."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from rag.errors import ConfigurationError
from rag.evaluation.evidence import Evidence
from rag.evaluation.suites.cases import Case

Halves = tuple[tuple[Case, ...], tuple[Case, ...]]


def halves(cases: Sequence[Case], evidence: Evidence) -> Halves:
    """Return the cases to tune on and those held out, each in the order given; no article is named in both.

    Cases that name an article in common stay together, directly or through others. From the largest such group on, each
    goes to the half that has fewer cases. Groups of one size go by the hash of their cases' ids, so that the halves are
    the same on every machine. Raises ConfigurationError when all cases hang together.
    """
    sides: tuple[list[Case], list[Case]] = ([], [])
    for group in _groups(cases, evidence):
        min(sides, key=len).extend(group)
    if not all(sides):
        raise ConfigurationError(
            "The cases cannot be halved without an article in both halves; a sweep needs cases about more articles."
        )
    place = {case.id: number for number, case in enumerate(cases)}
    tune, held_out = (tuple(sorted(side, key=lambda case: place[case.id])) for side in sides)
    return tune, held_out


def nameless(cases: Sequence[Case]) -> int:
    """Return how many cases name no article at all; these cannot be kept apart from others about the same one."""
    return sum(not _named(case) for case in cases)


def _groups(cases: Sequence[Case], evidence: Evidence) -> list[list[Case]]:
    """Return the groups of cases that hang together, the largest first."""
    joined = _Joined()
    for case in cases:
        joined.join(f"case {case.id}", [f"article {_id(name, evidence)}" for name in _named(case)])
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[joined.of(f"case {case.id}")].append(case)
    return sorted(groups.values(), key=lambda group: (-len(group), min(_hash(case) for case in group)))


def _named(case: Case) -> list[str]:
    """Return what a case calls the articles that it has anything to do with."""
    named = [case.about] if case.about else []
    for turn in case.turns:
        expect = turn.expect
        places = (*expect.relevant, *expect.cites, *expect.cites_any, *expect.cites_none)
        named += [*turn.articles, *(place.article for place in places)]
    return named


def _id(name: str, evidence: Evidence) -> str:
    try:
        return evidence.article_id(name)
    except ConfigurationError:
        return name


def _hash(case: Case) -> bytes:
    return hashlib.sha256(case.id.encode()).digest()


class _Joined:
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
