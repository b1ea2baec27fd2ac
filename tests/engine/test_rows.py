"""The light list of a living queue says what the whole documents say."""

from __future__ import annotations

import uuid
from typing import Any

from ainf_tui.domain.documents import JobDocument, JobRow
from ainf_tui.domain.requests import JobQuery, JobsRequest, RunRequest, SweepAxis
from tests.fakes.box import Box
from tests.fakes.graphs import picture

SAME = (
    *("id", "number", "state", "held", "cancel_requested", "pack", "prompt", "priority", "progress", "step"),
    *("steps", "eta", "position", "created_at", "started_at", "finished_at", "retry_of", "revision"),
)


def said(job: JobDocument | JobRow) -> dict[str, Any]:
    """What both tell; estimates move with the clock, so they are only there or not."""
    found = {name: getattr(job, name) for name in SAME}
    return found | {"eta": found["eta"] is not None}


async def agreed(box: Box, **fields: Any) -> tuple[JobRow, ...]:
    """The rows, compared with the documents of the same query."""
    query = JobQuery(limit=1000, **fields)
    rows = (await box.service.rows(query)).rows
    documents = (await box.service.jobs(query)).jobs
    assert [said(row) for row in rows] == [said(document) for document in documents]
    return rows


async def test_rows_of_a_queue_at_work(box: Box) -> None:
    done = await box.succeed(await box.run(picture(1)))
    await box.hold(3)
    request = RunRequest(
        request_id=str(uuid.uuid4()),
        graph=picture(2, steps=20),
        name="story.json",
        sweep=(SweepAxis("3.cfg", (5, 7)),),
        count=2,
        seed="7",
    )
    jobs = (await box.submit(request)).jobs
    await box.held_at(jobs[0], 3)
    await box.reach(jobs[1], "submitted")
    await box.service.hold(JobsRequest((str(jobs[3].number),)))
    rows = {row.number: row for row in await agreed(box)}

    running = rows[jobs[0].number]
    assert (running.state, running.step, running.steps) == ("running", 3, 20)
    assert running.node
    assert running.sweep == "3.cfg=5"
    assert (running.batch_index, running.seed_text, running.backend) == (0, "7", "default")
    waiting = rows[jobs[2].number]
    assert (waiting.position, waiting.eta is not None, waiting.progress) == (1, True, None)
    assert (rows[jobs[3].number].held, rows[jobs[3].number].position) == (True, None)
    assert (rows[done[0].number].progress, rows[done[0].number].outputs) == (1.0, 1)

    for kind in ("open", "ended"):
        assert await agreed(box, kind=kind)
    assert len(await agreed(box, kind="changed", changed_since=waiting.revision - 1)) >= 2
    await box.let_go()
    await box.service.release(JobsRequest((str(jobs[3].number),)))
    await box.succeed(*jobs)
    assert {row.state for row in await agreed(box)} == {"succeeded"}


async def test_a_paused_queue_promises_nothing(empty: Box) -> None:
    """Nor does one whose backend is away; the places in the queue are known all the same."""
    empty.add_backend("default", "http://127.0.0.1:9")
    await empty.start(connected=False)
    await empty.service.pause()
    await empty.run_all(picture(1), count=3, seed="1")
    rows = await agreed(empty)
    assert [(row.position, row.eta) for row in rows] == [(1, None), (2, None), (3, None)]
