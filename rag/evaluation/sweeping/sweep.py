"""Tries settings on one half of a suite, and holds the best of them against the default on the other half.

The best of many settings looks better than it is on the cases that it was chosen by, so only the half that nothing was
chosen by tells whether it is better.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rag.errors import ConfigurationError
from rag.evaluation.evidence import Evidence
from rag.evaluation.metrics import metric as described
from rag.evaluation.opening import PASSAGE_SIZE, chat_model, corpora_of, measured, settings_of
from rag.evaluation.results import Change, Estimate, Result
from rag.evaluation.runs.order import Order
from rag.evaluation.runs.runner import try_case
from rag.evaluation.scoring import score_case
from rag.evaluation.statistics.comparing import compare
from rag.evaluation.statistics.summary import Tally
from rag.evaluation.suites.cases import Case, Suite
from rag.evaluation.suites.suitefile import read_suite
from rag.evaluation.sweeping.grid import Setting, grid, varied
from rag.evaluation.sweeping.halves import halves, nameless
from rag.protocols import ChatModel
from rag.terminal import Advance, progress_bar

LATENCY = "latency.p50"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A setting on the cases to tune on."""

    setting: Setting
    quality: Estimate
    latency: Estimate
    front: bool = False
    """Whether no other setting is at once as good and as fast, and better in one of the two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep found; the default setting is the first that was measured."""

    suite: str
    metric: str
    tuned_on: int
    """Cases in the half that the best was chosen by."""
    held_out: int
    """Cases in the other half."""
    nameless: int = 0
    """Cases of both that name no article, so that the halves may share one after all."""
    measured: tuple[Measured, ...]
    best: Measured
    confirmed: tuple[Change, ...] = ()
    """The best setting against the default on the other half, in quality and latency; empty where they are the same."""


def sweep(order: Order, vary: Sequence[str], *, metric: str = "pass") -> Swept:
    """Measure every combination of settings; raise DatelineError, also where the suite cannot be halved.

    Of the order, the suite, its cases and who answers are heeded. Questions are asked one at a time, setting after
    setting and with nothing remembered between them: latencies compare as far as the machine is quiet.
    """
    suite = read_suite(order.suites[0])
    settings = grid(Setting(passages=settings_of(order).passages, passage_size=PASSAGE_SIZE), vary)
    chat = chat_model(order)
    if chat is not None and len({setting.answer_from for setting in settings}) > 1:
        raise ConfigurationError("answer_from is a setting of the embedded reader; leave it out with a chat model.")
    with corpora_of(order, [suite]) as [room]:
        # `xfail` says what the default fails: a setting that mends it has to gain by it.
        asked = (case for case in order.selection.of(suite) if case.skip is None)
        wanted = [case.model_copy(update={"xfail": None}) for case in asked]
        tune, held_out = halves(wanted, Evidence(room.library, room.embedder, order.suites[0].parent))
    with progress_bar() as advance:
        trial = _Trial(order=order, suite=suite, chat=chat, metric=metric, names=varied(settings), advance=advance)
        measured = marked([trial.measured(setting, tune) for setting in settings])
        best = _best(measured)
        confirmed = () if best is measured[0] else trial.compared(measured[0].setting, best.setting, held_out)
    return Swept(
        suite=suite.suite,
        metric=metric,
        tuned_on=len(tune),
        held_out=len(held_out),
        nameless=nameless(wanted),
        measured=tuple(measured),
        best=best,
        confirmed=confirmed,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """How cases are asked under a setting, and what is looked at."""

    order: Order
    suite: Suite
    chat: ChatModel | None
    metric: str
    names: tuple[str, ...]
    """What is varied."""
    advance: Advance

    def measured(self, setting: Setting, cases: Sequence[Case]) -> Measured:
        found = {each.metric: each for each in Tally(self._results(setting, cases)).summary().estimates}
        if self.metric not in found or LATENCY not in found:
            raise ConfigurationError(f"No case of {self.suite.suite} has a score for {self.metric}; name another one.")
        return Measured(setting=setting, quality=found[self.metric], latency=found[LATENCY])

    def compared(self, before: Setting, after: Setting, cases: Sequence[Case]) -> tuple[Change, ...]:
        was, now = (self._results(setting, cases) for setting in (before, after))
        return compare(was, now, baseline="default", corpus_before={}, corpus_after={}).changes

    def _results(self, setting: Setting, cases: Sequence[Case]) -> Iterator[Result]:
        """Yield results with the scores that are looked at alone: the others would only cost time and certainty."""
        with corpora_of(self.order, [self.suite], passage_limit=setting.passage_size) as [room]:
            evidence = Evidence(room.library, room.embedder, self.order.suites[0].parent)
            given = replace(room, settings=room.settings.model_copy(update={"passages": setting.passages}))
            desk = measured(given, self.chat, dense_weight=setting.dense_weight, answer_from=setting.answer_from)
            for done, case in enumerate(cases):
                self.advance(done, len(cases), setting.told(self.names))
                samples = tuple(try_case(self.suite, case, desk, evidence=evidence))
                for result in score_case(self.suite, case, samples, evidence):
                    kept = tuple(score for score in result.scores if score.metric in {self.metric, LATENCY})
                    yield replace(result, scores=kept, tags=())


def marked(measured: Sequence[Measured]) -> list[Measured]:
    """Return the measured settings with those on the Pareto front marked."""
    places = [(_gain(each), -each.latency.value) for each in measured]
    return [
        replace(each, front=not any(_beats(other, place) for other in places))
        for each, place in zip(measured, places, strict=True)
    ]


def _beats(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one != other and one[0] >= other[0] and one[1] >= other[1]


def _best(measured: Sequence[Measured]) -> Measured:
    """Return the setting of the highest quality; of equal ones the default, else the fastest."""
    return max(measured, key=lambda each: (_gain(each), each is measured[0], -each.latency.value))


def _gain(measured: Measured) -> float:
    return measured.quality.value if described(measured.quality.metric).higher_is_better else -measured.quality.value
