"""What may become of a group of errors, and how a day is counted to the second."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain.error_documents import STATES
from ainf_tui.domain.errors.groups import (
    DAY,
    HALF_LIFE,
    HOUR,
    KEPT,
    OPEN,
    GroupState,
    Standing,
    Window,
    heat,
    hotter,
    urgency,
)
from ainf_tui.domain.logs.levels import Level

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_the_life_of_a_failure() -> None:
    group = Standing()
    assert (group.state, group.unseen) == ("new", True)
    group = group.reported(NOW, NOW).seen(NOW)
    assert (group.state, group.unseen) == ("ongoing", False)
    group = group.resolved(NOW)
    assert group.reported(NOW - SECOND, NOW) == group  # an import of the past
    group = group.reported(NOW + SECOND, NOW + SECOND)
    assert (group.state, group.unseen) == ("regressed", True)
    assert group.seen(NOW).state == "regressed"  # until somebody does something about it
    group = group.muted(NOW + 2 * SECOND)
    assert group.reported(NOW + SECOND, NOW + SECOND) == group
    assert group.reported(NOW + 9 * SECOND, NOW + 9 * SECOND) == Standing(GroupState.ONGOING, unseen=False)
    assert group.muted(None).at(NOW + timedelta(days=9999)).state == "muted"
    assert group.reopened().state == "ongoing"


def test_the_states_are_those_of_the_documents() -> None:
    assert tuple(GroupState) == STATES
    assert [state.rank for state in GroupState] == [0, 1, 2, 3, 4]


moments = st.integers(-100, 100).map(lambda n: NOW + n * SECOND)
steps = st.one_of(
    moments.map(lambda at: lambda group, now: group.reported(at, now)),
    st.just(lambda group, now: group.seen(now)),
    st.just(lambda group, now: group.resolved(now)),
    st.none().map(lambda _: lambda group, now: group.muted(None)),
    moments.map(lambda at: lambda group, now: group.muted(at)),
    st.just(lambda group, now: group.reopened()),
    st.just(lambda group, now: group.joined(Standing())),
)


@given(st.lists(st.tuples(steps, moments)))
def test_whatever_happens_the_state_says_what_it_needs(story) -> None:
    group = Standing()
    for step, now in story:
        before, group = group, step(group, now)
        if group.unseen:
            assert group.state in OPEN
        assert group.state is not GroupState.NEW or before.state is GroupState.NEW
        assert (group.muted_until is None) or group.state is GroupState.MUTED
        assert (group.resolved_at is not None) == (group.state is GroupState.RESOLVED)
        assert group.at(now).at(now) == group.at(now)
        assert group.seen(now).unseen is False


@given(st.integers(DAY * 2, 2**33), st.integers(-5, DAY + HOUR))
def test_each_second_of_the_day_is_counted_once(now: int, ago: int) -> None:
    window, second = Window(now), now - ago
    whole = second // HOUR >= window.first_hour
    cut = window.first_second <= second < window.cut_end
    assert (whole + cut == 1) == (0 <= ago < DAY) or ago < 0
    assert not cut or now - second < KEPT
    assert len(window.hours) == 24


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(10**9, 2 * 10**9)), min_size=1, max_size=20))
def test_heat_is_the_weight_that_fades(reports) -> None:
    newest = max(at for _, at in reports)
    weight = sum(n * 2.0 ** ((at - newest) / HALF_LIFE) for n, at in reports)
    total = heat(*reports[0])
    for n, at in reports[1:]:
        total = hotter(total, heat(n, at))
    assert math.isclose(total - newest / HALF_LIFE, math.log2(weight), abs_tol=1e-6)


# -- what comes first ----------------------------------------------------------------------------------
def test_the_grave_comes_before_the_frequent_and_a_week_wears_it_off() -> None:
    now = NOW.timestamp()
    flood = urgency(heat(1_000_000, now), Level.WARNING)
    assert urgency(heat(1, now - 3600), Level.ERROR) > flood
    assert urgency(heat(1, now - DAY), Level.CRITICAL) > urgency(heat(1000, now), Level.ERROR)
    assert urgency(heat(1, now - 8 * DAY), Level.CRITICAL) < urgency(heat(1, now), Level.ERROR)
    assert urgency(heat(2, now), Level.ERROR) > urgency(heat(1, now), Level.ERROR)
    assert urgency(heat(1, now), Level.DEBUG) == urgency(heat(1, now), Level.INFO)
