"""The composition root of the answering side: settings become a desk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from rag.answer import Desk
from rag.embed import CompatibleEmbedder, EmbeddedModel, RememberingEmbedder
from rag.errors import ConfigurationError
from rag.library import ChromaServer, LocalLibrary, Neighbours, open_library
from rag.prices import read_prices
from rag.protocols import Answerer, ChatModel, Embedder, Rewriter
from rag.question.rewrite import HistoryRewriter, ModelRewriter
from rag.reader.extractive import ANSWER_FROM, ExtractiveAnswerer
from rag.retrieval.hybrid import DENSE_WEIGHT, hybrid
from rag.settings import Settings


def make_embedder(settings: Settings) -> Embedder:
    """Return the embedder that the settings name; nothing is loaded until it is used."""
    if settings.embedding_model is None:
        return EmbeddedModel()
    return CompatibleEmbedder(
        model=settings.embedding_model,
        base_url=settings.openai_base_url,
        api_key=_key(settings),
        timeout=settings.model_timeout,
        retries=settings.model_retries,
    )


def chroma_server(settings: Settings) -> ChromaServer | None:
    """Return the server that keeps the vector index, if the settings name one; raise ConfigurationError."""
    if settings.chroma_url is None:
        return None
    token = settings.chroma_token.get_secret_value() if settings.chroma_token else None
    return ChromaServer(url=settings.chroma_url, token=token)


@contextmanager
def newsroom(settings: Settings, *, create: bool = False, any_model: bool = False) -> Iterator[Newsroom]:
    """Open the configured library for as long as the block runs; raise LibraryError where it cannot be used.

    `create` makes a missing one; `any_model` opens one whatever embedding model wrote it, for work without vectors.
    """
    embedder = make_embedder(settings)
    library = open_library(
        settings.library,
        model=embedder.name,
        # A remote model is asked for its dimension only where nothing is stored that tells it.
        dimension=embedder.dimension if create else None,
        create=create,
        any_model=any_model,
        neighbours=Neighbours(server=chroma_server(settings)),
    )
    with closing(library):
        yield Newsroom(settings=settings, embedder=embedder, library=library)


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsroom:
    """A library opened with its embedder, and what the settings make of it."""

    settings: Settings
    embedder: Embedder
    library: LocalLibrary

    def desk(
        self, model: ChatModel | None = None, *, dense_weight: float = DENSE_WEIGHT, answer_from: float = ANSWER_FROM
    ) -> Desk:
        """Return what answers questions over this library, written by `model` where one is given."""
        # Reranking, reading and checking look at the same sentences.
        embedder = RememberingEmbedder(self.embedder)
        reader = ExtractiveAnswerer(embedder=embedder, answer_from=answer_from)
        if model is None and self.settings.generative:
            model = make_chat(self.settings)
        answerer, rewriter = _writers(self.settings, reader, model)
        prices = read_prices(self.settings.prices) if self.settings.prices else {}
        return Desk(
            library=self.library,
            embedder=embedder,
            retriever=hybrid(self.library, embedder, weight=dense_weight),
            rewriter=rewriter,
            answerer=answerer,
            fallback=reader if answerer is not reader else None,
            passages=self.settings.passages,
            price=prices.get(model.name) if model else None,
        )


def _writers(settings: Settings, reader: ExtractiveAnswerer, model: ChatModel | None) -> tuple[Answerer, Rewriter]:
    if model is None:
        return reader, HistoryRewriter()
    from rag.generate.answerer import GenerativeAnswerer  # noqa: PLC0415  only where a model is configured

    return GenerativeAnswerer(model=model, budget_tokens=settings.context_tokens), ModelRewriter(model=model)


def make_chat(settings: Settings) -> ChatModel:
    """Return the chat model that the settings name; raise ConfigurationError where they name none."""
    from rag.provider.chat import OpenAIChat  # noqa: PLC0415  only where a model is configured

    if settings.openai_api_key is None and settings.openai_base_url is None:
        raise ConfigurationError(
            "No chat model is configured: set OPENAI_API_KEY or OPENAI_BASE_URL, or DATELINE_ANSWERER=extractive."
        )
    return OpenAIChat(
        model=settings.chat_model,
        base_url=settings.openai_base_url,
        api_key=_key(settings),
        timeout=settings.model_timeout,
        retries=settings.model_retries,
    )


def _key(settings: Settings) -> str | None:
    return settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
