"""What the validators of a suite's models check between fields, as JSON Schema. A field that is null is not given."""

from __future__ import annotations

from pydantic import JsonValue

Rule = dict[str, JsonValue]


def _given(name: str) -> JsonValue:
    return {"required": [name], "properties": {name: {"not": {"type": "null"}}}}


_TALK: JsonValue = {"required": ["conversation"], "properties": {"conversation": {"minItems": 1}}}
_EMPTY: JsonValue = {"enum": [None, []]}
_BESIDE_EACH_QUESTION = ("history", "since", "until", "as_of", "publishers", "articles")

ONE_PLACE: Rule = {
    "allOf": [
        {"if": _given("start"), "then": {"allOf": [_given("end"), {"not": _given("quote")}]}},
        {"if": _given("end"), "then": _given("start")},
    ]
}
ONE_FORM: Rule = {
    "oneOf": [_given("question"), _TALK],
    "if": _TALK,
    "then": {
        "properties": {**dict.fromkeys(_BESIDE_EACH_QUESTION, _EMPTY), "expect": {"additionalProperties": _EMPTY}}
    },
}
ONE_CORPUS: Rule = {"not": {"allOf": [_given("folder"), _given("library")]}}
