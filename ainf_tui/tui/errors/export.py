"""Errors to a file, as `ainf errors export` prints them: asked of the app's own command line."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

from ainf_tui.display.format import counted
from ainf_tui.errors import AinfError
from ainf_tui.paths import write_private
from ainf_tui.tui import asked
from ainf_tui.tui.console import Console, Ended
from ainf_tui.tui.shell import Shell


async def export(app: Shell, console: Console, refs: tuple[str, ...], file: str) -> None:
    """Writes the groups (none named: all) to the file, which must be new. Tells what came of it."""
    words = ("errors", "export", *refs)
    line, at, begun = f"{asked.line(*words)} > {file}", datetime.now(UTC), time.monotonic()
    try:
        ended = await asyncio.to_thread(console.run, words)
        said = await asyncio.to_thread(_write, ended, file)
    except (AinfError, OSError) as error:
        why = error.message if isinstance(error, AinfError) else f"{file}: {error.strerror}"
        app.orders.note(line, at, time.monotonic() - begun, "", why)
        app.tell(why, "Nothing was written.", severity="error")
        return
    app.orders.note(line, at, time.monotonic() - begun, said, "" if ended.code == 0 else said)
    app.tell(said, severity="information" if ended.code == 0 else "error")


def _write(ended: Ended, file: str) -> str:
    """What came of it, in a sentence. OSError."""
    if ended.code != 0:
        return ended.stderr.strip() or f"exit code {ended.code}"
    path = Path(file).expanduser()
    if path.exists():
        raise FileExistsError(17, "there is such a file already", file)
    data = ended.stdout.encode("utf-8", "replace")
    write_private(path, data)
    count = data.count(b"\n")
    return f"{counted(count, 'error')} written to {path}."
