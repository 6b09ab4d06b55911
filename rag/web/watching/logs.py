"""Log lines: one for each request and one for each answer. Never a key, a question or the text of an article."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog
from asgi_correlation_id import correlation_id
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from rag.errors import DatelineError
from rag.plain import safe
from rag.types import Answer, Verdict
from rag.web.watching.watcher import Handled, Unwatched

LOGGER = "dateline"
_LONGEST = 300
"""Characters of an error's message; a model server's own words in it may quote what it was sent."""


class Logs(Unwatched):
    """Writes the lines."""

    def __init__(self) -> None:
        self._log = structlog.wrap_logger(
            logging.getLogger(LOGGER),
            processors=[structlog.stdlib.filter_by_level, *_ABOUT, ProcessorFormatter.wrap_for_formatter],
            wrapper_class=structlog.stdlib.BoundLogger,
        )

    def handled(self, request: Handled) -> None:
        """Write the line of a request; health checks and files of the page only at the level of debugging."""
        level = logging.DEBUG if request.minor and request.status < 400 else logging.INFO
        self._log.log(
            level if request.status < 500 else logging.WARNING,
            "request",
            method=request.method,
            route=request.route,
            status=request.status,
            seconds=round(request.seconds, 6),
            key=request.key,
            client=request.address,
        )

    def answered(self, answer: Answer) -> None:
        """Write the line of an answer."""
        verdicts = [claim.verdict for claim in answer.claims]
        self._log.info(
            "answer",
            status=answer.status.value,
            model=answer.model,
            generation=answer.generation,
            input_tokens=answer.usage.input_tokens,
            output_tokens=answer.usage.output_tokens,
            cost=answer.cost,
            **{f"{verdict.value}_claims": verdicts.count(verdict) for verdict in Verdict},
            **{f"{timing.stage}_seconds": round(timing.seconds, 6) for timing in answer.timings},
            note=answer.note[:_LONGEST] if answer.note else None,
        )

    def failed(self, error: Exception) -> None:
        """Write the line of a question that has no answer."""
        # What others raise may hold anything; the line of the request says that it failed, and a traceback where.
        detail = str(error)[:_LONGEST] if isinstance(error, DatelineError) else None
        self._log.warning("no answer", error=type(error).__name__, detail=detail)


def configure(*, as_json: bool, stream: TextIO | None = None) -> None:
    """Give every log line and warning of this process one form, on standard error unless a stream is given."""
    form: Processor = (
        structlog.processors.JSONRenderer(default=repr)
        if as_json
        else structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False)
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=list(_ABOUT), processors=[ProcessorFormatter.remove_processors_meta, _safe, form]
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger(LOGGER).setLevel(logging.INFO)
    logging.captureWarnings(capture=True)


def _with_request(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    if request := correlation_id.get():
        line["request_id"] = request
    return line


def _safe(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Leave out what nobody fills in, and make characters harmless that would act on a terminal."""
    return {name: safe(value) if isinstance(value, str) else value for name, value in line.items() if value is not None}


_ABOUT: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    _with_request,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)
