"""What an ingest did, as text and as JSON."""

from __future__ import annotations

from ingest.names import path_text
from ingest.values import Failure, Report
from rag.wire import SCHEMA, Json


def report_text(report: Report) -> str:
    """Return the counts in one line."""
    counts = {
        "added": len(report.added),
        "updated": len(report.updated),
        "unchanged": len(report.unchanged),
        "failed": len(report.failed),
    }
    told = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing to read"
    copies = len(report.duplicates)
    return f"{told} ({copies} nearly {'repeats' if copies == 1 else 'repeat'} another article)" if copies else told


def partial_report(error: BaseException) -> Report | None:
    """Return what an ingest that ended with this error had committed, or None if it had not begun."""
    report = getattr(error, "report", None)
    return report if isinstance(report, Report) else None


def report_object(report: Report) -> dict[str, Json]:
    """Return the whole account."""
    return {
        "schema": SCHEMA,
        "complete": report.complete,
        "added": list(report.added),
        "updated": list(report.updated),
        "unchanged": list(report.unchanged),
        "duplicates": [
            {"article_id": copy.article_id, "duplicate_of": copy.duplicate_of} for copy in report.duplicates
        ],
        "failed": [_failure(failure) for failure in report.failed],
        "remarks": [_failure(remark) for remark in report.remarks],
    }


def _failure(failure: Failure) -> dict[str, Json]:
    return {"path": path_text(failure.path), "place": failure.place, "reason": failure.reason}
