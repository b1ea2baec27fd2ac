"""What is asked of stored errors and done to them: pages, states, merging, forgetting."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ainf_tui.adapters.db import errors_change
from ainf_tui.adapters.db.engine import SqlDatabase
from ainf_tui.domain.error_documents import ErrorQuery, ErrorReport
from ainf_tui.errors import UsageError
from tests.adapters.db.test_errors_store import NOW, put

HOUR = timedelta(hours=1)


async def listed(db: SqlDatabase, now=NOW, **query: object) -> list[int]:
    """The numbers of all pages, two at a time."""
    found: list[int] = []
    after: str | None = ""
    while after is not None:
        page = await db.errors.page(ErrorQuery(limit=2, after=after, **query), now)  # type: ignore[arg-type]  # any
        found += [group.id for group in page.errors]
        assert len(page.errors) <= 2
        after = page.next
    return found


async def five(db: SqlDatabase) -> None:
    """Group 1 is old and frequent, 5 new and single."""
    for number, word in enumerate(("alpha", "beta", "gamma", "delta", "epsilon"), 1):
        at = NOW - (5 - number) * HOUR
        reports = [ErrorReport("web", word, at=at - n * HOUR) for n in range(6 - number)]
        assert list((await put(db, *reports)).values()) == [number]


async def test_an_error_is_above_any_number_of_warnings_of_its_state(db: SqlDatabase) -> None:
    await put(db, *(ErrorReport("web", "slow", level="warning", at=NOW) for _ in range(40)))
    await put(db, ErrorReport("comfyui", "out of memory", at=NOW - HOUR))
    await put(db, ErrorReport("web", "crash loop", level="critical", at=NOW - 2 * HOUR))
    assert await listed(db) == [3, 2, 1]
    await put(db, ErrorReport("web", "slow", level="error", at=NOW))
    assert await listed(db) == [3, 1, 2], "the same failure, but graver and hotter now"


async def test_pages_in_every_order(db: SqlDatabase) -> None:
    await five(db)
    assert await listed(db, order="last_seen") == [5, 4, 3, 2, 1]
    assert await listed(db, order="first_seen") == [5, 4, 3, 2, 1]
    assert await listed(db, order="count") == [1, 2, 3, 4, 5]
    assert await listed(db, order="count_24h") == [1, 2, 3, 4, 5]
    assert await listed(db, NOW + 26 * HOUR, order="count_24h") == []
    assert sorted(await listed(db)) == [1, 2, 3, 4, 5]
    for order in ("inbox", "count"):
        with pytest.raises(UsageError):
            await db.errors.page(ErrorQuery(order=order, after="x"), NOW)
    page = await db.errors.page(ErrorQuery(limit=1), NOW)
    with pytest.raises(UsageError):
        await db.errors.page(ErrorQuery(order="count", after=page.next or ""), NOW)


async def test_the_inbox_shows_what_is_new_and_what_gets_worse(db: SqlDatabase) -> None:
    await put(db, ErrorReport("web", "alpha", at=NOW - 9 * HOUR), ErrorReport("web", "beta", at=NOW - HOUR))
    await put(db, *[ErrorReport("web", "gamma", at=NOW - HOUR)] * 9)
    assert await listed(db) == [3, 2, 1]
    await db.errors.seen(NOW)
    assert await listed(db) == [3, 2, 1]
    await put(db, *[ErrorReport("web", "alpha")] * 99)
    assert await listed(db) == [1, 3, 2]
    await put(db, ErrorReport("web", "delta", at=NOW - 99 * HOUR))
    assert await listed(db) == [4, 1, 3, 2]  # new before what is known
    await db.errors.stand([1], lambda stands: stands.resolved(NOW))
    await db.errors.stand([3], lambda stands: stands.muted(NOW + HOUR))
    assert await listed(db) == [4, 2]
    assert await listed(db, states=("all",)) == [4, 2, 3, 1]
    assert await listed(db, states=("muted", "resolved")) == [3, 1]


async def test_filters(db: SqlDatabase) -> None:
    await five(db)
    await put(db, ErrorReport("api", "ÄRGER with VAEDecode", "critical", node_class="VAEDecode", node="9"))
    assert await listed(db, level="critical") == [6]
    assert await listed(db, source="api") == [6]
    assert await listed(db, text="ärger vaed") == [6]
    assert await listed(db, text="ärger alpha") == []
    assert await listed(db, text="100%") == []
    assert sorted(await listed(db, since=NOW - HOUR)) == [4, 5, 6]


async def test_a_mute_ends_and_a_resolved_one_comes_back(db: SqlDatabase) -> None:
    await put(db, ErrorReport("web", "alpha"), ErrorReport("web", "beta"))
    await db.errors.stand([1], lambda stands: stands.muted(NOW + HOUR))
    await db.errors.stand([2], lambda stands: stands.resolved(NOW))
    assert (await db.errors.totals(NOW)).ongoing == 0
    assert await db.errors.next_end_of_mute() == NOW + HOUR
    await put(db, ErrorReport("web", "alpha"), ErrorReport("web", "beta", at=NOW - HOUR))
    states = [(g.state, g.muted_until, g.unseen) for g in await db.errors.groups([1, 2], NOW)]
    assert states == [("muted", NOW + HOUR, False), ("resolved", None, False)]
    later = NOW + 2 * HOUR
    [muted] = await db.errors.groups([1], later)
    assert (muted.state, muted.muted_until) == ("ongoing", None)  # said before it is written
    await db.errors.wake(later)
    assert await db.errors.next_end_of_mute() is None
    await put(db, ErrorReport("web", "beta", at=later), now=later)
    assert await listed(db, later) == [2, 1]
    totals = await db.errors.totals(later)
    assert (totals.new, totals.ongoing) == (1, 2)
    assert [group.state for group in totals.latest] == ["regressed", "ongoing"]
    before = totals.revision
    await db.errors.seen(later)
    assert (await db.errors.totals(later)).new == 0
    assert (await db.errors.totals(later)).revision > before


async def test_what_was_merged_is_split_as_it_was(db: SqlDatabase) -> None:
    prints = await put(
        db, *[ErrorReport("web", word, job=n, node=word) for n, word in enumerate(("alpha", "beta", "gamma"))]
    )
    first, second, third = prints
    await db.errors.note(2, "mine")
    await db.errors.stand([2], lambda stands: stands.resolved(NOW))
    [_, before, _] = await db.errors.groups([1, 2, 3], NOW)
    await db.errors.merge(2, [3, 2])
    await db.errors.merge(1, [2])
    assert await db.errors.find(["1", "#2", "3", second, "9", "nothing"]) == (1, 1, 1, 1, None, None)
    [whole] = await db.errors.groups([1], NOW)
    assert (whole.count, whole.fingerprints[0], len(whole.fingerprints), whole.node) == (3, first, 3, "gamma")
    assert len(await db.errors.examples(1)) == 3
    assert await listed(db, states=("all",)) == [1]
    await put(db, ErrorReport("web", "gamma"))  # goes where its fingerprint is
    assert [group.count for group in await db.errors.groups([1], NOW)] == [4]
    assert await db.errors.split(1, first) is None
    assert await db.errors.split(1, "1.0") is None
    assert await db.errors.split(1, second) == 2
    assert await db.errors.groups([2], NOW) == (before,)
    assert await db.errors.split(1, third) == 3
    assert [group.count for group in await db.errors.groups([1, 3], NOW)] == [1, 2]


async def test_examples_are_told_newest_first(db: SqlDatabase) -> None:
    report = ErrorReport(
        "web", "alpha", "warning", NOW - HOUR, ("l",), {"n": 1}, ("c",), "a.b", 3, "s", "r", "b", "p", "9",
        "K", "T", "/f", 7,
    )  # fmt: skip
    await put(db, report, ErrorReport("web", "alpha", at=NOW))
    older = (await db.errors.examples(1), await db.errors.examples(2))
    assert [len(found) for found in older] == [1, 1]
    [[example], _] = older
    assert (example.at, example.lines, example.details, example.context) == (
        NOW - HOUR,
        ("l",),
        {"n": 1},
        ("c",),
    )
    assert (example.job, example.node_class, example.file, example.start) == (3, "K", "/f", 7)
    assert example.kind == "T"
    assert example.level == "warning"


async def test_what_is_old_goes_a_part_at_a_time(db: SqlDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors_change, "AT_ONCE", 2)
    await five(db)  # of whatever time: they came in now
    assert await db.errors.prune(NOW + 9 * HOUR, 10 * HOUR) is False
    await put(db, ErrorReport("web", "alpha"), now=NOW + 10 * HOUR)
    assert await db.errors.prune(NOW + 11 * HOUR, 10 * HOUR) is True
    assert await db.errors.prune(NOW + 11 * HOUR, 10 * HOUR) is True
    assert await db.errors.prune(NOW + 11 * HOUR, 10 * HOUR) is False
    assert await listed(db) == [1]
    rows = (await db.info()).rows
    assert (rows["error_prints"], rows["error_examples"]) == (1, 6)
    monkeypatch.setattr(errors_change, "GROUPS_KEPT", 1)
    await put(db, ErrorReport("web", "zeta"), now=NOW + 11 * HOUR)
    await db.errors.prune(NOW + 11 * HOUR, 99 * HOUR)
    assert await listed(db) == [6]


async def test_keys_are_known_once_their_reports_are_stored(db: SqlDatabase) -> None:
    assert await db.errors.known_keys(["a", "b"]) == set()
    await put(db, ErrorReport("web", "alpha"), keys=["a"])
    assert await db.errors.known_keys(["a", "b"]) == {"a"}
    await db.errors.prune(NOW + 3 * HOUR, HOUR)
    assert await db.errors.known_keys(["a"]) == set()
