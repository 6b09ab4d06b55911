"""The answerer that needs no model: the fewest sentences that answer, in the articles' own words, each cited."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.labels import escape
from rag.protocols import Brief, Draft, Embedder, Insufficient
from rag.question.conversation import HALF_SAID
from rag.reader.compound import parts
from rag.reader.conflict import disagree
from rag.reader.features import ReadSentence, answerable, best_first, chances, read
from rag.types import Hit, Source

ANSWER_FROM = -0.9
"""Log odds of holding the answer from which sentences are told: on the fit half the best mean of right answers kept and
of unanswerable questions refused. `bench/reader.py` shows both kinds of error."""
MOST_SENTENCES = 3
ENOUGH = 0.5
"""Sentences are added until the fitted probability that one of them holds the answer is this high."""
WORTH_ADDING = 0.4
"""Of the best sentence's probability: less likely ones are left out."""
OTHER_ACCOUNT = 0.001
"""The same for a sentence of another article that gives a different figure."""
COPY = 0.8
"""Jaccard similarity of words from which a sentence repeats one already chosen."""
FURTHEST_BACK = 2
"""Sentences that are looked back for whom "she" means, because the one before may say "she" too."""
_GAP = 2
"""Characters between neighbouring sentences: a space, or the end of a paragraph."""

_LEANS = re.compile(
    r"[“\"‘']?(?:(?i:he|she|it|they|this|that|these|those|his|her|its|their|but|and|however|also|both)\b"
    # "When asked about it, she …" leans too; "When Amsel was asked, she …" does not.
    r"|(?:When|If|While|As|After|Before|Although|Though|Since|Because|In|At|On|Then)\b,? "
    r"(?:[a-z]+,? ){0,6}(?:he|she|they)\b)"
)
_AGENCY = r"\([A-Z][\w. ]{1,30}\)"
_DAY = r",? (?:[A-Z][a-z]{2,8}\.? \d{1,2}|\d{1,2} [A-Z][a-z]{2,8}\.?)"
_DATELINE = re.compile(
    # "SEOUL, South Korea (CNN) -- ", "(CNN) -- ", "SEOUL, Nov 12 - The", but not "NATO -- an alliance -- ".
    rf"^(?:(?:[A-Z][^.!?()]{{0,60}})?{_AGENCY}|[A-Z]{{3}}[A-Z .'’-]{{0,38}}(?:{_DAY})?)\s*(?:--|—|–|-)\s+"
    r"(?=[A-Z“\"‘'\d])"
)
_WHOLE = re.compile(r"[.!?…。！？][\"'”’»)\]]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractiveAnswerer:
    """Picks and orders sentences; says `Insufficient` when the best of them is too far from the question."""

    embedder: Embedder
    answer_from: float = ANSWER_FROM

    @property
    def name(self) -> str:
        """The name that answers record as their model."""
        return "extractive"

    def reads(self, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        """Return all the hits."""
        return hits

    def draft(self, brief: Brief) -> Iterator[Draft]:
        """Yield the answer, a piece for each article, or Insufficient."""
        # What a follow-up leans on stands behind its last word: its first half would lose it.
        questions = [brief.question] if brief.history else parts(brief.question)
        answers, answered = list[ReadSentence](), 0
        for question in questions:
            found = self._answer(question, brief.hits, answers)
            answers, answered = answers + found, answered + bool(found)
        if not answers:
            yield Insufficient(reason="The nearest passages are about something else, or leave it open.")
            return
        yield from told(list({(each.i, each.j): each for each in answers}.values()))
        if answered < len(questions):
            yield f"\n\n{HALF_SAID}"

    def _answer(self, question: str, hits: tuple[Hit, ...], earlier: Sequence[ReadSentence]) -> list[ReadSentence]:
        """Return the sentences that answer a question, at least one not told yet; none when it is left open."""
        every = read(question, hits, self.embedder)
        ranked = best_first(sentence for sentence in every if _is_whole(sentence))
        if not ranked or answerable(ranked) < self.answer_from:
            return []
        chosen = fewest(ranked)
        if all(_told_already(each, earlier) for each in chosen):
            # The second half of a question leans on the first, whose answer is near it too.
            chosen = [each for each in ranked if not _told_already(each, earlier)][:1]
        chosen += _other_account(question, chosen, ranked)
        return chosen + _leaned_on(chosen, every)


def fewest(ranked: Sequence[ReadSentence]) -> list[ReadSentence]:
    """Return the best sentences that together hold the answer with the fitted probability `ENOUGH`."""
    likely = chances(ranked)
    chosen: list[ReadSentence] = []
    sure = 0.0
    for sentence, chance in zip(ranked, likely, strict=True):
        if sure >= ENOUGH or len(chosen) == MOST_SENTENCES or chance < WORTH_ADDING * likely[0]:
            break
        sure += chance
        if not any(_copies(sentence, other) for other in chosen):
            chosen.append(sentence)
    return chosen


def told(sentences: Sequence[ReadSentence]) -> Iterator[str]:
    """Yield the sentences as labelled text, article by article, each article's in reading order."""
    articles: dict[str, list[ReadSentence]] = {}
    for sentence in sentences:
        articles.setdefault(sentence.hit.passage.source.article_id, []).append(sentence)
    for place, mine in enumerate(articles.values()):
        mine.sort(key=lambda sentence: sentence.span)
        text = " ".join(f"{_words_of(each)} [{each.i + 1}.{each.j + 1}]" for each in mine)
        yield ("\n\n" if place else "") + _attribution(mine[0].hit.passage.source) + text


def _told_already(sentence: ReadSentence, earlier: Sequence[ReadSentence]) -> bool:
    return any(_copies(sentence, other) for other in earlier)


def _copies(one: ReadSentence, other: ReadSentence) -> bool:
    ours, theirs = set(one.candidate.terms), set(other.candidate.terms)
    return len(ours & theirs) >= COPY * len(ours | theirs)


def _other_account(question: str, chosen: Sequence[ReadSentence], ranked: Sequence[ReadSentence]) -> list[ReadSentence]:
    """Return the best sentence of another article that counts differently, so that no side is left out."""
    articles = {sentence.hit.passage.source.article_id for sentence in chosen}
    likely = chances(ranked)
    for sentence, chance in zip(ranked, likely, strict=True):
        if chance < OTHER_ACCOUNT * likely[0]:
            break
        apart = sentence.hit.passage.source.article_id not in articles
        if apart and any(disagree(sentence.candidate.text, other.candidate.text, question) for other in chosen):
            return [sentence]
    return []


def _leaned_on(chosen: Sequence[ReadSentence], every: Sequence[ReadSentence]) -> list[ReadSentence]:
    """Return the sentences just before those chosen ones that begin with "He", "But" and the like."""
    leaning, found = [each for each in chosen if leans(each.candidate.text)], list[ReadSentence]()
    for _ in range(FURTHEST_BACK):
        leaning = [other for each in leaning for other in every if _is_whole(other) and _is_before(other, each)]
        found += [sentence for sentence in leaning if sentence not in (*chosen, *found)]
        leaning = [each for each in leaning if leans(each.candidate.text)]
    return found


def _is_whole(sentence: ReadSentence) -> bool:
    """Tell a sentence from a heading, a link's label or the like."""
    return _WHOLE.search(sentence.candidate.text) is not None


def _is_before(one: ReadSentence, other: ReadSentence) -> bool:
    same = one.hit.passage.source.article_id == other.hit.passage.source.article_id
    return (
        same and one.hit.passage.version == other.hit.passage.version and 0 <= other.span.start - one.span.end <= _GAP
    )


def leans(sentence: str) -> bool:
    """Tell whether a sentence begins with "He", "But" and the like, and so is understood by the one before it."""
    return _LEANS.match(sentence) is not None


def _words_of(sentence: ReadSentence) -> str:
    return escape(" ".join(_DATELINE.sub("", sentence.candidate.text).split()))


def _attribution(source: Source) -> str:
    day = f"{source.published.day} {source.published:%B %Y}" if source.published else ""
    shown = ", ".join(filter(None, (source.publisher, day)))
    return f"{escape(shown)}: " if shown else ""
