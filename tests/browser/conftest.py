"""A real server process over articles that the real pipeline took in, and a real browser that looks at it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from rag.testing.server import Reply, Request, ScriptedServer

ROOT = Path(__file__).parents[2]
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
_ADDRESS = re.compile(r"http://\S+/")
_DATELINE = (sys.executable, "-c", "from app import main; main()")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


# Playwright's loop runs in the main thread for as long as it is open, and tests of other files run loops of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    named = os.environ.get("DATELINE_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        missing = f"No Chromium: none of {', '.join(NAMES)} is on PATH. Install one, or set DATELINE_CHROMIUM to it."
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=list(FLAGS), headless=True)
        yield opened
        opened.close()


@dataclass(slots=True, kw_only=True)
class Visit:
    """One browser tab on the page, and what it asked of any other host or complained about."""

    page: Page
    elsewhere: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def ask(self, question: str) -> None:
        """Type a question and press Enter, twice as impatient people do."""
        box = self.page.locator("#question textarea")
        box.fill(question)
        box.press("Enter")
        box.press("Enter")
        expect(box).to_have_value("")

    def answered(self, number: int = 1) -> str:
        """Wait for an answer to be finished, and return all that its exchange shows."""
        exchange = self.page.wait_for_selector(f"[data-exchange='{number}'][aria-busy='false']")
        assert exchange is not None
        return exchange.inner_text()

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Open tabs on an address; at the end, none of them may have asked another host for anything, or run a script."""
    visits: list[tuple[BrowserContext, Visit]] = []

    def opened(address: str, *, width: int = 1280, height: int = 800, scheme: str = "light") -> Visit:
        dark: Mapping[str, str] = {"color_scheme": scheme}
        context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce", **dark)  # type: ignore[arg-type]
        context.set_default_timeout(30_000)
        made = Visit(page=context.new_page())
        visits.append((context, made))
        made.page.on("request", lambda sent: _note(made.elsewhere, sent.url, address))
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        made.page.on("console", lambda said: made.complaints.append(said.text) if said.type == "error" else None)
        made.page.goto(address)
        made.page.wait_for_selector(".masthead")
        return made

    yield opened
    for context, made in visits:
        hacked = made.page.evaluate("window.hacked")
        context.close()
        assert (made.elsewhere, made.complaints, hacked) == ([], [], None)


def _note(elsewhere: list[str], url: str, address: str) -> None:
    if not url.startswith((address, "data:", "blob:")):
        elsewhere.append(url)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("served") / "library"
    articles = Path(__file__).parent / "articles"
    ran = subprocess.run(
        [*_DATELINE, "ingest", str(articles), "--library", str(directory)],
        cwd=ROOT,
        env=_environment({}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return directory


@pytest.fixture(scope="session")
def extractive(library: Path) -> Iterator[str]:
    """The address of a server without a chat model."""
    with _serving(library, {}) as address:
        yield address


@pytest.fixture(scope="session")
def locked(library: Path) -> Iterator[tuple[str, str]]:
    """The address of a server that asks for keys, and a key to it."""
    made = subprocess.run(
        [*_DATELINE, "keys", "create", "reader", "--library", str(library)],
        cwd=ROOT,
        env=_environment({}),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    with _serving(library, {"DATELINE_ACCESS": "keys"}) as address:
        yield address, made.stdout.strip()


class Model(ScriptedServer):
    """A model server whose replies are given while it runs; ``<<words>>`` in them is the label of that sentence."""

    def __init__(self) -> None:
        super().__init__()
        self._script: list[Reply] = []

    def next(self, *replies: Reply) -> None:
        """Replace what it will say next."""
        self._script = list(replies)
        self.disconnected.clear()

    def reply_to(self, request: Request) -> Reply:
        if not self._script:
            return super().reply_to(request)
        reply, prompt = self._script.pop(0), _prompt(request)
        return replace(
            reply, parts=[_labelled(part, prompt) if isinstance(part, str) else part for part in reply.parts]
        )


def _prompt(request: Request) -> str:
    messages = json.loads(json.dumps(request.body))["messages"]
    return "\n".join(message["content"] for message in messages)


def _labelled(part: str, prompt: str) -> str:
    def label(words: re.Match[str]) -> str:
        found = re.search(rf"\[(\d+\.\d+)\]\s+{re.escape(words[1])}", prompt)
        assert found, f"{words[1]!r} is not among the passages that were sent"
        return f"[{found[1]}]"

    return re.sub(r"<<(.+?)>>", label, part)


@pytest.fixture(scope="session")
def model() -> Iterator[Model]:
    with Model() as server:
        yield server


@pytest.fixture(scope="session")
def generative(library: Path, model: Model) -> Iterator[str]:
    """The address of a server that asks `model`."""
    settings = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "none", "DATELINE_MODEL_RETRIES": "0"}
    with _serving(library, settings) as address:
        yield address


@contextmanager
def _serving(library: Path, settings: Mapping[str, str]) -> Iterator[str]:
    command = [*_DATELINE, "serve", "--library", str(library), "--port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, env=_environment(settings), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        said: list[str] = []
        found = None
        for line in process.stdout:
            said.append(line)
            if found := _ADDRESS.search(line):
                break
        assert found, "".join(said)
        # What it says later is read too, so that a full pipe cannot stop it.
        reader = threading.Thread(target=said.extend, args=(process.stdout,), daemon=True)
        reader.start()
        yield found[0]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0, "".join(said)
        reader.join(5)
        assert "Traceback" not in "".join(said), "".join(said)


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("DATELINE_", "OPENAI_"))}
    return {**own, "PYTHONUNBUFFERED": "1", **settings}
