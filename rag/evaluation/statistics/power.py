"""What a suite can show: the smallest changes that the sign flip test by article finds in four of five comparisons.

A test of k clusters has no p-value below 2 ** (1 - k), all of them going one way. So few clusters show nothing at all,
however many cases they have, and somewhat more of them only what moves most of them.
"""

from __future__ import annotations

import math

import numpy as np

from rag.evaluation.statistics.clustered import Scores, studentized, sums
from rag.evaluation.statistics.inference import ALPHA, FLIPS

POWER = 0.8


def needed(level: float = ALPHA) -> int:
    """Return how many clusters must go one way, and none the other, for a p-value below a level."""
    return math.floor(1 - math.log2(level)) + 1


def detectable_share(clusters: int, level: float = ALPHA) -> float | None:
    """Return the smallest share of clusters that would be noticed if they moved and no other did; None if too few."""
    from scipy.stats import beta  # noqa: PLC0415  heavy: only where figures are summed up

    fewest = needed(level)
    # Where flips are sampled, p-values have an end of their own.
    if fewest > clusters or level <= 2 / (FLIPS + 1):
        return None
    return float(beta.ppf(POWER, fewest, clusters - fewest + 1))


def detectable(spread: float, clusters: int, typical: float, *, level: float = ALPHA) -> float | None:
    """Return the smallest difference that would be shown, given the standard error of the difference.

    It is as large as a t-test needs; as moves enough clusters the same way, were all of them to move alike but for
    noise; and as comes of enough of them moving as far as one `typical`-ly does while the others stay.
    """
    from scipy.stats import norm, t  # noqa: PLC0415  heavy: only where figures are summed up

    share = detectable_share(clusters, level)
    if share is None:
        return None
    errors = float(t.ppf(1 - level / 2, clusters - 1) + t.ppf(POWER, clusters - 1))
    return max(spread * errors, spread * math.sqrt(clusters) * float(norm.ppf(share)), typical * share) or None


def detectable_rate(passes: Scores) -> float | None:
    """Return the smallest change of a pass rate that a second run would show, were it independent of this one.

    Runs over the same cases are alike, so comparing them usually shows less than that; at the very least six articles
    must change one way. None where fewer than those pass, and fewer fail, at least in part.
    """
    passes, count = passes.counting().numbered()
    if count < needed():
        return None
    error, _ = studentized(passes, count)
    least = detectable(math.sqrt(2) * error, count, 1.0)
    room = max(_room(passes, count), _room(passes._replace(values=1 - passes.values), count))
    return min(least, room) if least and room else None


def _room(passes: Scores, count: int) -> float:
    """Return how far a pass rate can fall, if that would be noticed."""
    falling = int((sums(passes.clusters, passes.values, count) > 0.0).sum())
    return float(np.average(passes.values, weights=passes.weights)) if falling >= needed() else 0.0
