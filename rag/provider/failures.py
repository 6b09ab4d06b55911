"""What went wrong at a model server, in one line that says what to do and never holds the key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from rag.errors import (
    ConfigurationError,
    ModelNotFoundError,
    ProviderBusyError,
    ProviderError,
    ProviderRefusedError,
    ProviderReplyError,
    ProviderUnreachableError,
)

LONGEST_QUOTE = 160
"""Characters of the server's own words that a message repeats."""
KEY_PART = 6
"""A word that shares this many characters in a row with the key is not repeated."""

_SECRET = re.compile(r"(?i)\b(?:sk|pk|key|token)[-_][\w*.…-]+|\bbearer\s+\S+|\b(?=\w*\d)[\w-]{32,}")
_MARKUP = re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|<[^>]*>")
_TOO_LONG = ("context_length", "context length", "context window", "too long", "maximum context", "exceed_context")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failed call: the error to raise, whether trying again may help, and how long the server asks to wait."""

    error: ProviderError
    retry: bool = False
    wait: float | None = None
    """Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A model on a server, as messages name it; the key is known only so that it can be blotted out."""

    host: str
    model: str
    key: str | None = field(default=None, repr=False)
    purpose: str = "chat"
    """"chat" or "embedding"."""

    def failure(self, error: Exception, *, began: bool = False) -> Failure:
        """Translate what a client library of the OpenAI interface raised, before or after a reply began.

        The libraries' classes are told by name and by status, because they raise those of several HTTP clients.
        """
        kinds = _kinds(error)
        body = _body(error)
        status = getattr(error, "status_code", None) or _number(body.get("code"))
        if isinstance(status, int) and status >= 400:
            return self._status(status, self.quote(_said(body, error)), _headers(error), str(body.get("code") or ""))
        if kinds & {"ConnectError", "ConnectTimeout", "ProxyError", "UnsupportedProtocol", "InvalidURL"}:
            return Failure(error=self._unreachable(error))
        if kinds & {"TimeoutException", "APITimeoutError"}:
            return Failure(error=self.too_slow(), retry=True)
        if kinds & {"TransportError", "APIConnectionError"}:
            return Failure(error=self.broke_off("The connection was lost"), retry=True)
        if "APIError" in kinds:
            return Failure(error=self.broke_off(f"It reported an error ({self.quote(_said(body, error))})"))
        return Failure(error=self.broke_off("A part of it could not be read") if began else self._no_reply())

    def too_slow(self, seconds: float | None = None) -> ProviderBusyError:
        """Return the error for a reply that took too long."""
        within = f" within {seconds:g} s" if seconds else " in time"
        return ProviderBusyError(
            f"{self.model} at {self.host} did not finish its reply{within}. "
            "Try again later, or allow more time (DATELINE_MODEL_TIMEOUT)."
        )

    def broke_off(self, why: str) -> ProviderReplyError:
        """Return the error for a reply that is not whole."""
        return ProviderReplyError(f"The reply of {self.model} at {self.host} broke off. {why}. Ask again.")

    def quote(self, text: str) -> str:
        """Return a server's words fit for a message: one line, short, without markup and without anything secret."""
        words = " ".join(_MARKUP.sub(" ", text[:20_000]).split())
        if self.key:
            words = words.replace(self.key, "[key]")
        words = " ".join("[key]" if self._leaks(word) else word for word in _SECRET.sub("[key]", words).split())
        printable = "".join(each for each in words if each.isprintable())
        return printable if len(printable) <= LONGEST_QUOTE else printable[: LONGEST_QUOTE - 1] + "…"

    def _leaks(self, word: str) -> bool:
        if not self.key or word == "[key]":
            return False
        key, word = self.key.casefold(), word.casefold()
        size = min(KEY_PART, len(key))
        return any(key[i : i + size] in word for i in range(len(key) - size + 1))

    def _no_reply(self) -> ProviderReplyError:
        return ProviderReplyError(
            f"{self.host} did not send a reply in the OpenAI {self.purpose} format. "
            "Check the base URL (most end in /v1) and that no proxy answers in the server's place."
        )

    def _unreachable(self, error: Exception) -> ProviderUnreachableError:
        told = _chain_text(error).casefold()
        if "certificate" in told or "[ssl" in told:
            return ProviderUnreachableError(
                f"{self.host} could not prove who it is (TLS). "
                "Check the base URL; for a private certificate authority set SSL_CERT_FILE."
            )
        return ProviderUnreachableError(
            f"Nothing answers at {self.host}. Check that the model server is running, the base URL, and the network."
        )

    def _status(self, status: int, said: str, headers: Mapping[str, str], code: str) -> Failure:
        shown = f"{status}: {said}" if said else str(status)
        at = f"{self.host} ({shown})"
        if status in {408, 409, 429} or status >= 500:
            return self._busy(status, shown, headers, code)
        if status == 401:
            todo = "Check OPENAI_API_KEY." if self.key else "Set OPENAI_API_KEY."
            return Failure(error=ProviderRefusedError(f"The key was refused for {self.model} by {at}. {todo}"))
        if status in {402, 403}:
            todo = "Check the key's rights and the account, or choose another model."
            return Failure(error=ProviderRefusedError(f"This key may not use {self.model} at {at}. {todo}"))
        if status == 404 or code == "model_not_found":
            todo = f"Check the model's name ({_setting(self.purpose)}) and the base URL (most end in /v1)."
            return Failure(error=ModelNotFoundError(f"There is no model {self.model} at {at}. {todo}"))
        if status == 413 or any(sign in f"{code} {said}".casefold() for sign in _TOO_LONG):
            todo = "Send less (DATELINE_CONTEXT_TOKENS) or choose a model with a longer context."
            return Failure(error=ProviderError(f"The passages are too long for {self.model} at {at}. {todo}"))
        todo = f"Check that the server and the model speak the OpenAI {self.purpose} interface."
        return Failure(error=ProviderError(f"The request for {self.model} was not accepted by {at}. {todo}"))

    def _busy(self, status: int, shown: str, headers: Mapping[str, str], code: str) -> Failure:
        wait = retry_after(headers)
        spent = code == "insufficient_quota"
        what = "limits how often this key may ask" if status == 429 else "has a fault or is overloaded"
        what = "says that the quota of this key is spent" if spent else what
        todo = "Check the account's plan." if spent else f"Try again {_in(wait)}."
        error = ProviderBusyError(f"{self.host} {what} for {self.model} ({shown}). {todo}")
        return Failure(error=error, retry=not spent, wait=wait)


def endpoint(model: str, base_url: str, key: str | None, purpose: str = "chat") -> Endpoint:
    """Return the endpoint of a base URL; raise ConfigurationError where URL, model or key cannot be used."""
    try:
        parts = urlsplit(base_url)
        host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not host:
        raise ConfigurationError("OPENAI_BASE_URL is not an address such as http://localhost:11434/v1. Correct it.")
    if not model.strip():
        raise ConfigurationError(f"No {purpose} model is named. Set {_setting(purpose)}.")
    if key is not None and not re.fullmatch(r"[!-~]+", key):
        raise ConfigurationError("OPENAI_API_KEY holds a character that no key has. Copy it again, without spaces.")
    return Endpoint(host=host, model=model, key=key, purpose=purpose)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait (Retry-After as seconds or date, or retry-after-ms), or None."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        if re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", value := headers.get(name, "").strip()):
            return float(value) / unit
    try:
        moment = parsedate_to_datetime(headers.get("retry-after", ""))
    except (ValueError, TypeError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def _setting(purpose: str) -> str:
    return f"DATELINE_{purpose.upper()}_MODEL"


def _in(seconds: float | None) -> str:
    if seconds is None:
        return "later"
    if seconds < 120:
        return f"in {max(1, round(seconds))} s"
    return f"in {round(seconds / 60)} minutes" if seconds < 7200 else f"in {round(seconds / 3600)} hours"


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    step: BaseException | None = error
    while step is not None and step not in chain:
        chain.append(step)
        step = step.__cause__ or step.__context__
    return chain


def _chain_text(error: Exception) -> str:
    return " ".join(str(each) for each in _chain(error))


def _kinds(error: Exception) -> set[str]:
    return {kind.__name__ for each in _chain(error) for kind in type(each).__mro__}


def _body(error: Exception) -> Mapping[str, object]:
    body = getattr(error, "body", None)
    inner = body.get("error") if isinstance(body, Mapping) else None
    return next((each for each in (inner, body) if isinstance(each, Mapping)), {})


def _said(body: Mapping[str, object], error: Exception) -> str:
    for name in ("message", "error", "detail"):
        if isinstance(said := body.get(name), str) and said:
            return said
    raw = getattr(error, "body", None)
    return raw if isinstance(raw, str) else ""


def _headers(error: Exception) -> Mapping[str, str]:
    headers = getattr(getattr(error, "response", None), "headers", {})
    return {str(name).lower(): str(value) for name, value in dict(headers).items()}


def _number(value: object) -> int | None:
    text = str(value)
    return int(text) if re.fullmatch(r"[45]\d\d", text) else None
