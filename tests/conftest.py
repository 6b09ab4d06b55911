"""What several test folders share."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import app

SEEDS = Path(__file__).parents[1] / "seeds" / "articles"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run of the command line left behind."""

    code: int
    out: str
    err: str


Dateline = Callable[..., Ran]


@pytest.fixture
def dateline(capfd: pytest.CaptureFixture[str]) -> Dateline:
    """Run the command line in this process, as the installed command would."""

    def run(*words: str | Path) -> Ran:
        capfd.readouterr()
        try:
            app.main([str(word) for word in words])
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capfd.readouterr()
        return Ran(code=code, out=captured.out, err=captured.err)

    return run


@pytest.fixture(scope="session")
def ingested_seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of the seed articles, made once; copy it before changing it."""
    place = tmp_path_factory.mktemp("seeds") / "library"
    with pytest.raises(SystemExit) as stop:
        app.main(["ingest", str(SEEDS), "--library", str(place)])
    assert stop.value.code == 0
    return place


@pytest.fixture
def seed_library(ingested_seeds: Path, tmp_path: Path) -> Path:
    """A library of the seed articles that the test may change."""
    return Path(shutil.copytree(ingested_seeds, tmp_path / "library"))
