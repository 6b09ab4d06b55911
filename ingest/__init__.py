"""Turns files into articles, and articles into indexed passages."""

from ingest.adding import add
from ingest.pipeline import ingest
from ingest.values import Duplicate, Failure, Progress, Report

__all__ = ["Duplicate", "Failure", "Progress", "Report", "add", "ingest"]
