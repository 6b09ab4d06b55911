"""Sentences as a chat model writes them about the sample articles, in `claims.txt`: how many are judged rightly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def test_most_paraphrases_are_borne_out_and_most_wrong_sentences_refused() -> None:
    command = [sys.executable, str(_ROOT / "bench/verify_claims.py")]
    done = subprocess.run(
        command, cwd=_ROOT, env={"PYTHONPATH": str(_ROOT)}, capture_output=True, text=True, check=True
    )
    true, wrong = (line.replace("%", "").split() for line in done.stdout.splitlines())
    shares = [dict(zip(row[2::2], map(float, row[3::2]), strict=True)) for row in (true, wrong)]
    assert shares[0]["unsupported"] <= 10
    assert shares[0]["supported"] >= 65
    assert shares[1]["unsupported"] >= 75
    assert shares[1]["supported"] <= 10
