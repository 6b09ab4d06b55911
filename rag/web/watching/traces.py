"""Traces: a span for each request, answer, stage and model call, sent to an OpenTelemetry collector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import TypedDict

from opentelemetry import trace
from opentelemetry.propagators.textmap import Getter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.contextvars import bound_contextvars

from rag.protocols import ChatModel, Message
from rag.types import Answer, Usage
from rag.web.watching.watcher import NOWHERE, Handled

_NANO = 1_000_000_000


class _Quiet(TypedDict):
    record_exception: bool
    set_status_on_exception: bool


_QUIET: _Quiet = {"record_exception": False, "set_status_on_exception": False}
"""What an error says may quote an article."""


class Traces:
    """Makes the spans, and hands them to an exporter in batches, from a thread of its own."""

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        resource = Resource.create({SERVICE_NAME: "dateline", SERVICE_VERSION: version("dateline")})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter or _otlp()))
        self._tracer = self._provider.get_tracer("dateline")
        self._propagator = TraceContextTextMapPropagator()

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()

    @contextmanager
    def handling(self, headers: Mapping[str, str]) -> Iterator[None]:
        """Surround a request with a span, below the one that its `traceparent` names."""
        above = self._propagator.extract(headers, getter=_HEADERS)
        with (
            self._tracer.start_as_current_span("request", above, kind=SpanKind.SERVER, **_QUIET) as span,
            bound_contextvars(trace_id=format_trace_id(span.get_span_context().trace_id)),  # for log lines
        ):
            yield

    def handled(self, request: Handled) -> None:
        """Describe the request's span."""
        span = trace.get_current_span()
        span.set_attributes({"http.request.method": request.method, "http.response.status_code": request.status})
        if request.route == NOWHERE:
            span.update_name(request.method)
        else:
            span.update_name(f"{request.method} {request.route}")
            span.set_attribute("http.route", request.route)
        if request.status >= 500:
            span.set_status(Status(StatusCode.ERROR))

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Surround the making of an answer with a span."""
        with self._tracer.start_as_current_span("answer", **_QUIET):
            yield

    def answered(self, answer: Answer) -> None:
        """Describe the answer's span, and put spans below it for its stages, one after the other."""
        span = trace.get_current_span()
        span.set_attributes(
            {
                "dateline.status": answer.status.value,
                "dateline.model": answer.model,
                "dateline.generation": answer.generation,
                **({} if answer.cost is None else {"dateline.cost": answer.cost}),
            }
        )
        if not isinstance(span, ReadableSpan) or span.start_time is None:
            return  # a sampler left the span out
        began = span.start_time
        for timing in answer.timings:
            ended = began + round(timing.seconds * _NANO)
            self._tracer.start_span(f"stage {timing.stage}", start_time=began).end(ended)
            began = ended

    def failed(self, error: Exception) -> None:
        """Mark the answer's span with the kind of error."""
        trace.get_current_span().set_status(Status(StatusCode.ERROR, type(error).__name__))

    def model(self, model: ChatModel) -> ChatModel:
        """Return the model, with a span around each of its calls."""
        return _TracedModel(model, self._tracer)


class _TracedModel:
    def __init__(self, model: ChatModel, tracer: trace.Tracer) -> None:
        self._model, self._tracer = model, tracer

    @property
    def name(self) -> str:
        return self._model.name

    def stream(self, messages: Sequence[Message]) -> Iterator[str | Usage]:
        about = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",  # whose protocol is spoken; who serves the model is not known
            "gen_ai.request.model": self.name,
        }
        span = self._tracer.start_span(f"chat {self.name}", kind=SpanKind.CLIENT, attributes=about)
        try:
            for piece in self._model.stream(messages):
                if isinstance(piece, Usage):
                    span.set_attribute("gen_ai.usage.input_tokens", piece.input_tokens)
                    span.set_attribute("gen_ai.usage.output_tokens", piece.output_tokens)
                yield piece
        except Exception as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            span.end()


class _Headers(Getter[Mapping[str, str]]):
    def get(self, carrier: Mapping[str, str], key: str) -> list[str] | None:
        return [carrier[key]] if key in carrier else None

    def keys(self, carrier: Mapping[str, str]) -> list[str]:
        return list(carrier)


_HEADERS = _Headers()


def _otlp() -> SpanExporter:
    """Return the exporter whose address and headers are in OpenTelemetry's own variables."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - needs no server

    return OTLPSpanExporter()
