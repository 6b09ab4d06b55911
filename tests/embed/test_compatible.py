"""The compatible embedder against a fake embedding server on a real socket."""

import json
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

import pytest

from rag.embed import CompatibleEmbedder
from rag.errors import (
    ConfigurationError,
    ModelNotFoundError,
    ProviderBusyError,
    ProviderError,
    ProviderRefusedError,
    ProviderReplyError,
    ProviderUnreachableError,
)
from rag.protocols import Embedder
from rag.testing import HashingEmbedder
from rag.testing.embedder_contract import EmbedderContract

KEY = "sk-secret-0123456789"
HASHING = HashingEmbedder(64)

Reply = tuple[int, dict[str, str], str]


class FakeEmbeddingServer(ThreadingHTTPServer):
    """Hashes words into vectors three units long, as OpenAI's interface frames them; faults come first, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.faults: list[Reply] = []
        self.asked: list[list[str]] = []
        self.keys: set[str] = set()
        self.lock = Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def reply(self, path: str, key: str, body: dict[str, object]) -> Reply:
        texts = body["input"]
        assert isinstance(texts, list)
        with self.lock:
            self.asked.append(texts)
            self.keys.add(key)
            if self.faults:
                return self.faults.pop(0)
        if path != "/v1/embeddings" or body["encoding_format"] != "float" or not all(texts):
            return refusal(400)
        vectors = [[3 * value for value in vector] for vector in HASHING.embed_documents(texts)]
        return 200, {}, framed(vectors)


class _Handler(BaseHTTPRequestHandler):
    server: FakeEmbeddingServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, headers, text = self.server.reply(self.path, self.headers["Authorization"], body)
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


def framed(vectors: list[list[float]]) -> str:
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return json.dumps({"object": "list", "model": "fake", "data": data, "usage": usage})


def refusal(status: int, **headers: str) -> Reply:
    """A server's refusal that, as some do, repeats the key."""
    return status, headers, json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}", "code": None}})


@pytest.fixture(scope="module")
def server() -> Iterator[FakeEmbeddingServer]:
    with FakeEmbeddingServer() as fake:
        thread = Thread(target=fake.serve_forever, args=(0.02,))
        thread.start()
        yield fake
        fake.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _fresh(server: FakeEmbeddingServer) -> None:
    server.faults.clear()
    server.asked.clear()
    server.keys.clear()


Make = Callable[..., CompatibleEmbedder]


@pytest.fixture
def make(server: FakeEmbeddingServer) -> Make:
    def made(*, retries: int = 0, **options: int | float) -> CompatibleEmbedder:
        return CompatibleEmbedder(model="fake", base_url=server.url, api_key=KEY, retries=retries, **options)  # type: ignore[arg-type]

    return made


class TestCompatibleEmbedder(EmbedderContract):
    @pytest.fixture(autouse=True)
    def _at(self, server: FakeEmbeddingServer) -> None:
        self.url = server.url

    def make(self) -> Embedder:
        return CompatibleEmbedder(model="fake", base_url=self.url)


def test_requests_keep_within_rows_and_bytes(server: FakeEmbeddingServer, make: Make) -> None:
    texts = [f"text {number}" for number in range(40)] + ["long " * 1400] * 40 + ["é" * 9000]
    assert len(make().embed_documents(texts)) == 81
    sent = [text for request in server.asked for text in request]
    assert sent[:80] == texts[:80]
    assert sent[80] == "é" * 4000
    assert max(len(request) for request in server.asked) == 32
    assert max(sum(len(text.encode()) for text in request) for request in server.asked) <= 128 * 1024
    assert len(server.asked) == 4


def test_a_question_asked_again_is_not_sent_again(server: FakeEmbeddingServer, make: Make) -> None:
    embedder = make()
    assert embedder.embed_query("Who won?") == embedder.embed_query("Who won?")
    assert server.asked == [["Who won?"]]


def test_the_key_is_sent_and_shown_nowhere(server: FakeEmbeddingServer, make: Make) -> None:
    embedder = make()
    embedder.embed_query("a")
    assert server.keys == {f"Bearer {KEY}"}
    assert KEY not in f"{embedder!r} {embedder.name}"


def test_without_a_key_a_local_server_is_asked_all_the_same(server: FakeEmbeddingServer) -> None:
    assert CompatibleEmbedder(model="fake", base_url=server.url).dimension == 64
    assert server.keys == {"Bearer none"}


def test_the_dimension_is_asked_for_once_and_not_at_all_when_known(server: FakeEmbeddingServer, make: Make) -> None:
    embedder = make()
    assert (embedder.dimension, embedder.dimension) == (64, 64)
    assert make(dimension=64).dimension == 64
    assert len(server.asked) == 1


FAULTS: list[tuple[str, Reply, type[ProviderError], str]] = [
    ("401", refusal(401), ProviderRefusedError, "was refused for fake"),
    ("403", refusal(403), ProviderRefusedError, "may not use fake"),
    ("404", refusal(404), ModelNotFoundError, "There is no model fake"),
    ("400", refusal(400), ProviderError, "was not accepted"),
    ("429", refusal(429, **{"Retry-After": "1"}), ProviderBusyError, "Try again in 1 s."),
    ("500", refusal(500), ProviderBusyError, "Try again later."),
    ("502 HTML", (502, {"Content-Type": "text/html"}, "<h1>Bad gateway</h1>"), ProviderBusyError, "(502"),
    ("200 HTML", (200, {"Content-Type": "text/html"}, "<h1>Hello</h1>"), ProviderReplyError, "OpenAI embedding format"),
    ("200 broken JSON", (200, {}, '{"data": ['), ProviderReplyError, "OpenAI embedding format"),
    ("200 error", (200, {}, '{"error": {"message": "no"}}'), ProviderReplyError, "OpenAI embedding format"),
    ("no vector", (200, {}, framed([])), ProviderReplyError, "one vector per text"),
    ("two vectors", (200, {}, framed([[1.0] * 64] * 2)), ProviderReplyError, "one vector per text"),
    ("wrong dimension", (200, {}, framed([[1.0] * 63])), ProviderReplyError, "gave 63 dimensions where 64"),
    ("NaN", (200, {}, framed([[float("nan")] * 64])), ProviderReplyError, "without a direction"),
    ("infinity", (200, {}, framed([[float("inf")] * 64])), ProviderReplyError, "without a direction"),
    ("zeros", (200, {}, framed([[0.0] * 64])), ProviderReplyError, "without a direction"),
    ("empty vector", (200, {}, framed([[]])), ProviderReplyError, "without a direction"),
    ("words", (200, {}, framed([["a", "b"]])), ProviderReplyError, "not a list of numbers"),  # type: ignore[list-item]
    ("text", (200, {}, framed(["AAAA"])), ProviderReplyError, "not a list of numbers"),  # type: ignore[list-item]
]


# Our own checks are to be seen at work, not pydantic's complaint about the same thing.
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize(("reply", "kind", "said"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_faults_become_our_errors(
    server: FakeEmbeddingServer, make: Make, reply: Reply, kind: type[ProviderError], said: str
) -> None:
    server.faults.append(reply)
    with pytest.raises(ProviderError) as raised:
        make(dimension=64).embed_documents(["a"])
    assert type(raised.value) is kind
    assert said in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1
    assert KEY not in "".join(traceback.format_exception(raised.value))


def test_a_busy_server_is_asked_again_when_it_says_so(server: FakeEmbeddingServer, make: Make) -> None:
    server.faults.append(refusal(429, **{"Retry-After": "0.01"}))
    assert len(make(retries=1).embed_query("a")) == 64
    assert len(server.asked) == 2


def test_tries_are_bounded(server: FakeEmbeddingServer, make: Make) -> None:
    server.faults += [refusal(503, **{"Retry-After": "0.01"})] * 9
    with pytest.raises(ProviderBusyError):
        make(retries=2).embed_query("a")
    assert len(server.asked) == 3


def test_a_failed_question_is_not_remembered(server: FakeEmbeddingServer, make: Make) -> None:
    embedder = make()
    server.faults.append(refusal(500))
    with pytest.raises(ProviderBusyError):
        embedder.embed_query("a")
    assert len(embedder.embed_query("a")) == 64


def test_nothing_answers() -> None:
    with FakeEmbeddingServer() as closed:
        url = closed.url
    embedder = CompatibleEmbedder(model="fake", base_url=url.replace("//", "//user:pass@"), api_key=KEY, retries=0)
    with pytest.raises(ProviderUnreachableError, match=r"^Nothing answers at 127\.0\.0\.1:\d+\. ") as raised:
        embedder.embed_query("a")
    assert "pass" not in "".join(traceback.format_exception(raised.value))


def test_silence_is_not_waited_for_without_end() -> None:
    with FakeEmbeddingServer() as silent:  # accepts connections, but serves none of them
        embedder = CompatibleEmbedder(model="fake", base_url=silent.url, timeout=0.2, retries=0)
        with pytest.raises(ProviderBusyError, match="did not finish its reply in time"):
            embedder.embed_query("a")


@pytest.mark.parametrize("address", ["localhost:11434", "ftp://host/v1", "http://", "http://[::1", "http://h:port/v1"])
def test_an_address_that_is_none_is_told_at_once(address: str) -> None:
    with pytest.raises(ConfigurationError, match="is not an address such as"):
        CompatibleEmbedder(model="fake", base_url=address)


@pytest.mark.parametrize("key", ["two words", "ключ", "line\n"])
def test_a_key_that_is_none_is_told_at_once_and_not_shown(key: str) -> None:
    with pytest.raises(ConfigurationError, match="Copy it again") as raised:
        CompatibleEmbedder(model="fake", api_key=key)
    assert key not in str(raised.value)
