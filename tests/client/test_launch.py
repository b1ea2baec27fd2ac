"""Finding and starting engines: real processes, as `ainf engine run` would be one."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from ainf_tui import __version__
from ainf_tui.client import Client
from ainf_tui.client.follow import follow
from ainf_tui.client.launch import Tuning, connect
from ainf_tui.client.process import lock_holder
from ainf_tui.client.versions import is_older
from ainf_tui.domain.backends import BackendSpec
from ainf_tui.errors import AinfError, ForbiddenError, NotFoundError, UnreachableError, UsageError
from ainf_tui.locations import Locations, locate
from ainf_tui.settings import Settings

COMMAND = (sys.executable, str(Path(__file__).parents[1] / "api" / "fake_main.py"))


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Locations]:
    found = locate({"AINF_HOME": str(tmp_path / "home")})
    yield found
    for pid in starts(found):
        end(pid, found)
    while lock_holder(found.engine_lock) is not None:  # noqa: ASYNC110 - a lock has no event
        await asyncio.sleep(0.01)


def end(pid: int, place: Locations) -> None:
    """Kills an engine of this test: by now the number may be another process's."""
    try:
        process = psutil.Process(pid)
        if str(place.engine_settings_file) in process.cmdline():
            process.kill()
    except psutil.NoSuchProcess:
        return


def starts(place: Locations) -> list[int]:
    file = place.state_dir / "starts"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


async def reach(
    place: Locations, settings: Settings | None = None, *, start: bool = True, read_only: bool = False
) -> Client:
    return await connect(settings or Settings(), place, start=start, read_only=read_only, command=COMMAND)


async def test_nobody_answers_and_nobody_may_start(place: Locations) -> None:
    with pytest.raises(UnreachableError) as caught:
        await reach(place, start=False)
    assert caught.value.code == "engine.not_running"
    assert not place.state_dir.exists()


async def test_a_read_only_front_end_starts_none_and_says_how(place: Locations) -> None:
    with pytest.raises(UnreachableError) as caught:
        await reach(place, read_only=True)
    assert caught.value.code == "engine.not_running"
    assert "without" in caught.value.hint
    assert not place.state_dir.exists()


async def test_a_read_only_front_end_introduces_no_backend(place: Locations) -> None:
    spec = BackendSpec("lab", "http://127.0.0.1:9")
    settings = replace(Settings(), backends=(spec,), sources={"backends.lab": "environment"})
    async with await reach(place), await reach(place, settings, read_only=True) as watcher:
        assert watcher.notices == ()
        assert watcher.reopen is None
        assert spec.url not in (await watcher.engine.version()).backends
        with pytest.raises(ForbiddenError):
            await watcher.engine.ensure_backend(spec)
        # For anybody else the same settings are news.
        async with await reach(place, settings) as other:
            assert [notice.code for notice in other.notices] == ["engine.backend_added"]


async def test_the_first_starts_it_the_next_finds_it_and_it_outlives_them(place: Locations) -> None:
    async with await reach(place) as first, await reach(place, start=False) as second:
        pid = (await first.engine.version()).pid
        assert (await second.engine.version()).pid == pid
        assert starts(place) == [pid]
        process = psutil.Process(pid)
        assert os.getsid(pid) == pid, "a session of its own"
        assert process.cwd() == "/"
        assert place.engine_settings_file.stat().st_mode & 0o777 == 0o600
        if sys.platform == "linux":
            opened = {Path(f"/proc/{pid}/fd/{n}").readlink() for n in range(3)}  # noqa: ASYNC240 - quick
            assert opened == {Path("/dev/null"), place.engine_output}
    async with await reach(place) as third:
        assert (await third.engine.version()).pid == pid
        await third.engine.stop()
    await asyncio.to_thread(process.wait, 10)
    async with await reach(place) as fourth:
        assert (await fourth.engine.version()).pid != pid


async def test_it_survives_the_process_that_started_it(place: Locations) -> None:
    script = (
        "import asyncio, os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from ainf_tui.client.launch import connect\n"
        "from ainf_tui.locations import locate\n"
        "from ainf_tui.settings import Settings\n"
        "async def main():\n"
        "    client = await connect(Settings(), locate(os.environ), command=sys.argv[2:])\n"
        "    print((await client.engine.version()).pid)\n"
        "    await client.aclose()\n"
        "    os.killpg(0, 9)\n"
        "asyncio.run(main())\n"
    )
    root = str(Path(__file__).parents[2])
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-uc", script, root, *COMMAND,
        env={**os.environ, "AINF_HOME": str(place.home)}, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    printed, _ = await starter.communicate()
    assert starter.returncode == -signal.SIGKILL
    async with await reach(place, start=False) as client:
        assert (await client.engine.version()).pid == int(printed)


async def test_many_at_once_start_one(place: Locations) -> None:
    clients = await asyncio.gather(*(reach(place) for _ in range(4)))
    pids = {(await client.engine.version()).pid for client in clients}
    assert pids == {lock_holder(place.engine_lock)}
    for client in clients:
        await client.aclose()


async def test_a_killed_engine_is_followed_by_another(place: Locations) -> None:
    async with await reach(place) as client:
        old = (await client.engine.version()).pid
        os.kill(old, signal.SIGKILL)
        async with await reach(place) as again:
            new = (await again.engine.version()).pid
        assert new != old
        # The old client goes on with the new engine.
        assert (await client.engine.version()).pid == new


async def test_who_waits_brings_it_back(place: Locations) -> None:
    async with await reach(place) as client:
        os.kill((await client.engine.version()).pid, signal.SIGKILL)
        with pytest.raises(NotFoundError) as caught:
            async for _ in follow(client, ["id-1"]):
                pass
        assert caught.value.code == "jobs.gone"
    assert len(starts(place)) == 2


async def test_a_child_that_ends_at_once_says_why(place: Locations, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AINF_TEST_FAIL", "no such module: flux")
    with pytest.raises(AinfError) as caught:
        await reach(place)
    assert caught.value.code == "engine.did_not_start"
    assert "no such module: flux" in caught.value.message
    assert "status 2" in caught.value.message


async def test_a_command_that_is_not_there_is_named(place: Locations) -> None:
    with pytest.raises(AinfError) as caught:
        await connect(Settings(), place, command=("/nowhere/python",))
    assert caught.value.code == "engine.did_not_start"
    assert "/nowhere/python" in caught.value.message


async def test_a_frozen_engine_is_named_and_not_doubled(place: Locations) -> None:
    async with await reach(place) as client:
        pid = (await client.engine.version()).pid
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(UnreachableError) as caught:
        await connect(Settings(), place, command=COMMAND, tuning=Tuning(answer=0.2))
    assert caught.value.code == "engine.no_answer"
    assert str(pid) in caught.value.message
    assert starts(place) == [pid]


async def test_an_older_idle_engine_makes_way(place: Locations, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AINF_TEST_VERSION", "0.0.0")
    async with await connect(Settings(), place, command=COMMAND) as old:
        # Its starter finds it of another version and leaves it: it was asked for with that command.
        first = (await old.engine.version()).pid
    monkeypatch.delenv("AINF_TEST_VERSION")
    async with await reach(place, start=False) as looker:
        assert [notice.code for notice in looker.notices] == ["engine.other_version"]
    async with await reach(place) as client:
        engine = await client.engine.version()
        assert (engine.version, client.notices) == (__version__, ())
        assert engine.pid != first


async def test_an_older_engine_with_work_goes_on(place: Locations, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AINF_TEST_VERSION", "0.0.0")
    monkeypatch.setenv("AINF_TEST_BUSY", "1")
    async with await reach(place), await reach(place) as client:
        assert [notice.code for notice in client.notices] == ["engine.other_version"]
        assert "has work" in client.notices[0].message
    assert len(starts(place)) == 1


async def test_a_later_engine_stays(place: Locations, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AINF_TEST_VERSION", "99.0")
    async with await reach(place):
        monkeypatch.delenv("AINF_TEST_VERSION")
        async with await reach(place) as client:
            assert (await client.engine.version()).version == "99.0"
            assert [notice.code for notice in client.notices] == ["engine.other_version"]
    assert len(starts(place)) == 1


async def test_a_callers_own_backend_is_added_and_told(place: Locations) -> None:
    def settings(*specs: BackendSpec, source: str = "config.toml:3") -> Settings:
        sources = {f"backends.{spec.name}": source for spec in specs}
        return replace(Settings(), backends=specs, sources=sources)

    box, other = BackendSpec("box", "http://10.0.0.1:8188"), BackendSpec("other", "http://10.0.0.2:8188")
    async with await reach(place, settings(box)) as client:
        assert client.notices == ()
    async with await reach(place, settings(box, other)) as client:
        assert [notice.code for notice in client.notices] == ["engine.backend_added"]
        assert "http://10.0.0.2:8188" in client.notices[0].message
    async with await reach(place, settings(box, other)) as client:
        assert client.notices == ()
    async with await reach(place, Settings()) as client:
        assert client.notices == (), "the built-in default is nobody's wish"


async def test_a_foreign_socket_folder_is_not_trusted(place: Locations) -> None:
    place.prepare()
    place.engine_socket.parent.chmod(0o777)
    with pytest.raises(UsageError) as caught:
        await reach(place, start=False)
    assert caught.value.code == "state.socket_dir"
    place.engine_socket.parent.chmod(0o700)


@pytest.mark.parametrize(
    ("version", "than", "older"),
    [
        ("0.1.0", "0.2.0", True),
        ("0.10", "0.9", False),
        ("1.0", "1.0", False),
        ("junk", "0.1", True),
        ("1", "1.0.1", True),
    ],
)
def test_versions_compare_by_their_numbers(version: str, than: str, *, older: bool) -> None:
    assert is_older(version, than) is older
