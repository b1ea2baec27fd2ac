"""An `ErrorReport` of each thing that can fail: jobs, services, servers, tasks, records of logs, ainf itself.

Pure. Who met it says only what happened; how often it has happened, and what it means, is the store's matter.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ainf_tui.domain.comfyui_task import StepState, Task
from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors.joining import EXECUTION, FAILED_AT, REFUSED, Finding
from ainf_tui.domain.jobs import AttemptState, Job, JobChange, JobState, Problem
from ainf_tui.errors import AinfError

COMFYUI = "comfyui"
QUEUE = "queue"
PROBE = "probe"
INSTALL = "install"
ENGINE = "engine"
APP = "app"
CLI = "cli"
LAST_LINES = 40
"""Of a task's output or a service's log that are kept with its failure."""
_FRAMES = 60
"""Of a traceback of ours, from its end."""


Report = Callable[[ErrorReport], None]
"""Takes one, in the loop's thread, and returns at once."""


def unheard(_report: ErrorReport) -> None:
    """A `Report` for parts of the engine that are used without it: nobody collects."""


# -- logs ----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class LogPlace:
    """Whose log a failure stands in."""

    service: str
    run: str
    file: str


def of_finding(found: Finding, place: LogPlace, read_at: datetime) -> ErrorReport:
    """Of a failure in a log. `read_at`: the time of one whose lines say none."""
    details: dict[str, Any] = {"logger": found.name} if found.name else {}
    if found.node:
        details["custom_node"] = found.node
    return ErrorReport(
        source=place.service,
        message=found.message,
        level=found.level.word,
        at=found.at or read_at,
        lines=found.lines,
        details=details,
        context=found.context,
        service=place.service,
        run=place.run,
        file=place.file,
        start=found.start,
    )


def worker_died(report: ErrorReport) -> bool:
    """The thread of ComfyUI that runs prompts (its main.py: `prompt_worker`) has ended by an exception."""
    return report.message.startswith("Exception in thread") and "(prompt_worker)" in report.message


# -- jobs ----------------------------------------------------------------------------------------------
def of_change(change: JobChange, job: Job, at: datetime) -> ErrorReport | None:
    """What a change of a job tells of a failure: of the job, or of an attempt that another one follows."""
    attempt = change.attempt
    if change.state is JobState.FAILED and change.error is not None:
        return of_job(job, change.error, at)
    if attempt is None:
        return None
    if attempt.state is AttemptState.FAILED and attempt.error is not None:
        return of_job(job, attempt.error, at, backend=attempt.backend)
    # One that was never sent on its way for good (a line that broke) has cost nobody anything.
    if attempt.state is AttemptState.LOST and attempt.submitted_at is not None:
        lost = Problem("job.lost", f"{attempt.reason}; it is tried again")
        return replace(of_job(job, lost, at, backend=attempt.backend), level="warning")
    return None


def of_job(job: Job, problem: Problem, at: datetime, *, backend: str = "") -> ErrorReport:
    """A failed job: the node and the exception as ComfyUI told them, or why it was not taken in."""
    ran = "exception_type" in problem.details
    node = problem.node
    nodes = problem.details.get("problems")
    first = nodes[0] if isinstance(nodes, Sequence) and nodes and isinstance(nodes[0], Mapping) else {}
    return ErrorReport(
        source=COMFYUI if ran or first else QUEUE,
        message=problem.message,
        at=at,
        lines=tuple(_traceback(problem) if ran else _complaints(problem)),
        details=_details(job, problem),
        code=problem.code,
        job=job.number,
        backend=backend or job.backend,
        pack=job.pack,
        node=node.id if node is not None else _node_of(first, "id", "node"),
        node_class=node.cls if node is not None else _node_of(first, "class", "class"),
        kind=str(problem.details.get("exception_type", "")).rpartition(".")[2],
    )


def of_blocked(job: Job, reason: str, at: datetime, *, level: str = "error") -> ErrorReport:
    """A result that could not be brought home; it is tried again."""
    return ErrorReport(
        source=QUEUE,
        message=f"a result was not fetched: {reason}",
        level=level,
        at=at,
        lines=(reason,),
        details={"job": job.number},
        job=job.number,
        backend=job.backend,
        pack=job.pack,
    )


def _details(job: Job, problem: Problem) -> dict[str, Any]:
    kept = {k: v for k, v in problem.details.items() if k != "traceback"}
    return {"hint": problem.hint, "prompt_id": job.attempt.prompt_id if job.attempt else "", **kept}


def _traceback(problem: Problem) -> Iterator[str]:
    """As Python prints it, so that it is the same failure as the one in ComfyUI's log."""
    frames = [line for part in problem.details.get("traceback", ()) for line in str(part).splitlines()]
    if frames and not frames[0].startswith("Traceback ("):
        yield "Traceback (most recent call last):"
    yield from frames
    kind = str(problem.details["exception_type"])
    said = str(problem.details.get("exception_message", "")).strip().splitlines()
    yield f"{kind}: {said[0]}" if said else kind
    yield from said[1:]


def _complaints(problem: Problem) -> Iterator[str]:
    """The message, and what was wrong with each node in ComfyUI's own words, which the playbook knows."""
    yield problem.message
    for found in problem.details.get("problems", ()):
        if isinstance(found, Mapping):
            words = _WORDS.get(str(found.get("type") or found.get("code")), "{message}")
            received = found.get("received", found.get("value"))
            node = _node_of(found, "class", "class") or "?"
            yield f"* {node}: " + words.format(
                message=found.get("message", ""),
                input=found.get("input") or "?",
                node=node,
                received=str(received)[:40].replace(" ", "_") or "?",
                allowed=str(found.get("allowed") or "?")[:_WORD],
            )


_WORD = 300
_NOT_LISTED = "Value not in list: {input}: '{received}' not in {allowed}"
_MISSING = "Required input is missing: {input}"
_SMALL = "Value {received} smaller than min of {allowed}: {input}"
_LARGE = "Value {received} bigger than max of {allowed}: {input}"
_OUTSIDE = "Value {received} smaller than min of or bigger than max of {allowed}: {input}"
_NO_NODE = "Cannot execute because node {node} does not exist"
_WORDS = {
    "value_not_in_list": _NOT_LISTED,
    "value.not_an_option": _NOT_LISTED,
    "required_input_missing": _MISSING,
    "graph.missing_input": _MISSING,
    "value_smaller_than_min": _SMALL,
    "value_bigger_than_max": _LARGE,
    "value.out_of_bounds": _OUTSIDE,
    "unknown_class": _NO_NODE,
    "graph.unknown_class": _NO_NODE,
}
"""By ComfyUI's types of complaints, and by our codes for the same."""


def _node_of(problem: Mapping[str, Any], key: str, flat: str) -> str:
    """Of a complaint of ComfyUI's (`node` is an id) or of ours (`node` is a document)."""
    node = problem.get("node")
    if isinstance(node, Mapping):
        return str(node.get(key) or "")
    return str(problem.get(flat) or "")


def of_refusal(error: AinfError, pack: str, at: datetime) -> ErrorReport:
    """A request of which no job was made: no ComfyUI could run it."""
    problem = Problem(error.code, error.message, error.hint, details=error.details)
    nodes = error.details.get("problems") or [{}]
    return ErrorReport(
        QUEUE,
        error.message,
        at=at,
        lines=tuple(_complaints(problem)),
        details={"hint": error.hint, **error.details},
        code=error.code,
        pack=pack,
        node=_node_of(nodes[0], "id", "node"),
        node_class=_node_of(nodes[0], "class", "class"),
    )


# -- one failure, told twice ---------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Twin:
    """By what a job's failure and the record of it in ComfyUI's log are known to be one."""

    service: str
    kind: str
    """EXECUTION or REFUSED"""
    said: str = ""
    """First words of the exception; of a refusal nothing: ComfyUI takes one prompt at a time."""


def twin_of_finding(found: Finding, service: str) -> Twin | None:
    """None for what no job's failure can be."""
    if found.kind == EXECUTION:
        # Between the head and the traceback, as Python prints the message there in the same way for every
        # type of exception: behind the traceback the type has a module, or stands in a tree.
        head = found.message.removeprefix(FAILED_AT).removeprefix(" !!!")
        said = "\n".join((head, *found.lines[1:]))
        return Twin(service, EXECUTION, _spoken(said.partition("\nTraceback (")[0]))
    return Twin(service, REFUSED) if found.kind == REFUSED else None


def twin_of_job(report: ErrorReport, service: str) -> Twin | None:
    """None where no log of this box has it."""
    if not service or report.source != COMFYUI or report.job is None:
        return None
    if not report.kind:
        return Twin(service, REFUSED)
    return Twin(service, EXECUTION, _spoken(str(report.details.get("exception_message", ""))))


def _spoken(message: str) -> str:
    """Its first line, without what a terminal, a log or a cut may have changed."""
    said = message.strip().partition("\n")[0]
    return "".join(char for char in said[:200] if char.isascii() and char.isalnum())[:120]


def together(job: ErrorReport, log: ErrorReport) -> ErrorReport:
    """The job's report, which knows more, at the place of the log's."""
    return replace(job, service=log.service, run=log.run, file=log.file, start=log.start, context=log.context)


# -- services and servers ------------------------------------------------------------------------------
def of_service(name: str, problem: Problem, at: datetime, *, run: str = "", log: str = "") -> ErrorReport:
    """A service that ended, did not start, or cannot be stopped. Its own last lines are the context."""
    lines = problem.details.get("log", ())
    fatal = problem.code == "service.crash_loop"
    return ErrorReport(
        source=name,
        message=problem.message,
        level="critical" if fatal else "error",
        at=at,
        lines=(problem.message,),
        details={"hint": problem.hint, **{k: v for k, v in problem.details.items() if k != "log"}},
        context=tuple(str(line) for line in lines)[-LAST_LINES:],
        code=problem.code,
        service=name,
        run=run,
        file=log,
    )


def of_health(name: str, health: str, reason: str, run: str, at: datetime) -> ErrorReport:
    """A service that was well and is not any more."""
    said = f"{name} is {health}" + (f": {reason}" if reason else "")
    return ErrorReport(PROBE, said, at=at, lines=(said,), details={"health": health}, service=name, run=run)


def of_backend(name: str, error: AinfError, at: datetime) -> ErrorReport:
    """A ComfyUI that answered and does not any more."""
    return ErrorReport(
        PROBE,
        error.message,
        at=at,
        lines=(error.message,),
        details={"hint": error.hint, **error.details},
        code=error.code,
        backend=name,
    )


def of_check(code: str, message: str, hint: str, at: datetime) -> ErrorReport:
    """A system check that has turned bad."""
    return ErrorReport(PROBE, message, at=at, lines=(message,), details={"hint": hint}, code=code)


def of_task(task: Task, at: datetime) -> ErrorReport | None:
    """A task of the ComfyUI manager that failed. None: it did not, or by a mistake of ours, told as such."""
    problem = task.problem
    if problem is None or problem.code == "comfyui.bug":
        return None
    step = next((step for step in task.steps if step.state is StepState.FAILED), None)
    output = problem.details.get("output") or task.output
    return ErrorReport(
        INSTALL,
        f"{task.title}: {problem.message}",
        at=at,
        lines=(*[str(line) for line in output][-LAST_LINES:], problem.message),
        details={"hint": problem.hint, "task": task.id, "step": step.title if step else ""},
        code=problem.code,
        service=COMFYUI,
        file=task.log,
    )


# -- ainf itself ---------------------------------------------------------------------------------------
def of_problem(source: str, error: AinfError, at: datetime, *, level: str = "error") -> ErrorReport:
    """A failure that the house has a code for, where it stopped something of ours."""
    return ErrorReport(
        source,
        error.message,
        level=level,
        at=at,
        lines=(error.message,),
        details={"hint": error.hint, **error.details},
        code=error.code,
    )


def of_exception(
    source: str, what: str, error: BaseException, at: datetime, *, level: str = "error"
) -> ErrorReport:
    """A mistake of ours. `what` failed by it."""
    lines = [line for part in traceback.format_exception(error) for line in part.rstrip("\n").split("\n")]
    head = [what] if what else []
    return ErrorReport(
        source,
        f"{what or 'this is a fault in ainf'}: {type(error).__name__}: {error}",
        level=level,
        at=at,
        lines=(*head, *lines[:1], *lines[1:][-_FRAMES:]),
        code={ENGINE: "engine.bug", CLI: "cli.bug"}.get(source, ""),
        kind=type(error).__name__,
    )
