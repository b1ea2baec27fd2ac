"""The life of a run: begun, told, summed up, ended; resumed by the next engine; listed."""

from __future__ import annotations

import stat
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from tests.fakes.runs import FIRST, NOON, SECRET, log_of

SECOND = "20261126-120000-2"


async def test_a_run_from_its_beginning_to_its_end(box):
    logs = box.engine()
    assert logs.run == ""
    assert not box.folder.exists()
    assert await logs.begin("ainf up") == logs.run == FIRST
    assert await logs.begin("again") == FIRST
    box.later(1.5)
    logs.event("warning", "web", "slow", port=8188)
    await logs.summarize(["- web: running (pid 7)"], "running")
    assert logs.trouble == ""
    assert (box.folder / "latest" / "summary.txt").read_text() == (
        "Run 20261126-120000\n"
        "===================\n"
        "Started:  2026-11-26 12:00:00 UTC\n"
        "Why:      ainf up\n"
        "Status:   running\n"
        "\n"
        "- web: running (pid 7)\n"
        "\n"
        "Events:   events.jsonl\n"
        "Logs:     SERVICE.log beside this file\n"
    )
    await logs.end("SUCCESS", [])
    assert logs.run == ""
    began, slow, ended = box.lines()
    noon = int(NOON.timestamp() * 1000)
    assert began == {
        "ts": noon,
        "seq": 1,
        "run": FIRST,
        "level": "info",
        "service": "",
        "message": "The run begins",
        "fields": {"what": "run.begin", "why": "ainf up"},
    }
    assert (slow["ts"], slow["seq"], slow["level"], slow["service"]) == (noon + 1500, 2, "warning", "web")
    assert slow["fields"] == {"port": 8188}
    assert (ended["seq"], ended["fields"]) == (3, {"what": "run.end", "status": "SUCCESS"})
    summary = (box.folder / FIRST / "summary.txt").read_text()
    assert "Status:   SUCCESS\nFinished: 2026-11-26 12:00:01 UTC\n" in summary


async def test_only_this_user_may_read_it(box):
    logs = box.engine()
    await logs.begin("test")
    await logs.summarize([], "running")
    run = box.folder / FIRST
    assert [stat.S_IMODE(path.stat().st_mode) for path in (box.folder, run)] == [0o700, 0o700]
    assert {stat.S_IMODE(path.stat().st_mode) for path in run.iterdir()} == {0o600}


async def test_two_runs_in_one_second_are_two(box):
    first = await box.past_run(box.engine())
    box.at = NOON
    await box.engine().begin("test")
    box.at = NOON
    third = box.engine()
    assert (first.name, await third.begin("test")) == (FIRST, "20261126-120000-3")
    assert (box.folder / "latest").readlink() == Path("20261126-120000-3")
    assert (box.folder / "latest.txt").read_text() == "20261126-120000-3\n"
    assert [run.id for run in (await third.runs()).runs] == ["20261126-120000-3", SECOND, FIRST]


async def test_ids_are_utc_and_sort_by_age_beyond_nine(box):
    box.at = NOON.astimezone(timezone(timedelta(hours=9)))
    for nth in ("", *(f"-{number}" for number in range(2, 11))):
        await box.engine().begin("test")
        assert (box.folder / f"{FIRST}{nth}").is_dir()
    runs = (await box.engine().runs()).runs
    assert [run.id for run in runs][:2] == [f"{FIRST}-10", f"{FIRST}-9"]


async def test_latest_gives_way_to_what_a_user_put_there(box, caplog):
    (box.folder / "latest").mkdir(parents=True)
    (box.folder / "latest" / "mine").touch()
    logs = box.engine()
    await logs.begin("test")
    assert (box.folder / "latest" / "mine").exists()
    assert (box.folder / "latest.txt").read_text() == f"{FIRST}\n"
    assert "cannot be made a link" in caplog.text
    assert logs.trouble == ""
    assert sorted(path.name for path in box.folder.iterdir()) == [FIRST, "latest", "latest.txt"]


async def test_between_runs_events_go_to_the_engines_log(box, caplog):
    logs = box.engine()
    logs.event("error", "web", f"skipped {SECRET}")
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("ERROR", "web: skipped ***")
    ]
    assert await logs.events() == ()
    await logs.summarize(["x"], "y")
    await logs.end("z", [])
    await logs.link("web", "/x/web.log")
    assert not box.folder.exists()


async def test_newest_events_of_a_service_or_of_all(box):
    logs = box.engine()
    await logs.begin("test")
    for number in range(7):
        logs.event("info", "web" if number % 2 else "db", f"event {number}")
    assert [event["message"] for event in await logs.events(limit=2)] == ["event 5", "event 6"]
    assert [event["message"] for event in await logs.events(service="web")] == [
        "event 1",
        "event 3",
        "event 5",
    ]
    assert len(await logs.events()) == 8
    assert await logs.events(limit=0) == ()


async def test_the_next_engine_goes_on_after_a_kill(box):
    killed = box.engine()
    await killed.begin("ainf up")
    killed.event("info", "web", "before")
    await killed.events()  # written, and nothing was said of an end
    box.later()
    logs = box.engine()
    assert await logs.resume(FIRST)
    assert logs.run == FIRST
    logs.event("info", "web", "after")
    await logs.summarize([], "running")
    lines = box.lines()
    assert [line["seq"] for line in lines] == [1, 2, 3, 4]
    assert [line["message"] for line in lines[1:]] == [
        "before",
        "Another engine goes on with this run",
        "after",
    ]
    assert "Why:      ainf up\n" in (box.folder / FIRST / "summary.txt").read_text()
    assert await logs.resume(FIRST)
    assert not await logs.resume(SECOND)


@pytest.mark.parametrize("run", ["", "20261126-115959", "..", "../runs", "20261399-000000", FIRST + "\n"])
async def test_a_run_that_is_gone_is_not_resumed(box, run):
    await box.past_run(box.engine())
    logs = box.engine()
    assert not await logs.resume(run)
    assert logs.run == logs.trouble == ""


async def test_the_list_tells_how_each_run_ended(box):
    logs = box.engine()
    await box.past_run(logs, size=1000)
    await logs.begin("killed")
    box.later()
    logs = box.engine()
    await logs.begin("now")
    (await log_of(logs, "a.b/c")).write_text("hello")
    await logs.summarize(["all is well"], "running")
    now, cut, ended = (await logs.runs()).runs
    assert (now.status, now.ended_at, now.services) == ("running", None, ("a.b/c",))
    assert "all is well" in now.summary
    assert (cut.id, cut.status, cut.ended_at, cut.summary) == ("20261126-120100", "cut off", None, "")
    assert (ended.status, ended.started_at, ended.ended_at) == ("well", NOON.replace(microsecond=0), NOON)
    assert ended.services == ("web",)
    assert ended.folder == str(box.folder / FIRST)
    files = [path for path in (box.folder / FIRST).iterdir() if path.is_file()]
    assert ended.bytes == sum(path.stat().st_size for path in files) > 1000
    box.at += timedelta(minutes=1)
    again = box.engine()
    assert await again.resume(ended.id)
    await again.aclose()
    assert (await logs.runs()).runs[2].status == "cut off"


async def test_the_list_leaves_alone_what_is_no_run(box):
    assert (await box.engine().runs()).runs == ()
    logs = box.engine()
    await logs.begin("test")
    elsewhere = box.folder.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "events.jsonl").touch()
    (box.folder / "20200101-000000").symlink_to(elsewhere)
    (box.folder / "20200101-000001").mkdir()
    (box.folder / "20200101-000001" / "holiday.jpg").touch()
    (box.folder / "20200101-000002").touch()
    (box.folder / "notes").mkdir()
    (box.folder / FIRST / "summary.txt").write_bytes(b"\xff\x1b[31m evil" + b"x" * 20_000)
    (run,) = (await logs.runs()).runs
    assert run.id == FIRST
    assert "\x1b" not in run.summary
    assert len(run.summary) < 9_000
