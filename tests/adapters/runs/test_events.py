"""events.jsonl: a line is JSON whatever it is given, holds no secret, and costs itself where it was cut."""

from __future__ import annotations

import asyncio
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.adapters.runs.events import MAX_FIELDS, EventFile, make_event, read_back
from tests.fakes.runs import FIRST, SECRET, Box, hide

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def event(message="m", *, seq=1, **fields):
    return make_event((1, seq, FIRST), "info", "web", message, fields=fields, redact=hide)


def refuse(constant):
    raise AssertionError(constant)


@given(st.text(st.characters()), JSON)
def test_whatever_it_is_given_the_line_is_json(message, value):
    line = event(message, value=value).line
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert json.loads(line, parse_constant=refuse)["seq"] == 1


def test_odd_values_have_a_form():
    deep: list = []
    for _ in range(5000):
        deep = [deep]
    values = {
        "nan": math.nan,
        "lone": "\ud800x",
        "big": 1 << 99_999,
        "bytes": b"\xff",
        "deep": deep,
        "line": "a\u2028\x1b[31m\0",
    }
    fields = json.loads(event("\udfff", **values).line)["fields"]
    assert fields["nan"] is None
    assert fields["lone"] == "\N{REPLACEMENT CHARACTER}x"
    assert fields["line"].startswith("a\u2028")
    assert fields["big"].startswith("0x8000")
    assert set(fields) == set(values)


def test_huge_fields_are_cut_and_those_left_out_are_named():
    line = event("m" * 10**6, text="t" * 10**6, numbers=list(range(10_000)), small=1).line
    assert len(line) < MAX_FIELDS + 8_000
    found = json.loads(line)
    assert len(found["message"]) == 4_000
    assert found["fields"]["small"] == 1
    assert found["fields"]["clipped"] == ["numbers"]


@pytest.mark.parametrize("before", [0, 3_990, 65_530, 70_000])
def test_secrets_are_hidden_before_anything_is_cut(before):
    text = "x" * before + SECRET
    line = event(text, plain=text, nested={"list": [text]}).line.decode()
    assert "hunter2" not in line
    assert "hunt" not in line


def test_many_secrets_that_shrink_the_text_leave_no_half_one():
    assert b"hunt" not in event((SECRET + " ") * 10_000).line


async def test_a_line_cut_off_by_a_crash_costs_one_event(box):
    logs = box.engine()
    await logs.begin("test")
    logs.event("info", "web", "whole")
    await logs.aclose()
    path = box.folder / FIRST / "events.jsonl"
    path.write_bytes(path.read_bytes() + b'{"ts":1,"seq":3,"run":"2026')
    logs = box.engine()
    assert await logs.resume(FIRST)
    await logs.events()
    lines = box.lines()
    assert [line["seq"] for line in lines] == [1, 2, 3, 4]
    assert lines[2]["message"] == "An event was cut off here"
    assert lines[2]["fields"] == {"torn": '{"ts":1,"seq":3,"run":"2026'}


async def test_only_the_line_end_was_missing(box):
    logs = box.engine()
    await logs.begin("test")
    await logs.aclose()
    path = box.folder / FIRST / "events.jsonl"
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    logs = box.engine()
    assert await logs.resume(FIRST)
    await logs.events()
    assert [line["seq"] for line in box.lines()] == [1, 2]


@pytest.mark.parametrize("content", [b"", b"\n", b"not json\n", b"[" * 100_000 + b"\n", b"\xff" * 70_000])
async def test_garbage_costs_itself(box, content):
    path = box.folder / FIRST / "events.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    logs = box.engine()
    assert await logs.resume(FIRST)
    logs.event("info", "web", "goes on")
    assert (await logs.events())[-1]["message"] == "goes on"
    assert logs.trouble == ""
    (run,) = (await logs.runs()).runs
    assert run.status == "running"


def test_rotation_loses_no_line(tmp_path):
    path = tmp_path / "events.jsonl"
    file = EventFile(path, max_bytes=2_000)
    for seq in range(1, 101):
        assert file.append([event("x" * 60, seq=seq)]) is False
    assert [found["seq"] for found in read_back(path)] == list(range(100, 0, -1))
    assert path.stat().st_size < 2_300
    assert len(list(tmp_path.iterdir())) > 5
    # The next engine counts on across the pieces, also where the newest is empty.
    path.unlink()
    first, last = EventFile(path, 2_000).open()
    assert first is not None
    assert last is not None
    assert first["seq"] == 1
    assert 80 < last["seq"] < 100


def test_at_last_the_oldest_piece_goes(tmp_path):
    path = tmp_path / "events.jsonl"
    file = EventFile(path, max_bytes=1)
    for seq in range(1, 31):
        file.append([event(seq=seq)])
    assert [found["seq"] for found in read_back(path)] == list(range(30, 20, -1))


KILLED = """
import asyncio, sys
from pathlib import Path
from tests.fakes.runs import Box

async def main():
    box = Box(Path(sys.argv[1]))
    logs = box.engine()
    await logs.begin("killed")
    number = 0
    while True:
        number += 1
        logs.event("info", "web", f"event {number}", text="x" * 3000)
        if number % 50 == 0:
            await asyncio.sleep(0.001)
        if number == 200:
            await logs.events()
            print("ready", flush=True)

asyncio.run(main())
"""


@pytest.fixture
def engine(tmp_path):
    """A process that writes and writes."""
    command = [sys.executable, "-c", KILLED, str(tmp_path / "runs")]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env) as engine:
        yield engine
        engine.kill()


async def test_killed_while_it_writes_the_next_engine_counts_on(tmp_path, engine):
    assert await asyncio.wait_for(asyncio.to_thread(engine.stdout.readline), 20) == b"ready\n"
    engine.kill()
    await asyncio.to_thread(engine.wait)
    box = Box(tmp_path / "runs")
    (run,) = (await box.engine().runs()).runs
    assert run.status == "cut off"
    logs = box.engine()
    assert await logs.resume(run.id)
    logs.event("info", "web", "the next")
    await logs.events()
    seqs = [event["seq"] for event in box.lines(run.id)]
    await box.close()
    assert len(seqs) > 200
    assert seqs == list(range(1, len(seqs) + 1))
