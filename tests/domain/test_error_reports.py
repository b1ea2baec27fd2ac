"""A report of each thing that can fail, and when a job's failure and a log's are one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.adapters.comfy.refusals import refusal
from ainf_tui.domain.comfy import ExecutionFailed
from ainf_tui.domain.comfyui_task import Step, StepState, Task, TaskState
from ainf_tui.domain.documents import ProblemDocument
from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors import reports
from ainf_tui.domain.errors.fingerprint import failure
from ainf_tui.domain.errors.reports import Twin, together, twin_of_finding, twin_of_job
from ainf_tui.domain.errors.written import read, read_pending, written, written_pending
from ainf_tui.domain.jobs import Attempt, AttemptState, Job, JobChange, JobState, Problem
from ainf_tui.engine.outcomes import execution_problem
from ainf_tui.errors import AinfError
from ainf_tui.playbook import playbook
from tests.domain.test_error_joining import PLACE, findings, recorded

DATA = Path(__file__).parents[1] / "data" / "comfyui"
NOW = datetime(2026, 11, 26, tzinfo=UTC)
JOB = Job("j", 142, JobState.RUNNING, NOW, backend="default", pack="portrait")


def frame(name: str) -> ExecutionFailed:
    """The `execution_error` of a recorded session."""
    for line in (DATA / "ws" / f"{name}.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["type"] == "text" and entry["data"]["type"] == "execution_error":
            said = entry["data"]["data"]
            return ExecutionFailed(
                said["prompt_id"],
                said["node_id"],
                said["node_type"],
                said["exception_type"],
                said["exception_message"],
                tuple(said["traceback"]),
            )
    raise AssertionError(name)


def failed(name: str = "d_execution_error") -> ErrorReport:
    error = frame(name)
    graph = {str(error.node): {"class_type": error.node_class, "_meta": {"title": "Decode"}}}
    return reports.of_job(JOB, execution_problem(error, graph), NOW)


def test_a_failed_job_tells_all_that_is_known_of_it() -> None:
    report = failed()
    assert (report.source, report.job, report.pack, report.backend) == ("comfyui", 142, "portrait", "default")
    assert (report.node, report.node_class, report.kind) == ("3", "VAEDecode", "RuntimeError")
    assert report.lines[0] == "Traceback (most recent call last):"
    known = playbook().look(report.lines)
    assert known is not None
    assert known.entry.code == "model.other_family"


def test_the_job_and_the_log_tell_of_one_failure_and_are_of_one_group() -> None:
    job, found = failed(), recorded("server.log")[0]
    said = failure("comfyui", found.message, found.lines)
    assert said.fingerprint == failure(job.source, job.message, job.lines).fingerprint
    twin = twin_of_job(job, "comfyui")
    assert twin is not None
    assert twin == twin_of_finding(found, "comfyui")
    one = together(job, reports.of_finding(found, PLACE, NOW))
    assert (one.job, one.file, one.start, one.run) == (142, PLACE.file, found.start, PLACE.run)
    assert one.context[-1] == "got prompt"


def test_an_exception_in_colours_is_no_second_failure() -> None:
    """The log is shown without them: the message of the job must not tell `31m` more."""
    said = "no such file: \x1b[31mred\x1b[0m"
    error = ExecutionFailed("p", "2", "Loud", "RuntimeError", said + "\n", ('  File "/opt/a.py", line 1\n',))
    job = reports.of_job(JOB, execution_problem(error, {"2": {"class_type": "Loud"}}), NOW)
    logged = f"!!! Exception during processing !!! {said}\nTraceback (most recent call last):\n"
    (found,) = findings(f'{logged}  File "/opt/a.py", line 1, in go\nRuntimeError: {said}\n'.encode())
    assert twin_of_job(job, "comfyui") == twin_of_finding(found, "comfyui")
    assert job.message == "Loud (Loud) failed: no such file: red"
    assert "\x1b" not in "".join(job.lines)


def test_other_failures_are_no_twins() -> None:
    first, second = failed(), failed("x2_raise_multiline")
    assert twin_of_job(first, "comfyui") != twin_of_job(second, "comfyui")
    assert twin_of_job(first, "comfyui") != twin_of_job(first, "another")
    assert twin_of_job(first, "") is None, "a server elsewhere has no log here"
    assert twin_of_job(replace(first, job=None), "comfyui") is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("prompt_err_bad_checkpoint", "prompt.not_in_list"),
        ("prompt_err_missing_class", "prompt.missing_node"),
        ("prompt_err_missing_input", "prompt.missing_input"),
        ("prompt_err_many", "prompt.out_of_range"),
    ],
)
def test_a_refused_prompt_is_what_the_playbook_knows(name: str, code: str) -> None:
    recorded_answer = json.loads((DATA / "http" / f"{name}.json").read_text())
    error = refusal(recorded_answer["json"], recorded_answer["request"]["body"]["prompt"])
    assert error is not None
    report = reports.of_job(JOB, Problem(error.code, error.message, error.hint, details=error.details), NOW)
    known = playbook().look(report.lines)
    assert known is not None, report.lines
    assert known.entry.code == code, report.lines
    assert report.node_class
    assert twin_of_job(report, "comfyui") == Twin("comfyui", "refused")


def change(state: JobState | None, attempt: Attempt | None = None, **fields: object) -> JobChange:
    return JobChange("j", frozenset({JobState.RUNNING}), state, attempt=attempt, **fields)  # type: ignore[arg-type] # fields of it


def test_of_the_changes_of_a_job_only_failures_are_told() -> None:
    problem = execution_problem(frame("d_execution_error"), {})
    sent = Attempt("p", "j", 1, "default", "c", AttemptState.LOST, NOW, submitted_at=NOW, reason="restarted")
    assert reports.of_change(change(JobState.SUCCEEDED), JOB, NOW) is None
    assert reports.of_change(change(JobState.CANCELLED, error=problem), JOB, NOW) is None
    ended = reports.of_change(change(JobState.FAILED, error=problem), JOB, NOW)
    again = replace(sent, state=AttemptState.FAILED, error=problem)
    retried = reports.of_change(change(JobState.QUEUED, again), replace(JOB, backend=""), NOW)
    assert ended is not None
    assert retried is not None
    assert (ended.level, retried.level, retried.backend) == ("error", "error", "default")
    lost = reports.of_change(change(JobState.QUEUED, sent), JOB, NOW)
    assert lost is not None
    assert (lost.level, lost.code, lost.source) == ("warning", "job.lost", "queue")
    never_there = replace(sent, submitted_at=None)
    assert reports.of_change(change(JobState.QUEUED, never_there), JOB, NOW) is None


def test_a_failed_task_shows_the_end_of_its_output() -> None:
    problem = ProblemDocument(
        "comfyui.step_failed",
        "`pip install` ended with exit code 1",
        "",
        None,
        {"output": ["ERROR: no torch"]},
    )
    steps = (Step("venv", "venv", 1.0, StepState.DONE), Step("torch", "PyTorch", 1.0, StepState.FAILED))
    task = Task(
        "t", "install", "Install ComfyUI", steps, NOW, TaskState.FAILED, problem=problem, log="/t.log"
    )
    report = reports.of_task(task, NOW)
    assert report is not None
    assert report.lines == ("ERROR: no torch", problem.message)
    assert (report.source, report.details["step"], report.file) == ("install", "PyTorch", "/t.log")
    assert reports.of_task(replace(task, problem=None), NOW) is None
    ours = ProblemDocument("comfyui.bug", "this is a fault in ainf")
    assert reports.of_task(replace(task, problem=ours), NOW) is None, "the engine's log tells of it"


def test_a_mistake_of_ours_keeps_its_traceback_and_its_code() -> None:
    try:
        raise KeyError("[/no] key")  # noqa: TRY301 - a real traceback
    except KeyError as error:
        report = reports.of_exception(reports.CLI, "ainf status", error, NOW)
    assert report.code == "cli.bug"
    assert report.kind == "KeyError"
    assert report.lines[0] == "ainf status"
    assert report.lines[-1] == "KeyError: '[/no] key'"


def test_a_crash_loop_is_graver_than_a_crash() -> None:
    problem = Problem("service.exited", "web ended: exit code 1", "look", details={"log": ["a", "b"]})
    crash = reports.of_service("web", problem, NOW, run="r", log="/web.log")
    loop = reports.of_service("web", replace(problem, code="service.crash_loop"), NOW)
    assert (crash.level, loop.level) == ("error", "critical")
    assert (crash.context, crash.service, crash.file) == (("a", "b"), "web", "/web.log")


def test_servers_checks_and_blocked_results_are_told() -> None:
    away = reports.of_backend("box", AinfError("backend.unreachable", "nobody listens", hint="start it"), NOW)
    assert (away.source, away.backend, away.code) == ("probe", "box", "backend.unreachable")
    blocked = reports.of_blocked(JOB, "the disk is full: No space left on device", NOW)
    known = playbook().look(blocked.lines)
    assert known is not None
    assert known.entry.code == "disk.full"
    assert reports.of_check("disk.low", "Disk: 1 GB", "free some", NOW).source == "probe"
    assert reports.of_health("web", "unhealthy", "HTTP 500", "r", NOW).message == "web is unhealthy: HTTP 500"


TEXT = st.text(max_size=30)
JSON = st.recursive(st.none() | st.integers() | TEXT, lambda of: st.lists(of) | st.dictionaries(TEXT, of))
REPORTS = st.builds(
    ErrorReport,
    source=TEXT,
    message=TEXT,
    at=st.none() | st.datetimes(timezones=st.just(UTC)),
    lines=st.lists(TEXT, max_size=3).map(tuple),
    details=st.dictionaries(TEXT, JSON, max_size=3),
    job=st.none() | st.integers(0, 10**9),
    start=st.none() | st.integers(0, 2**60),
)


@given(REPORTS)
def test_a_report_comes_back_as_it_was_written(report: ErrorReport) -> None:
    line = written(report)
    assert "\n" not in line
    again = read(line)
    assert written(again) == line
    assert (again.at, again.job, again.start) == (report.at, report.job, report.start)
    twin = Twin("comfyui", "execution", "KeyError:a")
    assert read_pending(written_pending(report, twin)) == (again, twin)


@given(st.one_of(st.binary(max_size=60), JSON.map(lambda v: json.dumps(v).encode())))
def test_what_is_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        read(data)
    with pytest.raises(ValueError):
        read_pending(data.decode("latin-1"))
