"""Looks for a broken offset: random texts are cleaned, split into passages and sentences, and checked; JSON out.

Run: python bench/offsets.py [--texts 10000] [--seed 1] [ARTICLES.jsonl...]
Texts mix news sentences (and paragraphs of the files given), markup, other scripts and any unicode.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.clean import clean
from ingest.plain import plain
from ingest.split import split
from rag.types import Article, Passage, Source

NEWS = [
    "WASHINGTON (CNN) -- The U.S. said so. ",
    "Sen. J. R. Smith paid $3.5 million at 5 p.m. Monday. ",
    '"No," she said. "We won!" ',
    "“It is over ... for now.” ",
    "1. First point\n",
    "- a point\n",
    "\n\n",
    " \n \n",
    "\r\n",
]
MARKUP = [
    "<b>bold</b> ",
    "**x** ",
    "[a](http://b.c) ",
    "# Head\n\n",
    "> quote\n",
    "| a | b |\n",
    "`code` ",
    "&amp;",
    "[1.2]",
    "```\n",
]
SCRIPTS = [
    "한국은행은 금리를 동결했다. ",
    "中国政府说。",
    "政府は発表した。",
    "הממשלה הודיעה. ",
    "e\u0301",
    "👩‍👩‍👧",
    "\u200b",
    "\u2028",
    "\x00",
    "\ud800",
]


def main() -> None:
    """Check the texts and print what was found; exit with 1 at a broken offset."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args()
    dice, paragraphs = random.Random(options.seed), [each for path in options.files for each in _paragraphs(path)]
    began, passages, broken = time.perf_counter(), 0, list[dict[str, object]]()
    for number in range(options.texts):
        text = _text(dice, paragraphs)
        limit = dice.choice([1, 20, 200, 1000, 1000])
        found, faults = _checked(text, limit)
        passages += found
        broken.extend({"text": number, "limit": limit, "fault": fault} for fault in faults)
    seconds = round(time.perf_counter() - began, 1)
    result = {"texts": options.texts, "passages": passages, "seconds": seconds, "broken": broken}
    print(json.dumps(result, indent=1))
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if broken else 0)


def _paragraphs(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        for row in file:
            yield from json.loads(row)["text"].split("\n\n")


def _text(dice: random.Random, paragraphs: Sequence[str]) -> str:
    kinds = [NEWS, MARKUP, SCRIPTS, paragraphs or NEWS]
    pieces = [_piece(dice, kinds) for _ in range(dice.randint(0, 60))]
    text = "".join(pieces)
    return plain(text)[1] if dice.random() < 0.3 else text


def _piece(dice: random.Random, kinds: Sequence[Sequence[str]]) -> str:
    if dice.random() < 0.1:
        return "".join(chr(dice.randrange(0x110000)) for _ in range(dice.randint(1, 8)))
    return dice.choice(dice.choice(kinds)) + dice.choice(["", "", " ", "\n\n"])


def _checked(text: str, limit: int) -> tuple[int, list[str]]:
    article = Article(source=Source(article_id="a", title="t"), text=clean(text))
    passages = split(article, limit=limit)
    faults = [] if clean(article.text) == article.text else ["cleaning twice is not cleaning once"]
    if split(article, limit=limit) != passages:
        faults.append("splitting twice differs")
    return len(passages), faults + list(_faults(article, passages, limit))


def _faults(article: Article, passages: Sequence[Passage], limit: int) -> Iterator[str]:
    position = 0
    for passage in passages:
        if article.text[passage.start : passage.end] != passage.text or not passage.text:
            yield "a passage is not its slice"
        if len(passage.text) > limit:
            yield "a passage is above the limit"
        if passage.start < position or article.text[position : passage.start].strip():
            yield "words between passages, or passages out of order"
        position = passage.end
        words = "".join(passage.slice(span) for span in passage.sentences)
        if "".join(words.split()) != "".join(passage.text.split()):
            yield "sentences do not cover their passage"
    if article.text[position:].strip():
        yield "words after the last passage"


if __name__ == "__main__":
    main()
