"""Chat replies kept in a file and given again: the same answers later, without key, network or cost.

A row of the file is one reply, or how a server failed. It is found by whom it was asked for (see `asking_for`), by a
digest of the model's name and of every message, so that a prompt, a passage or a model that changed is noticed, and by
how many equal requests came before it there. In which order, or beside which others, a case is asked does not matter.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from rag.errors import ConfigurationError, NotRecordedError, ProviderError
from rag.protocols import ChatModel, Message
from rag.rowfile import RowFile
from rag.types import Usage, digest
from rag.wire import Json

Place = tuple[tuple[str, ...], str, int]
"""For whom, what, and after how many equal requests."""


@contextmanager
def asking_for(*names: str) -> Iterator[None]:
    """Within the block, note requests as these names' own, such as a suite's and a case's, and count them from 0.

    So to begin again is to replace what was recorded for them.
    """
    token = _asker.set(_Asker(names))
    try:
        yield
    finally:
        _asker.reset(token)


class RecordingChat:
    """Asks a chat model and keeps its replies and failures; each takes the place of what the file held there.

    What it holds from the same `session` is given again instead of asked for, failures excepted, so that work which
    was interrupted is not paid for twice.
    """

    def __init__(self, inner: ChatModel, path: Path, *, session: str | None = None) -> None:
        self._inner = inner
        self._session = session
        self._file = RowFile(path)
        self._outside = _Asker()
        replies = {} if session is None else _replies(self._file)
        self._earlier = {
            place: reply for place, reply in replies.items() if reply.session == session and reply.failure is None
        }

    @property
    def name(self) -> str:
        """The name of the model that is asked."""
        return self._inner.name

    def stream(self, messages: Sequence[Message]) -> Iterator[str | Usage]:
        """Yield the model's reply as it comes; raise ProviderError, or StorageError where it cannot be kept."""
        place = (_asker.get() or self._outside).place(self.name, messages)
        if earlier := self._earlier.get(place):
            yield from earlier.pieces
            return
        pieces: list[str | Usage] = []
        try:
            for piece in self._inner.stream(messages):
                pieces.append(piece)
                yield piece
        except ProviderError as error:
            self._keep(place, pieces, str(error))
            raise
        self._keep(place, pieces, None)

    def _keep(self, place: Place, pieces: Sequence[str | Usage], failure: str | None) -> None:
        names, key, occurrence = place
        self._file.append(
            {
                "for": names,
                "key": key,
                "occurrence": occurrence,
                "model": self.name,
                "pieces": [
                    each if isinstance(each, str) else [each.input_tokens, each.output_tokens] for each in pieces
                ],
                "failure": failure,
                "session": self._session,
            }
        )


class ReplayedChat:
    """Gives the replies of a file; no server is ever asked."""

    def __init__(self, path: Path, name: str) -> None:
        """Read the file; raise ConfigurationError where it holds no replies of this model."""
        self._path = path
        self._name = name
        self._outside = _Asker()
        self._replies = _replies(RowFile(path))
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
        """Yield the kept reply; raise ProviderError where the server failed when it was recorded.

        Raises NotRecordedError where there is neither, so that nothing else answers instead.
        """
        reply = self._replies.get((_asker.get() or self._outside).place(self._name, messages))
        if reply is None:
            raise NotRecordedError(
                f"Not recorded; record again with --record. {self._path} holds no reply of {self._name} to this"
                " request: a question, a prompt or an article changed, or it is asked more often or in another case."
            )
        yield from reply.pieces
        if reply.failure is not None:
            raise ProviderError(reply.failure)


class _Asker:
    """Counts equal requests that are made for one purpose, from any thread."""

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        self._names = names
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def place(self, model: str, messages: Sequence[Message]) -> Place:
        """Return where the reply to this request is kept, and count the request."""
        key = digest(json.dumps([model, [[message.role, message.content] for message in messages]]))
        with self._lock:
            self._counts[key] += 1
            return self._names, key, self._counts[key] - 1


_asker: ContextVar[_Asker | None] = ContextVar("asker", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    model: str
    pieces: tuple[str | Usage, ...]
    failure: str | None
    session: Json


def _replies(file: RowFile) -> dict[Place, _Reply]:
    """Return the last replies by their places; of a line that a kill left torn, nothing."""
    found: dict[Place, _Reply] = {}
    for _, row in file.rows():
        match row:
            case {
                "for": [*names],
                "key": str(key),
                "occurrence": int(occurrence),
                "model": str(model),
                "pieces": [*pieces],
                "failure": None | str() as failure,
                "session": session,
            }:
                place = tuple(map(str, names)), key, occurrence
                found[place] = _Reply(model=model, pieces=tuple(map(_piece, pieces)), failure=failure, session=session)
    return found


def _piece(row: Json) -> str | Usage:
    match row:
        case [int(read), int(written)]:
            return Usage(input_tokens=read, output_tokens=written)
    return str(row)
