"""Characters that readers do not see, and that no stored article holds."""

from __future__ import annotations

_BREAKS = b"\t\n\v\f\r\x85"

INVISIBLE = frozenset(
    [
        *(code for code in range(0xA0) if not 0x20 <= code < 0x7F and code not in _BREAKS),
        *(0xAD, 0x200B, 0x2060, 0xFEFF),  # soft hyphen, zero-width space, word joiner, byte order mark
        *range(0x202A, 0x202F),  # directional overrides, which can show words in another order than they are read
        *range(0x2066, 0x206A),
        *range(0xE0000, 0xE0080),  # tag characters: words that only a machine sees
    ]
)
"""Code points; breaks of lines and tabs, which become other white space, are not among them."""
