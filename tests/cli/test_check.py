"""`dateline check` over real files: a draft in, verdicts and an exit code out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Dateline

RIGHT = "Drivers face a detour of 14 miles by way of Dunmarsh."
WRONG = "Drivers face a detour of 41 miles by way of Dunmarsh."


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    path = tmp_path / "draft.md"
    path.write_text(f"\ufeff# What we know\n\n{WRONG}\n", encoding="utf-8")
    return path


def test_a_draft_is_checked_sentence_by_sentence(dateline: Dateline, ingested_seeds: Path, draft: Path) -> None:
    ran = dateline("check", draft, "--library", ingested_seeds)
    assert ran.code == 0
    assert f"! unsupported [1]: “{WRONG}”\n  Not in what comes closest: 41 miles." in ran.out
    assert "[1] “Drivers now face a detour of 14 miles by way of Dunmarsh.”" in ran.out
    assert ran.out.endswith("1 sentence: 1 unsupported.\n")


def test_strict_makes_the_exit_code_tell(dateline: Dateline, ingested_seeds: Path, draft: Path) -> None:
    assert dateline("check", draft, "--strict", "--library", ingested_seeds).code == 1
    draft.write_text(RIGHT, encoding="utf-8")
    assert dateline("check", draft, "--strict", "--library", ingested_seeds).code == 0


def test_json_is_cut_from_the_stored_versions(dateline: Dateline, ingested_seeds: Path, draft: Path) -> None:
    checked = json.loads(dateline("check", draft, "--json", "--library", ingested_seeds).out)
    [claim], [citation] = checked["claims"], checked["citations"]
    assert checked["text"][claim["start"] : claim["end"]] == WRONG
    assert (claim["verdict"], claim["markers"], claim["missing"]) == ("unsupported", [1], ["41 miles"])
    assert checked["verdicts"] == {"supported": 0, "partial": 0, "unsupported": 1, "uncited": 0}
    place = (citation["article_id"], "--version", citation["version"])
    article = json.loads(dateline("articles", "show", *place, "--json", "--library", ingested_seeds).out)
    assert article["text"][citation["start"] : citation["end"]] == citation["quote"]


def test_the_scope_limits_what_bears_out(dateline: Dateline, ingested_seeds: Path, draft: Path) -> None:
    draft.write_text(RIGHT, encoding="utf-8")
    ran = dateline("check", draft, "--until", "2023", "--json", "--library", ingested_seeds)
    assert json.loads(ran.out)["verdicts"]["supported"] == 0
    assert json.loads(ran.out)["scope"]["until"] == "2024-01-01T00:00:00Z"


def test_a_draft_comes_from_standard_input(ingested_seeds: Path) -> None:
    command = [sys.executable, "-m", "app", "check", "-", "--library", str(ingested_seeds)]
    root = Path(__file__).parents[2]
    ran = subprocess.run(command, input=RIGHT.encode(), capture_output=True, check=True, cwd=root)
    assert f"supported [1]: “{RIGHT}”" in ran.stdout.decode()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "Cannot read"),
        (b"\xff\xfe\x00", "is not UTF-8 text; save it as plain text or Markdown."),
        (b" \n", "The draft is empty; write what is to be checked."),
        (b"a" * 20_001, "The draft has 20,001 characters; check it in parts of 20,000 or fewer."),
        (b"a" * (1 << 20) + b"\xc3\xa9", "is larger than a draft can be; check it in parts."),
    ],
)
def test_what_cannot_be_checked_is_refused_in_a_line(
    dateline: Dateline, ingested_seeds: Path, tmp_path: Path, content: bytes | None, told: str
) -> None:
    path = tmp_path / "draft.txt"
    if content is not None:
        path.write_bytes(content)
    ran = dateline("check", path, "--library", ingested_seeds)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert told in ran.err
