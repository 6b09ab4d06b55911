"""Dateline's operations as tools for other assistants (Model Context Protocol; the home of its library)."""

from rag.web.mcp.tools import Tools

__all__ = ["Tools"]
