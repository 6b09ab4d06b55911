"""How large, quick and light the HTML report of a large run is, and whether a browser opens it.

    python -m bench.report [--cases N] [--failing N] [--out FILE] [--page FILE]

The run is made up. Peak memory is that of a process which only writes the report; times are wall-clock seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.made_up import MadeUp
from rag.evaluation.reports import write_html

ROOT = Path(__file__).parents[1]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--failing", type=int, default=2_500)
    parser.add_argument("--out", type=Path, help="file for the results")
    parser.add_argument("--page", type=Path, help="where the page shall stay")
    parser.add_argument("--write", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    run = MadeUp(options.cases, options.failing)
    if options.write:
        print(json.dumps(_write(run, options.page)))
        return
    with tempfile.TemporaryDirectory() as folder:
        page = options.page or Path(folder) / "report.html"
        written = {str(n): _apart(n, n * options.failing // options.cases, page) for n in (100, options.cases)}
        opened = _open(page, run)
    figures = {"cases": options.cases, "failing": options.failing, "written": written, "opened": opened}
    print(json.dumps(figures, indent=2))
    if options.out:
        options.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _apart(cases: int, failing: int, page: Path) -> dict[str, float]:
    """Write a report in a process of its own, whose peak memory is that of writing."""
    words = ["--write", "--cases", str(cases), "--failing", str(failing), "--page", str(page)]
    command = [sys.executable, "-m", "bench.report", *words]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(ran.stdout)
    return found


def _write(run: MadeUp, page: Path) -> dict[str, float]:
    report = run.report()
    started = time.perf_counter()
    for _ in report.results():
        pass
    made = time.perf_counter() - started
    write_html(report, page)
    return {
        "seconds": round(time.perf_counter() - started - 2 * made, 2),
        "seconds_making_the_run_up": round(made, 2),
        "bytes": page.stat().st_size,
        "peak_mebibytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def _open(page: Path, run: MadeUp) -> dict[str, float]:
    """Open the page in Chromium, go to its last case, and narrow the list to one case."""
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415

    found = os.environ.get("DATELINE_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        sys.exit("No Chromium on PATH. Install one, or set DATELINE_CHROMIUM to it.")
    times = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        tab.set_default_timeout(60_000)
        started = time.perf_counter()
        tab.goto(page.as_uri(), wait_until="load")
        times["load_seconds"] = round(time.perf_counter() - started, 2)
        last = tab.locator(".list tbody tr").last
        started = time.perf_counter()
        tab.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        last.scroll_into_view_if_needed()
        expect(last).to_be_in_viewport()
        expect(last).to_contain_text(f"case-{run.cases}")
        times["to_the_last_case_seconds"] = round(time.perf_counter() - started, 2)
        started = time.perf_counter()
        tab.fill("#find", f"case-{run.cases}")
        expect(tab.locator(".list tbody tr:not([hidden])")).to_have_count(1)
        times["filter_seconds"] = round(time.perf_counter() - started, 2)
        times["heap_mebibytes"] = round(tab.evaluate("performance.memory.usedJSHeapSize") / 2**20, 1)
        browser.close()
    return times


if __name__ == "__main__":
    main()
