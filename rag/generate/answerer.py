"""The answerer that asks a chat model, with the passages' sentences labelled so that it can point at them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import prompts
from rag.errors import ProviderReplyError
from rag.generate.budget import fitting
from rag.generate.opening import Opening
from rag.labels import shown
from rag.protocols import Brief, ChatModel, Draft, Insufficient, Message
from rag.question.conversation import fenced, told
from rag.types import Hit, PromptUse


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerativeAnswerer:
    """Streams a chat model's answer; says `Insufficient` when the model finds that the passages do not answer."""

    model: ChatModel
    budget_tokens: int = 6000
    """Most tokens of passages that are sent, by a cautious estimate; the least relevant are left out first."""

    @property
    def name(self) -> str:
        """The name that answers record as their model."""
        return self.model.name

    def reads(self, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        """Return the hits that the budget leaves room for."""
        return fitting(hits, self.budget_tokens)

    def draft(self, brief: Brief) -> Iterator[Draft]:
        """Yield what was sent, the answer as it comes, and what it used; raise ProviderError."""
        system, user = prompts.load("answer.system"), prompts.load("answer.user")
        asked = user.render(
            history=told(brief.history),
            passages=shown(brief.hits),
            question=fenced(brief.question),
        )
        yield used(system)
        yield used(user)
        yield from self._reply([Message(role="system", content=system.render()), Message(role="user", content=asked)])

    def _reply(self, messages: list[Message]) -> Iterator[Draft]:
        opening, answered = Opening(), False
        for piece in self.model.stream(messages):
            text = opening.feed(piece) if isinstance(piece, str) else piece
            answered = answered or (isinstance(piece, str) and bool(text))
            if text:
                yield text
        if rest := opening.flush():
            answered = True
            yield rest
        if opening.abstains:
            yield Insufficient(reason=opening.reason)
        elif not answered:
            raise ProviderReplyError(f"{self.model.name} sent an empty reply. Ask again, or choose another model.")


def used(prompt: prompts.Prompt) -> PromptUse:
    """Return how answers record a prompt."""
    return PromptUse(name=prompt.name, version=prompt.version, digest=prompt.digest)
