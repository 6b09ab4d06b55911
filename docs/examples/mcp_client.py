"""Asks as an assistant does: python mcp_client.py "QUESTION" [LIBRARY | http://127.0.0.1:7860/mcp]."""

import asyncio
import sys

from mcp import Client, StdioServerParameters


async def main(question: str, where: str = "http://127.0.0.1:7860/mcp") -> None:
    library = StdioServerParameters(command="dateline", args=["mcp", "--library", where])
    async with Client(where if where.startswith("http") else library) as client:
        answer = await client.call_tool("ask_articles", {"question": question})
        print(answer.content[0].text)

        # Each citation names exact characters of a stored version; reading them gives the quote again.
        for citation in (answer.structured_content or {}).get("citations", []):
            place = {key: citation[key] for key in ("article_id", "version", "start", "end")}
            passage = await client.call_tool("read_article", place)
            print(passage.structured_content["text"] == citation["quote"])


asyncio.run(main(*sys.argv[1:]))
