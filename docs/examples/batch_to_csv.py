"""Answers many questions into a table: python batch_to_csv.py QUESTIONS.txt ANSWERS.csv [LIBRARY].

The file has a question on each line. The table has a row for each citation, and one for an answer without any.
"""

import asyncio
import csv
import sys
from pathlib import Path

import rag
from rag.wire import answer_object

ANSWER = ["question", "status", "answer"]
CITATION = ["marker", "quote", "title", "publisher", "published", "url", "article_id", "version", "start", "end"]


async def main(questions: str, table: str, *library_path: str) -> None:
    asked = [line.strip() for line in Path(questions).read_text("utf-8").splitlines() if line.strip()]
    with rag.open(*library_path) as library, Path(table).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*ANSWER, *CITATION])
        writer.writeheader()
        unanswered = iter(asked)
        async for made in library.abatch(asked, concurrency=4):
            for row in rows(next(unanswered), made):
                writer.writerow({name: harmless(value) for name, value in row.items()})


def rows(question: str, made: rag.Answer | rag.DatelineError) -> list[dict[str, object]]:
    if not isinstance(made, rag.Answer):
        return [{"question": question, "status": "error", "answer": str(made)}]
    fields = answer_object(made)
    answer = {"question": question, "status": fields["status"], "answer": fields["text"]}
    return [{**answer, **cited} for cited in fields["citations"]] or [answer]


def harmless(value: object) -> object:
    """Keep a spreadsheet from taking the words of an article for a formula."""
    return f"'{value}" if str(value).startswith(("=", "+", "-", "@", "\t", "\r")) else value


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
