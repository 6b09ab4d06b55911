from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from rag.web.watching.logs import LOGGER, configure


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Take what this process logs, as JSON, and leave logging as it was."""
    root, ours, stream = logging.getLogger(), logging.getLogger(LOGGER), io.StringIO()
    before = root.handlers[:], root.level, ours.level
    root.handlers = []
    configure(as_json=True, stream=stream)
    yield stream
    logging.captureWarnings(capture=False)
    root.handlers, root.level, level = before
    ours.setLevel(level)


def lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]
