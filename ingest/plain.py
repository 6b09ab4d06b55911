"""Turns markdown into the text that a reader of the rendered page sees."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.token import Token


_MOST_OPENED = 1_000
"""Brackets of one kind in a paragraph whose markup is read: each is searched for its end through the whole rest."""
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<[?!].*?(?:>|\Z)", re.DOTALL)


def plain(markdown: str) -> tuple[str, str]:
    """Return the heading that the markdown opens with, "" if it opens otherwise, and the whole as plain text.

    Every block is a paragraph, every list item and table row a line; links and emphasis leave their words.
    """
    from markdown_it import MarkdownIt  # noqa: PLC0415  heavy: only where it is used

    parser = MarkdownIt("commonmark", {"maxNesting": 50}).enable("table").disable("inline")
    env: dict[str, object] = {}
    tokens = parser.parse(markdown, env)
    for token in tokens:
        if token.type == "inline":
            token.children = []
            if max(map(token.content.count, "[<")) <= _MOST_OPENED:
                parser.inline.parse(token.content, parser, env, token.children)
    opens_with_title = len(tokens) > 1 and tokens[0].type == "heading_open" and tokens[0].tag == "h1"
    return _inline(tokens[1]) if opens_with_title else "", "".join(_blocks(tokens)).strip()


def _blocks(tokens: Sequence[Token]) -> Iterator[str]:
    gap, lists = "", 0
    for token in tokens:
        lists += {"list_item_open": 1, "list_item_close": -1}.get(token.type, 0)
        text = _text_of(token)
        if text:
            yield gap + text
            gap = ""
        if token.type in {"th_close", "td_close"}:
            gap = " | "
        elif token.type == "list_item_open" and token.info:
            yield gap + f"{token.info}{token.markup} "
            gap = ""
        elif token.type in _ENDS:
            gap = "\n" if lists or token.type in {"tr_close", "list_item_close"} else "\n\n"


_ENDS = {
    *("paragraph_close", "heading_close", "list_item_close", "bullet_list_close", "ordered_list_close", "tr_close"),
    *("table_close", "fence", "code_block", "html_block", "hr", "blockquote_close"),
}


def _text_of(token: Token) -> str:
    match token.type:
        case "inline":
            return _inline(token)
        case "fence" | "code_block":
            return token.content.strip("\n")
        case "html_block":
            return _without_tags(token.content)
    return ""


def _inline(token: Token) -> str:
    return "".join(_inline_parts(token.children)) if token.children else token.content


def _inline_parts(children: Iterable[Token]) -> Iterator[str]:
    for child in children:
        match child.type:
            case "text" | "code_inline" | "text_special":
                yield child.content
            case "softbreak":
                yield " "
            case "hardbreak":
                yield "\n"


def _without_tags(html: str) -> str:
    reader = _Words()
    reader.feed(_COMMENT.sub(" ", html))  # the parser would search for the end of each anew
    reader.close()
    return " ".join("".join(reader.words).split())


class _Words(HTMLParser):
    """Collects the text between tags, except scripts and styles."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """Start hiding at a script or style."""
        self._hidden += tag in {"script", "style"}
        self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """Stop hiding."""
        self._hidden -= tag in {"script", "style"} and self._hidden > 0

    def handle_data(self, data: str) -> None:
        """Keep what is shown."""
        if not self._hidden:
            self.words.append(data)
