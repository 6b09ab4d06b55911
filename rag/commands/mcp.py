"""`dateline mcp`: the tools for other assistants, over standard input and output."""

from __future__ import annotations

import asyncio
import signal
from contextlib import closing

from rag.commands.opening import AtLibrary, opened


def mcp(library: AtLibrary = None) -> None:
    """Offer search, answers, articles and checks to the assistant that starts this (docs/mcp.md)."""
    from rag.commands.serving import at_once
    from rag.records import open_records
    from rag.web.mcp import Tools
    from rag.web.options import Options
    from rag.web.service import make_service

    with opened(library) as room, closing(open_records(room.library.directory)) as records:
        # Records are made when first needed, which is never here.
        # Whoever may start a process here may read the library: there is nobody to ask for a key.
        options = Options(at_once=at_once(room.settings), waiting=room.settings.waiting, grace=room.settings.grace)
        service = make_service(room.desk(), records, options)

        async def talk() -> None:
            try:
                await Tools(service).talk()
            finally:
                await service.work.close(0)

        # A thread that reads standard input cannot be interrupted: Ctrl-C ends the process, as SIGTERM does.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        asyncio.run(talk())
