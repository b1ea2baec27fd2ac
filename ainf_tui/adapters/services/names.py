"""What belongs to a service in the state folder: NAME.json, NAME.TOKEN.started.json, NAME.TOKEN.exit.json."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, unquote

from ainf_tui.paths import write_private

VARIABLE = "AINF_SERVICE"
"""In the environment of all that a service starts: `NAME:TOKEN`."""


def stem(service: str) -> str:
    """Its name as a part of a file name: no slash, no dot, nothing that a file system takes amiss."""
    return quote(service, safe="").replace(".", "%2E").replace("~", "%7E")


def service_of(file_name: str) -> str:
    """The service that a file of that name belongs to."""
    return unquote(file_name.partition(".")[0])


def started_file(folder: Path, service: str, token: str) -> Path:
    """Written by the launcher: the pids."""
    return folder / f"{stem(service)}.{token}.started.json"


def exit_file(folder: Path, service: str, token: str) -> Path:
    """Written by the launcher: how it ended."""
    return folder / f"{stem(service)}.{token}.exit.json"


def record_file(folder: Path, service: str) -> Path:
    """Written by the engine: what the next one must know."""
    return folder / f"{stem(service)}.json"


def replace_file(path: Path, data: bytes) -> None:
    """Writes it whole or not at all, on the disk when this returns, for this user alone. OSError."""
    write_private(path, data)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
