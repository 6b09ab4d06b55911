"""Which of the forms that we can make the client would rather have (RFC 9110, section 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

_QUALITY = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")


def preferred(accept: str | None, offered: Sequence[str]) -> str | None:
    """Return the offered media type with the highest quality, the first of equals; None where none is accepted.

    No header, or an empty one, accepts everything.
    """
    if not (accept or "").strip():
        return offered[0]
    ranges = [_range(part) for part in (accept or "").split(",")]
    qualities = [_quality(each, ranges) for each in offered]
    best = max(qualities)
    return offered[qualities.index(best)] if best > 0 else None


def _range(part: str) -> tuple[str, float]:
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    matches = [found for each in parameters if (found := _QUALITY.fullmatch(each))]
    return media, float(matches[-1][1]) if matches else 1.0


def _quality(media: str, ranges: Sequence[tuple[str, float]]) -> float:
    """Of several ranges that fit, the most specific counts."""
    for name in (media, f"{media.partition('/')[0]}/*", "*/*"):
        if found := [quality for each, quality in ranges if each == name]:
            return max(found)
    return 0.0
