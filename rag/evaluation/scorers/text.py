"""What an answer says, word for word: texts that it must or must not hold, and right short answers.

Texts are compared whatever their case, composition, width of spaces and kind of quotation marks and dashes, and never
match inside a longer number. Regular expressions are Python's, case aside, searched in the text both as written and
so evened; one that backtracks without end is given up, and its check stays open.

Exact match and F1 follow the official evaluation of SQuAD (Rajpurkar et al. 2016, 2018): lower case, without ASCII
punctuation and the articles a, an, the; the best over all right answers counts. The whole answer is compared, without
its markers: an answer in whole sentences has a low F1 and hardly ever an exact match, however right it is. Leaving a
question unanswered is the empty answer of SQuAD 2.0 and scores 0; a question that the articles do not answer has no
score here, as in SQuAD's HasAns figures, and counts under abstention.
"""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from collections.abc import Callable, Iterator

from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Sample, Score
from rag.evaluation.scorers.wording import abstains, said, unmarked
from rag.evaluation.suites.cases import Asked, Expectation
from rag.types import Status
from rag.verify.terms import UNSPACED, evened, tokens

_SECONDS = 0.5
"""Processor time that one regular expression may search."""
_LONGEST = 2000
"""Characters of a regular expression."""
_COPIES = 100_000
"""Product of how often it repeats at least: nested repetitions are written out when it is compiled."""
_REPEAT = re.compile(r"\{(\d{1,9})(?:,\d*)?\}")
_AROUND = 60
"""Characters shown on either side of what was found."""
_EXCERPT = 300
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_SIGN = re.compile(r"(?<!\w)[-+](?=\d)|[%$€£¥₩₹₽°]")
_ARTICLE_WORDS = frozenset({"a", "an", "the"})


def score(asked: Asked, sample: Sample, evidence: Evidence) -> Iterator[Check | Score]:  # noqa: ARG001  as all scorers
    """Yield the checks of texts, and the scores of short answers where right ones are given."""
    if sample.answer is None:
        return
    expect, answer = asked.expect, sample.answer
    # The words of an abstention hold nothing that was asked for, unless it is what was asked for.
    text = unmarked(answer) if Status.NOT_IN_SOURCES in expect.statuses else said(answer)
    yield from _held(expect, text)
    yield from (_matching(pattern, text) for pattern in expect.matches)
    if (expect.answer or expect.reference) and expect.answerable is not False:
        yield from _short_answers(expect, "" if abstains(answer) else text)


def exact_match(text: str, right: str) -> float:
    """Return 1 where a text is a right answer by SQuAD's rules, else 0."""
    return float(_normalised(text) == _normalised(right))


def token_f1(text: str, right: str) -> float:
    """Return the harmonic mean of precision and recall of a text's words by SQuAD's rules."""
    ours, theirs = _normalised(text).split(), _normalised(right).split()
    shared = (Counter(ours) & Counter(theirs)).total()
    if not ours or not theirs:
        return float(ours == theirs)
    return 2 * shared / (len(ours) + len(theirs))


def stands_in(right: str, text: str) -> bool:
    """Tell whether an answer stands in a text as whole words and figures with their signs, articles left out.

    Korean, Chinese and Japanese put no space where a word ends; there it may stand anywhere.
    """
    if UNSPACED.search(right):
        return _find(right, text) is not None
    ours, theirs = _words(right), _words(text)
    places = range(len(theirs) - len(ours) + 1) if ours else range(0)
    return any(theirs[at : at + len(ours)] == ours for at in places)


def _held(expect: Expectation, text: str) -> Iterator[Check]:
    excerpt = _excerpt(text)
    for wanted in expect.contains:
        yield Check(name="contains", passed=_find(wanted, text) is not None, expected=wanted, got=excerpt)
    if expect.any_of:
        held = [wanted for wanted in expect.any_of if _find(wanted, text)]
        yield Check(name="any_of", passed=bool(held), expected=" | ".join(expect.any_of), got=(held or [excerpt])[0])
    for unwanted in expect.excludes:
        found = _find(unwanted, text)
        got = evened(text)[max(0, found.start() - _AROUND) : found.end() + _AROUND] if found else "not in the answer"
        yield Check(name="excludes", passed=found is None, expected=f"not {unwanted}", got=got)


def _matching(pattern: str, text: str) -> Check:
    passed: bool | None
    try:
        found = _search(pattern, text)
        passed, got = (True, found) if found is not None else (False, _excerpt(text))
    except ValueError as error:
        passed, got = False, f"no regular expression: {error}"
    except TimeoutError:
        passed, got = None, f"gave up after {_SECONDS:g} s; write an expression that does not backtrack so much"
    return Check(name="matches", passed=passed, expected=pattern, got=got)


def _search(pattern: str, text: str) -> str | None:
    """Return what an expression matches; raise ValueError where it cannot be read, TimeoutError where it takes long."""
    import regex  # noqa: PLC0415  heavy: only where it is used

    copies = math.prod(int(least) or 1 for least in _REPEAT.findall(pattern))
    if len(pattern) > _LONGEST or copies > _COPIES:
        raise ValueError("it is too long, or repeats too often")
    try:
        compiled = regex.compile(pattern, regex.IGNORECASE)
    except (regex.error, RecursionError, OverflowError) as error:
        raise ValueError(str(error)) from error
    for each in (text, evened(text)):
        if found := compiled.search(each, timeout=_SECONDS, concurrent=True):
            return str(found[0])
    return None


def _short_answers(expect: Expectation, text: str) -> Iterator[Check | Score]:
    right = (*expect.answer, *expect.reference)
    held = [each for each in right if stands_in(each, text)]
    excerpt = _excerpt(text)
    if expect.answer:
        told = [each for each in held if each in expect.answer]
        yield Check(name="answer", passed=bool(told), expected=" | ".join(expect.answer), got=(told or [excerpt])[0])
    best = _best(token_f1, text, right)
    if expect.min_f1 is not None:
        passed = best >= expect.min_f1
        yield Check(name="min_f1", passed=passed, expected=f"at least {expect.min_f1:g}", got=f"{best:.3f}")
    yield Score(metric="answer.em", value=_best(exact_match, text, right))
    yield Score(metric="answer.f1", value=best)
    yield Score(metric="answer.contains", value=float(bool(held)))


def _excerpt(text: str) -> str:
    text = " ".join(text.split()) or "left unanswered"
    return text if len(text) <= _EXCERPT else f"{text[: _EXCERPT - 1]}…"


def _best(measure: Callable[[str, str], float], text: str, right: tuple[str, ...]) -> float:
    # What SQuAD's rules leave nothing of ("The") is no answer, and would match the empty one.
    return max((measure(text, each) for each in right if _normalised(each)), default=0.0)


def _normalised(text: str) -> str:
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def _find(wanted: str, text: str) -> re.Match[str] | None:
    words = evened(wanted).casefold()
    if not words:
        return None
    before = r"(?<!\d)(?<!\d[.,])" if words[:1].isdigit() else ""
    after = r"(?!\d)(?![.,]\d)" if words[-1:].isdigit() else ""
    return re.search(f"{before}{re.escape(words)}{after}", evened(text).casefold())


def _words(text: str) -> list[str]:
    even = evened(text)
    placed = [(token.start, token.word) for token in tokens(even) if token.word not in _ARTICLE_WORDS]
    return [word for _, word in sorted([*placed, *((sign.start(), sign[0]) for sign in _SIGN.finditer(even))])]
