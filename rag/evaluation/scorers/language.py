"""Which language an answer is in.

The script decides where it writes one language (Hangul, kana, Greek, Thai, …); among languages of one script py3langid
decides, by how much likelier one is than the expected one. Few words often tell nothing, and then the check is open
rather than failed. The script of most letters counts, a letter of Chinese, Japanese or Korean as two, and words with a
capital only where there are no others, so that names may stand in another script. Outlet and day before a quotation
are left out, and so is what stands in quotation marks, unless nothing else does: an answer may quote an article in its
own language.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Sample, Score
from rag.evaluation.scorers.wording import abstains, statements, unmarked
from rag.evaluation.suites.cases import Asked
from rag.types import Answer

_SCRIPTS = {
    "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "CJK": "zh ja", "THAI": "th", "GREEK": "el", "HEBREW": "he",
    "ARMENIAN": "hy", "GEORGIAN": "ka", "BENGALI": "bn as", "GURMUKHI": "pa", "GUJARATI": "gu", "ORIYA": "or",
    "TAMIL": "ta", "TELUGU": "te", "KANNADA": "kn", "MALAYALAM": "ml", "SINHALA": "si", "LAO": "lo", "KHMER": "km",
    "MYANMAR": "my", "ETHIOPIC": "am", "ARABIC": "ar fa ur ps ug ku", "DEVANAGARI": "hi mr ne sa",
    "CYRILLIC": "ru uk be bg sr mk kk ky mn tg tt ba",
}  # fmt: skip
"""Languages by script, as Unicode names it; what is not here writes Latin letters."""
_BOTH = frozenset({"sr", "ku", "kk", "tt"})
"""Languages that write Latin letters as well."""
_ELSEWHERE = frozenset(code for codes in _SCRIPTS.values() for code in codes.split())
_WIDE = frozenset({"HANGUL", "HIRAGANA", "KATAKANA", "CJK"})
_KANA = 9
"""Chinese characters to one kana up to which a text is Japanese; a Chinese one may hold a Japanese name."""
_QUOTED = re.compile(r"“[^”]{,999}”|\"[^\"]{,999}\"|«[^»]{,999}»|„[^“”]{,999}[“”]|「[^」]{,999}」")
_WORD = re.compile(r"[^\W\d_]+")
_LEAST = 0.05
"""Likelihood that the likeliest language must have, among more than a hundred, for the words to tell anything."""
_ENOUGH = 8
"""Letters that must be left for quotations to be left out."""
_UNLIKELY = 0.1
"""Likelihood beside that of the likeliest language below which an answer is not in the expected one."""


def score(asked: Asked, sample: Sample, evidence: Evidence) -> Iterator[Check | Score]:  # noqa: ARG001  as all scorers
    """Yield the check of the language where one is expected; it is open where the words do not tell."""
    expected = asked.expect.language
    if sample.answer is None or expected is None:
        return
    likely = languages(_own_words(sample.answer))
    passed = _is("no" if expected == "nb" else expected, likely)
    best = max(likely, key=lambda each: likely[each], default="")
    got = best if passed is not None else f"cannot be told{', perhaps ' if best else ''}{best}"
    yield Check(name="language", passed=passed, expected=expected, got=got)


def languages(text: str) -> dict[str, float]:
    """Return the languages that a text may be in, as ISO 639-1, with likelihoods; nothing where it does not tell."""
    words = _WORD.findall(text)
    own = [word for word in words if not word[0].isupper()] or words
    letters = Counter(_script(letter) for word in own for letter in word)
    if not letters:
        return {}
    script = max(letters, key=lambda each: letters[each] * (2 if each in _WIDE else 1))
    if script == "CJK" and (letters["HIRAGANA"] + letters["KATAKANA"]) * _KANA >= letters["CJK"]:
        return {"ja": 1.0}
    known = _SCRIPTS.get(script, "").split()
    if len(known) == 1:
        return {known[0]: 1.0}
    ranked = {code: chance for code, chance in _ranker()(text) if _writes(code, known)}
    return ranked if max(ranked.values(), default=0.0) >= _LEAST else {}


def _is(code: str, likely: Mapping[str, float]) -> bool | None:
    if not likely or code not in _known():
        return None
    share = likely.get(code, 0.0) / max(likely.values())
    return True if share == 1 else None if share >= _UNLIKELY else False


def _own_words(answer: Answer) -> str:
    text = unmarked(answer) if abstains(answer) else " ".join(each.words for each in statements(answer))
    rest = _QUOTED.sub(" ", text)
    return rest if sum(map(str.isalpha, rest)) >= _ENOUGH else text


def _writes(code: str, known: Sequence[str]) -> bool:
    """Tell whether a language that has a two-letter code writes a script, by the languages known to write it."""
    if known:
        return code in known
    return len(code) == 2 and (code in _BOTH or code not in _ELSEWHERE)


@lru_cache(maxsize=8192)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0].partition("-")[0]


@lru_cache(maxsize=1)
def _ranker() -> Callable[[str], list[tuple[str, float]]]:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415  heavy

    ranker: Callable[[str], list[tuple[str, float]]] = LanguageIdentifier.from_model_file(
        MODEL_FILE, norm_probs=True
    ).rank
    return ranker


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return _ELSEWHERE.union(code for code, _ in _ranker()(""))
