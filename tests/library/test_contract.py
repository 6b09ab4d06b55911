"""The contract of a library, over all ways in which the local one finds neighbours."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.library import ChromaServer, Neighbours, open_library
from rag.protocols import Library
from rag.testing.library import EMBEDDER
from rag.testing.library_contract import LibraryContract
from rag.testing.library_times import Opener


class TestLocalLibrary(LibraryContract):
    @pytest.fixture(params=["index", "exact", "server"])
    def opener(self, tmp_path: Path, request: pytest.FixtureRequest) -> Opener:
        server = ChromaServer(url=request.getfixturevalue("chroma")) if request.param == "server" else None
        neighbours = Neighbours(exact_up_to=20_000 if request.param == "exact" else 0, server=server)

        def opened() -> Library:
            return open_library(
                tmp_path / "library",
                model=EMBEDDER.name,
                dimension=EMBEDDER.dimension,
                create=True,
                neighbours=neighbours,
            )

        return opened
