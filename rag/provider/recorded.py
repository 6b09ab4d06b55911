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
from dataclasses import dataclass
from pathlib import Path

from rag.errors import ConfigurationError
from rag.protocols import ChatModel, Message
from rag.rowfile import RowFile
from rag.types import Usage, digest
from rag.wire import Json


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
                # Counted only now: a reply that broke off was none.
                "occurrence": self._asked.next(key),
                "model": self.name,
                "pieces": pieces,
                "usage": usage,
                "session": self._session,
            }
        )


class ReplayedChat:
    """Gives the replies of a file; no server is ever asked."""

    def __init__(self, path: Path, name: str) -> None:
        """Read the file; raise ConfigurationError where it holds no replies of this model."""
        self._path = path
        self._name = name
        self._asked = _Occurrences()
        self._replies = dict(_replies(RowFile(path)))
        models = {reply.model for reply in self._replies.values()}
        if not models:
            raise ConfigurationError(f"{path} holds no recorded replies; make it with --record {path}.")
        if name not in models:
            raise ConfigurationError(
                f"{path} holds replies of {', '.join(sorted(models))}, not of {name}; name the model."
            )

    @property
    def name(self) -> str:
        """The name of the model whose replies these are."""
        return self._name

    def stream(self, messages: Sequence[Message]) -> Iterator[str | Usage]:
        """Yield the kept reply; raise ConfigurationError where there is none, so that nothing else answers instead."""
        key = _key(self._name, messages)
        reply = self._replies.get((key, self._asked.next(key)))
        if reply is None:
            raise ConfigurationError(
                f"Not recorded; record again with --record. {self._path} holds no reply of {self._name} to this"
                " request: a question, a prompt or an article changed, or it is asked more often."
            )
        yield from reply.pieces
        if reply.usage is not None:
            yield reply.usage


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    model: str
    pieces: tuple[str, ...]
    usage: Usage | None


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


def _replies(file: RowFile) -> Iterator[tuple[tuple[str, int], _Reply]]:
    """Yield the replies by key and occurrence; of a line that a kill left torn, nothing."""
    for _, row in file.rows():
        match row:
            case {"key": str(key), "occurrence": int(occurrence), "model": str(model), "pieces": [*pieces]}:
                usage = _usage(row.get("usage"))
                yield (key, occurrence), _Reply(model=model, pieces=tuple(map(str, pieces)), usage=usage)


def _usage(counts: Json) -> Usage | None:
    match counts:
        case [int(read), int(written)]:
            return Usage(input_tokens=read, output_tokens=written)
    return None
