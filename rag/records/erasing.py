"""Erases what the records hold of articles that were removed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from rag.records import feedback, jobs, replies
from rag.records.store import FILE, Records, open_records


def erase_at(directory: Path, article_ids: Sequence[str]) -> None:
    """Erase these articles from the records in a directory, if there are any; raise StorageError."""
    if (directory / FILE).exists():
        with closing(open_records(directory)) as records:
            erase(records, article_ids)


def erase(records: Records, article_ids: Sequence[str]) -> None:
    """Erase every word of these articles from the records, their bytes included; raise StorageError.

    Of feedback the rating stays; of the answer to an ingest the fact that it was given, so that it is not done again.
    """
    with records.transaction() as connection:
        for table in (feedback.TABLE, feedback.ARTICLES, jobs.TABLE, replies.TABLE):
            connection.execute(table)
        for article_id in article_ids:
            connection.execute(
                "UPDATE feedback SET answer = NULL, comment = NULL, correction = NULL "
                "WHERE number IN (SELECT feedback FROM feedback_articles WHERE article_id = ?)",
                (article_id,),
            )
            connection.execute("DELETE FROM feedback_articles WHERE article_id = ?", (article_id,))
            named = json.dumps(article_id, ensure_ascii=False)
            connection.execute("UPDATE replies SET body = NULL WHERE instr(body, ?)", (named.encode(),))
            # Remarks repeat what stood in a field.
            connection.execute(
                "UPDATE jobs SET report = json_set(report, '$.remarks', json('[]')) WHERE instr(report, ?)", (named,)
            )
    records.write_back()
