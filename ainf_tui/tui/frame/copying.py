"""Copying, as the app does it: in a thread, and told as it was."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.doors import Doors
from ainf_tui.tui.terminal.clipboard import copy, way_here
from ainf_tui.tui.told import CopyWanted


class Copying(Doors):
    """The app, as far as it copies text."""

    def on_copy_wanted(self, event: CopyWanted) -> None:
        event.stop()
        self.copy_text(event.text)

    def copy_text(self, text: str) -> None:
        """To the clipboard, by the best way that there is here; a toast says how and how much."""
        if text:
            in_background(self, self._copy(text), group="app.copy")
        else:
            self.tell("There is nothing to copy.")

    async def _copy(self, text: str) -> None:
        folder = self.options.state_dir or Path(tempfile.gettempdir())
        sequences: list[str] = []
        try:
            way = way_here(self.options.environ)
            copied = await asyncio.to_thread(copy, text, way, sequences.append, folder)
        except OSError as error:
            self.tell(
                f"nothing was copied: {error.strerror}", f"{folder} cannot be written.", severity="error"
            )
            return
        # The driver belongs to the loop; the thread only made the sequence.
        for sequence in sequences:
            self.write_raw(sequence)
        self.tell(copied.sentence[:1].upper() + copied.sentence[1:] + ".")
