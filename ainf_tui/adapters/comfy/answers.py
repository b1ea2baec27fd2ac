"""Answers of the HTTP API to domain values, and the body of POST /prompt.

The functions take decoded JSON. Where the answer as a whole is not ComfyUI's, they raise
`NotComfyError`; a bad record in a list is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from ainf_tui.adapters.comfy.textframes import failure, interruption
from ainf_tui.adapters.comfy.values import items, mapping, number, seconds, text, texts, whole
from ainf_tui.domain.comfy import (
    Device,
    HistoryEntry,
    PromptRequest,
    QueueItem,
    QueueSnapshot,
    SystemStats,
)
from ainf_tui.domain.outputs import output_files
from ainf_tui.domain.text import redact_arguments

_ENDS = ("execution_success", "execution_error", "execution_interrupted")


class NotComfyError(ValueError):
    """The JSON is well-formed, but not what ComfyUI answers there; the text says what is missing."""


def prompt_body(request: PromptRequest) -> bytes:
    """The JSON of POST /prompt. `number` is never sent: two prompts of one number and id kill the
    server's worker, and its own counter keeps them apart.
    """
    extra: dict[str, Any] = {}
    if request.workflow is not None:
        extra["extra_pnginfo"] = {"workflow": request.workflow}
    if request.preview_method is not None:
        extra["preview_method"] = request.preview_method
    body = {
        "prompt": request.graph,
        "prompt_id": request.prompt_id,
        "client_id": request.client_id,
        "extra_data": extra,
    }
    return json.dumps(body, default=dict).encode()


def queue_snapshot(data: Any) -> QueueSnapshot:
    """GET /queue. Pending items come in heap order and are sorted to run order: (number, prompt id)."""
    if not isinstance(data, dict) or "queue_running" not in data or "queue_pending" not in data:
        raise NotComfyError("no queue_running and queue_pending")
    pending = sorted(_queue_items(data["queue_pending"]), key=lambda i: (i.number, i.prompt_id))
    return QueueSnapshot(tuple(_queue_items(data["queue_running"])), tuple(pending))


def _queue_items(values: Any) -> Iterable[QueueItem]:
    # [number, prompt id, graph, extra data, outputs]; newer servers may append more. Of the extra data
    # only the client id is kept: 0.3.64 shows the API tokens of queued prompts there.
    for value in items(values):
        # An id may be empty: the server takes what it is given.
        if not isinstance(value, list) or len(value) < 2 or not isinstance(value[1], str | int | float):
            continue
        graph = mapping(value[2]) if len(value) > 2 else {}
        extra = mapping(value[3]) if len(value) > 3 else {}
        yield QueueItem(
            number=number(value[0]),
            prompt_id=text(value[1]),
            client_id=text(extra.get("client_id")) or None,
            nodes=len(graph),
            steps=sum(_steps(node) for node in graph.values()),
        )


def _steps(node: Any) -> int:
    steps = whole(mapping(mapping(node).get("inputs")).get("steps"))
    return steps if 0 < steps <= 100_000 else 0


def history_entries(data: Any) -> tuple[HistoryEntry, ...]:
    """GET /history and /history/{id}: in order of completion."""
    if not isinstance(data, dict):
        raise NotComfyError("no object of history entries")
    return tuple(_history_entry(text(k), entry) for k, entry in data.items() if isinstance(entry, dict))


def _history_entry(prompt_id: str, entry: Mapping[str, Any]) -> HistoryEntry:
    status = mapping(entry.get("status"))
    messages = dict(_messages(status.get("messages")))
    last = next((messages[end] for end in _ENDS if end in messages), {})
    failed, stopped = messages.get("execution_error"), messages.get("execution_interrupted")
    prompt = items(entry.get("prompt"))
    return HistoryEntry(
        prompt_id=prompt_id,
        number=number(prompt[0]) if prompt else 0.0,
        outcome=_outcome(text(status.get("status_str")), messages),
        files=output_files(entry.get("outputs")),
        cached=texts(messages.get("execution_cached", {}).get("nodes")),
        started_at=seconds(messages.get("execution_start", {}).get("timestamp")),
        ended_at=seconds(last.get("timestamp")),
        error=failure(prompt_id, failed) if failed is not None else None,
        interrupted=interruption(prompt_id, stopped) if stopped is not None else None,
    )


def _messages(values: Any) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for value in items(values):
        if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str):
            yield value[0], mapping(value[1])


def _outcome(
    status: str, messages: Mapping[str, Any]
) -> Literal["success", "failed", "interrupted", "unknown"]:
    # Interrupted and failed prompts both have the status "error".
    if status == "success":
        return "success"
    if "execution_interrupted" in messages:
        return "interrupted"
    return "failed" if status == "error" or "execution_error" in messages else "unknown"


def system_stats(data: Any) -> SystemStats:
    """GET /system_stats. Sizes in bytes; on a CPU the "vram" is RAM and a device has no index."""
    system = mapping(mapping(data).get("system"))
    if not system:
        raise NotComfyError("no system")
    return SystemStats(
        version=text(system.get("comfyui_version")),
        python=text(system.get("python_version")),
        pytorch=text(system.get("pytorch_version")),
        os=text(system.get("os")),
        ram_total=whole(system.get("ram_total")),
        ram_free=whole(system.get("ram_free")),
        devices=tuple(_device(d) for d in items(data.get("devices")) if isinstance(d, dict)),
        argv=redact_arguments(texts(system.get("argv"))),
    )


def _device(device: Mapping[str, Any]) -> Device:
    index = device.get("index")
    return Device(
        name=text(device.get("name")),
        type=text(device.get("type")),
        index=None if index is None else whole(index),
        vram_total=whole(device.get("vram_total")),
        vram_free=whole(device.get("vram_free")),
        torch_vram_total=whole(device.get("torch_vram_total")),
        torch_vram_free=whole(device.get("torch_vram_free")),
    )


def model_names(data: Any) -> tuple[str, ...]:
    """GET /models/{folder}: relative names, with the server's separators."""
    if not isinstance(data, list):
        raise NotComfyError("no list of names")
    return texts(data)


def uploaded_name(data: Any) -> str:
    """POST /upload/image: the name by which LoadImage knows the file, `subfolder/name`."""
    name, subfolder = text(mapping(data).get("name")), text(mapping(data).get("subfolder"))
    if not name:
        raise NotComfyError("no name")
    return f"{subfolder}/{name}" if subfolder else name
