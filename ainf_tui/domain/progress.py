"""From ComfyUI's frames to what a person wants to know: how far, which node, how fast.

A `Tracker` takes the events of one prompt as they come (cheap: thousands a second) and gives a
`Snapshot` when asked (4 times a second at most). It also knows how the prompt ended and which files
it reported, so that a result survives a cleared history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ainf_tui.domain.comfy import (
    ComfyEvent,
    Executed,
    Executing,
    ExecutionCached,
    ExecutionFailed,
    ExecutionInterrupted,
    ExecutionStart,
    ExecutionSuccess,
    Graph,
    NodeProgress,
    Progress,
    ProgressState,
)
from ainf_tui.domain.jobs import NodeRef
from ainf_tui.frozen import frozen

SAMPLER_SHARE = 0.8
"""Share of the whole that steps get while nothing is measured (as krita-ai-diffusion does)."""


@frozen
class NodeState:
    """One node now. `state`: pending | cached | running | finished."""

    ref: NodeRef
    state: str
    value: float = 0.0
    max: float = 0.0


@frozen
class Snapshot:
    """Progress of one attempt at one moment. `rate` is steps a second, `elapsed` seconds since its start."""

    fraction: float
    node: NodeRef | None
    step: int | None
    steps: int | None
    rate: float | None
    elapsed: float | None
    started: bool


@dataclass(slots=True)
class _Live:
    """One node that has started. `began` and `ended` are monotonic seconds of the frames' arrival."""

    state: str
    value: float
    max: float
    began: float
    ended: float | None = None
    first_step_at: float | None = None
    first_step: float = 0.0
    last_step_at: float = 0.0


@frozen
class End:
    """How a prompt ended, by its frames. `outcome`: success | failed | interrupted | unknown."""

    outcome: str
    error: ExecutionFailed | None = None
    interrupted: ExecutionInterrupted | None = None


def node_ref(graph: Graph, node: str) -> NodeRef:
    """The node as people know it: its own title, else its class; ids of expansions fold to their parent."""
    entry = graph.get(node) or graph.get(node.split(".", 1)[0])
    if not isinstance(entry, Mapping):
        return NodeRef(node, node, "")
    cls = str(entry.get("class_type", ""))
    meta = entry.get("_meta")
    title = meta.get("title") if isinstance(meta, Mapping) else None
    return NodeRef(node, str(title or cls or node), cls)


def literal_steps(graph: Graph, node: str) -> float:
    """The node's own `steps` where it is a literal number, else 0."""
    entry = graph.get(node)
    inputs = entry.get("inputs") if isinstance(entry, Mapping) else None
    steps = inputs.get("steps") if isinstance(inputs, Mapping) else None
    return float(steps) if isinstance(steps, int | float) and steps > 0 else 0.0


def guessed_weights(graph: Graph, needed: Iterable[str]) -> dict[str, float]:
    """Weights without any measurement: steps share 0.8 of the whole, every other node the rest."""
    ids = list(needed)
    steps = {n: literal_steps(graph, n) for n in ids}
    total = sum(steps.values())
    plain = [n for n in ids if not steps[n]]
    if not total or not plain:
        return {n: steps[n] or 1.0 for n in ids}
    weights = {n: (1 - SAMPLER_SHARE) / len(plain) for n in plain}
    weights.update({n: SAMPLER_SHARE * steps[n] / total for n in ids if steps[n]})
    return weights


class Tracker:
    """Accumulates the frames of one prompt. Not thread-safe; no clock of its own."""

    def __init__(
        self,
        prompt_id: str,
        graph: Graph,
        needed: frozenset[str],
        weights: Mapping[str, float] | None = None,
    ) -> None:
        self.prompt_id = prompt_id
        self.graph = graph
        self.needed = needed or frozenset(graph)
        self.weights = dict(weights or guessed_weights(graph, self.needed))
        self.started_at: float | None = None
        """Monotonic seconds of the first sign that it runs."""
        self.heard_at: float | None = None
        """Monotonic seconds of the last sign."""
        self.server_started: float | None = None
        self.server_ended: float | None = None
        self.frames = 0
        self.cached: frozenset[str] = frozenset()
        self.end: End | None = None
        self.closed = False
        """`executing {node: null}` was seen: the history entry is written."""
        self.executed: dict[str, Mapping[str, Any]] = {}
        self._live: dict[str, _Live] = {}
        self._current: str | None = None
        self._fraction = 0.0
        self._has_state = False
        self._blocked: ExecutionFailed | None = None
        self._handlers: Mapping[type, Callable[[Any, float], None]] = {
            ExecutionStart: self._start,
            ExecutionCached: self._cache,
            ProgressState: self._state,
            Progress: self._progress,
            Executing: self._executing,
            Executed: self._executed,
            ExecutionSuccess: self._success,
            ExecutionFailed: self._failed,
            ExecutionInterrupted: self._interrupted,
        }

    # -- taking in ---------------------------------------------------------------------------------
    def take(self, event: ComfyEvent, at: float) -> None:
        """Fold one event of this prompt; `at` is monotonic seconds of its arrival."""
        self.frames += 1
        self.heard_at = at
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event, at)

    def resume(self, fraction: float, elapsed: float, now: float) -> None:
        """After a restart of ours: go on from the stored figures rather than from zero."""
        self._fraction = max(self._fraction, min(fraction, 0.99))
        if self.started_at is None:
            self.started_at, self.heard_at = now - elapsed, now

    def running(self, at: float) -> None:
        """It is known to run (the server's queue says so), with or without frames."""
        if self.started_at is None:
            self.started_at = self.heard_at = at

    def _start(self, event: ExecutionStart, at: float) -> None:
        self.running(at)
        self.server_started = event.timestamp

    def _cache(self, event: ExecutionCached, at: float) -> None:
        self.running(at)
        self.cached = frozenset(event.nodes)

    def _state(self, event: ProgressState, at: float) -> None:
        self._has_state = True
        self.running(at)
        for node in event.nodes:
            self._node(node, at)

    def _node(self, node: NodeProgress, at: float) -> None:
        live = self._live.get(node.node)
        if live is None:
            live = self._live[node.node] = _Live(node.state, node.value, node.max, at)
            if node.node not in self.graph and node.display_node in self.needed:
                self._fold_expansion(node)
        elif live.state == "finished" and node.state == "finished":
            return
        if node.state == "running":
            self._current = node.node
            self._step(live, node.value, node.max, at)
        elif live.ended is None:
            live.ended = at
        live.state, live.value, live.max = node.state, node.value, node.max

    def _fold_expansion(self, node: NodeProgress) -> None:
        """A node made at run time gets a share of its display node's weight."""
        parent = node.display_node
        share = self.weights.get(parent, 1.0) / 2
        self.weights[parent] = share
        self.weights[node.node] = share
        self.needed = self.needed | {node.node}

    @staticmethod
    def _step(live: _Live, value: float, maximum: float, at: float) -> None:
        if value <= 0 or maximum <= 1:
            return
        if live.first_step_at is None or value < live.value:
            live.first_step_at, live.first_step = at, value
        live.last_step_at = at

    def _progress(self, event: Progress, at: float) -> None:
        if self._has_state or event.node is None:
            return  # the same data came as progress_state
        self._node(NodeProgress(event.node, event.value, event.max, "running", event.node), at)

    def _executing(self, event: Executing, at: float) -> None:
        self.running(at)
        if event.node is None:
            self.closed = True
            if self.end is None:
                self.end = End("unknown")
            return
        if not self._has_state and self._current is not None and self._current != event.node:
            previous = self._live.get(self._current)
            if previous is not None and previous.ended is None:
                previous.state, previous.ended = "finished", at
        self._current = event.node
        self._live.setdefault(event.node, _Live("running", 0.0, 1.0, at))

    def _executed(self, event: Executed, at: float) -> None:
        self.running(at)
        if event.output:
            self.executed[event.node] = event.output

    def _success(self, event: ExecutionSuccess, at: float) -> None:
        self.running(at)
        self.end = End("success")
        self.server_ended = event.timestamp
        self._fraction = 1.0

    def _failed(self, event: ExecutionFailed, at: float) -> None:
        if event.blocked_only:
            self._blocked = event  # the prompt goes on and ends in execution_success
            return
        self.running(at)
        self.end = End("failed", error=event)

    def _interrupted(self, event: ExecutionInterrupted, at: float) -> None:
        self.running(at)
        self.end = End("interrupted", interrupted=event)

    # -- giving out --------------------------------------------------------------------------------
    @property
    def blocked(self) -> ExecutionFailed | None:
        """A branch that an ExecutionBlocker cut off with a message; a warning, not an end."""
        return self._blocked

    def snapshot(self, now: float) -> Snapshot:
        """How far it is. The fraction never goes backwards."""
        self._fraction = max(self._fraction, min(self._done(), 0.99))
        if self.end is not None and self.end.outcome == "success":
            self._fraction = 1.0
        live = self._live.get(self._current) if self._current is not None else None
        stepping = live is not None and live.max > 1 and live.state == "running"
        return Snapshot(
            fraction=self._fraction,
            node=node_ref(self.graph, self._current) if self._current is not None else None,
            step=int(live.value) if live is not None and stepping else None,
            steps=int(live.max) if live is not None and stepping else None,
            rate=self.rate(),
            elapsed=None if self.started_at is None else max(0.0, now - self.started_at),
            started=self.started_at is not None,
        )

    def rate(self) -> float | None:
        """Steps a second of the running node, over all its steps so far (the first is warm-up)."""
        live = self._live.get(self._current) if self._current is not None else None
        if live is None or live.first_step_at is None or live.state != "running":
            return None
        seconds, steps = live.last_step_at - live.first_step_at, live.value - live.first_step
        return steps / seconds if seconds > 0 and steps > 0 else None

    def share(self, node: str) -> float:
        """How much of a node is done, 0..1."""
        if node in self.cached:
            return 1.0
        live = self._live.get(node)
        if live is None:
            return 0.0
        if live.state == "finished":
            return 1.0
        return min(1.0, live.value / live.max) if live.max > 0 else 0.0

    def node_seconds(self, node: str) -> float | None:
        """Measured seconds of a finished node; None if cached, unfinished or unseen."""
        live = self._live.get(node)
        if live is None or live.ended is None or node in self.cached:
            return None
        return live.ended - live.began

    def node_elapsed(self, node: str, now: float) -> float:
        """Seconds since the node began; 0 if it did not."""
        live = self._live.get(node)
        return 0.0 if live is None else (live.ended or now) - live.began

    @property
    def current(self) -> str | None:
        return self._current

    def left_in_current(self) -> float | None:
        """Seconds left in the running node by its own speed; None where it has no steps yet."""
        live = self._live.get(self._current) if self._current is not None else None
        rate = self.rate()
        if live is None or not rate or live.value - live.first_step < 2:
            return None
        return (live.max - live.value) / rate

    def nodes(self) -> tuple[NodeState, ...]:
        """All nodes of the graph (and expansions), in the graph's order."""
        ids = list(self.graph) + [n for n in self._live if n not in self.graph]
        return tuple(self._node_state(n) for n in ids)

    def _node_state(self, node: str) -> NodeState:
        live = self._live.get(node)
        ref = node_ref(self.graph, node)
        if live is not None:
            # ComfyUI tells a cached node as a finished one, too.
            cached = node in self.cached and live.state == "finished"
            return NodeState(ref, "cached" if cached else live.state, live.value, live.max)
        return NodeState(ref, "cached" if node in self.cached else "pending")

    def _done(self) -> float:
        total = sum(self.weights.get(n, 1.0) for n in self.needed)
        if total <= 0:
            return 0.0
        return sum(self.weights.get(n, 1.0) * self.share(n) for n in self.needed) / total
