"""Assertions of promptfoo as expectations, as far as they have a counterpart.

Texts are compared whatever their case here, so that `contains` is what promptfoo calls `icontains`. `equals` asks that
the value stands in the answer: ours are sentences.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from rag.errors import UnreadableFileError
from rag.evaluation.importers.reading import Fields, fields_of, whole
from rag.evaluation.suites.cases import Expectation

_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_CELL = re.compile(r"(?P<type>[a-z]+(?:-[a-z]+)*)(?:\((?P<threshold>[\d.]+)\))?:(?P<value>.*)", re.DOTALL)
_LISTED = frozenset({"contains-all", "contains-any", "icontains-all", "icontains-any"})
_PLAIN = _LISTED | {"contains", "icontains", "equals", "regex", "starts-with", "latency", "cost"}
_LONGEST = 10_000
"""Characters of a value, and of a variable in it."""
_OTHERS = re.compile(
    "answer-relevance|bleu|classifier|contains-(?:html|json|sql|xml)|context-(?:faithfulness|recall|relevance)|eval"
    "|factuality|fn|f-score|g-eval|gleu|grade|guardrails|is-(?:html|json|refusal|sql|xml)|javascript|levenshtein"
    "|llm-rubric|meteor|model-graded-(?:closedqa|factuality)|moderation|perplexity(?:-score)?|pi|python|rouge-n|ruby"
    "|search-rubric|similar|webhook"
)
"""Types without a counterpart, which a cell may name too; any other word before a colon belongs to the answer."""


def cell(text: str) -> Fields:
    """Return what a cell of the column `__expected` asserts: `type: value`, else that the answer equals it."""
    found = _CELL.fullmatch(text.strip())
    kind = found["type"].removeprefix("not-") if found else ""
    if found is None or not (kind in _PLAIN or _OTHERS.fullmatch(kind)):
        return {"type": "equals", "value": text.strip()}
    value = found["value"].strip()
    return {
        "type": found["type"],
        "value": [each.strip() for each in value.split(",")] if kind in _LISTED else value,
        "threshold": found["threshold"] or value,
    }


def expected(
    assertions: Sequence[object], variables: Mapping[str, str], leave_out: Callable[[str], None]
) -> Expectation | None:
    """Return what the assertions say together, or None where none has a counterpart; the others are left out."""
    found = _Found(variables, leave_out)
    for assertion in assertions:
        found.take(fields_of(assertion))
    return Expectation.model_validate(found.fields) if found.fields else None


class _Found:
    """The fields of an expectation, as far as they are known."""

    def __init__(self, variables: Mapping[str, str], leave_out: Callable[[str], None]) -> None:
        self.fields: dict[str, list[str] | float] = {}
        self._variables, self._leave_out = variables, leave_out

    def take(self, assertion: Fields, *, within: bool = False) -> None:
        """Take in one assertion, or the members of a set of which all must hold."""
        kind = assertion.get("type")
        if kind == "assert-set" and not within and "threshold" not in assertion:
            members = assertion.get("assert")
            for member in members if isinstance(members, list) else ():
                self.take(fields_of(member), within=True)
        elif kind in {"latency", "cost"}:
            self._limit(str(kind), assertion)
        else:
            self._texts(str(kind), assertion)

    def _limit(self, kind: str, assertion: Fields) -> None:
        try:
            limit = float(str(assertion.get("threshold")))
        except ValueError:
            raise UnreadableFileError(f"{kind} has no number as its threshold") from None
        name, value = ("max_seconds", limit / 1000) if kind == "latency" else ("max_cost", limit)
        earlier = self.fields.get(name, value)
        self.fields[name] = min(value, earlier) if isinstance(earlier, float) else value

    def _texts(self, kind: str, assertion: Fields) -> None:
        values = self._values(assertion.get("value"))
        if values is None:
            self._leave_out(f"an assertion {kind} without plain text as its value")
            return
        match kind:
            case "contains" | "icontains" | "contains-all" | "icontains-all":
                self._add("contains", *values)
            case "contains-any" | "icontains-any":
                self._one_of(values)
            case "equals":
                self._add("contains" if "answer" in self.fields else "answer", *values)
            case "not-contains" | "not-icontains" | "not-contains-any" | "not-icontains-any":
                self._add("excludes", *values)
            case "not-equals":
                self._matching(rf"\A(?!{re.escape(values[0])}\Z)")
            case "starts-with":
                self._matching(rf"\A{re.escape(values[0])}")
            case "regex":
                self._matching(f"(?-i:{values[0]})")
            case "not-regex":
                self._matching(rf"\A(?![\s\S]*(?-i:{values[0]}))")
            case _:
                self._leave_out(f"an assertion {kind[:40]}, which has no counterpart")

    def _add(self, name: str, *values: str) -> None:
        known = self.fields.setdefault(name, [])
        if isinstance(known, list):
            known.extend(values)

    def _one_of(self, values: Sequence[str]) -> None:
        if "any_of" in self.fields:
            self._matching("|".join(map(re.escape, values)))
        else:
            self._add("any_of", *values)

    def _matching(self, pattern: str) -> None:
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError):
            self._leave_out("a regular expression that only JavaScript understands")
        else:
            self._add("matches", pattern)

    def _values(self, value: object) -> list[str] | None:
        """Return the texts of a value with its variables put in; None where it is code, a file or no text."""
        made = []
        for each in value if isinstance(value, list) else [value]:
            if not isinstance(each, str | int | float) or str(each).startswith("file://"):
                return None
            if len(str(each)) > _LONGEST:
                return None
            text = _VARIABLE.sub(self._variable, str(each))
            if not text.strip() or "{{" in text or "{%" in text:
                return None
            made.append(whole(text.strip()))
        return made or None

    def _variable(self, found: re.Match[str]) -> str:
        value = self._variables.get(found[1], found[0])
        return value if len(value) <= _LONGEST else found[0]
