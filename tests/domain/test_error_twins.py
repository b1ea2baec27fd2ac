"""Every way in which a node can fail: the job's word and the log's record of it are one, and of one group."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ainf_tui.domain.comfy import ExecutionFailed
from ainf_tui.domain.errors import reports
from ainf_tui.domain.errors.fingerprint import failure
from ainf_tui.domain.errors.joining import EXECUTION, Finding
from ainf_tui.domain.errors.reports import twin_of_finding, twin_of_job
from ainf_tui.engine.outcomes import execution_problem
from tests.domain.test_error_joining import findings
from tests.domain.test_error_reports import JOB, NOW

DATA = Path(__file__).parents[1] / "data" / "comfyui" / "failing_nodes"
TOLD = [json.loads(line) for line in (DATA / "v0.3.64.jsonl").read_text().splitlines()]
"""What ComfyUI said of each failure to its clients, in the order of its log."""
LOGGED = [found for found in findings((DATA / "v0.3.64.log").read_bytes()) if found.kind == EXECUTION]


def test_the_log_tells_of_each_failure_once() -> None:
    assert len(LOGGED) == len(TOLD) == 17


@pytest.mark.parametrize(("told", "logged"), list(zip(TOLD, LOGGED, strict=True)))
def test_a_failed_node_and_its_record_in_the_log_are_one(told: dict[str, object], logged: Finding) -> None:
    error = ExecutionFailed(
        str(told["prompt_id"]),
        str(told["node_id"]),
        str(told["node_type"]),
        str(told["exception_type"]),
        str(told["exception_message"]).rstrip("\n"),
        tuple(str(line) for line in told["traceback"]),  # type: ignore[attr-defined]  # a list of lines
    )
    job = reports.of_job(JOB, execution_problem(error, {"2": {"class_type": "Failing"}}), NOW)
    assert twin_of_job(job, "comfyui") == twin_of_finding(logged, "comfyui")
    said = failure("comfyui", logged.message, logged.lines)
    if "Traceback (" not in str(told["exception_message"]):  # Else the type is that of the quoted one.
        assert said.kind == job.kind
    assert said.fingerprint == failure("comfyui", job.message, job.lines).fingerprint
