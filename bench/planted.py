"""By which name evaluation calls a fault that is planted in an answer, on real news sentences.

    python -m bench.planted --data DIR [--answers N] [--out FILE.json]

DIR holds the folders `newsqa` and `onestop`, each with `articles.jsonl`. Each answer quotes one sentence of an article
and cites it; its passages are those of two articles. A fault is right where the defect of its name is found, and no
other. Rows are faults, columns what was found.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench.questions import library_of
from ingest.split import split
from rag.embed import EmbeddedModel
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Sample
from rag.evaluation.scorers import defects
from rag.evaluation.suites.cases import Asked
from rag.testing import HashingEmbedder
from rag.testing.drafting import drafted
from rag.testing.faults import FAULTS, damaged
from rag.types import Answer, Hit, Passage

Table = dict[str, Counter[str]]
_SENTENCES = ("wrong_source", "wrong_span", "surplus_citation", "negation", "figure", "unsupported_sentence")
_WORDS = 8
"""Words that a quoted sentence has at least."""


def main() -> None:
    """Measure and print."""
    options = _options()
    table: Table = defaultdict(Counter)
    for folder in ("newsqa", "onestop"):
        _plant(options.data / folder, options.answers, table)
    for fault, found in table.items():
        shares = "  ".join(f"{name} {count / found.total():.1%}" for name, count in found.most_common())
        sys.stdout.write(f"{fault:22}{found.total():6}  {shares}\n")
    if options.out:
        options.out.write_text(json.dumps({fault: dict(found) for fault, found in table.items()}, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of folders with articles.jsonl")
    parser.add_argument("--answers", type=int, default=500, help="answers per folder")
    parser.add_argument("--out", type=Path, help="write the counts here as JSON")
    return parser.parse_args()


def _plant(folder: Path, count: int, table: Table) -> None:
    with library_of(folder, HashingEmbedder()) as library:
        evidence = Evidence(library, EmbeddedModel())
        for answer in _answers(evidence, random.Random(folder.name), count):
            sample = Sample(suite="bench", case_id="bench", asked="", answer=answer)
            table["none"][_found(sample, evidence)] += 1
            for fault in _SENTENCES:
                if planted := damaged(sample, FAULTS[fault], library):
                    table[fault][_found(planted, evidence)] += 1


def _answers(evidence: Evidence, chance: random.Random, count: int) -> Iterator[Answer]:
    """Yield answers that quote a sentence each, over the passages of its article and of another one."""
    library = evidence.library
    articles = [summary.source.article_id for summary in library.articles(limit=sys.maxsize)]
    generation = library.generation()
    while count:
        mine, other = (split(library.article(each))[:4] for each in chance.sample(articles, 2))
        hits = [Hit(passage=passage, score=1.0) for passage in (*mine, *other)]
        i, j = chance.choice([(i, j) for i, passage in enumerate(mine) for j in range(len(passage.sentences))])
        words = _words(mine[i], j)
        if len(words.split()) >= _WORDS and "[" not in words:
            count -= 1
            answer = drafted(f"{words} [{i + 1}.{j + 1}]", hits, evidence.similarity)
            yield replace(answer, generation=generation)


def _words(passage: Passage, place: int) -> str:
    return " ".join(passage.slice(passage.sentences[place]).split())


def _found(sample: Sample, evidence: Evidence) -> str:
    scores = defects.score(Asked(question="?"), sample, evidence)
    return " + ".join(sorted(score.metric.removeprefix("defect.") for score in scores if score.value)) or "nothing"


if __name__ == "__main__":
    main()
