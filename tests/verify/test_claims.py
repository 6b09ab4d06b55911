"""Sentences as a chat model writes them about the sample articles: how many are judged rightly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

_ROOT = Path(__file__).parents[2]


class Bar(NamedTuple):
    """The shares in percent that a file of claims must reach."""

    file: str
    supported: float
    borne_out: float
    refused: float


@pytest.mark.parametrize(
    "bar",
    [
        Bar("claims", 65, 95, 78),
        Bar("attributions", 75, 95, 95),
        Bar("plausible", 70, 95, 90),
        Bar("unseen", 50, 85, 90),
        Bar("unseen2", 60, 85, 88),
        Bar("foreign", 0, 95, 95),
    ],
)
def test_most_true_claims_are_borne_out_and_most_wrong_ones_refused(bar: Bar) -> None:
    command = [sys.executable, "bench/verify_claims.py", "--claims", f"tests/verify/{bar.file}.txt"]
    done = subprocess.run(
        command, cwd=_ROOT, env={"PYTHONPATH": str(_ROOT)}, capture_output=True, text=True, check=True
    )
    true, wrong = (line.replace("%", "").split() for line in done.stdout.splitlines())
    shares = [dict(zip(row[2::2], map(float, row[3::2]), strict=True)) for row in (true, wrong)]
    assert shares[0]["supported"] >= bar.supported
    assert shares[0]["supported"] + shares[0]["partial"] >= bar.borne_out
    assert shares[1]["unsupported"] >= bar.refused
