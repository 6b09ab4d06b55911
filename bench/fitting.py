"""Fits linear scores: which of several candidates holds the answer, and whether the best one does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_STEPS, _RATE, _PENALTY = 2000, 0.05, 1e-4


def fit_choice(candidates: Sequence[Matrix], right: Sequence[Vector]) -> Vector:
    """Return weights that maximise the softmax probability of the right candidates within each group.

    Groups without a right candidate teach nothing and are left out.
    """
    groups = [(x, y) for x, y in zip(candidates, right, strict=True) if y.any()]
    features, labels = np.concatenate([x for x, _ in groups]), np.concatenate([y for _, y in groups]) > 0
    sizes = np.array([len(x) for x, _ in groups])
    starts, group = np.r_[0, np.cumsum(sizes)[:-1]], np.repeat(np.arange(len(groups)), sizes)
    scale = features.std(axis=0) + 1e-9
    scaled = features / scale

    def gradient(weights: Vector) -> Vector:
        scores = scaled @ weights
        odds = np.exp(scores - np.maximum.reduceat(scores, starts)[group])
        everything = odds / np.add.reduceat(odds, starts)[group]
        true = np.where(labels, odds, 0.0)
        wanted = true / np.add.reduceat(true, starts)[group]
        step: Vector = scaled.T @ (wanted - everything) / len(groups)
        return step

    fitted: Vector = _ascend(gradient, scaled.shape[1]) / scale
    return fitted


def fit_odds(features: Matrix, holds: Vector) -> tuple[Vector, float]:
    """Return coefficients and intercept of a logistic regression."""
    scale = features.std(axis=0) + 1e-9
    scaled = np.c_[features / scale, np.ones(len(features))]

    def gradient(weights: Vector) -> Vector:
        step: Vector = scaled.T @ (holds - 1 / (1 + np.exp(-scaled @ weights))) / len(scaled)
        return step

    weights = _ascend(gradient, scaled.shape[1])
    return weights[:-1] / scale, float(weights[-1])


def _ascend(gradient: Callable[[Vector], Vector], size: int) -> Vector:
    """Climb by Adam (Kingma and Ba, 2015) with a small penalty on large weights."""
    weights, first, second = np.zeros(size), np.zeros(size), np.zeros(size)
    for step in range(1, _STEPS + 1):
        slope = gradient(weights) - _PENALTY * weights
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        weights = weights + _RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return weights
