"""The embedded model: MiniLM in eight bits on onnxruntime, shipped inside the package (see minilm/MODEL_CARD.md)."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from rag.embed.text import well_formed
from rag.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

SHIPPED = Path(__file__).parent / "minilm"
DIGESTS = {
    "model.onnx": "d4c91a3828bbfffa7644ee4876ff07237c583c0326f033687f03c8e29d530b08",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
TOKENS = 256
"""What the model was trained to read; the rest of a longer text does not count."""
CACHED_QUERIES = 1024
CACHED_CHARACTERS = 2000
_ONNXRUNTIME_ERROR = 3


class EmbeddedModel:
    """Gives vectors of English text without network, key or GPU; safe to use from several threads."""

    def __init__(self, folder: Path = SHIPPED, *, threads: int | None = None) -> None:
        self._folder = folder
        self._threads = threads or _cores()
        self._lock = Lock()
        self._loaded: _Engine | None = None
        self._query = lru_cache(CACHED_QUERIES)(lambda text: self._engine().vector_of(text))

    @property
    def name(self) -> str:
        """Identity of weights, precision and graph."""
        return "all-MiniLM-L6-v2/int8-1"

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return 384

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one unit vector per text, in order; raise ConfigurationError when the model's files are damaged."""
        if len(texts) < 2:
            return [self._engine().vector_of(text).tolist() for text in texts]
        engine = self._engine()
        with ThreadPoolExecutor(self._threads) as pool:
            tokens = list(pool.map(engine.tokens, texts))
            # Texts run one by one, one thread each, rather than in padded batches: nothing is computed for padding,
            # a passage's activations stay in the processor's cache, and since quantisation ranges span a whole run,
            # a text's vector cannot depend on its neighbours. Longest first, so that all threads end together.
            order = sorted(range(len(texts)), key=lambda index: -len(tokens[index]))
            found = pool.map(engine.vector, (tokens[index] for index in order))
            vectors = dict(zip(order, found, strict=True))
        return [vectors[index].tolist() for index in range(len(texts))]

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a question; recent ones are remembered."""
        vector = self._query(text) if len(text) <= CACHED_CHARACTERS else self._engine().vector_of(text)
        values: list[float] = vector.tolist()
        return values

    def _engine(self) -> _Engine:
        with self._lock:
            if self._loaded is None:
                self._loaded = _load(self._folder)
            return self._loaded


class _Engine:
    """A tokeniser and a session."""

    def __init__(self, tokenizer: Tokenizer, session: InferenceSession) -> None:
        self._tokenizer = tokenizer
        self._session = session

    def tokens(self, text: str) -> list[int]:
        """Return at most TOKENS token numbers, reading no more of a long text than that takes."""
        size = 16 * TOKENS
        while True:
            start = well_formed(text[:size])
            # One text at a time: the tokeniser's own threads would warn in, or hang, a process forked later.
            encoding = self._tokenizer.encode(start)
            if size >= len(text) or (len(encoding.ids) == TOKENS and _settled(start[encoding.offsets[-2][1] :])):
                return encoding.ids
            size *= 8

    def vector(self, tokens: list[int]) -> NDArray[np.float32]:
        """Return the unit vector of one text's tokens."""
        import numpy as np  # noqa: PLC0415 - slow to import

        (vectors,) = self._session.run(None, {"input_ids": np.array([tokens])})
        only: NDArray[np.float32] = vectors[0]
        return only

    def vector_of(self, text: str) -> NDArray[np.float32]:
        """Return the unit vector of one text."""
        return self.vector(self.tokens(text))


def _settled(rest: str) -> bool:
    """Tell whether the last token was complete before the text was cut, given what follows it up to the cut."""
    return " " in rest or len(rest) > 1000


def _load(folder: Path) -> _Engine:
    """Read the files while onnxruntime is imported: the first vector comes a fifth sooner."""
    with ThreadPoolExecutor(2) as pool:
        model = pool.submit(_read, folder, "model.onnx")
        tokenizer = pool.submit(_tokenizer, folder)
        # On import it would begin to report to its maker.
        os.putenv("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime  # noqa: PLC0415 - slow to import

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.log_severity_level = _ONNXRUNTIME_ERROR
        session = onnxruntime.InferenceSession(model.result(), options, providers=["CPUExecutionProvider"])
        return _Engine(tokenizer.result(), session)


def _tokenizer(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer  # noqa: PLC0415 - slow to import

    tokenizer = Tokenizer.from_buffer(_read(folder, "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(TOKENS)
    return tokenizer


def _read(folder: Path, name: str) -> bytes:
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise ConfigurationError(_mend(f"cannot be read ({error.strerror})", folder / name)) from error
    if hashlib.sha256(content).hexdigest() != DIGESTS[name]:
        raise ConfigurationError(_mend("is damaged", folder / name))
    return content


def _mend(what: str, path: Path) -> str:
    return f"The embedded model's file {path} {what}: install dateline again."


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
