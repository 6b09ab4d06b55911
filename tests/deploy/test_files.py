"""The deployment files: each can be read, keeps its promises, and names only what exists."""

from __future__ import annotations

import configparser
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from rag.settings import Settings, variable
from tests.conftest import Dateline

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs" / "deploy"
FILES = sorted(path for path in DEPLOY.iterdir() if path.is_file())


class Unit(configparser.RawConfigParser):
    """Reads a unit, in which a name may stand more than once."""

    def __init__(self) -> None:
        super().__init__(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions, continued lines joined."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def unit() -> tuple[Unit, list[str]]:
    text = (DEPLOY / "dateline.service").read_text(encoding="utf-8")
    read = Unit()
    read.read_string(text)
    return read, text.splitlines()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_variable_is_a_setting(path: Path) -> None:
    known = {variable(name) for name in Settings.model_fields}
    assert set(re.findall(r"\bDATELINE_[A-Z_]+\b", path.read_text(encoding="utf-8"))) <= known


def test_the_image_is_made_from_the_lock_and_from_what_is_here() -> None:
    assert {"requirements.lock", "app.py", "rag"} <= set(copied())
    assert [name for name in copied() if not (ROOT / name).exists()] == []
    steps = [rest for word, rest in instructions() if word == "RUN"]
    assert steps[0].startswith("python -m pip wheel") and "--require-hashes --requirement requirements.lock" in steps[0]
    # Nothing but the first step may fetch anything.
    assert [step for step in steps[1:] if " pip " in step and "--no-index" not in step] == []
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    assert {name for name in wheel["wheel"]["only-include"] if name not in copied()} == set()


def copied() -> list[str]:
    words = [shlex.split(rest) for word, rest in instructions() if word == "COPY" and not rest.startswith("--from")]
    return [name for parts in words for name in parts[:-1]]


def test_what_the_image_needs_is_not_ignored_and_nothing_else_is_sent() -> None:
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    assert {line[1:] for line in lines if line.startswith("!")} == set(copied())


def test_the_image_runs_without_rights_and_tells_how_it_is() -> None:
    last = instructions()[[word for word, _ in instructions()].index("FROM", 2) :]
    said = dict(last)
    assert said["USER"] == "10001:10001"
    assert "--uid 10001" in said["RUN"] and "--gid 10001" in said["RUN"]
    assert said["STOPSIGNAL"] == "SIGTERM"
    assert "/healthz" in said["HEALTHCHECK"]
    assert said["VOLUME"] == "/var/lib/dateline"
    assert f"DATELINE_LIBRARY={said['VOLUME']}/" in said["ENV"]
    assert not [rest for word, rest in instructions() if re.search(r"(?i)api_key|token|password|cuda|gpu", rest)]


@pytest.mark.parametrize("name", ["dateline", "chroma", "proxy"])
def test_every_service_is_shut_in(name: str) -> None:
    service = compose()["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "cpus", "pids_limit"} <= service.keys()
    assert "privileged" not in service


def test_only_the_proxy_can_be_reached_and_chroma_only_by_us() -> None:
    made = compose()
    services, networks = made["services"], made["networks"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert services["chroma"]["networks"] == ["back"]
    assert networks["back"]["internal"] is True
    assert "back" not in services["proxy"]["networks"]
    assert services["dateline"]["environment"]["DATELINE_CHROMA_URL"] == "http://chroma:8000"
    (subnet,) = networks["front"]["ipam"]["config"]
    assert services["dateline"]["environment"]["DATELINE_TRUSTED_PROXIES"] == subnet["subnet"]


def test_volumes_secrets_and_files_of_the_composition_exist() -> None:
    made = compose()
    mounted = [entry.split(":")[0] for service in made["services"].values() for entry in service.get("volumes", [])]
    assert {name for name in mounted if not name.startswith(".")} == made["volumes"].keys()
    assert [name for name in mounted if name.startswith(".") and not (DEPLOY / name).exists()] == []
    build = made["services"]["dateline"]["build"]
    assert (DEPLOY / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).exists()
    # The lines that are to be unmarked for a chat model are right as well.
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    unmarked = yaml.safe_load(
        re.sub(r"^( *)# (secrets:|  openai_api_key:|    file:)", r"\1\2", text, flags=re.MULTILINE)
    )
    assert unmarked["services"]["dateline"]["secrets"] == list(unmarked["secrets"])


def test_stopping_waits_longer_than_the_grace() -> None:
    service = compose()["services"]["dateline"]
    assert int(service["stop_grace_period"].removesuffix("s")) > float(service["environment"]["DATELINE_GRACE"])
    read, _ = unit()
    assert float(read["Service"]["TimeoutStopSec"]) > Settings.model_fields["grace"].default


def test_uploads_are_let_through_as_large_as_we_take_them() -> None:
    largest = Settings.model_fields["largest_upload"].default
    nginx, caddy = ((DEPLOY / name).read_text(encoding="utf-8") for name in ("nginx.conf", "Caddyfile"))
    for found in (re.search(r"client_max_body_size (\d+)m;", nginx), re.search(r"max_size (\d+)MB", caddy)):
        assert found
        assert int(found[1]) > largest


def test_the_unit_is_shut_in_and_starts_what_exists(dateline: Dateline) -> None:
    read, lines = unit()
    service = read["Service"]
    for key in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "RestrictNamespaces"):
        assert service[key] == "yes", key
    assert service["ProtectSystem"] == "strict"
    assert service["User"] != "root"
    assert "SystemCallFilter=@system-service" in lines
    assert f"Environment=DATELINE_LIBRARY=/var/lib/{service['StateDirectory']}/library" in lines
    command = shlex.split(service["ExecStart"])
    assert Path(command[0]).name == "dateline"
    assert dateline(*command[1:], "--help").code == 0


def test_the_image_starts_what_exists(dateline: Dateline) -> None:
    said = dict(instructions())
    assert (said["ENTRYPOINT"], said["CMD"]) == ('["dateline"]', '["serve"]')
    assert dateline("serve", "--help").code == 0
