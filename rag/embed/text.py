"""Text made fit for tokenisers and for JSON."""

from __future__ import annotations


def well_formed(text: str) -> str:
    """Join surrogate pairs and replace lone surrogates, which have no UTF-8 form, by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
