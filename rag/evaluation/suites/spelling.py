"""A case as it is written in a suite: only fields that say something, in the order and short forms that people use."""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml

from rag.evaluation.suites.cases import Case
from rag.wire import Json

_LINE = 110
"""Characters after which the text of a case is folded."""
_FIRST = ("id", "question", "article", "value")
"""Fields that stand first, as people write them; `expect` stands last."""
_LINE_BREAKS = re.compile("[\x85\u2028\u2029]")


def case_yaml(case: Case, indent: int = 0) -> str:
    """Return a case as an entry of a suite's list of cases."""
    dumped = _dumped([case_object(case)])
    return "".join(" " * indent + line if line.strip() else line for line in dumped.splitlines(keepends=True))


def case_object(case: Case) -> dict[str, Json]:
    """Return the fields of a case that say something, in the order and the short forms in which people write them."""
    made = _short(case.model_dump(mode="json", exclude_defaults=True))
    return dict(made) if isinstance(made, Mapping) else {}


def _short(value: Json) -> Json:
    match value:
        case {"article": article, **rest} if not rest:
            return article
        case {"value": figure, **rest} if not rest:
            return _short(figure)
        case Mapping():
            order = sorted(value, key=lambda name: (name == "expect", name not in _FIRST))
            return {name: _short(value[name]) for name in order}
        case list():
            return [_short(each) for each in value]
        case float():
            return int(value) if value.is_integer() else value
    return value


def field_yaml(name: str, value: Json) -> str:
    """Return a field of a suite on lines of its own."""
    return _dumped({name: value})


def _dumped(value: Json) -> str:
    made: str = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_LINE)
    return made


class _Dumper(yaml.SafeDumper):
    """Writes texts so that other readers of YAML see the same line breaks."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"' if _LINE_BREAKS.search(value) else None)


_Dumper.add_representer(str, _text)
