"""Frames in, progress out: never backwards, nodes by title, ends by the right frame."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain.comfy import (
    ComfyEvent,
    Executed,
    Executing,
    ExecutionCached,
    ExecutionFailed,
    ExecutionInterrupted,
    ExecutionStart,
    ExecutionSuccess,
    NodeProgress,
    Progress,
    ProgressState,
)
from ainf_tui.domain.progress import Tracker, guessed_weights, node_ref

GRAPH = {
    "4": {"class_type": "CheckpointLoaderSimple", "_meta": {"title": "Load [Checkpoint]"}, "inputs": {}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "x"}},
    "3": {"class_type": "KSampler", "_meta": {"title": "Sampler"}, "inputs": {"steps": 20}},
    "9": {"class_type": "SaveImage", "inputs": {}},
}
NEEDED = frozenset(GRAPH)


def tracker() -> Tracker:
    return Tracker("p", GRAPH, NEEDED)


def state(**nodes: tuple[float, float, str]) -> ProgressState:
    return ProgressState("p", tuple(NodeProgress(n[1:], v, m, s, n[1:]) for n, (v, m, s) in nodes.items()))


def test_a_job_from_start_to_end() -> None:
    t = tracker()
    assert t.snapshot(0.0).started is False
    t.take(ExecutionStart("p", 1000.0), 1.0)
    t.take(ExecutionCached("p", ("4",)), 1.0)
    t.take(state(_6=(0, 1, "running")), 1.1)
    t.take(state(_6=(1, 1, "finished"), _3=(0, 20, "running")), 1.2)
    t.take(Executing("p", "3"), 1.2)
    before = t.snapshot(1.2).fraction
    for step in range(1, 11):
        t.take(state(_6=(1, 1, "finished"), _3=(step, 20, "running")), 1.2 + step * 0.5)
    half = t.snapshot(6.2)
    assert before < half.fraction < 0.6
    assert half.node is not None
    assert (half.node.title, half.step, half.steps) == ("Sampler", 10, 20)
    assert half.rate is not None
    assert abs(half.rate - 2.0) < 1e-6
    assert half.elapsed is not None
    assert abs(half.elapsed - 5.2) < 1e-6
    t.take(ExecutionSuccess("p"), 11.0)
    assert not t.closed
    t.take(Executing("p", None), 11.1)
    assert t.closed
    assert t.end is not None
    assert t.end.outcome == "success"
    assert t.snapshot(11.1).fraction == 1.0


def test_a_cached_node_is_no_measured_one() -> None:
    """ComfyUI tells it among the finished ones, too, after no time at all."""
    t = tracker()
    t.take(ExecutionCached("p", ("4",)), 1.0)
    t.take(state(_4=(1, 1, "finished"), _6=(0, 1, "running")), 1.1)
    t.take(state(_4=(1, 1, "finished"), _6=(1, 1, "finished")), 3.1)
    assert {n.ref.id: n.state for n in t.nodes()} == {
        "4": "cached",
        "6": "finished",
        "3": "pending",
        "9": "pending",
    }
    assert (t.node_seconds("4"), t.node_seconds("6")) == (None, 2.0)


def test_steps_weigh_more_than_nodes_while_nothing_is_measured() -> None:
    weights = guessed_weights(GRAPH, NEEDED)
    assert abs(sum(weights.values()) - 1.0) < 1e-9
    assert abs(weights["3"] - 0.8) < 1e-9


def test_a_blocked_branch_is_not_the_end() -> None:
    t = tracker()
    t.take(ExecutionFailed("p", "6", "CLIPTextEncode", "ExecutionBlocked", "blocked: no face"), 1.0)
    assert t.end is None
    assert t.blocked is not None
    t.take(ExecutionSuccess("p"), 2.0)
    assert t.end is not None
    assert t.end.outcome == "success"


def test_an_error_keeps_its_node_and_wins_over_the_closing_frame() -> None:
    t = tracker()
    t.take(ExecutionFailed("p", "3", "KSampler", "RuntimeError", "no"), 1.0)
    t.take(Executing("p", None), 1.1)
    assert t.end is not None
    assert t.end.outcome == "failed"
    assert t.end.error is not None
    assert t.end.error.node == "3"


def test_an_interrupt_is_its_own_end() -> None:
    t = tracker()
    t.take(ExecutionInterrupted("p", "3", "KSampler"), 1.0)
    assert t.end is not None
    assert t.end.outcome == "interrupted"


def test_an_old_server_without_progress_state_shows_steps_too() -> None:
    t = tracker()
    t.take(ExecutionStart("p"), 0.0)
    t.take(Executing("p", "4"), 0.1)
    t.take(Executing("p", "3"), 0.2)
    t.take(Progress("p", "3", 10, 20), 1.0)
    snapshot = t.snapshot(1.0)
    assert (snapshot.step, snapshot.steps) == (10, 20)
    assert 0.4 < snapshot.fraction < 0.6
    assert t.share("4") == 1.0


def test_a_node_made_at_run_time_is_shown_by_its_parent() -> None:
    assert node_ref(GRAPH, "3.0.0.1").title == "Sampler"
    t = tracker()
    t.take(ProgressState("p", (NodeProgress("3.0.0.1", 1, 1, "finished", "3", "3"),)), 1.0)
    assert "3.0.0.1" in t.needed
    assert 0 < t.snapshot(1.0).fraction < 1


def test_files_of_executed_frames_are_kept() -> None:
    t = tracker()
    t.take(Executed("p", "9", "9", {"images": [{"filename": "a.png"}]}), 1.0)
    t.take(Executed("p", "6", "6", None), 1.0)
    assert set(t.executed) == {"9"}


STATES = ["running", "finished", "odd"]
node_ids = st.sampled_from([*GRAPH, "3.0.1", "unknown"])
numbers = st.floats(min_value=-5, max_value=60, allow_nan=False)
events: st.SearchStrategy[ComfyEvent] = st.one_of(
    st.builds(ExecutionStart, st.just("p")),
    st.builds(ExecutionCached, st.just("p"), st.lists(node_ids, max_size=4).map(tuple)),
    st.builds(
        ProgressState,
        st.just("p"),
        st.lists(
            st.builds(
                NodeProgress,
                node_ids,
                numbers,
                numbers,
                st.sampled_from(STATES),
                node_ids,
            ),
            max_size=5,
        ).map(tuple),
    ),
    st.builds(Executing, st.just("p"), st.none() | node_ids),
    st.builds(Progress, st.just("p"), st.none() | node_ids, numbers, numbers),
    st.builds(ExecutionSuccess, st.just("p")),
)


@given(st.lists(events, max_size=40))
def test_the_fraction_never_goes_backwards_and_stays_in_bounds(frames: list[ComfyEvent]) -> None:
    t = tracker()
    last = 0.0
    for at, frame in enumerate(frames):
        t.take(frame, float(at))
        snapshot = t.snapshot(float(at))
        assert last <= snapshot.fraction <= 1.0
        assert snapshot.rate is None or snapshot.rate > 0
        last = snapshot.fraction
        t.nodes()
