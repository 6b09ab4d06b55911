"""Proper names of a text, and whether quotes and what explains them have them.

A name is borne out by the quote itself, under any alias that the article gives it: the surname of a full name, an
acronym of the words that it abbreviates, a people of its country. The passage around the quote and the article's title
may complete a name ("Antony" before a quoted "Blinken") or say whom a pronoun means; they cannot put one name in the
place of another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from rag.types import Span
from rag.verify.openings import ALIASES, CAPITALS, OPENING_WORDS, TITLES
from rag.verify.synonyms import is_ordinary
from rag.verify.terms import base, folded, tokens
from rag.words import STOP_WORDS

_PEOPLES = ("ians", "ian", "eans", "ean", "ans", "an", "ns", "n", "ese", "is", "i", "ish", "s")
_CONNECTORS = frozenset("of the de del la van von der bin al el da di".split())  # noqa: SIM905  reads better as text
_PRONOUN = re.compile(r"\b(?:he|she|they|it|his|her|him|them|their|its|we|i|our|my|who)\b", re.IGNORECASE)
_BODIES = frozenset("ministry department office council court committee agency".split())  # noqa: SIM905  as above
_COURTESY = frozenset("mr mrs ms miss dr sir dame lady lord".split())  # noqa: SIM905  as above
_DESCRIPTION = re.compile(
    r"\b[Tt]h(?:e|is)\s(?:[A-Z]\w+\s|[a-z]+\s)?(?:capital|city|town|charity|company|firm|group|club|team|band|country|nation|"
    r"agency|union|party|bank|university|hospital|school|retailer|network|singer|actor|actress|star|author|island)\b"
)
_DATELINE = re.compile(r"([A-Z][A-Z.' ]{2,40}),? (?:\([^)]{2,30}\) |\w+ \d+ )?-{1,2} ")
_GAP = re.compile(r"(?:'s)?[ .\-]{1,2}")
_IDENTIFIER = re.compile(r"\b(?=[A-Za-z]*[A-Z])[A-Za-z]{1,8}-?\d{1,4}[A-Za-z]?\b")
_OPENS = re.compile(r"(?:^|[.!?:;]['\")\]]*\s|[\"(\[]\s?|(?:^|\s)'|\s-\s|\.\.\.\s?)\Z")


class NamePart(NamedTuple):
    """One word of a name: as written, folded, its place, and whether it opens a sentence."""

    text: str
    word: str
    start: int
    end: int
    opens: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Evened texts: a quote, and what may explain it: the title, the passage before it, and the whole passage."""

    quote: str
    title: str
    before: str
    around: str
    source: str
    """Publisher and author."""


class NameComparison(NamedTuple):
    """Names of a claim that nothing bears out, and those that only the surroundings do."""

    missing: tuple[str, ...]
    loose: tuple[str, ...]


def compare_names(claim: str, taken: Sequence[Span], contexts: Sequence[Context]) -> NameComparison:
    """Return which names of an evened claim are missing, leaving out what stands in the spans already taken."""
    missing: list[str] = []
    loose: list[str] = []
    for place, name in enumerate(names(claim, tuple(taken))):
        unproved = [part for part in name if not any(_proved(part, name, each) for each in contexts)]
        unexplained = [part for part in unproved if not any(_completed(part, name, each) for each in contexts)]
        offices = all(part.word in TITLES or part.word in _BODIES for part in name)
        hard = [part for part in unexplained if offices or part.word not in TITLES]
        loose += [part.text for part in unexplained if part not in hard and part.word not in _COURTESY]
        for part in hard:
            if any(_governs(part, each) or _described(part, each) or _located(part, each) for each in contexts):
                loose.append(part.text)
            elif not any(_explained(part, claim, each) for each in contexts):
                missing.append(part.text)
            elif place and not any(_titled(part, each) for each in contexts):
                loose.append(part.text)
    return NameComparison(tuple(dict.fromkeys(missing)), tuple(dict.fromkeys(loose)))


def same_name(one: str, other: str) -> bool:
    """Tell whether two capitalised words may name the same; titles, or country and capital, are not told apart."""
    ours, theirs = folded(one), folded(other)
    if (ours in TITLES and theirs in TITLES) or ours in STOP_WORDS or theirs in STOP_WORDS:
        return True
    mine, its = _alias_keys(ours, one), _alias_keys(theirs, other)
    governed = {CAPITALS.get(ours), CAPITALS.get(theirs)}
    return not mine.isdisjoint(its) or not governed.isdisjoint(mine | its)


def unknown_identifiers(claim: str, contexts: Sequence[Context]) -> tuple[str, ...]:
    """Return names with numbers in them ("F-16", "G7") that neither quotes nor titles have."""
    known = {_plain(found[0]) for each in contexts for found in _IDENTIFIER.finditer(f"{each.quote} {each.title}")}
    return tuple(found[0] for found in _IDENTIFIER.finditer(claim) if _plain(found[0]) not in known)


def _plain(identifier: str) -> str:
    return identifier.replace("-", "").casefold()


@lru_cache(maxsize=4096)
def names(text: str, taken: tuple[Span, ...] = ()) -> tuple[tuple[NamePart, ...], ...]:
    """Return the names of an evened text in order, each as its capitalised words."""
    found: list[list[NamePart]] = []
    for part, glued in _parts(text, taken):
        if glued and found:
            found[-1].append(part)
        else:
            found.append([part])
    kept = [[part for part in name if not _common(part, name)] for name in found]
    return tuple(tuple(name) for name in kept if name)


def _parts(text: str, taken: Sequence[Span]) -> Iterator[tuple[NamePart, bool]]:
    """Yield capitalised words, and whether each continues the name before it."""
    last, connected = -1, False
    for token in tokens(text):
        written = text[token.start : token.end]
        if any(span.start <= token.start < span.end for span in taken):
            last = -1
        elif written[0].isupper() and not (written == "I" or written.startswith("I'")):
            glued = last >= 0 and bool(_GAP.fullmatch(text[last : token.start]))
            opens = bool(_OPENS.search(text[max(0, token.start - 8) : token.start])) or token.start == 0
            yield NamePart(_bare(written), token.word, token.start, token.end, opens), glued and not opens
            last, connected = token.end, True
        elif connected and token.word in _CONNECTORS and last >= 0 and text[last : token.start] == " ":
            last = token.end
        else:
            last, connected = -1, False


def _bare(written: str) -> str:
    return written.removesuffix("'s").removesuffix("'")


def _common(part: NamePart, name: Sequence[NamePart]) -> bool:
    """Tell whether a capital letter is owed to a sentence's beginning, not to a name."""
    if len(part.text) > 1 and part.text.isupper():
        return False
    if part.word in STOP_WORDS:
        return True
    ordinary = (
        part.word in OPENING_WORDS
        or is_ordinary(part.word)
        or part.word.endswith(("ly", "tion", "tions", "ment", "ments", "ness"))
    )
    return part.opens and (ordinary or (len(name) == 1 and part.word.endswith(("ing", "ed", "ists", "ians", "ors"))))


def _proved(part: NamePart, name: Sequence[NamePart], context: Context) -> bool:
    words = _keys(context.quote) | _keys(context.source)
    if not words.isdisjoint(_alias_keys(part.word, part.text)):
        return True
    if part.text.isupper() and part.word in _initials_of_words(context.quote) - {"us", "uk", "un", "eu"}:
        return True
    return _abbreviated(part, name, context.quote) or _abbreviated(part, name, context.source)


@lru_cache(maxsize=2048)
def _initials_of_words(text: str) -> frozenset[str]:
    """Return the initials of each two or three long words in a row ("artificial intelligence")."""
    row = [token.word if len(token.word) > 4 else " " for token in tokens(text)]
    runs = [row[at : at + count] for count in (2, 3) for at in range(len(row) - count + 1)]
    return frozenset("".join(word[0] for word in run) for run in runs if " " not in run)


@lru_cache(maxsize=2048)
def _keys(text: str) -> frozenset[str]:
    return frozenset(key for token in tokens(text) for key in _alias_keys(token.word, text[token.start : token.end]))


def _alias_keys(word: str, written: str) -> set[str]:
    """Return what a word may be recognised by; for a capitalised one also the country of its people."""
    if not written[:1].isupper():
        return {base(word), word} - {"us"}
    keys = {word, base(word)} if not (word == "us" and written != written.upper()) else set()
    if word in ALIASES:
        keys.add(ALIASES[word])
    for ending in _PEOPLES:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= 4:
            keys |= {stem, stem.rstrip("aeoy")} if len(stem.rstrip("aeoy")) >= 4 else {stem}
    vowelless = word.rstrip("aeoy")
    return keys | ({vowelless} if len(vowelless) >= 4 else set())


def _abbreviated(part: NamePart, name: Sequence[NamePart], text: str) -> bool:
    """Tell whether a text has the words that an acronym stands for, or the acronym of the claim's words."""
    if len(part.text) > 1 and part.text.replace(".", "").isupper():
        return part.word in _initials(text)
    place = name.index(part)
    known = _acronyms(text)
    letters = "".join(each.word[0] for each in name)
    return any(letters[i:j] in known for i in range(place + 1) for j in range(max(place, i + 1) + 1, len(letters) + 1))


@lru_cache(maxsize=2048)
def _initials(text: str) -> frozenset[str]:
    found = set()
    for name in _runs(text):
        letters = "".join(part.word[0] for part in name)
        found |= {letters[i:j] for i in range(len(letters)) for j in range(i + 2, len(letters) + 1)}
    return frozenset(found)


@lru_cache(maxsize=2048)
def _runs(text: str) -> tuple[tuple[NamePart, ...], ...]:
    found: list[list[NamePart]] = []
    for part, glued in _parts(text, ()):
        if glued and found:
            found[-1].append(part)
        else:
            found.append([part])
    return tuple(tuple(name) for name in found)


@lru_cache(maxsize=2048)
def _acronyms(text: str) -> frozenset[str]:
    words = (text[token.start : token.end].replace(".", "") for token in tokens(text))
    whole = {word.removesuffix("'s") for word in words}
    upper = {word.lower() for word in whole if len(word) > 1 and word.isupper()}
    return frozenset(upper | {key for word in whole for key in [ALIASES.get(word.lower(), "")] if len(key) == 2})


def _completed(part: NamePart, name: Sequence[NamePart], context: Context) -> bool:
    """Tell whether the surroundings have this word in one name with a word that the quote has."""
    quoted = _keys(context.quote)
    mine = _alias_keys(part.word, part.text)
    others = [_alias_keys(each.word, each.text) for each in name if each is not part]
    for run in (*_runs(context.around), *_runs(context.title)):
        keys = [_alias_keys(each.word, each.text) for each in run]
        if any(key & mine for key in keys):
            linked = [key for key in keys if not key & mine and not quoted.isdisjoint(key)]
            if any(key & other for key in linked for other in others):
                return True
            if len(name) == 1 and len(part.text) > 2 and linked and _persons_or_body(run, context.quote):
                return True
        if part.text.isupper() and part.word in _initials_of(run) and any(not quoted.isdisjoint(key) for key in keys):
            return True
    return False


def _persons_or_body(run: Sequence[NamePart], quote: str) -> bool:
    """Tell whether the quote names by one capitalised word what the surroundings name in full."""
    return any(part.text in quote for part in run)


def _initials_of(run: Sequence[NamePart]) -> set[str]:
    letters = "".join(part.word[0] for part in run)
    return {letters[i:j] for i in range(len(letters)) for j in range(i + 2, len(letters) + 1)}


def _governs(part: NamePart, context: Context) -> bool:
    """Tell whether a capital stands for a country that the quote names, or the other way round."""
    quoted = _keys(context.quote)
    capitals = {capital for capital, country in CAPITALS.items() if country in _alias_keys(part.word, part.text)}
    return CAPITALS.get(part.word, "") in quoted or not capitals.isdisjoint(quoted)


def _located(part: NamePart, context: Context) -> bool:
    """Tell whether it is the place that the report is from, by its dateline."""
    found = _DATELINE.match(context.around)
    return found is not None and part.word in found[1].casefold().split()


def _described(part: NamePart, context: Context) -> bool:
    """Tell whether the quote speaks of "the charity" or "the Dutch capital", and this name stood before."""
    known = _keys(context.title) | _keys(context.before)
    return bool(_DESCRIPTION.search(context.quote)) and not known.isdisjoint(_alias_keys(part.word, part.text))


def _titled(part: NamePart, context: Context) -> bool:
    return not _keys(context.title).isdisjoint(_alias_keys(part.word, part.text))


def _explained(part: NamePart, claim: str, context: Context) -> bool:
    """Tell whether a pronoun or description in the quote may mean this name, which stood before it."""
    mine = _alias_keys(part.word, part.text)
    titled = _titled(part, context)
    if not titled and mine.isdisjoint(_keys(context.before)):
        return False
    spoken = _keys(claim)
    strangers = [
        each
        for name in names(context.quote)
        for each in name
        if each.word not in TITLES and spoken.isdisjoint(_alias_keys(each.word, each.text))
    ]
    pronoun = _PRONOUN.search(context.quote)
    if strangers:
        return pronoun is not None and pronoun.start() < strangers[0].start
    return titled or pronoun is not None or bool(re.search(r"\b[Tt]h(?:e|is|at|ese|ose)\s[^\W\d_]", context.quote))
