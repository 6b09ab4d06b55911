"""The tools, and the two ways to reach them: over streamable HTTP at "/mcp", and over standard input and output.

No session is kept: each request stands alone, so that nothing piles up and any process may answer it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from importlib.metadata import version

from fastapi import FastAPI
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    TextContent,
    Tool,
    ToolAnnotations,
)
from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from rag.errors import ArticleNotFoundError, DatelineError
from rag.web.mcp.operations import MATERIAL, Operation, operations
from rag.web.mcp.shelf import TEMPLATE, Shelf
from rag.web.problems import UNEXPECTED, Problem
from rag.web.service import Service

_log = logging.getLogger(__name__)

_INSTRUCTIONS = (
    "Dateline answers from a collection of news articles, with citations of exact characters. Search or ask it before "
    "you state what the news say, pass its citations on, and say so where the articles do not say. "
    f"{MATERIAL}"
)
_ONLY_JSON = Problem(
    status=415,
    kind="unsupported-media-type",
    detail="Messages to the tools are JSON; send them with the header Content-Type: application/json.",
)
_LONGEST_MISTAKE = 200
"""Characters of what is said about arguments that do not fit."""

Context = ServerRequestContext[dict[str, object]]


class Tools:
    """What another assistant may call."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._operations = {each.name: each for each in operations(service)}
        self._shelf = Shelf(service)
        self._server = Server[dict[str, object]](
            "dateline",
            title="Dateline",
            version=version("dateline"),
            instructions=_INSTRUCTIONS,
            on_list_tools=self._list,
            on_call_tool=self._call,
            on_list_resources=self._resources,
            on_list_resource_templates=self._templates,
            on_read_resource=self._read,
        )
        # Who may ask under which name is decided before every route, for this one too.
        self._sessions = StreamableHTTPSessionManager(
            self._server, stateless=True, max_request_body_size=service.options.largest_body
        )

    def include(self, app: FastAPI) -> None:
        """Add the route to the application, under its name with and without a slash at the end."""
        app.router.routes += [
            Route(path, self, methods=["POST"], include_in_schema=False) for path in ("/mcp", "/mcp/")
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as an ASGI application."""
        if not Headers(scope=scope).get("content-type", "").lower().startswith("application/json"):
            return await _ONLY_JSON.response()(scope, receive, send)
        return await self._sessions.handle_request(scope, receive, send)

    def running(self) -> AbstractAsyncContextManager[None]:
        """Serve what comes over HTTP for as long as the block runs."""
        return self._sessions.run()

    async def talk(self) -> None:
        """Serve over standard input and output until the input ends; anything else that is printed goes astray."""
        async with stdio_server() as (read, write):
            await self._server.run(read, write, self._server.create_initialization_options())

    async def _list(self, _: Context, __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[_described(each) for each in self._operations.values()])

    async def _call(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        operation = self._operations.get(params.name)
        if operation is None:
            names = ", ".join(self._operations)
            raise MCPError(code=INVALID_PARAMS, message=f"There is no such tool; there are {names}.")

        try:
            done = await operation.call(params.arguments or {}, context.session.report_progress)
        except ValidationError as error:
            return _failed(_mistake(error))
        except DatelineError as error:
            return _failed(str(error))
        except Exception:  # noqa: BLE001 - the assistant must hear something, whatever broke
            _log.exception("The tool %s failed.", operation.name)
            return _failed(UNEXPECTED.detail)
        return CallToolResult(content=[TextContent(text=done.text)], structured_content=dict(done.made))

    async def _templates(self, _: Context, __: PaginatedRequestParams | None) -> ListResourceTemplatesResult:
        return ListResourceTemplatesResult(resource_templates=[TEMPLATE])

    async def _resources(self, _: Context, __: PaginatedRequestParams | None) -> ListResourcesResult:
        with _told():
            return ListResourcesResult(resources=await self._shelf.listed())

    async def _read(self, _: Context, params: ReadResourceRequestParams) -> ReadResourceResult:
        with _told():
            return ReadResourceResult(contents=[await self._shelf.read(params.uri)])


@contextmanager
def _told() -> Iterator[None]:
    """Turn what resources fail with into errors of the protocol, in one line."""
    try:
        yield
    except ArticleNotFoundError as error:
        raise MCPError(code=INVALID_PARAMS, message=str(error)) from error
    except DatelineError as error:
        raise MCPError(code=INTERNAL_ERROR, message=str(error)) from error


def _described(operation: Operation) -> Tool:
    return Tool(
        name=operation.name,
        title=operation.title,
        description=operation.description,
        input_schema=operation.asked.model_json_schema(),
        output_schema=operation.sent.model_json_schema(mode="serialization"),
        annotations=ToolAnnotations(
            title=operation.title,
            read_only_hint=True,
            destructive_hint=False,
            idempotent_hint=True,
            open_world_hint=False,
        ),
    )


def _failed(why: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=" ".join(why.split()))], is_error=True)


def _mistake(error: ValidationError) -> str:
    """Return what does not fit first, without what was sent."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"])) or "arguments"
    told = f"{where}: {first['msg']}"[:_LONGEST_MISTAKE]
    return f"The arguments do not fit the tool's form ({told})."
