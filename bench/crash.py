"""Kill a writer at random instants, again and again, and see whether the library ever shows the wound.

    python -m bench.crash --rounds 100 --out crash.json

Each round starts a process that brings a library to a known state (new articles, changed ones, removed ones), kills it
with SIGKILL, every other time in the moment in which the vector index writes its files, and then, in a further
process, opens the library as a reader and checks every invariant. A writer that got to its end moves the target on.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.invariants import check, opened, write


@dataclass(slots=True, kw_only=True)
class Tally:
    """What the rounds showed."""

    rounds: int = 0
    killed: int = 0
    killed_while_index_was_written: int = 0
    finished: int = 0
    recoveries: int = 0
    rebuilt_or_mended_messages: int = 0
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--articles", type=int, default=160)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--check", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--target", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        write(given.write, given.articles, given.target)
    elif given.check:
        print(json.dumps(check(given.check, given.articles, given.target)))
    else:
        tally = run(given.rounds, given.articles, given.seed, lambda so_far: _save(so_far, given.out))
        print(json.dumps(asdict(tally), indent=2))
        raise SystemExit(1 if tally.failures else 0)


def run(rounds: int, articles: int, seed: int, progress: Callable[[Tally], None] = lambda _: None) -> Tally:
    """Kill so many writers, and check after each."""
    tally, chance, target = Tally(), random.Random(seed), 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="crash-") as place:
        directory = Path(place) / "library"
        # A writer that is quick may end before its time comes; such a round is not one of those wanted.
        while tally.killed < rounds and tally.rounds < 3 * rounds:
            number, tally.rounds = tally.rounds, tally.rounds + 1
            done = _round(directory, articles, target, chance, tally, at_flush=bool(number % 2))
            _account(tally, f"round {number}", _ask("--check", directory, articles, target))
            if number % 5 == 4 or done:
                _finish(directory, articles, target, tally)
                target += 1
            tally.seconds = round(time.monotonic() - began, 1)
            progress(tally)
        _finish(directory, articles, target, tally)
    tally.seconds = round(time.monotonic() - began, 1)
    progress(tally)
    return tally


def _save(tally: Tally, out: Path | None) -> None:
    if out:
        out.write_text(json.dumps(asdict(tally), indent=2) + "\n", encoding="utf-8")


def _round(directory: Path, articles: int, target: int, chance: random.Random, tally: Tally, *, at_flush: bool) -> bool:
    """Start a writer and kill it; tell whether it had finished before."""
    child = subprocess.Popen(_command("--write", directory, articles, target), stdout=subprocess.PIPE, text=True)
    assert child.stdout
    child.stdout.readline()
    if at_flush and _index_is_written(directory, child, chance):
        tally.killed_while_index_was_written += 1
    else:
        with suppress(subprocess.TimeoutExpired):
            child.wait(chance.uniform(0, 4))
    child.send_signal(signal.SIGKILL)
    code = child.wait()
    child.stdout.close()
    tally.killed += code == -signal.SIGKILL
    return code == 0


def _index_is_written(directory: Path, child: subprocess.Popen[str], chance: random.Random) -> bool:
    """Wait until the files of neighbours change, then a few milliseconds more at most."""
    before = _times(directory)
    deadline = time.monotonic() + 20
    while child.poll() is None and time.monotonic() < deadline:
        after = _times(directory)
        if any(before.get(path, moment) != moment for path, moment in after.items()):
            time.sleep(chance.choice((0, 0, 0.001, 0.003, 0.01)))
            return child.poll() is None
        before = after
        time.sleep(0.001)
    return False


def _times(directory: Path) -> dict[str, int]:
    try:
        return {str(path): path.stat().st_mtime_ns for path in directory.glob("vectors-*/*/*.bin")}
    except FileNotFoundError:  # an index that was cleared away meanwhile
        return {}


def _finish(directory: Path, articles: int, target: int, tally: Tally) -> None:
    """Let a writer run to its end; then nothing may be missing and the index must agree."""
    done = subprocess.run(
        _command("--write", directory, articles, target), capture_output=True, text=True, check=False, timeout=600
    )
    tally.finished += 1
    tally.rebuilt_or_mended_messages += done.stderr.count("rebuilt") + done.stderr.count("mended")
    tally.recoveries += "did not finish" in done.stderr
    if done.returncode:
        tally.failures.append(f"target {target}: the rerun failed: {done.stderr[-300:]}")
    found = _ask("--check", directory, articles, target)
    _account(tally, f"target {target}", found)
    if found.get("unfinished"):
        tally.failures.append(f"target {target}: unfinished after a full run: {found['unfinished'][:3]}")
    library = opened(directory, exact_up_to=0)
    tally.failures += [f"target {target}: {each.what}" for each in library.check() if not each.ok]
    library.close()


def _ask(mode: str, directory: Path, articles: int, target: int) -> dict[str, list[str]]:
    done = subprocess.run(_command(mode, directory, articles, target), capture_output=True, text=True, check=False)
    if done.returncode:
        return {"broken": [f"the reader ended with {done.returncode}: {done.stderr[-300:]}"]}
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def _account(tally: Tally, when: str, found: dict[str, list[str]]) -> None:
    tally.failures += [f"{when}: {each}" for each in found.get("broken", [])]


def _command(mode: str, directory: Path, articles: int, target: int) -> list[str]:
    return [
        sys.executable,
        "-m",
        "bench.crash",
        mode,
        str(directory),
        "--articles",
        str(articles),
        "--target",
        str(target),
    ]


if __name__ == "__main__":
    main()
