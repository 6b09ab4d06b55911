"""How often the verifier is wrong on real sentences, by kind of damage.

    python bench/verify.py --data DIR [--sentences N] [--out FILE.json]

DIR holds the folders `newsqa` and `onestop`, each with `articles.jsonl` and `questions.jsonl`. Sentences are cited word
for word, and then damaged in one place each: what was damaged must not come out supported, what was not must. The
questions, made into sentences with their right or a wrong answer, stand for paraphrases; not every sentence that holds
the answer bears out the whole question, so their share has no ideal.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rag.embed import EmbeddedModel
from rag.sentences import sentences
from rag.types import Source, Verdict
from rag.verify import Quote, verify

Damage = Callable[[str, Sequence[str], random.Random], str | None]
Row = tuple[str, str, str, str]
"""Kind, claim, quote, passage around the quote."""

_DIGITS = re.compile(r"(?<![\w.,])\d+(?:,\d{3})*(?:\.\d+)?(?!\w)")
_SPELLED = "two three four five six seven eight nine ten eleven twelve twenty thirty".split()  # noqa: SIM905
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()  # noqa: SIM905
_MONTHS = "January February April June July August September October November December".split()  # noqa: SIM905
_AUXILIARY = re.compile(r"\b(is|are|was|were|has|have|had|will|would|can|could|should|did)\b(?! not|n't)")
_NEGATED = re.compile(r"\b(is|are|was|were|has|have|had|will|would|can|could|should|did|does|do) not\b|\b(\w+)n't\b")
_SWAPS = {"rose": "fell", "fell": "rose", "increased": "decreased", "won": "lost", "lost": "won", "before": "after",
          "after": "before", "more": "less", "higher": "lower", "increase": "decrease", "opened": "closed",
          "confirmed": "denied", "denied": "confirmed", "accepted": "rejected", "supported": "opposed",
          "killed": "freed", "raised": "lowered", "cut": "raised", "started": "ended", "began": "ended"}  # fmt: skip
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}\b")


def main() -> None:
    """Measure and print."""
    options = _options()
    model = EmbeddedModel()
    cache: dict[str, list[float]] = {}

    def similarity(claim: str, quotes: Sequence[str]) -> list[float]:
        fresh = [text for text in (claim, *quotes) if text not in cache]
        cache.update(zip(fresh, model.embed_documents(fresh), strict=True))
        return [sum(a * b for a, b in zip(cache[claim], cache[quote], strict=True)) for quote in quotes]

    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, claim, quote, nearby in _rows(options.data, options.sentences):
        source = Source(article_id="a", title="", publisher="")
        finding = verify(claim, [Quote(text=quote, source=source, nearby=nearby)], similarity)
        counts[kind][finding.verdict] += 1
        if options.show == kind and (finding.verdict is Verdict.SUPPORTED) == kind.startswith("damaged"):
            sys.stdout.write(f"\n{claim}\n  | {quote}\n  = {finding.verdict} {finding.missing}\n")
    _report(counts, options.out)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of folders with articles.jsonl")
    parser.add_argument("--sentences", type=int, default=1500, help="sentences to damage, per folder")
    parser.add_argument("--out", type=Path, help="write the counts here as JSON")
    parser.add_argument("--show", default="", help="print the errors of one kind")
    return parser.parse_args()


def _rows(data: Path, limit: int) -> Iterator[Row]:
    for folder in ("newsqa", "onestop"):
        chance = random.Random(folder)
        articles = _load(data / folder / "articles.jsonl")
        texts = {str(row["id"]): str(row["text"]) for row in articles}
        every = [(text, place) for text in texts.values() for place in range(len(_sentences(text)))]
        for text, place in chance.sample(every, min(limit, len(every))):
            yield from _damaged(text, place, chance)
        for row in _load(data / folder / "questions.jsonl"):
            yield from _asked(row, texts[str(row["article_id"])])


def _load(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


_SPLIT: dict[str, list[str]] = {}


def _sentences(text: str) -> list[str]:
    if text not in _SPLIT:
        _SPLIT[text] = [text[span.start : span.end] for span in sentences(text)]
    return _SPLIT[text]


def _damaged(text: str, place: int, chance: random.Random) -> Iterator[Row]:
    split = _sentences(text)
    quote = split[place]
    nearby = " ".join(split[max(0, place - 4) : place + 4])
    yield "intact: verbatim", quote, quote, nearby
    if len(quote.split()) < 8:
        return
    for kind, damage in _DAMAGES.items():
        claim = damage(quote, split, chance)
        if claim and claim != quote:
            yield kind, claim, quote, nearby


def _figure(quote: str, _: Sequence[str], chance: random.Random) -> str | None:
    found = list(_DIGITS.finditer(quote))
    if not found:
        spelled = [word for word in _SPELLED if re.search(rf"\b{word}\b", quote)]
        return re.sub(rf"\b{spelled[0]}\b", chance.choice(_SPELLED), quote) if spelled else None
    chosen = chance.choice(found)
    digits = chosen[0]
    changed = digits[:-1] + str((int(digits[-1]) + chance.randint(1, 8)) % 10)
    return quote[: chosen.start()] + changed + quote[chosen.end() :]


def _date(quote: str, _: Sequence[str], chance: random.Random) -> str | None:
    for words in (_DAYS, _MONTHS):
        here = [word for word in words if re.search(rf"\b{word}\b", quote)]
        others = [word for word in words if word not in quote]
        if here:
            return re.sub(rf"\b{here[0]}\b", chance.choice(others), quote)
    return None


def _name(quote: str, split: Sequence[str], chance: random.Random) -> str | None:
    here = [name for name in _NAME.findall(quote) if name not in _DAYS + _MONTHS + ["March"]]
    others = sorted({name for other in split for name in _NAME.findall(other)} - set(here) - set(_DAYS + _MONTHS))
    others = [name for name in others if name[:4] not in quote]
    return re.sub(rf"\b{chance.choice(here)}\b", chance.choice(others), quote) if here and others else None


def _negated(quote: str, _: Sequence[str], __: random.Random) -> str | None:
    return _AUXILIARY.sub(r"\1 not", quote, count=1) if not _NEGATED.search(quote) else None


def _affirmed(quote: str, _: Sequence[str], __: random.Random) -> str | None:
    return _NEGATED.sub(lambda found: found[1] or found[2], quote, count=1)


def _turned(quote: str, _: Sequence[str], __: random.Random) -> str | None:
    here = [word for word in _SWAPS if re.search(rf"\b{word}\b", quote)]
    return re.sub(rf"\b{here[0]}\b", _SWAPS[here[0]], quote, count=1) if here else None


def _another(quote: str, split: Sequence[str], chance: random.Random) -> str | None:
    others = [other for other in split if other != quote and len(other.split()) > 7]
    return chance.choice(others) if others else None


def _extended(quote: str, split: Sequence[str], chance: random.Random) -> str | None:
    other = _another(quote, split, chance)
    return f"{quote.rstrip('.')}, and {other[0].lower()}{other[1:]}" if other and quote.endswith(".") else None


def _shortened(quote: str, _: Sequence[str], __: random.Random) -> str | None:
    head = re.split(r", (?:which|who|where|said|according|he|she|while|adding)\b", quote)[0]
    return f"{head.rstrip('.,')}." if 6 <= len(head.split()) < len(quote.split()) and '"' not in quote else None


def _spelled(quote: str, _: Sequence[str], __: random.Random) -> str | None:
    changed = quote
    for value, word in enumerate(_SPELLED[:11], 2):
        changed = re.sub(rf"(?<![\w.,-]){value}(?![\w.,:-])", word, re.sub(rf"\b{word} (?=\w)", f"{value} ", changed))
    return changed.replace(" percent", "%").replace(" million", "m")


_DAMAGES: dict[str, Damage] = {
    "damaged: figure": _figure,
    "damaged: date": _date,
    "damaged: name": _name,
    "damaged: negation added": _negated,
    "damaged: negation removed": _affirmed,
    "damaged: direction": _turned,
    "damaged: another sentence": _another,
    "damaged: foreign clause added": _extended,
    "intact: shortened": _shortened,
    "intact: figures respelled": _spelled,
}


def _asked(row: dict[str, object], text: str) -> Iterator[Row]:
    start, answers = row["start"], row["answers"]
    question = str(row["question"]).strip()
    match = re.fullmatch(r"(?i:who|which \w+)\s((?:is|was|are|were|has|had|will|did)?\s?\w.*)\?", question)
    if not isinstance(start, int) or not isinstance(answers, list) or not match:
        return
    spans = sentences(text)
    holding = [span for span in spans if span.start <= start < span.end]
    if not holding:
        return
    quote = text[holding[0].start : holding[0].end]
    nearby = text[max(0, start - 500) : start + 500]
    yield "intact: question with its answer", f"{answers[0]} {match[1]}.", quote, nearby
    distractors = row.get("distractors")
    for wrong in distractors if isinstance(distractors, list) else ():
        yield "damaged: question with a wrong answer", f"{wrong} {match[1]}.", quote, nearby


def _report(counts: dict[str, Counter[str]], out: Path | None) -> None:
    for kind in sorted(counts, reverse=True):
        total = counts[kind].total()
        shares = "  ".join(f"{verdict} {counts[kind][verdict] / total:6.1%}" for verdict in list(Verdict)[:3])
        sys.stdout.write(f"{kind:40} {total:6}  {shares}\n")
    if out:
        out.write_text(json.dumps({kind: dict(row) for kind, row in counts.items()}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
