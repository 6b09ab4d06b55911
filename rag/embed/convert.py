"""Rebuild the embedded model's int8 ONNX file from the original float weights.

::

    python -m rag.embed.convert model.safetensors rag/embed/minilm/smooth.npz model.onnx

Needs the `onnx` package, which only developers have. The same inputs give the same bytes.

The graph takes one passage per run, so it has neither mask nor padding. What differs from a plain export:

* query, key and value are one matrix product, split afterwards;
* every matrix product is `DynamicQuantizeMatMul` with int8 weights, one scale per output column;
* weights stay within ±90: processors without VNNI add pairs of products in 16 bits, which the full range overflows;
* a few input channels are far larger than the rest and would take all of the eight bits: dividing them by smoothing
  vectors, and multiplying the weights by the same, evens them out (SmoothQuant, Xiao et al. 2023, with alpha .65);
* rows are divided by their largest value before the feed-forward products, since eight bits are shared by all rows;
* residuals are a plain Add and LayerNormalization, which run faster than the fused operator.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto

    Floats = NDArray[np.float32]
    Weights = Mapping[str, Floats]

HEAD_SIZE = 32
WEIGHT_LIMIT = 90
MICROSOFT = "com.microsoft"


def main(arguments: Sequence[str] | None = None) -> None:
    """Convert the files named on the command line."""
    parser = argparse.ArgumentParser(description="Rebuild the embedded model from the original weights.")
    parser.add_argument("weights", type=Path, help="model.safetensors of the original model")
    parser.add_argument("smoothing", type=Path, help="smoothing vectors (.npz)")
    parser.add_argument("target", type=Path, help="the .onnx file to write")
    given = parser.parse_args(arguments)
    with np.load(given.smoothing) as stored:
        smoothing = {name: stored[name].astype(np.float32) for name in stored.files}
    given.target.write_bytes(convert(read_safetensors(given.weights), smoothing).SerializeToString())


def read_safetensors(path: Path) -> dict[str, Floats]:
    """Return the 32-bit float tensors of a safetensors file: a header's length, a JSON header, then raw numbers."""
    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    tensors = {}
    for name, entry in json.loads(content[8:start]).items():
        if entry.get("dtype") == "F32":
            first, last = entry["data_offsets"]
            flat = np.frombuffer(content[start + first : start + last], np.dtype("<f4"))
            tensors[name] = flat.reshape(entry["shape"])
    return tensors


def convert(weights: Weights, smoothing: Weights) -> ModelProto:
    """Build the int8 model of a BERT with mean pooling; `smoothing` maps "0qkv", "0f1", "1qkv", … to vectors."""
    graph = _Graph()
    rows = _embeddings(graph, weights)
    width = weights["embeddings.word_embeddings.weight"].shape[1]
    for layer in range(sum(name.endswith(".attention.self.query.weight") for name in weights)):
        rows = _attention(graph, weights, smoothing, layer, rows)
        rows = _feed_forward(graph, weights, smoothing, layer, rows)
    graph.constant("ax1", np.array([1], np.int64))
    mean = graph.node("ReduceMean", [rows, "ax1"], keepdims=0)
    graph.node("LpNormalization", [mean], ["emb"], axis=-1, p=2)
    return graph.model(width)


def _embeddings(graph: _Graph, weights: Weights) -> str:
    """Sum word and position embeddings; words are int8 with one scale each, which halves the file."""
    words = weights["embeddings.word_embeddings.weight"]
    scale = np.abs(words).max(axis=1, keepdims=True) / np.float32(127)
    graph.constant("word", np.round(words / scale).astype(np.int8))
    graph.constant("wscale", scale)
    kind = weights["embeddings.token_type_embeddings.weight"][0]
    graph.constant("pos", weights["embeddings.position_embeddings.weight"] + kind)
    graph.constant("axm1", np.array([-1], np.int64))
    graph.constant("z", np.array([0], np.int64))
    word = graph.node("Cast", [graph.node("Gather", ["word", "input_ids"])], to=1)
    word = graph.node("Mul", [word, graph.node("Gather", ["wscale", "input_ids"])])
    length = graph.node("Shape", ["input_ids"], start=1, end=2)
    place = graph.node("Slice", ["pos", "z", length])
    total = graph.node("Add", [word, place])
    return _normalise(graph, weights, total, "embeddings.LayerNorm", "e")


def _attention(graph: _Graph, weights: Weights, smoothing: Weights, layer: int, rows: str) -> str:
    """Add what each token gathers from the others."""
    prefix = f"encoder.layer.{layer}.attention"
    parts = [f"{prefix}.self.{part}" for part in ("query", "key", "value")]
    matrix = np.concatenate([weights[f"{part}.weight"] for part in parts]).T
    bias = np.concatenate([weights[f"{part}.bias"] for part in parts])
    width = matrix.shape[0]
    smooth = _smooth(graph, f"{layer}qkv", rows, smoothing)
    merged = _product(graph, f"{layer}qkv", smooth, matrix * smoothing[f"{layer}qkv"][:, None], bias)
    if layer == 0:
        graph.constant("sp", np.array([width] * 3, np.int64))
    split = [f"{layer}{part}" for part in "QKV"]
    graph.node("Split", [merged, "sp"], split, axis=-1)
    gathered = graph.node("MultiHeadAttention", split, domain=MICROSOFT, num_heads=width // HEAD_SIZE)
    matrix, bias = weights[f"{prefix}.output.dense.weight"].T, weights[f"{prefix}.output.dense.bias"]
    added = graph.node("Add", [_product(graph, f"{layer}o", gathered, matrix, bias), rows])
    return _normalise(graph, weights, added, f"{prefix}.output.LayerNorm", f"{layer}1")


def _feed_forward(graph: _Graph, weights: Weights, smoothing: Weights, layer: int, rows: str) -> str:
    """Add each token's two-layer perceptron; its activation never falls far below zero, so its maximum is its size."""
    prefix = f"encoder.layer.{layer}"
    first, second = f"{layer}f1", f"{layer}f2"
    smooth = _smooth(graph, first, rows, smoothing)
    top = graph.node("ReduceMax", [smooth, "axm1"], keepdims=1)
    bottom = graph.node("ReduceMin", [smooth, "axm1"], keepdims=1)
    size = graph.node("Max", [top, graph.node("Neg", [bottom])])
    matrix = weights[f"{prefix}.intermediate.dense.weight"].T * smoothing[first][:, None]
    inner = _scaled_product(graph, first, smooth, size, matrix)
    graph.constant(f"{first}b", weights[f"{prefix}.intermediate.dense.bias"])
    active = graph.node("BiasGelu", [inner, f"{first}b"], domain=MICROSOFT)
    size = graph.node("ReduceMax", [active, "axm1"], keepdims=1)
    outer = _scaled_product(graph, second, active, size, weights[f"{prefix}.output.dense.weight"].T)
    graph.constant(f"{second}b", weights[f"{prefix}.output.dense.bias"])
    added = graph.node("Add", [graph.node("Add", [outer, f"{second}b"]), rows])
    return _normalise(graph, weights, added, f"{prefix}.output.LayerNorm", f"{layer}2")


def _smooth(graph: _Graph, name: str, rows: str, smoothing: Weights) -> str:
    graph.constant(f"{name}i", 1 / smoothing[name])
    return graph.node("Mul", [rows, f"{name}i"])


def _scaled_product(graph: _Graph, name: str, rows: str, size: str, matrix: Floats) -> str:
    divided = graph.node("Div", [rows, size])
    return graph.node("Mul", [_product(graph, name, divided, matrix), size])


def _product(graph: _Graph, name: str, rows: str, matrix: Floats, bias: Floats | None = None) -> str:
    """Multiply rows, quantised as they come, by a matrix [inputs, outputs] quantised here."""
    scale = np.abs(matrix).max(axis=0) / np.float32(WEIGHT_LIMIT)
    graph.constant(name, np.round(matrix / scale).astype(np.int8))
    graph.constant(f"{name}s", scale)
    graph.constant(f"{name}z", np.zeros(len(scale), np.int8))
    inputs = [rows, name, f"{name}s", f"{name}z"]
    if bias is not None:
        graph.constant(f"{name}b", bias)
        inputs.append(f"{name}b")
    return graph.node("DynamicQuantizeMatMul", inputs, domain=MICROSOFT)


def _normalise(graph: _Graph, weights: Weights, rows: str, origin: str, name: str) -> str:
    graph.constant(f"{name}g", weights[f"{origin}.weight"])
    graph.constant(f"{name}b", weights[f"{origin}.bias"])
    return graph.node("LayerNormalization", [rows, f"{name}g", f"{name}b"], epsilon=1e-12, axis=-1)


class _Graph:
    """Nodes and constants in the order in which they were added."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._constants: dict[str, NDArray[np.generic]] = {}

    def constant(self, name: str, values: NDArray[np.generic]) -> None:
        """Add a named tensor."""
        self._constants[name] = np.ascontiguousarray(values)

    def node(
        self,
        kind: str,
        inputs: list[str],
        outputs: list[str] | None = None,
        *,
        domain: str | None = None,
        **options: float,
    ) -> str:
        """Add an operator and return the name of its first output."""
        from onnx import helper  # noqa: PLC0415 - a development dependency

        number = len(self._nodes) + 1
        outputs = outputs or [f"t{number}"]
        node = helper.make_node(kind, inputs, outputs, f"n{number}", domain=domain)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in sorted(options.items()))
        self._nodes.append(node)
        return outputs[0]

    def model(self, width: int) -> ModelProto:
        """Close the graph: token numbers [1, length] in, unit vectors [1, width] out."""
        from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415 - a development dependency

        given = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["B", "L"])
        result = helper.make_tensor_value_info("emb", TensorProto.FLOAT, ["B", width])
        constants = [numpy_helper.from_array(values, name) for name, values in self._constants.items()]
        graph = helper.make_graph(self._nodes, "minilm", [given], [result], constants)
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9, producer_name="convert")


if __name__ == "__main__":
    main()
