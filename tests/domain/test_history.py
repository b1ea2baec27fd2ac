"""An hour of values in few bytes: slots, gaps, averages."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain.history import History, group, resampled, sampled, series
from tests.fakes.host import GIB, THEN, gpu, host_of


def test_the_newest_is_last_and_what_was_before_the_first_is_unknown() -> None:
    history = History(2.0, 4)
    for at, value in ((10.0, 1.0), (12.0, 2.0), (14.0, 3.0)):
        history.add(at, {"cpu": value}, reach=20)
    assert history.values("cpu") == (None, 1.0, 2.0, 3.0)
    history.add(16.0, {"cpu": 4.0}, reach=20)
    history.add(18.0, {"cpu": 5.0}, reach=20)
    assert history.values("cpu") == (2.0, 3.0, 4.0, 5.0)


def test_a_value_counts_for_the_slots_since_the_one_before() -> None:
    history = History(2.0, 8)
    history.add(0.0, {"cpu": 1.0}, reach=20)
    history.add(10.0, {"cpu": 0.5}, reach=20)
    assert history.values("cpu")[-6:] == (1.0, 0.5, 0.5, 0.5, 0.5, 0.5)


def test_a_time_in_which_nobody_sampled_stays_unknown() -> None:
    history = History(2.0, 6)
    history.add(0.0, {"cpu": 1.0}, reach=4)
    history.add(8.0, {"cpu": 0.5}, reach=4)
    assert history.values("cpu") == (None, 1.0, None, None, None, 0.5)
    history.add(8000.0, {"cpu": 0.75}, reach=4)
    assert history.values("cpu") == (None, None, None, None, None, 0.75)


def test_a_value_that_is_no_longer_told_ends() -> None:
    history = History(2.0, 3)
    history.add(0.0, {"gpu.0.power": 300.0}, reach=4)
    history.add(2.0, {}, reach=4)
    assert history.values("gpu.0.power") == (None, 300.0, None)
    assert history.values("gpu.1.power") == ()


def test_a_second_sample_of_a_slot_replaces_the_first_and_the_past_is_left_alone() -> None:
    history = History(2.0, 3)
    history.add(4.0, {"cpu": 1.0}, reach=4)
    history.add(5.0, {"cpu": 2.0}, reach=4)
    history.add(1.0, {"cpu": 9.0}, reach=4)
    assert history.values("cpu") == (None, None, 2.0)


def test_an_hour_of_a_box_with_one_gpu_is_small() -> None:
    history = History(2.0, 1800)
    history.add(0.0, sampled(host_of()), reach=4)
    assert set(history.names()) == {
        "cpu", "memory", "net_received", "net_sent",
        "gpu.0.utilization", "gpu.0.vram", "gpu.0.temperature", "gpu.0.power",
    }  # fmt: skip
    assert history.bytes == 8 * 1800 * 4


def test_averages_leave_out_what_is_unknown() -> None:
    assert resampled((1.0, 2.0, None, 4.0), 2) == (1.5, 4.0)
    assert resampled((None, None, 1.0), 2) == (None, 1.0)
    assert resampled((1.0, 2.0), 5) == (1.0, 2.0)
    assert resampled((), 3) == ()


@given(st.lists(st.none() | st.floats(-1e6, 1e6)), st.integers(0, 50))
def test_however_many_points_are_asked_for(values: list[float | None], points: int) -> None:
    found = resampled(values, points)
    assert len(found) <= points or not points
    assert len(found) == -(-len(values) // group(len(values), points))
    known = [value for value in values if value is not None]
    for value in found:
        assert value is None or min(known) - 1e-6 <= value <= max(known) + 1e-6
    if values:
        assert not known or any(value is not None for value in found)


def test_series_have_a_unit_and_the_full_scale() -> None:
    history, host = History(2.0, 4), host_of(gpus=(gpu(0), gpu(1, power_limit=None)), sampled_at=THEN)
    history.add(0.0, sampled(host), reach=4)
    found = {each.name: each for each in series(history, host, 2)}
    assert (found["cpu"].unit, found["cpu"].maximum, found["cpu"].values) == ("fraction", 1.0, (None, 0.42))
    assert (found["memory"].unit, found["memory"].maximum) == ("bytes", 64 * GIB)
    assert found["gpu.1.power"].maximum is None
    assert found["gpu.0.temperature"].values[-1] == 71.0
    assert timedelta(seconds=history.every * group(4, 2)) == timedelta(seconds=4)
