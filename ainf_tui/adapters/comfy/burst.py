"""Frames that come together: of the progress of one prompt only the newest is worth reading.

A sampler sends two frames a step, `progress_state` with all nodes and then `progress` with one of them.
Decoding them is most of what they cost, so a `progress_state` is held undecoded until the next frame of
another kind, or until nothing more waits to be read; a newer one of the same prompt takes its place. A
`progress` says nothing that the `progress_state` before it did not say, and is left out.

Told apart by how ComfyUI writes them (Python's `json.dumps`, the keys in the order of its source, 0.3.64
to 0.8.0); a frame that is written in another way is decoded as it comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ainf_tui.domain.comfy import ComfyEvent, ProgressState

_STATE = '{"type": "progress_state", "data": {"prompt_id": "'
_STEP = '{"type": "progress", '


class Burst:
    """Of one connection. `parse` gives the events of a frame, `put` takes each of them."""

    def __init__(
        self, parse: Callable[[str | bytes], tuple[ComfyEvent, ...]], put: Callable[[ComfyEvent], None]
    ) -> None:
        self._parse = parse
        self._put = put
        self._loop = asyncio.get_running_loop()
        self._held = ""
        self._head = ""
        """How the held frame begins, up to the end of its prompt id."""
        self._stated = ""
        """The prompt of which a `progress_state` was understood, as it stands in its `progress` frames."""

    def take(self, raw: str | bytes) -> None:
        """The next frame; its events, and those of the frames before it, come in their order."""
        if isinstance(raw, str):
            if self._stated and raw.startswith(_STEP) and self._stated in raw:
                return
            if raw.startswith(_STATE):
                self._hold(raw)
                return
        self.flush()
        self._tell(raw)

    def flush(self) -> None:
        """Decodes what is held. Called by itself once the event loop gets its turn."""
        held, self._held = self._held, ""
        if held and any(isinstance(event, ProgressState) for event in self._tell(held)):
            self._stated = f'"prompt_id": "{self._head[len(_STATE) :]}'

    def _hold(self, raw: str) -> None:
        if not self._held:
            # A reader that finds more frames waiting goes on without leaving the loop its turn.
            self._loop.call_soon(self.flush)
        elif not raw.startswith(self._head):
            self.flush()
        if not self._head or not raw.startswith(self._head):
            self._head = raw[: raw.find('"', len(_STATE)) + 1]
        self._held = raw

    def _tell(self, raw: str | bytes) -> tuple[ComfyEvent, ...]:
        events = self._parse(raw)
        for event in events:
            self._put(event)
        return events
