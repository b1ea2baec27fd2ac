"""When it will be done: expected seconds a node, learned from earlier runs, and what is left.

Order of trust: the same graph on the same backend (median of its runs), the same node classes there
(seconds per unit of work), the speed of the run itself. The basis is told with the figure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from statistics import median

from ainf_tui.domain.comfy import Graph
from ainf_tui.domain.ports import NodeTiming
from ainf_tui.domain.progress import Tracker
from ainf_tui.frozen import frozen

SPEED = "this run's speed"
EARLY = 0.1
"""Fraction below which a run's own speed says nothing yet: loading a model is no measure."""
RUNS = 20
"""Newest runs of a graph that count (facts: the median of the last 20)."""


@frozen
class Expectation:
    """Expected seconds of each node of one graph on one backend, and where they come from."""

    nodes: Mapping[str, float] = field(default_factory=dict)
    basis: str = ""
    total: float | None = None
    """Seconds of a whole run, None if unknown."""


def expectation(
    graph: Graph,
    needed: Iterable[str],
    same_graph: Sequence[NodeTiming],
    by_class: Sequence[NodeTiming],
    work: float,
) -> Expectation:
    """What to expect of a graph.

    `same_graph`: timings of the newest runs of that very graph; `by_class`: the newest of each class,
    from any graph; `work`: size of this job (megapixels x steps) to scale the latter.
    """
    runs = {t.run for t in same_graph if not t.cached}
    if runs:
        per_node: dict[str, list[float]] = defaultdict(list)
        per_run: dict[str, float] = defaultdict(float)
        for timing in same_graph:
            if not timing.cached:
                per_node[timing.node].append(timing.seconds)
                per_run[timing.run] += timing.seconds
        nodes = {n: median(values) for n, values in per_node.items()}
        plural = "run" if len(runs) == 1 else "runs"
        return Expectation(nodes, f"{len(runs)} {plural} of this graph", median(per_run.values()))
    per_class: dict[str, list[float]] = defaultdict(list)
    for timing in by_class:
        if not timing.cached:
            per_class[timing.cls].append(timing.seconds / timing.work if timing.work > 0 else timing.seconds)
    nodes = {}
    for node in needed:
        entry = graph.get(node)
        cls = str(entry.get("class_type", "")) if isinstance(entry, Mapping) else ""
        if cls in per_class:
            nodes[node] = median(per_class[cls]) * max(work, 1e-9)
    if not nodes:
        return Expectation()
    return Expectation(nodes, f"earlier runs of {len(per_class)} node classes", sum(nodes.values()))


def weights(expected: Expectation, guessed: Mapping[str, float]) -> dict[str, float]:
    """Weights for the fraction: measured seconds where known; unknown nodes get the smallest known."""
    if not expected.nodes:
        return dict(guessed)
    floor = max(min(expected.nodes.values()), 1e-3)
    return {node: max(expected.nodes.get(node, floor), 1e-3) for node in guessed}


@frozen
class Eta:
    seconds: float
    basis: str


def remaining(tracker: Tracker, expected: Expectation, now: float) -> Eta | None:
    """Seconds until the attempt ends; None while nothing is known."""
    if tracker.started_at is None:
        return Eta(expected.total, expected.basis) if expected.total is not None else None
    if expected.nodes:
        return Eta(_by_nodes(tracker, expected, now), expected.basis)
    snapshot = tracker.snapshot(now)
    stepping = tracker.left_in_current()
    worked = snapshot.fraction - _cached_share(tracker)
    if snapshot.elapsed is None or (worked < EARLY and stepping is None):
        return None
    so_far = snapshot.elapsed * (1 - snapshot.fraction) / worked if worked >= EARLY else 0.0
    # The steps that are left are sure to come; cheap nodes before them say nothing of their speed.
    return Eta(max(so_far, stepping or 0.0), SPEED)


def _cached_share(tracker: Tracker) -> float:
    """The part of the whole that took no time: the server had the results of those nodes."""
    total = sum(tracker.weights.get(node, 1.0) for node in tracker.needed)
    cached = sum(tracker.weights.get(node, 1.0) for node in tracker.needed & tracker.cached)
    return cached / total if total > 0 else 0.0


def _by_nodes(tracker: Tracker, expected: Expectation, now: float) -> float:
    left = 0.0
    for node in tracker.needed:
        share = tracker.share(node)
        if share >= 1.0:
            continue
        seconds = expected.nodes.get(node, 0.0)
        if node != tracker.current:
            left += seconds * (1 - share)
            continue
        by_speed = tracker.left_in_current()
        if by_speed is not None:
            # The further it is, the more its own speed counts.
            left += by_speed * share + seconds * (1 - share) * (1 - share)
        elif share > 0:
            left += seconds * (1 - share)
        else:
            left += max(0.0, seconds - tracker.node_elapsed(node, now))
    return left
