"""What stands in the cells of the list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ainf_tui.tui.queue.list import JobList
from ainf_tui.tui.queue.rows import Rows
from ainf_tui.tui.signs import Signs
from tests.fakes.job_rows import backend, job_document, job_row


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ("comfyui.out_of_memory: VAEDecode: CUDA out of memory", "VAEDecode: CUDA out of memory"),
        ("of no form", "of no form"),
    ],
)
def test_a_failed_job_says_why_from_the_first_cell(error, shown):
    rows = Rows()
    rows.reset([job_row(1, "failed", error=error)], complete=True)
    assert JobList(rows, Signs()).cells(0)["prompt"] == (shown, "error")


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"reachable": True}, ("2:00", "")),
        ({"reachable": False, "checked_at": timedelta(minutes=3)}, ("3m ago", "warning")),
        ({"reachable": False}, ("away", "warning")),
    ],
)
def test_a_job_on_a_backend_that_is_away_says_how_old_its_progress_is(fields, shown):
    if "checked_at" in fields:
        fields = fields | {"checked_at": datetime.now(UTC) - fields["checked_at"]}
    rows = Rows()
    rows.reset([job_row(1, "running")], complete=True)
    rows.fold_active([job_document(1, "running", backend="default", eta=120.0)])
    rows.fold_backends([backend(**fields)])
    assert JobList(rows, Signs()).cells(0)["eta"] == shown
