"""Who says it: whether a claim puts words into another mouth than the quotes do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from rag.verify.names import Context, same_name
from rag.verify.openings import OPENING_WORDS, TITLES
from rag.verify.synonyms import concept
from rag.verify.terms import carries_content, folded, tokens

_SAYS = (
    "said|says|told|added|adds|replied|insisted|insists|announced|argued|argues|warned|explained|reported|wrote|tells|"
    "stated|claimed|claims|noted|thanked|praised|complained|answered|stressed|emphasised|emphasized"
)
_PLAINLY = frozenset("said says told stated wrote reported reports warned warns".split())  # noqa: SIM905  as text
_WORD = r"(?:(?:Dr|Mr|Mrs|Ms|St)\. )?[\w'&-]+"
_BEFORE = re.compile(rf"(?P<who>(?:{_WORD} ){{0,6}}{_WORD}) (?:has |have |had |also |later |then )?(?P<verb>{_SAYS})\b")
_APPOSED = re.compile(
    rf"(?P<name>(?:{_WORD} ){{0,6}}{_WORD}(?:, \d+)?, )(?P<who>(?:{_WORD} ){{0,6}}{_WORD}), (?P<verb>{_SAYS})\b"
    r"(?=:| that\b|[^.;,\"]*\b(?:was|were|is|are|will|would|had|has|have|could|can|may|did|does|do)\b"
    r"| (?!the |a |an |its |their )[a-z\d])"
)
"""A speaker with what he is between commas, and what he says after it."""
_AFTER = re.compile(
    rf"(?:^|[,\"'] ?)(?P<verb>(?!t(?:old|ells)|thanked|praised)(?:{_SAYS})) (?P<who>{_WORD}(?:,? {_WORD}){{0,12}})"
)
_ACCORDING = re.compile(rf"\b(?P<verb>[Aa]ccording) to (?P<who>{_WORD}(?:,? {_WORD}){{0,12}})")
_PRONOUNS = frozenset("he she they it one that this".split())  # noqa: SIM905  reads better as text
_WITHIN = frozenset("i we you".split())  # noqa: SIM905  speakers within speech
_CUT = frozenset(
    """that to as when after before while but because in on at for from with if than about into over and has have had
    is are was were will would can could may""".split()  # noqa: SIM905  as above
)
_PAPERS = frozenset("report statement article story study survey document figures data release letter".split())  # noqa: SIM905
_JOINING = (
    r"(?:,? (?:who|has|have|been|is|was|are|the|a|an|its|their|his|her|of|former|chief|new|\d+"
    r"|[A-Z][\w'&-]*|[\w-]+'s)){0,9},? ?"
)
"""What may stand between a name and what its bearer is: "the engineer, Priya", "Idris, who has been master"."""


class SpeakerComparison(NamedTuple):
    """Speakers of a claim whom the quotes contradict, and those whom they may only mean."""

    missing: tuple[str, ...]
    loose: tuple[str, ...]


class _Speaker(NamedTuple):
    """The words that name a speaker as written, and the verb."""

    words: tuple[str, ...]
    verb: str

    @property
    def proper(self) -> tuple[str, ...]:
        """The names, but for those of what the speaker belongs to ("Pellhaven's mayor")."""
        named = tuple(word for word in self.words if _is_proper(word))
        return tuple(word for word in named if not word.endswith(("'s", "s'"))) or named[: not self.head]

    @property
    def head(self) -> str:
        """The last common noun, folded."""
        return next((folded(word) for word in reversed(self.words) if not _is_proper(word)), "")


def compare_speakers(claim: str, contexts: Sequence[Context]) -> SpeakerComparison:
    """Return who speaks in an evened claim while only others, or nobody, speak in the quotes."""
    theirs = [each for context in contexts for each in _speakers(context.quote, whole=True)]
    missing: list[str] = []
    loose: list[str] = []
    for who in _speakers(claim, whole=False):
        if not who.words or any(_same(who, other) for other in theirs) or _is_source(who, contexts):
            continue
        if theirs:
            standing = max(_standing(who, other, contexts) for other in theirs)
        else:
            standing = _standing_alone(who, contexts)
        if standing < _SAME:
            (missing if standing == _ANOTHER else loose).append(who.words[-1])
    return SpeakerComparison(tuple(missing), tuple(loose))


_ANOTHER, _PERHAPS, _SAME = range(3)


def attributed(text: str) -> bool:
    """Tell whether an evened text says who says it."""
    return bool(_speakers(text, whole=False)) or '"' in text


_LEADING = re.compile(
    r"^(?:According to [^,\"]{3,60}, |(?:(?!and )[\w'-]+ ){1,6}(?:said|says)(?: on [A-Z]\w+)?(?: that|,) )"
)
_TRAILING = re.compile(
    r", (?:according to [^\"]{3,90}|[^,\"]{2,60} (?:said|says)(?: on [A-Z]\w+)?|(?:said|says) [^\"]{2,90})\.?$"
)


def unattributed(text: str) -> str:
    """Return an evened sentence without who says it, where that stands before or behind it."""
    bare = _TRAILING.sub("", _LEADING.sub("", text))
    return bare if bare.strip() else text


@lru_cache(maxsize=4096)
def _speakers(text: str, *, whole: bool) -> tuple[_Speaker, ...]:
    """Return each speaker, with what follows after a comma where `whole`; without words for a pronoun."""
    found, verbs = [], set[int]()
    for match in _APPOSED.finditer(text):
        words = (*_words(match["name"]), *_words(match["who"])) if whole else _words(match["name"])
        found.append(_Speaker(_telling(words), match["verb"]))
        verbs.add(match.start("verb"))
    for match in _BEFORE.finditer(text):
        spoken = _head(match["who"].split()[::-1])
        if spoken is not None:
            found.append(_Speaker(spoken[::-1], match["verb"]))
            verbs.add(match.start("verb"))
    for match in (*_AFTER.finditer(text), *_ACCORDING.finditer(text)):
        spoken = _head(_own(match["who"], whole=whole))
        if spoken is not None and match.start("verb") not in verbs:
            found.append(_Speaker(spoken, match["verb"].lower()))
    return tuple(found)


def _words(written: str) -> tuple[str, ...]:
    return tuple(written.replace(",", "").split())


def _telling(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in words if carries_content(word.lower()) and not word[0].isdigit())


def _own(words: str, *, whole: bool) -> list[str]:
    """Return the words that name the speaker: of a paper's author, where it is a paper that says it."""
    first = words if whole else words.split(",", maxsplit=1)[0]
    paper, by, author = first.partition(" by ")
    if by and not _PAPERS.isdisjoint(folded(word) for word in paper.split()):
        first = f"{paper if whole else ''} {author}"
    return first.replace(",", "").split()


def _head(row: Sequence[str]) -> tuple[str, ...] | None:
    kept: list[str] = []
    for word in row:
        if word.lower() in _CUT:
            break
        kept.append(word)
    if not kept or any(word.lower() in _WITHIN for word in kept):
        return None
    if any(word.lower() in _PRONOUNS for word in kept):
        return ()
    return _telling(kept)


def _is_proper(word: str) -> bool:
    return word[0].isupper() and folded(word) not in TITLES | OPENING_WORDS


def _same(who: _Speaker, other: _Speaker) -> bool:
    """Tell whether one may be the other: a pronoun may be anyone, a name must be named, a noun be said."""
    if not other.words:
        return True
    if who.proper:
        return any(same_name(one, two) for one in who.proper for two in other.words if two[0].isupper())
    theirs = {concept(each.word) for word in other.words for each in tokens(word)}
    return concept(who.head) in theirs or (folded(who.words[0]) in TITLES and concept(who.words[0].lower()) in theirs)


def _is_source(who: _Speaker, contexts: Sequence[Context]) -> bool:
    """Tell whether the publisher or author of what is cited is meant, or only "the article"."""
    if who.head in _PAPERS and not who.proper:
        return True
    words = {folded(word) for word in (who.proper or who.words)}
    return any(words <= {each.word for each in tokens(context.source)} for context in contexts)


def _standing(who: _Speaker, other: _Speaker, contexts: Sequence[Context]) -> int:
    """Return whether one whom the quotes do not call so may be the one who speaks in them."""
    if any(_linked(who, other, f"{context.title}. {context.around}") for context in contexts):
        return _SAME
    if bool(who.proper) == bool(other.proper) or (not who.proper and other.head):
        return _ANOTHER
    noun, name = (other, who) if who.proper else (who, other)
    others = any(_bearers(noun.head, f"{context.title}. {context.around}") for context in contexts)
    return _ANOTHER if others or (not who.proper and _several(noun.head)) else _PERHAPS if name.proper else _ANOTHER


def _standing_alone(who: _Speaker, contexts: Sequence[Context]) -> int:
    """Return whether one may speak where the quotes name no speaker: as their subject, or named around them."""
    if who.verb not in _PLAINLY | {"according"}:
        return _SAME
    wanted = {concept(folded(word)) for word in (who.proper or (who.head or who.words[-1],))}
    for context in contexts:
        if wanted & _concepts(context.quote):
            return _SAME
    return _PERHAPS if any(wanted & _concepts(f"{each.title} {each.around}") for each in contexts) else _ANOTHER


@lru_cache(maxsize=2048)
def _concepts(text: str) -> frozenset[str]:
    return frozenset(concept(token.word) for token in tokens(text))


def _several(noun: str) -> bool:
    return noun == "police" or (noun.endswith("s") and not noun.endswith("ss"))


def _linked(who: _Speaker, other: _Speaker, text: str) -> bool:
    """Tell whether a text says of one bearer of a name what the other words call him."""
    noun, name = (other, who) if who.proper else (who, other)
    return any(same_name(each, known) for known in _bearers(noun.head, text) for each in name.proper)


@lru_cache(maxsize=2048)
def _bearers(noun: str, text: str) -> frozenset[str]:
    """Return the names that stand beside a noun as those of whom it is said."""
    if not noun:
        return frozenset()
    word = rf"\b(?i:{re.escape(noun)})\b"
    after = re.finditer(rf"{word},? (?P<who>(?:[A-Z][\w'-]+ ?)+)", text)
    before = re.finditer(rf"(?P<who>(?:[A-Z][\w'-]+ ?)+){_JOINING}(?:[a-z-]+ )?{word}", text)
    return frozenset(each for found in (*after, *before) for each in found["who"].split() if _is_proper(each))
