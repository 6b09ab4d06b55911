"""The store of articles: a SQLite catalog, which is the truth, and a Chroma index that can be rebuilt from it."""

from rag.library.homes import Neighbours
from rag.library.local import LocalLibrary, open_library
from rag.library.server import ChromaServer
from rag.library.upkeep import Finding

__all__ = ["ChromaServer", "Finding", "LocalLibrary", "Neighbours", "open_library"]
