"""The JSON Schema of suites, for editors and for other programs that write them; it is made of the models."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic.json_schema import GenerateJsonSchema

from rag.evaluation.suites.cases import Suite
from rag.wire import Json

SCHEMA_FILE = Path(__file__).with_name("suite.schema.json")
"""The schema as it is installed, for `# yaml-language-server: $schema=`."""


def suite_schema() -> dict[str, Json]:
    """Return the schema of a YAML suite. Of a JSONL suite, each line but the first is one of its `$defs/Case`."""
    made: dict[str, Json] = Suite.model_json_schema(schema_generator=_Generator)
    return {"$schema": _Generator.schema_dialect, **made}


def schema_text() -> str:
    """Return the schema as it stands in its file."""
    return json.dumps(suite_schema(), indent=1, ensure_ascii=False) + "\n"


class _Generator(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002  pydantic's
        """A title would only repeat the field's name."""
        return False
