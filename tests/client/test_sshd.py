"""The same with the real ssh and a real sshd on loopback, with keys and settings of its own."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from ainf_tui.client import Client
from ainf_tui.client.box import parse_box
from ainf_tui.client.live import Connected, Live, Lost
from ainf_tui.client.process import lock_holder
from ainf_tui.client.remote import connected
from ainf_tui.client.ssh import Program
from ainf_tui.client.tunnel import Patience, Tunnel
from ainf_tui.errors import AinfError
from ainf_tui.locations import Locations, locate

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin")
SSH = shutil.which("ssh")
KEYGEN = shutil.which("ssh-keygen")
ROOT = Path(__file__).parents[2]
PRIVSEP = Path("/run/sshd")
"""Where a root's sshd of Debian locks itself up; its service makes it, and may never have run."""

pytestmark = pytest.mark.skipif(
    not (SSHD and SSH and KEYGEN), reason="no sshd, ssh and ssh-keygen on this machine"
)


class Server:
    """sshd with a scratch folder: `ssh` is ours to know it as `box` and nobody else's settings."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        for name in ("host", "user"):
            words = [str(KEYGEN), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(words, check=True, timeout=60)
        shutil.copy(folder / "user.pub", folder / "authorized")
        kind, key = (folder / "host.pub").read_text().split()[:2]
        (folder / "known").write_text(f"[127.0.0.1]:{self.port} {kind} {key}\n")
        self.ssh = folder / "ssh"
        self.ssh.write_text(f'#!/bin/sh\nexec {SSH} -F {folder}/ssh_config "$@"\n')
        self.ssh.chmod(0o755)
        self.client_config()
        self._process: subprocess.Popen[bytes] | None = None

    def client_config(self, *, known: str = "known", identity: str = "user", more: str = "") -> None:
        (self.folder / "ssh_config").write_text(
            f"Host box\n HostName 127.0.0.1\n Port {self.port}\n User {getpass.getuser()}\n"
            f" IdentityFile {self.folder}/{identity}\n IdentitiesOnly yes\n IdentityAgent none\n"
            f" UserKnownHostsFile {self.folder}/{known}\n GlobalKnownHostsFile /dev/null\n{more}"
        )

    def start(self, more: str = "") -> None:
        (self.folder / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1\nPort {self.port}\nHostKey {self.folder}/host\n"
            f"AuthorizedKeysFile {self.folder}/authorized\nPidFile none\nUsePAM no\nStrictModes no\n"
            f"PasswordAuthentication no\nKbdInteractiveAuthentication no\n{more}"
        )
        words = [str(SSHD), "-D", "-e", "-f", f"{self.folder}/sshd_config"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        give_up = time.monotonic() + 20
        while self._process.poll() is None and time.monotonic() < give_up:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        pytest.skip(f"sshd does not start here: {(self.folder / 'log').read_text()[-300:]}")

    def sessions(self) -> list[psutil.Process]:
        """The server's processes of open connections."""
        return psutil.Process(self._process.pid).children(recursive=True) if self._process else []

    def stop(self) -> None:
        """Ends it and every connection."""
        if self._process is None:
            return
        for process in [*self.sessions(), psutil.Process(self._process.pid)]:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)
                process.kill()
        self._process.wait()
        self._process = None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = os.geteuid() == 0 and not PRIVSEP.exists()
    if made:
        PRIVSEP.mkdir(mode=0o755)
    found = Server(tmp_path / "sshd")
    try:
        yield found
    finally:
        found.stop()
        if made:
            PRIVSEP.rmdir()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Locations]:
    found = locate({"AINF_HOME": str(tmp_path_factory.mktemp("box") / "home of it")})
    yield found
    if pid := lock_holder(found.engine_lock):
        psutil.Process(pid).kill()


def tunnel_of(server: Server, place: Locations, **changes: Any) -> Tunnel:
    command = f"env PYTHONPATH={ROOT} AINF_COMFYUI_URL=http://127.0.0.1:9 {sys.executable} -m ainf_tui"
    program = replace(Program(str(server.ssh), command, alive=1), **changes)
    return Tunnel(parse_box(f"ssh://box{place.home}"), program, patience=Patience(20.0, 40.0))


@asynccontextmanager
async def client_of(server: Server, place: Locations, **changes: Any) -> AsyncIterator[tuple[Tunnel, Client]]:
    tunnel = tunnel_of(server, place, **changes)
    try:
        await tunnel.open(ask=False)
        async with connected(tunnel, start=True) as client:
            yield tunnel, client
    finally:
        tunnel.close()


async def until(live: Live, kind: type[Any]) -> Any:
    async with asyncio.timeout(30):
        async for update in live:
            if isinstance(update, kind):
                return update
    raise AssertionError(kind)


async def code_of(server: Server, place: Locations, **changes: Any) -> str:
    with pytest.raises(AinfError) as caught:
        async with client_of(server, place, **changes):
            pass
    return caught.value.code


async def test_there_and_back_and_nothing_stays(server, place):
    # What a user may have set for every session must not get in our way.
    server.client_config(
        more=f" RemoteCommand false\n RequestTTY force\n LocalForward 127.0.0.1:{server.port} x:1\n"
        " ExitOnForwardFailure yes\n"
    )
    server.start()
    async with client_of(server, place) as (tunnel, client):
        engine = await client.engine.version()
        assert engine.home == str(place.home)
        assert engine.pid == lock_holder(place.engine_lock)
        folder = tunnel.socket.parent
    assert not folder.exists()
    gone, alive = psutil.wait_procs(server.sessions(), timeout=20)
    assert alive == [], gone


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_line_that_ends_or_goes_silent_is_made_anew(server, place, number):
    server.start()
    async with client_of(server, place) as (_, client), Live(client.transport, ("queue",)) as live:
        await until(live, Connected)
        for process in server.sessions():
            process.send_signal(number)
        await until(live, Lost)
        await until(live, Connected)
        await client.status()


async def test_a_killed_ssh_is_followed_by_another(server, place):
    server.start()
    async with client_of(server, place) as (tunnel, client), Live(client.transport, ("queue",)) as live:
        await until(live, Connected)
        [ssh] = [p for p in psutil.Process().children() if str(tunnel.socket.parent / "ssh") in p.cmdline()]
        ssh.kill()
        await until(live, Lost)
        await until(live, Connected)
        await client.status()


async def test_a_server_that_was_away_comes_back(server, place):
    server.start()
    async with client_of(server, place) as (_, client), Live(client.transport, ("queue",)) as live:
        await until(live, Connected)
        server.stop()
        while "refused" not in (await until(live, Lost)).reason:
            pass
        server.start()
        await until(live, Connected)


def test_kill_9_leaves_nothing_on_either_side(server, place):
    server.start()
    script = (
        "import asyncio, sys\n"
        "from tests.client.test_sshd import *\n"
        "async def main():\n"
        "    program = Program(sys.argv[2], sys.argv[3])\n"
        "    tunnel = await Tunnel(parse_box(sys.argv[1]), program).open(ask=False)\n"
        "    async with connected(tunnel, start=True) as client:\n"
        "        await client.status()\n"
        "        print(tunnel.socket.parent, flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    tunnel = tunnel_of(server, place)
    words = [sys.executable, "-c", script, tunnel.box.url, str(server.ssh), tunnel.program.command]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) == 2, "ssh, and who clears up"
        assert server.sessions()
        process.kill()
    assert psutil.wait_procs([*children, *server.sessions()], timeout=20)[1] == []
    assert not folder.exists()
    assert lock_holder(place.engine_lock)


async def test_an_unknown_host_key(server, place):
    server.client_config(known="none")
    server.start()
    assert await code_of(server, place) == "connect.host_key"


async def test_a_key_that_opens_nothing(server, place):
    words = [str(KEYGEN), "-q", "-t", "ed25519", "-N", "", "-f", str(server.folder / "other")]
    subprocess.run(words, check=True, timeout=60)  # noqa: ASYNC221 -- nothing else runs in this loop
    server.client_config(identity="other")
    server.start()
    assert await code_of(server, place) == "connect.auth"


async def test_a_server_that_is_not_there(server, place):
    assert await code_of(server, place) == "connect.failed"


async def test_a_server_that_forwards_no_sockets(server, place):
    server.start("AllowStreamLocalForwarding no\n")
    assert await code_of(server, place) == "connect.forward_refused"


async def test_no_ainf_there(server, place):
    server.start()
    assert await code_of(server, place, command="no-such-ainf") == "connect.no_ainf"
