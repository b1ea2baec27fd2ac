"""Bytes of a terminal told apart, however they are cut into pieces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ainf_tui.tui.terminal.replies import Replies, x10_to_sgr

ANSWERS = [
    b"\x1b[0n",
    b"\x1b[2;2R",
    b"\x1b[?64;1;4c",
    b"\x1b[>41;379;0c",
    b"\x1b[6;16;8t",
    b"\x1b[?2026;2$y",
    b"\x1bP>|XTerm(379)\x1b\\",
    b"\x1b]11;rgb:0000/0000/0000\x1b\\",
    b"\x1b]11;rgb:0000/0000/0000\x07",
    b"\x1b_Gi=31;OK\x1b\\",
]
KEYS = [
    b"a",
    b"\x1b[A",
    b"\x1b[1;2R",
    b"\x1b[5~",
    b"\x1bOP",
    b"\x1b[27u",
    b"\x1b[I",
    b"\x1b[<0;1;1M",
    "é●".encode(),
]
PASTE = b"\x1b[200~x\x1b[0n\xff y\x1b[201~"


def fed(pieces, *, awaited):
    replies = Replies()
    text, answers = "", []
    for piece in pieces:
        more, found = replies.feed(piece, awaited=awaited)
        text += more
        answers += found
    return text + replies.release(), answers


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("awaited", [True, False])
def test_answer_is_taken_out(answer, awaited):
    assert fed([b"a" + answer + b"b"], awaited=awaited) == ("ab", [answer])


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("awaited", [True, False])
def test_key_is_passed_on(key, awaited):
    assert fed([key], awaited=awaited) == (key.decode(), [])


@settings(deadline=None)
@given(st.lists(st.sampled_from([*ANSWERS, *KEYS, PASTE]), max_size=8), st.data())
def test_pieces_do_not_matter_while_answers_are_awaited(parts, data):
    whole = b"".join(parts)
    places = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=6)))
    pieces = [whole[a:b] for a, b in zip([0, *places], [*places, len(whole)], strict=True)]
    assert fed(pieces, awaited=True) == fed([whole], awaited=True)
    assert fed([whole], awaited=True)[1] == [part for part in parts if part in ANSWERS]


@given(st.lists(st.binary(max_size=40), max_size=6), st.booleans())
def test_no_bytes_break_it(pieces, awaited):
    text, answers = fed(pieces, awaited=awaited)
    assert isinstance(text, str)
    assert all(answer.startswith(b"\x1b") for answer in answers)


def test_begin_of_an_answer_is_held_only_while_one_is_awaited():
    replies = Replies()
    assert replies.feed(b"\x1b", awaited=False) == ("\x1b", [])
    assert not replies.hold
    assert replies.feed(b"\x1b", awaited=True) == ("", [])
    assert replies.hold
    assert replies.release() == "\x1b"
    assert not replies.hold


@pytest.mark.parametrize(
    ("button", "column", "row", "sgr"),
    [
        (0, 1, 1, b"\x1b[<0;1;1M"),
        (2, 200, 90, b"\x1b[<2;200;90M"),
        (3, 5, 6, b"\x1b[<0;5;6m"),
        (3 + 16, 5, 6, b"\x1b[<16;5;6m"),
        (35, 5, 6, b"\x1b[<35;5;6M"),
        (65, 5, 6, b"\x1b[<65;5;6M"),
        (0, 0, 6, b""),
    ],
)
def test_old_mouse_reports(button, column, row, sgr):
    assert x10_to_sgr(b"\x1b[M" + bytes([32 + button, 32 + column, 32 + row])) == sgr
