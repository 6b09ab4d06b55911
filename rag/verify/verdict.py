"""The verdict on one sentence: what of it the quotes carry, and what they do not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rag.types import Source, Span, Verdict
from rag.verify import foreign
from rag.verify.agreement import compare_figures, turned_ranges, turned_tallies
from rag.verify.alignment import changed_facts, replaced_words
from rag.verify.binding import crossed, misbound
from rag.verify.closeness import Closeness, Compared, measure
from rag.verify.dates import Dated, bare_year, compare_dates, dates, published_day, spans
from rag.verify.days import Day
from rag.verify.direction import (
    agents_exchanged,
    contradicted,
    hedges_dropped,
    rates_changed,
    roles_exchanged,
    sides_exchanged,
)
from rag.verify.figures import Figure, figures
from rag.verify.names import Context, compare_names, unknown_identifiers
from rag.verify.polarity import compare_polarity
from rag.verify.quoted import Standing, standing
from rag.verify.similarity import Similarity
from rag.verify.speakers import compare_speakers, unattributed
from rag.verify.strength import unproved_strong_words
from rag.verify.synonyms import plain
from rag.verify.terms import evened, tokens

_ATTRIBUTED = re.compile(
    r"\b(?:report(?:s|ed|ing)?|wrote|publish(?:ed|es)?|article|story|dated|according to|as of|carried|edition)\b",
    re.IGNORECASE,
)
_DAY_AND_MONTH = re.compile(
    r"(?:on )?(?:\d{1,2}(?:st|nd|rd|th)? (?:of )?[A-Z][a-z]+|[A-Z][a-z]+ \d{1,2}(?:st|nd|rd|th)?)"
)
_REPORTS = "(?:report(?:s|ed)|says|said|wrote|writes)"
_DATELINE = re.compile(
    r"^(?:(?:[A-Z][\w.,' -]{0,60}\s)?\([\w. ]{2,30}\)\s?|[A-Z][A-Z., ]{3,40}(?:, [A-Z]\w+)?\s)-{1,2}\s"
)
_SIGN = re.compile(r"(?<!\w)[-+](?=\d)|[%$€£¥₩°]")
_FOREIGN = {Verdict.PARTIAL: 0.5, Verdict.UNSUPPORTED: 0.0}
"""Closeness where only figures and names could be compared."""
_MENTIONED = 4
"""Words that are named as missing where the sentence as a whole is not borne out."""


LONGEST = 200
"""Words beyond which a claim is no sentence that can be checked; only a word for word copy passes."""


READ = 3000
"""Characters of a quote that are compared; what stands later bears out nothing but a copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Words cut from an article, with what is needed to understand them."""

    text: str
    source: Source
    nearby: str = ""
    """The passage that the words stand in; it may only explain whom or what they mean, never prove."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A verdict, what the quotes lack, and how close they are in [0, 1] (comparable for one sentence only)."""

    verdict: Verdict
    missing: tuple[str, ...] = ()
    closeness: float = 0.0


def verify(claim: str, quotes: Sequence[Quote], similarity: Similarity) -> Finding:
    """Return how well the quotes, taken together, carry the claim; without quotes it is uncited.

    Unsupported: a figure, date, name, negation or direction of the claim is not in the quotes, or the quotes are about
    something else. Partial: they carry its substance, but a hedge, a bound or a rounding differs, a part of a name
    comes from elsewhere in the article, or a part of the sentence is not there. A verbatim copy is supported.
    """
    if not quotes:
        return Finding(verdict=Verdict.UNCITED)
    said = _without_attribution(evened(claim), quotes)
    if _verbatim(said, [evened(quote.text) for quote in quotes]):
        return Finding(verdict=Verdict.SUPPORTED, closeness=1.0)
    if len(tokens(said)) > LONGEST:
        return Finding(verdict=Verdict.UNSUPPORTED)
    said, texts = plain(said), [_words_of(quote) for quote in quotes]
    contexts = [_context(text, quote) for text, quote in zip(texts, quotes, strict=True)]
    if foreign.differs(said, texts):
        checked = foreign.check(said, contexts, _quoted_dates(said, texts, quotes))
        return Finding(verdict=checked.verdict, missing=checked.missing, closeness=_FOREIGN[checked.verdict])
    ours = _claimed_dates(said, quotes)
    counted = figures(said, spans(ours))
    settled = [*spans(ours), *(Span(each.start, each.end) for each in counted)]
    missing, loose = _facts(said, ours, counted, quotes, contexts)
    if len(texts) == 1:
        replaced = replaced_words(unattributed(_blanked(said, settled)), unattributed(texts[0]), similarity)
        missing, loose = [*missing, *replaced.changed], [*loose, *replaced.reworded]
    compared = Compared(
        claim=said,
        rest=_without_outlets(_blanked(said, settled), quotes),
        settled=len(settled),
        quotes=tuple(texts),
        surroundings=tuple(map(_explanation, quotes)),
    )
    return _lowered(_judged(missing, loose, measure(compared, similarity)), standing(said, contexts))


def _lowered(finding: Finding, rests: Standing) -> Finding:
    """Return a finding as low as the words deserve that the claim rests on."""
    if rests is Standing.DISOWNED:
        return Finding(verdict=Verdict.UNSUPPORTED, missing=finding.missing, closeness=finding.closeness)
    if rests is Standing.PASSED_ON and finding.verdict is Verdict.SUPPORTED:
        return Finding(verdict=Verdict.PARTIAL, missing=finding.missing, closeness=finding.closeness)
    return finding


def _judged(missing: Sequence[str], loose: Sequence[str], near: Closeness) -> Finding:
    if missing or near.unrelated:
        named = _named([*missing, *(near.absent[:_MENTIONED] if near.unrelated else ())])
        return Finding(verdict=Verdict.UNSUPPORTED, missing=named, closeness=near.score)
    if loose or near.incomplete:
        named = _named([*loose, *(near.absent[:_MENTIONED] if near.incomplete else ())])
        return Finding(verdict=Verdict.PARTIAL, missing=named, closeness=near.score)
    return Finding(verdict=Verdict.SUPPORTED, closeness=near.score)


def _named(words: Sequence[str]) -> tuple[str, ...]:
    """Return each word once, leaving out those that are part of a longer one."""
    return tuple(
        word
        for word in dict.fromkeys(words)
        if not any(word != other and f" {word} " in f" {other} " for other in words)
    )


def _blanked(said: str, taken: Sequence[Span]) -> str:
    for span in taken:
        said = said[: span.start] + " " * (span.end - span.start) + said[span.end :]
    return said


def _facts(
    said: str, ours: Sequence[Dated], counted: Sequence[Figure], quotes: Sequence[Quote], contexts: Sequence[Context]
) -> tuple[list[str], list[str]]:
    """Return what is missing, and what is there only loosely."""
    texts = [context.quote for context in contexts]
    quoted = _quoted_figures(texts, quotes)
    numbers = compare_figures(
        counted, quoted, [each for quote in quotes for each in figures(plain(evened(quote.source.title)))]
    )
    years = [each for each in ours if not (bare_year(each) and _counts(each, quoted))]
    named = compare_names(said, [*spans(ours), *(Span(each.start, each.end) for each in counted)], contexts)
    missing = [
        *numbers.missing,
        *compare_dates(years, _quoted_dates(said, texts, quotes)),
        *named.missing,
        *compare_polarity(said, texts),
        *contradicted(said, texts),
        *agents_exchanged(said, texts),
        *unknown_identifiers(said, contexts),
        *unproved_strong_words(said, texts),
    ]
    speakers, hedges = compare_speakers(said, contexts), hedges_dropped(said, texts)
    missing += [*speakers.missing, *hedges.open, *rates_changed(said, texts), *turned_tallies(said, texts)]
    missing += misbound(said, " ".join(texts))
    if len(texts) == 1:
        missing += [
            *changed_facts(said, texts[0]),
            *roles_exchanged(said, texts[0]),
            *turned_ranges(said, texts[0]),
            *sides_exchanged(said, texts[0]),
            *crossed(said, texts[0]),
        ]
    return missing, [*numbers.loose, *named.loose, *speakers.loose, *hedges.coming]


def _counts(dated: Dated, quoted: Sequence[Figure]) -> bool:
    return any(reading.value == int(dated.text) and not reading.unit for each in quoted for reading in each.readings)


def _words_of(quote: Quote) -> str:
    return plain(evened(quote.text[:READ]))


def _day(source: Source) -> date | None:
    return source.published.date() if source.published else None


def _claimed_dates(said: str, quotes: Sequence[Quote]) -> list[Dated]:
    readings = [dates(said, _day(quote.source)) for quote in quotes]
    merged: dict[tuple[int, int], Dated] = {}
    for each in (dated for reading in readings for dated in reading):
        known = merged.get((each.start, each.end))
        days = tuple(dict.fromkeys([*(known.days if known else ()), *each.days, *_any_year(each)]))
        merged[each.start, each.end] = Dated(
            days=days, start=each.start, end=each.end, text=each.text, relation=each.relation
        )
    return list(merged.values())


def _any_year(dated: Dated) -> list[Day]:
    """Return the day and month of a date that names no year: it is that of the quote, if the quote has the day."""
    bare = _DAY_AND_MONTH.fullmatch(dated.text)
    return [Day(month=day.month, day=day.day) for day in dated.days if day.day] if bare else []


def _quoted_dates(said: str, texts: Sequence[str], quotes: Sequence[Quote]) -> list[Dated]:
    found = [each for text, quote in zip(texts, quotes, strict=True) for each in dates(text, _day(quote.source))]
    if _ATTRIBUTED.search(said):
        found += [published_day(day) for day in (_day(quote.source) for quote in quotes) if day]
    return found


def _quoted_figures(texts: Sequence[str], quotes: Sequence[Quote]) -> list[Figure]:
    return [
        each
        for text, quote in zip(texts, quotes, strict=True)
        for each in figures(text, spans([each for each in dates(text, _day(quote.source)) if not bare_year(each)]))
    ]


def _context(text: str, quote: Quote) -> Context:
    source = quote.source
    around = plain(evened(quote.nearby[: 2 * READ]))
    before, found, _ = around.partition(text)
    return Context(
        quote=text,
        title=plain(evened(source.title)),
        before=before if found else "",
        around=around,
        source=evened(". ".join(filter(None, (source.publisher, source.author)))),
    )


def _explanation(quote: Quote) -> str:
    return plain(evened(f"{quote.source.title} {quote.source.publisher or ''} {quote.nearby[: 2 * READ]}"))


def _without_attribution(said: str, quotes: Sequence[Quote]) -> str:
    """Drop "Tidewater Courier, 3 May 2024:" where that is indeed the source."""
    for quote in quotes:
        source, day = quote.source, _day(quote.source)
        shown = evened(", ".join(filter(None, (source.publisher, f"{day.day} {day:%B %Y}" if day else "")))) + ": "
        if len(shown) > 2 and said.startswith(shown):
            return said[len(shown) :]
    return said


def _without_outlets(said: str, quotes: Sequence[Quote]) -> str:
    """Drop "According to the Tidewater Courier" and the like, which is no part of what the quotes must carry."""
    for outlet in filter(None, (quote.source.publisher for quote in quotes)):
        words = re.escape(evened(outlet))
        said = re.sub(rf"(?:according to )?(?:\bthe )?\b{words}\b(?: {_REPORTS})?", " ", said, flags=re.IGNORECASE)
    return said


def _verbatim(said: str, texts: Sequence[str]) -> bool:
    """Tell whether the claim is one quote, or several in a row, word for word, apart from a dateline before it."""
    ours = _words(said)
    whole = {_words(text) for text in texts} | {_words(_DATELINE.sub("", text)) for text in texts}
    if not ours:
        return said.strip() in texts
    return ours in whole or ours == tuple(word for text in texts for word in _words(text))


def _words(text: str) -> tuple[str, ...]:
    """Return the words of a text with the signs of its figures, which a copy must not drop."""
    signs = [(found.start(), found[0]) for found in _SIGN.finditer(text)]
    return tuple(word for _, word in sorted([*signs, *((token.start, token.word) for token in tokens(text))]))
