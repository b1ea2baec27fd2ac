"""What a node may do while it runs: take time, tell its progress, send pictures and texts."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ainf_tui.simulator import hub, pictures
from ainf_tui.simulator.faults import Faults
from ainf_tui.simulator.folders import Folders
from ainf_tui.simulator.hub import Hub
from ainf_tui.simulator.logs import Logs
from ainf_tui.simulator.options import SimulatorOptions
from ainf_tui.simulator.values import Picture

SMALLEST_LOAD = 0.02
"""Share of a megapixel's time that even the smallest picture takes."""


class Interrupted(Exception):  # noqa: N818 -- not an error: somebody pressed the button
    """The prompt is to end here."""


class OutOfMemoryError(RuntimeError):
    """What torch raises when the GPU's memory is not enough."""

    shown_as = "torch.OutOfMemoryError"


class Progress:
    """Progress of the nodes of one prompt. `sid` is its owner's socket id, None without a client id."""

    def __init__(self, prompt_id: str, sid: str | None, sender: Hub) -> None:
        self.prompt_id = prompt_id
        self.sid = sid
        self._hub = sender
        self._nodes: dict[str, dict[str, Any]] = {}

    def start(self, node_id: str) -> None:
        self._set(node_id, 0.0, 1.0, "running")

    def step(self, node_id: str, value: int, most: int) -> None:
        self._set(node_id, value, most, "running")

    def finish(self, node_id: str) -> None:
        """The node is done; its value becomes its maximum (1 if it never said one)."""
        most = self._nodes[node_id]["max"] if node_id in self._nodes else 1
        self._set(node_id, most, most, "finished")

    def described(self, node_id: str) -> dict[str, Any]:
        """The ids that frames carry; nothing is expanded here, so all are the node's own."""
        return {
            "node_id": node_id,
            "prompt_id": self.prompt_id,
            "display_node_id": node_id,
            "parent_node_id": None,
            "real_node_id": node_id,
        }

    def _set(self, node_id: str, value: float, most: float, state: str) -> None:
        entry = {"value": value, "max": most, "state": state, **self.described(node_id)}
        self._nodes[node_id] = entry
        self._hub.publish("progress_state", {"prompt_id": self.prompt_id, "nodes": self._nodes}, self.sid)


@dataclass(frozen=True, slots=True)
class World:
    """The parts of the server that running a prompt needs."""

    options: SimulatorOptions
    folders: Folders
    hub: Hub
    faults: Faults
    logs: Logs
    rng: random.Random


class Stage:
    """One node's execution. `interrupted()` tells whether the prompt is to end."""

    def __init__(
        self, node_id: str, progress: Progress, world: World, previews: str, interrupted: Callable[[], bool]
    ) -> None:
        self.folders = world.folders
        self._node_id = node_id
        self._progress = progress
        self._hub = world.hub
        self._options = world.options
        self._faults = world.faults
        self._random = world.rng
        self._previews = previews
        self._interrupted = interrupted

    async def pause(self, seconds: float) -> None:
        """Take time, varied by the noise option; even no time lets others have their turn."""
        noise = self._options.noise
        await asyncio.sleep(seconds * self._random.uniform(1 - noise, 1 + noise))

    async def step(self, value: int, most: int, megapixels: float, picture: Callable[[], Picture]) -> None:
        """One sampler step with its frames. Raises `Interrupted`."""
        await self.pause(self._options.step_seconds * max(megapixels, SMALLEST_LOAD))
        self.check()
        preview = self._preview(picture)
        described = preview is not None and self._hub.understands(
            self._progress.sid, "supports_preview_metadata"
        )
        self._progress.step(self._node_id, value, most)
        if preview is not None and described:
            self._described(preview, "image/jpeg")
        self._told(value, most)
        if preview is not None and not described:
            self._hub.publish_bytes(hub.preview_frame(preview, hub.JPEG), self._progress.sid)
        await self._step_faults(value)

    def full_picture(self, value: int, most: int, png: bytes) -> None:
        """A finished picture over the socket, with its number; the first is 0."""
        sid = self._progress.sid
        described = self._hub.understands(sid, "supports_preview_metadata")
        self._progress.step(self._node_id, value, most)
        if described:
            self._described(png, "image/png")
        self._told(value, most)
        if not described:
            self._hub.publish_bytes(hub.preview_frame(png, hub.PNG), sid)

    def text(self, text: str) -> None:
        """Goes to every client, whoever's prompt it is."""
        self._hub.publish_bytes(hub.node_text_frame(self._node_id, text))

    def check(self) -> None:
        """Raises `Interrupted` if the prompt is to end."""
        if self._interrupted():
            raise Interrupted

    def _told(self, value: int, most: int) -> None:
        data = {"value": value, "max": most, "prompt_id": self._progress.prompt_id, "node": self._node_id}
        self._hub.publish("progress", data, self._progress.sid)

    def _described(self, image: bytes, media_type: str) -> None:
        metadata = {**self._progress.described(self._node_id), "image_type": media_type}
        self._hub.publish_bytes(hub.described_preview_frame(image, metadata), self._progress.sid)

    def _preview(self, picture: Callable[[], Picture]) -> bytes | None:
        if self._previews == "none" or self._faults.set.preview_off:
            return None
        return pictures.encode(pictures.fit(picture(), self._options.preview_size), "jpeg")

    async def _step_faults(self, value: int) -> None:
        if self._faults.deadly(f"mid_step:{value}"):
            await self._hub.flush()
            self._faults.die()
        if self._faults.set.hold_at_step == value:
            self._faults.hold.close()
            await self._faults.hold.wait()
            self.check()
