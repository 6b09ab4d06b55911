"""How the examples of the OpenAPI document are recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping

import httpx

BRIDGE = "562436f9c0d44321"
ASKED = {"question": "How much will the Arl Bridge repair cost?"}

RECORDED: Mapping[str, tuple[str, str, Mapping[str, object] | None]] = {
    "answer.json": ("POST", "/v1/answers", ASKED),
    "events.txt": ("POST", "/v1/answers", ASKED),
    "hits.json": ("POST", "/v1/search", {**ASKED, "limit": 1}),
    "articles.json": ("GET", "/v1/articles?limit=1&since=2024", None),
    "article.json": ("GET", f"/v1/articles/{BRIDGE}", None),
    "range.json": ("GET", f"/v1/articles/{BRIDGE}?start=307&end=366", None),
    "versions.json": ("GET", f"/v1/articles/{BRIDGE}/versions", None),
}


def as_recorded(client: httpx.Client, name: str) -> str:
    """Ask for an example anew."""
    method, path, body = RECORDED[name]
    accept = {"accept": "text/event-stream" if name.endswith(".txt") else "application/json"}
    reply = client.request(method, path, json=body, headers=accept).raise_for_status()
    return reply.text if name.endswith(".txt") else json.dumps(reply.json(), ensure_ascii=False, indent=2) + "\n"
