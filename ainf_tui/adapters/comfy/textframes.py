"""Text frames, every kind, read tolerantly: the rare kinds, and frequent ones with something odd in
them (NaN, numbers as ids, missing fields). `wire.parse_frame` comes here when its fast way declines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ainf_tui.adapters.comfy.values import (
    loads,
    malformed,
    mapping,
    number,
    optional_text,
    seconds,
    text,
    texts,
    unknown,
    whole,
)
from ainf_tui.domain.comfy import (
    ComfyEvent,
    Executed,
    Executing,
    ExecutionCached,
    ExecutionFailed,
    ExecutionInterrupted,
    ExecutionStart,
    ExecutionSuccess,
    FeatureFlags,
    NodeProgress,
    Progress,
    ProgressState,
    QueueStatus,
)
from ainf_tui.domain.text import clip, storable_json

Data = Mapping[str, Any]

_INPUT_TEXT = 4096
"""Characters kept of each input value in an error: tensors print themselves by the megabyte."""


class _BadFrameError(ValueError):
    """The frame is not what its type promises; the text says how."""


def parse_text(raw: str) -> tuple[ComfyEvent, ...]:
    """The events of one text frame. Never raises."""
    try:
        frame = loads(raw)
    except ValueError as error:
        return (malformed(f"no JSON: {error}", raw),)
    kind = frame.get("type") if isinstance(frame, dict) else None
    if not isinstance(kind, str):
        return (malformed("no message type", raw),)
    read = _READERS.get(kind)
    if read is None:
        return (unknown(kind, raw),)
    data = frame.get("data")
    if not isinstance(data, dict):
        return (malformed(f"{kind}: no data", raw),)
    try:
        return read(data, raw)
    except _BadFrameError as error:
        return (malformed(f"{kind}: {error}", raw),)


def _id(data: Data, key: str) -> str:
    """A required id: a string, or a number as text."""
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _BadFrameError(f"no {key}")
    return text(value)


def _status(data: Data, _raw: str) -> tuple[ComfyEvent, ...]:
    remaining = mapping(mapping(data.get("status")).get("exec_info")).get("queue_remaining")
    if isinstance(remaining, bool) or not isinstance(remaining, int | float):
        raise _BadFrameError("no queue_remaining")
    return (QueueStatus(whole(remaining)),)


def _start(data: Data, _raw: str) -> tuple[ComfyEvent, ...]:
    return (ExecutionStart(_id(data, "prompt_id"), seconds(data.get("timestamp"))),)


def _cached(data: Data, _raw: str) -> tuple[ComfyEvent, ...]:
    if not isinstance(data.get("nodes"), list):
        raise _BadFrameError("no nodes")
    return (ExecutionCached(_id(data, "prompt_id"), texts(data["nodes"]), seconds(data.get("timestamp"))),)


def _progress_state(data: Data, raw: str) -> tuple[ComfyEvent, ...]:
    prompt_id, nodes = _id(data, "prompt_id"), data.get("nodes")
    if not isinstance(nodes, dict):
        raise _BadFrameError("no nodes")
    good = tuple(_node(text(key), node) for key, node in nodes.items() if isinstance(node, dict))
    state = ProgressState(prompt_id, good)
    if len(good) == len(nodes):
        return (state,)
    return (state, malformed(f"progress_state: {len(nodes) - len(good)} nodes are none", raw))


def _node(key: str, node: Data) -> NodeProgress:
    return NodeProgress(
        node=key,
        value=number(node.get("value")),
        max=number(node.get("max")),
        state=text(node.get("state")),
        display_node=optional_text(node.get("display_node_id")) or key,
        parent_node=optional_text(node.get("parent_node_id")),
    )


def _progress(data: Data, _raw: str) -> tuple[ComfyEvent, ...]:
    if "value" not in data or "max" not in data:
        raise _BadFrameError("no value or max")
    return (
        Progress(
            optional_text(data.get("prompt_id")),
            optional_text(data.get("node")),
            number(data["value"]),
            number(data["max"]),
        ),
    )


def _executing(data: Data, _raw: str) -> tuple[ComfyEvent, ...]:
    # `node: null` ends a prompt, so a missing or odd node must not be read as one.
    node = None if "node" in data and data["node"] is None else _id(data, "node")
    display = optional_text(data.get("display_node")) or node
    return (Executing(optional_text(data.get("prompt_id")), node, display),)


def _executed(data: Data, raw: str) -> tuple[ComfyEvent, ...]:
    node, output = _id(data, "node"), data.get("output")
    event = Executed(
        prompt_id=_id(data, "prompt_id"),
        node=node,
        display_node=optional_text(data.get("display_node")) or node,
        output=storable_json(output) if isinstance(output, dict) else None,
    )
    if output is None or isinstance(output, dict):
        return (event,)
    return (event, malformed("executed: its output is no object", raw))


def _success(data: Data, _raw: str) -> tuple[ComfyEvent, ...]:
    return (ExecutionSuccess(_id(data, "prompt_id"), seconds(data.get("timestamp"))),)


def _error(data: Data, _raw: str) -> tuple[ComfyEvent, ...]:
    return (failure(_id(data, "prompt_id"), data),)


def _interrupted(data: Data, _raw: str) -> tuple[ComfyEvent, ...]:
    return (interruption(_id(data, "prompt_id"), data),)


def _features(data: Data, _raw: str) -> tuple[ComfyEvent, ...]:
    return (FeatureFlags(storable_json(data)),)


def failure(prompt_id: str, data: Data) -> ExecutionFailed:
    """`execution_error`, from the socket or from the history's messages."""
    return ExecutionFailed(
        prompt_id=prompt_id,
        node=optional_text(data.get("node_id")),
        node_class=optional_text(data.get("node_type")),
        exception_type=text(data.get("exception_type")),
        exception_message=text(data.get("exception_message")).rstrip("\n"),
        traceback=texts(data.get("traceback")),
        current_inputs={
            text(name): _shortened(storable_json(value))
            for name, value in mapping(data.get("current_inputs")).items()
        },
        executed=texts(data.get("executed")),
        timestamp=seconds(data.get("timestamp")),
    )


def _shortened(value: Any) -> Any:
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    return clip(value, _INPUT_TEXT) if isinstance(value, str) else value


def interruption(prompt_id: str, data: Data) -> ExecutionInterrupted:
    """`execution_interrupted`, from the socket or from the history's messages."""
    return ExecutionInterrupted(
        prompt_id=prompt_id,
        node=optional_text(data.get("node_id")),
        node_class=optional_text(data.get("node_type")),
        executed=texts(data.get("executed")),
        timestamp=seconds(data.get("timestamp")),
    )


_READERS: Mapping[str, Callable[[Data, str], tuple[ComfyEvent, ...]]] = {
    "status": _status,
    "execution_start": _start,
    "execution_cached": _cached,
    "progress_state": _progress_state,
    "progress": _progress,
    "executing": _executing,
    "executed": _executed,
    "execution_success": _success,
    "execution_error": _error,
    "execution_interrupted": _interrupted,
    "feature_flags": _features,
}
