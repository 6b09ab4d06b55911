"""The embedded model behind its seam."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from rag.embed import EmbeddedModel
from rag.embed.embedded import DIGESTS, SHIPPED, TOKENS
from rag.errors import ConfigurationError
from rag.protocols import Embedder
from rag.testing import HashingEmbedder
from rag.testing.embedder_contract import EmbedderContract


class TestEmbeddedModel(EmbedderContract):
    model = EmbeddedModel()

    def make(self) -> Embedder:
        return self.model


class TestHashingEmbedder(EmbedderContract):
    def make(self) -> Embedder:
        return HashingEmbedder()


def test_a_vector_is_the_same_to_the_last_bit_whatever_stands_beside_its_text() -> None:
    model = EmbeddedModel(threads=3)
    texts = ["Rates rose.", "Rates rose on Thursday, as expected by most economists. " * 9, "Who said so?"]
    assert model.embed_documents(texts) == [model.embed_query(text) for text in texts]


def test_meaning_counts_where_no_word_is_shared() -> None:
    model = EmbeddedModel()
    question = model.embed_query("Who won the football match?")
    near, far = model.embed_documents(["The visitors triumphed 3-2 in extra time.", "The harvest of wheat was poor."])
    assert dot(question, near) > dot(question, far) + 0.1


def test_what_follows_256_tokens_does_not_count() -> None:
    model = EmbeddedModel()
    start = "rain " * (TOKENS - 2)
    assert model.embed_query(start) == model.embed_query(start + "and a flood that nobody expected")
    assert model.embed_query(start[:-5]) != model.embed_query(start[:-5] + "flood")


reference = Tokenizer.from_file(str(SHIPPED / "tokenizer.json"))
reference.no_padding()
reference.enable_truncation(TOKENS)
pieces = st.sampled_from(
    ["rain ", "the flood", "\n", "x" * 90, "x", "é", "e\u0301", "京", "😀", ".", " ", "\0", "\u200b"]
)


@settings(max_examples=25, deadline=None)
@example([("rain ", 253), (" ", 2780), ("x", 150)])  # a cut at 4,096 characters would make a known word of the last
@given(st.lists(st.tuples(pieces, st.integers(1, 3000)), max_size=4))
def test_reading_only_the_start_of_a_long_text_changes_no_token(runs: list[tuple[str, int]]) -> None:
    text = "".join(piece * times for piece, times in runs)
    engine = TestEmbeddedModel.model._engine()
    assert engine.tokens(text) == reference.encode(text).ids


@pytest.mark.parametrize("name", DIGESTS)
@pytest.mark.parametrize("damage", ["missing", "cut", "changed"])
def test_a_broken_installation_is_named_with_its_remedy(tmp_path: Path, name: str, damage: str) -> None:
    for shipped in DIGESTS:
        shutil.copyfile(SHIPPED / shipped, tmp_path / shipped)
    content = (tmp_path / name).read_bytes()
    if damage == "missing":
        (tmp_path / name).unlink()
    elif damage == "cut":
        (tmp_path / name).write_bytes(content[:1000])
    else:
        (tmp_path / name).write_bytes(content[:5000] + bytes([content[5000] ^ 1]) + content[5001:])
    model = EmbeddedModel(tmp_path)
    with pytest.raises(ConfigurationError, match=rf"{name} .*: install dateline again\.$"):
        model.embed_query("anything")


def test_constructing_loads_nothing_and_embedding_is_quiet() -> None:
    script = """
import sys
from rag.embed import CompatibleEmbedder, EmbeddedModel
model = EmbeddedModel()
CompatibleEmbedder(model="m", base_url="http://localhost:1/v1")
assert not sys.modules.keys() & {"numpy", "onnxruntime", "tokenizers", "openai", "langchain_openai", "pydantic"}
model.embed_documents(["one", "two"])
import os
if hasattr(os, "fork"):
    child = os.fork()
    if not child:
        model.embed_documents(["three", "four"])
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def dot(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
