"""What the service keeps beside the articles, in one SQLite file: keys, sessions, jobs, replies, feedback."""

from rag.records.store import Records, open_records

__all__ = ["Records", "open_records"]
