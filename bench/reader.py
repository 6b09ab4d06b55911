"""How well the embedded reader picks sentences, and when it should rather say that the articles do not tell.

    python -m bench.reader --data DIR --out reader.json

Fits the weights of `rag.reader.features` on the fit half of the articles, by hash, and measures the shipped and the
fitted ones on the other half. A sentence is right when it overlaps the answer. Questions that the articles do not
answer are those that a set marks, and those of another set ("foreign").
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.fitting import Matrix, Vector, fit_choice, fit_odds
from bench.questions import Asked, library_of, questions
from rag.embed import EmbeddedModel
from rag.embed.remember import RememberingEmbedder
from rag.library import LocalLibrary
from rag.protocols import Embedder
from rag.reader.extractive import ANSWER_FROM, ENOUGH, MOST_SENTENCES, WORTH_ADDING
from rag.reader.features import ANSWERABLE, RANKING, Features, ReadSentence, read
from rag.retrieval.hybrid import hybrid
from rag.types import Scope

Places = NDArray[np.intp]
Flags = NDArray[np.bool_]
Table = dict[str, dict[str, float]]

SETS = ("newsqa", "onestop", "squad2")
PASSAGES = 8
THRESHOLDS = (-2.0, -1.5, -1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0)
NAMES = [each.name for each in fields(Features)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A question with its sentences as measured, and which of them hold the answer."""

    name: str
    answerable: bool
    held_out: bool
    features: Matrix
    right: Vector

    def best(self, weights: Vector, count: int = 1) -> Places:
        """Return the places of the best sentences."""
        order: Places = np.argsort(-(self.features @ weights), kind="stable")[:count]
        return order

    def chosen(self, weights: Vector) -> Places:
        """Return the places of the sentences that an answer takes: as many as make the fitted probability enough."""
        scores = self.features @ weights
        order: Places = np.argsort(-scores, kind="stable")
        odds = np.exp(scores[order] - scores[order[0]])
        enough = int(np.searchsorted(np.cumsum(odds) / odds.sum(), ENOUGH)) + 1
        enough = min(enough, MOST_SENTENCES, int((odds >= WORTH_ADDING).sum()))
        taken: Places = order[:enough]
        return taken

    def signs(self, weights: Vector) -> Vector:
        """Return the same three measures as `rag.reader.features.signs`."""
        scores = np.sort(self.features @ weights)[::-1]
        odds = np.exp(scores - scores[0])
        best = self.features[self.best(weights)[0]]
        return np.array([best[NAMES.index("similarity")], best[NAMES.index("names")], odds[:3].sum() / odds.sum()])


def main() -> None:
    """Fit, measure, print, and write JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="folder of question sets")
    options.add_argument("--sample", type=int, default=1500, help="most questions of a set")
    options.add_argument("--out", type=Path, help="JSON file to write")
    given = options.parse_args()
    everything = gathered(given.data, given.sample)
    fit = [each for each in everything if not each.held_out]
    ranking = fit_choice([each.features for each in fit], [each.right for each in fit])
    picking = {"shipped": report(everything, np.array(RANKING.coefficients)), "fitted": report(everything, ranking)}
    odds, intercept = fit_odds(*judged(fit, ranking))
    print("RANKING", " ".join(f"{name}={weight:.2f}" for name, weight in zip(NAMES, ranking, strict=True)))
    print("ANSWERABLE", " ".join(f"{weight:.2f}" for weight in (*odds, intercept)))
    shipped = (np.array(ANSWERABLE[:-1]), ANSWERABLE[-1])
    abstentions = {
        "shipped": abstaining(everything, np.array(RANKING.coefficients), *shipped),
        "fitted": abstaining(everything, ranking, odds, intercept),
    }
    if given.out:
        given.out.write_text(json.dumps({"picking": picking, "abstaining": abstentions}, indent=1), encoding="utf-8")


def gathered(data: Path, sample: int) -> list[Read]:
    """Return the questions of all sets over their own articles, and some over those of another set."""
    embedder = RememberingEmbedder(EmbeddedModel(), remembered=1_000_000)
    own: dict[str, list[Asked]] = {}
    found: list[Read] = []
    for name in SETS:
        with library_of(data / name, embedder) as library:
            asked = questions(data / name, library)
            own[name] = asked[:: max(1, len(asked) // sample)]
            found += read_all(name, own[name], library, embedder)
            for other in own:
                if other != name:
                    foreign = [
                        Asked(text=each.text, article_id="", span=None, held_out=each.held_out)
                        for each in own[other][:: max(1, len(own[other]) // 300)]
                    ]
                    found += read_all(f"{other} over {name}", foreign, library, embedder)
    return found


def read_all(name: str, asked: Sequence[Asked], library: LocalLibrary, embedder: Embedder) -> list[Read]:
    """Retrieve and read for every question."""
    retriever = hybrid(library, embedder)
    made = []
    for each in asked:
        sentences = read(each.text, retriever.retrieve(each.text, Scope(), PASSAGES), embedder)
        if sentences:
            made.append(
                Read(
                    name=name,
                    answerable=each.span is not None,
                    held_out=each.held_out,
                    features=np.array([astuple(sentence.features) for sentence in sentences]),
                    right=np.array([float(holds(sentence, each)) for sentence in sentences]),
                )
            )
    return made


def holds(sentence: ReadSentence, asked: Asked) -> bool:
    """Tell whether a sentence overlaps the answer."""
    where, span = sentence.span, asked.span
    same = sentence.hit.passage.source.article_id == asked.article_id
    return span is not None and same and where.start < span.end and span.start < where.end


def report(everything: Sequence[Read], weights: Vector) -> Table:
    """Print and return how often the right sentence is first, among three, and among the chosen; held-out half."""
    table = {}
    for name in SETS:
        mine = [each for each in everything if each.name == name and each.answerable and each.held_out]
        table[name] = {
            "first": float(np.mean([each.right[each.best(weights)].any() for each in mine])),
            "first three": float(np.mean([each.right[each.best(weights, 3)].any() for each in mine])),
            "chosen": float(np.mean([each.right[each.chosen(weights)].any() for each in mine])),
            "sentences": float(np.mean([len(each.chosen(weights)) for each in mine])),
            "any": float(np.mean([each.right.any() for each in mine])),
        }
        print(f"{name:<10}", " ".join(f"{key} {value:.3f}" for key, value in table[name].items()), f"(n {len(mine)})")
    return table


def judged(everything: Sequence[Read], ranking: Vector) -> tuple[Matrix, Vector]:
    """Return the signs of an answer for every question, and whether the chosen sentences hold the answer."""
    features = np.array([each.signs(ranking) for each in everything])
    return features, np.array([float(each.right[each.chosen(ranking)].any()) for each in everything])


def abstaining(everything: Sequence[Read], ranking: Vector, odds: Vector, intercept: float) -> dict[str, Table]:
    """Print and return both kinds of error for each set and threshold; held-out half."""
    table: dict[str, Table] = {}
    for name in dict.fromkeys(each.name for each in everything):
        mine = [each for each in everything if each.name == name and each.held_out]
        features, right = judged(mine, ranking)
        scores, answerable = features @ odds + intercept, np.array([each.answerable for each in mine])
        table[name] = {str(at): errors(scores >= at, right, answerable) for at in (*THRESHOLDS, ANSWER_FROM)}
        for at, row in table[name].items():
            print(f"{name:<22} from {at:>5}", " ".join(f"{key} {value:.3f}" for key, value in row.items()))
    return table


def errors(answered: Flags, right: Vector, answerable: Flags) -> dict[str, float]:
    """Return shares: answerable questions answered, right among those, unanswerable ones answered."""
    kept = answered & answerable
    return {
        "answerable answered": float(kept.sum() / max(1, answerable.sum())),
        "right where answered": float(right[kept].mean()) if kept.any() else 0.0,
        "unanswerable answered": float((answered & ~answerable).sum() / max(1, (~answerable).sum())),
    }


if __name__ == "__main__":
    main()
