"""Photograph the chat page of a running server: an answer, and beside it the article that its first citation opens.

dateline serve --port 7860 &
python bench/screenshot.py --url http://127.0.0.1:7860/ --question "…" --out docs/images/chat.png
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import Error, sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Page

MOST_BYTES = 200_000
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")


def main() -> None:
    """Write the picture, or say in one line why there is none."""
    wanted = _arguments()
    browser_at = os.environ.get("DATELINE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if browser_at is None:
        sys.exit("No Chromium is on PATH. Install one, or set DATELINE_CHROMIUM to it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_at, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(
            viewport={"width": wanted.width, "height": wanted.height},
            device_scale_factor=wanted.scale,
            color_scheme=wanted.scheme,
            reduced_motion="reduce",
        )
        picture = _photographed(page, wanted.url, wanted.question)
        browser.close()
    small = _small(picture)
    wanted.out.parent.mkdir(parents=True, exist_ok=True)
    wanted.out.write_bytes(small)
    print(f"{wanted.out}: {len(small):,} bytes")
    if len(small) > MOST_BYTES:
        sys.exit(f"That is more than {MOST_BYTES:,} bytes. Use a smaller --scale or --width.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, help="address of a running server")
    parser.add_argument("--question", required=True, help="what to ask")
    parser.add_argument("--out", type=Path, required=True, help="the PNG file to write")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=760)
    parser.add_argument("--scale", type=float, default=1.5, help="device pixels per CSS pixel")
    parser.add_argument("--scheme", choices=["light", "dark"], default="light")
    return parser.parse_args()


def _photographed(page: Page, url: str, question: str) -> bytes:
    try:
        page.goto(url)
    except Error:
        sys.exit(f"Nothing answers at {url}. Start a server there: dateline serve")
    page.wait_for_selector(".masthead")
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_selector(".exchange[aria-busy='false']", timeout=120_000)
    if page.locator("#live a.cite").count():
        page.click("#live a.cite >> nth=0")
        page.wait_for_selector("#reader mark.cited")
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)
    return page.screenshot()


def _small(picture: bytes) -> bytes:
    """Return the picture with a palette of its own, which type and flat colours lose nothing visible by."""
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(128, dither=Image.Dither.NONE)
    made = io.BytesIO()
    image.save(made, format="PNG", optimize=True)
    return made.getvalue()


if __name__ == "__main__":
    main()
