"""Numbers in digits and in words, read from a row of lexemes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

_ONES = (  # noqa: SIM905  reads better as text
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905  reads better as text
SMALL = {word: value for value, word in enumerate(_ONES)} | {word: 20 + 10 * k for k, word in enumerate(_TENS)}
SCALES = {
    "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12,
    "bn": 10**9, "mn": 10**6, "tn": 10**12, "trn": 10**12, "lakh": 10**5, "crore": 10**7, "k": 1000, "mln": 10**6,
    "bln": 10**9,
}  # fmt: skip
SHORT_SCALES = {"m": 10**6, "b": 10**9, "t": 10**12}
"""Letters that may be a scale or a unit, read as a scale only right behind digits."""
_ORDINAL_ONES = (  # noqa: SIM905  reads better as text
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth"
).split()
ORDINALS = {word: value for value, word in enumerate(_ORDINAL_ONES)}
ORDINALS |= {f"{word[:-1]}ieth": 20 + 10 * k for k, word in enumerate(_TENS)} | {"hundredth": 100, "thousandth": 1000}
FRACTIONS = {
    "half": Decimal("0.5"), "halves": Decimal("0.5"), "third": Decimal(1) / 3, "thirds": Decimal(1) / 3,
    "quarter": Decimal("0.25"), "quarters": Decimal("0.25"), "fifth": Decimal("0.2"), "fifths": Decimal("0.2"),
    "tenth": Decimal("0.1"), "tenths": Decimal("0.1"), "eighths": Decimal("0.125"), "sixths": Decimal(1) / 6,
}  # fmt: skip
TIMES = {"twice": 2, "thrice": 3}

_LEXEME = re.compile(
    r"(?P<number>\d+(?:,\d{3})+(?:\.\d+)?(?!,?\d)|\d+(?:[.,]\d+)?|(?<!\d)\.\d+)|(?P<word>[^\W\d_]+)|(?P<mark>[^\w\s])"
)


class Lexeme(NamedTuple):
    """A number in digits, a word (case folded) or a mark, and where it stands."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Numeral:
    """A number that was read: its possible values, its kind, and the lexeme after it."""

    values: tuple[Decimal, ...]
    after: int
    kind: str = "number"
    """"number", "ordinal" or "fraction"."""
    short: Decimal | None = None
    """The value if the letter that follows the digits is a scale, as in "5m"."""
    spelled: bool = False


def lexemes(text: str) -> list[Lexeme]:
    """Return the lexemes of an evened text."""
    return [
        Lexeme(found.lastgroup or "", found[0].casefold(), found.start(), found.end())
        for found in _LEXEME.finditer(text)
    ]


def read_numeral(row: Sequence[Lexeme], at: int) -> Numeral | None:
    """Return the number that begins at a lexeme, or None."""
    return _in_digits(row, at) if row[at].kind == "number" else _in_words(row, at)


def word_at(row: Sequence[Lexeme], at: int) -> str:
    """Return a lexeme's text, or nothing past the end."""
    return row[at].text if 0 <= at < len(row) else ""


def touching(row: Sequence[Lexeme], at: int) -> bool:
    """Tell whether no space stands before a lexeme."""
    return 0 < at < len(row) and row[at - 1].end == row[at].start


def _in_digits(row: Sequence[Lexeme], at: int) -> Numeral:
    values, after = _decimals(row[at].text), at + 1
    following = word_at(row, after)
    if touching(row, after) and following in {"st", "nd", "rd", "th"}:
        return Numeral(values=values, after=after + 1, kind="ordinal")
    short = None
    if touching(row, after) and following in SHORT_SCALES:
        short = values[0] * SHORT_SCALES[following]
    scale, after = _scales(row, after)
    return Numeral(values=tuple(value * scale for value in values), after=after, short=short)


def _decimals(digits: str) -> tuple[Decimal, ...]:
    whole, comma, rest = digits.partition(",")
    if not comma or len(rest.partition(".")[0].partition(",")[0]) == 3:
        return (Decimal(digits.replace(",", "")),)
    return (Decimal(f"{whole}.{rest}"),)


def _scales(row: Sequence[Lexeme], at: int) -> tuple[int, int]:
    scale = 1
    while True:
        step = 1 if word_at(row, at) == "-" and word_at(row, at + 1) in SCALES else 0
        if word_at(row, at + step) not in SCALES:
            return scale, at
        scale *= SCALES[word_at(row, at + step)]
        at += step + 1


def _in_words(row: Sequence[Lexeme], at: int) -> Numeral | None:
    return _fraction(row, at) or _ordinal(row, at) or _cardinal(row, at)


def _fraction(row: Sequence[Lexeme], at: int) -> Numeral | None:
    """Read "half", "a third of", "two-thirds", "three quarters", "half a million"."""
    word = row[at].text
    count = 1 if word in {"a", "one"} else SMALL.get(word, 0)
    place = at + 1 + (word_at(row, at + 1) == "-") if count else at
    part = word_at(row, place)
    plain = part in {"half", "halves"} or (count > 1 and part.endswith("s"))
    if part not in FRACTIONS or not (plain or (count == 1 and word_at(row, place + 1) == "of")):
        return None
    after = place + 1
    skip = after + (word_at(row, after) in {"a", "of"}) + (word_at(row, after + 1) == "a")
    if word_at(row, skip) in SCALES:
        scale, after = _scales(row, skip)
        return Numeral(values=(FRACTIONS[part] * max(count, 1) * scale,), after=after, spelled=True)
    return Numeral(values=(FRACTIONS[part] * max(count, 1),), after=after, kind="fraction", spelled=True)


def _ordinal(row: Sequence[Lexeme], at: int) -> Numeral | None:
    word = row[at].text
    tens = SMALL.get(word, 0)
    if tens >= 20 and word_at(row, at + 1) == "-" and 0 < ORDINALS.get(word_at(row, at + 2), 0) < 10:
        return Numeral(values=(Decimal(tens + ORDINALS[row[at + 2].text]),), after=at + 3, kind="ordinal", spelled=True)
    if word in ORDINALS:
        return Numeral(values=(Decimal(ORDINALS[word]),), after=at + 1, kind="ordinal", spelled=True)
    return None


def _cardinal(row: Sequence[Lexeme], at: int) -> Numeral | None:
    """Read "two", "twenty-one", "two hundred and fifty thousand", "a dozen", "one and a half million", "twice"."""
    if row[at].text in TIMES:
        return Numeral(values=(Decimal(TIMES[row[at].text]),), after=at + 1, spelled=True)
    starts = row[at].text in SMALL or (row[at].text == "a" and word_at(row, at + 1) in SCALES)
    if not starts:
        return None
    total, current, after = 0, 1 if row[at].text == "a" else SMALL[row[at].text], at + 1
    while after < len(row):
        step = _joint(row, after)
        word = word_at(row, after + step)
        if word in {"hundred", "dozen"}:
            current = max(current, 1) * SCALES[word]
        elif word in SCALES and word != "k":
            total, current = total + max(current, 1) * SCALES[word], 0
        elif word in SMALL and _continues(current, total, SMALL[word]):
            current += SMALL[word]
        else:
            break
        after += step + 1
    value = Decimal(total + current)
    if [word_at(row, after + k) for k in range(3)] == ["and", "a", "half"]:
        scale, later = _scales(row, after + 3)
        return Numeral(values=((value + Decimal("0.5")) * scale,), after=later, spelled=True)
    return Numeral(values=(value,), after=after, spelled=True)


def _joint(row: Sequence[Lexeme], at: int) -> int:
    """Return 1 where a hyphen or "and" stands between two number words."""
    joined = word_at(row, at) in {"-", "and"}
    return 1 if joined and (word_at(row, at + 1) in SMALL or word_at(row, at + 1) in SCALES) else 0


def _continues(current: int, total: int, value: int) -> bool:
    last = current % 100
    if current == 0:
        return total > 0
    return (last == 0 and value < 100) or (last >= 20 and last % 10 == 0 and 0 < value < 10)
