"""Reports of a run, each from the same `Report`: for a terminal, for scripts, for CI, for review, for reading."""

from rag.evaluation.reports.html import write_html
from rag.evaluation.reports.json_form import write_json
from rag.evaluation.reports.junit import write_junit
from rag.evaluation.reports.markdown import write_markdown
from rag.evaluation.reports.terminal import terminal_text

__all__ = ["terminal_text", "write_html", "write_json", "write_junit", "write_markdown"]
