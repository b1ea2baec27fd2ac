"""The debug bundle: what a report needs, in one zip, without secrets. Blocking."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ainf_tui.domain.check_documents import ChecksDocument
from ainf_tui.domain.redaction import redacted

LINES = 2000
_TAIL = 4 * 1024 * 1024
"""Bytes at the end of a log that are read."""
_MOST_FILES = 60

READ_ME = """\
What `ainf doctor --bundle` gathered. Read it before you hand it on.

checks.json    every check of the box
settings.json  the settings in force; secrets are hidden
versions.json  ainf, Python and what it uses
status.json    what the engine told of itself, if it ran
logs/          the last lines of the logs; tokens, passwords and logins are hidden
run/           the last run of the services

Prompts are left as they are: they are often what a fault is about. Leave logs/ out if yours are private.
"""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the parts come from. `known` hides the secrets that the settings name."""

    settings: tuple[Mapping[str, Any], ...]
    known: Callable[[str], str]
    logs: Mapping[str, Path]
    run: Path
    versions: Mapping[str, str]


def bundle(checks: ChecksDocument, status: Mapping[str, Any] | None, sources: Sources) -> bytes:
    """A zip. A part that cannot be read says why in its place."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:

        def put(name: str, text: str) -> None:
            out.writestr(zipfile.ZipInfo(name, _when(checks)), redacted(text, sources.known))

        put("README.txt", READ_ME)
        put("checks.json", _json(asdict(checks)))
        put("settings.json", _json(list(sources.settings)))
        put("versions.json", _json(dict(sources.versions)))
        if status is not None:
            put("status.json", _json(status))
        for name, path in sources.logs.items():
            if path.exists():
                put(f"logs/{name}", tail(path))
        for path in _run_files(sources.run):
            put(f"run/{path.name}", tail(path))
    return made.getvalue()


def tail(path: Path, lines: int = LINES) -> str:
    """The last lines of a file, or why it cannot be read."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - _TAIL))
            text = stream.read(_TAIL).decode("utf-8", "replace")
    except OSError as error:
        return f"{path} cannot be read: {error.strerror or error}\n"
    return "".join(text.splitlines(keepends=True)[-lines:])


def _run_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file())[:_MOST_FILES]


def _when(checks: ChecksDocument) -> tuple[int, int, int, int, int, int]:
    at = checks.checked_at
    return (1980, 1, 1, 0, 0, 0) if at is None else (at.year, at.month, at.day, at.hour, at.minute, at.second)


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
