"""An engine on another machine: a real one, behind a stand-in for ssh that can be cut and deafened."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from ainf_tui.client import Client, remote
from ainf_tui.client.box import parse_box
from ainf_tui.client.follow import follow
from ainf_tui.client.live import Connected, Live, Lost
from ainf_tui.client.process import lock_holder
from ainf_tui.client.remote import connected
from ainf_tui.client.ssh import Program
from ainf_tui.client.tunnel import Patience, Tunnel
from ainf_tui.domain.ids import new_id
from ainf_tui.domain.requests import JobsRequest, RunRequest
from ainf_tui.errors import AinfError, ConflictError, UnreachableError, UsageError
from ainf_tui.locations import Locations, locate
from tests.fakes.ssh import StandIn

AINF = f"{sys.executable} -m ainf_tui"
T = TypeVar("T")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Locations]:
    """The box's state folder; its engine ends with the tests."""
    found = locate({"AINF_HOME": str(tmp_path_factory.mktemp("box") / "home")})
    yield found
    if pid := lock_holder(found.engine_lock):
        psutil.Process(pid).kill()


@pytest.fixture
def ssh(tmp_path: Path, place: Locations) -> StandIn:
    env = {
        "PATH": os.environ["PATH"],
        "AINF_COMFYUI_URL": "http://127.0.0.1:9",
        "PYTHONPATH": str(ROOT),
        # A box whose own settings lead on to a third is asked for its own engine all the same.
        "AINF_CONNECT": "ssh://elsewhere",
        "HOME": str(place.home),
    }
    return StandIn(tmp_path / "ssh", env)


@asynccontextmanager
async def tunnel_to(stand_in: StandIn, place: Locations, **changes: Any) -> AsyncIterator[Tunnel]:
    program = replace(Program(str(stand_in.program), AINF, alive=1), **changes)
    tunnel = Tunnel(parse_box(f"ssh://me@box{place.home}"), program, patience=Patience(10.0, 30.0))
    try:
        await tunnel.open(ask=False)
        yield tunnel
    finally:
        tunnel.close()


@asynccontextmanager
async def client_of(
    stand_in: StandIn, place: Locations, *, start: bool = True, **changes: Any
) -> AsyncIterator[tuple[Tunnel, Client]]:
    async with tunnel_to(stand_in, place, **changes) as tunnel, connected(tunnel, start=start) as client:
        yield tunnel, client


async def code_of(stand_in: StandIn, place: Locations, *, start: bool = True, **changes: Any) -> AinfError:
    with pytest.raises(AinfError) as caught:
        async with client_of(stand_in, place, start=start, **changes):
            pass
    assert stand_in.running == []
    return caught.value


async def reopen(client: Client) -> None:
    assert client.reopen is not None
    async with asyncio.timeout(20):
        await client.reopen()


async def until(live: Live, kind: type[T], seconds: float = 20.0) -> T:
    async with asyncio.timeout(seconds):
        async for update in live:
            if isinstance(update, kind):
                return update
    raise AssertionError(kind)


def held(*, count: int = 1) -> RunRequest:
    values = {"prompt": "a cat"}
    return RunRequest(new_id(), pack="portrait-basic", values=values, count=count, held=True)


# -- there and back --------------------------------------------------------------------------------
async def test_no_engine_runs_there_and_none_may_be_started(ssh, place):
    error = await code_of(ssh, place, start=False)
    assert (error.code, error.exit_code) == ("engine.not_running", 3)
    assert lock_holder(place.engine_lock) is None


async def test_it_is_started_there_and_outlives_the_line(ssh, place):
    async with client_of(ssh, place) as (tunnel, client):
        engine = await client.engine.version()
        assert (engine.home, client.notices) == (str(place.home), ())
        assert tunnel.socket.parent.stat().st_mode & 0o777 == 0o700
        folder = tunnel.socket.parent
    assert not folder.exists()
    assert ssh.running == []
    async with client_of(ssh, place, start=False) as (_, client):
        assert (await client.engine.version()).pid == engine.pid
    assert lock_holder(place.engine_lock) == engine.pid


async def test_one_connection_carries_all_and_no_config_is_read_twice(ssh, place):
    async with client_of(ssh, place) as (tunnel, client):
        await client.status()
        asked = len(ssh.calls)
        async with connected(tunnel, start=True):
            assert len(ssh.calls) == asked, "another client asks the engine, not the box"
    [connection] = ssh.connections
    assert connection[connection.index("--") + 1] == "box"
    for words in ssh.calls:
        if words != connection:
            assert words[:2] == ["-F", "none"]
            assert words[words.index("-S") + 1] == connection[connection.index("-S") + 1]


# -- what can go wrong at first --------------------------------------------------------------------
async def test_no_ssh_here(ssh, place):
    assert (await code_of(ssh, place, ssh="/nowhere/ssh")).code == "connect.no_ssh"


async def test_refused_by_ssh_in_its_own_words(ssh, place):
    ssh.mood(refuse="ssh: connect to host box port 22: No route to host")
    error = await code_of(ssh, place)
    assert error.code == "connect.failed"
    assert "No route to host" in error.message


async def test_no_ainf_there(ssh, place):
    error = await code_of(ssh, place, command="no-such-ainf")
    assert error.code == "connect.no_ainf"
    assert "no-such-ainf" in error.message


async def test_an_ainf_that_says_something_else(ssh, place):
    error = await code_of(ssh, place, command="echo hello; false")
    assert error.code == "connect.bad_answer"


async def test_noise_of_the_shell_there_is_passed_over(ssh, place):
    async with client_of(ssh, place, command=f"echo '{{'; echo welcome; {AINF}") as (_, client):
        await client.status()


async def test_what_ainf_says_there_is_told_as_its_own(ssh, place, tmp_path):
    env = json.loads((ssh.folder / "env.json").read_text()) | {"AINF_QUEUE_POLL_BUSY": "never"}
    (ssh.folder / "env.json").write_text(json.dumps(env))
    error = await code_of(ssh, place)
    assert error.code == "config.bad_value"
    assert isinstance(error, UsageError)
    assert "box" in error.message
    assert "AINF_QUEUE_POLL_BUSY" in error.message


@pytest.mark.parametrize("mood", ["no_forward", "deny"])
async def test_a_server_that_forwards_no_sockets(ssh, place, mood):
    ssh.mood(**{mood: True})
    error = await code_of(ssh, place)
    assert error.code == "connect.forward_refused"
    assert "AllowStreamLocalForwarding" in error.hint


async def test_a_connection_that_never_comes(ssh, place):
    ssh.mood(delay=60)
    tunnel = Tunnel(parse_box("ssh://box"), Program(ssh=str(ssh.program)), patience=Patience(0.3))
    with pytest.raises(UnreachableError) as caught:
        await tunnel.open(ask=False)
    assert caught.value.code == "connect.failed"
    assert ssh.running == []


async def test_an_engine_newer_than_we_are(ssh, place, monkeypatch):
    monkeypatch.setattr("ainf_tui.client.versions.API_REVISION", 0)
    error = await code_of(ssh, place)
    assert isinstance(error, ConflictError)
    assert error.code == "engine.newer"


async def test_another_version_is_told(ssh, place, monkeypatch):
    monkeypatch.setattr(remote, "__version__", "9.9")
    async with client_of(ssh, place) as (_, client):
        assert [notice.code for notice in client.notices] == ["connect.other_version"]


# -- cut -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_cut_line_is_made_anew_by_itself(ssh, place, number):
    async with client_of(ssh, place) as (_, client), Live(client.transport, ("engine", "queue")) as live:
        await until(live, Connected)
        ssh.cut(number)
        await until(live, Lost)
        back = await until(live, Connected)
        assert back.engine.pid == lock_holder(place.engine_lock)
        assert len(ssh.connections) == 2
        assert "BatchMode=yes" in ssh.connections[1]
        await client.status()


async def test_a_connection_that_leads_nowhere_is_made_again(ssh, place):
    async with client_of(ssh, place) as (tunnel, client), Live(client.transport, ("queue",)) as live:
        await until(live, Connected)
        ssh.mood(no_forward=True)
        ssh.cut()
        async with asyncio.timeout(20):
            while tunnel.failure is None or tunnel.failure.code != "connect.forward_refused":
                await until(live, Lost)
        ssh.mood()
        await until(live, Connected)


async def test_nothing_is_lost_while_it_is_cut(ssh, place, tmp_path):
    other = StandIn(tmp_path / "other", json.loads((ssh.folder / "env.json").read_text()))
    async with client_of(ssh, place) as (_, client), client_of(other, place) as (_, elsewhere):
        made = await client.jobs.submit(held(count=2))
        ids = [job.id for job in made.jobs]
        seen: dict[str, str] = {}
        both = asyncio.Event()

        async def watch() -> None:
            async for job in follow(client, ids):
                seen[job.id] = job.state
                if len(seen) == 2:
                    both.set()

        watching = asyncio.create_task(watch())
        async with asyncio.timeout(20):
            await both.wait()
        ssh.mood(refuse="ssh: connect to host box port 22: Network is unreachable")
        ssh.cut()
        await elsewhere.jobs.cancel(JobsRequest((ids[0],)))
        await asyncio.sleep(0.7)
        assert not watching.done(), "a cut line ends nothing"
        ssh.mood()
        await elsewhere.jobs.cancel(JobsRequest((ids[1],)))
        async with asyncio.timeout(20):
            await watching
        assert set(seen.values()) == {"cancelled"}


async def test_a_request_in_doubt_is_repeated_and_done_once(ssh, place):
    async with client_of(ssh, place) as (_, client):
        request = held()
        first = await client.jobs.submit(request)
        ssh.cut()
        with pytest.raises(UnreachableError) as caught:
            await client.jobs.submit(request)
        assert caught.value.code in {"engine.unreachable", "engine.lost"}
        await reopen(client)
        again = await client.jobs.submit(request)
        assert [job.id for job in again.jobs] == [job.id for job in first.jobs]


async def test_the_reason_is_what_ssh_said(ssh, place):
    async with client_of(ssh, place) as (_, client), Live(client.transport, ("queue",)) as live:
        await until(live, Connected)
        ssh.mood(refuse="ssh: connect to host box port 22: No route to host")
        ssh.cut()
        async with asyncio.timeout(20):
            while "No route to host" not in (await until(live, Lost)).reason:
                pass
        with pytest.raises(UnreachableError) as caught:
            await client.status()
        assert caught.value.code == "engine.unreachable"
        assert "No route to host" in caught.value.message


async def test_who_shows_it_is_told_of_each_attempt(ssh, place):
    ssh.mood(say="box: going down")
    async with (
        tunnel_to(ssh, place) as tunnel,
        connected(tunnel, start=True, patient=False) as client,
        Live(client.transport, ("queue",)) as live,
    ):
        await until(live, Connected)
        ssh.mood(refuse="ssh: connect to host box port 22: No route to host")
        ssh.cut()
        lost = await until(live, Lost)
        assert "is cut: box: going down" in lost.reason
        for _ in range(2):
            with pytest.raises(UnreachableError) as caught:
                await reopen(client)
            assert (caught.value.code, "No route" in caught.value.message) == ("connect.failed", True)
        ssh.mood()
        await until(live, Connected)
        await reopen(client)


async def test_who_waits_is_told_when_nobody_is_let_in_any_more(ssh, place):
    async with client_of(ssh, place) as (_, client):
        ssh.mood(batch_refuse="me@box: Permission denied (publickey).")
        ssh.cut()
        with pytest.raises(UnreachableError) as caught:
            async with asyncio.timeout(20):
                await reopen(client)
        assert caught.value.code == "connect.auth"


async def test_who_is_not_let_in_does_not_knock_all_the_time(ssh, place):
    async with client_of(ssh, place) as (_, client):
        ssh.mood(batch_refuse="me@box: Permission denied (publickey).")
        ssh.cut()
        for _ in range(5):
            with pytest.raises(UnreachableError):
                await reopen(client)
        assert len(ssh.connections) == 2


async def test_a_half_open_line_is_noticed(ssh, place):
    async with client_of(ssh, place) as (_, client), Live(client.transport, ("queue",)) as live:
        await until(live, Connected)
        ssh.mood(mute=True)
        lost = await until(live, Lost)
        assert isinstance(lost, Lost)
        ssh.mood()
        await until(live, Connected)
        await client.status()


@pytest.mark.parametrize("other", [False, True])
async def test_an_engine_that_died_there_is_started_by_who_waits(ssh, place, other):
    async with client_of(ssh, place) as (tunnel, client):
        psutil.Process((old := await client.engine.version()).pid).kill()
        while lock_holder(place.engine_lock) is not None:  # noqa: ASYNC110 -- a lock has no event
            await asyncio.sleep(0.01)
        async with connected(tunnel, start=True) if other else client:
            await reopen(client)
            assert (await client.engine.version()).pid != old.pid
        assert len(ssh.connections) == 1, "the line itself was well"


async def test_two_clients_share_one_line_and_its_mending(ssh, place):
    async with (
        tunnel_to(ssh, place) as tunnel,
        connected(tunnel, start=True) as one,
        connected(tunnel, start=False) as two,
        Live(one.transport, ("queue",)) as first,
        Live(two.transport, ("queue",)) as second,
    ):
        for kind in (Connected, Lost, Connected):
            await asyncio.gather(until(first, kind), until(second, kind))
            if kind is Connected and len(ssh.connections) == 1:
                ssh.cut()
        assert len(ssh.connections) == 2


def test_kill_9_leaves_nothing_behind(ssh, place):
    script = (
        "import asyncio, sys\n"
        "from ainf_tui.client.box import parse_box\n"
        "from ainf_tui.client.remote import connected\n"
        "from ainf_tui.client.ssh import Program\n"
        "from ainf_tui.client.tunnel import Tunnel\n"
        "async def main():\n"
        "    tunnel = Tunnel(parse_box(sys.argv[1]), Program(ssh=sys.argv[2], command=sys.argv[3]))\n"
        "    await tunnel.open(ask=False)\n"
        "    async with connected(tunnel, start=True) as client:\n"
        "        await client.status()\n"
        "        print(tunnel.socket.parent, flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    words = [sys.executable, "-c", script, f"ssh://box{place.home}", str(ssh.program), AINF]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        assert (folder / "engine.sock").is_socket()
        assert ssh.running
        process.kill()
    give_up = time.monotonic() + 20
    while (folder.exists() or ssh.running) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not folder.exists()
    assert ssh.running == []
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(folder) in (p.info["cmdline"] or [])]
    assert lock_holder(place.engine_lock), "the engine there goes on"
