"""The chat page: a browser's view of the desk, with every citation one click from the article it was cut from."""

from rag.web.chat.mounting import mount

__all__ = ["mount"]
