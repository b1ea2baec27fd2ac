"""The light list: the pages of `jobs_pages`, with the columns that a table shows and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, Integer, Text, cast, func, literal_column, select, type_coerce

from ainf_tui.adapters.db.columns import JsonCount
from ainf_tui.adapters.db.jobs_pages import walk
from ainf_tui.adapters.db.jobs_queue import place, position
from ainf_tui.adapters.db.rows import chunked
from ainf_tui.adapters.db.search import json_field
from ainf_tui.adapters.db.tables import jobs, outputs
from ainf_tui.domain.jobs import JobState, JobSummary
from ainf_tui.domain.ports import JobFilter, SummaryPage
from ainf_tui.domain.rows import TEXT_LENGTH

FEW = 8
"""Jobs whose positions are counted one by one: more of them are numbered together."""
_NONE: frozenset[JobState] = frozenset()
_FETCHED = (
    select(func.count())
    .select_from(outputs)
    .where(outputs.c.job_id == jobs.c.id, outputs.c.fetched_at.is_not(None))
    .scalar_subquery()
)
_MADE = {
    "batch_index": cast(json_field(jobs.c.batch, literal_column("'index'")), Integer),
    "priority": -jobs.c.urgency,
    "prompt": func.substr(jobs.c.prompt, 1, TEXT_LENGTH + 1),
    "seed": type_coerce(jobs.c.seed, Text),
    "warnings": type_coerce(jobs.c.warnings, JsonCount),
    "outputs": _FETCHED,
}
_COLUMNS = [_MADE[name] if name in _MADE else jobs.c[name] for name in JobSummary._fields]


def rows(conn: Connection, kind: str, where: JobFilter, limit: int, after: str | None) -> SummaryPage:
    """See `JobRepository.rows`."""
    ids, following = walk(conn, kind, where, limit, after)
    found = summaries(conn, ids)
    in_turn = kind != "changed" and replace(where, states=_NONE, held=None) == JobFilter()
    return SummaryPage(found, following, _positions(conn, found, in_turn=in_turn))


def summaries(conn: Connection, ids: Sequence[str]) -> tuple[JobSummary, ...]:
    """Those that exist, in the order of `ids`."""
    found: dict[str, JobSummary] = {}
    for chunk in chunked(ids):
        query = select(*_COLUMNS).where(jobs.c.id.in_(chunk))
        found |= {row[0]: JobSummary._make(row) for row in conn.execute(query)}
    return tuple(found[key] for key in ids if key in found)


def _positions(conn: Connection, found: Sequence[JobSummary], *, in_turn: bool) -> dict[str, int]:
    """`in_turn`: no job that is ready is left out between the first of these and the last."""
    ready = [job for job in found if job.state == JobState.QUEUED and not job.held]
    if in_turn and ready:
        first = place(conn, ready[0].priority, ready[0].rank, ready[0].number)
        return {job.id: i for i, job in enumerate(ready, first)}
    if len(ready) <= FEW:
        return {job.id: place(conn, job.priority, job.rank, job.number) for job in ready}
    return position(conn, [job.id for job in ready])
