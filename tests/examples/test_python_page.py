"""The page on Python: each of its programs runs, in order, and prints what the page says where it says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rag.public import Choices, Limits

ROOT = Path(__file__).parents[2]
_PROGRAM = re.compile(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)


def test_the_page_on_python_does_what_it_says(
    ingested_seeds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "library").symlink_to(ingested_seeds)
    (tmp_path / "seeds").symlink_to(ROOT / "seeds")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATELINE_ANSWERER", "extractive")
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    told = 0
    for program, expected in _PROGRAM.findall(page):
        exec(compile(program, "python.md", "exec", dont_inherit=True), names)
        printed = capsys.readouterr().out
        assert printed
        if expected:
            told += 1
            assert printed == expected
    assert told == 6


def test_the_page_names_every_setting_and_limit() -> None:
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", page))
    assert not Choices.__annotations__.keys() - named
    assert not Limits.__annotations__.keys() - named
