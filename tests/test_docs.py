"""Documentation is run: the tutorial from its first file to its last command, and the examples of the other pages."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from rag.evaluation.metrics import METRICS
from rag.evaluation.suites.cases import Expectation
from rag.evaluation.suites.suitefile import read_suite
from tests.conftest import Dateline

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
_STEP = re.compile(r"(?:<!-- (file|exit): (\S+) -->\n)?```(\w+)\n(.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A block of a page: a file to save, or commands and the code that they exit with."""

    file: str | None
    code: int
    language: str
    text: str


def steps(page: str) -> Iterator[Step]:
    for kind, value, language, text in _STEP.findall((DOCS / page).read_text(encoding="utf-8")):
        code = int(value) if kind == "exit" else 0
        yield Step(file=value if kind == "file" else None, code=code, language=language, text=text)


def test_the_tutorial_does_what_it_says(tmp_path: Path, dateline: Dateline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = []
    for step in steps("tutorial.md"):
        if step.file:
            (tmp_path / step.file).parent.mkdir(exist_ok=True)
            (tmp_path / step.file).write_text(step.text, encoding="utf-8")
        elif step.language == "sh":
            for line in step.text.splitlines():
                tool, *words = shlex.split(line, comments=True)
                told.append(run_pytest(words) if tool == "pytest" else ran(dateline, words, step.code))
    assert "4 passed" in told[1]
    assert re.search(r"Broken \(1\):\s+final-cost", told[2])
    assert re.search(r"Articles that changed in between \(1\):\s+Harbour bridge reopens late and dearer", told[2])
    assert ["4 passed" in told[3], "2 passed" in told[4]] == [True, True]
    assert (tmp_path / "first" / "report.html").exists()


def ran(dateline: Dateline, words: list[str], code: int) -> str:
    result = dateline(*words)
    assert result.code == code, result.err
    return result.out


def run_pytest(words: list[str]) -> str:
    # Other plugins that happen to be installed take longer to load than all else here.
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "rag.evaluation.pytest_plugin", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=alone).stdout


def test_the_job_of_the_tutorial_is_yaml() -> None:
    [job] = [yaml.safe_load(step.text) for step in steps("tutorial.md") if step.text.startswith("name: answers")]
    assert "dateline eval suite.yaml" in job["jobs"]["suite"]["steps"][4]["run"]


def test_the_suite_that_is_shown_is_right(tmp_path: Path, dateline: Dateline) -> None:
    [shown] = [step.text for step in steps("evaluation.md") if step.text.startswith("suite: harbour")]
    suite = tmp_path / "suite.yaml"
    suite.write_text(shown.replace("folder: articles", f"folder: {ROOT / 'seeds' / 'articles'}"), encoding="utf-8")
    assert len(read_suite(suite).cases) == 3
    assert ran(dateline, ["eval", "validate", str(suite)], 0)


def test_suites_in_python_work_as_shown(tmp_path: Path) -> None:
    [shown] = [step.text for step in steps("evaluation.md") if step.text.startswith("import pytest")]
    shutil.copytree(ROOT / "seeds" / "articles", tmp_path / "seeds" / "articles")
    (tmp_path / "test_shown.py").write_text(shown, encoding="utf-8")
    assert "2 passed" in run_pytest(["-c", os.devnull, f"--rootdir={tmp_path}", str(tmp_path / "test_shown.py")])


def test_every_metric_is_explained() -> None:
    page = (DOCS / "metrics.md").read_text(encoding="utf-8")
    short = {metric.name: metric.name.rpartition(".")[2] for metric in METRICS}
    assert not [name for name, last in short.items() if f"`{name}`" not in page and f"`{last}`" not in page]


def test_every_expectation_is_explained() -> None:
    page = (DOCS / "evaluation.md").read_text(encoding="utf-8")
    assert not [name for name in Expectation.model_fields if f"`{name}`" not in page]


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_commands_that_pages_name_exist(page: str, dateline: Dateline) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    named = set(
        re.findall(r"dateline (eval (?:init|validate|schema|import|score|compare|report|sweep)|[a-z]+)\b", text)
    )
    named -= {"over", "is", "and", "in"}
    for command in sorted(named):
        assert dateline(*command.split(), "--help").code == 0, command
