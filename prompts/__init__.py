"""Every word that is said to a model, as files, and a strict renderer for them.

A prompt file is ``NAME.md``: a header between two ``---`` lines (name, version, variables), then the text, in which
``{{variable}}`` marks the places that are filled. Values are inserted as they are and never looked into again.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files

_NAME = re.compile(r"[a-z]+(?:\.[a-z]+)*")
_PLACE = re.compile(r"\{\{(\w+)\}\}")
_FILE = re.compile(r"---\n(?P<header>.*?)\n---\n+(?P<template>.*)", re.DOTALL)


class PromptError(ValueError):
    """A prompt file is missing or malformed, or was given the wrong variables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One prompt file."""

    name: str
    version: str
    variables: frozenset[str]
    template: str

    @property
    def digest(self) -> str:
        """16 hex digits that change with any change of the wording."""
        seen = "\x1f".join((self.name, self.version, self.template))
        return hashlib.sha256(seen.encode("utf-8")).hexdigest()[:16]

    def render(self, **variables: str) -> str:
        """Return the text with every variable in its place; each must be given, and no other."""
        _must_match(self.name, needed=self.variables, given=frozenset(variables))
        return _PLACE.sub(lambda place: variables[place[1]], self.template)


def load(name: str) -> Prompt:
    """Read one prompt by name."""
    return parse(_read(name), name)


def names() -> list[str]:
    """Return the names of all prompts, sorted."""
    found = (entry.name for entry in files(__name__).iterdir())
    return sorted(name.removesuffix(".md") for name in found if name.endswith(".md"))


def parse(text: str, name: str) -> Prompt:
    """Read a prompt from the text of its file; `name` must be the one in its header."""
    parts = _FILE.fullmatch(text.replace("\r\n", "\n"))
    if parts is None:
        raise PromptError(f"Prompt {name} has no header: start the file with '---', name, version, variables, '---'.")
    header = _header(parts["header"], name)
    variables = frozenset(header["variables"].replace(",", " ").split())
    template = parts["template"].strip()
    _must_match(name, needed=frozenset(_PLACE.findall(template)), given=variables)
    return Prompt(name=name, version=header["version"], variables=variables, template=template)


def _read(name: str) -> str:
    # Names come from code only, but a name must never be able to leave this package.
    entry = files(__name__) / f"{name}.md"
    if not _NAME.fullmatch(name) or not entry.is_file():
        raise PromptError(f"There is no prompt {name!r}; there are: {', '.join(names())}.")
    return entry.read_text(encoding="utf-8")


def _header(text: str, name: str) -> dict[str, str]:
    lines = (line.partition(":") for line in text.splitlines() if line.strip())
    header = {key.strip(): value.strip() for key, _, value in lines}
    if set(header) != {"name", "version", "variables"} or header["name"] != name:
        raise PromptError(f"The header of prompt {name} must hold name ({name}), version and variables.")
    return header


def _must_match(name: str, *, needed: frozenset[str], given: frozenset[str]) -> None:
    faults = [f"missing: {', '.join(sorted(needed - given))}"] if needed - given else []
    faults += [f"unknown: {', '.join(sorted(given - needed))}"] if given - needed else []
    if faults:
        raise PromptError(f"Prompt {name} was given the wrong variables ({'; '.join(faults)}).")
