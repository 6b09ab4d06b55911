"""Keeps what is sent to a model within a number of tokens, estimated without any model's vocabulary."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from rag.labels import shown
from rag.types import Hit

BETWEEN_PASSAGES = 4


def estimated_tokens(text: str) -> int:
    """Return about how many tokens a text has, rather too many: common tokenizers need fewer on news."""
    return math.ceil(sum(map(_share, text)))


def fitting(hits: Sequence[Hit], budget: int) -> tuple[Hit, ...]:
    """Return the hits within a budget of tokens as they are shown, so that what stays keeps its labels.

    Whole hits go first, from the end; of the last one left, sentences go from the end; one sentence always stays.
    """
    kept, used = 0, 0
    for hit in hits:
        used += estimated_tokens(shown([hit])) + BETWEEN_PASSAGES
        if used > budget:
            break
        kept += 1
    return tuple(hits[:kept]) if kept or not hits else (_shortened(hits[0], budget),)


def _shortened(hit: Hit, budget: int) -> Hit:
    while len(hit.passage.sentences) > 1 and estimated_tokens(shown([hit])) > budget:
        hit = _without_last_sentence(hit)
    return hit


def _without_last_sentence(hit: Hit) -> Hit:
    passage = hit.passage
    spans = passage.sentences[:-1]
    end = spans[-1].end
    text = passage.text[: end - passage.start]
    return replace(hit, passage=replace(passage, end=end, text=text, sentences=spans))


def _share(character: str) -> float:
    """Return the tokens that a character is worth: letters share one, figures, signs and other scripts do not."""
    if character.isascii():
        return 0.3 if character.isalpha() or character.isspace() else 1.0
    code = ord(character)
    if code < 0x250:
        return 0.7
    return 1.0 if code < 0x2E80 else 1.6 if code < 0x10000 else 3.0
