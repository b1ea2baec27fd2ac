"""The HTTP side of one ComfyUI: `ports.ComfyServer` by httpx."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from ainf_tui.adapters.comfy.address import BackendAddress
from ainf_tui.adapters.comfy.answers import (
    NotComfyError,
    history_entries,
    model_names,
    prompt_body,
    queue_snapshot,
    system_stats,
    uploaded_name,
)
from ainf_tui.adapters.comfy.failures import Answer, no_file, not_comfyui, odd_acceptance, rejection
from ainf_tui.adapters.comfy.nodes import node_classes
from ainf_tui.adapters.comfy.process import ProcessFinder
from ainf_tui.adapters.comfy.refusals import node_problems, own_ids, refusal, unlisted_classes
from ainf_tui.adapters.comfy.transport import Deadlines, Transport
from ainf_tui.adapters.comfy.values import loads, mapping, number, text, texts
from ainf_tui.domain.comfy import (
    Accepted,
    Graph,
    HistoryEntry,
    NodeClass,
    ObjectInfo,
    PromptRequest,
    QueueSnapshot,
    ServerFile,
    SystemStats,
)
from ainf_tui.domain.ports import ViewStream
from ainf_tui.domain.text import visible
from ainf_tui.errors import BackendError, NotFoundError, UsageError

T = TypeVar("T")

_THREAD_FROM = 256 << 10
"""Bytes of JSON from which decoding goes to a thread: 1 MB holds the event loop for some 10 ms."""
_ASKED_CLASSES = 5
"""Most node classes that are looked up to explain one refusal."""
_DEFAULT_DEADLINES = Deadlines()


class HttpComfyServer:
    """Calls of one backend. Every call ends within its deadline; see `failures` for what is raised."""

    def __init__(self, address: BackendAddress, deadlines: Deadlines = _DEFAULT_DEADLINES) -> None:
        self.address = address
        self.deadlines = deadlines
        self._transport = Transport(address, deadlines)
        self._processes = ProcessFinder()

    async def aclose(self) -> None:
        await self._transport.aclose()

    # -- prompts -----------------------------------------------------------------------------------
    async def submit(self, request: PromptRequest) -> Accepted:
        """POST /prompt, once. PromptRefusedError (`prompt.*`): nothing was queued, or nothing is any more.
        InDoubtError: look into queue and history; a 500 does not mean "not queued".
        """
        body = prompt_body(request)
        answer = await self._transport.post("prompt", deadline=self.deadlines.prompt, content=body)
        if answer.status == 400:
            await self._refuse(answer, request.graph)
        if not answer.ok or answer.is_html:
            raise rejection(self.address, answer)
        try:
            data = mapping(loads(answer.body))
        except ValueError as error:
            raise odd_acceptance(self.address) from error
        if not text(data.get("prompt_id")):
            raise odd_acceptance(self.address)
        given = text(data["prompt_id"])
        if given != request.prompt_id:
            await self._take_back(given)
            raise own_ids(self.address)
        return Accepted(
            given, number(data.get("number")), node_problems(data.get("node_errors"), request.graph)
        )

    async def _take_back(self, prompt_id: str) -> None:
        """Off the server again, as far as that can be done: nobody would know of what it makes."""
        with suppress(BackendError):
            await self.delete_pending([prompt_id])
            if any(item.prompt_id == prompt_id for item in (await self.queue()).running):
                await self.interrupt(prompt_id)

    async def _refuse(self, answer: Answer, graph: Graph) -> None:
        """Raises what a 400 means, if it is ComfyUI's validation that speaks."""
        try:
            said = loads(answer.body)
        except ValueError as error:
            raise not_comfyui(self.address, f"it refused a prompt with {answer.words!r}") from error
        error_to_raise = refusal(said, graph, await self._classes(unlisted_classes(said)))
        if error_to_raise is not None:
            raise error_to_raise

    async def _classes(self, names: Collection[str]) -> Mapping[str, NodeClass]:
        """Declarations for a better explanation; what cannot be had is left out."""
        found: dict[str, NodeClass] = {}
        for name in sorted(names)[:_ASKED_CLASSES]:
            try:
                path = f"object_info/{quote(name, safe='')}"
                found |= await self._get(path, self.deadlines.stats, node_classes)
            except BackendError:
                break
        return found

    async def queue(self) -> QueueSnapshot:
        return await self._get("queue", self.deadlines.queue, queue_snapshot)

    async def history(self, prompt_id: str) -> HistoryEntry | None:
        path = f"history/{quote(prompt_id, safe='')}"
        entries = await self._get(path, self.deadlines.history, history_entries)
        return next((e for e in entries if e.prompt_id == prompt_id), None)

    async def recent_history(self, limit: int) -> tuple[HistoryEntry, ...]:
        params = {"max_items": max(1, limit)}
        return await self._get("history", self.deadlines.history, history_entries, params)

    async def delete_pending(self, prompt_ids: Collection[str]) -> None:
        """Unknown ids and one that runs already are passed over by the server without a word."""
        if prompt_ids:
            await self._act("queue", {"delete": list(prompt_ids)})

    async def interrupt(self, prompt_id: str) -> None:
        await self._act("interrupt", {"prompt_id": prompt_id})

    async def free(self, *, unload_models: bool, free_memory: bool) -> None:
        """Takes effect after the current prompt; `free_memory` also drops the cache of node results."""
        await self._act("free", {"unload_models": unload_models, "free_memory": free_memory})

    # -- files -------------------------------------------------------------------------------------
    @asynccontextmanager
    async def view(self, file: ServerFile) -> AsyncIterator[ViewStream]:
        """The file as it lies on the server. NotFoundError (`output.gone`, `output.refused`).

        The caller compares what came with `length`; silence of more than `deadlines.view` seconds and
        a broken connection are InDoubtError, raised by the chunks.
        """
        params = {"filename": file.filename, "subfolder": file.subfolder, "type": file.type}
        async with self._transport.stream("view", params) as (response, chunks):
            answer = await self._transport.whole(response, chunks, 400) if response.is_error else None
            if answer is not None:
                raise no_file(self.address, file, answer)
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            # ComfyUI sends HTML files as octet-stream, so that text/html is somebody else's page.
            if not response.is_success or media_type == "text/html":
                raise rejection(self.address, await self._transport.whole(response, chunks, 400))
            encoded = "content-encoding" in response.headers
            length = response.headers.get("content-length", "")
            yield ViewStream(int(length) if length.isdigit() and not encoded else None, media_type, chunks)

    async def upload_image(self, path: Path, *, subfolder: str = "", overwrite: bool = False) -> str:
        """POST /upload/image into the input folder. UsageError (`upload.unreadable`) for our own file.

        The server keeps both when another file has the name, and says under which name ours is.
        """
        try:
            content = await asyncio.to_thread(path.read_bytes)
        except OSError as error:
            raise UsageError(
                "upload.unreadable",
                f"the image {visible(str(path), 200)!r} cannot be read: {error.strerror or error}",
                hint="check the path and its rights",
            ) from error
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        answer = await self._transport.post(
            "upload/image",
            deadline=self.deadlines.upload,
            data={"type": "input", "subfolder": subfolder, "overwrite": "true" if overwrite else "false"},
            files={"image": (path.name, content, kind)},
        )
        return await self._parsed(answer, uploaded_name)

    # -- the server --------------------------------------------------------------------------------
    async def object_info(self) -> ObjectInfo:
        return await self._get("object_info", self.deadlines.object_info, node_classes)

    async def models(self, folder: str) -> tuple[str, ...]:
        """Names in a model folder. NotFoundError (`backend.no_model_folder`) if it has no such folder."""
        path = f"models/{quote(folder, safe='')}"
        answer = await self._transport.get(path, deadline=self.deadlines.action)
        if answer.status == 404 and not answer.is_html:
            raise NotFoundError(
                "backend.no_model_folder",
                f"ComfyUI at {self.address.shown} has no model folder {visible(folder, 100)!r}",
                hint="its folders are checkpoints, loras, vae, ...: see models/ of ComfyUI",
            )
        return await self._parsed(answer, model_names)

    async def system_stats(self) -> SystemStats:
        return await self._get("system_stats", self.deadlines.stats, system_stats)

    async def process_identity(self) -> str:
        """`boot id:pid:start ticks` of the process behind a loopback URL; empty where it cannot be told.

        The owner of the port must have the command line that the server reports of itself: a forwarder
        (ssh -L, a proxy) outlives the ComfyUI behind it and would pass for one that never restarted.
        """
        if not self.address.loopback:
            return ""
        owner = await asyncio.to_thread(self._processes.owner, self.address.host, self.address.port)
        if owner is None:
            return ""
        if owner.identity not in self._processes.confirmed:
            try:
                argv = await self._get("system_stats", self.deadlines.stats, _argv)
            except BackendError:
                return ""
            if not owner.runs(argv):
                return ""
            self._processes.confirm(owner)
        return owner.identity

    # -- calls -------------------------------------------------------------------------------------
    async def _get(
        self,
        path: str,
        deadline: float,
        parse: Callable[[Any], T],
        params: Mapping[str, str | int] | None = None,
    ) -> T:
        return await self._parsed(await self._transport.get(path, deadline=deadline, params=params), parse)

    async def _act(self, path: str, body: Mapping[str, Any]) -> None:
        answer = await self._transport.post(
            path, deadline=self.deadlines.action, content=msgspec.json.encode(body)
        )
        if not answer.ok or answer.is_html:
            raise rejection(self.address, answer)

    async def _parsed(self, answer: Answer, parse: Callable[[Any], T]) -> T:
        if not answer.ok or answer.is_html:
            raise rejection(self.address, answer)
        try:
            if len(answer.body) < _THREAD_FROM:
                return parse(loads(answer.body))
            return await asyncio.to_thread(lambda: parse(loads(answer.body)))
        except NotComfyError as error:
            raise not_comfyui(self.address, str(error)) from error
        except ValueError as error:
            raise not_comfyui(self.address, f"no JSON: {answer.words!r}") from error


def _argv(data: Any) -> tuple[str, ...]:
    return texts(mapping(mapping(data).get("system")).get("argv"))
