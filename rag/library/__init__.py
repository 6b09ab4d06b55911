"""The store of articles: a SQLite catalog, which is the truth, and a Chroma index that can be rebuilt from it."""

from rag.library.local import LocalLibrary, open_library
from rag.library.upkeep import Finding

__all__ = ["Finding", "LocalLibrary", "open_library"]
