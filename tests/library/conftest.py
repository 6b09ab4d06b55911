from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.library import LocalLibrary, Neighbours, open_library
from rag.testing.chroma import chroma_server
from rag.testing.library import EMBEDDER, made_article, put
from rag.types import Article

INDEXED, EXACT = 0, 1_000_000
BY_INDEX = Neighbours(exact_up_to=INDEXED)

Open = Callable[..., LocalLibrary]

_WORDS = "harbour strike vote river flood town minister denied report price bread school roof council budget train"


def story(number: int, paragraphs: int = 5) -> Article:
    chance = random.Random(number)
    text = "\n\n".join(
        " ".join(chance.choices(_WORDS.split(), k=12)) + f" n{number}p{part}" for part in range(paragraphs)
    )
    return made_article(f"story{number}", text, publisher=f"Paper {number % 4}")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens the test's library, by default to be searched through the index, and closes it in the end."""
    libraries = []

    def opened(exact_up_to: int = INDEXED, *, create: bool = True, any_model: bool = False) -> LocalLibrary:
        library = open_library(
            tmp_path / "library",
            model=EMBEDDER.name,
            dimension=EMBEDDER.dimension,
            create=create,
            any_model=any_model,
            neighbours=Neighbours(exact_up_to=exact_up_to),
        )
        libraries.append(library)
        return library

    yield opened
    for library in libraries:
        library.close()


@pytest.fixture(scope="session")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Chroma server."""
    with chroma_server(tmp_path_factory.mktemp("chroma")) as url:
        yield url


@pytest.fixture(scope="session")
def _large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("large") / "library"
    library = open_library(directory, model=EMBEDDER.name, dimension=EMBEDDER.dimension, create=True)
    put(library, *(story(number) for number in range(240)))
    library.close()
    return directory


@pytest.fixture
def large(_large: Path, tmp_path: Path) -> Path:
    """A library of 1,200 passages, so many that the index has written its files of neighbours."""
    return Path(shutil.copytree(_large, tmp_path / "library"))
