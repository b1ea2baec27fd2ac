"""What stands in the cells of the list."""

from __future__ import annotations

import pytest

from ainf_tui.tui.queue.list import JobList
from ainf_tui.tui.queue.rows import Rows
from ainf_tui.tui.signs import Signs
from tests.fakes.job_rows import job_row


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
