"""Pieces of a service's log, read where they are asked for; never the whole file."""

from __future__ import annotations

import asyncio
import os

from ainf_tui.domain.ports_services import Piece
from ainf_tui.domain.text import visible
from ainf_tui.errors import AinfError


class LogFiles:
    """`ports_services.Logs` over the files themselves."""

    async def piece(self, path: str, *, start: int | None, limit: int) -> Piece:
        """See `Logs.piece`."""
        try:
            return await asyncio.to_thread(_piece, path, start, limit)
        except (FileNotFoundError, NotADirectoryError):
            return Piece(0, 0, 0, "")
        except OSError as error:
            raise AinfError(
                "service.log_unreadable",
                f"The log {visible(path, 200)} cannot be read: {error.strerror}",
                hint="See whose file it is (ls -l).",
                details={"path": path},
            ) from error


def _piece(path: str, start: int | None, limit: int) -> Piece:
    log = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(log).st_size
        wanted = max(0, size - limit) if start is None else start
        if wanted > size:  # It has been rotated since: what follows is at its beginning.
            wanted = 0
        data = os.pread(log, limit, wanted)
    finally:
        os.close(log)
    first = 0
    if start is None and wanted > 0:
        first = data.find(b"\n") + 1  # The end of a line whose beginning is not here.
    last = data.rfind(b"\n") + 1
    if last <= first:
        last = len(data)  # One line longer than all that was asked for, or one that is still written.
    return Piece(wanted + first, wanted + last, size, data[first:last].decode(errors="replace"))
