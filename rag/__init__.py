"""Questions over news articles, answered with citations that can be proved.

::

    import rag

    with rag.open("library") as library:
        answer = library.ask("What did the council decide?", since="May 2023")
"""

from __future__ import annotations

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
    from rag.public import Library, open  # noqa: A004

__all__ = [
    "Answer",
    "Article",
    "ArticleNotFoundError",
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


def __getattr__(name: str) -> object:
    # Opening a library takes most of the package; its nouns and errors take none of it.
    if name in {"Library", "open"}:
        from rag import public  # noqa: PLC0415

        return getattr(public, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
