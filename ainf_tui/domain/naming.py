"""Names that go to and come from ComfyUI: its file name prefix, the endings of its files."""

from __future__ import annotations

import re

from ainf_tui.domain.comfy import ServerFile

_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}$")


def ending(file: ServerFile) -> str:
    """The ending of the file on disk, from the server's name; texts become `.txt`."""
    if file.text is not None:
        return ".txt"
    found = _ENDING.search(file.filename)
    return found.group().lower() if found else ".bin"


def numbered_prefix(prefix: str, number: int) -> str:
    """ComfyUI's `filename_prefix` with the job's number, so that equal graphs make their own files."""
    return f"{prefix}_{number:06d}"
