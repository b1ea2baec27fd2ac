"""The simulator's parts put together, and the worker that takes prompts from the queue."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ainf_tui.simulator.executor import Executor
from ainf_tui.simulator.faults import Faults
from ainf_tui.simulator.folders import Folders
from ainf_tui.simulator.hub import Hub
from ainf_tui.simulator.journal import Journal
from ainf_tui.simulator.logs import Logs
from ainf_tui.simulator.options import SimulatorOptions
from ainf_tui.simulator.prompts import PromptQueue
from ainf_tui.simulator.stage import World


class Machine:
    """One simulated server: its state and its two loops, without HTTP."""

    def __init__(self, options: SimulatorOptions, folders: Folders) -> None:
        self.options = options
        self.folders = folders
        self.settings: dict[str, Any] = {}
        self.faults = Faults(killable=options.killable)
        self.hub = Hub(self.faults, options.seed)
        self.logs = Logs(lambda data, sid: self.hub.publish("logs", data, sid))
        self.journal = Journal(options.journal)
        self.queue = PromptQueue(self.journal, self._tell_status)
        self.executor = Executor(
            World(options, folders, self.hub, self.faults, self.logs, random.Random(options.seed))
        )
        self.fatal: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._worker: asyncio.Task[None] | None = None
        self._free: dict[str, Any] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Machine]:
        """The loops run inside; whatever ends the publish loop is raised by `fatal`."""
        publisher = asyncio.create_task(self.hub.run(), name="simulator.publish")
        publisher.add_done_callback(self._published)
        self._worker = asyncio.create_task(self._work(), name="simulator.worker")
        try:
            self.apply_faults(dict(self.options.faults))
            yield self
        finally:
            for task in (publisher, self._worker):
                task.cancel()
            await asyncio.gather(publisher, self._worker, return_exceptions=True)
            self.journal.close()

    def status(self) -> dict[str, Any]:
        """The data of a `status` frame."""
        return {"status": {"exec_info": {"queue_remaining": self.queue.remaining}}}

    def features(self) -> dict[str, Any]:
        flags: dict[str, Any] = {
            "supports_preview_metadata": True,
            "max_upload_size": self.options.max_upload_size,
        }
        if not self.options.old:
            flags["extension"] = {"manager": {"supports_v4": True}}
        return flags

    def interrupt(self, prompt_id: object = None) -> None:
        """Set the flag; with an id only if that prompt runs now."""
        running = self.queue.running
        if not prompt_id:
            self.logs.write("Global interrupt (no prompt_id specified)\n")
            self.executor.interrupt()
        elif running is not None and running[1] == prompt_id:
            self.logs.write(f"Interrupting prompt {prompt_id}\n")
            self.executor.interrupt()
        else:
            self.logs.write(f"Prompt {prompt_id} is not currently running, skipping interrupt\n")

    def free(self, wanted: dict[str, Any]) -> None:
        """Done after the running prompt, or now if none runs."""
        self._free.update(wanted)
        if self.queue.running is None:
            self._freed()

    def apply_faults(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Set faults and do what is to be done at once; gives all settings. Raises `UsageError`."""
        if wanted.get("reset"):
            self.faults.reset()
        self.faults.apply(wanted)
        if wanted.get("release"):
            self.faults.release()
        if wanted.get("drop_sockets"):
            self.hub.drop(_ids(wanted["drop_sockets"]))
        if wanted.get("deafen"):
            self.hub.deafen(_ids(wanted["deafen"]))
        if wanted.get("half_frame"):
            self.hub.cut_in_frame()
        if wanted.get("forget_queue"):
            self._restart_worker()
        if wanted.get("die_now"):
            self.faults.die()
        return self.faults.document()

    async def perish(self, moment: str) -> None:
        """End the process if it was asked to end here, after the frames so far have gone out."""
        if self.faults.deadly(moment):
            await self.hub.flush()
            self.faults.die()

    def _tell_status(self) -> None:
        self.hub.publish("status", self.status())

    def _published(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and not self.fatal.done():
            error = task.exception()
            self.fatal.set_exception(error or RuntimeError("the publish loop ended"))

    def _restart_worker(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
        self.executor.forget_results()
        self.executor.last_node = None
        self.queue.forget()
        self._worker = asyncio.create_task(self._work(), name="simulator.worker")

    async def _work(self) -> None:
        """Prompts one after the other. Equal numbers and ids end it for good, as on the server."""
        try:
            while True:
                await self.queue.arrival()
                await self.faults.dead_worker.wait()
                item = self.queue.take()
                if item is not None:
                    await self._run(item)
                    self._freed()
        except TypeError as error:
            self.logs.write(f"Exception in thread Thread-1 (prompt_worker):\nTypeError: {error}\n")

    async def _run(self, item: Any) -> None:
        begun = time.perf_counter()
        run = await self.executor.run(item)
        await self.perish("before_history")
        self.queue.done(run.outputs, run.meta, run.status(), self.faults.set.history_delay)
        await self.perish("after_history")
        if run.sid is not None:
            self.hub.publish("executing", {"node": None, "prompt_id": run.prompt_id}, run.sid)
        self.logs.write(f"Prompt executed in {time.perf_counter() - begun:.2f} seconds\n")

    def _freed(self) -> None:
        if self._free.get("free_memory"):
            self.executor.forget_results()
        self._free.clear()


def _ids(value: Any) -> list[str] | None:
    """Client ids of a fault: one, several, or with `true` all of them."""
    if value is True:
        return None
    return [value] if isinstance(value, str) else list(value)
