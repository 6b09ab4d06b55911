"""Who may import whom, and what must not be loaded before it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [
    *sorted(path for top in ("rag", "ingest", "prompts") for path in (ROOT / top).rglob("*.py")),
    ROOT / "app.py",
]
OURS = {"rag", "ingest", "prompts", "app"}

HOMES: dict[str, str | tuple[str, ...]] = {
    "chromadb": "rag/library/",
    "sqlite3": ("rag/library/", "rag/records/"),
    "filelock": "rag/library/",
    "onnxruntime": "rag/embed/",
    "tokenizers": "rag/embed/",
    "langchain_core": ("rag/chains.py", "rag/provider/", "rag/evaluation/judge.py"),
    "langchain_openai": "rag/",
    "sentencex": "rag/sentences.py",
    "dateparser": "rag/question/periods.py",
    # Chroma reads its settings through it, and must be kept from reading a stray .env file.
    "pydantic_settings": ("rag/settings.py", "rag/library/vectors.py"),
    "platformdirs": "rag/settings.py",
    "trafilatura": "ingest/",
    "frontmatter": "ingest/",
    "charset_normalizer": "ingest/",
    "datasketch": "ingest/",
    "gradio": "rag/web/",
    "uvicorn": "rag/web/",
    "fastapi": "rag/web/",
    "starlette": "rag/web/",
    "sse_starlette": "rag/web/",
    "asgi_correlation_id": "rag/web/",
    "limits": "rag/web/access/",
    "mcp": "rag/web/mcp/",
    "structlog": "rag/web/watching/",
    "prometheus_client": "rag/web/watching/",
    "opentelemetry": "rag/web/watching/",
    "httpx": ("ingest/fetching.py", "rag/provider/", "rag/embed/"),
    "typer": ("app.py", "rag/commands/", "rag/evaluation/commands.py"),
    "rich": "rag/terminal.py",
    "ir_measures": "rag/evaluation/scorers/",
    "py3langid": "rag/evaluation/scorers/",
    "regex": "rag/evaluation/",
    "scipy": "rag/evaluation/statistics/",
    "openevals": "rag/evaluation/judge.py",
    "junitparser": "rag/evaluation/reports/",
    "matplotlib": ("rag/evaluation/reports/", "rag/evaluation/sweeping/"),
    "pytest": "rag/evaluation/pytest_plugin.py",
    "pydantic": (
        "rag/chains.py",
        "rag/embed/",
        "rag/evaluation/",
        "rag/provider/",
        "rag/records/answered.py",
        "rag/settings.py",
        "rag/web/",
    ),
    "pydantic_core": ("rag/evaluation/suites/", "rag/web/"),
    "numpy": ("rag/embed/", "rag/library/", "rag/evaluation/reports/", "rag/evaluation/statistics/"),
    "onnx": "rag/embed/convert.py",
    "openai": "rag/provider/",
    "yaml": ("ingest/loaders/", "rag/evaluation/importers/", "rag/evaluation/suites/"),
    "markdown_it": "ingest/plain.py",
    "jinja2": ("rag/evaluation/reports/", "rag/web/access/", "rag/web/chat/"),
    "markupsafe": "rag/web/access/",
}
HEAVY = (
    "gradio",
    "chromadb",
    "langchain_core",
    "langchain_openai",
    "onnxruntime",
    "dateparser",
    "trafilatura",
    "pandas",
    "scipy",
    "ir_measures",
    "matplotlib",
    "openevals",
    "py3langid",
    "fastapi",
    "mcp",
    "structlog",
    "prometheus_client",
)
EVALUATIONS_ROOT = "rag/evaluation/opening.py"
"""Reads a suite's corpus: the one module of `rag` that puts ingest and answering together."""


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module or ""


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_dependencies_point_one_way(path: Path) -> None:
    place, names = relative(path), set(imported(path))
    ours = {name for name in names if name.split(".")[0] in OURS}
    assert "app" not in ours
    if place.startswith("prompts/"):
        assert not {name for name in ours if not name.startswith("prompts")}
    if place.startswith("rag/") and place != EVALUATIONS_ROOT:
        assert not {name for name in ours if name.startswith("ingest")}
    if place.startswith("rag/") and not place.startswith(("rag/evaluation/", "rag/commands/", "rag/testing/")):
        assert not {name for name in ours if name.startswith("rag.evaluation")}
    if place.startswith("rag/") and not place.startswith(("rag/web/", "rag/commands/", "rag/testing/")):
        assert not {name for name in ours if name.startswith("rag.web")}
    if place.startswith("rag/") and not place.startswith("rag/commands/"):
        assert not {name for name in ours if name.startswith("rag.commands")}
    if place.startswith("ingest/"):
        assert not {name for name in ours if name.startswith(("rag.web", "rag.compose", "rag.settings", "rag.answer"))}
    if place.startswith("rag/") and not place.startswith("rag/testing/"):
        assert not {name for name in ours if name.startswith("rag.testing")}
    if place not in {"app.py", "rag/compose.py", "rag/public.py", EVALUATIONS_ROOT} and not place.startswith(
        "rag/commands/"
    ):
        assert "rag.settings" not in ours, "only the composition root reads settings"


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_each_library_has_one_home(path: Path) -> None:
    place = relative(path)
    assert place.startswith("rag/testing/") or not strangers(place, imported(path))


def strangers(place: str, names: Iterable[str]) -> set[str]:
    """Return the libraries that have no home here; of Python's own only those count that are given one."""
    tops = {name.split(".")[0] for name in names}
    libraries = tops - OURS - (sys.stdlib_module_names - set(HOMES))
    return {name for name in libraries if not place.startswith(HOMES.get(name, "nowhere"))}


def test_a_library_without_a_home_is_a_stranger() -> None:
    names = ["requests.adapters", "json", "sqlite3", "rag.types", "mcp.types"]
    assert strangers("rag/web/mcp/tools.py", names) == {"requests", "sqlite3"}


def loaded_after(code: str) -> set[str]:
    """Return which heavy modules a fresh interpreter holds after running some code."""
    report = f"{code}\nimport sys\nprint(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", report], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(ran.stdout.splitlines()[-1].split())


def test_help_loads_nothing_heavy() -> None:
    assert not loaded_after("import app\ntry:\n    app.cli(['--help'])\nexcept SystemExit:\n    pass")


@pytest.mark.parametrize(
    "module",
    [
        "rag",
        "rag.public",
        "rag.answer",
        "rag.compose",
        "rag.ground",
        "rag.verify",
        "rag.library",
        "rag.embed",
        "ingest",
        "rag.wire",
    ],
)
def test_modules_load_nothing_heavy(module: str) -> None:
    assert not loaded_after(f"import {module}")


def test_only_settings_reads_the_environment() -> None:
    readers = [
        relative(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    ]
    # The health check of a damaged index hands its environment on to a process of its own.
    assert set(readers) <= {"rag/settings.py", "rag/library/health.py"}
