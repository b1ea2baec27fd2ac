"""Running git, pip and Python: lines as they come, an end in any case."""

from __future__ import annotations

import asyncio
import sys

import psutil
import pytest

from ainf_tui.adapters.comfyui_install.tools import TASK_VARIABLE, Tools, shown
from ainf_tui.errors import AinfError

FOREVER = "import sys, time\nprint('here', flush=True)\ntime.sleep(100)"
STUBBORN = "import signal, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + FOREVER


@pytest.fixture
def tools():
    return Tools({"PATH": "/usr/bin:/bin", "PYTHONPATH": "/nowhere"}, silence=20.0)


def python(text):
    return (sys.executable, "-c", text)


async def run(tools, command, cwd, **options):
    lines: list[str] = []
    await tools.run(command, cwd=cwd, report=lines.append, **options)
    return lines


async def test_lines_as_they_come(tools, tmp_path):
    text = "import os, sys\nprint('a\\rb'); print('é', file=sys.stderr)\nprint(os.environ.get('PYTHONPATH'))"
    assert sorted(await run(tools, python(text), tmp_path)) == ["None", "a", "b", "é"]
    secret = "print('https://me:word@host/x')"
    assert await run(tools, python(secret), tmp_path) == ["https://***@host/x"]


async def test_why_it_failed(tools, tmp_path):
    text = "import sys\nprint('ERROR: no such wheel')\nprint('goodbye')\nsys.exit(3)"
    with pytest.raises(AinfError, match="exit code 3: ERROR: no such wheel") as caught:
        await run(tools, python(text), tmp_path)
    assert (caught.value.code, caught.value.details["exit_code"]) == ("comfyui.step_failed", 3)
    with pytest.raises(AinfError, match="killed by SIGKILL"):
        await run(tools, python("import os\nos.kill(os.getpid(), 9)"), tmp_path)


async def test_what_cannot_be_started(tools, tmp_path):
    with pytest.raises(AinfError) as caught:
        await run(tools, ("no-such-program",), tmp_path)
    assert caught.value.code == "comfyui.no_tool"
    with pytest.raises(AinfError, match="there is no folder"):
        await run(tools, python(""), tmp_path / "none")


async def test_silence_is_given_up(tools, tmp_path):
    with pytest.raises(AinfError, match=r"said nothing for 0\.3 s") as caught:
        await run(tools, python(FOREVER), tmp_path, silence=0.3)
    assert caught.value.code == "comfyui.silent"


async def test_a_cancelled_call_ends_its_whole_group(tools, tmp_path, monkeypatch):
    monkeypatch.setattr("ainf_tui.adapters.comfyui_install.tools.GRACE", 0.2)
    tools.for_task("task-7")
    said = asyncio.Event()
    nested = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {STUBBORN!r}])"
    running = asyncio.create_task(tools.run(python(nested), cwd=tmp_path, report=lambda _line: said.set()))
    async with asyncio.timeout(20):
        await said.wait()
    children = psutil.Process().children(recursive=True)
    ours = [child for child in children if child.environ().get(TASK_VARIABLE) == "task-7"]
    assert len(ours) == 2
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    gone, alive = await asyncio.to_thread(psutil.wait_procs, ours, 5)
    assert (len(gone), alive) == (2, [])


@pytest.mark.parametrize("own_session", [False, True])
async def test_a_grandchild_that_keeps_the_pipe_holds_nobody_up(tools, tmp_path, monkeypatch, own_session):
    """It ends with its group; one that has made a session of its own is left to itself."""
    monkeypatch.setattr("ainf_tui.adapters.comfyui_install.tools._DRAIN", 0.2)
    how = f"[sys.executable, '-c', {FOREVER!r}], start_new_session={own_session}"
    text = f"import subprocess, sys\nprint(subprocess.Popen({how}).pid)"
    lines = await run(tools, python(text), tmp_path)
    pid = next(int(line) for line in lines if line.isdigit())
    if own_session:
        psutil.Process(pid).kill()
    else:
        assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_commands_are_shown_without_secrets_and_habits():
    command = ("/usr/bin/git", "-c", "a=b", "-c", "c=d", "fetch", "https://me:word@host/x")
    assert shown(command) == "git fetch 'https://***@host/x'"
