"""Bringing files home past cut transfers, missing files and full disks: whole, once, or told."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from ainf_tui.adapters.db.jobs import SqlJobs
from ainf_tui.domain.jobs import JobChange, Output
from ainf_tui.domain.requests import JobsRequest
from ainf_tui.engine import fetch, files
from ainf_tui.engine.context import Context
from tests.fakes.box import Box, content
from tests.fakes.graphs import flat, node, picture


class Disk:
    """Stands where files are written; full from the start or after so many writes."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.full = True
        self._write = files._write
        patch.setattr(files, "_write", self._try)

    def _try(self, handle: Any, data: bytes, update: object) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(handle.name))
        self._write(handle, data, update)


async def test_a_cut_transfer_is_repeated(box: Box) -> None:
    await box.sim.faults(truncate_view=2)
    (done,) = await box.succeed(await box.run(picture(batch=4)))
    assert len(box.files()) == 4
    assert done.blocked is None
    assert [len(content(o.path)) for o in done.outputs] == [o.bytes for o in done.outputs]


async def test_a_file_that_is_gone_fails_the_job(box: Box) -> None:
    await box.sim.faults(view_404=1)
    failed = await box.reach(await box.run(picture()), "failed")
    assert failed.error is not None
    assert failed.error.code == "output.gone"
    assert failed.error.hint
    assert box.files() == []


async def test_one_of_four_is_gone_the_others_count(box: Box) -> None:
    await box.sim.faults(view_404=1)
    (done,) = await box.succeed(await box.run(picture(batch=4)))
    assert [w.code for w in done.warnings] == ["output.gone"]
    assert len(box.files()) == 3


async def test_a_full_disk_is_waited_for_and_says_so(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    job = await box.run(picture())

    async def blocked() -> bool:
        now = await box.job(job)
        return now.state == "fetching" and "disk is full" in (now.blocked or "")

    await box.until(blocked)
    assert [p for p in box.outputs.rglob("*") if p.is_file()] == []
    other = await box.run(picture(2))
    await box.reach(other, "fetching")  # the GPU goes on meanwhile
    disk.full = False
    for done in await box.succeed(job, other):
        assert done.blocked is None
        assert len(done.attempts) == 1
    assert len(box.files()) == 2


async def test_an_engine_that_dies_with_a_full_disk_goes_on(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    job = await box.reach(await box.run(picture()), "fetching")
    planned = (await box.stored(job)).outputs[0].path
    await box.stop()
    disk.full = False
    await box.start()
    (done,) = await box.succeed(job)
    assert done.outputs[0].path == planned
    assert len(box.files()) == 1


async def test_a_file_in_the_folders_place_is_named(box: Box) -> None:
    box.outputs.write_text("in the way")
    job = await box.run(picture())

    async def blocked() -> bool:
        now = await box.job(job)
        return now.state == "fetching" and str(box.outputs) in (now.blocked or "")

    await box.until(blocked)
    box.outputs.unlink()
    await box.succeed(job)


async def test_cancelled_while_the_disk_is_full_it_is_kept_and_says_so(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    job = await box.reach(await box.run(picture()), "fetching")
    await box.service.cancel(JobsRequest((str(job.number),)))
    disk.full = False
    (done,) = await box.succeed(job)
    assert [w.code for w in done.warnings] == ["job.cancel_too_late"]


async def test_cancelled_twice_while_the_disk_is_full_it_is_given_up(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    Disk(monkeypatch)
    job = await box.reach(await box.run(picture()), "fetching")

    async def blocked() -> bool:
        return bool((await box.job(job)).blocked)

    await box.until(blocked)
    await box.service.cancel(JobsRequest((str(job.number),)))
    await box.service.cancel(JobsRequest((str(job.number),)))
    done = await box.reach(job, "cancelled")
    assert [w.code for w in done.warnings] == ["job.cancel_too_late", "job.result_left"]
    assert box.files() == []


async def test_a_server_gone_before_the_transfer_is_waited_for(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files outlive it: the folder is there again when it is."""
    disk = Disk(monkeypatch)
    job = await box.reach(await box.run(picture()), "fetching")
    await box.sim.kill()

    async def blocked() -> bool:
        return "cannot be reached" in ((await box.job(job)).blocked or "")

    await box.until(blocked)
    disk.full = False  # not before: bytes that came before the end would be written
    await box.sim.start()
    await box.succeed(job)


async def test_an_own_folder_for_one_job(box: Box, tmp_path: Path) -> None:
    job = await box.run(picture(), output_folder=str(tmp_path / "elsewhere"))
    (done,) = await box.succeed(job)
    assert Path(done.outputs[0].path).is_relative_to(tmp_path / "elsewhere")
    assert box.files() == []


async def test_nothing_of_another_is_overwritten(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pattern gives the name of a file that is there: ours takes another."""
    (one,) = await box.succeed(await box.run(picture()))
    theirs = Path(one.outputs[0].path)
    theirs.with_name(theirs.name.replace("000001", "000002")).write_text("the user's own")
    (two,) = await box.succeed(await box.run(picture()))
    assert theirs.with_name(theirs.name.replace("000001", "000002")).read_text() == "the user's own"
    assert Path(two.outputs[0].path).stem.endswith("-2")


async def test_temporary_previews_come_home_too(box: Box) -> None:
    graph = flat(n5=node("PreviewImage", images=["1", 0]))
    (done,) = await box.succeed(await box.run(graph))
    assert len(done.outputs) == 2
    assert all(content(o.path) for o in done.outputs)


@pytest.mark.parametrize("sidecar", [True, False])
async def test_files_outlast_a_power_cut_before_their_rows_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sidecar: bool
) -> None:
    """Each renaming is followed by a sync of its folder before a row or the job's end tells of the file."""
    unsafe: set[Path] = set()
    told: list[bool] = []
    place, sync, apply, row = files._place, files.sync_folder, Context.apply, SqlJobs.output_fetched

    def placed(temporary: Path, path: Path, sure: bool) -> None:
        unsafe.add(path.parent)
        place(temporary, path, sure)

    def synced(folder: Path) -> None:
        sync(folder)
        unsafe.discard(folder)

    async def applied(ctx: Context, *changes: JobChange) -> Any:
        told.extend(not unsafe for change in changes if change.fetched)
        return await apply(ctx, *changes)

    async def rowed(repo: SqlJobs, output: Output) -> None:
        told.append(not unsafe)
        await row(repo, output)

    monkeypatch.setattr(files, "_place", placed)
    monkeypatch.setattr(files, "sync_folder", synced)
    monkeypatch.setattr(fetch, "sync_folder", synced)
    monkeypatch.setattr(Context, "apply", applied)
    monkeypatch.setattr(SqlJobs, "output_fetched", rowed)
    async with Box(tmp_path, sidecar=sidecar) as box:
        await box.add_sim()
        await box.start()
        await box.succeed(await box.run(picture(batch=2)))
    assert told == [True, True]


async def test_a_full_disk_at_the_sidecar_keeps_the_file_safely(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture is there and its row is written; its folder was synced for it."""
    synced: list[Path] = []
    sync, sidecars = files.sync_folder, fetch._write_sidecars

    def noted(folder: Path) -> None:
        synced.append(folder)
        sync(folder)

    async def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(fetch, "sync_folder", noted)
    monkeypatch.setattr(fetch, "_write_sidecars", full)
    job = await box.run(picture())

    async def kept() -> bool:
        return (await box.stored(job)).outputs[0].fetched

    await box.reach(job, "fetching")
    await box.until(kept)
    (output,) = (await box.stored(job)).outputs
    assert Path(output.path).parent in synced
    monkeypatch.setattr(fetch, "_write_sidecars", sidecars)
    await box.succeed(job)
    assert content(output.path + ".json")


async def test_a_cancel_during_the_transfer_is_told_of(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job's end is written for the job as it is then, not as it was read before the transfer."""
    write = fetch._write_sidecars

    async def meanwhile(backend: Any, job: Any, stored: Any) -> None:
        await box.service.cancel(JobsRequest((str(job.number),)))
        await write(backend, job, stored)

    monkeypatch.setattr(fetch, "_write_sidecars", meanwhile)
    await box.sim.faults(view_404=1)
    (done,) = await box.succeed(await box.run(picture(batch=2)))
    assert {w.code for w in done.warnings} == {"job.cancel_too_late", "output.gone"}
