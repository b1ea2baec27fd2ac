"""The log in ComfyUI's memory, looked at again and again, is one log without holes or doubles."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.heads import read_head
from ainf_tui.domain.logs.recent import BUFFER, Recent, Write, offset_of

RECORDED = Path(__file__).parents[1] / "data" / "comfyui" / "http" / "internal_logs_raw.json"
CLOCK = Clock(datetime(2026, 11, 27, tzinfo=UTC))


def writes(*texts: str, first: int = 0) -> list[Write]:
    return [Write(f"2026-11-26T10:00:00.{first + n:06d}", text) for n, text in enumerate(texts)]


@given(st.lists(st.sampled_from(["a\n", "b\n", "a", "\r 1%", "\n"]), max_size=900), st.data())
def test_looks_give_each_write_once(texts, data):
    """As long as less is written between two looks than the buffer holds."""
    every = [Write(f"t{n}", text) for n, text in enumerate(texts)]
    whole, bits, recent, at = Recent(), [], Recent(), 0
    while at < len(every):
        at = min(len(every), at + data.draw(st.integers(1, BUFFER - 1)))
        bits.append(recent.take(every[max(0, at - BUFFER) : at]))
    assert "".join(bits) == whole.take(every)
    assert recent.gaps == 0


def test_what_fell_out_of_the_buffer_is_told():
    recent = Recent()
    recent.take(writes(*["x\n"] * BUFFER))
    recent.take(writes(*["y\n"] * BUFFER, first=1_000))
    assert recent.gaps == 1


def test_a_server_that_began_anew_has_lost_nothing():
    recent = Recent()
    recent.take(writes("old\n", "older\n"))
    assert recent.take(writes("new\n", first=500)).endswith("new\n")
    assert recent.gaps == 0


def test_a_write_says_when_and_what_goes_on_does_not():
    recent = Recent()
    text = recent.take(
        writes(
            "got prompt\n",
            "!!! Exception during processing !!! boom\n",
            "Traceback (most recent call last):\n  File x\nValueError: boom\n",
            "half ",
            "a line\n",
            "\r 50%|#####     | 1/2",
            "\r100%|##########| 2/2",
            "\n",
            "done\n",
        )
    )
    assert [line[27:] if line.startswith("2026") else line for line in text.split("\n")] == [
        "got prompt",
        "!!! Exception during processing !!! boom",
        "Traceback (most recent call last):",
        "  File x",
        "ValueError: boom",
        "half a line",
        "\r2026-11-26 10:00:00.000005  50%|#####     | 1/2\r2026-11-26 10:00:00.000006 100%|##########| 2/2",
        "done",
        "",
    ]


def test_the_recorded_buffer():
    entries = json.loads(RECORDED.read_text("utf-8"))["json"]["entries"]
    recent = Recent()
    text = recent.take([Write(entry["t"], entry["m"]) for entry in entries])
    assert "Checkpoint files will always be loaded safely." in text.split("\n")[0]
    assert recent.take([Write(entry["t"], entry["m"]) for entry in entries]) == ""


@pytest.mark.parametrize(
    ("local", "offset"),
    [
        ("2026-11-26T21:58:52.700000", "+00:00"),
        ("2026-11-27T06:58:52.100000", "+09:00"),
        ("2026-11-27T03:28:53", "+05:30"),
        ("2026-11-26T18:28:52.7", "-03:30"),
        ("2026-11-26T22:05:00", ""),
        ("2026-11-28T21:58:52", ""),
        ("yesterday", ""),
    ],
)
def test_the_zone_of_a_server_is_told_by_the_end_of_a_prompt(local, offset):
    """ComfyUI writes local time without a zone in its log, milliseconds since 1970 in its history."""
    ended = datetime(2026, 11, 26, 21, 58, 52, 650_000, tzinfo=UTC)
    said = [
        Write("2026-11-26T01:00:00", "Prompt executed in 9.00 seconds\n"),
        Write(local, "Prompt executed in 0.16 seconds\n"),
        Write(local, "got prompt\n"),
    ]
    assert offset_of(said, ended) == offset
    assert offset_of(said[2:], ended) == "", "nothing tells"


PRINTED = RECORDED.parents[1] / "memory" / "v0.3.64_prints.json"


def test_a_time_before_a_line_makes_no_syslog_of_it():
    """`root warning: error rate 3%` was an error of the program `warning` on the host `root`."""
    head = read_head(
        Recent().take([Write("2026-11-27T00:42:06.271618+00:00", "root warning: error rate 3%")]), CLOCK
    )
    assert head is not None
    assert (head.format, head.message, head.level) == ("dated", "root warning: error rate 3%", None)
    assert head.at == datetime(2026, 11, 27, 0, 42, 6, 271_618, tzinfo=UTC)


@pytest.mark.parametrize("pieces", [1, 3, 1_000])
def test_a_traceback_that_was_printed_piece_by_piece_ends_with_its_exception(pieces):
    """`traceback.print_exc()` and the end of a thread write a line at a time, or less."""
    entries = json.loads(PRINTED.read_text("utf-8"))["entries"]
    every = [Write(entry["t"], entry["m"]) for entry in entries]
    recent, text = Recent(), ""
    for end in range(pieces, len(every) + pieces, pieces):
        text += recent.take(every[:end])
    lines = text.split("\n")
    assert "ValueError: in a thread" in lines
    assert "KeyError: 'printed'" in lines
    assert "2026-11-27 00:42:07.147455 Prompt executed in 0.30 seconds" in lines


def test_a_reader_that_begins_within_a_traceback_knows_it():
    recent = Recent()
    begun = writes("Traceback (most recent call last):\n", "  File x\n")
    recent.skip(begun)
    assert recent.take([*begun, *writes("KeyError: 1\n", "next\n", first=10)]) == (
        "KeyError: 1\n2026-11-26 10:00:00.000011 next\n"
    )
