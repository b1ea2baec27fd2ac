"""What `ainf errors export` and `clear` write is taken in again: whole, once, and as somebody left it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.adapters.error_archive import line
from ainf_tui.cli.errorfile import read
from ainf_tui.domain.error_documents import (
    ClearErrorsRequest,
    ErrorDetailDocument,
    ErrorExampleDocument,
    ErrorGroupDocument,
    ErrorQuery,
    ErrorReport,
    ErrorsRequest,
    ImportErrorsRequest,
    MergeErrorsRequest,
    MuteErrorsRequest,
    NoteErrorRequest,
)
from ainf_tui.domain.errors.restoring import missing, problem
from ainf_tui.errors import UsageError
from tests.fakes.box import Box

ALL = ErrorQuery(states=("all",))
NOT_KEPT = {"id", "fingerprints", "job", "kept", "count_24h", "trend", "sampled"}


@pytest.fixture
async def quiet(empty: Box) -> Box:
    """An engine without a server."""
    await empty.start(connected=False)
    return empty


async def exported(box: Box) -> list[ErrorDetailDocument]:
    """As the file of an export gives them back."""
    page = await box.service.errors.listed(ALL)
    details = [await box.service.errors.show(str(group.id)) for group in page.errors]
    found = list(read([line(detail).encode() for detail in details]))
    assert [one.problem for one in found] == [""] * len(details)
    return [one.group for one in found if one.group is not None]


async def taken(box: Box, details: list[ErrorDetailDocument]) -> tuple[int, int]:
    done = await box.service.errors.import_(ImportErrorsRequest(groups=tuple(details)))
    return done.stored, done.known


async def five(box: Box) -> None:
    """Groups of each state; one of two failures, one of more reports than are kept."""
    errors, now = box.service.errors, box.ctx.clock.now()
    for n in range(90):
        box.ctx.errors.report(ErrorReport("web", f"took {n} ms", at=now - timedelta(minutes=n)))
    await box.ctx.errors.flush()
    for n, word in enumerate(("alpha", "beta", "gamma", "delta")):
        at = now - timedelta(days=n)
        report = ErrorReport("comfyui", word, "critical", at, (word, "more"), {"a": 1}, ("before",), job=7)
        await errors.log([replace(report, backend="gpu", node_class="KSampler", file="/l.log", start=3)])
    await errors.seen()
    await errors.resolve(ErrorsRequest(("2",)))
    await errors.mute(MuteErrorsRequest(("3",)))
    await errors.merge(MergeErrorsRequest("4", ("5",)))
    await errors.note(NoteErrorRequest("1", "seen on the new box"))


def comparable(group: ErrorGroupDocument) -> dict[str, object]:
    return {n: getattr(group, n) for n in group.__dataclass_fields__ if n not in NOT_KEPT}


async def test_what_was_cleared_comes_back_as_it_was(quiet: Box) -> None:
    await five(quiet)
    errors = quiet.service.errors
    before, total = await exported(quiet), await errors.stats()
    done = await errors.clear(ClearErrorsRequest(all=True))
    file = await asyncio.to_thread(Path(done.archive).read_bytes)
    found = [one.group for one in read(file.splitlines()) if one.group is not None]
    assert await taken(quiet, found) == (94, 0)
    after = await exported(quiet)
    old = {one.group.fingerprint: one for one in before}
    assert len(after) == 4
    for one in after:
        was = old[one.group.fingerprint]
        assert comparable(one.group) == comparable(was.group)
        assert set(one.group.fingerprints) == set(was.group.fingerprints)
        assert abs(one.group.count_24h - was.group.count_24h) <= 30  # of the hour that the window cuts
        assert [replace(e, id=0) for e in one.examples] == [replace(e, id=0) for e in was.examples]
    told = await errors.stats()
    assert (told.total, told.by_level, told.by_source) == (total.total, total.by_level, total.by_source)


async def test_the_same_export_twice_counts_once_and_a_later_one_adds_what_is_new(
    quiet: Box, empty: Box, tmp_path: Path
) -> None:
    await five(quiet)
    first = await exported(quiet)
    assert await taken(quiet, first) == (0, 94), "they are here already"
    await quiet.service.errors.log([ErrorReport("web", "took 5 ms")] * 3)
    later = await exported(quiet)
    assert await taken(quiet, later) == (0, 97)
    await quiet.service.errors.clear(ClearErrorsRequest(all=True))
    await quiet.service.errors.log([ErrorReport("web", "took 9 ms", at=datetime(2020, 1, 1, tzinfo=UTC))])
    assert await taken(quiet, first) == (94, 0), "another history of the same failure"
    assert await taken(quiet, first) == (0, 94)
    assert await taken(quiet, later) == (3, 94)
    assert await taken(quiet, later) == (0, 97)
    assert (await quiet.service.errors.stats()).total == 98


async def test_what_an_export_cannot_be_is_refused(quiet: Box) -> None:
    await quiet.service.errors.log([ErrorReport("web", "alpha")])
    [good] = await exported(quiet)
    for bad in (
        replace(good, examples=()),
        replace(good, group=replace(good.group, count=0)),
        replace(good, group=replace(good.group, state="gone")),
        replace(good, group=replace(good.group, first_seen=datetime(2026, 1, 1))),  # noqa: DTZ001 - that is it
    ):
        assert problem(bad)
        with pytest.raises(UsageError):
            await taken(quiet, [bad])
    other = replace(good, group=replace(good.group, fingerprint="1.\0", fingerprints=("1.\0",)))
    await quiet.service.errors.clear(ClearErrorsRequest(all=True))
    assert await taken(quiet, [other]) == (1, 0)
    [again] = await exported(quiet)
    assert again.group.fingerprint != other.group.fingerprint


async def test_secrets_of_a_file_are_not_kept(quiet: Box) -> None:
    await quiet.service.errors.log([ErrorReport("web", "alpha")])
    [good] = await exported(quiet)
    secret = "token=hf_aBcDeFgHiJkLmNoPqRsTuVwXyZ012345"
    told = replace(good.examples[0], message=secret, lines=(secret,))
    bad = replace(good, group=replace(good.group, note=secret, title=secret), examples=(told,))
    await quiet.service.errors.clear(ClearErrorsRequest(all=True))
    await taken(quiet, [bad])
    assert "hf_aBcD" not in json.dumps(line((await exported(quiet))[0]))


MIDNIGHT = datetime(2026, 11, 26, tzinfo=UTC)
MOMENTS = st.integers(0, 6 * 86_400_000).map(lambda ms: MIDNIGHT - timedelta(milliseconds=ms))


@given(
    st.lists(MOMENTS, min_size=1, max_size=6),
    st.integers(0, 40),
    st.lists(st.integers(0, 9), min_size=24, max_size=24),
    st.integers(0, 60),
)
def test_as_many_are_added_as_are_missing_and_none_out_of_its_time(
    moments: list[datetime], more: int, trend: list[int], known: int
) -> None:
    examples = tuple(ErrorExampleDocument(n, at, "2.0", "error", "web", "no") for n, at in enumerate(moments))
    group = ErrorGroupDocument(1, "2.0", ("2.0",), "error", "web", "no", trend=tuple(trend))
    group = replace(group, count=len(moments) + more, first_seen=min(moments), last_seen=max(moments))
    detail = ErrorDetailDocument(group, None, examples, MIDNIGHT)
    found = missing(detail, known)
    assert sum(sum(one.seconds.values()) for one in found) == max(0, group.count - known)
    for one in found:
        assert all(int(min(moments).timestamp()) <= at <= max(moments).timestamp() for at, _ in one.seconds)
        assert one.examples
