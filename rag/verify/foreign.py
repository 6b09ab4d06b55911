"""A claim in another language than what it cites: figures, dates and Latin names can be checked, words cannot."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from rag.types import Verdict
from rag.verify.dates import Dated
from rag.verify.figures import figures
from rag.verify.names import Context
from rag.verify.terms import base, tokens

_MYRIADS = {"십": 10, "백": 100, "천": 1000, "만": 10**4, "억": 10**8, "조": 10**12, "万": 10**4, "萬": 10**4,
            "亿": 10**8, "億": 10**8, "兆": 10**12}  # fmt: skip
_SCALES = "".join(_MYRIADS)
_NUMBER = re.compile(
    rf"(?P<digits>\d{{1,3}}(?: \d{{3}})+(?!\d)|\d+(?:[,.]\d+)*)(?P<scale>[{_SCALES}]{{0,2}})"
    rf"(?:(?P<more>\d+(?:,\d+)*)(?P<less>[{_SCALES}]?))?\s?(?P<part>[년월일시분年月日時时点分]?)"
)
_DATE = re.compile(r"(?:(\d{4})\s?[년年]\s?)?(\d{1,2})\s?[월月](?:\s?(\d{1,2})\s?[일日])?")
_LATIN = re.compile(r"[A-Z][A-Za-z'-]+(?:\d+)?")
_COMMON = frozenset(
    """the of and to in a is was for on that with by it as at from has have had will be are were he she they not
    his her their its said after an who which would been but this no says there""".split()  # noqa: SIM905  as text
)
_ENOUGH = 8
"""Words from which a sentence without one of the commonest words of English is in another language."""


class Checked(NamedTuple):
    """What of a foreign claim the quotes lack, and the verdict that follows."""

    verdict: Verdict
    missing: tuple[str, ...]


def differs(claim: str, quotes: Sequence[str]) -> bool:
    """Tell whether a claim is in another language than each of its quotes, by its script or its commonest words."""
    ours, theirs = _latin(claim), [_latin(quote) for quote in quotes]
    if all(ours != other for other in theirs):
        return True
    return ours and all(theirs) and not _english(claim) and all(map(_english, quotes)) and len(tokens(claim)) >= _ENOUGH


def check(claim: str, contexts: Sequence[Context], dated: Sequence[Dated]) -> Checked:
    """Return partial where all of the claim that can be checked is in the quotes, and there is something to check."""
    values = {abs(reading.value) for each in contexts for figure in figures(each.quote) for reading in figure.readings}
    days = {(day.year, day.month, day.day) for each in dated for day in each.days}
    days |= {_parts(found) for each in contexts for found in _DATE.finditer(each.quote)}
    known = {base(token.word) for each in contexts for token in tokens(f"{each.quote} {each.title} {each.source}")}
    known |= {base(token.word) for each in contexts for token in tokens(each.around)}
    values |= {value for each in contexts for _, readings in numbers_in(each.quote) for value in readings}
    values |= {Decimal(part) for day in days for part in day if part}
    named = list(_DATE.finditer(claim))
    numbers = list(numbers_in(_DATE.sub(" ", claim)))
    missing = [found[0] for found in named if not any(_on(found, day) for day in days)]
    missing += [text for text, readings in numbers if not readings & values]
    names = [found[0] for found in _LATIN.finditer(claim)] if not _latin(claim) else []
    missing += [name for name in names if any(base(token.word) not in known for token in tokens(name))]
    proved = bool(named or numbers or names) and not missing
    return Checked(Verdict.PARTIAL if proved else Verdict.UNSUPPORTED, tuple(dict.fromkeys(missing)))


def _parts(found: re.Match[str]) -> tuple[int | None, int | None, int | None]:
    year, month, day = (int(part) if part else None for part in found.groups())
    return year, month, day


def _on(found: re.Match[str], day: tuple[int | None, ...]) -> bool:
    """Tell whether a written date says nothing else than a day of the quotes."""
    return all(part is None or part == known for part, known in zip(_parts(found), day, strict=True))


def numbers_in(text: str) -> Iterator[tuple[str, frozenset[Decimal]]]:
    """Yield each number as written, with a unit of time behind it, and the values that it may mean.

    The scales of Korean, Chinese and Japanese are read ("410만" is 4,100,000), and either sign may part decimals.
    """
    for found in _NUMBER.finditer(text):
        scale = 1
        for letter in found["scale"]:
            scale *= _MYRIADS[letter]
        more = Decimal((found["more"] or "0").replace(",", "")) * _MYRIADS.get(found["less"] or "", 1)
        values = _values(found["digits"].replace(" ", ""))
        yield found[0].strip(), frozenset(value * scale + more for value in values)


def _values(digits: str) -> set[Decimal]:
    if not re.search(r"[,.]", digits):
        return {Decimal(digits)}
    whole, parted = Decimal(re.sub(r"[,.]", "", digits)), re.split(r"[,.]", digits)
    decimal = {Decimal("".join(parted[:-1]) + "." + parted[-1])}
    return decimal | {whole} if len(parted[-1]) == 3 else decimal


def _latin(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    return sum(letter < "\u0250" for letter in letters) * 2 >= len(letters)


def _english(text: str) -> bool:
    return any(token.word in _COMMON for token in tokens(text))
