"""The launcher: a service outlives everybody, its end is known, and its log loses nothing."""

import contextlib
import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ainf_tui.adapters.services import launcher

PATIENCE = 10.0


class Started:
    """A service under a launcher of its own, in a folder of the test's."""

    def __init__(self, folder, command, *, most=1 << 30, cwd=None, log=None, give_up=PATIENCE):
        self.log = log or folder / "service.log"
        self.started_file = folder / "started.json"
        self.exit_file = folder / "exit.json"
        request = {
            "command": command,
            "cwd": str(cwd or folder),
            "env": {"PATH": os.environ["PATH"]},
            "log": str(self.log),
            "log_max_bytes": most,
            "marks": {"boot": "0123abcd"},
            "give_up": time.monotonic() + give_up,
            "started_file": str(self.started_file),
            "exit_file": str(self.exit_file),
        }
        ran = subprocess.run(
            [sys.executable, "-I", "-S", launcher.__file__],
            input=json.dumps(request).encode(),
            stdout=subprocess.PIPE,
            timeout=PATIENCE,
            check=True,
        )
        self.told = json.loads(ran.stdout)

    def ending(self):
        until(self.exit_file.exists)
        return json.loads(self.exit_file.read_text())

    def kill_all(self):
        for pid in (self.told.get("pid"), self.told.get("launcher")):
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def until(true):
    give_up = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < give_up, "it did not come to pass"
        time.sleep(0.01)


@pytest.fixture
def start(tmp_path):
    begun = []

    def begin(*command, **more):
        begun.append(Started(tmp_path, list(command), **more))
        return begun[-1]

    yield begin
    for service in begun:
        service.kill_all()


def python(text):
    return sys.executable, "-u", "-c", text


def test_the_end_is_written_with_its_code(start):
    service = start(*python("import sys; print('hello'); print('oh', file=sys.stderr); sys.exit(3)"))
    ending = service.ending()
    assert (ending["code"], ending["signal"], ending["oom"]) == (3, None, False)
    assert ending["at"] == pytest.approx(time.time(), abs=60)
    assert service.log.read_text().splitlines() == ["hello", "oh"]


def test_a_signal_is_told_by_its_name(start):
    service = start(*python("import time; time.sleep(60)"))
    os.kill(service.told["pid"], signal.SIGTERM)
    ending = service.ending()
    assert (ending["code"], ending["signal"]) == (None, "SIGTERM")


def test_it_leads_a_session_of_its_own_and_both_are_known_by_their_start(start):
    service = start(*python("import time; time.sleep(60)"))
    pid, parent = service.told["pid"], service.told["launcher"]
    assert json.loads(service.started_file.read_text()) == service.told, "for who comes after a crash"
    assert os.getsid(pid) == pid
    assert os.getsid(parent) == parent
    if sys.platform == "linux":
        for told, process in (("started", pid), ("launcher_started", parent)):
            facts = Path(f"/proc/{process}/stat").read_text()
            assert service.told[told] == int(facts.rpartition(")")[2].split()[19])


@pytest.mark.parametrize("name", ["no-such-program", "/"])
def test_what_cannot_be_started_is_told_with_the_reason(start, name):
    service = start(name)
    assert service.told["error"]
    assert not service.exit_file.exists()


def test_a_folder_that_is_not_there_is_named(start, tmp_path):
    service = start(*python("pass"), cwd=tmp_path / "nowhere")
    assert service.told["file"] == str(tmp_path / "nowhere")


def test_a_nul_in_an_argument_is_told(start):
    service = start(*python("pass"), "a\0b")
    assert "null" in service.told["error"]


def test_too_late_is_not_started_at_all(start):
    service = start(*python("print('here')"), give_up=-1.0)
    assert "too slow" in service.told["error"]
    assert service.log.read_text() == ""


def test_a_log_that_cannot_be_opened_costs_the_output_only(start, tmp_path):
    (tmp_path / "file").write_text("")
    service = start(*python("print('unheard'); raise SystemExit(4)"), log=tmp_path / "file" / "service.log")
    assert service.told["log_error"] == "File exists"
    assert service.ending()["code"] == 4


def test_hangup_and_terminate_do_not_end_the_launcher(start):
    service = start(*python("import time; time.sleep(60)"))
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        os.kill(service.told["launcher"], number)
    os.kill(service.told["pid"], signal.SIGKILL)
    assert service.ending()["signal"] == "SIGKILL"


def test_without_its_launcher_the_service_lives_and_its_output_goes_on(start):
    service = start(*python("import time\nfor n in range(6000):\n    print(n, flush=True); time.sleep(0.01)"))
    until(lambda: service.log.read_text().count("\n") > 2)
    os.kill(service.told["launcher"], signal.SIGKILL)
    seen = service.log.read_text().count("\n")
    until(lambda: service.log.read_text().count("\n") > seen + 5)
    os.kill(service.told["pid"], 0)


WRITER = """
import os
for n in range(60_000):
    os.write(1, b"line %06d ..................................................\\n" % n)
"""


@pytest.mark.parametrize("in_place", [True, False])
def test_rotation_loses_no_line_while_the_service_writes(tmp_path, monkeypatch, in_place):
    if not in_place:  # a file system that cannot cut the front off
        monkeypatch.setattr(launcher, "_collapse", lambda _source, _length: False)
    path = tmp_path / "service.log"
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    writer = subprocess.Popen(python(WRITER), stdout=log, start_new_session=True)
    try:
        for _ in range(5):
            size = os.fstat(log).st_size
            until(lambda size=size: os.fstat(log).st_size > size + 50_000 or writer.poll() is not None)
            launcher._rotate(writer.pid, launcher._Notes(str(path), log))
        assert writer.wait(PATIENCE) == 0
    finally:
        writer.kill()
        os.close(log)
    parts = [tmp_path / f"service.log.{n}" for n in range(9, 0, -1)]
    whole = b"".join(part.read_bytes() for part in [*parts, path] if part.exists())
    assert sum(part.exists() for part in parts) >= 2
    assert [int(line.split()[1]) for line in whole.splitlines()] == list(range(60_000))


def test_the_launcher_rotates_a_log_that_has_grown(start):
    text = "import os, time\nfor n in range(2_000): os.write(1, b'line %06d' % n + b'.' * 40 + b'\\n')\n"
    service = start(*python(text + "time.sleep(60)"), most=50_000)
    older = service.log.with_name("service.log.1")
    until(older.exists)
    until(lambda: service.log.stat().st_size < 50_000)
    whole = older.read_bytes() + service.log.read_bytes()
    assert [int(line[5:11]) for line in whole.splitlines()] == list(range(2_000))


def test_a_full_disk_costs_no_older_log_and_leaves_nothing_half_written(tmp_path, monkeypatch):
    path, older = tmp_path / "service.log", tmp_path / "service.log.1"
    path.write_bytes(b"new" * 10_000)
    older.write_bytes(b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(launcher, "_copy", full)
    log = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        for _ in range(20):
            with pytest.raises(OSError, match="No space left"):
                launcher._rotate(os.getpid(), launcher._Notes(str(path), log))
    finally:
        os.close(log)
    assert path.read_bytes() == b"new" * 10_000
    assert older.read_bytes() == b"old"
    found = sorted(found.name for found in tmp_path.iterdir())
    assert found == [".service.log.times", "service.log", "service.log.1"]


def test_how_it_ended_is_written_once_the_disk_takes_it(start, tmp_path):
    service = start(*python("import time; time.sleep(60)"))
    in_the_way = tmp_path / "exit.json.tmp"
    in_the_way.mkdir()  # as a disk that refuses
    os.kill(service.told["pid"], signal.SIGTERM)
    until(lambda: ended(service.told["pid"]))
    assert not service.exit_file.exists()
    in_the_way.rmdir()
    assert service.ending()["signal"] == "SIGTERM"


def ended(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="Linux tells of an end without being asked")
def test_it_sleeps_while_the_service_runs(start):
    service = start(*python("import time; time.sleep(60)"))

    def switches():
        facts = Path(f"/proc/{service.told['launcher']}/status").read_text()
        return int(dict(re.findall(r"^(\w+):\s+(\d+)$", facts, re.MULTILINE))["voluntary_ctxt_switches"])

    time.sleep(0.2)  # it has begun to wait
    before = switches()
    time.sleep(1)
    assert switches() - before <= 3


def test_the_service_is_stopped_by_the_usual_signals(start):
    service = start(*python("import time; time.sleep(60)"))
    os.kill(service.told["pid"], signal.SIGHUP)
    assert service.ending()["signal"] == "SIGHUP"


@pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL"), (37, "SIG37")])
def test_every_signal_has_a_name(number, name):
    assert launcher._ending(-number, oom=False)["signal"] == name


def test_a_log_that_somebody_renamed_is_left_alone(tmp_path):
    path = tmp_path / "service.log"
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(log, b"x" * 10_000)
    path.rename(tmp_path / "mine.log")
    path.write_bytes(b"another")
    try:
        launcher._rotate(os.getpid(), launcher._Notes(str(path), log))
    finally:
        os.close(log)
    assert path.read_bytes() == b"another"
    assert not (tmp_path / "service.log.1").exists()
