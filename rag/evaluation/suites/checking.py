"""Whether the articles hold what a suite says of them: every article, quote, range and outlet that a case names."""

from __future__ import annotations

from collections.abc import Iterator

from rag.errors import ConfigurationError
from rag.evaluation.evidence import Evidence
from rag.evaluation.scorers.custom import load_scorer
from rag.evaluation.suites.cases import Case, Cited


def untrue(case: Case, evidence: Evidence) -> Iterator[str]:
    """Yield in a line each what a case names and is not there: such a case can be neither right nor wrong."""
    outlets = {name.casefold() for name in evidence.library.publishers()}
    for asked in case.turns:
        expect = asked.expect
        for cited in (*expect.cites, *expect.cites_any, *expect.cites_none, *expect.relevant):
            yield from _place(cited, evidence)
        for article in asked.articles:
            yield from _place(Cited(article=article), evidence)
        for publisher in asked.publishers:
            if publisher.casefold() not in outlets:
                yield f"There is no article of {publisher!r}; name an outlet as its articles do."
        for name in expect.scorers:
            try:
                load_scorer(name, evidence.folder)
            except ConfigurationError as error:
                yield str(error)


def _place(cited: Cited, evidence: Evidence) -> Iterator[str]:
    try:
        article_id = evidence.article_id(cited.article)
    except ConfigurationError as error:
        yield str(error)
        return
    stored = [each.version for each in evidence.library.versions(article_id)]
    versions = [version for version in stored if cited.version in {None, version}]
    if not versions:
        yield f"{cited.article!r} has no version {cited.version}; it has {', '.join(stored)}."
    elif not any(_holds(cited, evidence, article_id, version) for version in versions):
        what = f"hold the words {cited.quote!r}" if cited.quote is not None else f"reach to character {cited.end}"
        yield f"{cited.article!r} does not {what}; see `dateline articles show {article_id}`."


def _holds(cited: Cited, evidence: Evidence, article_id: str, version: str) -> bool:
    article = evidence.article(article_id, version)
    places = evidence.places(cited, article_id=article_id, version=version)
    return article is not None and any(place.end <= len(article.text) for place in places)
