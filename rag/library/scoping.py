"""A scope as SQL over the table of versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rag.library.connections import as_json
from rag.protocols import Place
from rag.types import Scope

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# SQLite takes a bare column beside max() from the row that has the maximum.
_STANDING = """v.number IN (SELECT version FROM (
    SELECT version, max(stands_from) FROM period WHERE stands_from <= :as_of GROUP BY article_id))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A condition on `version AS v`, with the values of its named parameters."""

    condition: str
    values: dict[str, str | int]


def admitted(scope: Scope) -> Admitted:
    """Return the condition under which a version is in scope.

    Without `as_of` these are current versions. With it, of each article the version that then stood: that of the
    latest period to begin not after it. `since` and `until` mean `published`; what has no date is outside any bound.
    """
    conditions = [_STANDING if scope.as_of else "v.current = 1"]
    values: dict[str, str | int] = {}
    bounds = {"since": (scope.since, ">="), "until": (scope.until, "<")}
    for name, (moment, relation) in bounds.items():
        if moment is not None:
            conditions.append(f"v.published {relation} :{name}")
            values[name] = microseconds(moment)
    if scope.as_of:
        values["as_of"] = microseconds(scope.as_of)
    names = tuple(name.casefold() for name in scope.publishers)
    for column, wanted in (("publisher_folded", names), ("article_id", scope.article_ids)):
        if wanted:
            conditions.append(f"v.{column} IN (SELECT value FROM json_each(:{column}))")  # noqa: S608  the two column names above
            values[column] = as_json(wanted)
    return Admitted(condition=" AND ".join(conditions), values=values)


def following(place: Place | None) -> Admitted:
    """Return the condition under which a version follows a place in the list of articles."""
    if place is None:
        return Admitted(condition="TRUE", values={})
    if place.published is None:
        return Admitted(
            condition="(v.published IS NULL AND v.article_id > :place_id)", values={"place_id": place.article_id}
        )
    return Admitted(
        condition="(v.published < :place_at OR v.published IS NULL "
        "OR (v.published = :place_at AND v.article_id > :place_id))",
        values={"place_at": microseconds(place.published), "place_id": place.article_id},
    )


def microseconds(moment: datetime) -> int:
    """Return a moment as microseconds since 1970; one without a zone counts as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1)


def moment_of(value: int | None) -> datetime | None:
    """Return the moment that `microseconds` stored."""
    return None if value is None else _EPOCH + timedelta(microseconds=value)
