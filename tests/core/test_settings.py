"""Settings that come from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import ConfigurationError
from rag.settings import misspelt, read_settings


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("OPENAI_API_KEY", "DATELINE_CHROMA_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATELINE_SECRETS", str(tmp_path))
    return tmp_path


def test_a_secret_may_lie_in_a_file_of_its_name(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (secrets / "openai_api_key").write_text("sk-file\n")
    (secrets / "dateline_chroma_token").write_text("token-file\n")
    settings = read_settings()
    assert settings.openai_api_key
    assert settings.chroma_token
    assert settings.openai_api_key.get_secret_value() == "sk-file"
    assert settings.chroma_token.get_secret_value() == "token-file"
    assert settings.generative
    assert "sk-file" not in repr(settings)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    changed = read_settings().openai_api_key
    assert changed
    assert changed.get_secret_value() == "sk-environment"


def test_secrets_that_cannot_be_read_are_a_mistake_in_a_line(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (secrets / "openai_api_key").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_settings()
    monkeypatch.setenv("DATELINE_SECRETS", str(secrets / "missing"))
    with pytest.raises(ConfigurationError, match=r"DATELINE_SECRETS names .*missing, which is no directory"):
        read_settings()


def test_a_variable_that_is_nearly_a_setting_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATELINE_ALOWED_HOST", "DATELINE_SERVICE_HOST", "DATELINE_KEY", "DATELINE_URL", "DATELINE_GRACE"):
        monkeypatch.setenv(name, "x")
    assert misspelt() == [
        "DATELINE_ALOWED_HOST is no setting and changes nothing; the nearest one is DATELINE_ALLOWED_HOSTS."
    ]
