"""The log in a ComfyUI's memory: each failure once, however it is looked at and by whom."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ainf_tui.adapters.logs.memory_tail import EVERY, LATER, MemoryTail
from ainf_tui.domain.errors.reports import LogPlace
from ainf_tui.domain.logs.recent import BUFFER, Write
from ainf_tui.domain.ports_error_sources import Turn
from ainf_tui.errors import AinfError

PLACE = LogPlace("comfyui", "r1", "backend:default")
PRINTED = Path(__file__).parents[2] / "data" / "comfyui" / "memory" / "v0.3.64_prints.json"


class Server:
    """Keeps its last writes. `away`: it does not answer."""

    def __init__(self, *, timed: bool = True) -> None:
        self.written: list[Write] = []
        self.away = False
        self.asked = 0
        self._timed = timed
        self._count = 0

    def write(self, text: str) -> None:
        self._count += 1
        at = f"2026-11-26T10:{self._count // 60:02d}:{self._count % 60:02d}.000001"
        self.written = [*self.written, Write(at if self._timed else "", text)][-BUFFER:]

    def writes(self) -> Sequence[Write]:
        self.asked += 1
        if self.away:
            raise AinfError("logs.backend_away", "away")
        return list(self.written)

    def close(self) -> None:
        self.asked += 0


class Reader:
    """One process after another that keeps what it has found together with its mark."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.now = 0.0
        self.mark = ""
        self.told: list[str] = []
        self.tail = self.another()

    def another(self) -> MemoryTail:
        self.tail = MemoryTail(PLACE, lambda: self.server, self.mark, clock=lambda: self.now)
        return self.tail

    def look(self, *, stored: bool = True) -> Turn:
        self.now += EVERY + LATER
        turn = self.tail.poll()
        if stored:
            self.told += [told.report.message for told in turn.told]
            self.mark = turn.mark or self.mark
        return turn


def test_a_failure_is_told_with_its_time_and_the_lines_before_it() -> None:
    server = Server()
    server.write("got prompt\n")
    server.write("!!! Exception during processing !!! no\n")
    server.write("Traceback (most recent call last):\n")
    server.write('  File "/opt/nodes.py", line 3, in f\n    f()\nValueError: no\n')
    server.write("Prompt executed in 0.1 seconds\n")
    reader = Reader(server)
    (told,) = reader.look().told
    report = told.report
    assert (report.service, report.file, report.start) == ("comfyui", "backend:default", None)
    assert report.lines[-1] == "ValueError: no"
    assert report.context == ("2026-11-26 10:00:01.000001 got prompt",)
    assert report.at is not None
    assert report.at.minute == 0
    assert report.at.second == 2
    assert told.twin is not None
    assert reader.look().told == ()


def test_it_is_asked_now_and_then_and_one_that_is_away_less_often() -> None:
    server = Server()
    reader = Reader(server)
    reader.look()
    reader.tail.poll()
    assert server.asked == 1
    server.away = True
    reader.look()
    reader.now += EVERY + 1
    reader.tail.poll()
    assert server.asked == 2
    server.away = False
    server.write("ERROR: it broke\n")
    server.write("well\n")
    assert [told.report.message for told in reader.look().told] == ["it broke"]


def test_another_server_process_is_read_from_its_beginning() -> None:
    server = Server()
    server.write("ERROR: one\n")
    server.write("well\n")
    reader = Reader(server)
    reader.look()
    server.written = []
    server.write("ERROR: two\n")
    server.write("well\n")
    reader.another()
    reader.look()
    assert reader.told == ["one", "two"]


STEPS = st.lists(st.sampled_from(["line", "error", "half", "look", "lost", "die"]), min_size=1, max_size=40)


@settings(max_examples=150, deadline=None)
@given(STEPS, st.booleans())
def test_whatever_happens_each_failure_is_told_once(steps: list[str], timed: bool) -> None:
    server, written = Server(timed=timed), []
    reader = Reader(server)
    server.write("begin\n")
    reader.look()
    for number, step in enumerate(steps):
        if step == "line":
            server.write(f"step {number}\n")
        elif step == "error":
            written.append(f"no {number}")
            if not server.written[-1].text.endswith("\n"):
                server.write("\n")
            server.write(f"ERROR: no {number}\n")
        elif step == "half":
            server.write(f"{number}...")
        elif step == "look":
            reader.look()
        elif step == "lost":  # Found, and dead before it was kept.
            reader.look(stored=False)
            reader.another()
        else:
            reader.another()
    server.write("\nend\n")
    for _ in range(3):
        reader.look()
    assert [text for text in reader.told if "no " in text] == written


def test_what_a_node_prints_of_an_exception_is_one_failure_at_the_time_of_its_lines() -> None:
    """It was two: one without the exception, titled `~~^^^`, at the time of the look; and the exception."""
    server = Server()
    entries = json.loads(PRINTED.read_text("utf-8"))["entries"]
    server.written = [Write(entry["t"], entry["m"]) for entry in entries]
    found = [told.report for told in Reader(server).look().told]
    assert [report.message for report in found] == [
        "Exception in thread Thread-2 (bad):",
        "ValueError: invalid literal for int() with base 10: 'nope'",
        "[My Node] ERROR: coloured error print",
        "Error: something small went wrong, going on",
        "in brackets",
        "KeyError: 'printed'",
    ]
    assert found[0].lines[-1] == "ValueError: in a thread"
    local = [
        datetime.fromisoformat(entries[0]["t"]).astimezone(),
        datetime.fromisoformat(entries[-1]["t"]).astimezone(),
    ]
    assert all(report.at is not None and local[0] <= report.at <= local[1] for report in found)
