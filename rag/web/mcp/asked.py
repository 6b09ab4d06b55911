"""The forms of what other assistants ask. They are flat, because assistants fill in flat forms most reliably."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from rag.check import LONGEST_DRAFT
from rag.question.requests import LONGEST_QUESTION
from rag.web.api.requests import Asked, Name, ScopeAsked

LONGEST_RANGE = 20_000
"""Characters of an article that one call gives."""
MOST_PASSAGES = 20

Words = Annotated[str, Field(min_length=1, max_length=LONGEST_QUESTION)]


class SearchArticles(ScopeAsked):
    """What to search for, and where."""

    query: Words = Field(description="What to look for, in words or as a whole question.")
    limit: int = Field(8, ge=1, le=MOST_PASSAGES, description="How many passages.")


class AskArticles(ScopeAsked):
    """What to answer, and from which articles."""

    question: Words = Field(description="A whole question that can be understood without the conversation around it.")


class ReadArticle(Asked):
    """Which article, and which characters of it."""

    article_id: Name = Field(description="As search_articles and citations give it.")
    version: Name | None = Field(None, description="The version that a citation names; the current one otherwise.")
    start: int = Field(0, ge=0, le=1 << 31, description="The first character, counted from 0.")
    end: int | None = Field(
        None, ge=1, le=1 << 31, description=f"Behind the last character; one call gives {LONGEST_RANGE:,} at most."
    )


class CheckDraft(ScopeAsked):
    """What to check, and against which articles."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_DRAFT)] = Field(
        description="The draft, as plain text or Markdown. Markers and links in it are not believed."
    )
