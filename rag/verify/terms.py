"""Texts made comparable: typography evened out, words with their places, words brought to a base form."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from rag.words import STOP_WORDS, stem

_FORMS = """
be am is are was were been being|say said says|tell told|rise rose risen rising|fall fell fallen|hold held|
win won winning|lose lost losing|meet met|leave left leaving|go went gone|give gave given giving|take took taken taking|
make made making|come came coming|find found|
pay paid|sell sold|buy bought|build built|send sent|keep kept|begin began begun beginning|
break broke broken|shoot shot|speak spoke spoken|write wrote written writing|see saw seen|know knew known|think thought|
get got gotten getting|run ran running|lead led|feel felt|fight fought|catch caught|bring brought|teach taught|
choose chose chosen|drive drove driven driving|fly flew flown|grow grew grown|hear heard|hide hid hidden|hit hitting|
seek sought|show shown|shut shutting|sink sank sunk|sit sat sitting|spend spent|stand stood|steal stole stolen|
strike struck|swear swore sworn|throw threw thrown|understand understood|wear wore worn|withdraw withdrew withdrawn|
deny denied denies denying|die died dies dying dead death|
man men|woman women|child children|person people|
life lives|wife wives|foot feet|programme program|defence defense|centre center|labour labor|harbour harbor|
city cities|country countries|country's|become became|have has had|do did done does|forbid forbade forbidden|
freeze froze frozen|cut cuts cutting|put puts putting|set sets setting|ban bans banned banning|
plan plans planned planning|stop stops stopped stopping|
admit admits admitted admitting|drop drops dropped dropping|step stepped|
high higher highest|low lower lowest|large larger largest big bigger biggest|small smaller smallest|
agree agreed agrees agreement|refuse refused refuses refusal|increase increased increases increasing|
decrease decreased decreases decreasing|kill killed kills killing|percent percentage
"""
_IRREGULAR = {
    form: forms[0] for line in _FORMS.replace("\n", "").split("|") for forms in [line.split()] for form in forms
}
_TYPOGRAPHY = str.maketrans({
    "‘": "'", "’": "'", "‛": "'", "′": "'", "ˋ": "`", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "‹": "<",
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "\u2060": None, "\u200b": None,
    "\u00ad": None, "\ufeff": None,
})  # fmt: skip
_FRACTIONS = {"½": ".5", "¼": ".25", "¾": ".75"}
_VULGAR = re.compile("(?<=\\d)\\s?([½¼¾])|([½¼¾])")
_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|(?:[^\W\d_]\.){2,}|[^\W\d_][^\W_]*(?:'[^\W\d_]+)?")
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts that put no space between words, or glue particles to them."""


class Token(NamedTuple):
    """A word or number of an evened text, folded, and where it stands."""

    word: str
    start: int
    end: int


@lru_cache(maxsize=4096)
def evened(text: str) -> str:
    """Return a text with one kind of quotation mark, dash, space and digit; fractions as decimals."""
    text = _VULGAR.sub(lambda found: _FRACTIONS[found[1]] if found[1] else f"0{_FRACTIONS[found[2]]}", text)
    return " ".join(unicodedata.normalize("NFKC", text.translate(_TYPOGRAPHY)).split())


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[Token, ...]:
    """Return the words and numbers of an evened text, possessives and the dots of initials dropped."""
    return tuple(Token(folded(found[0]), found.start(), found.end()) for found in _TOKEN.finditer(text))


def folded(word: str) -> str:
    """Return a word without case, accents, possessive ending and the dots of initials."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = unicodedata.normalize("NFC", plain)
    if not plain[:1].isdigit():
        plain = plain.replace(".", "")
    return plain.removesuffix("'s").removesuffix("'")


@lru_cache(maxsize=16384)
def base(word: str) -> str:
    """Return the base form of a folded word: irregular forms from a table, others by their endings."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    short = stem(word)
    if len(short) > 3 and short[-1] == short[-2] and short.isascii():
        short = short[:-1]
    return _IRREGULAR.get(short, short)


def carries_content(word: str) -> bool:
    """Tell whether a folded word says something by itself."""
    return word not in STOP_WORDS and (len(word) > 1 or not word.isascii() or word.isdigit())
