from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from rag.answer import Desk
from rag.errors import ProviderBusyError
from rag.generate.answerer import GenerativeAnswerer
from rag.testing import ScriptedChat
from rag.testing.serving import serving
from rag.types import Usage
from rag.web.service import Service
from rag.web.watching.logs import Logs
from rag.web.watching.traces import Traces
from rag.web.watching.watcher import Several
from tests.web.watching.conftest import lines

MakeService = Callable[..., Service]
ASKED = {"question": "What is the council's budget?"}
ABOVE = "0af7651916cd43dd8448eb211c80319c"


def ask(address: str) -> int:
    headers = {"content-type": "application/json", "traceparent": f"00-{ABOVE}-b7ad6b7169203331-01"}
    request = urllib.request.Request(f"{address}/v1/answers", json.dumps(ASKED).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_trace_goes_from_the_client_to_the_model(make_desk: Callable[..., Desk], make_service: MakeService) -> None:
    exporter = InMemorySpanExporter()
    with closing(Traces(exporter)) as traces:
        chat = traces.model(
            ScriptedChat(
                ["The council held the budget at $4.25 million. [1.1]", Usage(input_tokens=7, output_tokens=3)]
            )
        )
        desk = replace(make_desk(), answerer=GenerativeAnswerer(model=chat))
        with serving(make_service(desk, watcher=traces)) as address:
            assert ask(address) == 200
    spans = {span.name: span for span in exporter.get_finished_spans()}
    request, answer = spans["POST /v1/answers"], spans["answer"]
    assert {format(span.context.trace_id, "032x") for span in spans.values()} == {ABOVE}
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/v1/answers",
        "http.response.status_code": 200,
    }
    assert answer.parent
    assert answer.parent.span_id == request.context.span_id
    below = {name for name, span in spans.items() if span.parent and span.parent.span_id == answer.context.span_id}
    assert below == {
        "chat scripted",
        *(f"stage {name}" for name in ["standalone", "scope", "retrieve", "answer", "ground"]),
    }
    assert spans["chat scripted"].attributes
    assert spans["chat scripted"].attributes["gen_ai.usage.input_tokens"] == 7
    assert spans["chat scripted"].attributes["gen_ai.provider.name"] == "openai"
    assert answer.attributes
    assert answer.attributes["dateline.status"] == "answered"


def test_a_failure_is_marked_without_its_words(make_desk: Callable[..., Desk], make_service: MakeService) -> None:
    exporter = InMemorySpanExporter()
    with closing(Traces(exporter)) as traces:
        service = make_service(make_desk(ProviderBusyError("It repeats the article.")), watcher=traces)
        with serving(service) as address:
            assert ask(address) == 503
    told = "".join(span.to_json() for span in exporter.get_finished_spans())
    assert "ProviderBusyError" in told
    assert "It repeats" not in told


def test_a_path_that_does_not_exist_has_no_route(make_desk: Callable[..., Desk], make_service: MakeService) -> None:
    exporter = InMemorySpanExporter()
    with closing(Traces(exporter)) as traces, serving(make_service(make_desk(), watcher=traces)) as address:
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{address}/nowhere", timeout=30)
        refused.value.close()
    [span] = exporter.get_finished_spans()
    assert span.name == "GET"
    assert span.attributes == {"http.request.method": "GET", "http.response.status_code": 404}


def test_log_lines_name_the_trace(make_desk: Callable[..., Desk], make_service: MakeService, log: io.StringIO) -> None:
    with closing(Traces(InMemorySpanExporter())) as traces:
        watcher = Several((traces, Logs()))
        with serving(make_service(make_desk("The council held the budget. [1.1]"), watcher=watcher)) as address:
            assert ask(address) == 200
    told = [(line["event"], line["trace_id"]) for line in lines(log)]
    assert told == [("answer", ABOVE), ("request", ABOVE)]


@pytest.fixture
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    received: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()
        thread.join()


def test_spans_are_sent_where_the_standard_variable_says(
    collector: tuple[str, list[ExportTraceServiceRequest]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, received = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
    with closing(Traces()) as traces, traces.answering():
        pass
    [sent] = [span for request in received for each in request.resource_spans for span in each.scope_spans[0].spans]
    assert sent.name == "answer"
