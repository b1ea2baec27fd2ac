"""What each end of a prompt means for its job."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ainf_tui.domain.comfy import ExecutionFailed, ServerFile
from ainf_tui.domain.jobs import Attempt, AttemptState, Intent, Job, JobState, Output
from ainf_tui.engine.outcomes import Ending, Verdicts, is_out_of_memory, wanted_files

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GRAPH = {"8": {"class_type": "VAEDecode", "_meta": {"title": "Decode [it]"}, "inputs": {}}}
FILE = ServerFile("9", "images", 0, "a.png")
ERROR = ExecutionFailed("p1", "8", "VAEDecode", "RuntimeError", "shapes do not match\n", ("line",))
OOM = ExecutionFailed("p1", "8", "VAEDecode", "torch.OutOfMemoryError", "Allocation on device 0 failed")


def attempt(ordinal: int = 1, **fields: Any) -> Attempt:
    base = Attempt(f"p{ordinal}", "j", ordinal, "b", "c", AttemptState.RUNNING, NOW, started_at=NOW)
    return replace(base, **fields)


def job(*attempts: Attempt, **fields: Any) -> Job:
    return replace(Job("j", 7, JobState.RUNNING, NOW, attempts=attempts), **fields)


def plan(job: Job, attempt: Attempt, files: tuple[ServerFile, ...]) -> tuple[Output, ...]:
    return tuple(Output(f.filename, job.id, attempt.prompt_id, f, "/o/" + f.filename) for f in files)


VERDICTS = Verdicts(2, plan)


def test_success_is_fetched_next() -> None:
    change = VERDICTS.ended(job(attempt()), attempt(), GRAPH, Ending("success", (FILE,)), NOW)
    assert change.state is JobState.FETCHING
    assert [o.path for o in change.outputs] == ["/o/a.png"]
    assert change.warnings is None
    assert change.attempt is not None
    assert change.attempt.state is AttemptState.SUCCEEDED


def test_success_after_a_cancel_says_that_it_was_too_late() -> None:
    change = VERDICTS.ended(
        job(attempt(), cancel_requested=True), attempt(), GRAPH, Ending("success", (FILE,)), NOW
    )
    assert change.state is JobState.FETCHING
    assert change.warnings is not None
    assert [w.code for w in change.warnings] == ["job.cancel_too_late"]


def test_a_failure_names_the_node_by_its_title() -> None:
    change = VERDICTS.ended(job(attempt()), attempt(), GRAPH, Ending("failed", error=ERROR), NOW)
    assert change.state is JobState.FAILED
    assert change.error is not None
    assert change.error.code == "comfyui.execution_error"
    assert change.error.message == "Decode [it] (VAEDecode) failed: shapes do not match"
    assert change.finished_at == NOW


def test_out_of_memory_is_tried_once_more_and_then_fails() -> None:
    assert is_out_of_memory(OOM)
    first = VERDICTS.ended(job(attempt()), attempt(), GRAPH, Ending("failed", error=OOM), NOW)
    assert first.state is JobState.QUEUED
    both = job(attempt(1, state=AttemptState.FAILED), attempt(2))
    second = VERDICTS.ended(both, attempt(2), GRAPH, Ending("failed", error=OOM), NOW)
    assert second.state is JobState.FAILED
    assert second.error is not None
    assert second.error.code == "comfyui.out_of_memory"


@pytest.mark.parametrize(
    ("fields", "intent", "restarted", "state"),
    [
        ({}, Intent.NONE, True, JobState.QUEUED),
        ({}, Intent.NONE, False, JobState.CANCELLED),
        ({}, Intent.WITHDRAW, False, JobState.QUEUED),
        ({}, Intent.WITHDRAW, True, JobState.QUEUED),
        ({"cancel_requested": True}, Intent.CANCEL, True, JobState.CANCELLED),
        ({"cancel_requested": True}, Intent.WITHDRAW, False, JobState.CANCELLED),
    ],
)
def test_a_vanished_prompt(
    fields: dict[str, object], intent: Intent, restarted: bool, state: JobState
) -> None:
    gone = attempt(intent=intent)
    change = VERDICTS.vanished(job(gone, **fields), gone, restarted=restarted, evidence="e", now=NOW)
    assert change.state is state


def test_a_job_that_takes_the_server_down_twice_fails() -> None:
    both = job(attempt(1, state=AttemptState.LOST), attempt(2))
    change = VERDICTS.lost(both, attempt(2), "restarted", NOW)
    assert change.state is JobState.FAILED
    assert change.error is not None
    assert change.error.code == "job.lost"


def test_attempts_that_only_waited_do_not_count() -> None:
    waited = [attempt(n, state=AttemptState.LOST, started_at=None) for n in range(1, 6)]
    change = VERDICTS.lost(job(*waited), waited[-1], "restarted", NOW)
    assert change.state is JobState.QUEUED


def test_not_received_keeps_the_id_on_watch() -> None:
    change = VERDICTS.not_received(job(attempt()), attempt(), "", NOW)
    assert change.state is JobState.QUEUED
    assert change.attempt is not None
    assert change.attempt.watched
    assert change.attempt.state is AttemptState.LOST


def test_interrupted_by_somebody_else_says_so() -> None:
    change = VERDICTS.ended(job(attempt()), attempt(), GRAPH, Ending("interrupted"), NOW)
    assert change.state is JobState.CANCELLED
    assert change.error is not None
    assert change.error.code == "job.interrupted_elsewhere"
    ours = VERDICTS.ended(job(attempt(), cancel_requested=True), attempt(), GRAPH, Ending("interrupted"), NOW)
    assert ours.state is JobState.CANCELLED
    assert ours.error is None


def test_a_success_without_files_is_a_success_with_a_warning() -> None:
    change = VERDICTS.ended(job(attempt()), attempt(), GRAPH, Ending("success"), NOW)
    assert change.state is JobState.FETCHING
    assert change.warnings is not None
    assert change.warnings[0].code == "job.no_outputs"


def test_files_are_wanted_once_and_inputs_never() -> None:
    files = (FILE, FILE, replace(FILE, type="input"), ServerFile("9", "text", 0, text="hi"))
    assert wanted_files(files) == (FILE, ServerFile("9", "text", 0, text="hi"))
