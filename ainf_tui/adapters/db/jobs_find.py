"""Single jobs, attempts and numbers: everything that is read and is no page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, select

from ainf_tui.adapters.db import counting
from ainf_tui.adapters.db.graphs import StoredGraph, rebuilt
from ainf_tui.adapters.db.rows import ByKey, attempt_of, chunked, job_by_id, jobs_by_id
from ainf_tui.adapters.db.tables import QUEUED, WATCHED, attempts, graphs, jobs, queue_state
from ainf_tui.domain.jobs import OPEN, Attempt, Job, JobGraph, JobState
from ainf_tui.domain.ports import QueueCounts
from ainf_tui.errors import NotFoundError, UsageError

_NUMBER = re.compile(r"#?([1-9][0-9]{0,17})")
# Ids of this century begin with a zero, so no number looks like one.
_ID_START = re.compile(r"[0-9a-f][0-9a-f-]{5,35}")
ID_LENGTH = 36
"""Characters of a whole id."""
_ACTIVE = OPEN - {JobState.QUEUED}
_DAY = timedelta(hours=24)
_GRAPHS = ByKey(
    select(graphs, jobs.c.literals, jobs.c.late_literals).join(jobs, jobs.c.shape == graphs.c.shape),
    jobs.c.id,
)
_IN_STATES = (
    select(jobs.c.id).where(jobs.c.state.in_(bindparam("states", expanding=True))).order_by(jobs.c.number)
)
_ACTIVE_STATES = select(jobs.c.state).where(jobs.c.state.in_(_ACTIVE))
_PAUSE = select(queue_state.c.paused, queue_state.c.paused_since).where(queue_state.c.id == 1)
_WAITING = select(func.count()).where(jobs.c.state == QUEUED, jobs.c.held == bindparam("is_held"))
_ENDED_SINCE = select(func.count()).where(
    jobs.c.state == bindparam("ended_state"), jobs.c.finished_at > bindparam("start")
)


def get(conn: Connection, ref: str | int) -> Job | None:
    """See `JobRepository.get`. UsageError(`job.ambiguous`) for the beginning of several ids."""
    text = str(ref).strip()
    number = _NUMBER.fullmatch(text)
    if number is not None:
        query = select(jobs.c.id).where(jobs.c.number == int(number[1]))
        return job_by_id(conn, conn.execute(query).scalar_one_or_none())
    if (job := job_by_id(conn, text)) is not None:
        return job
    if _ID_START.fullmatch(text.lower()) is None:
        return None
    start = text.lower()
    # "g" is greater than every character of an id.
    query = select(jobs.c.id).where(jobs.c.id >= start, jobs.c.id < f"{start}g").limit(2)
    found = conn.execute(query).scalars().all()
    if len(found) > 1:
        raise UsageError(
            "job.ambiguous",
            f"several jobs have an id that begins with {start}",
            hint="give more of the id, or the job's number",
        )
    return job_by_id(conn, found[0]) if found else None


def find(conn: Connection, refs: Sequence[str]) -> tuple[Job | None, ...]:
    """See `JobRepository.find`."""
    texts = [ref.strip() for ref in refs]
    numbers = {text: int(found[1]) for text in texts if (found := _NUMBER.fullmatch(text))}
    ids = {text: text for text in texts if len(text) == ID_LENGTH}
    by_number: dict[int, str] = {}
    for chunk in chunked(set(numbers.values())):
        rows = conn.execute(select(jobs.c.number, jobs.c.id).where(jobs.c.number.in_(chunk)))
        by_number |= {row[0]: row[1] for row in rows}
    ids |= {text: by_number.get(number, "") for text, number in numbers.items()}
    known = {job.id: job for job in jobs_by_id(conn, list(dict.fromkeys(ids.values())))}
    return tuple(known.get(ids[text]) if text in ids else get(conn, text) for text in texts)


def by_prompt(conn: Connection, prompt_id: str) -> Job | None:
    """The job that the prompt id was made for."""
    query = select(attempts.c.job_id).where(attempts.c.prompt_id == prompt_id)
    return job_by_id(conn, conn.execute(query).scalar_one_or_none())


def graph(conn: Connection, job_id: str) -> JobGraph:
    """With all values bound. NotFoundError(`job.not_found`)."""
    rows = _GRAPHS.rows(conn, [job_id])
    if not rows:
        raise NotFoundError("job.not_found", f"there is no job {job_id}", hint="`ainf queue list` shows them")
    row = rows[0]
    stored = StoredGraph(row["shape"], row["graph"], row["workflow"], row["extra"])
    return rebuilt(stored, row["literals"], row["late_literals"])


def with_graph(conn: Connection, job_id: str) -> tuple[Job, JobGraph] | None:
    """The job and its graph, if there is such a job."""
    job = job_by_id(conn, job_id)
    return None if job is None else (job, graph(conn, job_id))


def in_states(conn: Connection, states: Collection[JobState]) -> tuple[Job, ...]:
    """In order of number."""
    return jobs_by_id(conn, list(conn.execute(_IN_STATES, {"states": list(states)}).scalars()))


def watched(conn: Connection, backend: str) -> tuple[Attempt, ...]:
    """Oldest first."""
    query = select(attempts).where(WATCHED, attempts.c.backend == backend)
    found = [attempt_of(row) for row in conn.execute(query).mappings()]
    return tuple(sorted(found, key=lambda a: (a.created_at, a.prompt_id)))


def known_prompts(conn: Connection, prompt_ids: Collection[str]) -> dict[str, Attempt]:
    """Those among the ids that are ours."""
    found: dict[str, Attempt] = {}
    for chunk in chunked(prompt_ids):
        rows = conn.execute(select(attempts).where(attempts.c.prompt_id.in_(chunk))).mappings()
        found |= {row["prompt_id"]: attempt_of(row) for row in rows}
    return found


def counts(conn: Connection, now: datetime) -> QueueCounts:
    """Open jobs are counted along their indexes, ended ones by a counter kept with each change."""
    # Few by nature, and grouping them in SQL would make SQLite sort them first.
    active = Counter(conn.execute(_ACTIVE_STATES).scalars())
    paused, since = conn.execute(_PAUSE).one()
    return QueueCounts(
        queued=_waiting(conn, held=False),
        held=_waiting(conn, held=True),
        submitted=active[JobState.SUBMITTING] + active[JobState.SUBMITTED],
        running=active[JobState.RUNNING] + active[JobState.FETCHING],
        succeeded_24h=_ended_since(conn, JobState.SUCCEEDED, now - _DAY),
        failed_24h=_ended_since(conn, JobState.FAILED, now - _DAY),
        ended=counting.value(conn, "ended"),
        revision=counting.value(conn, "revision"),
        paused=paused,
        paused_since=since,
    )


def _waiting(conn: Connection, *, held: bool) -> int:
    return int(conn.execute(_WAITING, {"is_held": held}).scalar_one())


def _ended_since(conn: Connection, state: JobState, start: datetime) -> int:
    return int(conn.execute(_ENDED_SINCE, {"ended_state": state, "start": start}).scalar_one())
