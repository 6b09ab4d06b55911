from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rag.errors import StorageError, UserError
from rag.records import Records, open_records
from rag.records.keys import COARSE, Keys, KeyScope
from rag.records.sessions import MOST, Sessions

SOON = timedelta(hours=1)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with closing(open_records(tmp_path)) as records:
        yield records


@pytest.fixture
def keys(records: Records) -> Keys:
    return Keys(records)


def test_a_key_is_known_by_its_text(keys: Keys) -> None:
    key, text = keys.create("Ann", [KeyScope.READ, KeyScope.WRITE], datetime.now(UTC) + SOON)
    found = keys.verify(text)
    assert found
    assert (found.id, found.name, found.scopes, found.expires) == (key.id, "Ann", key.scopes, key.expires)
    assert text.startswith(f"dl_{key.id}_")


def test_secrets_are_long_and_never_the_same(keys: Keys) -> None:
    secrets = {keys.create("x", [KeyScope.ASK])[1].split("_", 2)[2] for _ in range(50)}
    assert len(secrets) == 50
    assert {len(secret) for secret in secrets} == {43}  # 32 bytes, six bits to a character


def test_nothing_on_the_disk_is_a_key(records: Records, tmp_path: Path) -> None:
    key, text = Keys(records).create("Ann", [KeyScope.ASK])
    token = Sessions(records).open(key)
    records.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"Ann" in stored
    assert text.split("_", 2)[2].encode() not in stored
    assert token.encode() not in stored


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "dl_",
        "{text} ",
        " {text}",
        "{text}\n",
        "{text}=",
        "{cut}",
        "{id}_{other}",
        "{loud}",
        "dl_000000000000_{secret}",
        "dl_' OR '1'='1_{secret}",
        "{secret}",
        "dl__{secret}",
        "\ud800",
        "dl_１２３４５６７８９０１２_{secret}",
    ],
)
def test_what_is_not_quite_a_key_is_none(keys: Keys, wrong: str) -> None:
    (key, text), (_, other) = keys.create("Ann", [KeyScope.ADMIN]), keys.create("Bo", [KeyScope.ADMIN])
    tried = wrong.format(
        text=text,
        cut=text[:-1],
        id=f"dl_{key.id}",
        other=other.split("_", 2)[2],
        loud=text.upper(),
        secret=text.split("_", 2)[2],
    )
    assert keys.verify(tried) is None


def test_a_key_ends_when_it_expires_or_is_revoked(keys: Keys) -> None:
    _, late = keys.create("late", [KeyScope.ASK], datetime.now(UTC) - timedelta(microseconds=1))
    key, gone = keys.create("gone", [KeyScope.ASK])
    assert keys.verify(gone)
    revoked = keys.revoke(key.id)
    assert (keys.verify(late), keys.verify(gone)) == (None, None)
    assert keys.revoke(key.id).revoked == revoked.revoked
    with pytest.raises(UserError, match="No key has this id"):
        keys.revoke("nobody")


@pytest.mark.parametrize(
    ("held", "allowed"),
    [
        ("read", {"read"}),
        ("ask", {"ask", "read"}),
        ("write", {"write"}),
        ("admin", {"read", "ask", "write", "admin"}),
    ],
)
def test_scopes_include_each_other_as_documented(keys: Keys, held: str, allowed: set[str]) -> None:
    key, _ = keys.create("x", [KeyScope(held)])
    assert {scope.value for scope in KeyScope if key.allows(scope)} == allowed


def test_the_last_use_is_kept_coarsely(records: Records, keys: Keys) -> None:
    _, text = keys.create("Ann", [KeyScope.ASK])
    keys.verify(text)
    [first] = [each.used for each in keys.list()]
    keys.verify(text)
    assert [each.used for each in keys.list()] == [first]
    assert first
    with records.transaction() as connection:
        connection.execute("UPDATE keys SET used = ?", ((first - COARSE).isoformat(),))
    keys.verify(text)
    assert [each.used for each in keys.list()] != [first - COARSE]


def test_a_key_works_where_nothing_can_be_written(records: Records, keys: Keys) -> None:
    _, text = keys.create("Ann", [KeyScope.ASK])
    with records.transaction() as connection:
        connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StorageError):
        keys.create("Bo", [KeyScope.ASK])
    assert keys.verify(text)


def test_a_running_server_sees_what_another_process_did(tmp_path: Path, keys: Keys) -> None:
    with closing(open_records(tmp_path)) as others:
        key, text = Keys(others).create("Ann", [KeyScope.ASK])
        assert keys.verify(text)
        Keys(others).revoke(key.id)
        assert keys.verify(text) is None


def test_a_session_stands_for_its_key_until_either_ends(records: Records, keys: Keys) -> None:
    key, _ = keys.create("Ann", [KeyScope.ASK])
    sessions = Sessions(records)
    kept, closed, over = sessions.open(key), sessions.open(key), sessions.open(key, lasts=timedelta(0))
    sessions.close(closed)
    found = sessions.key(kept)
    assert found and found.id == key.id
    assert [sessions.key(token) for token in (closed, over, "", "x" * 43)] == [None] * 4
    keys.revoke(key.id)
    assert sessions.key(kept) is None


def test_a_key_has_no_end_of_sessions(records: Records, keys: Keys) -> None:
    (key, _), (other, _) = keys.create("Ann", [KeyScope.ASK]), keys.create("Bo", [KeyScope.ASK])
    sessions = Sessions(records)
    first, others = sessions.open(key), sessions.open(other)
    tokens = [sessions.open(key) for _ in range(MOST)]
    assert sessions.key(first) is None
    assert all(sessions.key(token) for token in (*tokens, others))


def test_what_is_kept_is_for_its_owner_alone(tmp_path: Path) -> None:
    with closing(open_records(tmp_path / "library")) as records:
        Keys(records).create("Ann", [KeyScope.ASK])
        modes = {path.stat().st_mode & 0o077 for path in (tmp_path / "library", *(tmp_path / "library").iterdir())}
    assert modes == {0}
