"""The store of articles: a SQLite catalog, which is the truth, and a Chroma index that can be rebuilt from it."""

from rag.library.doctor import Finding
from rag.library.local import LocalLibrary, open_library

__all__ = ["Finding", "LocalLibrary", "open_library"]
