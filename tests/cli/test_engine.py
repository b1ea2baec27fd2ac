from __future__ import annotations

import json
import threading
from pathlib import Path

from ainf_tui.cli.commands.engine import grow, tail


def log_of(ainf) -> Path:
    file = Path(ainf.home) / "state" / "engine.log"
    file.parent.mkdir(parents=True)
    return file


def test_status_of_a_running_engine(ainf):
    done = ainf("engine")
    assert done.code == 0
    assert "pid 4711" in done.out
    assert json.loads(ainf("engine", "status", "--json").out)["engine"]["running"] is True


def test_status_starts_none(ainf):
    ainf.running = False
    done = ainf("engine", "status", "--json")
    assert done.code == 1
    assert json.loads(done.out)["engine"]["running"] is False
    assert done.err == ""


def test_start(ainf):
    ainf.running = False
    assert ainf("engine", "start").code == 0


def test_stop_asks_the_engine_and_is_well_when_none_runs(ainf, engine):
    done = ainf("engine", "stop")
    assert (done.code, done.out.startswith("The engine has ended")) == (0, True)
    assert [name for name, _ in engine.calls] == ["stop"]
    ainf.running = False
    done = ainf("engine", "stop")
    assert (done.code, done.out) == (0, "No engine is running; the next command that needs one starts it.\n")


def test_logs_are_shown_not_obeyed(ainf):
    log_of(ainf).write_text("one\ntwo \x1b[31m\nthree\n")
    done = ainf("engine", "logs", "-n", "2")
    assert done.out == "two ␛[31m\nthree\n"


def test_no_log_is_exit_4(ainf):
    assert ainf("engine", "logs").code == 4


def test_tail(tmp_path):
    file = tmp_path / "log"
    assert tail(file, 5) == []
    file.write_bytes(b"a\n\xff\nlast without end")
    assert tail(file, 2) == ["�", "last without end"]
    assert tail(file, 0) == []


def test_grow_gives_whole_lines_through_a_rotation(tmp_path):
    file = tmp_path / "log"
    file.write_text("old\n")
    lines = grow(file, pause=0.001)
    with file.open("a") as stream:
        threading.Timer(
            0.02, lambda: (stream.write("half"), stream.flush(), stream.write(" line\n"), stream.flush())
        ).start()
        assert next(lines) == "half line"
    file.rename(tmp_path / "log.1")
    file.write_text("new\n")
    assert next(lines) == "new"
