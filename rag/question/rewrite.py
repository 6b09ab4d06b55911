"""Follow-up questions made standalone: by a chat model, or by rules where there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import prompts
from rag.errors import ProviderError
from rag.generate.opening import without_thoughts
from rag.protocols import ChatModel, Message, Rewriter
from rag.question.conversation import fenced, told
from rag.question.followup import context, leans, names
from rag.types import PromptUse, Turn, Usage

LONGEST = 400
"""Characters of a rewritten question; a longer reply is not one."""
_PREFACE = re.compile(
    r"^(?:[\w ]{0,30}\b(?:question|rewrite|rewritten|standalone)\b[\w ]{0,20}[:：])\s*", re.IGNORECASE
)
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_ASKS = re.compile(r"[?？؟;]\W*$")
_WRAPPING = " \t\"'“”‘’«»*_`"


@dataclass(frozen=True, slots=True)
class HistoryRewriter:
    """Adds in parentheses what a follow-up leans on, from the questions and answers before it; needs no model."""

    def rewrite(self, question: str, history: Sequence[Turn]) -> tuple[str, list[PromptUse | Usage]]:
        """Return the question, unchanged where it stands alone; nothing is used."""
        added = context(question, history) if leans(question, history) else ""
        return (f"{question} ({added})" if added else question), []


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRewriter:
    """Asks a chat model for the standalone question; falls back on rules when its reply cannot be one."""

    model: ChatModel
    fallback: Rewriter = field(default_factory=HistoryRewriter)

    def rewrite(self, question: str, history: Sequence[Turn]) -> tuple[str, list[PromptUse | Usage]]:
        """Return the question as it should be searched, and what that used; without history nothing is asked."""
        if not history:
            return question, []
        prompt = prompts.load("standalone")
        asked = prompt.render(history=told(history), question=fenced(question))
        accounts: list[PromptUse | Usage] = [
            PromptUse(name=prompt.name, version=prompt.version, digest=prompt.digest),
        ]
        try:
            reply = self._reply(asked, accounts)
        except ProviderError:
            reply = ""
        if usable(reply, question, history):
            return reply, accounts
        ruled, more = self.fallback.rewrite(question, history)
        return ruled, accounts + more

    def _reply(self, asked: str, accounts: list[PromptUse | Usage]) -> str:
        pieces = []
        for piece in self.model.stream([Message(role="user", content=asked)]):
            if isinstance(piece, Usage):
                accounts.append(piece)
            else:
                pieces.append(piece)
        reply = without_thoughts("".join(pieces)).strip()
        return _PREFACE.sub("", reply.strip(_WRAPPING)).strip(_WRAPPING)


def usable(reply: str, question: str, history: Sequence[Turn]) -> bool:
    """Tell whether a model's reply can be the question made standalone.

    It must be one short line, ask where the question asks, keep the question's figures and names, and name nothing
    that neither the question nor the conversation holds. An unchanged question is as good as no reply, because the
    rules leave it unchanged too where it stands alone.
    """
    if not reply or len(reply) > LONGEST or "\n" in reply or reply == question:
        return False
    if _ASKS.search(question) and not _ASKS.search(reply):
        return False
    said = " ".join([question, *(f"{turn.question} {turn.answer}" for turn in history)]).casefold()
    kept = {*_FIGURE.findall(question), *names(question)}
    new = {*_FIGURE.findall(reply), *(part for name in names(reply) for part in name.split())}
    return all(each.casefold() in reply.casefold() for each in kept) and all(each.casefold() in said for each in new)
