"""The conversion and the shipped model against a float forward pass written independently, in plain numpy.

Run as a script with the original model.safetensors to write reference.npz anew.
"""

import hashlib
import json
import math
import re
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from rag.embed import EmbeddedModel, convert
from rag.embed.embedded import DIGESTS, SHIPPED

Floats = NDArray[np.float64]

HEAD = 32
REFERENCE = Path(__file__).parent / "reference.npz"
TEXTS = [
    "Rates",
    "Who said that the ministry had denied the report?",
    "The central bank held its benchmark rate at 4.25 percent on Thursday, as most economists had expected.",
    "WELLINGTON — Rescue crews reached the last of eleven stranded walkers shortly before dawn, police said.",
    "“We will not be hurried,” the minister told reporters; “nor will we wait.”",
    "The vaccine trial enrolled 30,451 adults across 14 countries between March 2021 and May 2022.",
    "Shares fell 3.2% to €41.07, their lowest since 12 November, after the carmaker cut its forecast for the year.",
    "Midfielder scores twice as the visitors come from behind to win 3-2 in extra time.",
    "北京 и Москва: naïve café — “smörgåsbord”",
    "I don't know. Perhaps nobody does! Does it matter? It does.",
    (
        "The council voted to close the library. The mayor, who had promised to keep it open, did not attend. "
        "Residents had collected four thousand signatures since the spring; a spokeswoman said they had been read. "
        "The building, a former grain store, has housed the collection since 1931 and needs a new roof. Its twelve "
        "staff will be offered posts elsewhere, according to a letter seen by this newspaper."
    ),
    "Storm warnings were extended along the coast as rivers rose faster than forecast. " * 40,
]


def test_a_tiny_model_survives_conversion(tmp_path: Path) -> None:
    weights = tiny_weights()
    write_safetensors(tmp_path / "model.safetensors", weights)
    random = np.random.default_rng(2)
    names = [f"{layer}{part}" for layer in range(2) for part in ("qkv", "f1")]
    smoothing = {name: random.uniform(0.5, 2, 64).astype(np.float16) for name in names}
    np.savez(tmp_path / "smooth.npz", **smoothing)  # type: ignore[arg-type]

    convert.main([str(tmp_path / name) for name in ("model.safetensors", "smooth.npz", "model.onnx")])

    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    for length in (1, 2, 7, 40):
        tokens = random.integers(0, 90, length).tolist()
        (vectors,) = session.run(None, {"input_ids": np.array([tokens])})
        assert np.linalg.norm(vectors[0]) == pytest.approx(1, abs=1e-5)
        assert vectors[0] @ forward(weights, tokens) > 0.9995


def test_the_shipped_model_agrees_with_the_original() -> None:
    with np.load(REFERENCE) as stored:
        expected = stored["vectors"]
    found = np.array(EmbeddedModel().embed_documents(TEXTS))
    cosines = (found * expected).sum(axis=1)
    assert cosines.min() > 0.9975
    assert cosines.mean() > 0.998


def test_the_model_card_names_the_files_that_are_shipped() -> None:
    card = (SHIPPED / "MODEL_CARD.md").read_text()
    rows = dict(re.findall(r"^\| `([\w.]+)` \|.*`([0-9a-f]{64})` \|$", card, re.MULTILINE))
    assert rows.keys() == {"model.onnx", "tokenizer.json", "smooth.npz"}
    assert {name: hashlib.sha256((SHIPPED / name).read_bytes()).hexdigest() for name in rows} == rows
    assert rows.items() >= DIGESTS.items()


def tiny_weights() -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(1)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (90, 64),
        "embeddings.position_embeddings.weight": (50, 64),
    }
    shapes |= {"embeddings.token_type_embeddings.weight": (2, 64)} | norm("embeddings.LayerNorm")
    for layer in ("encoder.layer.0", "encoder.layer.1"):
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            shapes |= dense(f"{layer}.attention.{part}", 64, 64)
        shapes |= dense(f"{layer}.intermediate.dense", 64, 256) | dense(f"{layer}.output.dense", 256, 64)
        shapes |= norm(f"{layer}.attention.output.LayerNorm") | norm(f"{layer}.output.LayerNorm")
    return {name: random.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}


def dense(name: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def norm(name: str) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (64,), f"{name}.bias": (64,)}


def write_safetensors(path: Path, tensors: dict[str, NDArray[np.float32]]) -> None:
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    place = 0
    for name, values in tensors.items():
        header[name] = {"dtype": "F32", "shape": values.shape, "data_offsets": [place, place + values.nbytes]}
        place += values.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(value.tobytes() for value in tensors.values()))


def forward(weights: dict[str, NDArray[np.float32]], tokens: list[int]) -> Floats:
    """Return the unit vector that the original model, in 64-bit floats, gives these tokens."""
    named = {name: values.astype(np.float64) for name, values in weights.items()}
    rows = named["embeddings.word_embeddings.weight"][tokens]
    rows = rows + named["embeddings.position_embeddings.weight"][: len(tokens)]
    rows = normal(named, "embeddings.LayerNorm", rows + named["embeddings.token_type_embeddings.weight"][0])
    for layer in range(sum(name.endswith("query.weight") for name in named)):
        prefix = f"encoder.layer.{layer}"
        mixed = linear(named, f"{prefix}.attention.output.dense", attention(named, f"{prefix}.attention.self", rows))
        rows = normal(named, f"{prefix}.attention.output.LayerNorm", rows + mixed)
        inner = linear(named, f"{prefix}.intermediate.dense", rows)
        inner = inner * (1 + np.vectorize(math.erf)(inner / math.sqrt(2))) / 2
        rows = normal(named, f"{prefix}.output.LayerNorm", rows + linear(named, f"{prefix}.output.dense", inner))
    mean = rows.mean(axis=0)
    result: Floats = mean / np.linalg.norm(mean)
    return result


def attention(named: dict[str, Floats], prefix: str, rows: Floats) -> Floats:
    query, key, value = (
        linear(named, f"{prefix}.{part}", rows).reshape(len(rows), -1, HEAD).swapaxes(0, 1)
        for part in ("query", "key", "value")
    )
    shares = np.exp(query @ key.swapaxes(1, 2) / math.sqrt(HEAD))
    shares /= shares.sum(axis=-1, keepdims=True)
    gathered: Floats = (shares @ value).swapaxes(0, 1).reshape(len(rows), -1)
    return gathered


def linear(named: dict[str, Floats], name: str, rows: Floats) -> Floats:
    result: Floats = rows @ named[f"{name}.weight"].T + named[f"{name}.bias"]
    return result


def normal(named: dict[str, Floats], name: str, rows: Floats) -> Floats:
    centred = rows - rows.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
    result: Floats = scaled * named[f"{name}.weight"] + named[f"{name}.bias"]
    return result


def write_reference(original: Path) -> None:
    from tokenizers import Tokenizer  # noqa: PLC0415 - only when run as a script

    weights = convert.read_safetensors(original)
    tokenizer = Tokenizer.from_file(str(SHIPPED / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    vectors = [forward(weights, tokenizer.encode(text).ids) for text in TEXTS]
    np.savez_compressed(REFERENCE, vectors=np.array(vectors, np.float32))


if __name__ == "__main__":
    write_reference(Path(sys.argv[1]))
