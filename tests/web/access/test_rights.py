from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.answer import Desk
from rag.records.keys import KeyScope
from rag.testing.serving import made
from rag.web.access.rights import LOGIN, RIGHTS, rights_to
from rag.web.server import make_app
from rag.web.service import Service
from tests.web.access.conftest import Shredder

PAGE = Path(__file__).parents[3] / "docs" / "security.md"
DOCUMENTED_ELSEWHERE = {"/mcp", "/mcp/", "/metrics", "/openapi.json"}
"""Rights to what is no operation of the API."""


def plain(path: str) -> str:
    return path.replace(":path}", "}")


def unnamed(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def test_the_table_in_the_docs_is_the_one_that_is_asked() -> None:
    text = PAGE.read_text(encoding="utf-8")
    table = text[text.index("<!-- rights -->") : text.index("<!-- /rights -->")]
    told = {
        (words, scope)
        for scope, routes in re.findall(r"^\| `?(\w+)`? \|.*\| (.*) \|$", table, re.MULTILINE)
        for words in re.findall(r"`([A-Z]+ /[^`]*)`", routes)
    }
    asked = {
        (f"{right.method} {plain(right.path)}", right.scope.value if right.scope else "none")
        for right in (*RIGHTS, *LOGIN)
        if (not right.page or right in LOGIN) and right.path != "/mcp/"
    }
    assert told == asked
    assert {right.scope for right in RIGHTS if right.page} == {KeyScope.ASK}


def test_every_operation_of_the_api_is_in_the_table(
    make_desk: Callable[..., Desk], make_service: Callable[..., Service]
) -> None:
    app = made(lambda: make_app(make_service(make_desk(), intake=Shredder())))
    operations = {(method.upper(), path) for path, item in app.openapi()["paths"].items() for method in item}
    assert [each for each in operations if each[0] not in rights_to(each[1], RIGHTS)] == []
    # The names of the places in a path are each router's own.
    described = {(method, unnamed(path)) for method, path in operations}
    rights = {(right.method, unnamed(right.path)) for right in RIGHTS if not right.page}
    assert {each for each in rights - described if each[1] not in DOCUMENTED_ELSEWHERE} == set()


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/answers", {"POST"}),
        ("/v1/articles/a%2Fb", {"GET", "HEAD", "DELETE"}),
        ("/v1/articles/a/versions", {"GET", "HEAD"}),
        ("/v1/articles/a/b", set()),
        ("/v1/articles/", set()),
        ("/v1/jobs/a/b", set()),
        ("/v1/answers/", set()),
        ("/v1/answers\n", set()),
        ("", set()),
        ("/gradio_api/upload", set()),
    ],
)
def test_a_path_is_in_the_table_or_does_not_exist(path: str, methods: set[str]) -> None:
    assert set(rights_to(path, RIGHTS)) == methods
