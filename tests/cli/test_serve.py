"""What `dateline serve` says before and as it starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from rag.web.options import Options
from rag.web.server import announcement
from tests.conftest import Dateline


@contextmanager
def served(*words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", "import app; app.main()", "serve", "--port", "0", *words]
    environment = {**os.environ, "DATELINE_ALOWED_HOSTS": "*"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=30)


def test_a_server_over_no_articles_says_so(tmp_path: Path) -> None:
    place = tmp_path / "mis typed"
    place.mkdir()
    (place / ".hidden").touch()
    with served("--library", str(place)) as process:
        assert process.stdout and process.stderr
        address = process.stdout.readline().split()[3]
        slip, told = process.stderr.readline(), process.stderr.readline()
        with urlopen(f"{address}readyz") as response:
            ready = json.load(response)
    assert "DATELINE_ALOWED_HOSTS is no setting" in slip and "DATELINE_ALLOWED_HOSTS" in slip
    assert told.startswith(f"dateline: There are no articles in {place}, so")
    assert f"`dateline ingest ARTICLES… --library '{place}'`" in told
    assert ready["articles"] == 0


def test_no_library_is_made_among_other_files(dateline: Dateline, tmp_path: Path) -> None:
    (tmp_path / "letter.doc").touch()
    ran = dateline("serve", "--port", "0", "--library", tmp_path)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert f"There is no library in {tmp_path}, but other files are, such as letter.doc." in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["letter.doc"]


@pytest.mark.parametrize(
    ("words", "variable", "told"),
    [
        (("--host", "no such host"), "", "'no such host': this name is not known. Give --host"),
        (("--host", "192.0.2.1"), "", "it is no address of this machine"),
        ((), "DATELINE_TRUSTED_PROXIES=my-proxy", "DATELINE_TRUSTED_PROXIES"),
        ((), "DATELINE_CORS_ORIGINS=desk.example.org", "DATELINE_CORS_ORIGINS"),
        (("--host", "0.0.0.0"), "DATELINE_RATE=often", "DATELINE_RATE"),
    ],
)
def test_what_cannot_be_used_is_told_before_a_key_is_asked_for_or_anything_made(
    dateline: Dateline,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    variable: str,
    told: str,
) -> None:
    if variable:
        monkeypatch.setenv(*variable.split("="))
    ran = dateline("serve", *words, "--port", "0", "--library", tmp_path / "library")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert told in ran.err
    assert not (tmp_path / "library").exists()


@pytest.mark.parametrize(
    ("host", "keys_needed", "told"),
    [
        ("127.0.0.1", False, None),
        ("::1", True, None),
        ("0.0.0.0", True, "Others can reach it, at every address of this machine, with a key."),
        ("192.168.1.5", True, "Others can reach it with a key."),
        ("::", False, "Others can reach it, at every address of this machine, and may do everything without a key."),
    ],
)
def test_a_server_that_others_can_reach_says_what_that_means(host: str, keys_needed: bool, told: str | None) -> None:
    first, *more = announcement("http://x:1/", Options(host=host, keys_needed=keys_needed)).splitlines()
    assert first == "Dateline answers at http://x:1/ (stop it with Ctrl-C)"
    if told is None:
        assert not more
    else:
        assert [line.startswith(told) for line in more] == [True]
        assert "unencrypted" in more[0] and "TLS" in more[0]
