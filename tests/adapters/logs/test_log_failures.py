"""Failures found by looks at bytes are those that are found by making records of all lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from ainf_tui.adapters.logs.failures import Failures
from ainf_tui.adapters.logs.file import Splitter
from ainf_tui.domain.errors.joining import LINE, Finding, Joiner
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.fold import Folder
from ainf_tui.domain.logs.records import RawLine

LINES = (
    b"got prompt",
    b"step",
    b"  indented",
    b"\tby a tab",
    b"",
    b"   ",
    "\N{IDEOGRAPHIC SPACE}far".encode(),
    b"\x1b[31mERR\x1b[0mOR: red",
    b"\x1b[32m  green\x1b[0m",
    b" 40%|####      | 4/10 [00:01<00:02]\r 50%|#####     | 5/10",
    b"ERROR: it broke",
    b"error: small",
    b"WARNING: not so grave",
    b"Traceback (most recent call last):",
    b"  Traceback (most recent call last):",
    b'  File "/opt/ComfyUI/nodes.py", line 3, in load',
    b"    import piexif",
    b"ModuleNotFoundError: No module named 'piexif'",
    b"During handling of the above exception, another exception occurred:",
    b"Cannot import /opt/ComfyUI/custom_nodes/impact module for custom nodes: No module named 'piexif'",
    b"Import times for custom nodes:",
    b"   0.1 seconds (IMPORT FAILED): /opt/ComfyUI/custom_nodes/impact",
    b"Failed to validate prompt for output 9:",
    b"* KSampler 3:",
    b"  - Value not in list: sampler_name",
    b"Output will be ignored",
    b"invalid prompt: {'type': 'x', 'message': 'y', 'details': ''}",
    b"!!! Exception during processing !!! no",
    b"2026-11-26 08:11:02.123 UTC [77] ERROR:  relation does not exist",
    b"2026-11-26 08:11:02.123 UTC [77] STATEMENT:  SELECT 1",
    b"2026-11-26 08:11:02.123 UTC [77] LOG:  checkpoint",
    b"2026-11-26 08:11:02,123 - root - ERROR - no",
    b"2026-11-26 08:11:02,123 - root - INFO - Traceback (most recent call last):",
    b"123:M 26 Nov 2026 08:11:02.123 # grave to Redis",
    b'{"level": 50, "msg": "by a number"}',
    b'{"level": "info", "msg": "well"}',
    b"<11>Nov 26 08:11:02 box program: by a severity",
    b"<14>Nov 26 08:11:02 box program: well",
    b"E1126 08:11:02.123456 77 x.cpp:1] by a letter",
    b"[rank0]:[E1126 08:11:02.123456 x.cpp:1] by a letter",
    b"[W1126 08:11:02.123456 x.cpp:1] less grave",
    b"Wait",
    b"\xff\xfe no text",
)


def all_records(lines: list[RawLine]) -> Iterator[Finding]:
    folder, joiner = Folder("web", Clock(datetime.now(UTC)), limit=LINE * 2, file="f"), Joiner()
    for line in lines:
        for record in folder.feed(line):
            yield from joiner.feed(record)
    for record in folder.flush():
        yield from joiner.feed(record)
    yield from joiner.flush()


def told(found: Finding) -> tuple[object, ...]:
    """Without the lines before, of which as many as are kept depend on where empty lines stand."""
    return found.start, found.level, found.message, found.lines, found.at, found.kind, found.node, found.name


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=40), st.sampled_from([1, 3, 100]))
def test_none_is_missed_and_none_is_another(written: list[bytes], together: int) -> None:
    lines = list(Splitter().feed(b"".join(line + b"\n" for line in written)))
    failures, found = Failures("web", "f"), list[Finding]()
    for start in range(0, len(lines), together):
        found += failures.feed(lines[start : start + together])
    found += failures.flush()
    assert [told(one) for one in found] == [told(one) for one in all_records(lines)]


def test_lines_before_a_failure_are_kept_though_they_were_passed_over() -> None:
    text = b"".join(b"step %d\n" % number for number in range(9)) + b"ERROR: it broke\nwell\n"
    failures = Failures("web", "f")
    (found,) = failures.feed(list(Splitter().feed(text)))
    assert found.context == tuple(f"step {number}" for number in range(4, 9))


def test_what_is_open_begins_where_a_failure_may_still_begin() -> None:
    failures = Failures("web", "f")
    for line in Splitter().feed(b"one\ntwo\n  more of it\n"):
        assert not list(failures.feed([line]))
    assert failures.open == (0, 4)
    assert not list(failures.flush())
    assert failures.open is None


def test_a_huge_line_does_not_wait_in_memory() -> None:
    failures = Failures("web", "f")
    for line in Splitter().feed((b"x" * 3_000_000 + b"\n") * 3):
        assert not list(failures.feed([line]))
    kept = [*failures._before, *(line.data for line in failures._passed)]
    assert sum(map(len, kept)) < 300_000


def test_whether_the_offsets_of_a_failure_are_those_of_now() -> None:
    failures = Failures("web", "f")
    assert not list(failures.feed(list(Splitter().feed(b"ERROR: one\n"))))
    failures.generation += 1
    told = [(found.message, failures.here) for found in failures.feed(list(Splitter().feed(b"ERROR: two\n")))]
    told += [(found.message, failures.here) for found in failures.flush()]
    assert told == [("one", False), ("two", True)]
