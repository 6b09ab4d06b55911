"""The server does what its OpenAPI document says, whatever is sent; `bench/conformance.py` sends thousands more."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.conformance import run, served


@pytest.mark.slow
def test_every_reply_is_as_described(seed_library: Path, tmp_path: Path) -> None:
    with served(seed_library) as address:
        outcome = run(address, tmp_path, examples=12, seed=1, phases="examples,fuzzing")
    assert (outcome.failures, outcome.errors) == ([], [])
    assert outcome.operations >= 18
    assert outcome.cases >= 200
