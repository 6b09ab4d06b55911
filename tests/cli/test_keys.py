from __future__ import annotations

import json
import re
import shlex
from contextlib import closing
from pathlib import Path

import pytest

from rag.records import open_records
from rag.records.keys import Keys
from tests.conftest import Dateline

DOC = Path(__file__).parents[2] / "docs" / "json.md"
KEY = re.compile(r"dl_([0-9a-f]{12})_[\w-]{43}\n")


def test_a_key_is_shown_once_and_alone(dateline: Dateline, tmp_path: Path) -> None:
    made = dateline("keys", "create", "Ann", "--scope", "ask", "--scope", "write", "--library", tmp_path)
    shown = KEY.fullmatch(made.out)
    assert shown and made.code == 0
    assert re.match(rf"dateline: Created {shown[1]} ask, write Ann: does not expire, never used\. Keep", made.err)
    listed = dateline("keys", "list", "--library", tmp_path)
    assert "Ann" in listed.out
    assert made.out.strip() not in listed.out + made.err


def test_keys_as_json(dateline: Dateline, tmp_path: Path) -> None:
    at = ("--library", tmp_path, "--json")
    made = json.loads(dateline("keys", "create", "Ann", "--expires", "2999-01-31", *at).out)
    [listed] = json.loads(dateline("keys", "list", *at).out)["keys"]
    assert {**listed, "schema": 1, "key": made["key"]} == made
    assert (made["scopes"], made["expires"]) == (["ask"], "2999-02-01T00:00:00Z")
    shown = DOC.read_text(encoding="utf-8").partition("## `dateline keys list --json`")[2].split("```")[1]
    assert list(json.loads(shown.removeprefix("json"))["keys"][0]) == list(listed)
    revoked = json.loads(dateline("keys", "revoke", made["id"], *at).out)
    assert revoked["revoked"]
    with closing(open_records(tmp_path)) as records:
        assert Keys(records).verify(made["key"]) is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("create", ""), "needs a name"),
        (("create", "x" * 101), "needs a name"),
        (("create", "x", "--scope", "root"), "--scope takes one of read, ask, write, admin"),
        (("create", "x", "--expires", "soon"), "--expires takes days such as 90d"),
        (("create", "x", "--expires", "999999d"), "--expires takes days such as 90d"),
        (("create", "x", "--expires", "9999-12-31"), "--expires takes days such as 90d"),
        (("create", "x", "--expires", "2020-01-01"), "a day that is past"),
        (("create", "x", "--expires", "0d"), "a day that is past"),
        (("revoke", "nobody"), "No key has this id"),
    ],
)
def test_mistakes_are_told_in_one_line(dateline: Dateline, tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    ran = dateline("keys", *words, "--library", tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert ran.err.count("\n") == 1


def test_a_home_that_no_shell_wrote_out_is_the_users(
    dateline: Dateline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DATELINE_LIBRARY", "~/news")
    assert dateline("keys", "create", "Ann").code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["news"]


def test_the_commands_of_the_docs_run(dateline: Dateline, tmp_path: Path) -> None:
    page = (DOC.parent / "security.md").read_text(encoding="utf-8")
    commands = re.findall(r"^dateline (keys .*)$", page, re.MULTILINE)
    assert len(commands) == 4
    key_id = ""
    for command in commands:
        words = [key_id if word == "ID" else word for word in shlex.split(command, comments=True)]
        ran = dateline(*words, "--library", tmp_path)
        assert ran.code == 0, ran.err
        key_id = found[1] if (found := KEY.fullmatch(ran.out)) else key_id


@pytest.mark.parametrize("words", [("--host", "0.0.0.0"), ("--root-path", "/news"), ("--access", "keys")])
def test_a_server_for_others_does_not_start_without_a_key(
    dateline: Dateline, tmp_path: Path, words: tuple[str, ...]
) -> None:
    dateline("keys", "create", "late", "--expires", "1d", "--library", tmp_path)
    [late] = json.loads(dateline("keys", "list", "--json", "--library", tmp_path).out)["keys"]
    dateline("keys", "revoke", late["id"], "--library", tmp_path)
    ran = dateline("serve", *words, "--port", "0", "--library", tmp_path)
    assert ran.code == 2
    empty, told = ran.err.splitlines()
    assert f"no articles in {tmp_path}" in empty
    assert "`dateline keys create NAME`" in told and "--access open" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--access", "maybe"), "DATELINE_ACCESS"),
        (("--root-path", "news"), "DATELINE_ROOT_PATH"),
        (("--root-path", "/a b"), "DATELINE_ROOT_PATH"),
    ],
)
def test_options_that_are_none_are_told(dateline: Dateline, tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    ran = dateline("serve", *words, "--port", "0", "--library", tmp_path)
    assert (ran.code, told in ran.err, ran.err.count("\n")) == (2, True, 1)
