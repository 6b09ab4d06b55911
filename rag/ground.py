"""Grounds streamed text: resolves sentence labels to exact citations, places markers, judges every claim.

Markers ``[1]``, ``[2]``, … are numbered in reading order and stand behind the closing punctuation of what they prove.
What a model writes in their likeness is a label too, resolved or rejected, never shown. Images, links and tags in the
text are neutralised (see `rag.markup`), because it is shown in a page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.citing import Cited, quoted, worth
from rag.claims import Mark, Sentence, split_claims
from rag.labels import Label, LabelReader
from rag.markup import Neutraliser
from rag.sentences import sentences
from rag.types import Citation, Claim, Delta, Hit, Span, Status, Verdict
from rag.verify import Finding, Similarity, verify

_HELD = 64
"""Spaces held back because a label may follow them."""
_CLOSING = re.compile(r"[ \t]{0,32}([.!?…。！？]{1,8}(?!\d)[\"”’»)]{0,4})|([\"”’»)]{1,4}[.!?…。！？]{0,8})")
_MAYBE_CLOSING = re.compile(r"[ \t]{0,32}(?:[.!?…。！？]{0,8}[\"”’»)]{0,4}|[\"”’»)]{0,4}[.!?…。！？]{0,8})\Z")
_TAIL = 1000
"""Characters of the current line that are kept to find the sentence that a bare passage label stands behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounded:
    """A draft with its proof."""

    text: str
    status: Status
    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    rejected: tuple[str, ...]


class Grounder:
    """Takes labelled text as it is streamed and gives it back grounded, a `Delta` at a time, then as a whole."""

    def __init__(self, hits: Sequence[Hit], similarity: Similarity) -> None:
        self._neutraliser = Neutraliser()
        self._reader = LabelReader()
        self._layout = _Layout()
        self._sources = _Sources(hits, similarity)
        self._rejected: list[str] = []
        self._delivered = 0

    def feed(self, text: str) -> Delta:
        """Return the next piece of the answer, which may be empty while a label is incomplete."""
        return self._take(self._reader.feed(self._neutraliser.feed(text)))

    def flush(self) -> Delta:
        """Return what was held back; call it once, at the end of the text."""
        self._take_pieces(self._reader.feed(self._neutraliser.flush()) + self._reader.flush())
        self._layout.finish()
        return self._delta()

    def close(self) -> Grounded:
        """Return the whole grounded text with its claims; text that was not flushed yet is included."""
        self.flush()
        text = self._layout.text
        cited = {citation.marker: citation for citation in self._sources.citations}
        claims = tuple(self._judged(each) for each in split_claims(text, self._layout.marks, cited))
        return Grounded(
            text=text,
            status=self._status(claims, text),
            claims=claims,
            citations=tuple(self._sources.citations),
            rejected=tuple(self._rejected),
        )

    def _take(self, pieces: Sequence[str | Label]) -> Delta:
        self._take_pieces(pieces)
        return self._delta()

    def _take_pieces(self, pieces: Sequence[str | Label]) -> None:
        for piece in pieces:
            if isinstance(piece, str):
                self._layout.write(piece)
                continue
            marker = self._sources.marker(piece, self._layout.sentence() if not piece.sentence else "")
            if marker is None:
                self._rejected.append(piece.raw)
            self._layout.mark(marker)

    def _delta(self) -> Delta:
        fresh = tuple(self._sources.citations[self._delivered :])
        ready = tuple(each for each in fresh if each.marker <= self._layout.highest)
        self._delivered += len(ready)
        return Delta(text=self._layout.take(), citations=ready)

    def _judged(self, sentence: Sentence) -> Claim:
        finding = self._sources.check(sentence.words, sentence.markers)
        return Claim(
            start=sentence.start,
            end=sentence.end,
            markers=sentence.markers,
            verdict=finding.verdict,
            missing=finding.missing,
        )

    def _status(self, claims: Sequence[Claim], text: str) -> Status:
        """Return what kind of answer it is.

        Without a claim that is at least partly carried, the articles do not answer. It is a whole answer when every
        cited claim is supported, and every uncited one only leads in ("They differ:") or repeats what is cited.
        """
        verdicts = {claim.verdict for claim in claims}
        if verdicts.isdisjoint({Verdict.SUPPORTED, Verdict.PARTIAL}):
            return Status.NOT_IN_SOURCES
        if not verdicts <= {Verdict.SUPPORTED, Verdict.UNCITED}:
            return Status.PARTIAL
        loose = [text[claim.start : claim.end] for claim in claims if not claim.markers]
        return Status.ANSWERED if all(map(self._harmless, loose)) else Status.PARTIAL

    def _harmless(self, uncited: str) -> bool:
        if uncited.endswith(":") and not any(map(str.isdigit, uncited)):
            return True
        everything = [citation.marker for citation in self._sources.citations]
        return self._sources.check(uncited, everything).verdict is Verdict.SUPPORTED


class _Sources:
    """The passages that labels point to, and the citations made from them."""

    def __init__(self, hits: Sequence[Hit], similarity: Similarity) -> None:
        self._hits = hits
        self._similarity = similarity
        self._cited = Cited()

    @property
    def citations(self) -> Sequence[Citation]:
        """The citations so far."""
        return self._cited.citations

    def marker(self, label: Label, claim: str) -> int | None:
        """Return the marker for a label that stands behind `claim`, or None where it points nowhere."""
        if not 1 <= label.passage <= len(self._hits):
            return None
        hit = self._hits[label.passage - 1]
        spans = hit.passage.sentences
        if not label.sentence:
            return self._cited.cite(hit.passage, self._best(hit, claim)) if spans and claim else None
        return self._cited.cite(hit.passage, spans[label.sentence - 1]) if label.sentence <= len(spans) else None

    def check(self, claim: str, markers: Sequence[int]) -> Finding:
        """Return how well what the markers stand for carries a claim."""
        return verify(claim, [self._cited.quotes[marker - 1] for marker in markers], self._similarity)

    def _best(self, hit: Hit, claim: str) -> Span:
        passage = hit.passage

        def carried(span: Span) -> tuple[int, float, int]:
            return *worth(verify(claim, [quoted(passage, span)], self._similarity)), -span.start

        return max(passage.sentences, key=carried)


class _Layout:
    """Text as it will be read: markers moved behind the closing punctuation, space before them made even."""

    def __init__(self) -> None:
        self.marks: list[Mark] = []
        self.highest = 0
        self._pieces: list[str] = []
        self._taken = 0
        self._length = 0
        self._line = ""
        self._space = ""
        self._waiting: list[int] = []
        self._after = ""
        self._run: set[int] = set()

    @property
    def text(self) -> str:
        """All that was emitted."""
        return "".join(self._pieces)

    def take(self) -> str:
        """Return what was emitted since the last time."""
        fresh = "".join(self._pieces[self._taken :])
        self._taken = len(self._pieces)
        return fresh

    def sentence(self) -> str:
        """Return the last sentence begun on this line, markers left out."""
        line = self._line + self._after
        found = sentences(line)
        return line[found[-1].start : found[-1].end] if found else ""

    def write(self, text: str) -> None:
        """Add text; spaces at its end, and markers that may have to move, are held back."""
        if self._waiting:
            self._after += text
            self._settle(final=False)
        else:
            self._emit_but_space(text)

    def mark(self, marker: int | None) -> None:
        """Add a marker; None takes the place of one that was rejected."""
        if self._waiting and self._after.strip(" \t"):
            self._settle(final=True)
        self._after = self._space = ""
        if marker is not None:
            self._waiting.append(marker)

    def finish(self) -> None:
        """Emit all that is held back."""
        self._settle(final=True)
        space, self._space = self._space, ""
        self._emit(space)

    def _settle(self, *, final: bool) -> None:
        """Emit what follows the waiting markers, closing punctuation first, once it is clear where that ends."""
        if not self._waiting or (not final and _MAYBE_CLOSING.match(self._after)):
            return
        after, self._after = self._after, ""
        closing = _CLOSING.match(after)
        if closing:
            self._emit(closing[0].lstrip(" \t"))
            after = after[closing.end() :]
        self._emit_markers()
        self._emit_but_space(after)

    def _emit_markers(self) -> None:
        for marker in self._waiting:
            if marker not in self._run:
                space = "" if self._run or not self._line.strip() else " "
                start = self._length
                self._append(f"{space}[{marker}]")
                self.marks.append(Mark(start, self._length, marker))
                self.highest = max(self.highest, marker)
                self._run.add(marker)
        self._waiting = []

    def _emit_but_space(self, text: str) -> None:
        whole = self._space + text
        bare = whole.rstrip(" \t")
        held = min(len(whole) - len(bare), _HELD)
        self._space = whole[len(whole) - held :]
        self._emit(whole[: len(whole) - held])

    def _emit(self, text: str) -> None:
        if text:
            self._append(text)
            self._run = set()
            self._line = (self._line + text).rpartition("\n")[2][-_TAIL:]

    def _append(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)
