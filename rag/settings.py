"""What the environment configures: the one place that reads it, used by the composition root alone."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from rag.errors import ConfigurationError

_NEAR = 0.7
"""How alike two names are, from 0 to 1, for one to be taken for a slip; other programs may use names such as ours."""


def default_library() -> Path:
    """Return where this user's library lies when nothing else is said."""
    from platformdirs import user_data_path  # noqa: PLC0415  only where no place is given

    return user_data_path("dateline", appauthor=False) / "library"


def default_cache() -> Path:
    """Return where this user keeps what can be made again at any time."""
    from platformdirs import user_cache_path  # noqa: PLC0415  only where no place is given

    return user_cache_path("dateline", appauthor=False)


class Settings(BaseSettings):
    """Every setting, its environment variable (``DATELINE_`` and its name, unless one is given) and its default."""

    model_config = SettingsConfigDict(env_prefix="DATELINE_", frozen=True, env_ignore_empty=True)

    library: Path = Field(default_factory=default_library, description="Directory of the library.")
    answerer: Literal["auto", "extractive", "generative"] = Field(
        default="auto",
        description="Who writes answers: the embedded reader, a chat model, or the model wherever one is configured.",
    )
    openai_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("openai_api_key"),
        description="Key of the model server. Setting it turns the chat model on.",
    )
    openai_base_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("openai_base_url"),
        description="Address of any OpenAI-compatible server. Setting it turns the chat model on.",
    )
    chat_model: str = Field(default="gpt-4.1-mini", description="Name of the chat model.")
    model_timeout: float = Field(
        default=60.0, gt=0, description="Seconds that a whole reply of the chat model may take."
    )
    model_retries: int = Field(default=2, ge=0, le=10, description="How often a failed model call is tried again.")
    context_tokens: int = Field(
        default=6000, ge=200, description="Most tokens of passages that are sent to the chat model."
    )
    embedding_model: str | None = Field(
        default=None,
        description="Name of an embedding model on the model server; without it the embedded model is used.",
    )
    chroma_url: str | None = Field(
        default=None,
        description="Address of a Chroma server that keeps the vector index; without it the index lies in the library.",
    )
    chroma_token: SecretStr | None = Field(
        default=None, description="Bearer token that a proxy before the Chroma server asks for."
    )
    secrets: Path | None = Field(
        default=None,
        description="Directory of files that each hold one setting and bear its name, such as openai_api_key.",
    )
    passages: int = Field(default=8, ge=1, le=50, description="How many passages an answer may draw on.")
    host: str = Field(default="127.0.0.1", description="Address that `dateline serve` listens on.")
    allowed_hosts: str | None = Field(
        default=None,
        description="Further names, separated by commas, that a proxy may ask for the page under; * allows every name.",
    )
    port: int = Field(default=7860, ge=0, le=65535, description="Port that `dateline serve` listens on; 0 picks one.")
    access: Literal["auto", "keys", "open"] = Field(
        default="auto",
        description="Whether requests need a key: where others than this machine's users can reach the server, always, "
        "or never.",
    )
    root_path: str | None = Field(
        default=None, description="Path under which a proxy shows the server, such as /dateline."
    )
    trusted_proxies: str | None = Field(
        default=None,
        description="Addresses of proxies, separated by commas, whose word is taken for who asks, and how.",
    )
    cors_origins: str | None = Field(
        default=None, description="Foreign pages, separated by commas, whose scripts may call the API."
    )
    rate: str | None = Field(
        default=None,
        description="Most requests of one key or address, such as 600/minute (the default where keys are needed).",
    )
    at_once: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="How many answers may be under way at once: by default as many as cores, or 8 with a chat model.",
    )
    waiting: int = Field(
        default=64, ge=0, le=10000, description="How many requests may wait; more are refused at once."
    )
    grace: float = Field(
        default=10.0, ge=0, description="Seconds that requests under way get to end when the server is stopped."
    )
    largest_upload: int = Field(default=64, ge=1, description="Megabytes that one upload of articles may have.")
    log_format: Literal["text", "json"] = Field(default="text", description="Form of the server's log lines.")
    traces: bool = Field(
        default=False,
        description="Whether traces are sent to where OpenTelemetry's own variables say; needs the extra `otel`.",
    )
    prices: Path | None = Field(
        default=None, description="File with the price of each chat model, from which an answer's cost is reckoned."
    )

    @property
    def generative(self) -> bool:
        """Whether a chat model writes the answers."""
        configured = self.openai_api_key is not None or self.openai_base_url is not None
        return self.answerer == "generative" or (self.answerer == "auto" and configured)


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return name.upper() if name.startswith("openai_") else f"DATELINE_{name.upper()}"


def misspelt() -> list[str]:
    """Return a line for each variable of the environment that is no setting, but nearly has the name of one."""
    known = {variable(name).removeprefix("DATELINE_") for name in Settings.model_fields}
    told = [name.upper().removeprefix("DATELINE_") for name in os.environ if name.upper().startswith("DATELINE_")]
    near = {name: get_close_matches(name, known, n=1, cutoff=_NEAR) for name in sorted({*told} - known)}
    return [
        f"DATELINE_{name} is no setting and changes nothing; the nearest one is {variable(found[0].lower())}."
        for name, found in near.items()
        if found
    ]


def read_settings(**given: object) -> Settings:
    """Return the settings, what is given (and not None) before the environment; raise ConfigurationError."""
    told = {name: value for name, value in given.items() if value is not None}
    try:
        return Settings(_secrets_dir=_secrets(), **told)  # type: ignore[arg-type, call-arg]
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0])
        raise ConfigurationError(f"{variable(name)} cannot be used: {first['msg']}. Change or unset it.") from error
    except (OSError, SettingsError) as error:
        raise ConfigurationError(f"A file in {_secrets()} cannot be read ({error}). Mend or remove it.") from error


def _secrets() -> Path | None:
    """Return the directory of secrets that the environment names, which comes before they can be read."""
    told = os.environ.get(variable("secrets"))
    if told and not Path(told).is_dir():
        raise ConfigurationError(f"{variable('secrets')} names {told}, which is no directory. Change or unset it.")
    return Path(told) if told else None
