"""The launcher: a service outlives everybody, its end is known, and its log loses nothing."""

import contextlib
import json
import os
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
        self.exit_file = folder / "exit.json"
        request = {
            "command": command,
            "cwd": str(cwd or folder),
            "env": {"PATH": os.environ["PATH"]},
            "log": str(self.log),
            "log_max_bytes": most,
            "marks": {"boot": "0123abcd"},
            "give_up": time.monotonic() + give_up,
            "started_file": str(folder / "started.json"),
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


def test_the_end_is_written_as_soon_as_the_disk_lets_it(start, tmp_path):
    service = start(*python("import pathlib\nwhile not pathlib.Path('go').exists(): pass"))
    refusing = tmp_path / "exit.json.tmp"
    refusing.mkdir()  # stops even root from writing there
    (tmp_path / "go").touch()
    until(lambda: not Path(f"/proc/{service.told['pid']}").exists())
    refusing.rmdir()
    assert service.ending()["code"] == 0


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
            launcher._rotate(writer.pid, str(path), log)
        assert writer.wait(PATIENCE) == 0
    finally:
        writer.kill()
        os.close(log)
    parts = [tmp_path / f"service.log.{n}" for n in range(9, 0, -1)]
    whole = b"".join(part.read_bytes() for part in [*parts, path] if part.exists())
    assert sum(part.exists() for part in parts) >= 2
    assert [int(line.split()[1]) for line in whole.splitlines()] == list(range(60_000))


def test_a_log_that_somebody_renamed_is_left_alone(tmp_path):
    path = tmp_path / "service.log"
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(log, b"x" * 10_000)
    path.rename(tmp_path / "mine.log")
    path.write_bytes(b"another")
    try:
        launcher._rotate(os.getpid(), str(path), log)
    finally:
        os.close(log)
    assert path.read_bytes() == b"another"
    assert not (tmp_path / "service.log.1").exists()
