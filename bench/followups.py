"""How well follow-up questions find their article: alone, with the history before them, and rewritten.

``python bench/followups.py --data DIR --out FILE.json``; DIR holds ``articles.jsonl`` and ``questions.jsonl``, whose
rows have ``question``, ``history`` (pairs of question and answer) and ``article_id``.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from ingest import ingest
from rag.embed import EmbeddedModel
from rag.library import open_library
from rag.protocols import Retriever
from rag.question.rewrite import HistoryRewriter
from rag.retrieval.hybrid import DenseRetriever, HybridRetriever, LexicalRetriever
from rag.types import Scope, Turn

DEPTH = 40
"""Passages that are looked at; their articles are counted once each, in order."""

Row = Mapping[str, object]
Asking = Callable[[str, Sequence[Turn]], str]


def alone(question: str, history: Sequence[Turn]) -> str:
    """Return the last question as it is."""
    return question if history or question else ""


def prepended(question: str, history: Sequence[Turn]) -> str:
    """Return everything said so far, then the question."""
    return " ".join([*(f"{turn.question} {turn.answer}" for turn in history), question])


def rewritten(question: str, history: Sequence[Turn]) -> str:
    """Return the question as the rules rewrite it."""
    return HistoryRewriter().rewrite(question, history)[0]


ASKINGS: dict[str, Asking] = {"alone": alone, "prepended": prepended, "rewritten": rewritten}


def rows(data: Path) -> list[dict[str, object]]:
    """Return the questions that articles answer."""
    lines = (data / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if not row.get("unanswerable")]


def turns(row: Row) -> list[Turn]:
    """Return the conversation before a question."""
    pairs = row["history"]
    assert isinstance(pairs, list)
    return [Turn(question=question, answer=answer) for question, answer in pairs]


def hits(retriever: Retriever, asking: Asking, questions: Sequence[Row]) -> dict[str, float]:
    """Return the shares of questions whose article comes first, and among the first five."""
    places = [_place(retriever, asking(str(row["question"]), turns(row)), str(row["article_id"])) for row in questions]
    return {f"hit@{n}": round(sum(place <= n for place in places) / len(places), 3) for n in (1, 5)}


def _place(retriever: Retriever, query: str, article: str) -> int:
    found = retriever.retrieve(query, Scope(), DEPTH)
    order = list(dict.fromkeys(hit.passage.source.origin_id for hit in found))
    return order.index(article) + 1 if article in order else DEPTH + 1


def measure(data: Path) -> dict[str, object]:
    """Return every way of asking under every retriever, and examples of rewritten questions."""
    questions, embedder = rows(data), EmbeddedModel()
    with tempfile.TemporaryDirectory() as place:
        library = open_library(Path(place), model=embedder.name, dimension=embedder.dimension, create=True)
        with closing(library):
            ingest([data / "articles.jsonl"], library, embedder)
            lexical = LexicalRetriever(library=library)
            dense = DenseRetriever(library=library, embedder=embedder)
            hybrid = HybridRetriever(dense=dense, lexical=lexical)
            retrievers: dict[str, Retriever] = {"lexical": lexical, "dense": dense, "hybrid": hybrid}
            table = {
                name: {way: hits(retriever, asking, questions) for way, asking in ASKINGS.items()}
                for name, retriever in retrievers.items()
            }
    examples = [
        {"asked": row["question"], "searched": rewritten(str(row["question"]), turns(row))} for row in questions
    ]
    unchanged = sum(each["asked"] == each["searched"] for each in examples)
    return {"questions": len(questions), "unchanged": unchanged, "article": table, "examples": examples[::10]}


def main() -> None:
    """Measure, write the figures, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    found = measure(given.data)
    given.out.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps({key: value for key, value in found.items() if key != "examples"}, indent=1))


if __name__ == "__main__":
    main()
