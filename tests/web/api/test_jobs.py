"""Articles in and out over HTTP, with a library of their own on the disk."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from ingest.intake import LibraryIntake
from rag.errors import StorageError
from rag.library import LocalLibrary, open_library
from rag.protocols import Intake, Submission
from rag.records import open_records
from rag.records.jobs import Jobs
from rag.testing.library import EMBEDDER
from rag.testing.serving import serving
from rag.web.api import cursor
from rag.web.api.uploads import LARGEST_JSON
from rag.web.service import Service
from rag.wire import Json
from tests.web.api.conftest import MakeDesk, MakeService

FERRY = "A ferry struck the pier on Monday. Fourteen passengers were hurt, said the harbour master Tom Reed."
ROW = {"title": "Ferry strikes pier", "publisher": "Harbour Courier", "published": "2023-05-04", "text": FERRY}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalLibrary]:
    made = open_library(
        tmp_path_factory.mktemp("shelf") / "library", model=EMBEDDER.name, dimension=EMBEDDER.dimension, create=True
    )
    with closing(made) as library:
        yield library


@pytest.fixture(scope="module")
def service_of(shelf: LocalLibrary, make_desk: MakeDesk, make_service: MakeService) -> Callable[..., Service]:
    def make(intake: Intake | None = None, **options: object) -> Service:
        intake = intake or LibraryIntake(library=shelf, embedder=EMBEDDER)
        return make_service(replace(make_desk(), library=shelf), intake=intake, **options)

    return make


@pytest.fixture(scope="module")
def client(service_of: Callable[..., Service]) -> Iterator[httpx.Client]:
    with serving(service_of()) as address, httpx.Client(base_url=address) as made:
        yield made


def upload(client: httpx.Client, *files: tuple[str, str], **headers: str) -> httpx.Response:
    parts = [("files", (name, text.encode())) for name, text in files]
    return client.post("/v1/articles", files=parts, headers=headers)


def counts(reply: httpx.Response) -> tuple[int, int, int, int]:
    told = reply.raise_for_status().json()
    return len(told["added"]), len(told["updated"]), len(told["unchanged"]), len(told["failed"])


def test_the_same_upload_twice_changes_nothing(client: httpx.Client, shelf: LocalLibrary) -> None:
    page = f"---\ntitle: Ferry strikes pier\n---\n{FERRY}\n"
    assert counts(upload(client, ("ferry.md", page))) == (1, 0, 0, 0)
    generation = shelf.generation()
    assert counts(upload(client, ("ferry.md", page))) == (0, 0, 1, 0)
    assert shelf.generation() == generation


def test_an_upload_that_was_corrected_is_a_version(client: httpx.Client, shelf: LocalLibrary) -> None:
    [name] = upload(client, ("ferry.txt", FERRY)).json()["added"]
    told = upload(client, ("ferry.txt", FERRY.replace("Fourteen", "Fifteen"))).json()
    assert told["updated"] == [name]
    assert "Fifteen" in shelf.article(name).text
    assert len(shelf.versions(name)) == 2


def test_two_files_that_are_called_alike_are_two_articles(client: httpx.Client, shelf: LocalLibrary) -> None:
    budget = "The council held the budget at four million. It was a pause, the mayor said on the steps of the hall."
    for _ in range(2):
        upload(client, ("article.txt", FERRY)).raise_for_status()
        upload(client, ("article.txt", budget)).raise_for_status()
    texts = [shelf.article(each.source.article_id).text for each in shelf.articles(limit=1000)]
    assert texts.count(budget) == 1
    assert counts(upload(client, ("article.txt", budget))) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.txt", "..\\..\\boot.txt", "/abs/olute.txt", "a\tb.txt", "é" * 300 + ".txt"]
)
def test_names_of_uploads_are_only_names(client: httpx.Client, shelf: LocalLibrary, name: str) -> None:
    before = sorted(path.name for path in shelf.directory.parent.iterdir())
    assert counts(upload(client, (name, FERRY))) == (1, 0, 0, 0)
    assert counts(upload(client, (name, FERRY))) == (0, 0, 1, 0)
    assert sorted(path.name for path in shelf.directory.parent.iterdir()) == before


def test_what_cannot_be_used_does_not_stop_the_rest(client: httpx.Client) -> None:
    rows = json.dumps(ROW) + "\n{broken\n"
    told = upload(client, ("a.pdf", "%PDF-1.7"), ("b.txt", ""), ("c.jsonl", rows), ("d.txt", FERRY + " Late.")).json()
    assert len(told["added"]) == 2
    assert [(each["path"], each["place"]) for each in told["failed"]] == [
        ("a.pdf", ""),
        ("b.txt", ""),
        ("c.jsonl", "line 2"),
    ]
    assert told["complete"]


def test_nothing_that_can_be_used_is_a_problem(client: httpx.Client) -> None:
    reply = upload(client, ("a.pdf", "%PDF-1.7"))
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["failed"] == [
        {
            "path": "a.pdf",
            "place": "",
            "reason": "This kind of file is not read; give .md, .txt, .html, .json or .jsonl.",
        }
    ]


def test_articles_as_json(client: httpx.Client, shelf: LocalLibrary) -> None:
    rows: list[dict[str, object]] = [
        {**ROW, "author": "Ruth Hale", "language": "en", "id": 17},
        {"text": "Nothing else is known of this one."},
    ]
    reply = client.post("/v1/articles", json={"articles": rows})
    assert counts(reply) == (2, 0, 0, 0)
    first = shelf.article(reply.json()["added"][0]).source
    assert (first.title, first.publisher, first.author, first.origin_id) == (
        "Ferry strikes pier",
        "Harbour Courier",
        "Ruth Hale",
        "17",
    )
    assert counts(client.post("/v1/articles", json={"articles": rows[::-1]})) == (0, 0, 2, 0)
    changed = [{**rows[0], "text": "It was a buoy, not a ferry."}]
    assert client.post("/v1/articles", json={"articles": changed}).json()["updated"] == [first.article_id]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[]", 422),
        ("{}", 422),
        ('{"articles": []}', 422),
        ('{"articles": [{"title": "no text"}]}', 422),
        ('{"articles": [{"text": "a", "colour": "red"}]}', 422),
        ('{"articles": [{"text": 5}]}', 422),
        ('{"urls": []}', 422),
        ('{"urls": ["https://example.org"], "articles": [{"text": "a"}]}', 422),
        ('{"articles": [{"text": "!"}]}', 422),
    ],
)
def test_json_that_cannot_be_used(client: httpx.Client, body: str, status: int) -> None:
    reply = client.post("/v1/articles", content=body, headers={"content-type": "application/json"})
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"articles": [0] * 2_000}, "articles"),
        ({"articles": [{"text": "a"}, {f"field {number}": "" for number in range(2_000)}]}, "articles.1"),
        ({"urls": [0] * 2_000}, "urls"),
        ({f"field {number}": "" for number in range(2_000)}, "body"),
    ],
)
def test_json_with_more_than_can_be_right_is_one_mistake(client: httpx.Client, body: object, where: str) -> None:
    reply = client.post("/v1/articles", json=body)
    assert (reply.status_code, [each["where"] for each in reply.json()["errors"]]) == (422, [where])


def test_json_that_is_too_large(client: httpx.Client) -> None:
    reply = client.post("/v1/articles", json={"articles": [{"text": "a" * LARGEST_JSON}]})
    assert (reply.status_code, reply.json()["type"]) == (413, "urn:dateline:problem:too-large")


def test_other_bodies(client: httpx.Client) -> None:
    assert client.post("/v1/articles", content="Hello", headers={"content-type": "text/plain"}).status_code == 415
    assert client.post("/v1/articles", data={"files": "no file"}, files={"f": ("a.txt", b"A.")}).status_code == 422
    broken = client.post("/v1/articles", content=b"--x", headers={"content-type": "multipart/form-data; boundary=x"})
    assert 400 <= broken.status_code < 500


def test_addresses_that_are_not_public_are_told_of(client: httpx.Client) -> None:
    reply = client.post("/v1/articles", json={"urls": ["http://169.254.169.254/latest", "ftp://example.org/a"]})
    assert reply.status_code == 422
    assert [each["path"] for each in reply.json()["failed"]] == ["http://169.254.169.254/latest", "ftp://example.org/a"]


def test_a_server_without_intake_says_so(make_desk: MakeDesk, make_service: MakeService) -> None:
    with serving(make_service(make_desk())) as address, httpx.Client(base_url=address) as client:
        for reply in (
            client.post("/v1/articles", json={"urls": ["https://a.example"]}),
            client.delete("/v1/articles/harbour"),
        ):
            assert (reply.status_code, reply.json()["type"]) == (403, "urn:dateline:problem:read-only")
        assert client.get("/v1/jobs").json()["jobs"] == []


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/feedback"])
def test_cursors_that_are_not_ours_are_refused(client: httpx.Client, path: str) -> None:
    others = {"/v1/jobs": "feedback", "/v1/feedback": "jobs"}[path]
    for given in ("", "x", "job_0d9c7a4be1f2a3b4c5d6e7f8", "bnVsbA", cursor.write_number(others, 1)):
        reply = client.get(path, params={"cursor": given})
        assert (reply.status_code, reply.json()["type"]) == (400, "urn:dateline:problem:bad-request")


def test_a_cursor_holds_when_what_it_was_made_of_is_forgotten(tmp_path: Path) -> None:
    with closing(open_records(tmp_path)) as records:
        jobs = Jobs(records)
        first, second = jobs.add(1), jobs.add(1)
        [last] = jobs.list(limit=1)
        assert last.id == second.id
        with records.transaction() as connection:
            connection.execute("DELETE FROM jobs WHERE id = ?", (second.id,))
        assert [each.id for each in jobs.list(limit=9, before=last.number)] == [first.id]


class Gated:
    """An intake that stops before each submission until it is let through."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self.began = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)

    def take(
        self, submissions: Sequence[Submission], progress: Callable[[int, int], None] = lambda _done, _articles: None
    ) -> Mapping[str, Json]:
        def met(done: int, articles: int) -> None:
            self.began.release()
            assert self.go_on.acquire(timeout=20)
            progress(done, articles)

        return self._intake.take(submissions, met)


@pytest.fixture
def gated(shelf: LocalLibrary) -> Gated:
    return Gated(LibraryIntake(library=shelf, embedder=EMBEDDER))


def until_ended(client: httpx.Client, job: str) -> dict[str, Json]:
    while True:
        told: dict[str, Json] = client.get(f"/v1/jobs/{job}").raise_for_status().json()
        if told["ended"]:
            return told


def test_a_long_one_is_a_job(service_of: Callable[..., Service], gated: Gated) -> None:
    with serving(service_of(gated)) as address, httpx.Client(base_url=address) as client:
        reply = upload(client, ("a.txt", FERRY), Prefer="respond-async")
        assert (reply.status_code, reply.headers["preference-applied"]) == (202, "respond-async")
        first = reply.json()["id"]
        assert reply.headers["location"] == f"/v1/jobs/{first}"
        assert gated.began.acquire(timeout=20)
        assert client.get(f"/v1/jobs/{first}").json()["status"] == "running"
        second = upload(client, ("b.txt", FERRY), Prefer="wait=0").json()
        assert second["status"] == "queued"
        assert client.delete(f"/v1/jobs/{second['id']}").json()["status"] == "cancelled"
        gated.go_on.release(100)
        done = until_ended(client, first)
        assert (done["status"], done["done"], done["total"]) == ("done", 1, 1)
        assert client.delete(f"/v1/jobs/{first}").status_code == 409
        assert client.delete("/v1/jobs/job_unknown").status_code == 404
        assert until_ended(client, second["id"])["report"] is None
        assert [each["id"] for each in client.get("/v1/jobs").json()["jobs"]] == [second["id"], first]
        page = client.get("/v1/jobs", params={"limit": 1}).json()
        assert [each["id"] for each in page["jobs"]] == [second["id"]]
        rest = client.get("/v1/jobs", params={"limit": 1, "cursor": page["next"]}).json()
        assert ([each["id"] for each in rest["jobs"]], rest["next"]) == ([first], None)
        assert client.get("/v1/jobs/job_unknown").status_code == 404


def test_who_waits_for_a_job_hears_that_it_was_called_off(service_of: Callable[..., Service], gated: Gated) -> None:
    with serving(service_of(gated)) as address, httpx.Client(base_url=address) as client:
        upload(client, ("a.txt", FERRY), Prefer="respond-async")
        assert gated.began.acquire(timeout=20)
        replies: list[httpx.Response] = []
        waiting = threading.Thread(target=lambda: replies.append(upload(client, ("b.txt", FERRY))))
        waiting.start()
        while (
            len(jobs := client.get("/v1/jobs", params={"limit": 2}).json()["jobs"]) < 2 or jobs[0]["status"] != "queued"
        ):
            pass
        client.delete(f"/v1/jobs/{jobs[0]['id']}").raise_for_status()
        gated.go_on.release(100)
        waiting.join()
        assert [(reply.status_code, reply.json()["type"]) for reply in replies] == [
            (409, "urn:dateline:problem:called-off")
        ]
        assert client.get(f"/v1/jobs/{jobs[0]['id']}").json()["status"] == "cancelled"


def test_a_job_that_is_called_off_ends_between_items(
    service_of: Callable[..., Service], gated: Gated, shelf: LocalLibrary
) -> None:
    with serving(service_of(gated)) as address, httpx.Client(base_url=address) as client:
        before = shelf.count()
        files = [(f"{number}.txt", f"{FERRY} Number {number}.") for number in range(50)]
        job = upload(client, *files, Prefer="respond-async").json()["id"]
        assert gated.began.acquire(timeout=20)
        assert client.delete(f"/v1/jobs/{job}").json()["status"] == "running"
        threading.Event().wait(0.3)  # longer than a job goes without looking whether it is to go on
        gated.go_on.release(1000)
        ended = until_ended(client, job)
        assert ended["status"] == "cancelled"
        assert ended["problem"]
        assert shelf.count() < 50 + before


def test_a_server_that_is_stopped_interrupts_its_jobs(service_of: Callable[..., Service], gated: Gated) -> None:
    service = service_of(gated, grace=5.0)
    with serving(service) as address, httpx.Client(base_url=address) as client:
        jobs = [upload(client, (f"{name}.txt", FERRY), Prefer="respond-async").json()["id"] for name in "ab"]
        assert gated.began.acquire(timeout=20)
        threading.Timer(0.5, gated.go_on.release, [100]).start()
    with serving(service) as address, httpx.Client(base_url=address) as client:
        assert [client.get(f"/v1/jobs/{job}").json()["status"] for job in jobs] == ["interrupted"] * 2


def test_too_many_jobs_are_refused(service_of: Callable[..., Service], gated: Gated) -> None:
    with serving(service_of(gated)) as address, httpx.Client(base_url=address) as client:
        replies = [upload(client, ("a.txt", FERRY), Prefer="respond-async") for _ in range(18)]
        assert [reply.status_code for reply in replies] == [202] * 17 + [503]
        assert replies[-1].headers["retry-after"]
        assert gated.began.acquire(timeout=20)
        jobs = client.get("/v1/jobs", params={"limit": 500}).json()["jobs"]
        assert [job["status"] for job in jobs if job["status"] != "queued"] == ["running"]
        gated.go_on.release(1000)
        assert until_ended(client, replies[0].json()["id"])["status"] == "done"


def test_a_library_that_another_process_writes_is_waited_for(
    service_of: Callable[..., Service], shelf: LocalLibrary
) -> None:
    patient = LibraryIntake(library=shelf, embedder=EMBEDDER)
    hasty = replace(patient, patience=0.0)
    with (
        serving(service_of(patient)) as one,
        serving(service_of(hasty)) as two,
        httpx.Client(base_url=one) as client,
        httpx.Client(base_url=two) as other,
    ):
        with shelf.writing():
            job = upload(client, ("locked.txt", FERRY), Prefer="wait=1").json()["id"]
            assert client.get(f"/v1/jobs/{job}").json()["status"] == "running"
            reply = upload(other, ("locked.txt", FERRY))
            assert (reply.status_code, reply.json()["type"]) == (503, "urn:dateline:problem:library-locked")
        assert until_ended(client, job)["report"]["added"]  # type: ignore[index, call-overload]


def test_two_servers_on_one_library(service_of: Callable[..., Service], shelf: LocalLibrary) -> None:
    before = shelf.count()
    with (
        serving(service_of()) as one,
        serving(service_of()) as two,
        httpx.Client(base_url=one) as first,
        httpx.Client(base_url=two) as second,
    ):
        jobs = [
            (client, upload(client, (f"two-{name}.txt", f"{name} {FERRY}"), Prefer="respond-async").json()["id"])
            for name in "abcd"
            for client in (first, second)
        ]
        assert {until_ended(client, job)["status"] for client, job in jobs} == {"done"}
    assert shelf.count() == before + 4


class Full:
    """An intake whose disk is full after the first article."""

    def take(
        self, submissions: Sequence[Submission], progress: Callable[[int, int], None] = lambda _done, _articles: None
    ) -> Mapping[str, Json]:
        raise StorageError("The disk is full; free some space.")


def test_a_failure_is_a_problem_and_is_remembered(service_of: Callable[..., Service]) -> None:
    with serving(service_of(Full())) as address, httpx.Client(base_url=address) as client:
        reply = upload(client, ("a.txt", FERRY), **{"Idempotency-Key": "k"})
        assert (reply.status_code, reply.json()["type"]) == (507, "urn:dateline:problem:storage")
        job = client.get(reply.headers["content-location"]).json()
        assert (job["status"], job["problem"]["status"]) == ("failed", 507)
        again = upload(client, ("a.txt", FERRY), **{"Idempotency-Key": "k"})
        assert (again.status_code, "idempotency-replayed" in again.headers) == (507, False)


def test_removing(client: httpx.Client, shelf: LocalLibrary) -> None:
    [name] = client.post("/v1/articles", json={"articles": [{**ROW, "id": "removed"}]}).json()["added"]
    before = shelf.count()
    assert client.delete("/v1/articles/nothing").status_code == 404
    version = shelf.article(name).version
    old = client.delete(f"/v1/articles/{name}", headers={"If-Match": '"0123456789abcdef"'})
    assert (old.status_code, shelf.count()) == (412, before)
    etag = client.get(f"/v1/articles/{name}").headers["etag"]
    assert version in etag
    assert client.delete(f"/v1/articles/{name}", headers={"If-Match": etag}).status_code == 204
    assert (client.get(f"/v1/articles/{name}").status_code, shelf.count()) == (404, before - 1)
    assert client.delete(f"/v1/articles/{name}").status_code == 404


def test_removals_that_wait_for_another_writer_keep_nobody_waiting(
    service_of: Callable[..., Service], shelf: LocalLibrary
) -> None:
    with (
        serving(service_of(at_once=1, waiting=4)) as address,
        httpx.Client(base_url=address) as client,
        ThreadPoolExecutor() as pool,
    ):
        row = {**ROW, "id": "awaited", "text": "The pier was closed until the summer."}
        [name] = client.post("/v1/articles", json={"articles": [row]}).raise_for_status().json()["added"]
        with shelf.writing():
            removal = pool.submit(client.delete, f"/v1/articles/{name}")
            for _ in range(10):
                assert client.get("/v1/articles", params={"limit": 1}).status_code == 200
            assert not removal.done()
        assert removal.result().status_code == 204


def test_a_request_sent_again_is_answered_and_not_done_again(client: httpx.Client) -> None:
    key = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}
    first = upload(client, ("again.txt", FERRY), **key)
    again = upload(client, ("again.txt", FERRY), **key)
    assert (again.status_code, again.json(), again.headers["idempotency-replayed"]) == (200, first.json(), "true")
    assert again.headers["content-location"] == first.headers["content-location"]
    assert "idempotency-replayed" not in first.headers
    other = upload(client, ("again.txt", FERRY + "!"), **key)
    assert (other.status_code, other.json()["type"]) == (422, "urn:dateline:problem:key-reused")
    assert client.post("/v1/articles", json={"articles": [ROW]}, headers=key).status_code == 422
    assert client.get("/v1/jobs").json()["jobs"][0]["id"] in first.headers["content-location"]
    assert upload(client, ("again.txt", FERRY), **{"Idempotency-Key": "a b"}).status_code == 422
    client.delete(f"/v1/articles/{first.json()['added'][0]}").raise_for_status()
    erased = upload(client, ("again.txt", FERRY), **key)
    assert (erased.status_code, erased.json()["type"]) == (410, "urn:dateline:problem:erased")
    assert client.get(f"/v1/articles/{first.json()['added'][0]}").status_code == 404


def test_a_request_sent_while_the_first_is_under_way(service_of: Callable[..., Service], gated: Gated) -> None:
    with serving(service_of(gated)) as address, httpx.Client(base_url=address) as client:
        replies: list[httpx.Response] = []
        sending = threading.Thread(
            target=lambda: replies.append(upload(client, ("a.txt", FERRY), **{"Idempotency-Key": "k"}))
        )
        sending.start()
        assert gated.began.acquire(timeout=20)
        meanwhile = upload(client, ("a.txt", FERRY), **{"Idempotency-Key": "k"})
        assert (meanwhile.status_code, meanwhile.json()["type"]) == (409, "urn:dateline:problem:in-progress")
        gated.go_on.release(100)
        sending.join()
        assert [reply.status_code for reply in replies] == [200]


def words_on_disk(directory: Path, words: str) -> list[str]:
    return [path.name for path in directory.iterdir() if path.is_file() and words.encode() in path.read_bytes()]


def test_what_is_removed_leaves_the_records(service_of: Callable[..., Service], shelf: LocalLibrary) -> None:
    service = service_of()
    with serving(service) as address, httpx.Client(base_url=address) as client:
        row = {**ROW, "id": "erased", "published": "somewhen in the spring"}
        [name] = client.post("/v1/articles", json={"articles": [row]}, headers={"Idempotency-Key": "k"}).json()["added"]
        answer = {
            "question": "How many?",
            "text": FERRY,
            "citations": [{"marker": 1, "article_id": name, "quote": FERRY}],
        }
        said = {"answer": answer, "rating": "down", "comment": "It says: Fourteen passengers were hurt."}
        client.post("/v1/feedback", json=said).raise_for_status()
        records = service.records.path.parent
        assert words_on_disk(records, "Fourteen passengers")
        assert words_on_disk(records, "somewhen in the spring")
        client.delete(f"/v1/articles/{name}").raise_for_status()
        assert not words_on_disk(records, "Fourteen passengers")
        assert not words_on_disk(records, "somewhen in the spring")
        [kept] = client.get("/v1/feedback").json()["feedback"]
        assert (kept["rating"], kept["answer"], kept["comment"]) == ("down", None, None)
    with closing(sqlite3.connect(service.records.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
