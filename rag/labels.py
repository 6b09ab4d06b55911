"""Sentence labels: how passages are shown to a model, and how its pointers are read back from a stream.

Sentence ``j`` of passage ``i`` carries the label ``[i.j]``, both counted from 1 in the order of the hits. What is
understood in a reply: ``[3.2]``, ``[3.2, 4.1]``, ``[3.2; 4.1]``, ``[3.2-4]``, ``[3.2–3.4]``, ``[^3.2]``, ``[3]`` (a
whole passage), and the same between brackets such as ``【】``. Text between backticks is code and is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.types import Hit, Source

LONGEST = 80
"""Characters between the brackets of a label list; anything longer is text."""
LONGEST_CODE = 200
"""Characters between the backticks of inline code; a backtick without its pair within these is text."""
WIDEST = 12
"""Sentences that one range may name."""

_OPEN, _CLOSE = "\\[［【〔〖", "\\]］】〕〗"
_UNSEEN = "\u200b-\u200f\u2060-\u2064\ufeff"
_INSIDE = r"[\d .,;:^&\t\u00a0\-–—−、，；．]"
_LABEL = re.compile(rf"[{_OPEN}]({_INSIDE}{{1,{LONGEST}}})[{_CLOSE}]")
_MAYBE_LABEL = re.compile(rf"[{_OPEN}]{_INSIDE}{{0,{LONGEST}}}\Z")
_ITEM = re.compile(r"\^?(\d{1,9})(?:[.．:](\d{1,9}))?(?:-(?:(\d{1,9})[.．:])?(\d{1,9}))?")
_SEPARATOR = re.compile(r"[,;&、，；]|\s(?=\^?\d)")
_DASH = re.compile(r"\s*[\-–—−]\s*")
_TICKS = re.compile(rf"`{{1,{LONGEST_CODE}}}")
_SPECIAL = re.compile(rf"[{_OPEN}`\n]")

_LIKE_LABEL = re.compile(
    rf"[{_OPEN}]((?:{_INSIDE}|[\s{_UNSEEN}])*\d(?:{_INSIDE}|[\s{_UNSEEN}])*)[{_CLOSE}]"
    rf"|[{_OPEN}]((?:{_INSIDE}|[\s{_UNSEEN}])*)\Z"
)
_TAG = re.compile(r"<(?=[A-Za-z/!?])|<\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A pointer as the model wrote it: sentence 0 means the whole passage; passage 0 means that it made no sense."""

    raw: str
    passage: int = 0
    sentence: int = 0


def escape(text: str) -> str:
    """Return article or source text in which nothing reads as a label, a marker, code or a tag.

    Brackets around bare numbers become parentheses rather than look-alikes, because a reader must not take them for
    markers either; backticks and the ``<`` of tags become similar characters. Escaped texts may be joined.
    """
    harmless = _LIKE_LABEL.sub(_in_parentheses, text)
    return _TAG.sub("‹", harmless.replace("`", "ˋ"))


def shown(hits: Sequence[Hit]) -> str:
    """Return what a model sees of the passages: for each a header, then its sentences, each behind its label."""
    return "\n\n".join(_shown_passage(number, hit) for number, hit in enumerate(hits, 1))


def _in_parentheses(found: re.Match[str]) -> str:
    return f"({found[1]})" if found[1] is not None else f"({found[2]}"


def _shown_passage(number: int, hit: Hit) -> str:
    passage = hit.passage
    lines = [f"Passage {number}: {_described(passage.source)}"]
    lines += [f"[{number}.{j}] {_one_line(passage.slice(span))}" for j, span in enumerate(passage.sentences, 1)]
    return "\n".join(lines)


def _described(source: Source) -> str:
    day = f"published {source.published.day} {source.published:%B %Y}" if source.published else "date unknown"
    title = "" if source.title_derived else f"“{source.title}”"
    return ", ".join(_one_line(part) for part in (source.publisher or "", title, day) if part)


def _one_line(text: str) -> str:
    return escape(" ".join(text.split()))


class LabelReader:
    """Splits streamed text into text and labels; any way of cutting the stream gives the same text and labels."""

    def __init__(self) -> None:
        self._held = ""
        self._fence = 0
        self._line_start = True

    def feed(self, text: str) -> list[str | Label]:
        """Return what is certain so far."""
        self._held += text
        return list(self._read(final=False))

    def flush(self) -> list[str | Label]:
        """Return the rest, taking it as the end."""
        return list(self._read(final=True))

    def _read(self, *, final: bool) -> Iterator[str | Label]:
        text, at = self._held, 0
        while at < len(text):
            found = _SPECIAL.search(text, at)
            start = found.start() if found else len(text)
            if start > at:
                yield self._plain(text[at:start])
                at = start
                continue
            step = self._special(text, at, final=final)
            if step is None:
                break
            at, pieces = step
            yield from pieces
        self._held = text[at:]

    def _plain(self, piece: str) -> str:
        if piece:
            self._line_start = self._line_start and not piece.strip(" ")
        return piece

    def _special(self, text: str, at: int, *, final: bool) -> tuple[int, list[str | Label]] | None:
        """Return where to go on and what was read, or None where more text must come first."""
        if text[at] == "\n":
            self._line_start = True
            return at + 1, ["\n"]
        if text[at] == "`":
            return self._backticks(text, at, final=final)
        if self._fence:
            return at + 1, [self._plain(text[at])]
        label = _LABEL.match(text, at)
        if label and any(map(str.isdigit, label[1])):
            self._line_start = False
            return label.end(), list(_labels(label[1]))
        if not label and _MAYBE_LABEL.match(text, at):
            # A text that breaks off inside a label loses the stump.
            stump: list[str | Label] = [Label(raw=text[at:]) if any(map(str.isdigit, text[at:])) else text[at:]]
            return (len(text), stump) if final else None
        return at + 1, [self._plain(text[at])]

    def _backticks(self, text: str, at: int, *, final: bool) -> tuple[int, list[str | Label]] | None:
        run = _TICKS.match(text, at)
        ticks = run[0] if run else ""
        after = at + len(ticks)
        if after == len(text) and not final and len(ticks) < LONGEST_CODE:
            return None
        if self._line_start and len(ticks) >= max(3, self._fence):
            self._fence = 0 if self._fence else len(ticks)
            return after, [self._plain(ticks)]
        if self._fence:
            return after, [self._plain(ticks)]
        return self._inline(text, after, ticks, final=final)

    def _inline(self, text: str, start: int, ticks: str, *, final: bool) -> tuple[int, list[str | Label]] | None:
        """Read inline code whose opening backticks end at `start`; without their pair they are text."""
        for run in _TICKS.finditer(text, start, start + LONGEST_CODE + len(ticks)):
            if "\n" in text[start : run.start()]:
                break
            if run.end() == len(text) and not final:
                return None
            if run[0] == ticks and text[run.end() : run.end() + 1] != "`":
                return run.end(), [self._plain(ticks + text[start : run.end()])]
        undecided = len(text) - start <= LONGEST_CODE + len(ticks) and "\n" not in text[start:]
        if undecided and not final:
            return None
        return start, [self._plain(ticks)]


def _labels(inside: str) -> Iterator[Label]:
    for part in filter(None, (piece.strip() for piece in _SEPARATOR.split(_DASH.sub("-", inside)))):
        item = _ITEM.fullmatch(part.strip(" ."))
        named = _named(item) if item else []
        yield from named or [Label(raw=f"[{part}]")]


def _named(item: re.Match[str]) -> list[Label]:
    """Return the sentences or passages that one pointer or range names; none where it makes no sense."""
    first_passage, first, last_passage, last = (int(part) if part else None for part in item.groups())
    passage = first_passage or 0
    if first is None:
        until = passage if last is None else last
        places = [(number, 0) for number in range(passage, min(until, passage + WIDEST) + 1)]
        sensible = last_passage is None
    else:
        until = first if last is None else last
        places = [(passage, number) for number in range(first, min(until, first + WIDEST) + 1)]
        sensible = first > 0 and last_passage in (None, passage)
    if not passage or not sensible:
        return []
    return [Label(raw=f"[{i}.{j}]" if j else f"[{i}]", passage=i, sentence=j) for i, j in places]
