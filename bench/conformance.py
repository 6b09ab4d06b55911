"""Send the server requests of every form that its OpenAPI document allows, and of those that it does not.

    python -m bench.conformance --articles seeds/articles --examples 300 --out conformance.json

The articles are ingested into a library of their own, and served with everything switched on. schemathesis makes the
requests and holds every reply against the document: status, headers, media type, schema. Exits with 1 if one fails.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import app
from ingest.intake import LibraryIntake
from rag.compose import newsroom
from rag.records import open_records
from rag.settings import Settings
from rag.testing.serving import serving
from rag.web.service import make_service

PHASES = "examples,coverage,fuzzing,stateful"
CONFIG = Path(__file__).resolve().with_name("schemathesis.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a run."""

    operations: int
    cases: int
    failures: Sequence[object]
    errors: Sequence[object]
    seconds: float


def main() -> None:
    """Run the command line; exit with 1 if a reply was not as the document says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path, default=Path("seeds/articles"))
    parser.add_argument("--examples", type=int, default=300, help="most random cases for each operation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        library = Path(place) / "library"
        with suppress(SystemExit):
            app.main(["ingest", str(given.articles), "--library", str(library)])
        with served(library) as address:
            outcome = run(address, Path(place), examples=given.examples, seed=given.seed)
    told = json.dumps(asdict(outcome), indent=2)
    print(told)
    if given.out:
        given.out.write_text(f"{told}\n", encoding="utf-8")
    sys.exit(1 if outcome.failures or outcome.errors else 0)


@contextmanager
def served(library: Path) -> Iterator[str]:
    """Serve a library with all that the server can do, and give its address."""
    with (
        newsroom(Settings(library=library, answerer="extractive")) as room,
        closing(open_records(library)) as records,
        serving(
            make_service(room.desk(), records, intake=LibraryIntake(library=room.library, embedder=room.embedder))
        ) as address,
    ):
        yield address


def run(address: str, place: Path, *, examples: int, seed: int, phases: str = PHASES) -> Outcome:
    """Have the requests made; what schemathesis tells, and how to make each failing request again, is printed."""
    report = place / "report.json"
    words = ["--config-file", CONFIG, "run", f"{address}/openapi.json", "--phases", phases, "-n", examples]
    words += ["--seed", seed, "--continue-on-failure", "--no-color", "--generation-database", "none"]
    words += ["--report", "json", "--report-json-path", report, "--output-truncate", "true"]
    tool = Path(sys.executable).with_name("schemathesis")
    subprocess.run([tool, *map(str, words)], check=False, stdout=sys.stderr, cwd=place)
    told = json.loads(report.read_text(encoding="utf-8"))
    return Outcome(
        operations=told["operations"]["tested"],
        cases=told["test_cases"]["generated"],
        failures=told["failures"],
        errors=told["errors"],
        seconds=round(told["running_time"], 1),
    )


if __name__ == "__main__":
    main()
