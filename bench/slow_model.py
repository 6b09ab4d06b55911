"""A model server for load: answers with the first sentence that it is shown, after a while.

    python -m bench.slow_model SECONDS

It prints its address, which is that of an OpenAI-compatible server, and serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys

_SENTENCE = re.compile(r"^\[1\.1\] (.+)$", re.MULTILINE)


async def main(seconds: float) -> None:
    """Serve on a free port of the loopback."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = int(re.search(r"content-length: (\d+)", head, re.IGNORECASE)[1])  # type: ignore[index]
            asked = json.loads(await reader.readexactly(length))["messages"][-1]["content"]
            await asyncio.sleep(seconds)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
            writer.write(_reply(asked).encode())
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


def _reply(asked: str) -> str:
    found = _SENTENCE.search(asked)
    text = f"{found[1]} [1.1]" if found else "NOT_IN_SOURCES"
    return "".join(
        (
            _event({"choices": [{"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}]}),
            _event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
            _event({"choices": [], "usage": {"prompt_tokens": 900, "completion_tokens": 40, "total_tokens": 940}}),
            "data: [DONE]\n\n",
        )
    )


def _event(more: dict[str, object]) -> str:
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "slow", **more}
    return f"data: {json.dumps(chunk)}\n\n"


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
