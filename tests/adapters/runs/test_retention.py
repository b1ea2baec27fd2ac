"""Old runs go, by count and by size, and never what anybody still writes or this run needs."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from ainf_tui.adapters.runs.retention import is_written
from tests.fakes.runs import FIRST, log_of
from tests.fakes.services import Services, program, until

SERVICE = "import time, sys\nwhile True: print('alive'); time.sleep(0.01)"


def ids(box):
    return sorted(path.name for path in box.folder.iterdir() if path.is_dir() and not path.is_symlink())


async def test_by_count(box):
    logs = box.engine(keep=3)
    past = [await box.past_run(logs) for _ in range(4)]
    now = await logs.begin("now")
    assert ids(box) == [past[2].name, past[3].name, now]
    removed = [event for event in await logs.events() if event["message"] == "Old runs were removed"]
    assert [event["fields"]["runs"] for event in removed] == [[past[1].name]]


async def test_by_size_the_newest_stays_whatever_its_size(box):
    logs = box.engine()
    past = [await box.past_run(logs, size=40_000) for _ in range(3)]
    small = box.engine(keep_bytes=100_000)
    now = await small.begin("now")
    assert ids(box) == [past[1].name, past[2].name, now]
    (await log_of(small)).write_bytes(b"x" * 200_000)
    await small.end("well", [])
    assert ids(box) == [now]


async def test_what_is_not_ours_stays(box):
    logs = box.engine(keep=1)
    old = box.folder / "20200101-000000"
    old.mkdir(parents=True)
    (old / "holiday.jpg").touch()
    (box.folder / "notes").mkdir()
    await box.past_run(logs)
    now = await logs.begin("now")
    assert ids(box) == ["20200101-000000", now, "notes"]


async def test_a_run_that_this_one_links_to_stays(box):
    logs = box.engine(keep=1)
    first = await box.past_run(logs)
    now = await logs.begin("now")
    assert ids(box) == [now]
    await logs.end("well", [])

    keeping = box.engine()
    box.later()
    first = await box.past_run(keeping)
    second = await box.past_run(keeping)
    now = await keeping.begin("now")
    await keeping.link("web", str(first / "web.log"))
    await keeping.aclose()
    logs = box.engine(keep=1)
    assert await logs.resume(now)
    logs._tidied = -1e9  # an hour has passed
    await logs.summarize(["x"], "running")
    assert ids(box) == [first.name, now]
    assert second.name not in ids(box)


async def test_one_that_cannot_be_removed_is_told_and_the_others_go(box, monkeypatch):
    logs = box.engine()
    first, second = await box.past_run(logs), await box.past_run(logs)
    remove = shutil.rmtree

    def refuse(path):
        if path == first:
            raise PermissionError(13, "Permission denied", str(path))
        remove(path)

    monkeypatch.setattr("shutil.rmtree", refuse)
    logs = box.engine(keep=1)
    now = await logs.begin("now")
    assert ids(box) == [first.name, now]
    assert second.name not in ids(box)
    messages = [event["message"] for event in await logs.events()]
    assert f"The run {first.name} could not be removed: Permission denied" in messages
    assert logs.trouble == ""


@pytest.fixture
def services(tmp_path):
    services = Services(tmp_path)
    yield services
    services.end()


async def start(services, logs, text=SERVICE):
    """The service under its real launcher, its output in the log of the run."""
    log = await log_of(logs)
    spec = replace(services.spec(*program(text)), log=str(log))
    launched = await services.processes.launch(spec)
    services._begun.append(launched)
    until(lambda: log.stat().st_size)
    return launched, log


async def test_a_service_outlives_its_run_its_launcher_and_all_retention(box, services):
    logs = box.engine(keep=1)
    await logs.begin("up")
    launched, log = await start(services, logs)
    await logs.end("well", [])
    for _ in range(3):
        box.later()
        await box.past_run(logs)
    assert FIRST in ids(box)
    assert len(ids(box)) == 2
    os.kill(launched.launcher.pid, signal.SIGKILL)
    box.later()
    await box.past_run(logs)
    size = log.stat().st_size
    until(lambda: log.stat().st_size > size)
    os.killpg(launched.process.pid, signal.SIGKILL)
    until(lambda: not is_written(log.parent))
    box.later()
    await box.past_run(logs)
    assert FIRST not in ids(box)


async def test_what_a_service_left_running_counts_as_well(box, services):
    text = (
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\nprint('bye')"
    )
    logs = box.engine()
    await logs.begin("up")
    launched, log = await start(services, logs, text)
    until(lambda: not Path(f"/proc/{launched.launcher.pid}").exists())
    assert is_written(log.parent)


async def test_a_link_to_a_log_of_an_earlier_run(box):
    logs = box.engine()
    first = await box.past_run(logs, size=5)
    now = box.folder / await logs.begin("now")
    await logs.link("web", str(first / "web.log"))
    assert (now / "web.log").readlink() == Path(f"../{FIRST}/web.log")
    assert (box.folder / "latest" / "web.log").read_bytes() == b"xxxxx"
    event = (await logs.events(service="web"))[-1]
    assert event["fields"] == {"log": str(first / "web.log")}
    current = (await logs.runs()).runs[0]
    assert current.services == ("web",)
    assert current.bytes < 2_000

    # A second link, over the first: the next run links to the file itself.
    await logs.end("well", [])
    box.later()
    later = box.folder / await logs.begin("later")
    await logs.link("web", str(now / "web.log"))
    assert (later / "web.log").readlink() == Path(f"../{FIRST}/web.log")

    # It starts anew: its log is one of this run, and the old one keeps a name.
    path = await log_of(logs)
    assert path == later / "web.log"
    assert not path.exists()
    path.write_text("new")
    assert (later / f"web.{FIRST}.log").read_bytes() == b"xxxxx"
    assert (first / "web.log").read_bytes() == b"xxxxx"
    assert (await logs.runs()).runs[0].services == ("web",)


async def test_links_never_cover_a_log_of_this_run(box, tmp_path):
    logs = box.engine()
    first = await box.past_run(logs, size=5)
    await logs.begin("now")
    own = await log_of(logs)
    own.write_text("own")
    await logs.link("web", str(own))
    assert own.read_text() == "own"
    await logs.link("web", str(first / "web.log"))
    assert own.read_text() == "own"
    assert (own.parent / f"web.{FIRST}.log").is_symlink()
    foreign = tmp_path / "foreign" / "out.txt"
    await logs.link("other", str(foreign))
    assert (own.parent / "other.log").readlink() == Path(str(foreign))
    assert logs.trouble == ""
