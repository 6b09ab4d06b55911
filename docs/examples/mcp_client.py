"""Asks as assistants do: python mcp_client.py "QUESTION" [LIBRARY | http://127.0.0.1:7860/mcp] (and DATELINE_KEY)."""

import asyncio
import os
import sys
from pathlib import Path

from httpx2 import AsyncClient
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

headers = {"Authorization": f"Bearer {os.environ['DATELINE_KEY']}"} if "DATELINE_KEY" in os.environ else {}


async def main(question: str, where: str = "http://127.0.0.1:7860/mcp") -> None:
    if not where.startswith("http"):
        dateline = str(Path(sys.executable).with_name("dateline"))
        return await ask(question, Client(StdioServerParameters(command=dateline, args=["mcp", "--library", where])))
    async with AsyncClient(headers=headers, timeout=120) as http:
        return await ask(question, Client(streamable_http_client(where, http_client=http)))


async def ask(question: str, connecting: Client) -> None:
    async with connecting as client:
        answer = await client.call_tool("ask_articles", {"question": question})
        print(answer.content[0].text)

        # Each citation names exact characters of a stored version; reading them gives the quote again.
        for citation in (answer.structured_content or {}).get("citations", []):
            place = {key: citation[key] for key in ("article_id", "version", "start", "end")}
            passage = await client.call_tool("read_article", place)
            print(passage.structured_content["text"] == citation["quote"])


try:
    asyncio.run(main(*sys.argv[1:]))
except Exception as error:  # noqa: BLE001  the library's tasks wrap what went wrong
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    sys.exit(f"No answer: {error}")
