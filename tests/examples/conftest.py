from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

Example = Callable[..., str]


@pytest.fixture
def example(ingested_seeds: Path, tmp_path: Path) -> Example:
    """Run an example in a process and directory of its own, over the seed articles, and return what it prints."""

    def run(name: str, *words: str | Path, **variables: str) -> str:
        settings = {"DATELINE_LIBRARY": str(ingested_seeds), "DATELINE_ANSWERER": "extractive"}
        ran = subprocess.run(
            [sys.executable, str(EXAMPLES / name), *map(str, words)],
            cwd=tmp_path,
            env={**os.environ, **settings, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    return run
