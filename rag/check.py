"""Checks a draft against the library: which of its sentences the articles bear out, and with which words.

Each sentence that claims something is searched for on its own, and compared by the rules of `rag.verify` with the
sentences that were found. What the draft itself cites or links is not believed and takes no part in that.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rag.answer import Desk
from rag.citing import Cited, quoted, worth
from rag.claims import Sentence, split_claims
from rag.errors import ConfigurationError
from rag.protocols import Embedder, Library, Retriever
from rag.question.requests import storable
from rag.reader.extractive import leans
from rag.types import Citation, Claim, Passage, Scope, Span, Verdict
from rag.verify import Finding, Similarity, by_meaning, verify
from rag.verify.agreement import compare_figures
from rag.verify.figures import figures
from rag.verify.terms import evened

LONGEST_DRAFT = 20_000
"""Characters."""
MOST_SENTENCES = 300
"""Sentences of a draft that claim something."""
PASSAGES = 6
"""How many passages are looked at for each sentence."""
COMPARED = 8
"""How many of their sentences, the nearest in meaning, are compared with it."""
MOST_QUOTES = 3
"""Sentences of one article that may bear out a sentence together."""
NEAR = 0.2
"""Fitted closeness below which nothing that was found is about the same thing: over the sample articles, 19 of 20
sentences about other matters are below it, and none of 207 wrong sentences about theirs."""

_OWN_MARKS = re.compile(
    r"!\[[^\[\]\n]{0,300}\]\([^()\n]{0,900}\)"  # an image
    r"|(?<=\])\([^()\n]{1,900}\)"  # where a link leads
    r"|https?://[^\s)\]>]+"
    r"|[\[【]\^?\d[\d\s.,;:^–-]{0,60}[\]】]"  # a marker
    r"|<[A-Za-z/!][^<>\n]{0,300}>"
    r"|[\[\]]|[*`]+|(?<!\w)_+|_+(?!\w)"
    r"|^[ \t]{0,3}#{1,6}(?=[ \t])",  # a headline claims something too
    re.MULTILINE,
)
_BEFORE_STOP = re.compile(r"\s+(?=[.,;:!?])")
_ENDED = re.compile(r"[.!?…。！？:][\"'”’»)\]]*$")
_QUOTES = "\"'“”‘’«»()[] "
_LABEL_WORDS = 4
"""A line of fewer words that does not end as a sentence does ("By Nell Ashgrove") is a label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A draft with a verdict on each of its sentences that claims something."""

    text: str
    """The draft; claims give their offsets in it."""
    scope: Scope
    generation: int
    """The library's generation when the check began."""
    claims: tuple[Claim, ...]
    """In order; a claim that is uncited has nothing near it in the articles: they do not say."""
    citations: tuple[Citation, ...]

    @property
    def borne_out(self) -> bool:
        """Whether every claim is supported."""
        return all(claim.verdict is Verdict.SUPPORTED for claim in self.claims)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """How far a check has come, in sentences."""

    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """Checks drafts against one library; safe to use from several threads."""

    library: Library
    embedder: Embedder
    retriever: Retriever

    def check(self, text: str, scope: Scope = Scope()) -> Checked:
        """Return the checked draft; raise ConfigurationError when it is empty or too long, LibraryError."""
        return next(step for step in self.stream(text, scope) if isinstance(step, Checked))

    def stream(self, text: str, scope: Scope = Scope()) -> Iterator[Checking | Checked]:
        """Yield how far the check has come, and the checked draft last."""
        generation, draft = self.library.generation(), _readable(text)
        sentences = _claiming(draft)
        cited, claims = Cited(), list[Claim]()
        for place, sentence in enumerate(sentences):
            yield Checking(done=place, total=len(sentences))
            before = sentences[place - 1] if place else None
            claims.append(self._judged(sentence, before, scope, cited))
        yield Checked(
            text=draft, scope=scope, generation=generation, claims=tuple(claims), citations=tuple(cited.citations)
        )

    def _judged(self, sentence: Sentence, before: Sentence | None, scope: Scope, cited: Cited) -> Claim:
        # "She said so" is found by whom the sentence before names.
        query = f"{before.words} {sentence.words}" if before and leans(sentence.words) else sentence.words
        passages = [hit.passage for hit in self.retriever.retrieve(query, scope, PASSAGES)]
        best = _best(sentence.words, passages, by_meaning(self.embedder))
        markers = tuple(cited.cite(passage, span) for passage, span in best.places)
        return Claim(
            start=sentence.start,
            end=sentence.end,
            markers=markers,
            verdict=best.finding.verdict,
            missing=best.finding.missing if markers else (),
        )


def checker(desk: Desk) -> Checker:
    """Return what checks drafts with the parts that a desk answers with."""
    return Checker(library=desk.library, embedder=desk.embedder, retriever=desk.retriever)


Place = tuple[Passage, Span]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """Sentences of articles, and how well they carry a claim together."""

    places: tuple[Place, ...]
    finding: Finding


_NOTHING = _Evidence(places=(), finding=Finding(verdict=Verdict.UNCITED))


def _readable(text: str) -> str:
    if len(text) > LONGEST_DRAFT:
        raise ConfigurationError(
            f"The draft has {len(text):,} characters; check it in parts of {LONGEST_DRAFT:,} or fewer."
        )
    draft = storable(text)
    if not draft.strip():
        raise ConfigurationError("The draft is empty; write what is to be checked.")
    return draft


def _claiming(draft: str) -> list[Sentence]:
    """Return the sentences of a draft that claim something, in words without markup; raise ConfigurationError."""
    bare = _OWN_MARKS.sub(lambda found: " " * len(found[0]), draft)
    found = [Sentence(start=each.start, end=each.end, words=_plain(each.words)) for each in split_claims(bare, (), {})]
    claiming = [each for each in found if _claims(each.words)]
    if len(claiming) > MOST_SENTENCES:
        raise ConfigurationError(
            f"The draft has {len(claiming):,} sentences; check it in parts of {MOST_SENTENCES:,} or fewer."
        )
    return claiming


def _plain(words: str) -> str:
    return _BEFORE_STOP.sub("", " ".join(unicodedata.normalize("NFC", words).split()))


def _claims(words: str) -> bool:
    """Tell what claims something from a question, a label, and words that only lead in ("They differ:")."""
    bare = words.strip(_QUOTES)
    if bare.endswith("?") and not any(map(bare.__contains__, '"“«')):
        return False
    if words.endswith(":") and not any(map(str.isdigit, words)):
        return False
    return _ENDED.search(words) is not None or len(words.split()) >= _LABEL_WORDS


def _best(claim: str, passages: Sequence[Passage], similarity: Similarity) -> _Evidence:
    """Return what carries a claim, else what comes closest to it; nothing where all is about something else."""
    alone = [_weighed(claim, [place], similarity) for place in _nearest(claim, passages, similarity)]
    best = max(alone, key=_rank, default=_NOTHING)
    if best.finding.verdict is Verdict.SUPPORTED:
        return _unless_denied(best, alone)
    if best.finding.closeness < NEAR:
        return _NOTHING
    return _joined(claim, best, alone, similarity)


def _rank(evidence: _Evidence) -> tuple[bool, float]:
    # One of many that is far off may carry a claim "in part" while the nearest contradicts it: nearness counts.
    return evidence.finding.verdict is Verdict.SUPPORTED, evidence.finding.closeness


def _unless_denied(best: _Evidence, others: Sequence[_Evidence]) -> _Evidence:
    """Return the evidence; where a sentence nearer to the claim refuses it, lowered and with that one beside it.

    A nearer sentence that only lacks a figure of the claim does not deny it: that may stand elsewhere.
    """
    nearest = max(others, key=lambda each: each.finding.closeness)
    refused = nearest.finding.verdict is Verdict.UNSUPPORTED
    if not refused or any(figures(evened(words)) for words in nearest.finding.missing):
        return best
    finding = replace(best.finding, verdict=Verdict.PARTIAL, missing=nearest.finding.missing)
    return _Evidence(places=(*best.places, *nearest.places), finding=finding)


def _nearest(claim: str, passages: Sequence[Passage], similarity: Similarity) -> list[Place]:
    places = list(dict.fromkeys((passage, span) for passage in passages for span in passage.sentences))
    if not places:
        return []
    near = similarity(claim, [passage.slice(span) for passage, span in places])
    ranked = sorted(zip(near, places, strict=True), key=lambda pair: -pair[0])
    return [place for _, place in ranked[:COMPARED]]


def _joined(claim: str, best: _Evidence, others: Sequence[_Evidence], similarity: Similarity) -> _Evidence:
    """Return the evidence with further sentences of its article, as long as each holds all that was still missing.

    Several sentences carry a claim at most in part: whether they speak of the same thing, a reader must tell.
    """
    while best.finding.missing and len(best.places) < MOST_QUOTES:
        more = [
            _weighed(claim, [*best.places, *other.places], similarity)
            for other in others
            if not set(other.places) & set(best.places) and _same_version(other, best) and _holds(other, best)
        ]
        better = max((each for each in more if worth(each.finding) > worth(best.finding)), key=_rank, default=None)
        if better is None:
            break
        best = better
    if len(best.places) > 1 and best.finding.verdict is Verdict.SUPPORTED:
        return replace(best, finding=replace(best.finding, verdict=Verdict.PARTIAL))
    return best


def _weighed(claim: str, places: Sequence[Place], similarity: Similarity) -> _Evidence:
    ordered = tuple(sorted(places, key=lambda place: place[1]))
    return _Evidence(places=ordered, finding=verify(claim, [quoted(*place) for place in ordered], similarity))


def _same_version(one: _Evidence, other: _Evidence) -> bool:
    return len({(passage.source.article_id, passage.version) for passage, _ in (*one.places, *other.places)}) == 1


def _holds(other: _Evidence, best: _Evidence) -> bool:
    """Tell whether a sentence holds what the evidence lacks: words as they stand, figures in any spelling."""
    [(passage, span)] = other.places
    text = passage.slice(span)
    return all(words.casefold() in text.casefold() or _counts(words, text) for words in best.finding.missing)


def _counts(words: str, text: str) -> bool:
    said = evened(words)
    counted = figures(said)
    whole = len(counted) == 1 and said[counted[0].start : counted[0].end] == said
    return whole and not compare_figures(counted, figures(evened(text))).missing
