"""Copying, and a truthful account of it: over a line nobody can know whether the text has arrived."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from ainf_tui.frozen import frozen
from ainf_tui.tui.terminal.abilities import Multiplexer, multiplexer, over_ssh
from ainf_tui.tui.terminal.notify import through

MOST = 74_994
"""Bytes of base64 that terminals take: xterm and tmux have limits near it, and drop what is longer."""
FILE = "clipboard.txt"
_TOOL_SECONDS = 2.0

How = Literal["tool", "terminal", "file"]


@frozen
class Way:
    """How copying goes here: by which tool, through what to the terminal, or neither."""

    tool: tuple[str, ...] = ()
    multiplexer: Multiplexer = ""
    terminal: bool = True


@frozen
class Copied:
    """What was done with the text. `cut`: characters at its end that were left out."""

    how: How
    bytes: int
    characters: int
    cut: int = 0
    tool: str = ""
    multiplexer: Multiplexer = ""
    path: Path | None = None

    @property
    def sentence(self) -> str:
        """For the toast. It claims nothing that is not known."""
        amount = f"{self.characters:,} character{'' if self.characters == 1 else 's'}"
        left_out = f", without the last {self.cut:,}, which are too many for it" if self.cut else ""
        if self.how == "tool":
            return f"copied {amount} ({self.tool})"
        if self.how == "file":
            return f"wrote {amount} to {self.path}"
        if self.multiplexer == "tmux":
            return f"sent {amount} to tmux (OSC 52){left_out}; whether it takes them is its set-clipboard"
        return f"sent {amount} to the terminal (OSC 52){left_out}; whether it takes them is its own setting"


def way_here(environ: Mapping[str, str], which: Callable[[str], str | None] = shutil.which) -> Way:
    """Over SSH a tool fills the clipboard of the wrong machine; only the terminal reaches the right one."""
    mux = multiplexer(environ)
    if over_ssh(environ):
        return Way(multiplexer=mux)
    tools: list[tuple[str, ...]] = []
    if environ.get("WAYLAND_DISPLAY"):
        tools.append(("wl-copy",))
    if environ.get("DISPLAY"):
        tools += [("xclip", "-selection", "clipboard"), ("xsel", "--clipboard", "--input")]
    tools.append(("pbcopy",))
    tool = next((command for command in tools if which(command[0])), ())
    # The console of Linux has no clipboard, and prints OSC 52 in part.
    return Way(tool=tool, multiplexer=mux, terminal=environ.get("TERM") != "linux")


def copy(text: str, way: Way, write: Callable[[str], None], folder: Path) -> Copied:
    """By the tool; else through the terminal, with `write`; else into `folder`/clipboard.txt (0600).

    Starts a process or writes a file: not for the event loop, except where `way` has the terminal only;
    `write` is called in this thread. OSError when even the file cannot be written.
    """
    data = text.encode("utf-8", "replace")
    if way.tool and _by_tool(way.tool, data):
        return Copied("tool", len(data), len(text), tool=way.tool[0])
    if way.terminal:
        sequence, kept = osc52(text, way.multiplexer)
        write(sequence)
        size = len(text[:kept].encode("utf-8", "replace"))
        return Copied("terminal", size, kept, len(text) - kept, multiplexer=way.multiplexer)
    return Copied("file", len(data), len(text), path=_to_file(folder, data))


def osc52(text: str, mux: Multiplexer = "") -> tuple[str, int]:
    """The sequence that sets the clipboard, and how many characters of `text` are in it.

    In tmux the plain form comes first, which tmux itself takes with `set-clipboard on` (by default it takes
    none), then the one for the terminal around it (`allow-passthrough`): whichever is allowed.
    """
    most = MOST // 4 * 3
    data = text.encode("utf-8", "replace")
    if len(data) > most:
        data = data[:most].decode("utf-8", "ignore").encode()
    plain = f"\x1b]52;c;{b64encode(data).decode()}\a"
    sequence = plain + through(plain, mux) if mux == "tmux" else through(plain, mux)
    return sequence, len(data.decode())


def _by_tool(command: tuple[str, ...], data: bytes) -> bool:
    """Whether the tool took it. Its output goes nowhere: xclip keeps a pipe open for as long as it serves."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(  # noqa: S603 - one of the four above, no shell
            command,
            input=data,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_TOOL_SECONDS,
            check=False,
        )
        return done.returncode == 0
    return False


def _to_file(folder: Path, data: bytes) -> Path:
    """Replaces the file, 0600 from its first moment on."""
    target = folder / FILE
    number, name = tempfile.mkstemp(dir=folder, prefix=f".{FILE}.")
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(data)
        Path(name).replace(target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return target
