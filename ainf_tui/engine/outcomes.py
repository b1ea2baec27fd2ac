"""What a finished prompt means for its job: pure decisions, given as the change to write."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from ainf_tui.domain.comfy import ExecutionFailed, ExecutionInterrupted, Graph, HistoryEntry, ServerFile
from ainf_tui.domain.jobs import (
    ENDED,
    ON_SERVER,
    Attempt,
    AttemptState,
    Intent,
    Job,
    JobChange,
    JobState,
    NodeRef,
    Output,
    Problem,
)
from ainf_tui.domain.progress import node_ref
from ainf_tui.domain.text import uncoloured

NEVER_RECEIVED = "the server never received it"
REFUSALS = 3
"""Error answers in a row to the POST of one job after which it fails instead of standing in the way."""
WAITING_LOSSES = 10
"""So many times `max_attempts` a job may be lost while it only waited: each may be another's fault."""
OUT_OF_MEMORY = ("outofmemory", "out of memory", "allocation on device")
"""Lower-case signs of a full GPU in exception types and messages (torch, ComfyUI, hip)."""

CANCEL_TOO_LATE = Problem("job.cancel_too_late", "it was finished before the cancel reached it")


@dataclass(frozen=True, slots=True)
class Ending:
    """How a prompt ended, whoever told it (history or frames)."""

    outcome: str
    """success | failed | interrupted | unknown"""
    files: tuple[ServerFile, ...] = ()
    error: ExecutionFailed | None = None
    interrupted: ExecutionInterrupted | None = None
    blocked: ExecutionFailed | None = None
    cached: tuple[str, ...] = ()


def ending_of(entry: HistoryEntry, blocked: ExecutionFailed | None) -> Ending:
    """From the history entry; an ExecutionBlocked is told by a frame only."""
    return Ending(entry.outcome, entry.files, entry.error, entry.interrupted, blocked, entry.cached)


def is_out_of_memory(error: ExecutionFailed) -> bool:
    text = f"{error.exception_type} {error.exception_message}".lower()
    return any(sign in text for sign in OUT_OF_MEMORY)


def execution_problem(error: ExecutionFailed, graph: Graph) -> Problem:
    """The failed node by its title, the server's own words, and what to do."""
    ref = node_ref(graph, error.node) if error.node else None
    where = f"{ref.title} ({error.node_class or ref.cls})" if ref else "the workflow"
    memory = is_out_of_memory(error)
    said = uncoloured(error.exception_message)
    message = said.strip() or error.exception_type
    return Problem(
        code="comfyui.out_of_memory" if memory else "comfyui.execution_error",
        message=f"{where} failed: {message}",
        hint=(
            "use a smaller size or batch, or free memory: another program may hold the GPU"
            if memory
            else "see `ainf queue show` for the traceback; change the workflow or its values and retry"
        ),
        node=NodeRef(ref.id, ref.title, error.node_class or ref.cls) if ref else None,
        details={
            "exception_type": error.exception_type,
            "exception_message": said,
            "traceback": [uncoloured(line) for line in error.traceback],
            "inputs": dict(error.current_inputs),
        },
    )


def wanted_files(files: Iterable[ServerFile]) -> tuple[ServerFile, ...]:
    """Every file of every output node, once; input files are the user's own already."""
    seen: set[tuple[str, str, str, str | None]] = set()
    wanted = []
    for file in files:
        key = (file.type, file.subfolder, file.filename, file.text)
        if file.type != "input" and key not in seen:
            seen.add(key)
            wanted.append(file)
    return tuple(wanted)


Plan = Callable[[Job, Attempt, tuple[ServerFile, ...]], tuple[Output, ...]]
"""Gives each file its place on disk."""


class Verdicts:
    """Turns endings into changes. `now` and the retry limit are given; nothing is looked up."""

    def __init__(self, max_attempts: int, plan: Plan) -> None:
        self._max_attempts = max_attempts
        self._plan = plan

    def ended(self, job: Job, attempt: Attempt, graph: Graph, ending: Ending, now: datetime) -> JobChange:
        """The prompt ended on the server."""
        if ending.outcome == "failed" and ending.error is not None:
            return self._failed(job, attempt, execution_problem(ending.error, graph), now)
        if ending.outcome == "interrupted":
            return self._interrupted(job, attempt, now)
        if ending.outcome == "success" or (ending.outcome == "unknown" and ending.files):
            return self._succeeded(job, attempt, graph, ending, now)
        problem = Problem(
            "comfyui.no_result",
            "ComfyUI ended the prompt without saying how",
            "retry it; if it happens again, look at ComfyUI's log",
        )
        return self._failed(job, attempt, problem, now)

    def _succeeded(
        self, job: Job, attempt: Attempt, graph: Graph, ending: Ending, now: datetime
    ) -> JobChange:
        outputs = self._plan(job, attempt, wanted_files(ending.files))
        warnings = list(job.warnings)
        if job.cancel_requested:
            warnings.append(CANCEL_TOO_LATE)
        if ending.blocked is not None:
            warnings.append(execution_problem(ending.blocked, graph))
        if not outputs:
            warnings.append(
                Problem(
                    "job.no_outputs",
                    "the workflow ended without any file",
                    "add an output node such as SaveImage, or look at the nodes' cached results",
                )
            )
        return JobChange(
            job.id,
            expect=ON_SERVER,
            expect_prompt=attempt.prompt_id,
            state=JobState.FETCHING,
            attempt=_end(attempt, AttemptState.SUCCEEDED, now, cached_nodes=len(ending.cached)),
            outputs=outputs,
            warnings=tuple(warnings) if len(warnings) != len(job.warnings) else None,
            started_at=job.started_at or attempt.started_at or attempt.submitted_at or now,
        )

    def _failed(self, job: Job, attempt: Attempt, problem: Problem, now: datetime) -> JobChange:
        # It began, even if its end came before anything else was heard of it.
        began = attempt.started_at or now
        ended = _end(
            attempt, AttemptState.FAILED, now, reason=problem.message, error=problem, started_at=began
        )
        again = problem.code == "comfyui.out_of_memory" and self._may_run_again(job, ended)
        if job.cancel_requested:
            return _cancelled(job, ended, now)
        if again:
            return _back_to_queue(job, ended)
        return _finished(job, ended, JobState.FAILED, now, problem)

    def _interrupted(self, job: Job, attempt: Attempt, now: datetime) -> JobChange:
        ended = _end(attempt, AttemptState.CANCELLED, now, reason="interrupted")
        if job.cancel_requested or attempt.intent is Intent.CANCEL:
            return _cancelled(job, ended, now)
        problem = Problem(
            "job.interrupted_elsewhere",
            "somebody interrupted it on the ComfyUI server",
            "retry it with `ainf queue retry`",
        )
        return _finished(job, replace(ended, reason=problem.message), JobState.CANCELLED, now, problem)

    def vanished(
        self, job: Job, attempt: Attempt, *, restarted: bool, evidence: str, now: datetime
    ) -> JobChange:
        """It is neither in the queue nor in the history."""
        if job.cancel_requested or attempt.intent is Intent.CANCEL:
            return _cancelled(job, _end(attempt, AttemptState.CANCELLED, now, reason="cancelled"), now)
        if restarted:
            return self.lost(job, attempt, f"the ComfyUI server was restarted: {evidence}", now)
        if attempt.intent is Intent.WITHDRAW:
            return _back_to_queue(job, _end(attempt, AttemptState.CANCELLED, now, reason="withdrawn"))
        problem = Problem(
            "job.removed_on_server",
            f"removed on the server: {evidence}",
            "somebody deleted it from ComfyUI's queue; retry it with `ainf queue retry`",
        )
        ended = _end(attempt, AttemptState.CANCELLED, now, reason="removed on the server")
        return _finished(job, ended, JobState.CANCELLED, now, problem)

    def lost(self, job: Job, attempt: Attempt, reason: str, now: datetime) -> JobChange:
        """The server that held it is gone: another attempt, unless it has had its share of them."""
        # Watched: should the judgement be wrong, the old prompt is taken off before it runs beside the new.
        ended = _end(attempt, AttemptState.LOST, now, reason=reason, watched=True)
        if self._may_run_again(job, ended):
            return _back_to_queue(job, ended)
        problem = Problem(
            "job.lost",
            f"{reason}; {self._max_attempts} attempts began and none finished",
            "see ComfyUI's log for why it ends, then retry the job",
        )
        return _finished(job, ended, JobState.FAILED, now, problem)

    def not_received(self, job: Job, attempt: Attempt, answered: str, now: datetime) -> JobChange:
        """After a doubtful POST two looks did not find it. The id stays on watch.

        `answered`: the server's words if it answered with an error; after three such answers in a row
        the job is at fault, not the line.
        """
        ended = _end(attempt, AttemptState.LOST, now, reason=answered or NEVER_RECEIVED, watched=True)
        if job.cancel_requested:
            return _cancelled(job, ended, now)
        if answered and self.unreceived(job) >= REFUSALS:
            problem = Problem(
                "job.never_accepted",
                f"ComfyUI did not take it in, {REFUSALS} times: {answered}",
                "see ComfyUI's log for the reason; a custom node may fail while it checks the workflow",
            )
            return _finished(job, ended, JobState.FAILED, now, problem)
        return _back_to_queue(job, ended)

    @staticmethod
    def unreceived(job: Job) -> int:
        """How many attempts in a row, up to the newest, never arrived (the newest counts as one)."""
        count = 0
        for attempt in reversed(job.attempts):
            if attempt.submitted_at is not None:
                break
            count += 1
        return count

    def _may_run_again(self, job: Job, ended: Attempt) -> bool:
        """`ended` is the newest as it will be stored; the job's own copy is older."""
        attempts = [*(a for a in job.attempts if a.prompt_id != ended.prompt_id), ended]
        began = sum(1 for a in attempts if a.started_at is not None)
        lost = sum(1 for a in attempts if a.state is AttemptState.LOST)
        return began < self._max_attempts and lost < self._max_attempts * WAITING_LOSSES


def _end(attempt: Attempt, state: AttemptState, now: datetime, **fields: object) -> Attempt:
    return replace(attempt, state=state, ended_at=now, **fields)  # type: ignore[arg-type]  # checked by tests


def _back_to_queue(job: Job, ended: Attempt) -> JobChange:
    return JobChange(
        job.id,
        expect=ON_SERVER,
        expect_prompt=ended.prompt_id,
        state=JobState.QUEUED,
        attempt=ended,
        backend="",
        clear_times=True,
    )


def _cancelled(job: Job, ended: Attempt, now: datetime) -> JobChange:
    return _finished(job, replace(ended, state=AttemptState.CANCELLED), JobState.CANCELLED, now, None)


def _finished(job: Job, ended: Attempt, state: JobState, now: datetime, error: Problem | None) -> JobChange:
    assert state in ENDED  # noqa: S101 - a slip here would leave a job open for ever
    return JobChange(
        job.id,
        expect=ON_SERVER,
        expect_prompt=ended.prompt_id,
        state=state,
        attempt=ended,
        error=error,
        started_at=ended.started_at,
        finished_at=now,
    )
