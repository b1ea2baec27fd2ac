"""What must be true when the dust has settled, whoever was killed when."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ainf_tui.domain.documents import JobDocument
from tests.faults.graphs import FOREIGN, embedded_prompt, text_and_seed
from tests.faults.world import Wanted, World

CANCEL_TOO_LATE = "job.cancel_too_late"
LOST_WITH_SERVER = "restarted"


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found. `problems` is empty when all is well."""

    jobs: int
    problems: tuple[str, ...]


async def check(world: World, only: Iterable[Wanted] | None = None) -> Report:
    """All invariants of a settled world; `only` limits the look into files to these jobs."""
    jobs = await world.jobs()
    events = world.sim.events()
    wanted = tuple(world.wanted.values()) if only is None else tuple(only)
    problems = [
        *_prompts(jobs.values(), events),
        *_attempts(jobs.values(), restarts=world.sim_deaths),
        *_disk(world.locations.outputs_dir, jobs.values()),
        *_log(world.locations.engine_log),
    ]
    by_prompt: dict[str, list[JobDocument]] = defaultdict(list)
    for job in jobs.values():
        by_prompt[job.prompt].append(job)
    for item in wanted:
        found = [jobs[item.id]] if item.id in jobs else by_prompt.get(item.text, [])
        problems += _wanted(item, found)
    return Report(len(jobs), tuple(problems))


# -- the server's witness --------------------------------------------------------------------------
def _prompts(jobs: Iterable[JobDocument], events: list[dict[str, Any]]) -> Iterator[str]:
    """No prompt id runs twice; no job runs twice in one life of the server; no id is unknown to us."""
    job_of = {attempt.prompt_id: job for job in jobs for attempt in job.attempts}
    started = [e for e in events if e["event"] == "started"]
    for prompt_id, times in Counter(e["prompt_id"] for e in started).items():
        if times > 1:
            yield f"prompt {prompt_id} was executed {times} times"
    lives = Counter((job_of[e["prompt_id"]].number, e["pid"]) for e in started if e["prompt_id"] in job_of)
    for (number, pid), times in lives.items():
        if times > 1:
            yield f"job {number} was executed {times} times by the same server (pid {pid})"
    accepted = {e["prompt_id"] for e in events if e["event"] == "accepted"}
    for prompt_id in accepted - set(job_of) - {FOREIGN}:
        yield f"the server was sent prompt {prompt_id}, of which the database knows nothing"


def _attempts(jobs: Iterable[JobDocument], *, restarts: int) -> Iterator[str]:
    for job in jobs:
        ordinals = [a.ordinal for a in job.attempts]
        if ordinals != sorted(set(ordinals)):
            yield f"job {job.number}: attempts out of order: {ordinals}"
        for attempt in job.attempts:
            if attempt.state in {"submitting", "submitted", "running"}:
                yield f"job {job.number} ended {job.state} and attempt {attempt.ordinal} is {attempt.state}"
            if attempt.state == "lost" and not attempt.reason:
                yield f"job {job.number}: attempt {attempt.ordinal} was lost without a reason"
            if LOST_WITH_SERVER in attempt.reason and not restarts:
                yield f"job {job.number}: {attempt.reason!r}, and the server never ended"
        ends = [a.state for a in job.attempts]
        if job.state == "succeeded" and (ends.count("succeeded") != 1 or ends[-1] != "succeeded"):
            yield f"job {job.number} succeeded with attempts {ends}"


def _log(path: Path) -> Iterator[str]:
    """An engine that met a bug of its own and went on is no success."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    for line in text.splitlines():
        if " ERROR " in line[:60]:
            yield f"engine.log: {line[:100]} ... {line[-300:]}"


# -- files -----------------------------------------------------------------------------------------
def _disk(folder: Path, jobs: Iterable[JobDocument]) -> Iterator[str]:
    """Each output once on disk and once in the database; nothing else lies there."""
    rows = Counter(output.path for job in jobs for output in job.outputs)
    for path, times in rows.items():
        if times > 1:
            yield f"{times} outputs in the database have the path {path}"
    expected = set(rows) | {f"{path}.json" for path in rows}
    found = {str(path) for path in folder.rglob("*") if path.is_file()}
    for path in sorted(found - expected):
        yield f"{path} lies there, and no output has that path"
    for path in sorted(expected - found):
        yield f"{path} is missing"


def _wanted(item: Wanted, found: list[JobDocument]) -> Iterator[str]:
    if not found and item.sure:
        yield f"the job of {item.text!r} was accepted and is gone"
    if len(found) > 1:
        yield f"{item.text!r} was asked for once and made jobs {[j.number for j in found]}"
    for job in found:
        yield from _end(item, job)
        for output in job.outputs:
            yield from _file(item, job, output)


def _end(item: Wanted, job: JobDocument) -> Iterator[str]:
    if job.state == "cancelled" and item.cancelled:
        if job.outputs:
            yield f"job {job.number} was cancelled and has outputs"
        return
    if job.state != "succeeded":
        said = job.error.message if job.error else ""
        reasons = [f"{a.state}: {a.reason}" for a in job.attempts]
        yield f"job {job.number} ended {job.state} ({said}); attempts {reasons}"
    elif len(job.outputs) != 1:
        yield f"job {job.number} has {len(job.outputs)} outputs, not 1"
    told = [warning.code for warning in job.warnings]
    if job.state == "succeeded" and job.cancel_requested and CANCEL_TOO_LATE not in told:
        yield f"job {job.number} succeeded although it was to be cancelled, and does not say so"


def _file(item: Wanted, job: JobDocument, output: Any) -> Iterator[str]:
    path = Path(output.path)
    if not output.fetched or not path.is_file():
        yield f"job {job.number}: {path} was not fetched"
        return
    data = path.read_bytes()
    if (len(data), hashlib.sha256(data).hexdigest()) != (output.bytes, output.sha256):
        yield f"job {job.number}: {path} is not what the database says"
    try:
        told = text_and_seed(embedded_prompt(path))
    except ValueError as error:
        yield f"job {job.number}: {error}"
        return
    if told != (item.text, item.seed):
        yield f"job {job.number}: {path} holds {told}, not {(item.text, item.seed)}"
    side = path.with_name(path.name + ".json")
    if side.is_file():
        document = json.loads(side.read_text(encoding="utf-8"))
        if document["file"]["sha256"] != output.sha256 or document["job"]["number"] != job.number:
            yield f"job {job.number}: the sidecar of {path.name} tells of another file"
