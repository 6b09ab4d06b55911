"""How the verifier judges sentences as a chat model writes them: true paraphrases and subtly wrong ones.

    python bench/verify_claims.py [--articles seeds/articles] [--claims tests/verify/claims.txt] [--show]

In the file of claims a line "# NAME" names an article; "T The bridge / It has | words" is a true claim that cites the
sentences that begin so, "F The bridge | words" a wrong one. The shares are printed; --show prints the claims that were
judged wrongly.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from rag.embed import EmbeddedModel
from rag.embed.remember import RememberingEmbedder
from rag.sentences import sentences
from rag.types import Source, Verdict
from rag.verify import Quote, by_meaning, verify

_AROUND = 6
"""Sentences on each side that make up the passage around a quote."""


def main() -> None:
    """Judge every claim and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=Path, default=Path("seeds/articles"))
    parser.add_argument("--claims", type=Path, default=Path("tests/verify/claims.txt"))
    parser.add_argument("--show", action="store_true", help="print what was judged wrongly")
    options = parser.parse_args()
    similarity = by_meaning(RememberingEmbedder(EmbeddedModel()))

    counts = {"T": Counter[Verdict](), "F": Counter[Verdict]()}
    for label, claim, quotes in _rows(options.articles, options.claims):
        finding = verify(claim, quotes, similarity)
        counts[label][finding.verdict] += 1
        if options.show and (finding.verdict is Verdict.UNSUPPORTED) == (label == "T"):
            sys.stdout.write(f"{label} {finding.verdict} {finding.missing}\n  {claim}\n  {quotes[0].text}\n")
    for label, name in (("T", "true"), ("F", "wrong")):
        total = counts[label].total()
        shares = "  ".join(f"{verdict} {counts[label][verdict] / total:6.1%}" for verdict in list(Verdict)[:3])
        sys.stdout.write(f"{name:6} {total:4}  {shares}\n")


def _rows(articles: Path, claims: Path) -> Iterator[tuple[str, str, list[Quote]]]:
    source, split = Source(article_id="", title="", publisher=""), list[str]()
    for line in claims.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            source, split = _article(articles / f"{line[2:]}.md")
            continue
        head, claim = line.split(" | ", 1)
        label, openings = head.split(" ", 1)
        places = [_place(split, opening) for opening in openings.split(" / ")]
        quotes = [
            Quote(text=split[at], source=source, nearby=" ".join(split[max(0, at - _AROUND) : at + _AROUND + 1]))
            for at in places
        ]
        yield label, claim, quotes


def _place(split: Sequence[str], opening: str) -> int:
    return next(at for at, sentence in enumerate(split) if " ".join(sentence.split()).startswith(opening))


def _article(path: Path) -> tuple[Source, list[str]]:
    _, head, text = path.read_text(encoding="utf-8").split("---\n", 2)
    said = dict(re.findall(r"^(\w+):\s*(.*)$", head, re.MULTILINE))
    source = Source(
        article_id=path.stem,
        title=said["title"].strip("\"'"),
        publisher=said["publisher"].replace(" (fictional)", ""),
        author=said.get("author"),
        published=datetime.fromisoformat(said["published"]) if "published" in said else None,
    )
    text = text.strip()
    return source, [text[span.start : span.end] for span in sentences(text)]


if __name__ == "__main__":
    main()
