"""What a request submits: files, articles or addresses, kept in a folder of its own until they are read."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Sequence, Sized
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError, model_validator
from pydantic_core import from_json
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from rag.errors import StorageError
from rag.protocols import Submission
from rag.types import digest
from rag.web.api.leaving import GoneError
from rag.web.api.requests import Asked
from rag.web.problems import Problem

MOST_FILES = 1_000
MOST_ARTICLES = 1_000
MOST_ADDRESSES = 100
LARGEST_JSON = 8 << 20
"""Bytes; parsed, a body may take twenty times as much memory."""

_Line = Annotated[str, Field(max_length=2_000)]


class ArticleGiven(Asked):
    """One article; only its text is needed."""

    text: str
    title: _Line | None = None
    publisher: _Line | None = None
    published: Annotated[_Line | None, Field(examples=["2024-02-16"])] = None
    updated: _Line | None = None
    url: _Line | None = None
    author: _Line | None = None
    language: _Line | None = None
    id: _Line | int | None = Field(None, description="Your own name for it; under the same name it is a new version.")


class ArticlesGiven(Asked):
    """Articles, or addresses of articles to fetch."""

    articles: Annotated[list[ArticleGiven], Field(min_length=1, max_length=MOST_ARTICLES)] | None = None
    urls: Annotated[list[_Line], Field(min_length=1, max_length=MOST_ADDRESSES)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> ArticlesGiven:
        if (self.articles is None) == (self.urls is None):
            raise ValueError("give either articles or urls")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What was submitted, and the folder that it lies in."""

    submissions: Sequence[Submission]
    digest: str
    """Names all of it, however it was sent."""
    folder: TemporaryDirectory[str] | None = None

    def drop(self) -> None:
        """Remove the folder."""
        if self.folder is not None:
            self.folder.cleanup()


async def submitted(request: Request) -> Submitted | Problem:
    """Return what a request submits, to be dropped by whoever takes it, or the problem of one that is too large.

    Raises HTTPException, RequestValidationError, GoneError or StorageError.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "multipart/form-data":
            async with request.form(max_files=MOST_FILES, max_fields=_MOST_FIELDS) as form:
                return await asyncio.to_thread(_kept, [_file(name, part) for name, part in form.multi_items()])
        if kind == "application/json":
            body = await request.body()
            return _TOO_LARGE if len(body) > LARGEST_JSON else await asyncio.to_thread(_given, body)
    except ClientDisconnect as error:
        raise GoneError from error
    except OSError as error:
        raise StorageError(f"The upload cannot be kept ({error.strerror or error}); free the disk.") from error
    raise HTTPException(415, "Send files as multipart/form-data, or articles or urls as application/json.")


def _file(name: str, part: UploadFile | str) -> UploadFile:
    if isinstance(part, str):
        raise HTTPException(422, f"The part {name[:60]!r} is no file; send each file as a part with a file name.")
    return part


def _kept(files: Sequence[UploadFile]) -> Submitted:
    """Return files as they lie in a folder that only this user can read, under names of our own."""
    if not files:
        raise HTTPException(422, "No file was sent; send each as a part with a file name.")
    folder = TemporaryDirectory(prefix="dateline-")
    try:
        found, parts = [], []
        for number, file in enumerate(files):
            name = file.filename or ""
            path = Path(folder.name, f"{number:06}{_extension(name)}")
            with path.open("xb") as kept:
                shutil.copyfileobj(file.file, kept)
            with path.open("rb") as kept:
                parts += [name, file_digest(kept, "sha256").hexdigest()]
            found.append(Submission(name=name, data=path))
    except BaseException:
        folder.cleanup()
        raise
    return Submitted(submissions=found, digest=digest("files", *parts), folder=folder)


def _extension(name: str) -> str:
    """Return what follows the last dot of a name, where it may stand in a name of ours."""
    found = _EXTENSION.search(name)
    return found[0].lower() if found else ""


def _given(body: bytes) -> Submitted:
    try:
        given = ArticlesGiven.model_validate(_few(from_json(body)))
    except ValidationError as error:
        raise RequestValidationError(
            [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False, include_input=False)]
        ) from error
    except ValueError as error:
        raise RequestValidationError([{"type": "json_invalid", "loc": ("body",), "msg": str(error)}]) from error
    if given.urls is not None:
        return Submitted(submissions=[Submission(name=url) for url in given.urls], digest=digest("urls", *given.urls))
    # Rows of a file, read as those of any other.
    rows = [json.dumps(row.model_dump(exclude_none=True), sort_keys=True) for row in given.articles or ()]
    data = "".join(f"{row}\n" for row in rows).encode()
    return Submitted(submissions=[Submission(name="articles.jsonl", data=data)], digest=digest("articles", *rows))


def _few(value: object) -> object:
    """Return what was sent; raise RequestValidationError where it has more members than each could be told of."""
    if isinstance(value, dict):
        _demand_at_most(len(ArticlesGiven.model_fields), value)
        for name, most in (("articles", MOST_ARTICLES), ("urls", MOST_ADDRESSES)):
            if isinstance(items := value.get(name), list):
                _demand_at_most(most, items, name)
                for number, row in enumerate(items):
                    if isinstance(row, dict):
                        _demand_at_most(len(ArticleGiven.model_fields), row, name, number)
    return value


def _demand_at_most(most: int, items: Sized, *place: str | int) -> None:
    if len(items) > most:
        raise RequestValidationError([{"loc": ("body", *place), "msg": f"Has {len(items)} members; at most {most}."}])


_TOO_LARGE = Problem(
    status=413,
    kind="too-large",
    detail=f"A JSON body has at most {LARGEST_JSON:,} bytes; send the articles as a .jsonl file, or less at a time.",
)
_EXTENSION = re.compile(r"\.[A-Za-z]{1,10}\Z")
_MOST_FIELDS = 100

UPLOAD_BODY: dict[str, object] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MOST_FILES,
                            "items": {"type": "string", "format": "binary"},
                            "description": "Files .md .txt .html .json .jsonl; the name of the part is of no matter.",
                        }
                    },
                }
            },
            "application/json": {
                "schema": {
                    "oneOf": [
                        {
                            "type": "object",
                            "required": ["articles"],
                            "additionalProperties": False,
                            "properties": {
                                "articles": {
                                    "type": "array",
                                    "minItems": 1,
                                    "maxItems": MOST_ARTICLES,
                                    "items": ArticleGiven.model_json_schema(),
                                }
                            },
                        },
                        {
                            "type": "object",
                            "required": ["urls"],
                            "additionalProperties": False,
                            "properties": {
                                "urls": {
                                    "type": "array",
                                    "minItems": 1,
                                    "maxItems": MOST_ADDRESSES,
                                    "items": {"type": "string", "maxLength": 2_000},
                                }
                            },
                        },
                    ]
                },
                "example": {
                    "articles": [
                        {
                            "title": "Ferry strikes pier",
                            "publisher": "Harbour Courier",
                            "published": "2023-05-04",
                            "text": "A ferry struck the pier on Monday. Fourteen passengers were hurt.",
                        }
                    ]
                },
            },
        },
    }
}
"""The body of a submission as the OpenAPI document describes it; FastAPI knows no two forms of one body."""
