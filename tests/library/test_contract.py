"""The contract of a library, over both ways in which the local one finds neighbours."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.library import open_library
from rag.protocols import Library
from rag.testing.library import EMBEDDER
from rag.testing.library_contract import LibraryContract
from rag.testing.library_times import Opener


class TestLocalLibrary(LibraryContract):
    @pytest.fixture(params=[0, 20_000], ids=["index", "exact"])
    def opener(self, tmp_path: Path, request: pytest.FixtureRequest) -> Opener:
        def opened() -> Library:
            return open_library(
                tmp_path / "library",
                model=EMBEDDER.name,
                dimension=EMBEDDER.dimension,
                create=True,
                exact_up_to=request.param,
            )

        return opened
