"""What a session leaves in the log and in the metrics, and what it must not."""

from __future__ import annotations

import io
import json
import logging
import re
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable
from pathlib import Path

from rag.answer import Desk
from rag.errors import ProviderBusyError
from rag.testing.serving import made, serving
from rag.web.server import make_app
from rag.web.service import Service
from rag.web.watching.logs import LOGGER, Logs, configure
from rag.web.watching.metrics import Metrics
from tests.web.watching.conftest import lines

MakeDesk = Callable[..., Desk]
MakeService = Callable[..., Service]
PAGE = (Path(__file__).parents[3] / "docs" / "observability.md").read_text(encoding="utf-8")
SECRET = "dl_0123456789ab_" + "s" * 43
QUESTION = "What is the council's budget, my dear Watson?"


def send(address: str, path: str, body: object = None, method: str | None = None, **headers: str) -> tuple[int, str]:
    data = None if body is None else json.dumps(body).encode()
    sent = {"content-type": "application/json", "authorization": f"Bearer {SECRET}", "cookie": f"a={SECRET}", **headers}
    request = urllib.request.Request(address + path, data, sent, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_session_leaves_its_lines_and_no_secret(
    make_desk: MakeDesk, make_service: MakeService, log: io.StringIO
) -> None:
    with serving(
        make_service(make_desk("The council held the budget at $4.25 million. [1.1]"), watcher=Logs())
    ) as address:
        send(address, "/v1/answers", {"question": QUESTION}, **{"x-request-id": "my-request.1"})
        send(address, "/v1/answers", {"question": QUESTION}, **{"x-request-id": f"{SECRET} \x1b[31m"})
        send(address, f"/nowhere/{SECRET}", method="DELETE")
        send(address, f"/v1/articles/{SECRET}?key={SECRET}")
        send(address, "/healthz")
    told = [line for line in lines(log) if line["logger"] == LOGGER]
    assert [(line["event"], line["request_id"]) for line in told[:2]] == [
        ("answer", "my-request.1"),
        ("request", "my-request.1"),
    ]
    assert {(line["method"], line["route"], line["status"]) for line in told if line["event"] == "request"} == {
        ("POST", "/v1/answers", 200),
        ("DELETE", "none", 404),
        ("GET", "/v1/articles/{article_id}", 422),
    }
    assert (told[0]["status"], told[0]["supported_claims"], told[0]["model"]) == ("answered", 1, "says")
    for private in (SECRET, "Watson", "4.25 million", "nowhere", "\x1b"):
        assert private not in log.getvalue()


def test_every_field_of_a_line_is_explained(make_desk: MakeDesk, make_service: MakeService, log: io.StringIO) -> None:
    with serving(make_service(make_desk(ProviderBusyError("The model is busy.")), watcher=Logs())) as address:
        assert send(address, "/v1/answers", {"question": QUESTION})[0] == 503
    with serving(make_service(make_desk("The council held the budget. [1.1]"), watcher=Logs())) as address:
        assert send(address, "/v1/answers", {"question": QUESTION})[0] == 200
    told = [line for line in lines(log) if line["logger"] == LOGGER]
    assert [(line["event"], line["level"]) for line in told] == [
        ("no answer", "warning"),
        ("request", "warning"),
        ("answer", "info"),
        ("request", "info"),
    ]
    fields = {re.sub(r"^.+_(seconds|claims)$", r"…_\1", name) for line in told for name in line}
    assert not {name for name in fields if f"`{name}`" not in PAGE}


def test_lines_of_others_and_warnings_have_the_same_form(log: io.StringIO) -> None:
    logging.captureWarnings(capture=False)  # pytest catches warnings anew after the fixtures
    configure(as_json=True, stream=log)
    logging.getLogger("another").warning("A line\nof %s", "another")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("about something", stacklevel=1)
    try:
        int("lost")
    except ValueError:
        logging.getLogger("else").exception("It broke")
    first, second, third = lines(log)
    assert (first["event"], first["logger"]) == ("A line\nof another", "another")
    assert "about something" in str(second["event"])
    assert "ValueError: invalid literal" in str(third["exception"])


def test_only_our_own_errors_are_told_in_words_and_shortly(log: io.StringIO) -> None:
    Logs().failed(ValueError(QUESTION))
    Logs().failed(ProviderBusyError("x" * 1000))
    foreign, ours = lines(log)
    assert (foreign["error"], foreign.get("detail")) == ("ValueError", None)
    assert QUESTION not in log.getvalue()
    assert (ours["error"], ours["detail"]) == ("ProviderBusyError", "x" * 300)


def test_a_line_of_text_stays_one_line() -> None:
    root, stream = logging.getLogger(), io.StringIO()
    before = root.handlers[:], root.level
    root.handlers = []
    try:
        configure(as_json=False, stream=stream)
        logging.getLogger("else").warning('two\nlines\x1b[31m level=info "quoted"')
    finally:
        logging.captureWarnings(capture=False)
        root.handlers, root.level = before
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()
    assert 'level=warning event="two' in stream.getvalue()


def test_metrics_count_what_happened(make_desk: MakeDesk, make_service: MakeService) -> None:
    with serving(make_service(make_desk("The council held the budget at $4.25 million. [1.1]"))) as address:
        send(address, "/v1/answers", {"question": QUESTION})
        send(address, "/one")
        send(address, "/two", method="PROPFIND")
        send(address, "/v1/answers", method="PUT")
        status, text = send(address, "/metrics")
    assert status == 200
    for line in (
        'dateline_requests_total{method="POST",route="/v1/answers",status="200"} 1.0',
        'dateline_requests_total{method="GET",route="none",status="404"} 1.0',
        'dateline_requests_total{method="PUT",route="/v1/answers",status="405"} 1.0',
        'dateline_requests_total{method="other",route="none",status="404"} 1.0',
        'dateline_answers_total{model="says",status="answered"} 1.0',
        'dateline_claims_total{verdict="supported"} 1.0',
        'dateline_stage_seconds_count{stage="retrieve"} 1.0',
        "dateline_work_under_way 0.0",
        "dateline_articles 1.0",
    ):
        assert line in text.splitlines()
    assert "process_resident_memory_bytes" in text
    assert "/one" not in text
    assert "PROPFIND" not in text
    assert "_created" not in text


def test_every_metric_is_explained(make_desk: MakeDesk, make_service: MakeService) -> None:
    service = make_service(make_desk())
    made(lambda: make_app(service))
    found = {each.name for each in service.metrics.registry.collect()}
    ours = {name for name in found if name.startswith("dateline_")}
    assert len(ours) > 10
    assert ours == set(re.findall(r"^\| `(dateline_\w+?)(?:_total)?` ", PAGE, re.MULTILINE))


def test_what_cannot_be_read_is_left_out() -> None:
    def broken() -> float:
        raise ProviderBusyError("not now")

    metrics = Metrics()
    metrics.read("broken", "Never there.", broken)
    metrics.read("whole", "There.", lambda: 2)
    text, _ = metrics.text()
    assert b"dateline_whole 2.0" in text
    assert b"broken" not in text


def test_metrics_have_the_form_that_is_asked_for() -> None:
    metrics = Metrics()
    metrics.read("grows", "Grows.", lambda: 2, total=True)
    for accept, media_type, end in (
        ("", "text/plain; version=0.0.4; charset=utf-8", b"dateline_grows_total 2.0\n"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=1.0.0", b"# EOF\n"),
    ):
        text, told = metrics.text(accept)
        assert told.startswith(media_type)
        assert text.endswith(end)
