"""Asking ComfyUI for the memory that it keeps: models on the GPU and results of nodes."""

from __future__ import annotations

from collections.abc import Sequence

from ainf_tui.domain.documents import FreedDocument, ProblemDocument
from ainf_tui.domain.requests import FreeRequest
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.registry import Registry
from ainf_tui.errors import AinfError, NotFoundError, UnreachableError


class Freeing:
    """Implements `domain.engine_box.MemoryService`."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def free(self, request: FreeRequest) -> FreedDocument:
        return await _free(_wanted(self._registry, request.backend))


async def _free(wanted: Sequence[Backend]) -> FreedDocument:
    asked: list[str] = []
    notices: list[ProblemDocument] = []
    for backend in wanted:
        try:
            async with backend.asking():
                await backend.server.free(unload_models=True, free_memory=True)
        except AinfError as error:
            if len(wanted) == 1:
                raise
            notices.append(ProblemDocument(error.code, error.message, error.hint, None, dict(error.details)))
        else:
            asked.append(backend.name)
    busy = tuple(b.name for b in wanted if b.name in asked and b.queue is not None and b.queue.running)
    return FreedDocument(tuple(asked), busy, tuple(notices))


def _wanted(registry: Registry, name: str) -> Sequence[Backend]:
    if not name:
        found = [backend for backend in registry.backends if not backend.retired]
        if not found:
            raise UnreachableError(
                "backend.none_reachable",
                "no ComfyUI is known that could be asked",
                hint="Start ComfyUI, or name its address with AINF_COMFYUI_URL or in the settings.",
            )
        return found
    backend = registry.get(name)
    if backend is None:
        known = ", ".join(b.name for b in registry.backends) or "none"
        raise NotFoundError("backend.not_found", f"there is no backend {name!r}", hint=f"There are: {known}.")
    return [backend]
