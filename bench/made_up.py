"""A run made up for measuring reports: real passages of `seeds/`, and answers cut from them, some of them damaged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from ingest.compose import compose
from ingest.loaders import load
from ingest.split import split
from ingest.values import Raw, origin_of
from rag.evaluation.metrics import METRICS
from rag.evaluation.results import (
    Change,
    Check,
    Comparison,
    Direction,
    Estimate,
    Outcome,
    Report,
    Result,
    RunInfo,
    Sample,
    Score,
    Summary,
)
from rag.evaluation.suites.cases import Asked, Case, Expectation
from rag.types import Answer, Citation, Claim, Hit, Passage, Question, Scope, Source, Status, Verdict

ROOT = Path(__file__).parents[1]
STARTED = datetime(2024, 6, 20, 9, 30, tzinfo=UTC)
TAGS = ("who", "what", "when", "where", "why", "how many", "conflict", "follow-up", "unanswerable")


@dataclass(frozen=True)
class MadeUp:
    """A made-up run of so many cases, of which so many fail, spread evenly."""

    cases: int
    failing: int

    @property
    def passages(self) -> tuple[Passage, ...]:
        """The passages of the sample articles."""
        return _passages()

    def report(self) -> Report:
        """Return the run as a report, compared with a baseline that was damaged elsewhere."""
        return Report(
            run=self._info(),
            summary=self._summary(),
            results=self.results,
            comparison=self._comparison(),
            before=self.before,
        )

    def results(self) -> Iterator[Result]:
        """Yield every result, made anew each time."""
        return (self.result(i) for i in range(self.cases))

    def fails(self, i: int) -> bool:
        """Tell whether a case fails: `failing` of them, evenly spread."""
        return (i + 1) * self.failing // self.cases > i * self.failing // self.cases

    def before(self, key: tuple[str, str, int, int]) -> Sample | None:
        """Return the baseline's sample: the same but for every third."""
        i = int(key[1].rpartition("-")[2]) - 1
        return self._sample(i, damaged=self.fails(i) and i % 3 != 0)

    def result(self, i: int) -> Result:
        """Return the result of one case."""
        fails, passage = self.fails(i), self._passage(i)
        sample = self._sample(i, damaged=fails)
        case = Case(id=self._name(i), question=self._question(i), expect=self._expect(i), tags=(TAGS[i % len(TAGS)],))
        return Result(
            case=case,
            asked=case.turns[0],
            sample=sample,
            checks=tuple(self._checks(case.turns[0], sample, fails=fails)),
            scores=(
                Score(metric="pass", value=0.0 if fails else 1.0),
                Score(metric="latency.p50", value=sample.seconds),
            ),
            outcome=Outcome.ERROR if sample.error else Outcome.FAILED if fails else Outcome.PASSED,
            cluster=passage.source.article_id,
            tags=case.tags,
        )

    def _sample(self, i: int, *, damaged: bool) -> Sample:
        kind = i % 7 if damaged else 0
        error = "The model server took longer than 60 seconds. Try again, or raise DATELINE_MODEL_TIMEOUT."
        return Sample(
            suite="made up",
            case_id=self._name(i),
            asked="0" * 16,
            answer=None if kind == 6 else self._answer(i, damaged=damaged),
            error=error if kind == 6 else None,
            seconds=0.08 + 0.9 * ((i * 7919) % 1000 / 1000) ** 4,
            first_seconds=0.05,
        )

    def _answer(self, i: int, *, damaged: bool) -> Answer:
        passage, other = self._passage(i), self._passage(i + 1)
        question = Question(text=self._question(i), asked_at=STARTED)
        hits = tuple(
            Hit(passage=self._passage(i + step), score=1.9 - 0.1 * step - 0.3 * damaged - (i % 11) / 20, dense_rank=1)
            for step in range(8)
        )
        abstains = (i % len(TAGS) == 8) != (damaged and i % 2 == 0)
        blank = Answer(
            question=question,
            standalone=question.text,
            scope=Scope(),
            text="The articles in this library do not answer this.",
            status=Status.NOT_IN_SOURCES,
            hits=hits,
            model="extractive",
        )
        return blank if abstains else _written(blank, [passage, other], damaged=damaged)

    def _checks(self, asked: Asked, sample: Sample, *, fails: bool) -> Iterator[Check]:
        if sample.answer is None:
            return
        got = sample.answer.text
        yield Check(name="status", passed=True, expected="answered or partial", got=sample.answer.status.value)
        yield Check(name="contains", passed=not fails, expected=asked.expect.contains[0], got=got)

    def _expect(self, i: int) -> Expectation:
        return Expectation(
            contains=(" ".join(_sentence(self._passage(i)).split()[-4:]),),
            status=Status.NOT_IN_SOURCES if i % len(TAGS) == 8 else (Status.ANSWERED, Status.PARTIAL),
        )

    def _question(self, i: int) -> str:
        return f"What was reported about {' '.join(_sentence(self._passage(i)).split()[:6]).rstrip('.,')}?"

    def _name(self, i: int) -> str:
        return f"case-{i + 1}"

    def _passage(self, i: int) -> Passage:
        return self.passages[(i * 31 + i // 7) % len(self.passages)]

    def _info(self) -> RunInfo:
        sources = {passage.source.article_id: passage.version for passage in self.passages}
        return RunInfo(
            name="2024-06-20-made-up",
            started=STARTED,
            suites=("made up",),
            answerer="extractive",
            model="extractive",
            settings={"passages": "8"},
            corpus=sources,
            corpus_digest="9c1f6a2e77b0d451",
            version="0.1.0",
            remarks=("Two articles changed since the suite was written.",),
        )

    def _summary(self) -> Summary:
        errors = sum(1 for i in range(self.cases) if self.fails(i) and i % 7 == 6)
        return Summary(
            outcomes={
                Outcome.PASSED: self.cases - self.failing,
                Outcome.FAILED: self.failing - errors,
                Outcome.ERROR: errors,
            },
            estimates=tuple(self._estimates(1.0)),
            by_tag={tag: tuple(self._estimates(1 - place / 30)) for place, tag in enumerate(TAGS)},
            detectable=1.4 / self.cases**0.5,
        )

    def _estimates(self, factor: float) -> Iterator[Estimate]:
        for place, metric in enumerate(METRICS):
            value = factor * (0.97 - place * 0.017 if metric.higher_is_better else 0.02 + place * 0.002)
            wide = 0.5 / self.cases**0.5
            yield Estimate(
                metric=metric.name,
                value=value,
                low=max(0.0, value - wide),
                high=min(1.0, value + wide),
                count=self.cases,
                clusters=len({passage.source.article_id for passage in self.passages}),
            )

    def _comparison(self) -> Comparison:
        broken = tuple(self._name(i) for i in range(self.cases) if self.fails(i) and i % 3 == 0)
        return Comparison(
            baseline="2024-06-13-made-up", changes=tuple(_changes()), broken=broken, mended=("case-2",), p=0.004
        )


@cache
def _passages() -> tuple[Passage, ...]:
    paths = sorted((ROOT / "seeds" / "articles").glob("*.md"))
    raws = [(raw, path) for path in paths for raw in load(path) if isinstance(raw, Raw)]
    articles = [compose(raw, origin_of(path)).article for raw, path in raws]
    return tuple(passage for article in articles for passage in split(article))


def _changes() -> Iterator[Change]:
    moves = (-0.041, 0.004, 0.0, 0.032)
    for metric, moved in zip(METRICS[:4], moves, strict=True):
        sure = abs(moved) > 0.02
        way = (Direction.BETTER if moved > 0 else Direction.WORSE) if sure else Direction.NO_EVIDENCE
        yield Change(
            metric=metric.name,
            before=0.9,
            after=0.9 + moved,
            low=moved - 0.018,
            high=moved + 0.018,
            p=0.001 if sure else 0.6,
            adjusted_p=0.004 if sure else 1.0,
            pairs=80,
            detectable=0.03,
            direction=way,
        )


def _written(blank: Answer, passages: Sequence[Passage], *, damaged: bool) -> Answer:
    """Return an answer of one sentence of each passage; in a damaged one the first says something else."""
    text, claims, citations = "", list[Claim](), list[Citation]()
    for marker, passage in enumerate(passages, 1):
        span, said = passage.sentences[0], " ".join(_sentence(passage).split())
        wrong = damaged and marker == 1
        said = f"Nobody said that {said}" if wrong else said
        start = len(text) + len(_by(passage.source))
        text += f"{_by(passage.source)}{said} [{marker}]\n\n"
        claims.append(
            Claim(
                start=start,
                end=start + len(said),
                markers=(marker,),
                verdict=Verdict.UNSUPPORTED if wrong else Verdict.SUPPORTED,
                missing=("nobody",) if wrong else (),
            )
        )
        citations.append(
            Citation(
                marker=marker,
                source=passage.source,
                version=passage.version,
                start=span.start,
                end=span.end,
                quote=passage.slice(span),
            )
        )
    status = Status.PARTIAL if damaged else Status.ANSWERED
    return replace(
        blank,
        text=text.rstrip(),
        status=status,
        claims=tuple(claims),
        citations=tuple(citations),
        hits=tuple(dict.fromkeys([*_as_hits(passages), *blank.hits]))[:8],
    )


def _as_hits(passages: Sequence[Passage]) -> Iterator[Hit]:
    return (Hit(passage=passage, score=1.9, dense_rank=1, lexical_rank=2) for passage in passages)


def _sentence(passage: Passage) -> str:
    return passage.slice(passage.sentences[0])


def _by(source: Source) -> str:
    day = f", {source.published.day} {source.published:%B %Y}" if source.published else ""
    return f"{source.publisher}{day}: "
