"""Compares sentence segmenters on news text: characters a second, sentences found, errors on hand-cut cases; JSON out.

    python -m bench.segmenters ARTICLES.jsonl… --out segmenters.json

Candidates other than the one in use are measured when they can be imported (put them on PYTHONPATH).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rag.sentences import sentences

Segmenter = Callable[[str], list[str]]

CASES = [
    ["The U.S. troops left Sen. John Smith behind.", "He waved."],
    ["WASHINGTON (CNN) -- There are no plans, Mr. Obama said.", "None."],
    ["They met at 5 p.m. Monday in Paris.", "It rained."],
    ["Police came at 11 a.m.", "She called them."],
    ["Doors open at 11 a.m. (ET) and close late.", "Come early."],
    ["It rose 3.75 percent to $1.2bn.", "Shares of No. 10 fell."],
    ['"It is over," he said.', '"We won."'],
    ["“We won!” he said.", "She wept."],
    ['"Really?" she asked.', "He nodded."],
    ["Wait ... what?", "Nothing."],
    ["The talks… stalled, Lt. Gen. Ray Odierno said.", "They go on."],
    ["Spc. Megan Touma died.", "Then-Sen. Obama spoke in Minneapolis-St. Paul."],
    ["An anti-U.S. video appeared.", "It was removed."],
    ["He lives in Washington, D.C.", "The weather is mild."],
    ["1. Superman wins.", "2. Free skiing."],
    ["She said no.", "He agreed."],
    ['He told of "the end of it all" on Monday.', "She left."],
    ["The mayor, Gen. Sir J. R. Smith Jr., left.", "He won."],
    ["South Carolina Republican Gov. Nikki Haley agreed.", "Others did not."],
    ['He called it "a long fight."', "It was not."],
    ["(He paid nothing.)", "She paid twice."],
    ["Jan. 5 was cold in St. Louis.", "So was Feb. 6."],
    ["Apple Inc. of Cupertino sold it.", "Dell Corp. bought it vs. all advice."],
    ["중앙은행은 금리를 3.5%로 동결했다.", "다음 회의는 5월이다."],
    ["הנשיא אמר כן.", "היא הלכה."],
]


def main() -> None:
    """Measure every candidate on the texts of the files given, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    lines = [line for path in options.files for line in _lines(path)]
    result = json.dumps({name: _measured(segmenter, lines) for name, segmenter in _candidates()}, indent=1)
    print(result)
    if options.out:
        options.out.write_text(result + "\n", encoding="utf-8")


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        for row in file:
            yield from filter(str.strip, json.loads(row)["text"].split("\n"))


def _measured(segmenter: Segmenter, lines: list[str]) -> dict[str, object]:
    began, found, characters = time.perf_counter(), 0, 0
    for line in lines:
        found += len(segmenter(line))
        characters += len(line)
        if time.perf_counter() - began > 20:
            break
    seconds = time.perf_counter() - began
    wrong = [case for case in CASES if _words(segmenter(" ".join(case))) != _words(case)]
    return {
        "characters_per_second": round(characters / seconds),
        "characters": characters,
        "sentences": found,
        "cases": len(CASES),
        "wrong": [" | ".join(segmenter(" ".join(case))) for case in wrong],
    }


def _words(pieces: list[str]) -> list[list[str]]:
    return [piece.split() for piece in pieces if piece.strip()]


def _candidates() -> Iterator[tuple[str, Segmenter]]:
    yield "in use", lambda text: [text[start:end] for start, end in sentences(text)]
    for name, made in {"sentencex": _sentencex, "blingfire": _blingfire, "syntok": _syntok, "pysbd": _pysbd}.items():
        if importlib.util.find_spec(name):
            yield name, made()


def _sentencex() -> Segmenter:
    module = importlib.import_module("sentencex")
    return lambda text: list(module.segment("en", text))


def _blingfire() -> Segmenter:
    module = importlib.import_module("blingfire")
    return lambda text: str(module.text_to_sentences(text)).split("\n")


def _syntok() -> Segmenter:
    module = importlib.import_module("syntok.segmenter")
    return lambda text: [
        "".join(token.spacing + token.value for token in sentence)
        for paragraph in module.process(text)
        for sentence in paragraph
    ]


def _pysbd() -> Segmenter:
    segmenter = importlib.import_module("pysbd").Segmenter(language="en", clean=False)
    return lambda text: list(segmenter.segment(text))


if __name__ == "__main__":
    main()
