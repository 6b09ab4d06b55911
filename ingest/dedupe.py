"""Finds articles that nearly repeat another one, by MinHash signatures (the home of datasketch)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rag.types import digest

THRESHOLD = 0.5
"""Estimated Jaccard similarity of word shingles from which one article repeats another."""

_SHINGLE = 3
_PERMUTATIONS = 128
_ROWS = 3
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")
"""Chinese and Japanese write no spaces: there each character counts as a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """A text's signature, and the band keys under which texts like it are found."""

    signature: bytes
    bands: tuple[str, ...]


def fingerprint(text: str) -> Fingerprint:
    """Return the fingerprint of a text's words; figures, case and punctuation hardly change it."""
    from datasketch import MinHash  # noqa: PLC0415  heavy: only where it is used

    hashed = MinHash(num_perm=_PERMUTATIONS, seed=1, scheme="affine32")
    hashed.update_batch(_shingles(text))
    signature = hashed.hashvalues.astype("<u4").tobytes()
    return Fingerprint(signature=signature, bands=tuple(_bands(signature)))


def similarity(one: bytes, other: bytes) -> float:
    """Return the estimated Jaccard similarity of the texts of two signatures."""
    if len(one) != len(other) or not one:
        return 0.0
    pairs = zip(memoryview(one).cast("I"), memoryview(other).cast("I"), strict=True)
    return sum(left == right for left, right in pairs) * 4 / len(one)


def repeated(print_: Fingerprint, candidates: Iterable[tuple[str, bytes]]) -> str | None:
    """Return the id of the candidate that a text repeats most nearly, or None when none is near enough."""
    near = [(similarity(print_.signature, signature), article_id) for article_id, signature in candidates]
    best = min(((-score, article_id) for score, article_id in near if score >= THRESHOLD), default=None)
    return best[1] if best else None


def resembles(one: str, other: str) -> bool:
    """Tell whether two texts may be versions of one: half of the shorter one's word shingles stand in the other.

    So a report that grows through a day resembles its first lines; but so do two reports filled into one template.
    """
    first, second = set(_shingles(one)), set(_shingles(other))
    return 2 * len(first & second) >= min(len(first), len(second))


def _shingles(text: str) -> list[bytes]:
    words = _WORD.findall(text.casefold())
    runs = {" ".join(words[at : at + _SHINGLE]) for at in range(max(1, len(words) - _SHINGLE + 1))}
    return [run.encode("utf-8", "surrogatepass") for run in sorted(runs)]


def _bands(signature: bytes) -> Iterable[str]:
    width = 4 * _ROWS
    for start in range(0, len(signature) - width + 1, width):
        yield digest(str(start), signature[start : start + width].hex())
