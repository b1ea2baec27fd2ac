"""A task of the ComfyUI manager until it has ended, whatever becomes of the engine meanwhile."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from ainf_tui.client.client import Client
from ainf_tui.client.live import Live, Lost, Topic
from ainf_tui.domain.comfyui_documents import ComfyUIDocument
from ainf_tui.domain.wire import STOP_ASKED
from ainf_tui.errors import NotFoundError, UnreachableError


async def follow_task(client: Client, task_id: str) -> AsyncGenerator[ComfyUIDocument]:
    """Yields the document at each change, the last one with the task's end.

    An engine that goes away is brought back by `client.reopen`, and tells that the task was interrupted;
    one that the user stopped is not: UnreachableError(`engine.stopped`). NotFoundError(`comfyui.no_task`)
    where another task took its place unseen.
    """
    async with Live(client.transport, ("comfyui",)) as live:
        async for update in live:
            if isinstance(update, Lost):
                await _revive(client, live, update)
            elif isinstance(update, Topic) and isinstance(update.value, ComfyUIDocument):
                found = update.value
                if found.task is None or found.task.id != task_id:
                    raise _gone()
                yield found
                if found.task.state != "running":
                    return


async def _revive(client: Client, live: Live, lost: Lost) -> None:
    if lost.bye == STOP_ASKED:
        raise UnreachableError(
            "engine.stopped",
            "the engine was stopped, and its task with it; what was done is kept",
            hint="`ainf comfyui install` goes on from there.",
        )
    if client.reopen is not None:
        await client.reopen()
        live.hurry()


def _gone() -> NotFoundError:
    return NotFoundError(
        "comfyui.no_task",
        "another task has begun meanwhile, and the end of this one was not seen",
        hint="`ainf comfyui` shows how ComfyUI stands.",
    )
