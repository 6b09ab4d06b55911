"""Answers, hits and articles as text for a terminal; the machine-readable forms are in `rag.wire`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from textwrap import shorten
from typing import TYPE_CHECKING

from rag.protocols import VersionSummary
from rag.types import Answer, Article, Citation, Claim, Hit, Source, Status, Verdict

if TYPE_CHECKING:
    from rag.check import Checked
    from rag.library import Finding

_STATUS = {
    Status.ANSWERED: "",
    Status.PARTIAL: "Partly borne out: see the marks below.",
    Status.CONFLICTING: "The sources disagree.",
    Status.NOT_IN_SOURCES: "",
}
# Model output may hold escape sequences that would command the terminal.
_CONTROLS = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
_NEAREST = 3
_EXCERPT = 160


def answer_text(answer: Answer) -> str:
    """Return the answer, what is wrong with it if anything, and the quotes that prove it."""
    parts = [answer.text, _STATUS[answer.status], answer.note or ""]
    if answer.standalone != answer.question.text.strip():
        parts.insert(0, f"Searched for: {answer.standalone}")
    parts += [_doubt(answer, claim) for claim in answer.claims]
    parts += [_quote(citation) for citation in answer.citations]
    if answer.status is Status.NOT_IN_SOURCES and answer.hits:
        parts.append("Nearest passages:\n" + "\n".join(map(_nearest, answer.hits[:_NEAREST])))
    return safe("\n\n".join(filter(None, parts)))


def checked_text(checked: Checked) -> str:
    """Return each sentence of a draft that claims something with its verdict, and the quotes that come closest."""
    if not checked.claims:
        return "Nothing in this draft claims anything that could be checked."
    verdicts = [claim.verdict for claim in checked.claims]
    counted = ", ".join(f"{verdicts.count(each)} {each.value}" for each in Verdict if each in verdicts)
    sentences = "1 sentence" if len(verdicts) == 1 else f"{len(verdicts)} sentences"
    parts = [_verdict(checked.text, claim) for claim in checked.claims]
    return safe("\n\n".join([*parts, *map(_quote, checked.citations), f"{sentences}: {counted}."]))


def hits_text(hits: Sequence[Hit]) -> str:
    """Return the passages of a search, numbered, best first."""
    if not hits:
        return "Nothing found."
    return safe("\n\n".join(f"{rank}. {_hit(hit)}" for rank, hit in enumerate(hits, 1)))


def article_text(article: Article, versions: Sequence[VersionSummary]) -> str:
    """Return an article under its title, with the list of its versions where there are several."""
    source = article.source
    head = [source.title, described(source), source.url or "", f"{source.article_id}, version {article.version}"]
    if len(versions) > 1:
        head += [_version(each) for each in versions]
    return safe("\n".join(filter(None, head)) + "\n\n" + article.text)


def articles_text(summaries: Sequence[VersionSummary], total: int) -> str:
    """Return a line for each article."""
    lines = [
        f"{each.source.article_id}  {day(each.source.published) or 'undated':<17}  {_named(each.source)}"
        for each in summaries
    ]
    if total > len(summaries):
        lines.append(f"… and {total - len(summaries)} more; ask for them with --limit and --offset.")
    return safe("\n".join(lines) or "This library holds no articles.")


def findings_text(findings: Sequence[Finding]) -> str:
    """Return a line for each finding, with advice where it is not well."""
    lines = [
        f"{'ok' if each.ok else 'BAD':<4} {': '.join(filter(None, (each.what, each.advice)))}" for each in findings
    ]
    return safe("\n".join(lines))


def described(source: Source) -> str:
    """Return outlet, author and day of an article, as far as they are known."""
    return ", ".join(filter(None, (source.publisher, source.author, day(source.published) or "undated")))


def safe(text: str) -> str:
    """Return text without the characters that would command a terminal; line ends and tabs stay."""
    return text.translate(_CONTROLS)


def _doubt(answer: Answer, claim: Claim) -> str:
    if claim.verdict in {Verdict.SUPPORTED, Verdict.UNCITED}:
        return ""
    missing = f" Not in what it cites: {', '.join(claim.missing)}." if claim.missing else ""
    return f"! {claim.verdict.value}: “{answer.text[claim.start : claim.end]}”{missing}"


def _verdict(text: str, claim: Claim) -> str:
    markers = "".join(f" [{marker}]" for marker in claim.markers)
    sign = "  " if claim.verdict is Verdict.SUPPORTED else "! "
    told = f"{sign}{claim.verdict.value}{markers}: “{' '.join(text[claim.start : claim.end].split())}”"
    if claim.verdict is Verdict.UNCITED:
        return f"{told}\n  The articles do not say."
    return f"{told}\n  Not in what comes closest: {', '.join(claim.missing)}." if claim.missing else told


def _quote(citation: Citation) -> str:
    source = citation.source
    place = f"{source.article_id}, characters {citation.start}–{citation.end}"
    return f"[{citation.marker}] “{citation.quote}”\n    {_named(source)}\n    {described(source)} · {place}"


def _nearest(hit: Hit) -> str:
    source = hit.passage.source
    return f"  – {_named(source)} ({described(source)}): {shorten(hit.passage.text, _EXCERPT, placeholder=' …')}"


def _hit(hit: Hit) -> str:
    passage = hit.passage
    also = f"\n   Also in: {'; '.join(described(source) for source in hit.also_in)}" if hit.also_in else ""
    place = f"{passage.source.article_id}, characters {passage.start}–{passage.end}"
    return (
        f"{_named(passage.source)} ({described(passage.source)})\n"
        f"   {place} · score {hit.score:.3f}{also}\n   " + passage.text.replace("\n", "\n   ")
    )


def _named(source: Source) -> str:
    return f"{source.title} (title from its first sentence)" if source.title_derived else source.title


def day(moment: datetime | None) -> str:
    """Return a date for people, such as "12 November 2023"; empty when unknown."""
    return f"{moment.day} {moment:%B %Y}" if moment else ""


def _version(summary: VersionSummary) -> str:
    changed = summary.source.updated or summary.source.published
    when = f"{changed:%Y-%m-%d %H:%M} UTC" if changed else "undated"
    return f"  version {summary.version}  {when}{'  (current)' if summary.current else ''}"
