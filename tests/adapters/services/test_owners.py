"""Who listens on a port, and in whose way."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import socket
import sys

import pytest

from ainf_tui.adapters.services.owners import port_owners
from tests.fakes.services import program, until

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@linux_only
@pytest.mark.parametrize(
    ("bound", "asked", "seen"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("0.0.0.0", "127.0.0.1", True),
        ("::", "127.0.0.1", True),
        ("::1", "127.0.0.1", True),
        ("::1", "localhost", True),
        ("127.0.0.1", "0.0.0.0", True),
        ("127.0.0.1", "a-name.example", True),
        ("127.0.0.2", "127.0.0.1", False),
        ("127.0.0.2", "127.0.0.2", True),
    ],
)
async def test_who_listens_in_the_way_of_an_address(services, bound, asked, seen):
    family = socket.AF_INET6 if ":" in bound else socket.AF_INET
    with socket.create_server((bound, 0), family=family) as listening:
        port = listening.getsockname()[1]
        owners = await services.processes.owners([port, 1], asked)
    assert list(owners) == ([port] if seen else [])
    if seen:
        owner = owners[port]
        assert owner.process is not None
        assert owner.process.pid == os.getpid()
        assert await services.processes.alive(owner.process)
        assert owner.command
        assert owner.name
        assert owner.user


@linux_only
async def test_the_server_owns_the_port_not_the_children_that_inherit_it(services):
    text = """
import os, socket, time
listening = socket.create_server(("127.0.0.1", 0))
os.set_inheritable(listening.fileno(), True)
if os.fork():
    print(listening.getsockname()[1])
time.sleep(60)
"""
    launched = await services.start(text)
    until(lambda: services.log().exists() and services.log().read_text().strip())
    port = int(services.log().read_text())
    owner = (await services.processes.owners([port]))[port]
    assert owner.process == launched.process


async def test_secrets_of_a_command_line_are_hidden(services):
    text = """
import socket, time
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1])
time.sleep(60)
"""
    command = [*program(text), "--token", "verysecret", "http://user:password@host/"]
    launched = await services.processes.launch(services.spec(*command))
    try:
        until(lambda: services.log().read_text().strip())
        owner = next(iter((await services.processes.owners([int(services.log().read_text())])).values()))
    finally:
        await services.processes.signal(launched.process, "KILL")
    assert owner.command
    assert "secret" not in str(owner.command)
    assert "password" not in str(owner.command)


_LISTENS = """
import socket, sys, time
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
time.sleep(60)
"""


@linux_only
@pytest.mark.parametrize(
    ("told", "log"),
    [("> comfy.log 2>&1", "comfy.log"), ("> port 2> comfy.log", "comfy.log"), ("| cat > port", "")],
)
async def test_the_file_that_a_stranger_prints_to(services, tmp_path, told, log):
    shell = shlex.join([sys.executable, "-c", _LISTENS])
    child = await asyncio.create_subprocess_shell(
        f"{shell} {told}", cwd=tmp_path, stdin=asyncio.subprocess.DEVNULL, start_new_session=True
    )
    printed = tmp_path / ("port" if "port" in told else "comfy.log")
    try:
        until(lambda: printed.exists() and printed.read_text().strip())
        port = int(printed.read_text())
        owner = (await services.processes.owners([port]))[port]
        assert owner.log == (str(tmp_path / log) if log else "")
        if log:
            (tmp_path / log).unlink()
            assert (await services.processes.owners([port]))[port].log != str(tmp_path / log), "it is gone"
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        await child.wait()


@linux_only
def test_a_strangers_socket_has_a_user_and_no_process(tmp_path):
    (tmp_path / "net").mkdir()
    row = "0: 0100007F:1FFC 00000000:0000 0A 00000000:00000000 00:00000000 00000000 4294967 0 77 1"
    (tmp_path / "net" / "tcp").write_text(f"head\n {row}\n")
    (owner,) = port_owners([8188, 8189], "127.0.0.1", tmp_path).values()
    assert (owner.port, owner.process, owner.user, owner.command) == (8188, None, "4294967", ())
