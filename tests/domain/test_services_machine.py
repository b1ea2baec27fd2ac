"""What may become of a service, case by case and for every order of events."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain import services_machine as machine
from ainf_tui.domain.services import Exit, Health, HealthSpec, Kind, Restart, RestartSpec, ServiceState
from ainf_tui.domain.services_machine import Moment, Standing

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEALTH = HealthSpec("tcp", failures=2, start_timeout=30.0)
POLICY = RestartSpec(Restart.ON_FAILURE, delay=1.0, max_delay=8.0, reset_after=20.0, max_restarts=3)
CRASH = Exit(code=3)


def at(seconds: float) -> Moment:
    return Moment(BEGIN + timedelta(seconds=seconds), 1000.0 + seconds)


def started(seconds: float = 0) -> Standing:
    return machine.launched(machine.asked(machine.fresh(Kind.MANAGED, at(0)), at(seconds)), at(seconds))


def check(old: Standing, health: Health, seconds: float, spec: HealthSpec = HEALTH) -> Standing:
    return machine.checked(old, health, at(seconds), spec, POLICY)


def running(seconds: float = 1) -> Standing:
    return check(started(), Health.HEALTHY, seconds)


def test_the_first_passed_check_makes_it_running_and_later_ones_move_health_alone():
    new = started()
    assert (new.state, new.wanted) == (ServiceState.STARTING, True)
    waiting = check(new, Health.UNREACHABLE, 1)
    assert (waiting.state, waiting.health) == (ServiceState.STARTING, Health.UNKNOWN)
    well = check(waiting, Health.HEALTHY, 2)
    assert (well.state, well.health, well.since) == (ServiceState.RUNNING, Health.HEALTHY, at(2).at)
    once = check(well, Health.UNREACHABLE, 3)
    assert once.health is Health.HEALTHY, "one failure is below the threshold"
    bad = check(once, Health.UNREACHABLE, 4)
    assert (bad.state, bad.health, bad.health_since) == (
        ServiceState.RUNNING,
        Health.UNREACHABLE,
        at(4).at,
    )
    assert bad.since == at(2).at, "the state has not changed"
    assert check(bad, Health.UNHEALTHY, 5).health is Health.UNHEALTHY
    assert check(bad, Health.HEALTHY, 5).health is Health.HEALTHY


def test_health_waits_for_as_many_passes_as_are_asked_for():
    spec = replace(HEALTH, successes=3)
    once = check(started(), Health.HEALTHY, 1, spec)
    assert (once.state, once.health) == (ServiceState.RUNNING, Health.UNKNOWN)
    thrice = check(check(once, Health.HEALTHY, 2, spec), Health.HEALTHY, 3, spec)
    assert thrice.health is Health.HEALTHY


def test_a_crash_is_followed_by_longer_and_longer_waits_and_then_by_a_name():
    now, waits = running(), []
    for n in range(3):
        now = machine.ended(now, CRASH, at(10 * n), POLICY)
        assert now.state is ServiceState.EXITED
        assert now.cause == "service.exited"
        assert now.restart_at is not None
        waits.append(now.restart_at - at(10 * n).mono)
        early = machine.again(now, at(10 * n + waits[-1] - 0.01))
        assert early is now
        now = machine.again(now, at(10 * n + waits[-1]))
        assert (now.state, now.restarts) == (ServiceState.STARTING, n + 1)
    assert waits == [1.0, 2.0, 4.0]
    looped = machine.ended(now, CRASH, at(40), POLICY)
    assert (looped.state, looped.cause) == (ServiceState.CRASH_LOOP, "service.crash_loop")
    assert machine.again(looped, at(10_000)) is looped
    fresh_start = machine.asked(looped, at(50))
    assert (fresh_start.state, fresh_start.restarts, fresh_start.streak) == (ServiceState.STARTING, 0, 0)


def test_the_wait_has_a_cap_whatever_the_count():
    assert machine.backoff(POLICY, 10) == 8.0
    assert machine.backoff(POLICY, 100_000) == 8.0


def test_a_healthy_time_forgets_the_crashes_but_not_their_count():
    now = machine.again(machine.ended(running(), CRASH, at(2), POLICY), at(3))
    now = check(now, Health.HEALTHY, 4)
    assert check(now, Health.HEALTHY, 23.9).streak == 1
    rested = check(now, Health.HEALTHY, 24)
    assert (rested.streak, rested.restarts) == (0, 1)


def test_an_unhealthy_time_between_starts_the_healthy_time_anew():
    now = check(
        machine.again(machine.ended(running(), CRASH, at(2), POLICY), at(3)),
        Health.HEALTHY,
        4,
    )
    now = check(check(now, Health.UNHEALTHY, 10), Health.UNHEALTHY, 11)
    now = check(now, Health.HEALTHY, 12)
    assert check(now, Health.HEALTHY, 31.9).streak == 1
    assert check(now, Health.HEALTHY, 32).streak == 0


@pytest.mark.parametrize(
    ("policy", "how", "restarted"),
    [
        (Restart.NEVER, CRASH, False),
        (Restart.NEVER, Exit(code=0), False),
        (Restart.ON_FAILURE, CRASH, True),
        (Restart.ON_FAILURE, Exit(signal="SIGKILL"), True),
        (Restart.ON_FAILURE, Exit(), True),
        (Restart.ON_FAILURE, Exit(code=0), False),
        (Restart.ALWAYS, Exit(code=0), True),
        (Restart.ALWAYS, CRASH, True),
    ],
)
def test_policies(policy, how, restarted):
    now = machine.ended(running(), how, at(5), replace(POLICY, policy=policy))
    assert now.state is ServiceState.EXITED
    assert (now.restart_at is not None) == restarted
    assert now.wanted == restarted
    assert now.exit == how
    assert (now.cause == "") == (how.well and not restarted)


def test_a_stop_ends_in_stopped_and_no_policy_undoes_it():
    always = replace(POLICY, policy=Restart.ALWAYS)
    stopping = machine.asked_stop(running(), at(5), process=True)
    assert (stopping.state, stopping.wanted) == (ServiceState.STOPPING, False)
    assert check(stopping, Health.HEALTHY, 6) is stopping, "a late check does not show it running"
    done = machine.ended(stopping, Exit(signal="SIGTERM"), at(7), always)
    assert (done.state, done.cause, done.restart_at) == (ServiceState.STOPPED, "", None)
    assert machine.again(done, at(1000)) is done


def test_a_stop_while_a_restart_is_due_takes_it_away():
    waiting = machine.ended(running(), CRASH, at(5), POLICY)
    done = machine.asked_stop(waiting, at(5.5), process=False)
    assert (done.state, done.restart_at, done.wanted) == (ServiceState.STOPPED, None, False)
    assert machine.again(done, at(100)) is done


def test_a_stop_of_a_start_without_process_is_done_at_once():
    asked = machine.asked(machine.fresh(Kind.MANAGED, at(0)), at(0))
    assert machine.asked_stop(asked, at(1), process=False).state is ServiceState.STOPPED


def test_a_start_that_takes_too_long_is_stopped_and_counts_as_a_failure():
    now = started()
    assert machine.late(now, at(29.9), HEALTH) is now
    stopping = machine.late(now, at(30), HEALTH)
    assert (stopping.state, stopping.cause) == (ServiceState.STOPPING, "service.start_timeout")
    after = machine.ended(stopping, Exit(signal="SIGTERM"), at(31), POLICY)
    assert after.state is ServiceState.EXITED
    assert after.restart_at is not None
    assert after.cause == "service.start_timeout"
    assert machine.late(running(), at(1000), HEALTH).state is ServiceState.RUNNING


def test_a_stop_during_such_an_ending_wins():
    stopping = machine.late(started(), at(30), HEALTH)
    asked = machine.asked_stop(stopping, at(30.5), process=True)
    assert machine.ended(asked, CRASH, at(31), POLICY).state is ServiceState.STOPPED


def test_what_was_adopted_is_not_started_again():
    now = machine.adopted(machine.fresh(Kind.MANAGED, at(0)), at(1))
    assert (now.kind, now.state, now.wanted) == (Kind.ADOPTED, ServiceState.RUNNING, False)
    gone = machine.ended(now, Exit(), at(2), replace(POLICY, policy=Restart.ALWAYS))
    assert (gone.kind, gone.state, gone.restart_at) == (Kind.MANAGED, ServiceState.STOPPED, None)


def test_a_watched_service_is_as_it_answers_and_cannot_be_steered():
    now = machine.fresh(Kind.WATCHED, at(0))
    assert machine.asked(now, at(1)) is now
    assert machine.asked_stop(now, at(1), process=False) is now
    up = check(now, Health.HEALTHY, 2)
    assert (up.state, up.health) == (ServiceState.RUNNING, Health.HEALTHY)
    assert check(up, Health.UNREACHABLE, 3).state is ServiceState.RUNNING
    gone = check(check(up, Health.UNREACHABLE, 3), Health.UNREACHABLE, 4)
    assert (gone.state, gone.health) == (ServiceState.STOPPED, Health.UNREACHABLE)


def test_what_cannot_be_started_by_hand_is_stopped_and_by_a_policy_tried_again():
    asked = machine.asked(machine.fresh(Kind.MANAGED, at(0)), at(0))
    by_hand = machine.refused(asked, "service.no_command", at(1))
    assert (by_hand.state, by_hand.wanted, by_hand.cause) == (
        ServiceState.STOPPED,
        False,
        "service.no_command",
    )
    policy = machine.again(machine.ended(running(), CRASH, at(2), POLICY), at(3))
    later = machine.refused(policy, "service.port_taken", at(3), retry=POLICY)
    assert later.state is ServiceState.EXITED
    assert later.restart_at == at(3).mono + 2.0


def test_what_may_not_be_ended_runs_on_and_says_so():
    stopping = machine.asked_stop(running(), at(5), process=True)
    left = machine.not_stopped(stopping, "service.not_permitted", at(6))
    assert (left.state, left.cause, left.wanted) == (ServiceState.RUNNING, "service.not_permitted", False)


# -- every order of events ---------------------------------------------------------------------------
HEALTHS = st.sampled_from(list(Health))
EXITS = st.sampled_from([CRASH, Exit(code=0), Exit(signal="SIGKILL"), Exit()])
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["ask", "again", "launch", "refuse", "retry", "adopt", "check", "late", "stop", "end", "kept"]
        ),
        HEALTHS,
        EXITS,
        st.floats(0.0, 40.0),
    ),
    max_size=40,
)


def step(old, event, health, how, *, now, policy) -> Standing:
    moves = {
        "ask": lambda: machine.asked(old, now),
        "again": lambda: machine.again(old, now),
        "launch": lambda: machine.launched(old, now),
        "refuse": lambda: machine.refused(old, "service.no_command", now),
        "retry": lambda: machine.refused(old, "service.port_taken", now, retry=policy),
        "adopt": lambda: machine.adopted(old, now),
        "check": lambda: machine.checked(old, health, now, HEALTH, policy),
        "late": lambda: machine.late(old, now, HEALTH),
        "stop": lambda: machine.asked_stop(old, now, process=old.begun is not None),
        "end": lambda: machine.ended(old, how, now, policy),
        "kept": lambda: machine.not_stopped(old, "service.not_permitted", now),
    }
    return moves[event]()


@given(st.sampled_from(list(Kind)), st.sampled_from(list(Restart)), EVENTS)
def test_whatever_comes_in_whatever_order(kind, restart, events):
    policy = replace(POLICY, policy=restart)
    now, seconds, stopped_by_hand = machine.fresh(kind, at(0)), 0.0, True
    for event, health, how, passed in events:
        seconds += passed
        old, now = now, step(now, event, health, how, now=at(seconds), policy=policy)
        stopped_by_hand = (stopped_by_hand or event == "stop") and event != "ask"
        if stopped_by_hand:
            assert now.state is not ServiceState.STARTING, "nothing starts that nobody asked for"
        if old.state is ServiceState.STOPPING and event not in {"end", "kept"}:
            assert now.state is ServiceState.STOPPING, "only its end ends a stop"
        if now.state is not ServiceState.RUNNING and kind is not Kind.WATCHED:
            assert now.health is Health.UNKNOWN
        assert (now.since == old.since) or now.state is not old.state
        assert (now.restart_at is None) or (now.state is ServiceState.EXITED and now.wanted)
        assert now.streak <= policy.max_restarts
        assert (now.kind is Kind.WATCHED) == (kind is Kind.WATCHED)
