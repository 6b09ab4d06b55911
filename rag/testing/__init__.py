"""Fakes for tests, shipped so that people who extend Dateline can use them too."""

from rag.testing.chat import ScriptedChat
from rag.testing.embedder import HashingEmbedder
from rag.testing.server import ScriptedServer

__all__ = ["HashingEmbedder", "ScriptedChat", "ScriptedServer"]
