"""Answers made from labelled drafts, grounded as the main path grounds them, for tests of what looks at answers."""

from __future__ import annotations

from collections.abc import Sequence

from rag.ground import Grounder
from rag.types import Answer, Hit, Question, Scope
from rag.verify import Similarity


def drafted(draft: str, hits: Sequence[Hit], similarity: Similarity, *, generation: int = 0) -> Answer:
    """Return the answer that an answerer's draft gives; ``[1.2]`` cites the second sentence of the first hit."""
    grounder = Grounder(hits, similarity)
    grounder.feed(draft)
    grounded = grounder.close()
    return Answer(
        question=Question(text="?"),
        standalone="?",
        scope=Scope(),
        text=grounded.text,
        status=grounded.status,
        claims=grounded.claims,
        citations=grounded.citations,
        hits=tuple(hits),
        generation=generation,
    )
