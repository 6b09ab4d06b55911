"""The example that uploads articles does what it says, against a server with a library of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ingest.intake import LibraryIntake
from rag.compose import newsroom
from rag.records import open_records
from rag.records.keys import Keys, KeyScope
from rag.settings import Settings
from rag.testing.serving import serving
from rag.web.options import Options
from rag.web.service import Service, make_service
from tests.conftest import SEEDS
from tests.examples.conftest import EXAMPLES, Example


@pytest.fixture
def service(seed_library: Path) -> Iterator[Service]:
    records = open_records(seed_library)
    with closing(records), newsroom(Settings(library=seed_library, answerer="extractive")) as room:
        intake = LibraryIntake(library=room.library, embedder=room.embedder)
        yield make_service(room.desk(), records, Options(keys_needed=True), intake=intake)


def test_upload(service: Service, example: Example, tmp_path: Path) -> None:
    (tmp_path / "ferry.md").write_text(
        "---\ntitle: Ferry strikes pier\n---\nA ferry struck the pier.\n", encoding="utf-8"
    )
    known = next(iter(sorted(SEEDS.glob("*.md"))))
    _, key = Keys(service.records).create("uploads", [KeyScope.WRITE])
    with serving(service) as address:
        asked = {"DATELINE_URL": address, "DATELINE_KEY": key}
        assert example("upload.py", "ferry.md", known, **asked) == "1 added, 0 updated, 1 unchanged\n"
        assert example("upload.py", "ferry.md", **asked) == "0 added, 0 updated, 1 unchanged\n"
        refused = subprocess.run(
            [sys.executable, str(EXAMPLES / "upload.py"), str(known)],
            env={**asked, "DATELINE_KEY": "wrong"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
