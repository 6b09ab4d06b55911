"""What the repository promises about itself."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from rag.settings import Settings, variable

ROOT = Path(__file__).parents[1]


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_the_lock_pins_every_package_by_hash_and_names_no_host() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    entries = re.split(r"\n(?=\S)", text.strip())
    unpinned = [entry.splitlines()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry]
    assert not [entry for entry in unpinned if not entry.startswith("#")]


def test_every_direct_dependency_is_locked_and_explained() -> None:
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8").casefold()
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").casefold()
    explained = set(re.findall(r"[a-z][a-z0-9-]*", " ".join(re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE))))
    explained |= set(re.findall(r"[a-z][a-z0-9-]*", text.partition("for development only:")[2]))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for wanted in project["project"]["dependencies"] + project["dependency-groups"]["dev"]:
        name = re.split(r"[><=]", wanted)[0].casefold()
        assert f"\n{name}==" in f"\n{locked}", f"{name} is not in requirements.lock"
        assert name in explained, f"{name} is not in docs/dependencies.md"


def test_no_tracked_file_names_a_machine_path_or_an_index() -> None:
    foreign = re.compile(r"(?<![\w.])/(?:home|Users|root|work)/\w|\b[A-Z]:\\\\|\bpypi\.org|pythonhosted")
    text_files = [path for path in tracked() if path.suffix in {".py", ".md", ".toml", ".lock", ".yaml", ".js", ""}]
    shipped = [path for path in text_files if "tests" not in path.relative_to(ROOT).parts]
    guilty = [path for path in shipped if foreign.search(path.read_text("utf-8"))]
    assert not guilty


def test_the_readme_lists_every_setting_with_its_default() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", readme, re.MULTILINE))
    expected = {variable(name): field for name, field in Settings.model_fields.items()}
    assert rows.keys() == expected.keys()
    for name, field in expected.items():
        if field.default_factory is None and field.default is not None:
            assert f"`{field.default}`" in rows[name], f"the README's default of {name}"


def test_functions_and_files_stay_short() -> None:
    long_functions, long_files = [], []
    for path in tracked():
        if path.suffix != ".py":
            continue
        source = path.read_text(encoding="utf-8")
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith("tests/") and source.count("\n") > 300:
            long_files.append(name)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > 50:
                    long_functions.append(f"{name}:{node.lineno} {node.name}")
    assert not long_functions
    assert not long_files
