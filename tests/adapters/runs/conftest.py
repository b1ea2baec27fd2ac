"""A folder for runs, a clock that stands, and the engines that write there one after the other."""

from __future__ import annotations

import pytest

from tests.fakes.runs import Box


@pytest.fixture
async def box(tmp_path):
    box = Box(tmp_path / "state" / "runs")
    yield box
    await box.close()
