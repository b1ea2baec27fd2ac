"""Websocket frames of ComfyUI to events. `parse_frame` is all that others need.

The frequent kinds (progress_state, progress, executing, status) are decoded straight into structs;
everything else, and a frequent kind with anything odd in it, takes the tolerant way of `textframes`.
Measured on 0.8.0 and 0.3.64; unknown fields are ignored, unknown kinds kept as `UnknownMessage`.
"""

from __future__ import annotations

import msgspec

from ainf_tui.adapters.comfy.binary import parse_binary
from ainf_tui.adapters.comfy.textframes import parse_text
from ainf_tui.domain.comfy import (
    ComfyEvent,
    Executing,
    NodeProgress,
    Progress,
    ProgressState,
    QueueStatus,
)


class _Info(msgspec.Struct, gc=False):
    queue_remaining: int


class _Status(msgspec.Struct, gc=False):
    exec_info: _Info


class _StatusData(msgspec.Struct, gc=False):
    status: _Status


class _StatusFrame(msgspec.Struct, tag_field="type", tag="status", gc=False):
    data: _StatusData

    def event(self) -> ComfyEvent:
        return QueueStatus(self.data.status.exec_info.queue_remaining)


class _ExecutingData(msgspec.Struct, gc=False):
    node: str | None
    display_node: str | None = None
    prompt_id: str | None = None


class _ExecutingFrame(msgspec.Struct, tag_field="type", tag="executing", gc=False):
    data: _ExecutingData

    def event(self) -> ComfyEvent:
        data = self.data
        return Executing(data.prompt_id, data.node, data.display_node or data.node)


class _ProgressData(msgspec.Struct, gc=False):
    value: float
    max: float
    prompt_id: str | None = None
    node: str | None = None


class _ProgressFrame(msgspec.Struct, tag_field="type", tag="progress", gc=False):
    data: _ProgressData

    def event(self) -> ComfyEvent:
        data = self.data
        return Progress(data.prompt_id, data.node, data.value, data.max)


class _Node(msgspec.Struct, gc=False):
    value: float
    max: float
    state: str
    display_node_id: str | None = None
    parent_node_id: str | None = None


class _ProgressStateData(msgspec.Struct, gc=False):
    prompt_id: str
    nodes: dict[str, _Node]


class _ProgressStateFrame(msgspec.Struct, tag_field="type", tag="progress_state", gc=False):
    data: _ProgressStateData

    def event(self) -> ComfyEvent:
        return ProgressState(
            self.data.prompt_id,
            tuple(
                NodeProgress(key, n.value, n.max, n.state, n.display_node_id or key, n.parent_node_id)
                for key, n in self.data.nodes.items()
            ),
        )


_decode = msgspec.json.Decoder(_StatusFrame | _ExecutingFrame | _ProgressFrame | _ProgressStateFrame).decode


def parse_frame(raw: str | bytes) -> tuple[ComfyEvent, ...]:
    """The events of one frame: text frames come as `str`, binary ones as `bytes`. Never raises.

    Mostly one event. A `progress_state` or `executed` of which a part is bad gives the good part and
    a `MalformedMessage`. Progress values that are NaN or infinite count as 0.
    """
    if isinstance(raw, bytes):
        return parse_binary(raw)
    if "\\u0000" not in raw:
        try:
            return (_decode(raw).event(),)
        except (ValueError, RecursionError):
            pass  # a rarer kind or something odd in it: the tolerant reader tells
    return parse_text(raw)
