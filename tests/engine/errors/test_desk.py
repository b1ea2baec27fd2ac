"""A real engine collects errors: told live, answered, archived, kept over a restart."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from ainf_tui.domain.error_documents import (
    ClearErrorsRequest,
    ErrorQuery,
    ErrorReport,
    ErrorsRequest,
    ImportErrorsRequest,
    MergeErrorsRequest,
    MuteErrorsRequest,
    NoteErrorRequest,
    SplitErrorRequest,
)
from ainf_tui.errors import AinfError, ConflictError, NotFoundError, UsageError
from tests.fakes.box import Box

ALL = ErrorQuery(states=("all",))


@pytest.fixture
async def quiet(empty: Box) -> Box:
    """An engine without a server."""
    await empty.start(connected=False)
    return empty


async def test_a_report_is_told_live_and_kept(quiet: Box) -> None:
    for n in range(500):
        quiet.ctx.errors.report(ErrorReport("web", f"took {n} ms", lines=(f"took {n} ms",)))
    await quiet.until(lambda: quiet.ctx.store.state.errors.total == 500)
    totals = quiet.ctx.store.state.errors
    assert (totals.new, totals.last_24h, totals.by_source) == (1, 500, {"web": 500})
    assert totals.latest[0].sampled
    status = await quiet.service.status()
    assert status.errors == {
        "new": 1,
        "ongoing": 1,
        "total": 500,
        "last_24h": 500,
        "by_level": {"error": 500},
        "by_source": {"web": 500},
    }
    [reason] = [reason for reason in status.reasons if reason.code == "errors.new"]
    assert reason.severity == "info"
    await quiet.service.errors.seen()
    assert quiet.ctx.store.state.errors.new == 0
    quiet.ctx.errors.report(ErrorReport("web", "the last word"))
    await quiet.stop()
    await quiet.start(connected=False)
    assert (await quiet.service.errors.stats()).total == 501


async def test_what_is_asked_and_done(quiet: Box) -> None:
    errors = quiet.service.errors
    page = await errors.log(
        [
            ErrorReport("web", "alpha"),
            ErrorReport("comfyui", "CUDA out of memory. Tried to allocate 2.20 GiB", node_class="VAEDecode"),
            ErrorReport("engine", "the database does not answer", code="database.unreachable"),
        ]
    )
    assert [group.id for group in page.errors] == [1, 2, 3]
    assert (await errors.show("1")).card is None
    oom, own = await errors.show("#2"), await errors.show(page.errors[2].fingerprint)
    assert oom.card is not None
    assert oom.card.title == oom.group.title
    assert oom.group.title.endswith("in VAEDecode")
    assert own.card is not None
    assert (own.card.code, bool(own.card.steps)) == ("database.unreachable", True)
    assert [g.state for g in (await errors.resolve(ErrorsRequest(("1", "2")))).errors] == ["resolved"] * 2
    assert [g.state for g in (await errors.log([ErrorReport("web", "alpha")])).errors] == ["regressed"]
    assert [g.state for g in (await errors.reopen(ErrorsRequest(("1", "2")))).errors] == ["ongoing"] * 2
    assert [g.state for g in (await errors.mute(MuteErrorsRequest(("2",)))).errors] == ["muted"]
    assert [g.note for g in (await errors.note(NoteErrorRequest("1", "known"))).errors] == ["known"]
    [merged] = (await errors.merge(MergeErrorsRequest("1", ("3",)))).errors
    assert merged.count == 3
    assert [g.id for g in (await errors.listed()).errors] == [1]
    split = await errors.split(SplitErrorRequest("1", merged.fingerprints[1]))
    assert [(g.id, g.count) for g in split.errors] == [(3, 1), (1, 2)]
    with pytest.raises(ConflictError):
        await errors.split(SplitErrorRequest("1", merged.fingerprints[1]))


async def test_what_cannot_be_done_is_told(quiet: Box) -> None:
    errors = quiet.service.errors
    await errors.log([ErrorReport("web", "alpha")])
    past = quiet.ctx.clock.now() - timedelta(hours=1)
    wrong = [
        errors.listed(ErrorQuery(states=("open",))),
        errors.listed(ErrorQuery(level="bad")),
        errors.listed(ErrorQuery(order="up")),
        errors.listed(ErrorQuery(limit=0)),
        errors.log([]),
        errors.log([ErrorReport("web", " ")]),
        errors.log([ErrorReport("", "no")]),
        errors.log([ErrorReport("web", "no", "odd")]),
        errors.mute(MuteErrorsRequest(("1",), past)),
        errors.resolve(ErrorsRequest(())),
        errors.note(NoteErrorRequest("1", "x" * 9999)),
        errors.import_(ImportErrorsRequest((ErrorReport("web", "no"),), ())),
    ]
    for call in wrong:
        with pytest.raises(UsageError):
            await call
    with pytest.raises(NotFoundError) as caught:
        await errors.resolve(ErrorsRequest(("1", "99", "nothing")))
    assert caught.value.details == {"errors": ["99", "nothing"]}
    assert (await errors.stats()).total == 1


async def test_a_mute_ends_by_itself(quiet: Box) -> None:
    errors = quiet.service.errors
    await errors.log([ErrorReport("web", "alpha")])
    await errors.mute(MuteErrorsRequest(("1",), quiet.ctx.clock.now() + timedelta(seconds=0.3)))
    assert (await errors.listed()).errors == ()
    await asyncio.sleep(0.4)
    assert [group.state for group in (await errors.listed()).errors] == ["ongoing"]


async def test_clearing_archives_first(quiet: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    errors = quiet.service.errors
    await errors.log([ErrorReport("web", word) for word in ("alpha", "beta", "beta")])
    assert (await errors.clear(ClearErrorsRequest())).archive == ""
    await errors.resolve(ErrorsRequest(("2",)))
    folder = quiet.folder / "errors-cleared"
    folder.write_text("no folder")
    with pytest.raises(AinfError) as caught:
        await errors.clear(ClearErrorsRequest())
    assert caught.value.code == "errors.archive"
    assert (await errors.stats()).total == 3
    folder.unlink()
    cleared = await errors.clear(ClearErrorsRequest())
    assert (cleared.groups, cleared.reports) == (1, 2)
    [line] = (await asyncio.to_thread(Path(cleared.archive).read_text)).splitlines()
    found = json.loads(line)
    assert (found["group"]["id"], found["group"]["count"], len(found["examples"])) == (2, 2, 2)
    assert [path.name for path in folder.iterdir()] == [Path(cleared.archive).name]
    assert (await errors.stats()).total == 1
    assert (await errors.clear(ClearErrorsRequest(all=True))).groups == 1
    assert (await errors.listed(ALL)).errors == ()


async def test_an_import_twice_is_one(quiet: Box) -> None:
    errors = quiet.service.errors
    reports = tuple(ErrorReport("web", f"word {word}") for word in ("a", "b"))
    first = await errors.import_(ImportErrorsRequest(reports, ("k1", "k2")))
    again = await errors.import_(ImportErrorsRequest((*reports, ErrorReport("web", "c")), ("k1", "k2", "k3")))
    assert [(d.stored, d.known) for d in (first, again)] == [(2, 0), (1, 2)]
    assert (await errors.stats()).total == 3
