"""What a ComfyUI server says, as frozen values. `adapters/comfy` parses the wire into these.

Sources: ComfyUI 0.8.0 and 0.3.64, measured; unknown fields and messages are kept, never fatal.
Times named `timestamp` are seconds since the epoch on the server's clock; `at` is our monotonic clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from ainf_tui.frozen import frozen

Graph = Mapping[str, Any]
"""An API-format graph: `{node id: {"class_type": str, "inputs": {...}, "_meta": {"title": str}}}`."""


# -- websocket events ------------------------------------------------------------------------------
@frozen
class Connected:
    """A socket is open and its first `status` frame was read. `fresh_id`: a new client id was taken."""

    client_id: str
    queue_remaining: int
    fresh_id: bool = False


@frozen
class Disconnected:
    """The socket ended. `refused`: nobody listens on the port (positive sign that the process is gone)."""

    reason: str
    refused: bool = False


@frozen
class QueueStatus:
    """`status`: pending + running prompts of everybody."""

    queue_remaining: int


@frozen
class ExecutionStart:
    prompt_id: str
    timestamp: float | None = None


@frozen
class ExecutionCached:
    prompt_id: str
    nodes: tuple[str, ...]
    timestamp: float | None = None


@frozen
class NodeProgress:
    """One node of a `progress_state` frame. `display_node` is the node of the graph that was sent."""

    node: str
    value: float
    max: float
    state: str
    display_node: str
    parent_node: str | None = None


@frozen
class ProgressState:
    """All nodes so far that started (running) or ended (finished); pending and cached ones are left out."""

    prompt_id: str
    nodes: tuple[NodeProgress, ...]


@frozen
class Progress:
    """Legacy step frame; carries the same as `progress_state` for one node."""

    prompt_id: str | None
    node: str | None
    value: float
    max: float


@frozen
class Executing:
    """A node starts; `node is None` ends the prompt. After a reconnect it comes without a prompt id."""

    prompt_id: str | None
    node: str | None
    display_node: str | None = None


@frozen
class Executed:
    """A node's ui output, `{kind: [items]}` as sent (`None` for a cached node without any)."""

    prompt_id: str
    node: str
    display_node: str
    output: Mapping[str, Any] | None


@frozen
class ExecutionSuccess:
    prompt_id: str
    timestamp: float | None = None


@frozen
class ExecutionFailed:
    """`execution_error`. With `exception_type == "ExecutionBlocked"` it is not the end of the prompt."""

    prompt_id: str
    node: str | None
    node_class: str | None
    exception_type: str
    exception_message: str
    traceback: tuple[str, ...] = ()
    current_inputs: Mapping[str, Any] = field(default_factory=dict)
    executed: tuple[str, ...] = ()
    timestamp: float | None = None

    @property
    def blocked_only(self) -> bool:
        return self.exception_type == "ExecutionBlocked"


@frozen
class ExecutionInterrupted:
    prompt_id: str
    node: str | None
    node_class: str | None
    executed: tuple[str, ...] = ()
    timestamp: float | None = None


@frozen
class Preview:
    """A picture on the way. Event 1 has no ids (`prompt_id is None`), event 4 has them."""

    prompt_id: str | None
    node: str | None
    display_node: str | None
    media_type: str
    data: bytes


@frozen
class NodeText:
    """Binary event 3: goes to every client, with a node id but no prompt id."""

    node: str
    text: str


@frozen
class FeatureFlags:
    flags: Mapping[str, Any]


@frozen
class UnknownMessage:
    """Kept for the curious (the last 50, 4 kB each) and counted; never an error."""

    kind: str
    raw: str


@frozen
class MalformedMessage:
    """A frame that is not what its type promises: `reason`, and its first 4 kB."""

    reason: str
    raw: str


ComfyEvent = (
    Connected
    | Disconnected
    | QueueStatus
    | ExecutionStart
    | ExecutionCached
    | ProgressState
    | Progress
    | Executing
    | Executed
    | ExecutionSuccess
    | ExecutionFailed
    | ExecutionInterrupted
    | Preview
    | NodeText
    | FeatureFlags
    | UnknownMessage
    | MalformedMessage
)


# -- HTTP answers ----------------------------------------------------------------------------------
@frozen
class PromptRequest:
    """What POST /prompt is sent. `prompt_id` and `client_id` are always plain strings of ours."""

    prompt_id: str
    client_id: str
    graph: Graph
    workflow: Mapping[str, Any] | None = None
    preview_method: str | None = None


@frozen
class NodeProblem:
    """One complaint of the server's validation, readable: node, input, what was wrong, what is allowed."""

    node: str
    node_class: str
    title: str
    input: str | None
    type: str
    message: str
    received: Any = None
    allowed: str = ""
    outputs: tuple[str, ...] = ()


@frozen
class Accepted:
    """HTTP 200. `problems` is not empty when some output branches were dropped."""

    prompt_id: str
    number: float
    problems: tuple[NodeProblem, ...] = ()


@frozen
class QueueItem:
    """One prompt of GET /queue, in run order. `classes` are the class types of its graph."""

    number: float
    prompt_id: str
    client_id: str | None
    nodes: int
    steps: int
    """Sum of the literal `steps` inputs, for the ETA of foreign prompts; 0 if none."""


@frozen
class QueueSnapshot:
    running: tuple[QueueItem, ...]
    pending: tuple[QueueItem, ...]

    def ids(self) -> frozenset[str]:
        return frozenset(i.prompt_id for i in (*self.running, *self.pending))


@frozen
class ServerFile:
    """One file or text that an output node reported.

    `kind`: images, gifs, video, audio, text, 3d, ... as the server named the list. `type` is
    output | temp | input. For texts `text` is set and there is no file.
    """

    node: str
    kind: str
    index: int
    filename: str = ""
    subfolder: str = ""
    type: str = "output"
    text: str | None = None


@frozen
class HistoryEntry:
    """GET /history/{id}. `outcome` tells interrupted from failed by the messages (both are "error")."""

    prompt_id: str
    number: float
    outcome: Literal["success", "failed", "interrupted", "unknown"]
    files: tuple[ServerFile, ...]
    cached: tuple[str, ...] = ()
    started_at: float | None = None
    ended_at: float | None = None
    error: ExecutionFailed | None = None
    interrupted: ExecutionInterrupted | None = None


@frozen
class Device:
    name: str
    type: str
    index: int | None
    vram_total: int
    vram_free: int
    torch_vram_total: int = 0
    torch_vram_free: int = 0


@frozen
class SystemStats:
    version: str
    python: str
    pytorch: str
    os: str
    ram_total: int
    ram_free: int
    devices: tuple[Device, ...] = ()
    argv: tuple[str, ...] = ()


@frozen
class InputSpec:
    """One declared input of a node class (`/object_info`), old and V3 form alike."""

    name: str
    type: str
    """INT, FLOAT, STRING, BOOLEAN, COMBO, or a link type such as MODEL."""
    required: bool
    default: Any = None
    min: float | int | None = None
    max: float | int | None = None
    step: float | int | None = None
    options: tuple[Any, ...] | None = None
    """Allowed values of a COMBO; `None` where the server gives none (remote lists)."""
    multiline: bool = False


@frozen
class NodeClass:
    """One class of `/object_info`."""

    name: str
    display_name: str
    inputs: tuple[InputSpec, ...]
    outputs: tuple[str, ...]
    output_node: bool
    category: str = ""
    python_module: str = ""

    def input(self, name: str) -> InputSpec | None:
        return next((i for i in self.inputs if i.name == name), None)


ObjectInfo = Mapping[str, NodeClass]
