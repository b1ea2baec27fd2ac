"""Whatever becomes of the app and its terminal, the work goes on. `make faults` plays the whole matrix."""

from __future__ import annotations

import pytest

from tests.faults.apps import DETACHED, has_tmux, play_apps, sample
from tests.faults.report import failures


@pytest.mark.parametrize("detached", [False, True], ids=["alone", "in tmux"])
async def test_a_sample_of_the_matrix(tmp_path, detached):
    if detached and not has_tmux():
        pytest.skip("no tmux on PATH")
    cases = [case for case in sample() if (case.blow == DETACHED) is detached]
    outcomes = await play_apps(tmp_path, cases)
    assert failures(outcomes) == ""
