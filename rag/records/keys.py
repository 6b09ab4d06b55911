"""Keys: who may ask the service, and for what.

A key reads `dl_<id>_<secret>`. The id names it in lists and logs; the secret is 32 random bytes, of which only the
SHA-256 is kept. A slow hash would protect nothing: it makes guessing dear where people choose the secret, but 256
random bits cannot be guessed at any speed. Here it would only let strangers keep the server busy.
"""

from __future__ import annotations

import hmac
import re
import secrets
import sqlite3
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from rag.errors import StorageError, UserError
from rag.records.store import Records

COARSE = timedelta(hours=1)
"""How exactly the last use of a key is known; a request within it writes nothing."""

_FORM = re.compile(r"dl_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_TABLE = """CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY, secret BLOB NOT NULL, name TEXT NOT NULL, scopes TEXT NOT NULL,
    created TEXT NOT NULL, expires TEXT, revoked TEXT, used TEXT
) STRICT"""


class KeyScope(StrEnum):
    """What a key may do. `admin` includes all others, `ask` includes `read`: answers show passages anyway."""

    READ = "read"
    """Search, read articles, list models."""
    ASK = "ask"
    """Answers, checks, feedback, chat completions, tools for assistants, the page."""
    WRITE = "write"
    """Put articles in, take them out, follow the jobs that do it."""
    ADMIN = "admin"
    """Metrics, what others sent as feedback, and everything else."""


_INCLUDED = {
    KeyScope.READ: frozenset({KeyScope.READ}),
    KeyScope.ASK: frozenset({KeyScope.ASK, KeyScope.READ}),
    KeyScope.WRITE: frozenset({KeyScope.WRITE}),
    KeyScope.ADMIN: frozenset(KeyScope),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What is known of a key; its secret is not."""

    id: str
    name: str
    scopes: frozenset[KeyScope]
    created: datetime
    expires: datetime | None = None
    revoked: datetime | None = None
    used: datetime | None = None
    """When it was last used, give or take `COARSE`."""

    def allows(self, scope: KeyScope) -> bool:
        """Tell whether one of its scopes is or includes this one."""
        return any(scope in _INCLUDED[held] for held in self.scopes)

    def usable(self, now: datetime) -> bool:
        """Tell whether it is neither revoked nor expired."""
        return self.revoked is None and (self.expires is None or now < self.expires)


class Keys:
    """The keys of one service; every method may be called from any thread or process, and raises StorageError."""

    def __init__(self, records: Records) -> None:
        self._records = records
        with records.transaction() as connection:
            connection.execute(_TABLE)

    def create(self, name: str, scopes: Collection[KeyScope], expires: datetime | None = None) -> tuple[Key, str]:
        """Return a new key and its full text, which cannot be had again."""
        key = Key(
            id=secrets.token_hex(6), name=name, scopes=frozenset(scopes), created=datetime.now(UTC), expires=expires
        )
        secret = secrets.token_urlsafe(32)
        row = (key.id, _hash(secret), name, ",".join(sorted(key.scopes)), _iso(key.created), _iso(expires))
        with self._records.transaction() as connection:
            connection.execute(
                "INSERT INTO keys (id, secret, name, scopes, created, expires) VALUES (?, ?, ?, ?, ?, ?)", row
            )
        return key, f"dl_{key.id}_{secret}"

    def verify(self, text: str) -> Key | None:
        """Return the usable key that this is the text of, if any.

        Whatever is wrong, the same work is done: one look-up, one hash and one comparison in constant time.
        """
        form = _FORM.fullmatch(text)
        identifier, secret = form.groups() if form else ("", text)
        row = next(iter(self._records.read("SELECT * FROM keys WHERE id = ?", identifier)), None)
        right = hmac.compare_digest(row["secret"] if row else bytes(32), _hash(secret))
        now = datetime.now(UTC)
        if row is None or not right or not (key := key_of(row)).usable(now):
            return None
        if key.used is None or now - key.used > COARSE:
            self._note_use(key, now)
        return key

    def list(self) -> list[Key]:
        """Return all keys, oldest first, revoked and expired ones too."""
        return [key_of(row) for row in self._records.read("SELECT * FROM keys ORDER BY created, id")]

    def revoke(self, identifier: str) -> Key:
        """Make a key useless from now on, its sessions included; raise UserError when there is no such key."""
        with self._records.transaction() as connection:
            connection.execute(
                "UPDATE keys SET revoked = coalesce(revoked, ?) WHERE id = ?", (_iso(datetime.now(UTC)), identifier)
            )
            row = connection.execute("SELECT * FROM keys WHERE id = ?", (identifier,)).fetchone()
        if row is None:
            raise UserError("No key has this id; `dateline keys list` shows them.")
        return key_of(row)

    def _note_use(self, key: Key, now: datetime) -> None:
        # A full disk must not lock out whoever could mend it, and nobody is to wait for this.
        with suppress(StorageError), self._records.transaction(wait=False) as connection:
            connection.execute("UPDATE keys SET used = ? WHERE id = ?", (_iso(now), key.id))


def key_of(row: sqlite3.Row) -> Key:
    """Return the key that a row of the table holds."""
    return Key(
        id=row["id"],
        name=row["name"],
        scopes=frozenset(KeyScope(scope) for scope in row["scopes"].split(",")),
        created=datetime.fromisoformat(row["created"]),
        expires=_moment(row["expires"]),
        revoked=_moment(row["revoked"]),
        used=_moment(row["used"]),
    )


def _hash(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
