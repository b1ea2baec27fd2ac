"""A task of the ComfyUI manager and its steps: how it stands and how far it is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from ainf_tui.domain.comfyui_documents import StepDocument, TaskDocument
from ainf_tui.domain.comfyui_install import read_line
from ainf_tui.domain.documents import ProblemDocument
from ainf_tui.domain.text import visible
from ainf_tui.frozen import frozen

OUTPUT_LINES = 20
"""Kept for front ends; the whole is in the task's log."""


class StepState(StrEnum):
    """How a step stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"


class TaskState(StrEnum):
    """How the whole stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """The engine ended meanwhile."""


RESUMABLE = frozenset({TaskState.FAILED, TaskState.CANCELLED, TaskState.INTERRUPTED})


@frozen
class Step:
    """One step. `weight`: its usual share of the time, against the others'."""

    id: str
    title: str
    weight: float = 1.0
    state: StepState = StepState.WAITING
    progress: float | None = None
    started: float | None = None
    """Monotonic."""
    seconds: float | None = None
    message: str = ""

    @property
    def part(self) -> float:
        """0..1 of its weight that is behind us."""
        if self.state in {StepState.DONE, StepState.SKIPPED}:
            return 1.0
        return self.progress or 0.0


@frozen
class Task:
    """One thing that the manager does. Changed by the functions below; each returns a new one."""

    id: str
    kind: str
    title: str
    steps: tuple[Step, ...]
    started_at: datetime
    state: TaskState = TaskState.RUNNING
    ended_at: datetime | None = None
    output: tuple[str, ...] = ()
    log: str = ""
    problem: ProblemDocument | None = None

    @property
    def progress(self) -> float:
        """0..1 of the whole, by the weights."""
        if self.state is TaskState.SUCCEEDED:
            return 1.0
        whole = sum(step.weight for step in self.steps)
        return sum(step.weight * step.part for step in self.steps) / whole if whole else 0.0


def begin_step(task: Task, step_id: str, now: float) -> Task:
    return _changed(task, step_id, lambda s: replace(s, state=StepState.RUNNING, started=now))


def end_step(task: Task, step_id: str, now: float, state: StepState, message: str = "") -> Task:
    """`message` empty: the last one stays, unless the step is done and the last one told how far it was."""

    def ended(step: Step) -> Step:
        spent = None if step.started is None else round(now - step.started, 1)
        last = "" if state is StepState.DONE else step.message
        shown = visible(message, 200) if message else last
        return replace(step, state=state, seconds=spent, message=shown)

    return _changed(task, step_id, ended)


def with_line(task: Task, step_id: str, line: str) -> Task:
    """A line of output: kept, and read for what it tells of the step's progress."""
    shown = visible(line.rstrip(), 300)
    told = read_line(line)

    def moved(step: Step) -> Step:
        if told is None:
            return step
        ahead = step.progress if told.progress is None else max(step.progress or 0.0, told.progress)
        return replace(step, progress=ahead, message=told.message or step.message)

    raw = told is not None and not told.message
    task = _changed(task, step_id, moved)
    if raw or not shown:
        return task
    # A bar that redraws itself is one line, not hundreds.
    before = task.output
    if told is not None and told.progress is not None and before and _same_bar(before[-1], shown):
        before = before[:-1]
    return replace(task, output=(*before, shown)[-OUTPUT_LINES:])


def _same_bar(one: str, other: str) -> bool:
    return one.partition("%")[0].rstrip("0123456789 ") == other.partition("%")[0].rstrip("0123456789 ")


def finish(task: Task, state: TaskState, at: datetime, problem: ProblemDocument | None = None) -> Task:
    return replace(task, state=state, ended_at=at, problem=problem)


def interrupted(task: Task, at: datetime) -> Task:
    """What an earlier engine left running."""
    steps = tuple(
        replace(s, state=StepState.CANCELLED) if s.state is StepState.RUNNING else s for s in task.steps
    )
    problem = ProblemDocument(
        "comfyui.interrupted",
        f"the engine ended during: {task.title}",
        "What was done is kept: `ainf comfyui install` goes on from there.",
    )
    return replace(task, state=TaskState.INTERRUPTED, ended_at=at, steps=steps, problem=problem)


def _changed(task: Task, step_id: str, change: Callable[[Step], Step]) -> Task:
    return replace(task, steps=tuple(change(s) if s.id == step_id else s for s in task.steps))


def task_document(task: Task) -> TaskDocument:
    return TaskDocument(
        id=task.id,
        kind=task.kind,
        title=task.title,
        state=task.state.value,
        steps=tuple(_step_document(step) for step in task.steps),
        progress=round(task.progress, 3),
        started_at=task.started_at,
        ended_at=task.ended_at,
        output=task.output,
        log=task.log,
        problem=task.problem,
    )


def _step_document(step: Step) -> StepDocument:
    progress = None if step.progress is None else round(step.progress, 3)
    return StepDocument(step.id, step.title, step.state.value, progress, step.seconds, step.message)


# -- kept on disk ----------------------------------------------------------------------------------
def to_record(task: Task) -> dict[str, Any]:
    """JSON-able; `from_record` reads it."""
    return {
        "id": task.id,
        "kind": task.kind,
        "title": task.title,
        "state": task.state.value,
        "started_at": task.started_at.isoformat(),
        "ended_at": task.ended_at and task.ended_at.isoformat(),
        "log": task.log,
        "steps": [_step_record(step) for step in task.steps],
        "problem": task.problem
        and {"code": task.problem.code, "message": task.problem.message, "hint": task.problem.hint},
    }


def _step_record(step: Step) -> dict[str, Any]:
    return {
        "id": step.id,
        "title": step.title,
        "weight": step.weight,
        "state": step.state.value,
        "progress": step.progress,
        "seconds": step.seconds,
        "message": step.message,
    }


def from_record(record: Mapping[str, Any]) -> Task:
    """Raises KeyError, ValueError or TypeError for what `to_record` did not write."""
    problem = record["problem"]
    ended = record["ended_at"]
    return Task(
        id=str(record["id"]),
        kind=str(record["kind"]),
        title=str(record["title"]),
        state=TaskState(record["state"]),
        started_at=datetime.fromisoformat(record["started_at"]),
        ended_at=datetime.fromisoformat(ended) if ended else None,
        log=str(record["log"]),
        steps=_steps(record["steps"]),
        problem=ProblemDocument(str(problem["code"]), str(problem["message"]), str(problem["hint"]))
        if problem
        else None,
    )


def _steps(records: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    return tuple(
        Step(
            id=str(found["id"]),
            title=str(found["title"]),
            weight=float(found["weight"]),
            state=StepState(found["state"]),
            progress=None if found["progress"] is None else float(found["progress"]),
            seconds=None if found["seconds"] is None else float(found["seconds"]),
            message=str(found["message"]),
        )
        for found in records
    )
