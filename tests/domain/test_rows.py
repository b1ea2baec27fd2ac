"""A job as one row of a table: texts of one line and a known length, and what only a running one has."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from ainf_tui.domain.eta import Eta
from ainf_tui.domain.jobs import JobSummary, NodeRef, Problem
from ainf_tui.domain.present import Live
from ainf_tui.domain.progress import Snapshot
from ainf_tui.domain.rows import error_line, job_row, sweep_text
from tests.fakes.jobs import NOW, at

SNAPSHOT = Snapshot(0.4, NodeRef("3", "Sampler", "KSampler"), 8, 20, 2.5, 3.0, started=True)
LIVE = Live(SNAPSHOT, Eta(12.0, "steps"), 4)


def summary(**fields: Any) -> JobSummary:
    values: dict[str, Any] = dict.fromkeys(JobSummary._fields, "")
    values |= dict.fromkeys(("number", "revision", "priority", "warnings", "outputs"), 0)
    values |= dict.fromkeys(("batch_index", "retry_of", "error", "seed"))
    values |= dict.fromkeys(("submitted_at", "started_at", "finished_at"))
    values |= {"state": "queued", "held": False, "cancel_requested": False, "rank": 1.0, "sweep": {}}
    return JobSummary(**values | {"created_at": NOW} | fields)


def test_texts_are_short_and_of_one_line() -> None:
    row = job_row(
        summary(prompt="p" * 201, sweep={"cfg": 7, "x": "a\nb" * 200}, error=Problem("a.b", "c\r\n\td" * 99)),
        NOW,
    )
    assert row.prompt == "p" * 199 + "…"
    assert row.sweep.startswith("cfg=7 x=a ba b")
    assert row.error.startswith("a.b: c d")
    assert (len(row.sweep), len(row.error)) == (200, 200)
    assert sweep_text({"cfg": 7, "steps": 20}) == "cfg=7 steps=20"
    assert error_line(Problem("a.b", "  no\n")) == "a.b: no"


def test_a_running_job_tells_its_progress() -> None:
    row = job_row(summary(state="running", started_at=NOW, backend="gpu", backend_pin="pin"), at(5), LIVE)
    assert (row.progress, row.step, row.steps, row.rate, row.node) == (0.4, 8, 20, 2.5, "Sampler")
    assert (row.eta, row.elapsed, row.position, row.backend) == (12.0, 5.0, 4, "gpu")


def test_what_has_not_begun_has_no_progress_but_an_eta() -> None:
    waiting = replace(LIVE, snapshot=replace(SNAPSHOT, started=False))
    row = job_row(summary(state="submitted", backend_pin="pin"), NOW, waiting)
    assert (row.progress, row.step, row.node, row.elapsed) == (None, None, "", None)
    assert (row.eta, row.backend) == (12.0, "pin")


def test_an_ended_job_tells_its_end() -> None:
    times = {"started_at": NOW, "finished_at": NOW + timedelta(seconds=9)}
    row = job_row(summary(state="succeeded", **times), at(99), LIVE)
    assert (row.progress, row.step, row.eta, row.elapsed) == (1.0, None, None, 9.0)
    assert job_row(summary(state="failed", **times), at(99), LIVE).progress is None
    assert job_row(summary(state="fetching"), NOW).progress == 1.0
