"""`--connect`: every verb with the engine of another machine, what is refused, and who may be asked."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from ainf_tui.cli.app import App
from ainf_tui.cli.main import run
from ainf_tui.cli.output import Output
from ainf_tui.client.process import lock_holder
from ainf_tui.errors import AinfError
from ainf_tui.locations import Locations, locate
from tests.fakes.sim import SimProcess
from tests.fakes.ssh import StandIn

ROOT = Path(__file__).parents[2]
AINF = f"{sys.executable} -m ainf_tui"
GRAPH = ROOT / "presets" / "workflows" / "portrait-basic" / "graph.json"


class Told(Output):
    """Keeps the errors that it tells."""

    def __init__(self, errors: list[AinfError], *streams: Any) -> None:
        super().__init__(*streams)
        self._errors = errors

    def error(self, exc: AinfError) -> int:
        self._errors.append(exc)
        return super().error(exc)


class Far:
    """Another machine behind a stand-in for ssh, and the command line here."""

    def __init__(self, folder: Path, url: str = "http://127.0.0.1:9") -> None:
        self.there: Locations = locate({"AINF_HOME": str(folder / "there")})
        env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "AINF_COMFYUI_URL": url,
            "HOME": str(folder),
        }
        self.ssh = StandIn(folder / "ssh", env)
        self.environ = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "AINF_HOME": str(folder / "here"),
            "AINF_CONNECT": f"ssh://box{folder}/there",
            "AINF_CONNECT_SSH": str(self.ssh.program),
            "AINF_CONNECT_COMMAND": AINF,
        }

    def __call__(
        self, *args: str, errors: list[AinfError] | None = None, **environ: str
    ) -> tuple[int, str, str]:
        """Runs it in this process: its exit code, stdout and stderr; `errors` takes what it ended with."""
        env = {**self.environ, **environ}
        out, err = io.StringIO(), io.StringIO()
        output = Told([] if errors is None else errors, io.StringIO(), out, err, env)
        code = run(args, App(output, environ=env))
        return code, out.getvalue(), err.getvalue()

    def close(self) -> None:
        if pid := lock_holder(self.there.engine_lock):
            psutil.Process(pid).kill()


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Far]:
    found = Far(tmp_path)
    yield found
    found.close()


# -- what is refused, before any ssh is started ----------------------------------------------------
@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["--home", "x", "--connect", "ssh://box", "status"], "connect.conflict"),
        (["--home", "x", "status"], "connect.conflict"),
        (["--embedded", "status"], "connect.conflict"),
        (["--connect", "ssh://-oProxyCommand=reboot", "status"], "connect.bad_url"),
        (["--connect", "box", "status"], "connect.bad_url"),
        (["engine", "logs"], "connect.only_here"),
        (["engine", "run"], "connect.only_here"),
        (["db", "info"], "connect.only_here"),
        (["run", "portrait-basic", "--out", "x"], "run.out_elsewhere"),
    ],
    ids=" ".join,
)
def test_refused(far, args, code):
    caught: list[AinfError] = []
    code_there, out, _ = far(*args, errors=caught)
    assert (code_there, out, [error.code for error in caught]) == (2, "", [code])
    assert far.ssh.calls == []


def test_an_empty_address_is_this_machine(far, tmp_path):
    code, out, _ = far("--connect", "", "--home", str(tmp_path / "here"), "engine", "status", "--json")
    assert (code, json.loads(out)["engine"]["running"]) == (1, False)
    assert far.ssh.calls == []


def test_where_the_address_comes_from(far, tmp_path):
    config = tmp_path / "here" / "config"
    config.mkdir(parents=True)
    (config / "config.toml").write_text('[connect]\nurl = "ssh://from-file"\n')
    far.ssh.mood(refuse="no")
    for args, environ, host in [
        ([], {"AINF_CONNECT": ""}, "from-file"),
        ([], {}, "box"),
        (["--connect", "ssh://from-flag"], {}, "from-flag"),
    ]:
        assert far(*args, "status", **environ)[0] == 3
        assert far.ssh.calls[-1][-2] == host


# -- what works as it does here --------------------------------------------------------------------
def test_the_life_of_an_engine_there(far):
    code, out, _ = far("engine", "status", "--json")
    assert (code, json.loads(out)["engine"]["running"]) == (1, False)
    code, out, err = far("engine", "start", "--json")
    shown = json.loads(out)
    assert (code, err, shown["socket"], shown["api"]) == (0, "", "", 1)
    assert shown["engine"]["pid"] == lock_holder(far.there.engine_lock)
    assert shown["engine"]["home"] == str(far.there.home)
    assert not locate(far.environ).state_dir.exists(), "none was started here"
    assert far("engine", "stop")[0] == 0
    assert lock_holder(far.there.engine_lock) is None
    assert far("engine", "stop")[0] == 0


def test_start_says_where_it_listens_on_its_own_machine(far):
    code, out, _ = far("--connect", "", "--home", str(far.there.home), "engine", "start", "--json")
    shown = json.loads(out)
    assert (code, shown["socket"]) == (0, str(far.there.engine_socket))


@pytest.fixture
async def sim_url(tmp_path: Path) -> AsyncIterator[str]:
    async with SimProcess(tmp_path / "sim", "--instant") as sim:
        yield sim.url


def test_a_file_of_here_runs_there(tmp_path, sim_url):
    far = Far(tmp_path, sim_url)
    file = tmp_path / "mine.json"
    file.write_text(GRAPH.read_text().replace("sd_xl_base_1.0", "sim_sdxl_base"))
    code, out, err = far("run", str(file), "--wait", "--seed", "7")
    far.close()
    assert code == 0, err
    [path] = out.splitlines()
    assert Path(path).is_relative_to(far.there.outputs_dir)
    assert Path(path).read_bytes().startswith(b"\x89PNG")


# -- the terminal ----------------------------------------------------------------------------------
class Terminal:
    """`ainf ARGS` on a terminal of its own, with a person at it."""

    def __init__(self, far: Far, *args: str) -> None:
        self.text = ""
        pid, self._fd = pty.fork()
        if pid == 0:
            os.chdir(ROOT)
            os.execve(sys.executable, [sys.executable, "-m", "ainf_tui", *args], far.environ)
        self.pid = pid

    def until(self, words: str, seconds: float = 30.0) -> None:
        give_up = time.monotonic() + seconds
        while words not in self.text:
            assert time.monotonic() < give_up, self.text
            if select.select([self._fd], [], [], 0.2)[0]:
                with contextlib.suppress(OSError):  # EIO: the command has ended
                    self.text += os.read(self._fd, 4096).decode(errors="replace")

    def press(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def end(self) -> int:
        _, status = os.waitpid(self.pid, 0)
        os.close(self._fd)
        return os.waitstatus_to_exitcode(status)


def test_a_password_is_asked_for_once_and_ctrl_c_does_not_cut_the_line(far):
    far.ssh.mood(password="sesame", say="Touch your key.\x1b[31m")
    terminal = Terminal(far, "run", "portrait-basic", "--prompt", "x", "--hold", "--wait")
    terminal.until("password: ")
    terminal.until("Touch your key.␛[31m")
    terminal.press("sesame\n")
    terminal.until("It goes on by itself")
    time.sleep(0.5)  # From the last line to waiting, a Ctrl-C ends the command as it does elsewhere.
    terminal.press("\x03")
    terminal.until("Ctrl-C again")
    terminal.press("\x03")
    terminal.until("Asked to cancel 1 job")
    assert terminal.end() == 130
    assert terminal.text.count("password: ") == 1
    far.ssh.mood()
    code, out, _ = far("queue", "show", "1", "--json")
    assert (code, json.loads(out)["job"]["state"]) == (0, "cancelled")


def test_a_wrong_password_ends_it(far):
    far.ssh.mood(password="sesame")
    terminal = Terminal(far, "status")
    terminal.until("password: ")
    terminal.press("mellon\n")
    terminal.until("Permission denied")
    assert terminal.end() == 3


def test_ctrl_c_at_the_question_ends_it(far):
    far.ssh.mood(password="sesame")
    terminal = Terminal(far, "status")
    terminal.until("password: ")
    terminal.press("\x03")
    terminal.until("Interrupted")
    assert terminal.end() == 130


def test_nobody_is_asked_where_nobody_sits(far):
    done = subprocess.run(
        [sys.executable, "-m", "ainf_tui", "status"],
        env=far.environ, cwd=ROOT, capture_output=True, timeout=60, start_new_session=True, check=False,
    )  # fmt: skip
    assert done.returncode in {0, 1}
    assert "BatchMode=yes" in far.ssh.connections[0]


def test_a_hang_up_leaves_nothing(far):
    terminal = Terminal(far, "run", "portrait-basic", "--prompt", "x", "--hold", "--wait")
    terminal.until("Queued as #1")
    connection = psutil.Process(far.ssh.pid)
    os.kill(terminal.pid, signal.SIGKILL)
    terminal.end()
    connection.wait(20)
    assert lock_holder(far.there.engine_lock)
