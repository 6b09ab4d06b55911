"""Questions over news articles, answered with citations that can be proved.

::

    import rag

    with rag.open("library") as library:
        answer = library.ask("How much will the bridge repair cost?", since="February 2024")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from rag.errors import (
    ArticleNotFoundError,
    ConfigurationError,
    DatelineError,
    LibraryError,
    ProviderError,
    UserError,
)
from rag.types import (
    Answer,
    Article,
    Citation,
    Claim,
    Delta,
    Event,
    Found,
    Hit,
    Passage,
    Question,
    Restart,
    Scope,
    Searching,
    Source,
    Status,
    Turn,
    Verdict,
)

if TYPE_CHECKING:
    from rag.check import Checked
    from rag.public import Library, open  # noqa: A004

__all__ = [
    "Answer",
    "Article",
    "ArticleNotFoundError",
    "Checked",
    "Citation",
    "Claim",
    "ConfigurationError",
    "DatelineError",
    "Delta",
    "Event",
    "Found",
    "Hit",
    "Library",
    "LibraryError",
    "Passage",
    "ProviderError",
    "Question",
    "Restart",
    "Scope",
    "Searching",
    "Source",
    "Status",
    "Turn",
    "UserError",
    "Verdict",
    "open",
]


_LATE = {"Checked": "rag.check", "Library": "rag.public", "open": "rag.public"}
"""Takes most of the package, while its other nouns and its errors take none of it: imported when first asked for."""


def __getattr__(name: str) -> object:
    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
