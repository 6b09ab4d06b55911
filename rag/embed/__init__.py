"""Vectors of texts: the embedded model, and any server that speaks OpenAI's protocol."""

from rag.embed.compatible import CompatibleEmbedder
from rag.embed.embedded import EmbeddedModel
from rag.embed.remember import RememberingEmbedder

__all__ = ["CompatibleEmbedder", "EmbeddedModel", "RememberingEmbedder"]
