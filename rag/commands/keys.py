"""`dateline keys`: who may ask a service that others can reach."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag import plain, wire
from rag.commands.opening import AsJson, AtLibrary
from rag.errors import ConfigurationError
from rag.terminal import show, tell

if TYPE_CHECKING:
    from rag.records.keys import Key, Keys, KeyScope

cli = typer.Typer(no_args_is_help=True, help="Create, list and revoke keys of the server.", rich_markup_mode=None)

_LONGEST_NAME = 100


@cli.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose key it is, or what for.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="read, ask (the default), write or admin; may be repeated.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option(help="When it ends: days such as 90d, or the last day as 2027-01-31.")
    ] = None,
    library: AtLibrary = None,
    as_json: AsJson = False,
) -> None:
    """Create a key, and print it: it is shown this once."""
    ends = _end(expires, datetime.now(UTC)) if expires else None
    if not name.strip() or len(name) > _LONGEST_NAME:
        raise ConfigurationError(f"A key needs a name of 1 to {_LONGEST_NAME} characters.")
    scopes = _scopes(scope or ["ask"])
    with _keys(library) as keys:
        key, text = keys.create(name.strip(), scopes, ends)
    if as_json:
        show({**wire.key_object(key), "key": text})
    else:
        tell(f"Created {_described(key)}. Keep the key now: it cannot be shown again.")
        show(text)


@cli.command("list")
def list_keys(library: AtLibrary = None, as_json: AsJson = False) -> None:
    """List all keys, without their secrets."""
    with _keys(library) as keys:
        found = keys.list()
    if as_json:
        show(wire.keys_object(found))
    else:
        show(plain.safe("\n".join(map(_described, found)) or "There are no keys."))


@cli.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `keys list` shows it.")],
    library: AtLibrary = None,
    as_json: AsJson = False,
) -> None:
    """Make a key useless at once, also for a running server and for whoever is logged in with it."""
    with _keys(library) as keys:
        key = keys.revoke(key_id)
    show(wire.key_object(key) if as_json else plain.safe(f"Revoked {_described(key)}"))


@contextmanager
def _keys(library: Path | None) -> Iterator[Keys]:
    from rag.records import open_records
    from rag.records.keys import Keys
    from rag.settings import read_settings

    with closing(open_records(read_settings(library=library).library.expanduser())) as records:
        yield Keys(records)


def _scopes(names: list[str]) -> list[KeyScope]:
    from rag.records.keys import KeyScope

    try:
        return [KeyScope(name) for name in names]
    except ValueError as error:
        known = ", ".join(KeyScope)
        raise ConfigurationError(f"--scope takes one of {known}; repeat it for several.") from error


def _end(words: str, now: datetime) -> datetime:
    """Return the moment from which a key is of no use; raise ConfigurationError."""
    try:
        if days := re.fullmatch(r"(\d{1,5})d", words):
            end = now + timedelta(days=int(days[1]))
        else:
            end = datetime.combine(date.fromisoformat(words) + timedelta(days=1), time(), UTC)
    except (ValueError, OverflowError) as error:
        raise ConfigurationError("--expires takes days such as 90d, or the last day as 2027-01-31.") from error
    if end <= now:
        raise ConfigurationError("--expires names a day that is past; a key would be of no use.")
    return end


def _described(key: Key) -> str:
    state = (
        f"revoked {key.revoked:%Y-%m-%d}"
        if key.revoked
        else f"{'expires' if key.usable(datetime.now(UTC)) else 'expired'} {key.expires:%Y-%m-%d %H:%M} UTC"
        if key.expires
        else "does not expire"
    )
    used = f"last used {key.used:%Y-%m-%d}" if key.used else "never used"
    return "  ".join((key.id, f"{', '.join(sorted(key.scopes)):<10}", f"{key.name}:", f"{state}, {used}"))
