"""What is counted and measured, in a registry of its own for each service."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from rag.errors import DatelineError
from rag.types import Answer
from rag.web.watching.watcher import Handled, Unwatched

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0)
"""Bounds of what is measured: from a list of articles to the slowest model call that is waited for."""

Read = Callable[[], Mapping[str, float]]


class Metrics(Unwatched):
    """Counts requests and answers. Every label has a bounded number of values."""

    def __init__(self) -> None:
        # A further series for each of ours, which nobody reads.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._requests = self._counter("requests", "Requests by path, method and status.", "route", "method", "status")
        self._request_seconds = self._histogram("request", "From a request's head to its response's end.", "route")
        self._answers = self._counter("answers", "Finished answers by kind and by who wrote them.", "status", "model")
        self._failures = self._counter("answer_failures", "Questions that ended in an error.", "error")
        self._claims = self._counter("claims", "Sentences of answers by how their citations bear them out.", "verdict")
        self._stage_seconds = self._histogram("stage", "How long each stage of an answer takes.", "stage")
        self._tokens = self._counter("tokens", "Tokens of model calls, as the provider counts them.", "model", "kind")
        self._dollars = self._counter("cost_dollars", "What model calls cost by the price table.", "model")

    def handled(self, request: Handled) -> None:
        """Count a request."""
        self._requests.labels(request.route, request.method, request.status).inc()
        self._request_seconds.labels(request.route).observe(request.seconds)

    def answered(self, answer: Answer) -> None:
        """Count an answer."""
        self._answers.labels(answer.status.value, answer.model).inc()
        for claim in answer.claims:
            self._claims.labels(claim.verdict.value).inc()
        for timing in answer.timings:
            self._stage_seconds.labels(timing.stage).observe(timing.seconds)
        self._tokens.labels(answer.model, "input").inc(answer.usage.input_tokens)
        self._tokens.labels(answer.model, "output").inc(answer.usage.output_tokens)
        if answer.cost is not None:
            self._dollars.labels(answer.model).inc(answer.cost)

    def failed(self, error: Exception) -> None:
        """Count a question that has no answer."""
        self._failures.labels(type(error).__name__).inc()

    def read(self, name: str, meaning: str, value: Callable[[], float], *, total: bool = False) -> None:
        """Have a value read whenever the metrics are (a `total` only grows); it is left out while it cannot be."""
        self.registry.register(_Read(f"dateline_{name}", meaning, lambda: {"": value()}, total=total))

    def read_by(self, name: str, meaning: str, label: str, values: Read) -> None:
        """Have several values read, one for each value of a label."""
        self.registry.register(_Read(f"dateline_{name}", meaning, values, label=label))

    def text(self, accept: str = "") -> tuple[bytes, str]:
        """Return everything in the form that a header `Accept` prefers, and its media type; reads the library."""
        encode, media_type = choose_encoder(accept)
        return encode(self.registry), media_type

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"dateline_{name}", meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, *labels: str) -> Histogram:
        return Histogram(f"dateline_{name}_seconds", meaning, labels, buckets=SECONDS, registry=self.registry)


class _Read(Collector):
    """A metric whose values are somebody else's, read when they are asked for."""

    def __init__(self, name: str, meaning: str, read: Read, *, label: str = "", total: bool = False) -> None:
        self._read = read
        self._about = (name, meaning)
        self._labels = [label] if label else []
        self._total = total

    def describe(self) -> Iterator[Metric]:
        yield self._family({})

    def collect(self) -> Iterator[Metric]:
        try:
            yield self._family(self._read())
        except DatelineError:
            return

    def _family(self, values: Mapping[str, float]) -> Metric:
        family = CounterMetricFamily if self._total else GaugeMetricFamily
        found: Metric = family(*self._about, labels=self._labels)
        for name, value in values.items():
            found.add_metric([name] if self._labels else [], value)  # type: ignore[attr-defined]  # both families do
        return found
