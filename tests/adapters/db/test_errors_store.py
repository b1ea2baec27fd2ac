"""Reports of errors come in: counted exactly, kept as examples as far as there is room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from ainf_tui.adapters.db.engine import SqlDatabase
from ainf_tui.adapters.db.error_tables import error_examples, error_groups, error_prints, error_sums
from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors.fold import folded
from ainf_tui.engine.errors.prepare import Prepare
from ainf_tui.playbook import playbook

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
prepare = Prepare(str, playbook)


async def put(db: SqlDatabase, *reports: ErrorReport, now: datetime = NOW, **more: object) -> dict[str, int]:
    return await db.errors.store(prepare(folded(reports, now)), now, **more)  # type: ignore[arg-type]  # any


def rows(table, *columns):
    query = select(*[table.c[name] for name in columns]).order_by(*table.primary_key)
    return lambda conn: conn.execute(query).all()


async def test_a_failure_is_one_group_however_often_it_comes(db: SqlDatabase) -> None:
    first = await put(
        db, *[ErrorReport("web", f"took {n} ms", at=NOW - timedelta(hours=n)) for n in range(3)]
    )
    again = await put(db, ErrorReport("web", "took 77 ms", level="critical"), ErrorReport("api", "no"))
    assert [*first.values(), *again.values()] == [1, 1, 2]
    groups = await db._db.read(rows(error_groups, "id", "count", "level", "source", "title", "state"))
    assert groups == [(1, 4, 50, "web", "took 2 ms", "new"), (2, 1, 40, "api", "no", "new")]
    [(hours,), _] = await db._db.read(rows(error_prints, "hours"))
    assert sorted(sum(levels.values()) for levels in hours.values()) == [1, 1, 2]
    sums = await db._db.read(rows(error_sums, "unit", "source", "level", "n"))
    assert sorted(row for row in sums if row[0] == 0) == [
        (0, "api", 40, 1),
        (0, "web", 40, 3),
        (0, "web", 50, 1),
    ]


async def test_examples_are_bounded_and_the_newest_replace_each_other(db: SqlDatabase) -> None:
    for n in range(60):
        await put(db, ErrorReport("web", f"took {n} ms", at=NOW - timedelta(seconds=60 - n)))
    kept = await db._db.read(rows(error_examples, "slot", "body"))
    messages = {int(body["message"].split()[1]) for _, body in kept}
    assert messages == {*range(20), *range(40, 60)}
    assert (await db._db.read(rows(error_groups, "count", "kept"))) == [(60, 40)]


async def test_a_checkpoint_comes_with_its_reports(db: SqlDatabase) -> None:
    await put(db, ErrorReport("web", "no"), checkpoint={"log:/a": "17", "log:/b": "x\0"})
    await put(db, ErrorReport("web", "no"), checkpoint={"log:/a": "99"}, batch="b1")
    assert await db.errors.checkpoints("log:/") == {"log:/a": "99", "log:/b": "x\u2400"}
    assert await db.errors.checkpoints("log:/%") == {}


async def test_a_batch_is_counted_once(db: SqlDatabase) -> None:
    for batch in ("b1", "b1", "b2", "b2"):
        await put(db, ErrorReport("web", "no"), batch=batch)
    assert (await db._db.read(rows(error_groups, "count"))) == [(2,)]


async def test_what_no_database_holds_is_made_safe(db: SqlDatabase) -> None:
    bad = "\0 \ud800 \x1b[31m"
    report = ErrorReport(bad, bad, lines=(bad,), details={bad: float("nan")}, node=bad, context=(bad,))
    await put(db, report)
    [(title, body)] = await db._db.read(
        lambda conn: conn.execute(
            select(error_groups.c.title, error_examples.c.body).join_from(
                error_groups, error_examples, error_examples.c.print_id == error_groups.c.id
            )
        ).all()
    )
    assert "\x1b" not in title
    assert body["details"] == {"\u2400 \ufffd \x1b[31m": None}


async def test_many_failures_at_once(db: SqlDatabase) -> None:
    names = [f"{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(450)]
    numbers = await put(db, *[ErrorReport("web", f"no {name}") for name in names])
    assert sorted(numbers.values()) == list(range(1, 451))
