"""`ainf demo`: a box that works, and of which nothing is left, whoever ends and however."""

from __future__ import annotations

import ast
import asyncio
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from ainf_tui.cli.app import App
from ainf_tui.cli.commands.demo import lend_themes, looks, theme_of
from ainf_tui.cli.demobox import work
from ainf_tui.cli.main import run
from ainf_tui.cli.output import Output
from ainf_tui.client import Client, UnixTransport
from ainf_tui.client.live import Live, Preview
from ainf_tui.client.process import lock_holder
from ainf_tui.domain.requests import JobQuery
from ainf_tui.locations import Locations, locate
from tests.cli.fakes import Terminal
from tests.cli.test_reference import check
from tests.fakes.services import until

ROOT = Path(__file__).parents[2]
SETTINGS_OF_THE_USER = {
    "AINF_HOME": "/nonexistent/home",
    "AINF_CONNECT": "ssh://nowhere",
    "AINF_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
    "AINF_QUEUE_POLL_BUSY": "never",
}


@pytest.fixture
def scratch(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the demos of a test make their folders."""
    folder = tmp_path_factory.mktemp("d")
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    for process in living(folder):
        process.kill()


def living(folder: Path) -> list[psutil.Process]:
    """Processes that belong to a demo below the folder: by their words, their settings, or their TMPDIR."""
    return [p for p in psutil.process_iter(["cmdline", "environ", "status"]) if _belongs(p, folder)]


def _belongs(process: psutil.Process, folder: Path) -> bool:
    env = process.info["environ"] or {}
    words = [*(process.info["cmdline"] or ()), env.get("AINF_HOME", ""), env.get("TMPDIR", "")]
    alive = process.info["status"] != psutil.STATUS_ZOMBIE and process.pid != os.getpid()
    return alive and str(folder) in " ".join(words)


def assert_gone(folder: Path, *, within: float = 20.0) -> None:
    give_up = time.monotonic() + within
    while (living(folder) or any(folder.iterdir())) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert [process.cmdline() for process in living(folder)] == []
    assert list(folder.iterdir()) == []


def started(**environ: str) -> subprocess.Popen[str]:
    """`ainf demo --json` of a user with settings of his own, in a folder of his own."""
    return subprocess.Popen(
        [sys.executable, "-m", "ainf_tui", "demo", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **SETTINGS_OF_THE_USER, **environ},
    )


def document(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    found: dict[str, Any] = json.loads(line)
    return found


async def test_the_box_works_and_goes(scratch):
    with started() as process:
        shown = await asyncio.to_thread(document, process)
        check(shown)
        place = locate({}, Path(shown["home"]))
        async with Client(UnixTransport(place.engine_socket)) as client:
            engine = (await client.status()).engine
            assert (engine.label, engine.home) == ("DEMO", shown["home"])
            async with asyncio.timeout(60), Live(client.transport, ("engine",), "all") as live:
                async for update in live:
                    if isinstance(update, Preview):
                        break
                await until_it_looks_busy(client)
            # Whoever replaces the engine meanwhile: its successor ends with the rest.
            await asyncio.to_thread(replace_engine, place, engine.pid)
        assert process.stdin is not None
        process.stdin.close()
        assert await asyncio.to_thread(process.wait, 30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert_gone(scratch, within=0.0)
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", int(shown["url"].rpartition(":")[2]))


async def until_it_looks_busy(client: Client) -> None:
    while True:
        page = await client.jobs.list(JobQuery(limit=1000))
        states = [job.state for job in page.jobs]
        kinds = {job.pack for job in page.jobs}
        well = {"running", "queued", "succeeded", "failed"} <= set(states) and states.count("failed") == 1
        if well and len(page.jobs) == sum(request.count for request in work()) + 3:
            assert kinds == {"portrait-basic", "landscape-basic"}
            assert [job.held for job in page.jobs].count(True) == 1
            [failed] = [job for job in page.jobs if job.state == "failed"]
            assert failed.error is not None
            assert "memory" in failed.error.message.lower()
            return
        await asyncio.sleep(0.2)


def replace_engine(place: Locations, pid: int | None) -> None:
    psutil.Process(pid).kill()
    done = subprocess.run(
        [sys.executable, "-m", "ainf_tui", "--home", str(place.home), "engine", "start"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert lock_holder(place.engine_lock) not in {None, pid}


@pytest.mark.parametrize("moment", ["at once", "while the engine starts", "later"])
def test_the_end_of_stdin_at_any_moment(scratch, moment):
    with started() as process:
        if moment == "later":
            document(process)
        elif moment == "while the engine starts":
            give_up = time.monotonic() + 30
            while not list(scratch.glob("*/state/engine-settings.json")) and time.monotonic() < give_up:
                time.sleep(0.01)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(40) == 0
    assert_gone(scratch, within=0.0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_end_it_cleanly(scratch, number):
    with started() as process:
        document(process)
        process.send_signal(number)
        assert process.wait(40) == 0
    assert_gone(scratch, within=0.0)


FRONT = """
import asyncio, os, sys, time
from ainf_tui.cli.app import App
from ainf_tui.cli.main import run

class Out(type(sys.stdout)):
    def isatty(self):
        return True

def open_screen(app, opener, label):
    async def look():
        async with opener(True) as client:
            status = await client.status()
            return label, app.screen, status.engine.label, status.engine.home
    print(asyncio.run(look()), flush=True)
    if len(sys.argv) > 1:
        time.sleep(120)
    return 7

sys.stdin, sys.stdout = Out(sys.stdin.buffer), Out(sys.stdout.buffer)
sys.exit(run(["demo"], App(open_screen=open_screen)))
"""


def front(*words: str) -> subprocess.Popen[str]:
    """The command with an app that shows what it was handed."""
    return subprocess.Popen(
        [sys.executable, "-c", FRONT, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **SETTINGS_OF_THE_USER},
        start_new_session=True,
    )


def test_the_app_ends_and_so_does_all(scratch):
    process = front()
    out, err = process.communicate(timeout=90)
    assert process.returncode == 7, err
    label, screen, engine_label, home = ast.literal_eval(out)
    assert (label, screen, engine_label) == ("DEMO", True, "DEMO")
    assert Path(home).parent == scratch
    assert_gone(scratch, within=0.0)


@pytest.mark.parametrize("group", [False, True], ids=["the app", "its whole group"])
def test_kill_9_of_the_app(scratch, group):
    with front("stay") as process:
        assert process.stdout is not None
        assert "DEMO" in process.stdout.readline()
        assert lock_holder(locate({}, next(scratch.iterdir())).engine_lock)
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
    assert_gone(scratch)


def simulator_of(folder: Path) -> psutil.Process:
    [found] = [p for p in living(folder) if "ainf_tui.simulator" in p.cmdline()]
    return found


def test_a_simulator_that_is_killed_is_there_again_and_the_box_goes_on(scratch):
    with started() as process:
        shown = document(process)
        first = simulator_of(scratch)
        first.kill()
        first.wait(10)
        assert lock_holder(locate({}, Path(shown["home"])).engine_lock), "the engine has gone with it"
        until(lambda: answers(shown["url"]), within=60.0)  # at the same address
        assert simulator_of(scratch).pid != first.pid
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(40) == 0
    assert_gone(scratch, within=0.0)


def test_what_the_engine_runs_just_now_ends_with_it(scratch, tmp_path):
    """A tool that it asks for its version, and that takes its time."""
    slow = tmp_path / "bin" / "uv"
    slow.parent.mkdir()
    slow.write_text('#!/bin/sh\ntouch "$0.asked"\nsleep 60\n')
    slow.chmod(0o755)
    with started(PATH=f"{slow.parent}{os.pathsep}{os.environ['PATH']}") as process:
        document(process)
        until(slow.with_suffix(".asked").exists, within=30.0)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(40) == 0
    assert_gone(scratch, within=0.0)


def answers(url: str) -> bool:
    host, _, port = url.rpartition("/")[2].partition(":")
    with socket.socket() as tried:
        return tried.connect_ex((host, int(port))) == 0


def test_what_the_killed_keeper_leaves_goes_with_the_app(scratch):
    with front("stay") as process:
        assert process.stdout is not None
        assert "DEMO" in process.stdout.readline()
        [keeper] = [p for p in living(scratch) if p.cmdline()[-3:] == ["ainf_tui", "demo", "--json"]]
        keeper.kill()
        assert lock_holder(locate({}, next(scratch.iterdir())).engine_lock)
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert_gone(scratch, within=0.0)


def test_a_demo_that_does_not_start_says_why(tmp_path, monkeypatch):
    broken = tmp_path / "python"
    broken.write_text('#!/bin/sh\necho \'{"error": {"message": "no room"}}\' >&2\nexit 1\n')
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    out = Output(Terminal(tty=True), Terminal(tty=True), err := Terminal(), {})
    assert run(["demo"], App(out, environ={}, open_screen=lambda *_: 1 // 0)) == 1
    assert "the demo did not start: no room" in err.getvalue()


def test_without_a_terminal_it_is_refused():
    out = Output(io.StringIO(), io.StringIO(), err := io.StringIO(), {})
    assert run(["demo"], App(out, environ={}, open_screen=lambda *_: 1 // 0)) == 2
    assert "ainf demo --json" in err.getvalue()


def test_the_looks_of_the_user_hold_in_the_demo(tmp_path):
    """His theme, its file, and the flags of this run; nothing that is about his box."""
    user, demo = tmp_path / "user", tmp_path / "demo"
    places = locate({}, user)
    places.user_themes_dir.mkdir(parents=True)
    (places.user_themes_dir / "night.toml").write_text("[colours]\n")
    places.config_file.write_text('[app]\ntheme = "night"\nnotify_hook = "x"\n[queue]\nmax_attempts = 9\n')
    app = App(environ={"AINF_HOME": str(user), "AINF_APP_ASCII": "yes"})
    app.flags = {"app.mouse": "off"}
    assert looks(app) == {"app.ascii": "yes", "app.mouse": "off"}
    assert theme_of(app) == (places.app_session_file, "night")
    scratch = locate({}, demo)
    scratch.config_dir.mkdir(parents=True)
    lend_themes(places, scratch)
    assert (scratch.user_themes_dir / "night.toml").exists()
    shutil.rmtree(demo)
    assert (places.user_themes_dir / "night.toml").exists()


def test_wrong_settings_of_the_user_are_no_reason_to_have_no_demo(tmp_path):
    app = App(environ={"AINF_HOME": str(tmp_path), "AINF_QUEUE_POLL_BUSY": "never"})
    assert looks(app) == {}
    assert theme_of(app) is None
