"""The probes on real files, sockets and programs."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ainf_tui.adapters.checks import disk, gpu, network, system
from ainf_tui.adapters.checks.commands import CouldNotLookError, ask
from ainf_tui.adapters.checks.database import database
from ainf_tui.adapters.checks.gather import at_once, clock
from ainf_tui.adapters.db import engine
from ainf_tui.domain.backends import BackendSpec
from ainf_tui.domain.checks import facts as f
from ainf_tui.domain.services import HealthSpec, ServiceSpec


def program(folder: Path, name: str, text: str) -> str:
    """A shell script of that name; its path."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@contextmanager
def listener(answer: Callable[[bytes], bytes] = lambda _: b"") -> Iterator[int]:
    """Answers each piece that comes on each connection, until the end; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    line, _ = server.accept()
                except OSError:
                    return
                with line:
                    while data := line.recv(4096):
                        if (said := answer(data)) == b"":
                            break
                        line.sendall(said)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def test_a_command_that_hangs_is_ended_with_all_it_started(tmp_path):
    child = tmp_path / "child"
    slow = program(tmp_path, "slow", f"sleep 60 & echo $! > {child}; wait")
    begun = time.monotonic()
    with pytest.raises(CouldNotLookError, match=r"no answer within 0\.5 s"):
        ask([slow], within=0.5)
    assert time.monotonic() - begun < 10
    pid = int(child.read_text())
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _lives(pid):
        time.sleep(0.01)
    assert not _lives(pid)


def _lives(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
    except OSError:
        return False


def test_probes_run_at_once_and_one_that_hangs_is_unknown():
    hold = threading.Event()

    def fails() -> str:
        raise PermissionError(13, "Permission denied", "/secret")

    def broken() -> str:
        raise TypeError("a mistake")

    probes = {"slow": lambda: str(hold.wait(30)), "well": lambda: "seen", "denied": fails, "broken": broken}
    try:
        found = at_once(probes, dict.fromkeys(probes, 0.3))
    finally:
        hold.set()
    assert found["well"] == "seen"
    assert found["slow"] == f.Unknown("no answer within 0.3 s")
    assert found["denied"] == f.Unknown("/secret: Permission denied")
    assert found["broken"] == f.Unknown("a fault in ainf: TypeError: a mistake")


def test_tools_are_found_run_and_asked_for_their_version(tmp_path):
    git = program(tmp_path, "git", "echo git version 2.39.5 built here")
    assert system.tool(["git"], path=str(tmp_path)) == f.Tool("git", git, "git 2.39.5")
    program(tmp_path, "node", "echo libatomic is missing >&2; exit 127")
    found = system.tool(["node"], path=str(tmp_path), needed_by=("web",))
    assert (found.trouble, found.needed_by) == ("libatomic is missing", ("web",))
    assert system.tool(["uv", "pip"], path=str(tmp_path)).path == ""
    services = [ServiceSpec("web", command=("/usr/bin/npm", "run")), ServiceSpec("b", command=("sh",))]
    assert system.needing_node(services) == ("web",)


@pytest.mark.parametrize(
    ("files", "kills"),
    [
        (["[Login]\n#KillUserProcesses=no"], False),
        (["[Login]\nKillUserProcesses=yes"], True),
        (["[Login]\nKillUserProcesses=yes", "[Login]\nKillUserProcesses=no"], False),
        (["[Login]\nKillUserProcesses=yes\nKillOnlyUsers=bob"], False),
        (["[Login]\nKillUserProcesses=1\nKillExcludeUsers=ann"], False),
    ],
)
def test_logind_files_are_read_in_their_order(tmp_path, files, kills):
    paths = [tmp_path / f"{number}.conf" for number in range(len(files))]
    for path, text in zip(paths, files, strict=True):
        path.write_text(text)
    assert system.kills_user("ann", paths) is kills


def test_drop_ins_of_logind_count(tmp_path):
    etc = tmp_path / "etc"
    (etc / "logind.conf.d").mkdir(parents=True)
    (etc / "logind.conf").write_text("[Login]\nKillUserProcesses=no\n")
    (etc / "logind.conf.d" / "kill.conf").write_text("[Login]\nKillUserProcesses=yes\n")
    (tmp_path / "run" / "seats").mkdir(parents=True)
    found = system.logout("nobody-here", [etc], tmp_path / "run")
    assert (found.logind, found.kills, found.linger) == (True, True, None)
    assert not system.logout("ann", [etc], tmp_path / "no-run").logind


def test_limits_and_memory_of_this_machine(tmp_path):
    found = system.limits()
    assert 0 < found.files_soft <= found.files_hard
    assert system.limits(tmp_path).watches is None
    memory = system.memory()
    assert 0 < memory.available <= memory.total
    assert system.encoding()
    assert system.python().system


def test_a_folder_is_tried_by_writing(tmp_path):
    found = disk.folder("state", tmp_path)
    assert (found.exists, found.writable, found.trouble) == (True, True, "")
    assert found.free
    assert found.mode == tmp_path.stat().st_mode & 0o777
    assert list(tmp_path.iterdir()) == []
    missing = disk.folder("models", tmp_path / "a" / "b")
    assert (missing.exists, missing.writable, missing.mode) == (False, True, None)
    (tmp_path / "file").write_text("")
    blocked = disk.folder("cache", tmp_path / "file" / "cache")
    assert (blocked.exists, blocked.writable) == (False, False)
    assert "is not a folder" in blocked.trouble


def test_a_folder_where_nothing_can_be_written():
    found = disk.folder("outputs", Path("/proc/sys"))
    assert not found.writable
    assert "no file can be written" in found.trouble


def test_leftovers_are_those_of_no_engine(tmp_path):
    lock, left = tmp_path / "engine.lock", tmp_path / "engine.sock"
    assert disk.leftovers(lock, [left]) == f.Leftovers(engine=False)
    left.write_text("")
    lock.write_text("1")
    assert disk.leftovers(lock, [left]).files == (str(left),)
    import fcntl

    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert disk.leftovers(lock, [left]) == f.Leftovers(engine=True)


def test_the_cache_is_counted(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(os.urandom(100_000))
    assert disk.cache(tmp_path).bytes >= 100_000
    assert disk.cache(tmp_path / "none").bytes == 0


def card(sys: Path, vendor: str = "0x10de", kind: str = "0x030000") -> None:
    device = sys / "bus/pci/devices/0000:01:00.0"
    device.mkdir(parents=True)
    for name, text in (("vendor", vendor), ("device", "0x2204"), ("class", kind)):
        (device / name).write_text(text + "\n")


def test_gpus_by_nvidia_smi(tmp_path):
    card(tmp_path)
    smi = program(
        tmp_path,
        "smi",
        'case "$1" in --query*) echo "NVIDIA GeForce RTX 3090, 24576, 550.90";;'
        ' *) echo "| NVIDIA-SMI 550.90  CUDA Version: 12.4 |";; esac',
    )
    found = gpu.gpus(tmp_path, tmp_path, smi)
    assert found.cards == ("NVIDIA 0x2204 at 0000:01:00.0",)
    assert (found.driver, found.cuda) == ("550.90", "12.4")
    assert found.memory == {"0 NVIDIA GeForce RTX 3090": 24576 * 1024**2}


def test_gpus_whose_driver_does_not_answer(tmp_path):
    card(tmp_path)
    smi = program(tmp_path, "smi", "echo Driver/library version mismatch; exit 18")
    assert gpu.gpus(tmp_path, tmp_path, smi).trouble == "Driver/library version mismatch"
    without = gpu.gpus(tmp_path, tmp_path, "no-smi-here")
    assert (without.cards != (), without.driver, without.trouble) == (True, "", "")
    assert gpu.gpus(tmp_path / "bare", tmp_path, "no-smi-here") == f.Gpus()


def test_amd_is_read_from_the_kernel(tmp_path):
    card(tmp_path, "0x1002", "0x038000")
    drm = tmp_path / "class/drm/card1/device"
    drm.mkdir(parents=True)
    (drm / "mem_info_vram_total").write_text("17163091968\n")
    (tmp_path / "module/amdgpu").mkdir(parents=True)
    found = gpu.gpus(tmp_path, tmp_path, "no-smi-here")
    assert (found.vendor, found.driver, found.memory) == ("amd", "amdgpu", {"AMD card1": 17163091968})


def test_torch_is_asked_of_its_own_python(tmp_path):
    python = program(tmp_path, "python", """echo warning; echo '["2.9.1+cu128", "12.8", "", true]'""")
    assert gpu.torch(python) == f.Torch(python, "2.9.1+cu128", "12.8", "", available=True)
    broken = program(tmp_path, "broken", "echo Traceback >&2; echo 'ImportError: libcudart.so' >&2; exit 1")
    assert gpu.torch(broken).trouble == "ImportError: libcudart.so"
    assert gpu.torch("/nowhere/python").trouble == "there is no such program"
    assert gpu.torch("") == f.Torch("")


def comfyui_service(port: int) -> ServiceSpec:
    return ServiceSpec("comfyui", ports=(port,), health=HealthSpec("http", identity="comfyui"))


def test_a_port_is_free_or_has_an_owner():
    with listener(lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as port:
        (taken,) = network.ports([comfyui_service(port)])
        assert (taken.free, taken.comfyui) == (False, False)
        assert f"pid {os.getpid()} (" in taken.owner
    (free,) = network.ports([comfyui_service(port)])
    assert free.free


async def test_a_comfyui_tells_its_version_and_where_it_listens(fast_sim):
    import asyncio

    found = await asyncio.to_thread(network.backend, BackendSpec("default", fast_sim.url))
    assert found.reachable, found.trouble
    assert (found.local, found.addresses, found.cors) == (True, ("127.0.0.1",), "")
    assert found.version


def test_a_server_that_never_answers_and_one_that_is_no_comfyui():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        found = network.backend(BackendSpec("b", url), within=0.3)
        assert (found.reachable, found.trouble) == (False, "no answer within 0.3 s")
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    with listener(lambda _: page) as port:
        found = network.backend(BackendSpec("b", f"http://127.0.0.1:{port}"), within=5)
        assert found.trouble == "what answers there is no ComfyUI"


@pytest.mark.parametrize(
    ("argv", "cors"),
    [
        (("main.py", "--enable-cors-header"), "*"),
        (("main.py", "--enable-cors-header", "--cpu"), "*"),
        (("main.py", "--enable-cors-header", "https://a.example"), "https://a.example"),
        (("main.py", "--enable-cors-header=*"), "*"),
        (("main.py",), ""),
    ],
)
def test_cors_by_the_command_line(argv, cors):
    assert network._cors(argv) == cors


def test_redis_is_pinged():
    def server(data: bytes) -> bytes:
        if b"AUTH" in data:
            return b"+OK\r\n" if b"s3cret" in data else b"-WRONGPASS invalid\r\n"
        return b"+PONG\r\n" if b"PING" in data else b"-ERR\r\n"

    with listener(server) as port:
        assert network.redis(f"redis://127.0.0.1:{port}").answered
        assert network.redis(f"redis://:s3cret@127.0.0.1:{port}").answered
        wrong = network.redis(f"redis://:other@127.0.0.1:{port}")
        assert not wrong.answered
        assert "WRONGPASS" in wrong.trouble
        assert "other" not in wrong.url + wrong.trouble
    assert network.redis(f"redis://127.0.0.1:{port}").trouble == "Connection refused"
    assert network.redis("") == f.Redis()


def test_the_manager_by_its_files(tmp_path):
    assert network.manager(tmp_path) == f.Manager()
    node = tmp_path / "custom_nodes/ComfyUI-Manager"
    node.mkdir(parents=True)
    (node / "config.ini").write_text("[default]\nsecurity_level = Weak\n")
    (node / "pyproject.toml").write_text('[project]\nname = "m"\nversion = "3.37.1"\n')
    assert network.manager(tmp_path) == f.Manager(str(node / "config.ini"), "weak", "3.37.1")


def test_a_database_that_is_well_one_that_is_not_there_and_one_that_is_none(tmp_path):
    import asyncio

    path = tmp_path / "ainf.db"
    assert not database(f"sqlite:///{path}").exists
    assert not path.exists()

    async def make() -> None:
        await (await engine.open(f"sqlite:///{path}")).aclose()

    asyncio.run(make())
    found = database(f"sqlite:///{path}")
    assert (found.reachable, found.state, found.trouble) == (True, "current", "")
    assert found.version
    path.write_bytes(b"this is no database at all" * 100)
    broken = database(f"sqlite:///{path}")
    assert (broken.reachable, broken.state) == (False, "")
    assert broken.trouble


def test_the_clock_is_compared_with_another_machines():
    here = f.Backend("a", "http://127.0.0.1", True, True)
    there = f.Backend("b", "http://far", True, False, clock=f.Clock(12.0, "ComfyUI at far"))
    assert clock((here, there), f.Unknown(""), f.Unknown("")) == f.Clock(12.0, "ComfyUI at far", None)
    assert clock((here,), f.Database("p", skew=3.0), True) == f.Clock(3.0, "the database's server", True)
    assert clock((here,), f.Unknown(""), False) == f.Clock(synchronized=False)
    assert clock((here,), f.Unknown(""), f.Unknown("no dbus")) == f.Unknown("no dbus")
