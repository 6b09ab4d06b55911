"""How the server is to behave, as the composition root read it from settings."""

from __future__ import annotations

from dataclasses import dataclass

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Everything that whoever runs the server decides. Sizes are bytes, durations seconds."""

    host: str = LOOPBACK
    port: int = 7860
    allowed_hosts: tuple[str, ...] = ()
    """Further names that the server goes by; "*" allows every name."""
    root_path: str = ""
    """The path under which a proxy shows the server, such as "/dateline"."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    cors_origins: tuple[str, ...] = ()
    """Foreign pages that may call the API, such as "https://desk.example.org"."""
    keys_needed: bool = False
    """Whether every request needs a key, or a session that a key opened."""
    rate: str | None = None
    """Most requests of one key or address, as "600/minute"; None for no limit."""
    at_once: int = 8
    """Answers and other work under way at the same time."""
    waiting: int = 64
    """Requests that may wait for their turn; one more is refused at once."""
    grace: float = 10.0
    """How long requests under way may go on after the server was told to stop."""
    largest_body: int = 1 << 20
    largest_upload: int = 64 << 20

    @property
    def each(self) -> int:
        """What one client may have under way: half of the places, where there may be several clients."""
        places = self.at_once + self.waiting
        return max(1, places // 2) if self.keys_needed or self.rate else places
