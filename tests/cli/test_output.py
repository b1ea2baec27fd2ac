from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.cli import exits
from ainf_tui.cli.output import Output, PipeClosedError, encode
from ainf_tui.errors import AinfError, NotFoundError, UnreachableError
from tests.cli.fakes import Terminal, make_job


class Closed(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def output(stdout: io.TextIOBase | None = None, stderr: io.TextIOBase | None = None, **env: str) -> Output:
    return Output(io.StringIO(), stdout or io.StringIO(), stderr or io.StringIO(), env)  # type: ignore[arg-type]  # text streams all


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(json_values, st.booleans())
def test_json_means_the_same_and_holds_nothing_a_terminal_obeys(value, pretty):
    text = encode(value, pretty=pretty)
    assert json.loads(text) == value
    assert not any(char in text for char in "\x1b\x7f\x9b\u202e\u2066\u2028\ufeff")


def test_times_are_utc_and_nan_is_null():
    document = json.loads(encode(make_job(eta=float("nan"))))
    assert document["created_at"] == "2026-01-02T03:04:05Z"
    assert document["eta"] is None


def test_json_is_utf8_whatever_the_locale():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    output(stream).emit({"prompt": "猫"})
    assert json.loads(raw.getvalue().decode("utf-8")) == {"prompt": "猫"}


def test_text_that_the_locale_cannot_show_is_escaped_not_fatal():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    output(stream).line("猫 \ud800")
    assert raw.getvalue() == b"\\u732b \\ud800\n"


def test_errors_for_people_and_for_programs():
    stream = io.StringIO()
    out = output(stderr=stream)
    error = NotFoundError(
        "job.not_found", "There is no job \x1b[31m9.", hint="One.\nTwo.", details={"job": 9}
    )
    assert out.error(error) == exits.NOT_FOUND
    assert stream.getvalue() == "ainf: There is no job ␛[31m9.\n  One.\n  Two.\n"
    out.json = True
    assert out.error(UnreachableError("a.b", "c")) == exits.UNREACHABLE
    assert json.loads(stream.getvalue().splitlines()[-1]) == {
        "schema": "ainf.error/1",
        "error": {"code": "a.b", "message": "c", "hint": "", "details": {}},
    }


def test_a_closed_stdout_ends_and_a_closed_stderr_only_silences():
    with pytest.raises(PipeClosedError):
        output(Closed()).line("data")
    out = output(stderr=Closed())
    out.note("lost")
    out.line("goes on")


def test_a_full_disk_behind_stdout_is_told():
    with pytest.raises(AinfError) as caught:
        output(Full()).line("data")
    assert caught.value.code == "cli.output"
    assert "No space left" in caught.value.message


def test_narration_is_left_out_with_json():
    stream = io.StringIO()
    out = output(stderr=stream)
    out.json = True
    out.note("for people")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("tty", "env", "coloured"),
    [
        (True, {"TERM": "xterm"}, True),
        (False, {"TERM": "xterm"}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colour_only_where_it_is_wanted(tty, env, coloured):
    out = output(Terminal(tty=tty), **env)
    assert ("\x1b" in out.paint("text", "red")) is coloured


@pytest.mark.parametrize(
    ("env", "unicode"),
    [
        ({"LANG": "en_GB.UTF-8"}, True),
        ({"LANG": "de_DE.utf8"}, True),
        ({"LANG": "C"}, False),
        ({}, False),
        ({"LC_ALL": "C", "LANG": "en_GB.UTF-8"}, False),
        ({"LANG": "ja_JP.UTF-8"}, False),
    ],
)
def test_glyphs_follow_the_locale(env, unicode):
    assert output(**env).unicode is unicode


def test_a_bug_has_a_code_a_trace_and_no_escapes():
    stream = io.StringIO()
    out = output(stderr=stream)
    with pytest.raises(ValueError, match="2J") as caught:
        int("\x1b[2J")
    assert out.bug(caught.value) == 1
    assert "\x1b" not in stream.getvalue()
    assert "test_output.py" in stream.getvalue()


@pytest.mark.parametrize(
    ("states", "code"),
    [([], 0), (["succeeded"], 0), (["succeeded", "cancelled"], 5), (["cancelled", "failed"], 1)],
)
def test_the_worst_end_decides(states, code):
    assert exits.of_states(states) == code
