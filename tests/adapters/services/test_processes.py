"""Processes of services: started, known again, told from others, ended with all that is theirs."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ainf_tui.adapters.services import launcher
from ainf_tui.adapters.services.processes import SystemProcesses
from ainf_tui.domain.ports_services import LaunchSpec
from ainf_tui.errors import AinfError, ConflictError, ForbiddenError, UsageError
from tests.fakes.services import PATIENCE, program, until

SLEEP = "import time; time.sleep(60)"
FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"])
print(child.pid)
time.sleep(60)
"""
"""A service with a child."""

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


async def ending(services, launched, service="web"):
    give_up = time.monotonic() + PATIENCE
    while (found := await services.processes.ended(service, launched.token)) is None:
        assert time.monotonic() < give_up
        await asyncio.sleep(0.01)
    return found


def spawn(text, **more):
    return subprocess.Popen(program(text), **more)


def child_of(services):
    until(lambda: services.log().exists() and services.log().read_text().endswith("\n"))
    return int(services.log().read_text())


# -- starting --------------------------------------------------------------------------------------
async def test_a_service_runs_is_known_and_its_end_is_told_once(services):
    launched = await services.start(
        "import os; print(os.environ['WHO']); raise SystemExit(3)", env={"WHO": "me"}
    )
    assert (await ending(services, launched)).code == 3
    assert services.log().read_text() == "me\n"
    assert launched.log_problem == ""
    until(lambda: not Path(f"/proc/{launched.process.pid}").exists())
    assert not await services.processes.alive(launched.process)
    assert await services.processes.ended("web", "another") is None
    await services.processes.forget("web", launched.token)
    assert list(services.state.iterdir()) == []


async def test_an_ending_that_cannot_be_read_is_an_ending_all_the_same(services):
    launched = await services.start("pass")
    await ending(services, launched)
    (services.state / f"web.{launched.token}.exit.json").write_text("{")
    ended = await services.processes.ended("web", launched.token)
    assert ended is not None
    assert (ended.code, ended.signal, ended.well) == (None, None, False)


async def test_the_engine_that_died_before_it_wrote_a_record_finds_its_service(services):
    first = await services.start(SLEEP)
    again = SystemProcesses(services.state)
    assert await again.launched() == {"web": first}
    second = await services.start(SLEEP, service="../a.b~")
    assert await again.launched() == {"web": first, "../a.b~": second}
    await again.forget("web", first.token)
    assert await again.launched() == {"../a.b~": second}
    await again.aclose()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("no-such-program",), "command no-such-program is not found"),
        (("./text",), "cannot be executed: Permission denied"),
        (("./script",), "the interpreter that the first line"),
        ((), "no command is given"),
        (("a\0b",), "null"),
    ],
)
async def test_why_a_command_cannot_be_run_is_told(services, command, words):
    (services.folder / "text").write_text("")
    script = services.folder / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    with pytest.raises(ConflictError, match=words) as caught:
        await services.processes.launch(services.spec(*command))
    assert caught.value.code == "service.no_command"
    assert await services.processes.launched() == {}


async def test_a_folder_that_is_not_there_is_named(services):
    with pytest.raises(ConflictError, match="its folder /no/such/folder: No such file or directory"):
        await services.processes.launch(services.spec(*program("pass"), cwd="/no/such/folder"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import time; time.sleep(60)", "did not answer within 0.3 s"),
        ("raise SystemExit('its last word')", "its last word"),
    ],
)
async def test_a_launcher_that_fails_is_told_from_a_command_that_does(tmp_path, monkeypatch, text, words):
    broken = tmp_path / "launcher.py"
    broken.write_text(text)
    monkeypatch.setattr(launcher, "__file__", str(broken))
    processes = SystemProcesses(tmp_path / "services", within=0.3)
    services = LaunchSpec("web", program("pass"), str(tmp_path))
    with pytest.raises(AinfError, match=words) as caught:
        await processes.launch(services)
    assert caught.value.code == "service.no_launcher"
    await processes.aclose()


# -- knowing ---------------------------------------------------------------------------------------
@linux_only
async def test_another_start_another_boot_and_a_zombie_are_not_alive(services):
    process = (await services.start(SLEEP)).process
    alive = services.processes.alive
    assert await alive(process)
    assert await alive(replace(process, host="renamed-meanwhile"))
    assert not await alive(replace(process, started=process.started + 1))
    assert not await alive(replace(process, boot="00000000"))
    child = spawn("pass")
    zombie = await services.processes.identify(child.pid)
    until(lambda: Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z")
    assert zombie is not None
    assert not await alive(zombie)
    child.wait()


@linux_only
async def test_usage_counts_the_children_and_their_ports(services):
    text = """
import socket, subprocess, sys
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1])
child = '''
import time
fill = b"x" * 20_000_000
end = time.process_time() + 0.2
while time.process_time() < end: pass
print("done", flush=True)
time.sleep(60)
'''
subprocess.run([sys.executable, "-I", "-S", "-c", child])
"""
    launched = await services.start(text)
    until(lambda: "done" in services.log().read_text())
    gone = replace(launched.process, started=1)
    usage = await services.processes.usage([launched.process, gone])
    assert list(usage) == [launched.process]
    found = usage[launched.process]
    assert len(found.pids) == 2
    assert found.cpu_seconds > 0.15
    assert found.memory > 20_000_000
    assert found.ports == (int(services.log().read_text().split()[0]),)


async def test_members_outlive_their_leader_and_strangers_are_not_among_them(services):
    launched = await services.start(FAMILY)
    child, leader = child_of(services), launched.process
    assert set(await services.processes.group_members(leader)) == {leader.pid, child}
    os.kill(leader.pid, signal.SIGKILL)
    await ending(services, launched)
    assert await services.processes.group_members(leader) == (child,)
    # The number given again: what lives in that session began before it.
    later = replace(leader, started=leader.started + 10**9)
    assert await services.processes.group_members(later) == ()
    assert await services.processes.group_members(replace(leader, boot="00000000")) == ()


@linux_only
async def test_a_session_on_a_number_that_was_given_again_is_a_strangers(services):
    stranger = spawn(SLEEP, start_new_session=True)
    try:
        ours = await services.processes.identify(stranger.pid)
        assert ours is not None
        earlier = replace(ours, started=ours.started - 1)
        assert await services.processes.group_members(earlier) == ()
        assert not await services.processes.signal(earlier, "KILL")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


# -- ending ----------------------------------------------------------------------------------------
async def test_a_signal_reaches_the_whole_group(services):
    launched = await services.start(FAMILY)
    child = child_of(services)
    assert await services.processes.signal(launched.process, "SIGTERM")
    assert (await ending(services, launched)).signal == "SIGTERM"
    until(lambda: not _lives(child))
    assert not await services.processes.signal(launched.process, "TERM")


def _lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_kill_reaches_groups_of_their_own_and_what_the_leader_left_behind(services):
    text = FAMILY.replace('time.sleep(60)"])', 'time.sleep(60)"], process_group=0)')
    launched = await services.start(text)
    child = child_of(services)
    assert await services.processes.signal(launched.process, "TERM")
    await ending(services, launched)
    assert _lives(child)
    assert await services.processes.signal(launched.process, "KILL")
    until(lambda: not _lives(child))


async def test_a_process_that_leads_no_group_is_signalled_alone(services):
    child = spawn(SLEEP)  # in the group of this test
    process = await services.processes.identify(child.pid)
    assert process is not None
    assert await services.processes.signal(process, "INT")
    assert child.wait(PATIENCE) != 0


async def test_what_may_not_be_signalled(services):
    own = await services.processes.identify(os.getpid())
    assert own is not None
    with pytest.raises(ForbiddenError) as caught:
        await services.processes.signal(own, "TERM")
    assert caught.value.code == "service.not_permitted"
    with pytest.raises(UsageError) as refused:
        await services.processes.signal(own, "NONSENSE")
    assert refused.value.code == "service.bad_signal"


async def test_another_users_process_may_not_be_signalled(services, monkeypatch):
    def refuse(_pid, _number):
        raise PermissionError

    process = (await services.start(SLEEP)).process
    with monkeypatch.context() as patched:
        patched.setattr("os.killpg", refuse)
        with pytest.raises(ForbiddenError, match=f"Process {process.pid} .* another user"):
            await services.processes.signal(process, "TERM")


@pytest.mark.parametrize(
    ("text", "code"),
    [("raise SystemExit(5)", 5), ("raise SystemExit(124)", 124), ("import os; os.abort()", -6)],
)
async def test_a_command_is_run_for_its_code(services, text, code):
    assert await services.processes.run(program(text), cwd="/", env={}, within=PATIENCE) == code


@pytest.mark.parametrize(("command", "code"), [("no-such-program", 127), ("/", 126), ("a\0b", 126)])
async def test_a_command_that_cannot_be_run_answers_as_in_a_shell(services, command, code):
    assert await services.processes.run([command], cwd="/", env={}, within=PATIENCE) == code


async def test_a_command_that_hangs_costs_its_deadline_and_its_whole_group(services):
    mark = services.folder / "pids"
    text = FAMILY.replace("print(child.pid)", f"open({str(mark)!r}, 'w').write(f'{{child.pid}}\\n')")
    assert await services.processes.run(program(text), cwd="/", env={}, within=0.5) == 124
    until(lambda: not _lives(int(mark.read_text())))


async def test_commands_that_hang_do_not_hold_up_the_rest(services):
    hanging = [
        asyncio.create_task(services.processes.run(program(SLEEP), cwd="/", env={}, within=1.0))
        for _ in range(12)
    ]
    await asyncio.sleep(0)
    await services.processes.owners([1])
    assert not any(task.done() for task in hanging)
    assert set(await asyncio.gather(*hanging)) == {124}


# -- survival --------------------------------------------------------------------------------------
STARTER = """
import asyncio, json, sys
from pathlib import Path
from ainf_tui.adapters.services.processes import SystemProcesses
from ainf_tui.domain.ports_services import LaunchSpec

async def main():
    folder = Path(sys.argv[1])
    spec = LaunchSpec("web", tuple(sys.argv[2:]), str(folder), {}, str(folder / "web.log"))
    launched = await SystemProcesses(folder / "state" / "services").launch(spec)
    print(launched.token, launched.process.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def begin(folder, command):
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, str(folder), *command],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )


async def test_the_service_outlives_the_killed_starter_and_the_next_one_learns_its_end(services):
    command = program("import time\nwhile True: print('tick'); time.sleep(0.01)")
    starter = begin(services.folder, command)
    assert starter.stdout is not None
    try:
        token, pid = starter.stdout.readline().split()
    finally:
        os.killpg(starter.pid, signal.SIGKILL)
        starter.communicate()
    launched = (await services.processes.launched())["web"]
    assert (launched.token, launched.process.pid) == (token.decode(), int(pid))
    seen = services.log().stat().st_size
    until(lambda: services.log().stat().st_size > seen + 20)
    assert await services.processes.alive(launched.process)
    assert await services.processes.signal(launched.process, "KILL")
    ended = await ending(services, launched)
    assert (ended.signal, ended.oom) == ("SIGKILL", False)
    assert ended.at is not None


async def test_an_out_of_memory_kill_is_told_as_one(services):
    launched = await services.start("pass")
    await ending(services, launched)
    told = {"code": None, "signal": "SIGKILL", "at": 1.5, "oom": True}
    (services.state / f"web.{launched.token}.exit.json").write_text(json.dumps(told))
    ended = await services.processes.ended("web", launched.token)
    assert ended is not None
    assert ended.text == "killed by SIGKILL (out of memory)"
