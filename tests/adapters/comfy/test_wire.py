from __future__ import annotations

import json
import math
from dataclasses import fields, is_dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ainf_tui.adapters.comfy.values import KEPT
from ainf_tui.adapters.comfy.wire import parse_frame
from ainf_tui.domain.comfy import (
    Executed,
    Executing,
    ExecutionCached,
    ExecutionFailed,
    ExecutionInterrupted,
    ExecutionStart,
    ExecutionSuccess,
    FeatureFlags,
    MalformedMessage,
    NodeProgress,
    NodeText,
    Preview,
    Progress,
    ProgressState,
    QueueStatus,
    UnknownMessage,
)
from tests.adapters.comfy.recordings import SESSIONS, frames, session

CLASSES = {
    "status": QueueStatus,
    "execution_start": ExecutionStart,
    "execution_cached": ExecutionCached,
    "progress_state": ProgressState,
    "progress": Progress,
    "executing": Executing,
    "executed": Executed,
    "execution_success": ExecutionSuccess,
    "execution_error": ExecutionFailed,
    "execution_interrupted": ExecutionInterrupted,
    "feature_flags": FeatureFlags,
    "logs": UnknownMessage,
    1: Preview,
    3: NodeText,
    4: Preview,
}


def one(frame):
    raw = frame if isinstance(frame, str | bytes) else json.dumps(frame)
    (event,) = parse_frame(raw)
    return event


def events_of(name):
    return [event for _, raw in frames(session(name)) for event in parse_frame(raw)]


def test_the_recordings_are_there():
    assert len(SESSIONS) == 62


@pytest.mark.parametrize("path", SESSIONS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_recorded_frame_becomes_the_event_of_its_kind(path):
    for line, raw in frames(path):
        kind = line["data"]["type"] if line["type"] == "text" else line["event"]
        assert type(one(raw)) is CLASSES[kind], line


def test_first_status_and_the_rest():
    assert one(
        '{"type":"status","data":{"status":{"exec_info":{"queue_remaining":2}},"sid":"x"}}'
    ) == QueueStatus(2)


def test_progress_state_has_all_nodes_so_far_with_the_node_they_stand_for():
    state = next(
        e for e in events_of("v_node_expansion") if isinstance(e, ProgressState) and len(e.nodes) > 2
    )
    inner = next(n for n in state.nodes if "." in n.node)
    assert inner.display_node == inner.node.partition(".")[0]
    assert inner.parent_node == inner.display_node


def test_a_reconnected_socket_hears_executing_without_a_prompt_id():
    raw = '{"type": "executing", "data": {"node": "3"}}'
    assert one(raw) == Executing(None, "3", "3")
    assert Executing(None, "3", "3") in events_of("h2_reconnect_same_client_id")


def test_the_last_frame_of_a_prompt_is_executing_without_a_node():
    last = [e for e in events_of("e_interrupted") if isinstance(e, Executing)][-1]
    assert last.node is None
    assert last.prompt_id


def test_an_executing_frame_that_lost_its_node_does_not_end_the_prompt():
    assert isinstance(one({"type": "executing", "data": {"prompt_id": "a"}}), MalformedMessage)
    assert isinstance(one({"type": "executing", "data": {"prompt_id": "a", "node": []}}), MalformedMessage)


def test_execution_error_keeps_what_explains_it():
    error = next(e for e in events_of("d_execution_error") if isinstance(e, ExecutionFailed))
    assert (error.node, error.node_class) == ("3", "VAEDecode")
    assert error.exception_type == "RuntimeError"
    assert error.exception_message
    assert not error.exception_message.endswith("\n")
    assert error.traceback
    assert set(error.current_inputs) == {"samples", "vae"}
    assert error.timestamp == pytest.approx(1795393859, abs=60)
    assert not error.blocked_only


def test_execution_blocked_is_marked_and_has_no_time():
    error = next(e for e in events_of("w_execution_blocked") if isinstance(e, ExecutionFailed))
    assert error.blocked_only
    assert error.timestamp is None


def test_huge_error_inputs_are_shortened():
    data = {"prompt_id": "a", "current_inputs": {"image": ["t" * 100_000], "n": 3}}
    event = one({"type": "execution_error", "data": data})
    assert len(event.current_inputs["image"][0]) == 4096
    assert event.current_inputs["n"] == 3


def test_executed_of_a_cached_node_without_ui_has_no_output():
    event = one({"type": "executed", "data": {"node": "9", "output": None, "prompt_id": "a"}})
    assert event == Executed("a", "9", "9", None)


def test_an_odd_output_is_reported_and_the_event_kept():
    raw = json.dumps({"type": "executed", "data": {"node": "9", "output": [1], "prompt_id": "a"}})
    event, complaint = parse_frame(raw)
    assert event == Executed("a", "9", "9", None)
    assert isinstance(complaint, MalformedMessage)


def test_nan_and_infinity_cost_the_number_and_nothing_else():
    raw = (
        '{"type":"progress_state","data":{"prompt_id":"a","nodes":{"3":{"value":NaN,"max":Infinity,'
        '"state":"running"},"4":{"value":2,"max":4.0,"state":"running","display_node_id":"1"}}}}'
    )
    assert one(raw) == ProgressState(
        "a",
        (NodeProgress("3", 0.0, 0.0, "running", "3"), NodeProgress("4", 2.0, 4.0, "running", "1")),
    )
    assert one('{"type":"progress","data":{"value":-Infinity,"max":1e999,"node":"3"}}') == Progress(
        None, "3", 0.0, 0.0
    )
    output = one('{"type":"executed","data":{"node":1,"prompt_id":"a","output":{"x":[NaN]}}}')
    assert output == Executed("a", "1", "1", {"x": [None]})


def test_one_bad_node_costs_one_node():
    data = {"prompt_id": "a", "nodes": {"3": "?", "4": {"value": 1, "max": 2, "state": "running"}}}
    state, complaint = parse_frame(json.dumps({"type": "progress_state", "data": data}))
    assert state == ProgressState("a", (NodeProgress("4", 1.0, 2.0, "running", "4"),))
    assert isinstance(complaint, MalformedMessage)


def test_ids_are_storable_and_numbers_as_ids_are_taken():
    raw = '{"type":"executing","data":{"node":"a\\u0000","prompt_id":"\\ud800"}}'
    assert one(raw) == Executing("\ufffd", "a\u2400", "a\u2400")
    assert one('{"type":"executing","data":{"node":7,"prompt_id":1}}') == Executing("1", "7", "7")


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "{",
        "null",
        "[]",
        "{}",
        '{"type":5}',
        '{"type":"status"}',
        '{"type":"status","data":{"status":null}}',
        '{"type":"execution_start","data":{}}',
        '{"type":"execution_cached","data":{"prompt_id":"a"}}',
        '{"type":"progress_state","data":{"prompt_id":"a","nodes":[]}}',
        '{"type":"progress_state","data":{"nodes":{}}}',
        '{"type":"progress","data":{"node":"3"}}',
        '{"type":"executed","data":{"node":"3"}}',
        '{"type":"execution_error","data":{"prompt_id":null}}',
        "[" * 100_000,
        b"",
        b"\0\0\0\1",
        b"\0\0\0\1\0\0\0\1",
        b"\0\0\0\3\0\0\0\x09abc",
        b"\0\0\0\4\0\0\xff\xff{}",
        b"\0\0\0\4\0\0\0\2[]\xff",
        b"\0\0\0\4\0\0\0\1{\xff",
    ],
)
def test_malformed_frames_say_what_is_wrong_and_keep_their_beginning(raw):
    event = one(raw)
    assert isinstance(event, MalformedMessage)
    assert event.reason
    assert len(event.raw) <= KEPT


def test_unknown_kinds_are_kept():
    raw = '{"type":"crystools.monitor","data":{"cpu":' + "1" * 9000 + "}}"
    event = one(raw[:60] + '"}}')
    assert isinstance(event, MalformedMessage)
    event = one({"type": "crystools.monitor", "data": {"cpu": "1" * 9000}})
    assert isinstance(event, UnknownMessage)
    assert event.kind == "crystools.monitor"
    assert len(event.raw) == KEPT
    assert one(b"\0\0\0\x63payload!") == UnknownMessage("binary 99", b"\0\0\0\x63payload!".hex())
    assert one(b"\0\0\0\1\0\0\0\7x") == UnknownMessage("binary 1, format 7", b"\0\0\0\1\0\0\0\7x".hex())


def test_previews_without_and_with_metadata():
    assert one(b"\0\0\0\1\0\0\0\1\xff\xd8\xff") == Preview(None, None, None, "image/jpeg", b"\xff\xd8\xff")
    assert one(b"\0\0\0\1\0\0\0\2\x89PNG") == Preview(None, None, None, "image/png", b"\x89PNG")
    meta = json.dumps({"node_id": "5.0", "prompt_id": "a", "display_node_id": "5", "image_type": "image/png"})
    raw = b"\0\0\0\4" + len(meta).to_bytes(4) + meta.encode() + b"\x89PNG"
    assert one(raw) == Preview("a", "5.0", "5", "image/png", b"\x89PNG")
    evil = raw.replace(b"image/png", b"\x1b]0;x\x07 ")
    assert isinstance(one(evil), MalformedMessage)
    other = json.dumps({"node_id": "5", "image_type": "text/html"})
    raw = b"\0\0\0\4" + len(other).to_bytes(4) + other.encode() + b"x"
    assert one(raw) == Preview(None, "5", "5", "application/octet-stream", b"x")


def test_text_frames_have_a_node_and_no_prompt():
    texts = [e for e in events_of("t3_text_event_core_observer") if isinstance(e, NodeText)]
    assert texts
    assert texts[0].text.startswith("width: 320")
    assert one(b"\0\0\0\3\0\0\0\1" + b"7\xff\0") == NodeText("7", "\ufffd\u2400")


def strings_in(value):
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from strings_in(getattr(value, field.name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from strings_in(key)
            yield from strings_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from strings_in(item)
    elif isinstance(value, float):
        assert math.isfinite(value)


def check(raw):
    events = parse_frame(raw)
    assert events
    for text in strings_in(events):
        assert "\0" not in text
        text.encode()


json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    [
        "prompt_id",
        "node",
        "nodes",
        "value",
        "max",
        "output",
        "display_node",
        "node_id",
        "timestamp",
        "status",
        "exec_info",
        "queue_remaining",
        "traceback",
        "current_inputs",
        "executed",
        "exception_type",
        "state",
    ]
)
tree = st.recursive(json_value, lambda inner: st.dictionaries(names, inner, max_size=8), max_leaves=20)


@settings(deadline=None)
@given(st.sampled_from([k for k in CLASSES if isinstance(k, str)]), tree)
def test_any_data_in_a_known_frame_gives_events(kind, data):
    check(json.dumps({"type": kind, "data": data}))


@settings(deadline=None)
@given(st.text(st.characters(), max_size=80) | tree.map(json.dumps))
def test_any_text_gives_events(raw):
    check(raw)


@settings(deadline=None)
@given(st.binary(max_size=60), st.integers(0, 5), st.integers(0, 70))
def test_any_bytes_give_events(rest, event, word):
    check(rest)
    check(event.to_bytes(4) + word.to_bytes(4) + rest)


@settings(deadline=None)
@given(st.sampled_from([raw for p in SESSIONS[:12] for _, raw in list(frames(p))[:8]]), st.data())
def test_recorded_frames_cut_anywhere_give_events(raw, data):
    check(raw[: data.draw(st.integers(0, len(raw)))])
