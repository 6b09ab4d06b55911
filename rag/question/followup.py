"""Whether a question leans on the conversation, and what it leans on; English and Korean rules, harmless elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from rag.question.conversation import NOT_SAID
from rag.types import Turn
from rag.words import STOP_WORDS, content_words, words

NEAR = 2
"""How many of the latest turns lend their words; older ones lend names only."""
SHORT_ANSWER = 10
"""Words up to which an earlier answer is taken whole; of a longer one only its names."""
ALONE = 1
"""Words of content up to which a question says too little to stand alone."""
SHORT_QUESTION = 4
"""Words of content up to which words from earlier show that a question goes on about the same."""
MOST_NAMES = 5
LONGEST_CONTEXT = 240
"""Characters of context that are added to a question."""

_TOKEN = re.compile(r"[^\W_](?:[\w'’.\-&]*\w)?")
_REFERS = re.compile(
    r"\b(?:he|she|it|they|him|her|his|hers|its|their|theirs|them|this|that|these|those|there|then|one|ones|so|"
    r"(?:(?:any|every|some|what|where|who)\w*\s+)?else|others?|another|again|instead|same|former|latter|more)\b",
    re.IGNORECASE,
)
_EMPTY_IT = re.compile(
    r"\b(?:is|was) it (?:true|possible|likely|known|clear)(?: that)?\b|\b(?:is|are|was|were) there\b", re.IGNORECASE
)
_ELLIPSIS = re.compile(r"\W*(?:(?:and|but|so|or|ok|okay|then)\b[\s,]*)*(?:(?:what|how) about|any)\b", re.IGNORECASE)
_JOINED = re.compile(r"\W*(?:and|but|so|or|then|그리고|그런데|그럼|그러면|그래서|하지만)\b", re.IGNORECASE)
_SAYS_WHAT = re.compile(r"\b(?:say|said|report|reported|claim|claimed|think)\W*$", re.IGNORECASE)
"""Ends a question for what somebody says that does not tell of what."""
_KOREAN_ASKS = r"(?:(?:언제|누구|어디|무엇|얼마|며칠|몇|뭐)[^\W\d_]{0,5}|왜|누가|어떻게|어떤|어느|무슨|모두|총)(?!\w)"
_KOREAN_ASKED = re.compile(_KOREAN_ASKS)
_KOREAN_REFERS = re.compile(
    rf"\W*(?:{_KOREAN_ASKS}\s+)*(?:그(?:[는가를의도와]|에게)?"
    r"|(?:그[녀들것곳때날중]|이[것들곳]|거기|여기)(?:[은는이가을를의도에]|에서|에게|부터|까지)?)(?!\w)"
)
"""A pronoun at the start, where no noun of the question itself can be meant."""
_THE = re.compile(r"\bthe\s+([^\W\d_]+)", re.IGNORECASE)
_SUBJECT = re.compile(
    r"(?:The|An?|His|Her|Its|Their)\s+((?:[\w'’-]+\s+){0,2}?[\w'’-]+)"
    r"(?=\s(?:who|which|that|of|has|have|had|is|are|was|were|will|would)\b)"
)
"""What an answer begins with: of "The lamp that hung there is sold", the lamp."""
_YES_NO = re.compile(r"^\W*(?:yes|no|yeah|nope|unknown|not really|not stated)\b[\s,.;:!]*", re.IGNORECASE)
_MARKER = re.compile(r"\s*\[\d{1,4}\]")
_ATTRIBUTION = re.compile(r"^[^:\n]{0,80}\b\d{4}:\s", re.MULTILINE)
_NAME = re.compile(
    r"(?:(?:[^\W\d_a-z][\w’'.\-]*\w|[^\W\d_a-z]\.?)"
    r"(?:\s+(?:(?:of|the|de|la|al|bin|van|von|der|du)\s+){0,2}(?=[^\W\d_a-z]))?)+"
)
_SENTENCE_START = re.compile(r"(?:^|[.!?:\n]\s+)[\"“'‘(]*$")
_POSSESSIVE = re.compile(r"['’]s$")
_ASKED_KIND = re.compile(r"\b(?:which|what)\s+$", re.IGNORECASE)
# These words before an outlet's name would limit the search to that outlet (see rag/question/scope.py).
_LIMITS = re.compile(r"\b(?i:according to|in|by|from|did|does|has)\s+(?:[Tt]he\s+)?(?=[^\W\d_a-z]|\d)")

_STARTERS = STOP_WORDS | frozenset(
    """tell give list show name describe explain summarise summarize compare please ok okay yes really let's isn't
    aren't didn't doesn't don't wasn't weren't hasn't haven't hadn't won't""".split()  # noqa: SIM905  a list of words reads better as text
)
_COMMON = frozenset(
    """happen happened happening happens kind type thing things anything something anyone someone people person many
    much long old young name named called say said says tell told mention mentioned get got give given go gone went
    come came make made take took taken know known think want like time times way part exactly article articles story
    news else occur occurs occurred end ends ended begin began start started talk talks talked current currently next
    place""".split()  # noqa: SIM905  a list of words reads better as text
)


def leans(question: str, history: Sequence[Turn]) -> bool:
    """Tell whether a question cannot be understood without the conversation."""
    if not history:
        return False
    content, named = _content(question), names(question)
    if _ELLIPSIS.match(question) or (_JOINED.match(question) and len(content) < 4):
        return True
    if _refers_back(_EMPTY_IT.sub(" ", question), named) or _KOREAN_REFERS.match(question):
        return True
    if _asks_only_who_says(question, named):
        return True
    if named:
        return False
    earlier = {term for turn in history for term in content_words(f"{turn.question} {turn.answer}")}
    definite = {term for noun in _THE.findall(question) for term in content_words(noun)}
    # One word, such as "the turnout", is of something said before; more words of their own are a subject of their own.
    return len(content) <= ALONE or bool(definite & earlier) or _continues(content, earlier)


def _asks_only_who_says(question: str, named: Sequence[str]) -> bool:
    """Tell whether a question is what somebody with a name says, and not of what: "What does the Courier say?"."""
    found = _SAYS_WHAT.search(question)
    return found is not None and not {*words(" ".join(_content(question[: found.start()])))}.difference(
        words(" ".join(named))
    )


def _continues(content: Sequence[str], earlier: set[str]) -> bool:
    """Tell whether at least half of a short question's words were said before."""
    terms = [set(content_words(word)) for word in content]
    said = sum(bool(parts) and 2 * len(parts & earlier) >= len(parts) for parts in terms)
    return len(content) <= SHORT_QUESTION and 2 * said >= len(content)


def context(question: str, history: Sequence[Turn]) -> str:
    """Return in a few words what the conversation was about, without what the question says itself."""
    seen = set(words(question))
    parts: list[str] = []
    for age, turn in reversed(list(enumerate(reversed(history)))):
        part = _near(turn, seen) if age < NEAR else "; ".join(_unseen_names(_lent(turn), seen))
        parts += [part] if part else []
    while len(parts) > 1 and len("; ".join(parts)) > LONGEST_CONTEXT:
        parts.pop(0)
    return _cut("; ".join(parts))


def names(text: str) -> list[str]:
    """Return the proper names of a text, in order; the first word of a sentence counts only as part of one."""
    shouted = not any(map(str.islower, text))
    return [] if shouted else list(dict.fromkeys(_names(text)))


def _names(text: str) -> Iterator[str]:
    for found in _NAME.finditer(text):
        before, parts = text[: found.start()], found[0].split()
        if _SENTENCE_START.search(before):
            parts, before = _without_opener(parts), f"{before}{parts[0]} "
        if len(parts) == 1 and _ASKED_KIND.search(before):
            continue
        name = _POSSESSIVE.sub("", " ".join(parts)).strip(" .")
        if name and name.casefold() not in _STARTERS:
            yield name


def _without_opener(parts: list[str]) -> list[str]:
    """Return the words of a name at the start of a sentence, where any word has a capital."""
    opener = _POSSESSIVE.sub("", parts[0])
    if opener.casefold() in _STARTERS:
        return parts[1:]
    named = len(parts) > 1 or parts[0] != opener or opener.isupper()
    return parts if named else []


def _content(text: str) -> list[str]:
    """Return the words that say what a question is about, as they are written."""
    tokens = [token for token in _TOKEN.findall(text) if not _KOREAN_ASKED.fullmatch(token)]
    return [token for token in tokens if not {token.casefold(), *words(token)} & (STOP_WORDS | _COMMON)]


def _refers_back(question: str, named: Sequence[str]) -> bool:
    """Tell whether a "he" or "that" stands before any name of the question, so that it must mean something earlier."""
    first = min((question.find(name) for name in named if name in question), default=len(question))
    found = _REFERS.search(question)
    return found is not None and found.start() < first


def _near(turn: Turn, seen: set[str]) -> str:
    asked = " ".join(_unseen(_content(turn.question), seen))
    answer = _YES_NO.sub("", _lent(turn)).strip()
    if len(answer.split()) > SHORT_ANSWER:
        subject = _SUBJECT.match(answer)
        about = [*([subject[1]] if subject else []), *names(answer)]
        told = ", ".join([*_unseen(about, seen)][:MOST_NAMES])
        told = told or " ".join(_unseen(_content(answer)[:SHORT_ANSWER], seen))
    else:
        told = _LIMITS.sub("", answer).strip(" .,;:!?") if set(words(answer)) - seen else ""
        seen.update(words(told))
    return f"{asked}: {told}" if asked and told else asked or told


def _lent(turn: Turn) -> str:
    answer = _MARKER.sub("", turn.answer).strip()
    return "" if answer.startswith(NOT_SAID) else _ATTRIBUTION.sub("", answer)


def _unseen(tokens: Iterable[str], seen: set[str]) -> Iterator[str]:
    for token in tokens:
        new = set(words(token)) - seen
        seen |= new
        if new:
            yield token


def _unseen_names(text: str, seen: set[str]) -> list[str]:
    return list(_unseen(names(text), seen))[:MOST_NAMES]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_CONTEXT else text[:LONGEST_CONTEXT].rsplit(None, 1)[0].rstrip(" ,;:")
