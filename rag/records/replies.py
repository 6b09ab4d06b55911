"""Replies to requests that write, kept so that the same request sent again is answered and not done again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from rag.records.store import Records

KEPT = timedelta(hours=24)
MOST_KEPT = 10_000

TABLE = """CREATE TABLE IF NOT EXISTS replies (
    caller TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL, server TEXT NOT NULL, created TEXT NOT NULL,
    status INTEGER, headers TEXT, body BLOB, PRIMARY KEY (caller, key)
) STRICT"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What was answered."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None
    """None where it was erased with an article that it told of."""


class Claim(StrEnum):
    """What becomes of a request under a key that has no reply yet."""

    GRANTED = "granted"
    """It is the first, and to be done."""
    BUSY = "busy"
    """The first is still under way."""
    TAKEN = "taken"
    """The key was used for another request."""


class Replies:
    """Replies by caller and key; safe for threads and processes, and raises StorageError."""

    def __init__(self, records: Records) -> None:
        self._records = records
        with records.transaction() as connection:
            connection.execute(TABLE)

    def claim(self, caller: str, key: str, request: str) -> Reply | Claim:
        """Return the reply to the same request, or what is to become of this one; `request` is a digest of it."""
        now = datetime.now(UTC)
        with self._records.transaction() as connection:
            connection.execute("DELETE FROM replies WHERE created < ?", ((now - KEPT).isoformat(),))
            row = connection.execute("SELECT * FROM replies WHERE caller = ? AND key = ?", (caller, key)).fetchone()
            if row and row["request"] != request:
                return Claim.TAKEN
            if row and row["status"]:
                return Reply(status=row["status"], headers=json.loads(row["headers"]), body=row["body"])
            if row and self._records.presence.lives(row["server"]):
                return Claim.BUSY
            connection.execute(
                "INSERT OR REPLACE INTO replies (caller, key, request, server, created) VALUES (?, ?, ?, ?, ?)",
                (caller, key, request, self._records.presence.name, now.isoformat()),
            )
            connection.execute(
                "DELETE FROM replies WHERE rowid IN "
                "(SELECT rowid FROM replies WHERE status IS NOT NULL ORDER BY created DESC LIMIT -1 OFFSET ?)",
                (MOST_KEPT,),
            )
        return Claim.GRANTED

    def keep(self, caller: str, key: str, reply: Reply) -> None:
        """Keep the reply to a request that was claimed."""
        with self._records.transaction() as connection:
            connection.execute(
                "UPDATE replies SET status = ?, headers = ?, body = ? WHERE caller = ? AND key = ?",
                (reply.status, json.dumps(dict(reply.headers)), reply.body, caller, key),
            )

    def release(self, caller: str, key: str) -> None:
        """Forget a request that came to nothing, so that it may be sent again."""
        with self._records.transaction() as connection:
            connection.execute("DELETE FROM replies WHERE caller = ? AND key = ? AND status IS NULL", (caller, key))
