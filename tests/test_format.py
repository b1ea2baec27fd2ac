from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.display.format import duration, percent, rate, remaining, since, size, span
from tests.cli.fakes import THEN


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-"), (0, "0:00"), (21.9, "0:21"), (3723, "1:02:03"), (266400, "3d 2h"), (math.nan, "-")],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(21, "0:21"), (3599, "59:59"), (3600, "1h 00m"), (19_999, "5h 33m"), (86_400, "1d 0h"), (None, "-")],
)
def test_what_is_left_is_told_to_the_minute_where_nobody_knows_it_better(seconds, text):
    assert remaining(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0s"), (59, "59s"), (60, "1m"), (7200, "2h"), (1e6, "11d"), (None, "-")]
)
def test_span(seconds, text):
    assert span(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(None, "-"), (0, "0B"), (913, "913B"), (1363149, "1.3M"), (24 * 2**30, "24.0G"), (2**50, "1024.0T")],
)
def test_size(count, text):
    assert size(count) == text


@given(st.floats(0, 0.9999999))
def test_percent_is_100_only_when_done(fraction):
    assert int(percent(fraction)[:-1]) <= 99
    assert percent(1.0) == "100%"


def test_unknown_is_a_dash_and_zero_a_value():
    assert percent(None) == "-"
    assert percent(0.0) == "0%"
    assert rate(None) == ""


def test_slow_steps_are_told_in_seconds_each():
    assert rate(2.13) == "2.1 it/s"
    assert rate(480.13) == "480 it/s"
    assert rate(0.25) == "4.0 s/it"


def test_since_a_clock_ahead_is_no_negative_time():
    assert since(THEN + timedelta(seconds=5), THEN) == "0s"
    assert since(THEN, THEN + timedelta(minutes=3)) == "3m"
