"""What model calls cost: a table that the user keeps, since prices change and differ from contract to contract."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

from rag.errors import ConfigurationError
from rag.types import Usage

_FORM = 'a table such as ["my-model"] with input = 0.5 and output = 2.0, in US dollars per million tokens'
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars per million tokens that a model reads and writes."""

    input: float
    output: float

    def of(self, usage: Usage) -> float:
        """Return US dollars."""
        return (usage.input_tokens * self.input + usage.output_tokens * self.output) / _MILLION


def read_prices(path: Path) -> dict[str, Price]:
    """Return the prices by model that a TOML file gives; raise ConfigurationError where it cannot be read as such."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigurationError(f"The prices in {path} cannot be read ({reason}); mend the file.") from error
    return {model: _price(path, model, table) for model, table in tables.items()}


def _price(path: Path, model: str, table: object) -> Price:
    match table:
        case {"input": int() | float() as read, "output": int() | float() as written, **more} if not more and all(
            not isinstance(each, bool) and math.isfinite(each) and each >= 0 for each in (read, written)
        ):
            return Price(input=float(read), output=float(written))
    raise ConfigurationError(f"{path}: the price of “{model}” must be {_FORM}.")
