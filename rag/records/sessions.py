"""Sessions: a key that somebody gave once to the page, remembered by the browser as a random token."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from rag.records.keys import Key, key_of
from rag.records.store import Records

LASTS = timedelta(hours=12)
MOST = 100
"""Sessions that one key may have at a time; one more ends the oldest."""

_TABLE = """CREATE TABLE IF NOT EXISTS sessions (
    token BLOB PRIMARY KEY, key TEXT NOT NULL, created TEXT NOT NULL, expires TEXT NOT NULL
) STRICT"""
_KEY = """SELECT keys.* FROM sessions JOIN keys ON keys.id = sessions.key
    WHERE sessions.token = ? AND sessions.expires > ?"""
_TRIM = """DELETE FROM sessions WHERE expires <= ? OR (key = ? AND token NOT IN (
    SELECT token FROM sessions WHERE key = ? ORDER BY created DESC LIMIT ?))"""


class Sessions:
    """The page's sessions; only the hash of a token is kept. Methods raise StorageError.

    A session is looked at together with its key, so it ends in the moment in which the key does.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        with records.transaction() as connection:
            connection.execute(_TABLE)

    def open(self, key: Key, *, lasts: timedelta = LASTS) -> str:
        """Return the token of a new session."""
        token, now = secrets.token_urlsafe(32), datetime.now(UTC)
        with self._records.transaction() as connection:
            connection.execute(_TRIM, (now.isoformat(), key.id, key.id, MOST - 1))
            row = (_hash(token), key.id, now.isoformat(), (now + lasts).isoformat())
            connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", row)
        return token

    def key(self, token: str) -> Key | None:
        """Return the usable key that opened the session with this token, while the session lasts."""
        now = datetime.now(UTC)
        rows = self._records.read(_KEY, _hash(token), now.isoformat())
        return next((key for row in rows if (key := key_of(row)).usable(now)), None)

    def close(self, token: str) -> None:
        """End the session with this token, if there is one."""
        with self._records.transaction() as connection:
            connection.execute("DELETE FROM sessions WHERE token = ?", (_hash(token),))


def _hash(token: str) -> bytes:
    # What is looked up is a hash, so that the time of a comparison tells nothing about the token.
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
