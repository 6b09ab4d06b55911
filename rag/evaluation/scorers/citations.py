"""Whether an answer cites the right places, exactly, and as much as its sentences need.

Recall and precision follow ALCE (Gao, Yen, Yu and Chen, "Enabling Large Language Models to Generate Text with
Citations", EMNLP 2023), with our verifier in the place of its NLI model unless another is given. Each is the mean over
an answer; a partial verdict counts as not borne out. A sentence that cites nothing is not borne out, unless it makes
no statement (see `proof`); the precision of an answer that cites nothing is 0. An abstention has neither. Where ALCE's
own program looks at the first three citations of a sentence, all count here.

An expected place without a version is one of the version that was readable within the limits of the case. What must
not be cited must not be in any version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from rag.errors import ConfigurationError
from rag.evaluation.evidence import Evidence
from rag.evaluation.results import Check, Sample, Score
from rag.evaluation.scorers.exactness import inexact
from rag.evaluation.scorers.proof import Entails, Proof
from rag.evaluation.scorers.wording import abstains
from rag.evaluation.suites.cases import Asked, Cited
from rag.types import Answer, Citation

Carried = Callable[[str, Sequence[int]], bool]
"""Whether what some markers stand for, taken together, carries a sentence."""

_SHOWN = 3
"""Citations that are named where the expected one is absent."""
_LONGEST = 80
"""Characters of a quote that are shown."""


def score(asked: Asked, sample: Sample, evidence: Evidence) -> Iterator[Check | Score]:
    """Yield the checks of what must and must not be cited, and how well the citations prove the answer."""
    answer = sample.answer
    if answer is None:
        return
    yield from _expected(asked, answer, evidence)
    if answer.citations:
        faults = [(each.marker, inexact(each, answer, evidence)) for each in answer.citations]
        yield _share("citation.exact", len(faults), [f"[{marker}] {fault}" for marker, fault in faults if fault])
    yield from proved(answer, evidence)


def proved(
    answer: Answer, evidence: Evidence, entails: Entails | None = None, *, prefix: str = "citation"
) -> Iterator[Score]:
    """Yield ALCE's recall and precision of an answer, by our verifier or another judge of entailment.

    A suite's own scorer can call this with an NLI model or a chat model, under a prefix of its own.
    """
    if abstains(answer):
        return
    proof = Proof(answer, evidence, entails)
    yield from alce(proof.cited, proof.carried, prefix=prefix)


def _expected(asked: Asked, answer: Answer, evidence: Evidence) -> Iterator[Check | Score]:
    expect = asked.expect
    checks = [_check("cites", [place], asked, answer, evidence) for place in expect.cites]
    if expect.cites_any:
        checks.append(_check("cites_any", expect.cites_any, asked, answer, evidence))
    yield from checks
    for place in expect.cites_none:
        yield _banned(place, answer, evidence)
    if checks:
        absent = [check.expected for check in checks if not check.passed]
        yield _share("citation.expected", len(checks), [f"not cited: {each}" for each in absent])


def _check(name: str, places: Sequence[Cited], asked: Asked, answer: Answer, evidence: Evidence) -> Check:
    """Return whether one of the places is cited; a place in no article of this library cannot be."""
    unknown: list[str] = []
    found: list[Citation] = []
    for place in places:
        try:
            found += _citing(place, asked, answer, evidence)
        except ConfigurationError as error:
            unknown.append(str(error))
    return Check(
        name=name,
        passed=bool(found),
        expected=" or ".join(map(described, places)),
        got=_shown(found or answer.citations) if found or not unknown else " ".join(unknown),
    )


def _banned(place: Cited, answer: Answer, evidence: Evidence) -> Check:
    expected = f"not {described(place)}"
    try:
        evidence.article_id(place.article)
        found = [each for each in answer.citations if evidence.overlaps(place, each)]
    except ConfigurationError as error:
        return Check(name="cites_none", passed=None, expected=expected, got=str(error))
    return Check(name="cites_none", passed=not found, expected=expected, got=_shown(found or answer.citations))


def _citing(place: Cited, asked: Asked, answer: Answer, evidence: Evidence) -> list[Citation]:
    """Return the citations that touch a place; raise ConfigurationError where it is in no article."""
    evidence.article_id(place.article)
    scope, generation = evidence.scope(asked, answer.question.asked_at), answer.generation
    return [each for each in answer.citations if evidence.meets(place, each, scope=scope, generation=generation)]


def described(place: Cited) -> str:
    """Return a place in a few words."""
    version = f", version {place.version}" if place.version else ""
    words = f": “{_cut(place.quote)}”" if place.quote else ""
    span = f", characters {place.start}–{place.end}" if place.start is not None else ""
    return f"{place.article}{version}{span}{words}"


def _shown(citations: Sequence[Citation]) -> str:
    if not citations:
        return "nothing is cited"
    shown = [f"[{each.marker}] {each.source.article_id}: “{_cut(each.quote)}”" for each in citations[:_SHOWN]]
    more = [f"and {len(citations) - _SHOWN} more"] if len(citations) > _SHOWN else []
    return "; ".join([*shown, *more])


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()}…"


def alce(
    cited: Sequence[tuple[str, tuple[int, ...]]], carried: Carried, *, prefix: str = "citation"
) -> Iterator[Score]:
    """Yield recall and precision of sentences with what they cite.

    Recall is the share of sentences that all they cite together carries. A citation is precise if its sentence is
    carried and it is not irrelevant, that is: it carries the sentence alone, or the others do not without it. Precision
    is the share of citations that are, and 0 without any.
    """
    if not cited:
        return
    loose = [not (markers and carried(words, markers)) for words, markers in cited]
    yield _share(
        f"{prefix}.recall",
        len(cited),
        [f"not borne out: {_cut(words)}" for (words, _), fails in zip(cited, loose, strict=True) if fails],
    )
    pairs = [
        (words, marker, fails or _irrelevant(words, markers, marker, carried))
        for (words, markers), fails in zip(cited, loose, strict=True)
        for marker in markers
    ]
    idle = [f"[{marker}] behind: {_cut(words)}" for words, marker, imprecise in pairs if imprecise]
    yield _share(f"{prefix}.precision", len(pairs), idle or ([] if pairs else ["nothing is cited"]))


def _irrelevant(words: str, markers: Sequence[int], marker: int, carried: Carried) -> bool:
    rest = [other for other in markers if other != marker]
    return not carried(words, [marker]) and carried(words, rest)


def _share(metric: str, count: int, wrong: Iterable[str]) -> Score:
    """Return the share that is not wrong, and the first of what is."""
    listed = list(wrong)
    return Score(metric=metric, value=1 - len(listed) / count if count else 0.0, reason=listed[0] if listed else "")
