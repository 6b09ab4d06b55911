"""Whether the articles hold what a suite says of them: every article, quote, range and outlet that a case names."""

from __future__ import annotations

from collections.abc import Iterator

from rag.errors import ConfigurationError
from rag.evaluation.evidence import Evidence
from rag.evaluation.scorers.custom import load_scorer
from rag.evaluation.suites.cases import Asked, Case, Cited, Expectation
from rag.evaluation.suites.mistakes import PLACES, Place, within


def untrue(case: Case, evidence: Evidence) -> Iterator[str]:
    """Yield in a line each what a case names and is not there: such a case can be neither right nor wrong."""
    return (what for _, what in untrue_places(case, evidence))


def untrue_places(case: Case, evidence: Evidence) -> Iterator[tuple[Place, str]]:
    """Yield the same, each with its place within the case."""
    for turn, asked in enumerate(case.turns):
        for place, what in (*_expected(asked.expect, evidence), *_limits(asked, evidence)):
            yield (*within(case, turn), *place), what


def _expected(expect: Expectation, evidence: Evidence) -> Iterator[tuple[Place, str]]:
    for name in PLACES:
        for number, cited in enumerate(getattr(expect, name)):
            for field, what in _cited(cited, evidence):
                yield ("expect", name, number, field), what
    for number, name in enumerate(expect.scorers):
        try:
            load_scorer(name, evidence.folder)
        except ConfigurationError as error:
            yield ("expect", "scorers", number), str(error)


def _limits(asked: Asked, evidence: Evidence) -> Iterator[tuple[Place, str]]:
    outlets = {name.casefold() for name in evidence.library.publishers()}
    for number, article in enumerate(asked.articles):
        for _, what in _cited(Cited(article=article), evidence):
            yield ("articles", number), what
    for number, publisher in enumerate(asked.publishers):
        if publisher.casefold() not in outlets:
            yield ("publishers", number), f"There is no article of {publisher!r}; name an outlet as its articles do."


def _cited(cited: Cited, evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield the field of a place that is wrong, and how."""
    try:
        article_id = evidence.article_id(cited.article)
    except ConfigurationError as error:
        yield "article", str(error)
        return
    stored = [each.version for each in evidence.library.versions(article_id)]
    versions = [version for version in stored if cited.version in {None, version}]
    if not versions:
        yield "version", f"{cited.article!r} has no version {cited.version}; it has {', '.join(stored)}."
    elif not any(_holds(cited, evidence, article_id, version) for version in versions):
        what = f"hold the words {cited.quote!r}" if cited.quote is not None else f"reach to character {cited.end}"
        field = "quote" if cited.quote is not None else "end"
        yield field, f"{cited.article!r} does not {what}; see `dateline articles show {article_id}`."


def _holds(cited: Cited, evidence: Evidence, article_id: str, version: str) -> bool:
    article = evidence.article(article_id, version)
    places = evidence.places(cited, article_id=article_id, version=version)
    return article is not None and any(place.end <= len(article.text) for place in places)
