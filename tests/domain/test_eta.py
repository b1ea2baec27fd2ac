"""The ETA learns from earlier runs and says what it rests on."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from statistics import median

from ainf_tui.domain.comfy import ExecutionCached, ExecutionStart, NodeProgress, ProgressState
from ainf_tui.domain.eta import expectation, remaining, weights
from ainf_tui.domain.ports import NodeTiming
from ainf_tui.domain.progress import Tracker, guessed_weights

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GRAPH = {
    "1": {"class_type": "Loader", "inputs": {}},
    "2": {"class_type": "KSampler", "inputs": {"steps": 20}},
    "3": {"class_type": "Decode", "inputs": {}},
}
TRUE_SECONDS = {"1": 3.0, "2": 20.0, "3": 4.0}


def timing(run: int, node: str, seconds: float, work: float = 20.0) -> NodeTiming:
    return NodeTiming("h", node, str(GRAPH[node]["class_type"]), "b", work, seconds, False, f"run{run}", NOW)


def test_nothing_known_gives_no_figure() -> None:
    expected = expectation(GRAPH, GRAPH, (), (), 20.0)
    assert expected.total is None
    assert remaining(Tracker("p", GRAPH, frozenset(GRAPH)), expected, 0.0) is None


def test_cached_nodes_are_no_speed() -> None:
    """Half of the graph was there already: it does not promise that the rest takes no time either."""
    tracker = Tracker("p", GRAPH, frozenset(GRAPH), {"1": 5.0, "2": 4.0, "3": 1.0})
    tracker.take(ExecutionStart("p"), 0.0)
    tracker.take(ExecutionCached("p", ("1",)), 0.0)
    nothing_known = expectation(GRAPH, GRAPH, (), (), 20.0)
    assert remaining(tracker, nothing_known, 0.1) is None
    tracker.take(ProgressState("p", (NodeProgress("2", 1, 1, "finished", "2"),)), 8.0)
    eta = remaining(tracker, nothing_known, 8.0)
    assert eta is not None
    assert round(eta.seconds, 6) == 2.0  # a fifth of what took 8 s


def test_the_same_graph_gives_its_median_and_says_so() -> None:
    runs = [timing(r, n, s * f) for r, f in enumerate((0.9, 1.0, 5.0)) for n, s in TRUE_SECONDS.items()]
    expected = expectation(GRAPH, GRAPH, runs, (), 20.0)
    assert expected.basis == "3 runs of this graph"
    assert expected.nodes["2"] == 20.0
    assert expected.total == 27.0


def test_other_graphs_scale_by_work() -> None:
    runs = [timing(1, "2", 10.0, work=10.0)]
    expected = expectation(GRAPH, GRAPH, (), runs, 40.0)
    assert expected.nodes == {"2": 40.0}
    assert "node classes" in expected.basis


def test_measured_weights_follow_the_seconds() -> None:
    runs = [timing(1, n, s) for n, s in TRUE_SECONDS.items()]
    measured = weights(expectation(GRAPH, GRAPH, runs, (), 20.0), guessed_weights(GRAPH, GRAPH))
    assert measured == TRUE_SECONDS


def half_time_error(seed: int) -> float:
    """Relative error of the ETA at half time of a run whose nodes take 30% more or less."""
    noise = random.Random(seed)
    runs = [timing(r, n, s * noise.uniform(0.7, 1.3)) for r in range(5) for n, s in TRUE_SECONDS.items()]
    expected = expectation(GRAPH, GRAPH, runs, (), 20.0)
    real = {n: s * noise.uniform(0.7, 1.3) for n, s in TRUE_SECONDS.items()}
    total = sum(real.values())
    tracker = Tracker("p", GRAPH, frozenset(GRAPH), weights(expected, guessed_weights(GRAPH, GRAPH)))
    tracker.take(ExecutionStart("p"), 0.0)
    done: list[NodeProgress] = []
    began = 0.0
    for node, seconds in real.items():
        steps = 20 if node == "2" else 1
        for step in range(steps + 1):
            at = began + seconds * step / steps
            if at > total / 2:
                eta = remaining(tracker, expected, total / 2)
                assert eta is not None
                return abs(eta.seconds - total / 2) / (total / 2)
            running = NodeProgress(node, step, steps, "running", node)
            tracker.take(ProgressState("p", (*done, running)), at)
        began += seconds
        done.append(NodeProgress(node, steps, steps, "finished", node))
    raise AssertionError("half time lies within the run")


def test_after_five_runs_the_median_error_at_half_time_is_small() -> None:
    assert median(half_time_error(seed) for seed in range(40)) <= 0.25


def test_steps_still_to_come_are_not_forgotten() -> None:
    """Cheap nodes run off in no time; the sampler's own speed tells how long the rest takes."""
    graph = {
        **{f"c{n}": {"class_type": "Cheap", "inputs": {}} for n in range(5)},
        "s": {"class_type": "KSampler", "inputs": {"steps": 480}},
    }
    tracker = Tracker("p", graph, frozenset(graph))
    tracker.take(ExecutionStart("p"), 0.0)
    done = tuple(NodeProgress(f"c{n}", 1, 1, "finished", f"c{n}") for n in range(5))
    for step in range(1, 8):
        running = NodeProgress("s", step, 480, "running", "s")
        tracker.take(ProgressState("p", (*done, running)), 0.1 + step / 33)
    eta = remaining(tracker, expectation(graph, graph, (), (), 1.0), 0.1 + 7 / 33)
    assert eta is not None
    assert abs(eta.seconds - (480 - 7) / 33) < 1.0
