"""Nothing that we use reports to its maker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_the_embedded_model_begins_no_session_of_telemetry(tmp_path: Path) -> None:
    # onnxruntime keeps the id of its session here from the moment it is imported, before it sends anything.
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    code = "from rag.embed import EmbeddedModel; print(len(EmbeddedModel().embed_query('a bridge')))"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env={**environment, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "384\n"
    assert list(tmp_path.iterdir()) == []
