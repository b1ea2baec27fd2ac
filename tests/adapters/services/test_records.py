"""Records of services: what the next engine reads is what the last one wrote, whole or not at all."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ainf_tui.adapters.services import records as module
from ainf_tui.adapters.services.records import FileRecords
from ainf_tui.domain.ports_services import Record
from ainf_tui.domain.services import Exit, ProcessId
from ainf_tui.errors import AinfError

NOON = datetime(2026, 11, 26, 12, 0, 0, 5, tzinfo=UTC)
FULL = Record(
    service="web",
    kind="managed",
    wanted=True,
    process=ProcessId(12, 4711, "0123abcd", "box"),
    launcher=ProcessId(11, 4710, "0123abcd", "box"),
    token="a1b2",
    started_at=NOON,
    restarts=2,
    streak=3,
    port=8189,
    log="/runs/web.log",
    log_start=99,
    state="running",
    state_since=NOON,
    run="20261126-120000",
    exit=Exit(None, "SIGKILL", NOON, oom=True),
)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state" / "services"


async def test_what_is_saved_is_loaded_by_the_next_engine(folder):
    records = FileRecords(folder)
    odd = Record("../a.b \N{SNOWMAN}", "watched", wanted=False)
    await records.save(replace(FULL, restarts=1))
    await records.save(FULL)
    await records.save(odd)
    assert await FileRecords(folder).load() == ({"web": FULL, odd.service: odd}, ())
    assert all(path.parent == folder for path in folder.iterdir())
    assert stat.S_IMODE((folder / "web.json").stat().st_mode) == 0o600
    await records.remove("web")
    await records.remove("web")
    assert (await records.load())[0] == {odd.service: odd}


async def test_nothing_is_there_before_the_first(folder):
    assert await FileRecords(folder).load() == ({}, ())
    await FileRecords(folder).remove("web")
    assert not folder.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"schema": "ainf.service-record/1", "record": {"service": "web"}}',
        b'{"schema": "ainf.other/1", "record": {"service": "bad", "kind": "managed", "wanted": true}}',
        b'{"record": {"service": "another", "kind": "managed", "wanted": true}}',
        b" " * (module.MAX_BYTES + 1),
    ],
)
async def test_a_corrupt_record_costs_itself_and_is_kept(folder, content):
    records = FileRecords(folder)
    await records.save(FULL)
    (folder / "bad.json").write_bytes(content)
    found, problems = await records.load()
    assert found == {"web": FULL}
    (problem,) = problems
    assert "bad.json is corrupt" in problem
    (kept,) = folder.glob("bad.json.corrupt-*")
    assert kept.read_bytes() == content
    assert kept.name in problem
    assert await records.load() == ({"web": FULL}, ())


async def test_fields_of_a_newer_version_are_no_flaw(folder):
    records = FileRecords(folder)
    await records.save(FULL)
    path = folder / "web.json"
    path.write_text(path.read_text().replace('"wanted":true', '"wanted":true,"later":1'))
    assert await records.load() == ({"web": FULL}, ())


async def test_what_cannot_be_read_is_told_and_left(folder):
    (folder / "web.json").mkdir(parents=True)
    found, (problem,) = await FileRecords(folder).load()
    assert found == {}
    assert "web.json cannot be read: Is a directory" in problem
    assert (folder / "web.json").exists()


async def test_a_disk_that_refuses_is_told_and_what_was_there_stays(folder, monkeypatch):
    records = FileRecords(folder)
    await records.save(FULL)

    def full(_handle):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(AinfError, match="No space left") as caught:
            await records.save(replace(FULL, restarts=9))
    assert caught.value.code == "service.bad_record"
    assert await records.load() == ({"web": FULL}, ())
    assert [path.name for path in folder.iterdir()] == ["web.json"]
