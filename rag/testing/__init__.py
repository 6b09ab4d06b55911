"""Fakes for tests, shipped so that people who extend Dateline can use them too."""

from rag.testing.embedder import HashingEmbedder

__all__ = ["HashingEmbedder"]
