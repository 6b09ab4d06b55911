"""The seams: what the main path needs from its parts. Each has at least two implementations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from rag.types import Article, Hit, Passage, PromptUse, Scope, Source, Turn, Usage

if TYPE_CHECKING:
    from pathlib import Path

    from rag.wire import Json

Vector = Sequence[float]


class Embedder(Protocol):
    """Turns texts into vectors of unit length. Method names are LangChain's, so any of its embeddings fits."""

    @property
    def name(self) -> str:
        """Identity of the model; two embedders with one name give the same vectors."""

    @property
    def dimension(self) -> int:
        """Length of every vector."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one vector per text, in order; a text's vector does not depend on its neighbours."""

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to a chat model; role is "system", "user" or "assistant"."""

    role: str
    content: str


class ChatModel(Protocol):
    """A chat model that streams its reply."""

    @property
    def name(self) -> str:
        """The model's name, as answers record it."""

    def stream(self, messages: Sequence[Message]) -> Iterator[str | Usage]:
        """Yield pieces of text, then at most one Usage; raise ProviderError, also when the reply breaks off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What an answerer is given: the standalone question and the passages it may use, best first.

    Sentence ``j`` of passage ``i`` (both counted from 1) is cited by writing the label ``[i.j]``.
    """

    question: str
    hits: tuple[Hit, ...]
    history: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Insufficient:
    """An answerer's statement that the passages do not answer the question."""

    reason: str


Draft = str | Usage | PromptUse | Insufficient


class Answerer(Protocol):
    """Writes an answer as text with sentence labels; grounding resolves them, the same way for every answerer."""

    @property
    def name(self) -> str:
        """The name that answers record as their model."""

    def reads(self, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        """Return what of the hits it can take in, labels unchanged; only that may be cited."""

    def draft(self, brief: Brief) -> Iterator[Draft]:
        """Yield pieces of labelled text and, in any order, accounts of what was used, or Insufficient."""


class Retriever(Protocol):
    """Finds the passages that may answer a question."""

    def retrieve(self, query: str, scope: Scope, limit: int) -> list[Hit]:
        """Return at most `limit` hits, best first, in an order that depends on nothing but library and arguments."""


class Rewriter(Protocol):
    """Makes a follow-up question standalone."""

    def rewrite(self, question: str, history: Sequence[Turn]) -> tuple[str, list[PromptUse | Usage]]:
        """Return the question as it should be searched, and an account of what that used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A passage with one search engine's score."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionSummary:
    """One stored version of an article."""

    source: Source
    version: str
    current: bool
    characters: int
    passages: int


class Place(NamedTuple):
    """A place in the list of articles: that of one article, whether it is still there or not."""

    published: datetime | None
    article_id: str


class Library(Protocol):
    """Reading side of the store of articles, versions and passages; safe to use from several threads."""

    def generation(self) -> int:
        """Return the number that every committed change raises, as of now, whoever wrote it."""

    def publishers(self) -> list[str]:
        """Return the distinct publishers of current articles, sorted."""

    def count(self, scope: Scope = Scope()) -> int:
        """Return how many articles the scope admits."""

    def articles(
        self, scope: Scope = Scope(), *, limit: int = 100, offset: int = 0, after: Place | None = None
    ) -> list[VersionSummary]:
        """Return current versions, newest publication first, undated last; only those that follow a place."""

    def versions(self, article_id: str) -> list[VersionSummary]:
        """Return all versions of one article, oldest first; raise ArticleNotFoundError."""

    def article(self, article_id: str, version: str | None = None) -> Article:
        """Return an article as stored (current version unless one is named); raise ArticleNotFoundError."""

    def dense(self, vector: Vector, scope: Scope, limit: int) -> list[Scored]:
        """Return the passages nearest by cosine similarity, best first, ties by passage id."""

    def lexical(self, query: str, scope: Scope, limit: int) -> list[Scored]:
        """Return the passages best by BM25 over their words, best first, ties by passage id."""

    def writing(self) -> AbstractContextManager[LibraryWriter]:
        """Hold the library's one writer's place; raise LibraryLockedError when it is taken."""

    def close(self) -> None:
        """Release files and clients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """An article version ready to be committed: its passages, and the text that was embedded for each with its vector.

    `keys[i]` is the digest of what was embedded for `passages[i]`; equal keys mean equal vectors.
    """

    article: Article
    location: str
    """The file (and row) that it came from."""
    passages: tuple[Passage, ...]
    keys: tuple[str, ...]
    vectors: tuple[Vector, ...]
    signature: bytes = b""
    """Near-duplicate signature of the whole text, opaque to the library."""
    bands: tuple[str, ...] = ()
    """Hash keys under which near-duplicate candidates are looked up."""
    duplicate_of: str | None = None
    """The article that this one nearly repeats, if any."""


class LibraryWriter(Protocol):
    """Writing side; only obtained from `Library.writing`. Each call is one committed change or none."""

    def known(self, location: str) -> tuple[str, str] | None:
        """Return (article_id, version) that this location last gave, or None."""

    def current_version(self, article_id: str) -> str | None:
        """Return the current version of an article, or None."""

    def has_version(self, article_id: str, version: str) -> bool:
        """Tell whether this version is stored."""

    def seen_at(self, location: str, article_id: str, version: str) -> None:
        """Record that a location gave a version that is already stored."""

    def vectors(self, keys: Sequence[str]) -> dict[str, Vector]:
        """Return stored vectors for those keys that are known."""

    def near(self, bands: Sequence[str]) -> list[tuple[str, bytes]]:
        """Return (article_id, signature) of current articles that share at least one band."""

    def put(self, batch: Iterable[Indexed]) -> None:
        """Commit article versions and make each the current one; all of them visible at once, or none."""

    def remove(self, article_id: str) -> None:
        """Remove an article, all its versions, from search and storage; raise ArticleNotFoundError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Something that is to become articles."""

    name: str
    """A file's name, whose extension says how it is read, or a web address."""
    data: bytes | Path | None = None
    """The file's content, or a file of ours that holds it; None has the address fetched."""


class Intake(Protocol):
    """Takes in what is submitted to a running service; the doors know nothing else of the ingesting side."""

    def take(
        self, submissions: Sequence[Submission], progress: Callable[[int, int], None] = lambda _done, _articles: None
    ) -> Mapping[str, Json]:
        """Store what can be stored and return the account of it, as `dateline ingest --json` prints it.

        `progress` is called with how many submissions are done and how many articles were met, and may raise a
        DatelineError to call the rest off. That, LibraryError and ProviderError leave what was committed until then,
        and carry the account of it as their `account`.
        """
