"""Chat replies kept in a file and given again: the same answers later, without key, network or cost.

A row of the file is one reply. Its key is a digest of the model's name and of every message, so that a prompt, a
passage or a model that changed is noticed. Equal requests are told apart by how many came before, so that repetitions
keep replies of their own; in which order different requests come does not matter.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rag.errors import ConfigurationError
from rag.protocols import ChatModel, Message
from rag.rowfile import Row, RowFile
from rag.types import Usage, digest


class RecordingChat:
    """Asks a chat model and keeps its whole replies; one that broke off is not kept.

    A reply takes the place of the one that the file held for the same request. `session` names the run that asks: one
    that was interrupted counts on from what it kept.
    """

    def __init__(self, inner: ChatModel, path: Path, *, session: str = "") -> None:
        self._inner = inner
        self._session = session
        self._file = RowFile(path)
        self._asked = _Occurrences(str(row.get("key")) for _, row in self._file.rows() if row.get("session") == session)

    @property
    def name(self) -> str:
        """The name of the model that is asked."""
        return self._inner.name

    def stream(self, messages: Sequence[Message]) -> Iterator[str | Usage]:
        """Yield the model's reply as it comes; raise ProviderError, or StorageError where it cannot be kept."""
        key = _key(self.name, messages)
        occurrence = self._asked.next(key)
        pieces: list[str] = []
        usage: list[int] | None = None
        for piece in self._inner.stream(messages):
            if isinstance(piece, str):
                pieces.append(piece)
            else:
                usage = [piece.input_tokens, piece.output_tokens]
            yield piece
        self._file.append(
            {
                "key": key,
                "occurrence": occurrence,
                "model": self.name,
                "pieces": pieces,
                "usage": usage,
                "session": self._session,
            }
        )


class ReplayedChat:
    """Gives the replies of a file; no server is ever asked."""

    def __init__(self, path: Path, name: str) -> None:
        """Read the file; raise ConfigurationError where it holds no replies."""
        self._path = path
        self._name = name
        self._asked = _Occurrences()
        self._replies = {
            (key, occurrence): (pieces, usage) for key, occurrence, pieces, usage in _replies(RowFile(path))
        }
        if not self._replies:
            raise ConfigurationError(f"{path} holds no recorded replies; make it with --record {path}.")

    @property
    def name(self) -> str:
        """The name of the model whose replies these are."""
        return self._name

    def stream(self, messages: Sequence[Message]) -> Iterator[str | Usage]:
        """Yield the kept reply; raise ConfigurationError where there is none, so that nothing else answers instead."""
        key = _key(self._name, messages)
        reply = self._replies.get((key, self._asked.next(key)))
        if reply is None:
            raise ConfigurationError(self._why_not(key))
        pieces, usage = reply
        yield from pieces
        if usage is not None:
            yield usage

    def _why_not(self, key: str) -> str:
        if (key, 0) in self._replies:
            return f"{self._path} holds fewer replies to this request than are asked for; record again with --record."
        return (
            f"{self._path} holds no reply of {self._name} to this request: the question, a prompt, the articles or the"
            " model changed since. Record again with --record."
        )


class _Occurrences:
    """Counts equal requests, from any thread."""

    def __init__(self, earlier: Iterable[str] = ()) -> None:
        self._counts = Counter(earlier)
        self._lock = threading.Lock()

    def next(self, key: str) -> int:
        """Return how often this was asked before."""
        with self._lock:
            self._counts[key] += 1
            return self._counts[key] - 1


def _key(model: str, messages: Sequence[Message]) -> str:
    return digest(json.dumps([model, [[message.role, message.content] for message in messages]]))


def _replies(file: RowFile) -> Iterator[tuple[str, int, list[str], Usage | None]]:
    for _, row in file.rows():
        if reply := _reply(row):
            yield reply


def _reply(row: Row) -> tuple[str, int, list[str], Usage | None] | None:
    match row:
        case {"key": str(key), "occurrence": int(occurrence), "pieces": list(pieces), "usage": None | [int(), int()]}:
            counts = row["usage"]
            usage = Usage(input_tokens=counts[0], output_tokens=counts[1]) if isinstance(counts, list) else None
            return key, occurrence, [str(piece) for piece in pieces], usage
    return None
