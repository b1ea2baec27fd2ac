"""Forgetting ended jobs and what only they needed."""

from __future__ import annotations

from sqlalchemy import Connection, delete, exists, select, update

from ainf_tui.adapters.db.counting import bump
from ainf_tui.adapters.db.jobs_pages import conditions
from ainf_tui.adapters.db.rows import chunked
from ainf_tui.adapters.db.tables import WATCHED, attempts, graphs, job_progress, jobs
from ainf_tui.domain.jobs import ENDED
from ainf_tui.domain.ports import JobFilter


def clear(conn: Connection, where: JobFilter) -> int:
    """How many were forgotten. Attempts and outputs go with their jobs.

    A job with a prompt that may still turn up on a server stays until that watch has ended: without its
    row the prompt would be a stranger's, and would run.
    """
    states = ENDED & where.states if where.states else ENDED
    if not states:
        return 0
    bump(conn, "revision", 1)
    query = select(jobs.c.id, jobs.c.shape).where(
        jobs.c.state.in_(states),
        *conditions(where),
        ~exists().where(attempts.c.job_id == jobs.c.id, WATCHED),
    )
    found = conn.execute(query).all()
    for chunk in chunked([row[0] for row in found]):
        conn.execute(delete(job_progress).where(job_progress.c.job_id.in_(chunk)))
        conn.execute(delete(jobs).where(jobs.c.id.in_(chunk)))
    for chunk in chunked(sorted({row[1] for row in found})):
        unused = ~exists().where(jobs.c.shape == graphs.c.shape)
        conn.execute(delete(graphs).where(graphs.c.shape.in_(chunk), unused))
    bump(conn, "ended", -len(found))
    return len(found)


def end_watch(conn: Connection, prompt_ids: list[str]) -> None:
    """These prompts need not be looked for any more."""
    for chunk in chunked(prompt_ids):
        conn.execute(update(attempts).where(attempts.c.prompt_id.in_(chunk)).values(watched=False))
