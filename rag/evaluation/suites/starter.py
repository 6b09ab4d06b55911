"""A first suite for a library: what Dateline answers today about some of its articles, for a person to check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rag.answer import Desk
from rag.errors import ConfigurationError
from rag.evaluation.corpus import corpus_digest, manifest
from rag.evaluation.evidence import reference
from rag.evaluation.suites.cases import Case, Cited, Corpus, Suite
from rag.evaluation.suites.spelling import case_yaml, field_yaml
from rag.evaluation.suites.writing import case_of, fresh_id
from rag.plain import described
from rag.question.requests import make_scope
from rag.types import Answer, Question, Scope, Source, Status

UNCHECKED = "unchecked"
"""Tag of cases that nobody has read yet."""
_TITLES = 6
_TRIED = 4 * _TITLES
_NOWHERE = "Who painted the ceiling of the railway station on Mars?"

_HEAD = """\
# yaml-language-server: $schema=suite.schema.json
#
# What Dateline answers today about some of these articles. Nobody has checked it: read each case beside its article,
# write better questions, mend what is wrong, and take the tag `{tag}` away.
#
#   dateline eval THIS_FILE                       asks, checks and reports
#   dateline eval validate THIS_FILE              explains mistakes in this file, with their lines
#   dateline eval schema > suite.schema.json      lets your editor complete what you write
#
# Beside `status` and `cites`, `expect` may say: contains, any_of, excludes, matches, answer, forbids, figures, dates
# and more; docs/evaluation.md tells of all.
"""


def starter(desk: Desk, *, name: str, corpus: Corpus, asked_at: datetime | None = None) -> str:
    """Return the text of a YAML suite with a few cases, each of which passes today, made by asking.

    Raises ConfigurationError where the library is empty or nothing of what was tried is answered.
    """
    moment = (asked_at or datetime.now(UTC)).replace(microsecond=0)
    made = Suite(suite=name)
    parts = [_HEAD.format(tag=UNCHECKED), field_yaml("suite", name), _corpus(desk, corpus)]
    parts += [field_yaml("asked_at", moment.isoformat()), "cases:\n"]
    for found in _found(desk, moment):
        case = _case(made, found)
        made = made.model_copy(update={"cases": (*made.cases, case)})
        parts.append(f"\n  # {_plain(found.comment)}\n" + case_yaml(case, indent=2))
    return "".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """An answer that is worth a case."""

    comment: str
    name: str
    """What the case's id is made of."""
    answer: Answer
    never: Source | None = None
    """An article that it must not cite."""


def _found(desk: Desk, moment: datetime) -> Iterator[_Found]:
    told = list(_from_titles(desk, moment))
    if not told:
        raise ConfigurationError("Nothing in this library was answered; ingest articles first, or write the suite.")
    for source, answer in told:
        comment = f"From the title of an article: {source.title} ({described(source)})"
        yield _Found(comment=comment, name=source.title, answer=answer)
    for source, answer in told:
        if source.published:
            day = (source.published - timedelta(days=1)).date().isoformat()
            earlier = _asked(desk, answer.question.text, moment, make_scope(as_of=day))
            comment = f"The same as it could be known the day before: {source.title} ({described(source)})"
            yield _Found(comment=comment, name=f"before {source.title}", answer=earlier, never=source)
            break
    nowhere = _asked(desk, _NOWHERE, moment)
    if nowhere.status is Status.NOT_IN_SOURCES:
        yield _Found(comment="The articles do not say, and that is the right answer", name=_NOWHERE, answer=nowhere)


def _from_titles(desk: Desk, moment: datetime) -> Iterator[tuple[Source, Answer]]:
    found = 0
    for source in _spread([each.source for each in desk.library.articles(limit=1_000)]):
        answer = _asked(desk, f"What is reported about “{source.title}”?", moment)
        if any(cited.source.article_id == source.article_id for cited in answer.citations):
            yield source, answer
            found += 1
        if found == _TITLES:
            return


def _spread(sources: Sequence[Source]) -> Sequence[Source]:
    """Return some of the articles: first a few from the newest to the oldest, then those between them."""
    step = -(-len(sources) // _TITLES) or 1
    return [source for first in range(step) for source in sources[first::step]][:_TRIED]


def _asked(desk: Desk, text: str, moment: datetime, scope: Scope = Scope()) -> Answer:
    return desk.ask(Question(text=text, asked_at=moment, scope=scope))


def _case(suite: Suite, found: _Found) -> Case:
    case = case_of(found.answer, id=fresh_id(suite, found.name), tags=(UNCHECKED,))
    never = (Cited(article=reference(found.never)),) if found.never else ()
    # When it was asked stands at the top, for all cases.
    return case.model_copy(update={"asked_at": None, "expect": case.expect.model_copy(update={"cites_none": never})})


def _corpus(desk: Desk, corpus: Corpus) -> str:
    digest = corpus.digest or corpus_digest(manifest(desk.library))
    named = {"folder": corpus.folder, "library": corpus.library, "digest": digest}
    return field_yaml("corpus", {key: value for key, value in named.items() if value})


def _plain(comment: str) -> str:
    """Return words that stay within one line of comment."""
    return " ".join("".join(each if each.isprintable() else " " for each in comment).split())
