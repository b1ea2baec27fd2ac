"""Copying says what was done and never more; nothing of a text is obeyed by the terminal."""

from __future__ import annotations

import base64
import re
import stat
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.tui.terminal.clipboard import MOST, Way, copy, osc52, way_here
from ainf_tui.tui.terminal.notify import notification, title

LOCAL = {"TERM": "xterm", "DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}


def every_tool(name):
    return f"/usr/bin/{name}"


def test_tool_only_where_it_reaches_the_right_clipboard():
    assert way_here(LOCAL, every_tool).tool == ("wl-copy",)
    assert way_here({"DISPLAY": ":0"}, every_tool).tool[0] == "xclip"
    assert way_here({**LOCAL, "SSH_TTY": "/dev/pts/1"}, every_tool) == Way()
    assert way_here(LOCAL, lambda _: None).tool == ()
    assert way_here({"TERM": "linux"}, lambda _: None).terminal is False


def test_through_the_terminal(tmp_path):
    sent: list[str] = []
    done = copy("naïve ●", Way(), sent.append, tmp_path)
    match = re.fullmatch(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\a", "".join(sent))
    assert match
    assert base64.b64decode(match[1]).decode() == "naïve ●"
    assert (done.how, done.characters, done.bytes, done.cut) == ("terminal", 7, 10, 0)
    assert done.sentence == (
        "sent 7 characters to the terminal (OSC 52); whether it takes them is its own setting"
    )


def test_in_tmux_both_forms(tmp_path):
    sent: list[str] = []
    done = copy("x", Way(multiplexer="tmux"), sent.append, tmp_path)
    assert "".join(sent) == "\x1b]52;c;eA==\a\x1bPtmux;\x1b\x1b]52;c;eA==\a\x1b\\"
    assert "set-clipboard" in done.sentence


def test_too_long_is_cut_and_said(tmp_path):
    text = "●" * 40_000
    sent: list[str] = []
    done = copy(text, Way(), sent.append, tmp_path)
    assert len(re.sub(r"\x1b\]52;c;|\a", "", "".join(sent))) <= MOST
    assert done.cut == len(text) - done.characters > 0
    assert f"without the last {done.cut:,}" in done.sentence


@given(st.text(max_size=200), st.sampled_from(["", "tmux", "screen"]))
def test_no_text_leaves_its_sequence(text, mux):
    sequence, kept = osc52(text, mux)
    assert kept == len(text)
    assert set(re.sub(r"\x1bP(tmux;)?|\x1b+\]52;c;|\a|\x1b\\", "", sequence)) <= {
        *"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
    }


def test_by_tool(tmp_path):
    taker = tmp_path / "taken"
    tool = (sys.executable, "-c", f"import sys; open({str(taker)!r}, 'wb').write(sys.stdin.buffer.read())")
    sent: list[str] = []
    done = copy("text", Way(tool=tool), sent.append, tmp_path)
    assert taker.read_text() == "text"
    assert sent == []
    assert done.sentence.startswith("copied 4 characters (")


def test_tool_that_fails_is_not_believed(tmp_path):
    sent: list[str] = []
    done = copy("text", Way(tool=(sys.executable, "-c", "raise SystemExit(1)")), sent.append, tmp_path)
    assert done.how == "terminal"
    assert sent


def test_else_into_a_private_file(tmp_path):
    (tmp_path / "clipboard.txt").write_text("old")
    done = copy("one", Way(terminal=False), pytest.fail, tmp_path)
    target = tmp_path / "clipboard.txt"
    assert done.path == target
    assert target.read_text() == "one"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert done.sentence == f"wrote 3 characters to {done.path}"
    assert [path.name for path in tmp_path.iterdir()] == ["clipboard.txt"]


@given(st.text(max_size=300))
def test_notification_and_title_stay_in_their_sequence(text):
    for sequence, begin in ((notification(text), "\x1b]9;"), (title(text), "\x1b]2;")):
        assert sequence.startswith(begin)
        assert sequence.endswith("\a")
        assert not re.search(r"[\x00-\x1f\x7f-\x9f]", sequence[len(begin) : -1])


def test_notification_is_no_command_of_another_terminal():
    assert notification("4;1;50") == "\x1b]9; 4;1;50\a"


def test_notification_through_tmux():
    assert notification("done", "tmux") == "\x1bPtmux;\x1b\x1b]9;done\a\x1b\\"
