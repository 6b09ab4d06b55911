"""Commands of the operations page are run as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from rag.embed import EmbeddedModel
from rag.library import open_library
from rag.records import open_records
from rag.testing.library import EMBEDDER, dense, made_article, put
from tests.conftest import Dateline

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


def commands(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n```sh\n(.*?)```\n<!-- /{name} -->", PAGE, re.DOTALL)
    assert found
    return found[1]


def shell(script: str, folder: Path, library: Path, **variables: str) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "DATELINE_LIBRARY": str(library), **variables}
    ran = subprocess.run(
        ["bash", "-euc", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr + ran.stdout


@pytest.mark.skipif(not shutil.which("sqlite3"), reason="the sqlite3 command is not installed")
def test_a_backup_of_a_live_library_answers_as_it_did(seed_library: Path, tmp_path: Path, dateline: Dateline) -> None:
    asked = ("ask", "How much will the Arl Bridge repair cost?", "--library")
    assert dateline("keys", "create", "Somebody", "--library", seed_library).code == 0
    live = open_library(seed_library, model=EmbeddedModel().name)
    with closing(live), live.writing(), closing(open_records(seed_library)):
        for again in (commands("backup"), f"sleep 1\n{commands('backup')}"):
            shell(again, tmp_path, seed_library)
    backups = sorted(path.name for path in tmp_path.glob("backup-*"))
    assert len(backups) == 2
    shell(commands("restore"), tmp_path, seed_library, backup=backups[0])
    kept = [path for folder in (*backups, "restored") for path in (tmp_path / folder).glob("*.sqlite*")]
    assert {path.stat().st_mode & 0o077 for path in kept} == {0}
    assert dateline(*asked, tmp_path / "restored").out == dateline(*asked, seed_library).out
    assert "Somebody" in dateline("keys", "list", "--library", tmp_path / "restored").out


@pytest.mark.skipif(not shutil.which("sqlite3"), reason="the sqlite3 command is not installed")
def test_a_backup_holds_what_a_plain_copy_would_miss(tmp_path: Path) -> None:
    place = tmp_path / "library"
    with closing(open_library(place, model=EMBEDDER.name, dimension=EMBEDDER.dimension, create=True)) as live:
        live.count()
        put(live, made_article("a", "Rates rose."))
        with closing(open_records(place)):
            shell(commands("backup"), tmp_path, place)
        assert (place / "catalog.sqlite-wal").stat().st_size > 0
    [backup] = tmp_path.glob("backup-*")
    with closing(open_library(backup, model=EMBEDDER.name)) as copy:
        assert [hit.passage.text for hit in dense(copy, "rates")] == ["Rates rose."]
