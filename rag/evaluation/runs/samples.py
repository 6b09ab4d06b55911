"""Samples as JSON and back, exactly: the question, the passages with their text, the answer with its whole proof.

Fields that have their default are left out. Unlike `rag.wire`, this form is read back by Dateline alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pydantic import TypeAdapter, ValidationError

from rag.errors import ConfigurationError
from rag.evaluation.results import Sample
from rag.wire import Json


def sample_object(sample: Sample) -> dict[str, Json]:
    """Return a sample as a JSON object that `read_sample` turns into an equal sample."""
    made: dict[str, Json] = _samples().dump_python(sample, mode="json", exclude_defaults=True)
    return made


def read_sample(fields: Mapping[str, Json]) -> Sample:
    """Return the sample that an object spells; raise ConfigurationError where it is none."""
    try:
        return _samples().validate_python(fields)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise ConfigurationError(
            f"This is not a sample of a run ({place}: {first['msg']}); run the suite again."
        ) from None


@cache
def _samples() -> TypeAdapter[Sample]:
    return TypeAdapter(Sample)
