from __future__ import annotations

import asyncio
import os
import sys

import psutil
import pytest

from ainf_tui.adapters.comfy.address import BackendAddress
from ainf_tui.adapters.comfy.http import HttpComfyServer
from ainf_tui.adapters.comfy.process import Owner, ProcessFinder, _by_psutil
from tests.adapters.comfy.servers import reply, serving

SERVER = """
import http.server, json, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"system": {"argv": sys.argv}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


class Running:
    """A process that listens and says its own command line, as ComfyUI does."""

    def __init__(self, folder):
        self.script = folder / "main.py"
        self.script.write_text(SERVER)

    async def start(self, port=0):
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, str(self.script), "--port", str(port), stdout=asyncio.subprocess.PIPE
        )
        assert self.process.stdout is not None
        self.port = int(await self.process.stdout.readline())

    async def stop(self):
        self.process.kill()
        await self.process.communicate()


@linux_only
async def test_the_identity_is_the_processes_and_changes_with_it(tmp_path):
    running = Running(tmp_path)
    await running.start()
    server = HttpComfyServer(BackendAddress(f"http://127.0.0.1:{running.port}"))
    try:
        first = await server.process_identity()
        boot, pid, started = first.split(":")
        assert int(pid) == running.process.pid
        assert len(boot) == 8
        ticks = psutil.Process(int(pid)).create_time() - psutil.boot_time()
        assert int(started) / os.sysconf("SC_CLK_TCK") == pytest.approx(ticks, abs=2)
        assert await server.process_identity() == first
        await running.stop()
        assert await server.process_identity() == ""
        await running.start(running.port)
        second = await server.process_identity()
        assert second not in {"", first}
    finally:
        await running.stop()
        await server.aclose()


@linux_only
async def test_a_forwarder_before_a_server_has_no_identity(tmp_path):
    running = Running(tmp_path)
    await running.start()

    async def forward(request, writer):
        reader, behind = await asyncio.open_connection("127.0.0.1", running.port)
        behind.write(f"GET {request.target} HTTP/1.0\r\n\r\n".encode())
        writer.write(reply(200, (await reader.read()).partition(b"\r\n\r\n")[2]))
        behind.close()

    try:
        async with serving(forward) as served:
            server = HttpComfyServer(BackendAddress(served.url))
            assert ProcessFinder().owner("127.0.0.1", served.port) is not None
            assert await server.process_identity() == ""
            await server.aclose()
    finally:
        await running.stop()


async def test_psutil_finds_our_own_listener():
    async with serving(b"") as served:
        owner = _by_psutil("127.0.0.1", served.port)
        assert owner is not None
        assert owner.pid == os.getpid()
        assert _by_psutil("127.0.0.2", served.port) is None


# -- a /proc of our own ----------------------------------------------------------------------------
HEAD = "  sl  local_address rem_address   st ...\n"
STAT = "{pid} (a name) with ) in it) S " + " ".join("0" for _ in range(18)) + " {started} 0 0\n"


class FakeProc:
    def __init__(self, root):
        self.root = root
        (root / "net").mkdir()
        (root / "sys/kernel/random").mkdir(parents=True)
        (root / "sys/kernel/random/boot_id").write_text("0123abcd-0000-0000-0000-000000000000\n")
        self.sockets()

    def sockets(self, *rows, table="tcp"):
        text = HEAD + "".join(
            f"   {n}: {local} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 0 0 {inode} 1\n"
            for n, (local, state, inode) in enumerate(rows)
        )
        (self.root / "net" / table).write_text(text)

    def process(self, pid, started, inode, comm="python", cmdline="python\0main.py\0"):
        folder = self.root / str(pid)
        (folder / "fd").mkdir(parents=True)
        (folder / "fd" / "3").symlink_to("/dev/null")
        (folder / "fd" / "4").symlink_to(f"socket:[{inode}]")
        (folder / "stat").write_text(STAT.format(pid=pid, started=started))
        (folder / "comm").write_text(comm + "\n")
        (folder / "cmdline").write_text(cmdline)


@pytest.fixture
def proc(tmp_path):
    return FakeProc(tmp_path)


def finder(proc):
    return ProcessFinder(proc.root, "linux")


LOOPBACK, ANY = "0100007F:1FFC", "00000000:1FFC"
little_endian = pytest.mark.skipif(sys.byteorder != "little", reason="the tables here are of such a machine")


@little_endian
def test_owner_by_inode_with_start_ticks(proc):
    proc.sockets((LOOPBACK, "0A", 77), (LOOPBACK, "01", 78), ("0100007F:1FFD", "0A", 79))
    proc.process(12, 4711, 77)
    assert finder(proc).owner("127.0.0.1", 8188) == Owner(
        12, 4711, "0123abcd", "python", ("python", "main.py")
    )
    assert finder(proc).owner("127.0.0.1", 1) is None


@little_endian
def test_the_socket_bound_to_the_address_goes_before_the_one_bound_to_all(proc):
    proc.sockets((ANY, "0A", 77))
    v6 = "0000000000000000FFFF00000100007F:1FFC"
    proc.sockets((v6, "0A", 99), table="tcp6")
    proc.process(12, 1, 77)
    proc.process(13, 2, 99)
    owner = finder(proc).owner("127.0.0.1", 8188)
    assert owner is not None
    assert owner.pid == 13
    owner = finder(proc).owner("127.0.0.2", 8188)
    assert owner is not None
    assert owner.pid == 12


@little_endian
def test_children_that_inherited_the_socket_are_not_its_maker(proc):
    proc.sockets((LOOPBACK, "0A", 77))
    proc.process(9, 500, 77)
    proc.process(12, 100, 77)
    owner = finder(proc).owner("localhost", 8188)
    assert owner is not None
    assert owner.pid == 12


@little_endian
def test_two_listeners_forwarders_and_strangers_have_no_owner(proc):
    proc.sockets((LOOPBACK, "0A", 77))
    assert finder(proc).owner("127.0.0.1", 8188) is None
    proc.process(12, 1, 77, comm="ssh")
    assert finder(proc).owner("127.0.0.1", 8188) is None
    proc.sockets((LOOPBACK, "0A", 77), (LOOPBACK, "0A", 78))
    proc.process(13, 1, 78)
    assert finder(proc).owner("127.0.0.1", 8188) is None


@little_endian
def test_the_walk_is_spared_while_socket_and_process_stay(proc):
    proc.sockets((LOOPBACK, "0A", 77))
    proc.process(12, 1, 77)
    finds = finder(proc)
    first = finds.owner("127.0.0.1", 8188)
    (proc.root / "12" / "fd" / "4").unlink()
    assert finds.owner("127.0.0.1", 8188) == first
    (proc.root / "12" / "stat").write_text(STAT.format(pid=12, started=2))
    assert finds.owner("127.0.0.1", 8188) is None


@pytest.mark.parametrize(
    ("cmdline", "argv", "same"),
    [
        (("python", "main.py", "--cpu"), ("main.py", "--cpu"), True),
        (("/v/bin/python", "-u", "/opt/ComfyUI/main.py"), ("/opt/ComfyUI/main.py",), True),
        (("python", "-m", "comfy", "--cpu"), ("/x/comfy/__main__.py", "--cpu"), True),
        (("/v/bin/python", "/v/bin/ainf", "simulator"), ("/v/bin/ainf", "simulator"), True),
        (("ssh", "-L", "8188:h:8188", "h"), ("main.py", "--cpu"), False),
        (("python", "proxy.py"), ("main.py",), False),
        (("python", "main.py", "--cpu"), ("main.py",), True),
        (("python", "main.py"), ("main.py", "--cpu"), False),
        (("python", "main.py"), (), False),
        (("python", "-m", "pytest"), ("a server within",), False),
        (("python", "-m"), ("main.py",), False),
        ((), ("main.py",), False),
    ],
)
def test_an_owner_runs_what_the_server_says_of_itself(cmdline, argv, same):
    assert Owner(1, 1, "b", "x", cmdline).runs(argv) is same
