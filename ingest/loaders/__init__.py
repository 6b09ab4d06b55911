"""One loader per file format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ingest.loaders import html, markdown, rows, text
from ingest.values import Failure, Loader, Raw
from rag.errors import UnreadableFileError


def loader_for(path: Path) -> Loader | None:
    """Return the loader for a file's extension, or None."""
    match path.suffix.lower():
        case ".md" | ".markdown":
            return markdown.load
        case ".html" | ".htm" | ".xhtml":
            return html.load
        case ".txt":
            return text.load
        case ".jsonl" | ".ndjson":
            return rows.load_lines
        case ".json":
            return rows.load_file
    return None


def load(path: Path) -> Iterator[Raw | Failure]:
    """Yield a file's articles; what cannot be read is a failure, and what was read before it stands."""
    loader = loader_for(path)
    if loader is None:
        yield Failure(
            path=path, place="", reason="This kind of file is not read; give .md, .txt, .html, .json or .jsonl."
        )
        return
    try:
        yield from loader(path)
    except UnreadableFileError as error:
        yield Failure(path=path, place="", reason=str(error))
    except OSError as error:
        yield Failure(path=path, place="", reason=_os_reason(error))
    except Exception as error:  # noqa: BLE001  hostile files find new ways to break a parser; the others must go on
        reason = f"It could not be taken apart ({type(error).__name__}); save its text as .txt, or leave it out."
        yield Failure(path=path, place="", reason=reason)


def _os_reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "It is not there (any more); check the path and run again."
    if isinstance(error, PermissionError):
        return "It may not be read by this user; change its permissions."
    return f"It could not be read ({error.strerror or type(error).__name__}); check the disk and run again."
