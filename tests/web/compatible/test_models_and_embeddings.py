"""The lists of models, and vectors, through the client that everybody has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import openai
import pytest
from langchain_openai import OpenAIEmbeddings
from openai import OpenAI
from openai.types import CreateEmbeddingResponse
from openai.types import Model as Listed

from rag.answer import Desk

# Gradio sums up its events with pandas, in words that pandas is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:('future.no_silent_downcasting'|The copy keyword)")

TEXTS = ["The Arl Bridge is shut.", "Ferry fares rise."]


@pytest.fixture
def name(seeds_desk: Desk) -> str:
    return seeds_desk.embedder.name


def test_the_models_that_there_are(client: OpenAI, name: str) -> None:
    listed = client.models.list().data
    assert [model.id for model in listed] == ["dateline", name]
    for model in listed:
        Listed.model_validate(model.model_dump(), strict=True)
        assert client.models.retrieve(model.id) == model
    with pytest.raises(openai.NotFoundError, match="no model 'gpt-5'"):
        client.models.retrieve("gpt-5")


def test_vectors_are_the_librarys_own(client: OpenAI, name: str, seeds_desk: Desk) -> None:
    own = seeds_desk.embedder.embed_documents(TEXTS)
    plain = client.embeddings.create(model=name, input=TEXTS, encoding_format="float")
    packed = client.embeddings.create(model=name, input=TEXTS)  # the client asks for base64 by itself
    CreateEmbeddingResponse.model_validate(plain.model_dump(), strict=True)
    assert [each.index for each in plain.data] == [0, 1]
    for found, vector in zip((*plain.data, *packed.data), own * 2, strict=True):
        assert near(found.embedding, vector)
    [single] = client.embeddings.create(model=name, input=TEXTS[0], dimensions=len(own[0])).data
    assert near(single.embedding, own[0])


def near(one: Sequence[float], other: Sequence[float]) -> bool:
    return len(one) == len(other) and math.dist(one, other) < 1e-6


def test_langchain_embeds(address: str, name: str, seeds_desk: Desk) -> None:
    embeddings = OpenAIEmbeddings(
        model=name, base_url=f"{address}/v1", api_key=lambda: "none", check_embedding_ctx_length=False
    )
    assert near(embeddings.embed_query(TEXTS[0]), seeds_desk.embedder.embed_documents(TEXTS[:1])[0])


@pytest.mark.parametrize(
    ("parameters", "param", "line"),
    [
        ({"input": [1, 2, 3]}, "input", "tokens are not read"),
        ({"input": [[1, 2], [3]]}, "input", "tokens are not read"),
        ({"input": []}, "input", "up to 256"),
        ({"input": ""}, "input", "1 to 32,000"),
        ({"input": ["x"] * 257}, "input", "up to 256"),
        ({"input": "x" * 32_001}, "input", "1 to 32,000"),
        ({"dimensions": 5}, "dimensions", "384 dimensions"),
        ({"encoding_format": "hex"}, "encoding_format", "float or base64"),
        ({"extra_body": {"truncate": True}}, "truncate", "not a parameter"),
    ],
)
def test_what_cannot_be_embedded(
    client: OpenAI, name: str, parameters: dict[str, Any], param: str | None, line: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=line) as refused:
        client.embeddings.create(**{"model": name, "input": TEXTS, **parameters})
    assert refused.value.param == param


def test_the_model_that_answers_does_not_embed(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="MiniLM"):
        client.embeddings.create(model="dateline", input=TEXTS)
