"""`ainf logs`: which logs are meant, what is shown of them, and what comes."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from ainf_tui import runtime_logs
from ainf_tui.cli.app import App
from ainf_tui.cli.logreading import QUIET, Following, Wanted
from ainf_tui.cli.logsources import Source, of_run
from ainf_tui.cli.logtext import LINE, Printer
from ainf_tui.cli.output import Output
from ainf_tui.cli.reference import json_schemas
from ainf_tui.domain.logs.query import Query
from ainf_tui.domain.logs.recent import Write
from tests.domain.logsamples import CLOCK

ROOT = Path(__file__).resolve().parents[2]
CRASH = (
    "!!! Exception during processing !!! no luck\n"
    "Traceback (most recent call last):\n"
    '  File "/opt/ComfyUI/execution.py", line 518, in execute\n'
    "ValueError: no luck\n"
)
COMFYUI = f"Starting server\ngot prompt\n{CRASH}Prompt executed in 0.01 seconds\n"
WEB = "2026-11-26T08:00:01Z INFO web: up\n2026-11-26T08:00:03Z WARNING web: slow\n"
HOSTILE = (
    b"\x1b]52;c;cm0=\x07\x1b[31mred\x1b[0m \x1b[2J\x9b \xe2\x80\xae [bold]\0 \xff\xc3\r\n"
    + b"x" * 10_000_000
    + b"\n"
    + b"".join(b"\r%d%%|##| %d/100000 [00:01<00:02]" % (n // 1000, n) for n in range(100_000))
    + b"\nhalf a character \xe2\x82"
)


def event(second: int, level: str, service: str, message: str, **fields: object) -> str:
    ts = int(datetime(2026, 11, 26, 8, 0, second, tzinfo=UTC).timestamp() * 1000)
    facts = {"ts": ts, "seq": second, "run": "r", "level": level, "service": service, "message": message}
    return json.dumps({**facts, "fields": fields}) + "\n"


@pytest.fixture
def run(tmp_path):
    """A run with two services, one of them rotated, beside an older run."""
    runs = tmp_path / "home" / "state" / "runs"
    older, newer = runs / "20261125-120000", runs / "20261126-080000"
    for folder in (older, newer):
        folder.mkdir(parents=True)
        (folder / "events.jsonl").write_text(event(0, "info", "", "The run begins"))
    (older / "web.log").write_text("2026-11-25T12:00:00Z INFO web: of the older run\n")
    events = event(0, "info", "", "The run begins") + event(2, "error", "web", "ends", code=7)
    (newer / "events.jsonl").write_text(events)
    (newer / "web.log.1").write_text("2026-11-26T07:59:59Z INFO web: rotated away\n")
    (newer / "web.log").write_text(WEB)
    (newer / "comfyui.log").write_text(COMFYUI)
    (newer / "summary.txt").write_text("no log\n")
    (newer / "db.20261125-120000.log").symlink_to(older / "gone.log")
    (runs / "latest.txt").write_text("20261126-080000\n")
    os.utime(newer / "comfyui.log", (1795680002.5, 1795680002.5))
    return newer


def sources_of(out: str) -> list[str]:
    return [json.loads(line)["source"] for line in out.splitlines()]


# -- which logs ------------------------------------------------------------------------------------
def test_without_arguments_the_newest_run_in_the_order_of_time(ainf, run):
    done = ainf("logs")
    assert (done.code, done.err) == (0, "")
    texts = [line.split("│ ", 1)[1].rstrip() for line in done.out.splitlines()]
    assert texts[0] == "2026-11-26T07:59:59Z INFO web: rotated away"
    at = [texts.index(text) for text in ("got prompt", "ValueError: no luck")]
    slow, up = (
        texts.index("2026-11-26T08:00:03Z WARNING web: slow"),
        texts.index("2026-11-26T08:00:01Z INFO web: up"),
    )
    [ends] = [n for n, text in enumerate(texts) if text.endswith("ERROR web: ends code=7")]
    assert up < ends < slow
    assert at[0] < at[1]
    assert "of the older run" not in done.out
    assert "no log" not in done.out
    assert not (run.parents[1] / "engine.lock").exists(), "no engine was asked or started"


def test_a_service_by_its_name_with_what_was_rotated(ainf, run):
    done = ainf("logs", "web")
    assert done.out == "2026-11-26T07:59:59Z INFO web: rotated away\n" + WEB
    assert ainf("logs", "web", "-n", "1").out == WEB.splitlines(keepends=True)[1]
    assert sources_of(ainf("logs", "--source", "web", "--json").out) == ["web", "web", "events", "web"]
    assert sources_of(ainf("logs", "events", "--level", "error", "--json").out) == ["events"]


def test_files_globs_and_stdin(ainf, run, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.log").write_text("of a\n")
    (tmp_path / "x.log").write_text("of b\n")
    assert ainf("logs", str(tmp_path / "x.log")).out == "of b\n"
    assert ainf("logs", "-", stdin="one\ntwo").out == "one\ntwo\n"
    both = ainf("logs", str(tmp_path / "x.log"), f"{tmp_path}/a/*.log", "--json").out
    assert sources_of(both) == [str(tmp_path / "a" / "x.log"), str(tmp_path / "x.log")], "the older first"


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (["nothing"], "logs.no_source", "The newest run has logs of comfyui, events, web."),
        (["./nothing.log"], "logs.not_found", "Look at the name"),
        (["./" + "x" * 5000], "logs.not_found", "Look at the name"),
        (["/nowhere/*.log"], "logs.not_found", "Look at the name"),
        (["--since", "noon"], "logs.bad_time", "2h"),
        (["--grep", "(", "web"], "logs.bad_pattern", "backslash"),
        (["--raw", "--json"], "cli.usage", "JSON has the file"),
        (["-n", "many"], "cli.usage", "--help"),
    ],
)
def test_what_cannot_be_shown_is_told(ainf, run, args, code, told):
    done = ainf("logs", *args)
    assert done.code == (4 if code in {"logs.no_source", "logs.not_found"} else 2)
    assert told in done.err
    assert done.out == ""


def test_without_a_run_the_way_on_is_told(ainf):
    done = ainf("logs")
    assert done.code == 4
    assert "`ainf up` begins one" in done.err
    assert "`ainf logs backend:NAME`" in done.err, "a ComfyUI may run that ainf has not started"
    assert "there is no file and no service web" in ainf("logs", "web").err


def test_a_file_that_cannot_be_unpacked_costs_the_exit_code(ainf, tmp_path):
    (tmp_path / "x.gz").write_bytes(b"\x1f\x8b nonsense")
    done = ainf("logs", str(tmp_path / "x.gz"))
    assert done.code == 1
    assert "x.gz cannot be read" in done.err


def test_the_newest_run_is_found_without_its_name_too(ainf, run):
    (run.parent / "latest.txt").unlink()
    assert ainf("logs", "web", "-n", "1").out == WEB.splitlines(keepends=True)[1]
    (run.parent / "latest.txt").write_text("20261125-120000")
    assert "of the older run" in ainf("logs", "web").out


def test_services_are_completed_and_files_where_none_fits(run, tmp_path):
    words = {"_AINF_COMPLETE": "bash_complete", "COMP_CWORD": "2"}
    env = {"PATH": os.environ["PATH"], "AINF_HOME": str(tmp_path / "home"), **words}
    for typed, offered in (("co", "plain,comfyui"), ("./x", "file,./x")):
        done = subprocess.run(
            [sys.executable, "-m", "ainf_tui"],
            env={**env, "COMP_WORDS": f"ainf logs {typed}"},
            capture_output=True,
            text=True,
            timeout=60,
            cwd=ROOT,
            check=False,
        )
        assert done.stdout == f"{offered}\n"


# -- what is shown ---------------------------------------------------------------------------------
def test_filters(ainf, run):
    assert ainf("logs", "comfyui", "--level", "error").out == CRASH
    assert ainf("logs", "comfyui", "--grep", "^VALUE", "-i").out == CRASH
    assert ainf("logs", "comfyui", "--grep", "^VALUE").err == "Nothing to show in comfyui.\n"
    assert ainf("logs", "web", "--since", "2026-11-26T08:00:02Z").out == WEB.splitlines(keepends=True)[1]
    assert ainf("logs", "web", "--until", "2026-11-26T08:00:01Z").out.endswith("rotated away\n")
    assert ainf("logs", "web", "-n", "0").out == ""
    many = "".join(f"line {n}\n" for n in range(300))
    assert len(ainf("logs", "-", stdin=many).out.splitlines()) == 100
    assert len(ainf("logs", "-", "-n", "all", stdin=many).out.splitlines()) == 300
    assert len(ainf("logs", "-", "--grep", "line", stdin=many).out.splitlines()) == 300


def test_a_log_without_times_says_why_it_is_in_no_range(ainf, run):
    done = ainf("logs", "comfyui", "--since", "2h")
    assert done.out == ""
    assert "comfyui: no line says its time, so none is in a range of time" in done.err


def test_json_is_what_the_schema_says(ainf, run):
    lines = [json.loads(line) for line in ainf("logs", "--json").out.splitlines()]
    for line in lines:
        jsonschema.validate(line, json_schemas()["ainf.log-1"])
    [crash] = [line for line in lines if line["traceback"]]
    assert (crash["level"], crash["format"], crash["text"]) == ("error", "comfyui", CRASH.rstrip("\n"))
    place = Path(crash["file"]).read_bytes()[crash["start"] : crash["end"]]
    assert place.decode() == CRASH
    [ended] = [line for line in lines if line["message"] == "ends"]
    assert crash["fingerprint"] != ended["fingerprint"]
    assert {line["fingerprint"] for line in lines if line["level"] in {"info", "warning"}} == {None}
    assert (ended["name"], ended["fields"]["fields"]) == ("web", {"code": 7})


def test_what_is_known_of_an_error_follows_it_in_full_once(ainf, tmp_path):
    oom = "!!! Exception during processing !!! CUDA error: out of memory\n"
    (tmp_path / "x.log").write_text("CUDA out of memory is not an error here\n" + oom + oom + CRASH)
    shown = ainf("logs", str(tmp_path / "x.log"), "--explain").out.splitlines()
    told = [number for number, line in enumerate(shown) if "[gpu.out_of_memory]" in line]
    assert [shown[number - 1] for number in told] == [oom.strip(), oom.strip()]
    assert shown[told[0] + 1].startswith("    The models and the picture")
    assert "    $ ainf comfyui restart --vram lowvram" in shown
    assert shown[told[1]].endswith("[gpu.out_of_memory], see above")
    assert shown[told[1] + 1 :] == CRASH.splitlines(), "what nobody knows is told by itself"
    lines = [
        json.loads(line)
        for line in ainf("logs", str(tmp_path / "x.log"), "--explain", "--json").out.splitlines()
    ]
    assert [line["known"] for line in lines] == [None, "gpu.out_of_memory", "gpu.out_of_memory", None]
    lines = [json.loads(line) for line in ainf("logs", str(tmp_path / "x.log"), "--json").out.splitlines()]
    assert {line["known"] for line in lines} == {None}


def test_the_same_failure_has_the_same_fingerprint(ainf, tmp_path):
    again = CRASH.replace("/opt/ComfyUI", "/home/x/ComfyUI").replace("518", "9")
    (tmp_path / "x.log").write_text(f"{CRASH}got prompt\n{again}ERROR: no luck\n")
    lines = ainf("logs", str(tmp_path / "x.log"), "--level", "error", "--json").out.splitlines()
    first, second, other = (json.loads(line)["fingerprint"] for line in lines)
    assert first == second != other


def test_raw_gives_the_bytes_and_no_terminal_gets_them(ainf, run):
    assert ainf("logs", "comfyui", "--raw", "-n", "all").out == COMFYUI
    done = ainf("logs", "comfyui", "--raw", tty=True)
    assert (done.code, done.out) == (2, "")
    assert "a terminal may obey" in done.err


def test_colours_are_for_terminals(ainf, run, tmp_path):
    (tmp_path / "c.log").write_text("a \x1b[32mgreen\x1b[0m word\nERROR: no\n")
    shown = ainf("logs", str(tmp_path / "c.log"), tty=True).out
    assert shown == "a \x1b[32mgreen\x1b[0m word\n\x1b[31mERROR: no\x1b[0m\n"
    assert ainf("logs", str(tmp_path / "c.log")).out == "a green word\nERROR: no\n"
    assert "\x1b[36mweb     │ \x1b[0m" in ainf("logs", tty=True).out


@pytest.mark.parametrize("tty", [True, False])
@pytest.mark.parametrize("json_lines", [True, False])
def test_a_hostile_log_harms_nothing_and_loses_nothing(ainf, tmp_path, tty, json_lines):
    (tmp_path / "h.log").write_bytes(HOSTILE)
    done = ainf("logs", str(tmp_path / "h.log"), *(["--json"] if json_lines else []), tty=tty)
    assert done.code == 0
    plain = done.out.replace("\x1b[31mred\x1b[0m", "red") if tty and not json_lines else done.out
    assert [char for char in set(plain) if not char.isprintable() and char != "\n"] == []
    assert "␛]52;c;cm0=␇" in plain
    assert "99%|##| 99999/100000" in plain
    assert "half a character" in plain
    assert "[bold]" in plain
    if tty and not json_lines:
        assert f"... and {10_000_000 - LINE:,} characters" in plain
    else:
        assert "x" * 10_000_000 in plain


# -- what comes ------------------------------------------------------------------------------------
def test_following_takes_up_records_and_new_logs(run, tmp_path):
    out = io.StringIO()
    app = App(Output(io.StringIO(), out, io.StringIO(), {}), environ={})
    printer = Printer(app.out, raw=False, names=["comfyui"])
    following = Following(app, Wanted(Query(), 1), CLOCK, printer, lambda: of_run(run))
    following.begin([Source("late", run / "late.log")], {})
    following.turn()
    (run / "late.log").write_text(
        "got prompt\n!!! Exception during processing !!! no luck\nTraceback (most re"
    )
    following.turn()
    assert out.getvalue() == "got prompt\n"
    with (run / "late.log").open("a") as stream:
        stream.write("cent call last):\n  File 'a'\nValueError: no luck\n")
    for _ in range(QUIET + 1):
        following.turn()
    assert out.getvalue().endswith("ValueError: no luck\n")
    assert out.getvalue().count("Traceback") == 1
    (run / "db.log").write_text("ready\n")
    following.refresh()
    for _ in range(QUIET + 1):
        following.turn()
    assert "db      | ready" in out.getvalue()
    for tail in following._tails.values():
        tail.log.close()


def test_a_stream_of_stdin_is_followed_to_its_end(ainf):
    done = ainf("logs", "-", "-f", "--grep", "o", stdin="one\ntwo\nsix")
    assert (done.code, done.out) == (0, "one\ntwo\n")


def process(*args: str, home: Path, **options) -> subprocess.Popen[str]:
    env = {"PATH": os.environ["PATH"], "AINF_HOME": str(home), "LANG": "C.UTF-8"}
    return subprocess.Popen(
        [sys.executable, "-m", "ainf_tui", *args], cwd=ROOT, env=env, text=True, **options
    )


@pytest.mark.parametrize("raw", [["--raw"], []], ids=["raw", "text"])
def test_follow_goes_on_through_rotation_until_ctrl_c(tmp_path, raw):
    path = tmp_path / "a.log"
    path.write_text("".join(f"line {n}\n" for n in range(500)) + "hal")
    with process(
        "logs",
        str(path),
        "-f",
        "-n",
        "2",
        *raw,
        home=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        try:
            assert child.stdout is not None
            assert [child.stdout.readline() for _ in range(2)] == ["line 498\n", "line 499\n"]
            with path.open("a") as stream:
                stream.write("f\n")
            path.rename(tmp_path / "a.log.1")
            path.write_text("new\n")
            assert [child.stdout.readline() for _ in range(2)] == ["half\n", "new\n"]
            child.send_signal(signal.SIGINT)
            assert child.wait(20) == 130
            assert child.stderr is not None
            assert child.stderr.read().splitlines()[-1] == "Interrupted."
        finally:
            child.kill()


def test_a_reader_that_goes_away_is_quiet(tmp_path):
    path = tmp_path / "a.log"
    path.write_text("x\n" * 200_000)
    with process(
        "logs", str(path), "-n", "all", home=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stderr is not None
            assert child.stdout.readline() == "x\n"
            child.stdout.close()
            assert child.wait(20) == 141
            assert child.stderr.read() == ""
        finally:
            child.kill()


def test_stdin_of_bytes_comes_as_it_is_written(tmp_path):
    with process(
        "logs",
        "-",
        "-f",
        home=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write("first\n")
            child.stdin.flush()
            begin = time.monotonic()
            assert child.stdout.readline() == "first\n"
            assert time.monotonic() - begin < 20
            child.stdin.close()
            assert child.wait(20) == 0
        finally:
            child.kill()


def test_the_log_in_a_comfyuis_memory(ainf, monkeypatch):
    class Memory:
        def writes(self):
            return [
                Write("2026-11-26T10:00:00.000001", "got prompt\n"),
                Write("2026-11-26T10:00:01.000001", "!!! Exception during processing !!! boom\n"),
            ]

        def close(self):
            pass

    monkeypatch.setattr(runtime_logs, "_server_log", lambda spec: Memory())
    shown = ainf("logs", "backend:default")
    assert (shown.code, [line[27:] for line in shown.out.splitlines()]) == (
        0,
        ["got prompt", "!!! Exception during processing !!! boom"],
    )
    (error,) = ainf("logs", "backend:default", "--level", "error", "--json").out.splitlines()
    assert json.loads(error)["source"] == "default"
    none = ainf("logs", "backend:far")
    assert (none.code, "There are: default." in none.err) == (4, True)
