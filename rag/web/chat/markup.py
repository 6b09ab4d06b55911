"""Everything that the page shows as HTML, from templates that escape whatever they are given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rag.errors import UserError
from rag.plain import day
from rag.types import Answer, Article, Scope, Span
from rag.web.chat import prose, reference
from rag.web.chat.exchange import Exchange
from rag.web.chat.marking import paragraphs

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent
_EXCERPT = 280
"""Characters of a nearest passage that are shown before one opens it."""


def exchange(shown: Exchange, number: int) -> str:
    """Return one question and what is known of its answer."""
    return _render("exchange.html", exchange=shown, number=number, parts=_parts(shown))


def exchanges(shown: Sequence[Exchange]) -> str:
    """Return the exchanges of a conversation so far."""
    return "\n".join(exchange(each, number) for number, each in enumerate(shown, 1))


def front(count: int) -> str:
    """Return the heading of the page: how much the library holds, or how to fill it."""
    return _render("front.html", count=count)


def failure(message: str) -> str:
    """Return one line in the place of what could not be shown."""
    return _render("failure.html", message=message)


def reader(article: Article, cited: Span, also: Sequence[Span] = ()) -> str:
    """Return a whole article with the cited span marked; raise UserError when the article has no such span."""
    if not 0 <= cited.start < cited.end <= len(article.text):
        raise UserError("This article has no such place. Ask again to get fresh links.")
    return _render("reader.html", source=article.source, paragraphs=paragraphs(article.text, cited, also))


def _parts(shown: Exchange) -> list[prose.Part]:
    if shown.answer:
        return prose.finished(shown.answer)
    return prose.growing(shown.text, shown.citations)


def _render(name: str, **values: object) -> str:
    return _environment().get_template(name).render(**values).strip()


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - only a running server needs it

    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(day=day, safe_url=safe_url, excerpt=excerpt, limits=limits)
    environment.globals.update(to_citation=reference.to_citation, to_hit=reference.to_hit)
    environment.tests["named"] = lambda part, name: type(part).__name__ == name
    return environment


def safe_url(url: str | None) -> str:
    """Return an address if it is a plain web address, and nothing otherwise."""
    if not url or any(character.isspace() or not character.isprintable() for character in url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.netloc else ""


def excerpt(text: str, limit: int = _EXCERPT) -> str:
    """Return the beginning of a text in one line, cut between words."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[:limit].rsplit(' ', 1)[0]} …"


def limits(answer: Answer) -> str:
    """Return how the question narrowed what was searched, beyond what the user had chosen."""
    return "" if answer.scope == answer.question.scope else _said(answer.scope)


def _said(scope: Scope) -> str:
    said = [
        f"published from {day(scope.since)}" if scope.since else "",
        f"published up to {day(scope.until - timedelta(microseconds=1))}" if scope.until else "",
        f"as they stood on {day(scope.as_of)}" if scope.as_of else "",
        f"by {' or '.join(scope.publishers)}" if scope.publishers else "",
    ]
    return ", ".join(filter(None, said))
