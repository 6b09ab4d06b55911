"""Prints an answer as it is written: python stream.py QUESTION… (server and key as below).

Text that the server withdraws is struck out by starting anew on the next line.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import httpx

address = os.environ.get("DATELINE_URL", "http://127.0.0.1:7860")
key = {"Authorization": f"Bearer {os.environ['DATELINE_KEY']}"} if "DATELINE_KEY" in os.environ else {}
question = " ".join(sys.argv[1:]) or "How much will the Arl Bridge repair cost?"


def events(lines: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Take server-sent events apart, as this server writes them: a name, and one line of JSON."""
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


try:
    with httpx.stream(
        "POST",
        f"{address}/v1/answers",
        json={"question": question},
        headers={"Accept": "text/event-stream", **key},
        timeout=httpx.Timeout(10, read=120),
    ) as reply:
        if reply.is_error:
            reply.read()
            sys.exit(reply.json()["detail"])
        for name, told in events(reply.iter_lines()):
            if name == "delta":
                print(told["text"], end="", flush=True)
            elif name == "restart":
                print(f"\n({told['reason']})")
            elif name == "error":
                sys.exit(f"\n{told['detail']}")
            elif name == "answer":
                if told["status"] == "not_in_sources":
                    print(told["text"], end="")
                print()
                for cited in told["citations"]:
                    print(f"[{cited['marker']}] “{cited['quote']}” {cited['title']}")
except httpx.HTTPError as error:
    sys.exit(f"{address} gave no answer: {error}")
