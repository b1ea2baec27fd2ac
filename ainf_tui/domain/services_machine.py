"""What may become of a service: pure steps from one standing to the next.

State and health are separate. `starting` becomes `running` at the first check that passes; afterwards checks
move health alone. Only `asked` (a person) and `again` (a restart policy, while the service is wanted) lead to
`starting`, and a person's stop takes `wanted` away, so that no policy undoes it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ainf_tui.domain.services import Exit, Health, HealthSpec, Kind, Restart, RestartSpec, ServiceState
from ainf_tui.frozen import frozen


@frozen
class Moment:
    """Now, by both clocks: `at` is shown and stored, `mono` (seconds) measures."""

    at: datetime
    mono: float


@frozen
class Standing:
    """How one service stands. Only the functions of this module make the next one."""

    kind: Kind
    state: ServiceState
    since: datetime
    health: Health
    health_since: datetime
    wanted: bool = False
    """Somebody started it and nobody stopped it: what a restart policy may act on."""
    restarts: int = 0
    """Automatic ones since a person started it."""
    streak: int = 0
    """Automatic ones in a row, without a healthy time between."""
    restart_at: float | None = None
    """Monotonic time of the next automatic start; only while `exited` and wanted."""
    begun: float | None = None
    """Monotonic time since when this process starts; only while `starting`."""
    well_since: float | None = None
    failures: int = 0
    """Checks in a row."""
    successes: int = 0
    exit: Exit | None = None
    cause: str = ""
    """The error code of what went wrong last; empty if nothing has since it was started."""

    @property
    def lives(self) -> bool:
        """A process of it is or should be there."""
        return self.state in _LIVES


_LIVES = frozenset({ServiceState.STARTING, ServiceState.RUNNING, ServiceState.STOPPING})
STARTABLE = frozenset({ServiceState.STOPPED, ServiceState.EXITED, ServiceState.CRASH_LOOP})


def fresh(kind: Kind, now: Moment) -> Standing:
    """Stopped, and nothing known."""
    return Standing(kind, ServiceState.STOPPED, now.at, Health.UNKNOWN, now.at)


def backoff(spec: RestartSpec, streak: int) -> float:
    """Seconds before the next automatic start after `streak` of them in a row."""
    # Doubled 60 times is above any `max_delay`; a float would overflow at a thousand.
    return min(spec.max_delay, spec.delay * 2.0 ** min(streak, 60))


def asked(old: Standing, now: Moment) -> Standing:
    """A person starts it. One that lives is left as it is."""
    if old.state not in STARTABLE or old.kind is Kind.WATCHED:
        return old
    clean = replace(old, kind=Kind.MANAGED, wanted=True, restarts=0, streak=0, exit=None, cause="")
    return _to(clean, ServiceState.STARTING, now)


def again(old: Standing, now: Moment) -> Standing:
    """Its restart policy starts it, if the time has come."""
    if old.restart_at is None or now.mono < old.restart_at:
        return old
    counted = replace(old, restarts=old.restarts + 1, streak=old.streak + 1, cause="")
    return _to(counted, ServiceState.STARTING, now)


def launched(old: Standing, now: Moment) -> Standing:
    """The process is there: from now on it has `start_timeout` to pass a check."""
    return replace(old, begun=now.mono) if old.state is ServiceState.STARTING else old


def refused(old: Standing, cause: str, now: Moment, *, retry: RestartSpec | None = None) -> Standing:
    """No process could be started (`cause` is an error code). `retry`: the policy of an automatic start."""
    if old.state is not ServiceState.STARTING:
        return old
    failed = replace(old, cause=cause)
    if retry is not None:
        return _policy(failed, Exit(code=127, at=now.at), retry, now)
    return _to(replace(failed, wanted=False), ServiceState.STOPPED, now)


def adopted(old: Standing, now: Moment) -> Standing:
    """A process that somebody else started is used from now on."""
    if old.state not in STARTABLE or old.kind is Kind.WATCHED:
        return old
    found = replace(old, kind=Kind.ADOPTED, wanted=False, restarts=0, streak=0, exit=None, cause="")
    return _to(found, ServiceState.RUNNING, now)


def found(old: Standing, now: Moment) -> Standing:
    """A start that an engine began and could not write down any more has left a process: it is ours."""
    return replace(
        old, kind=Kind.MANAGED, state=ServiceState.STARTING, since=now.at, wanted=True, begun=now.mono
    )


def resumed(old: Standing, now: Moment, *, process: bool) -> Standing:
    """As an earlier engine left it, by the clock of this one. Whether a `process` lives is not known."""
    begun = now.mono if old.state is ServiceState.STARTING and process else None
    waits = old.state is ServiceState.EXITED and old.wanted
    return replace(old, begun=begun, restart_at=now.mono if waits else None)


def checked(old: Standing, health: Health, now: Moment, spec: HealthSpec, restart: RestartSpec) -> Standing:
    """A check has come to its end."""
    if old.kind is Kind.WATCHED:
        return _watched(old, health, now, spec)
    if old.state not in {ServiceState.STARTING, ServiceState.RUNNING}:
        return old
    passed = health is Health.HEALTHY
    new = replace(
        old,
        successes=old.successes + 1 if passed else 0,
        failures=0 if passed else old.failures + 1,
    )
    if new.state is ServiceState.STARTING:
        if not passed:
            return new
        new = _to(new, ServiceState.RUNNING, now, keep_counts=True)
    return _rested(_judged(new, health, now, spec), now, restart)


def late(old: Standing, now: Moment, spec: HealthSpec) -> Standing:
    """A start that has passed no check in time is stopped; its policy decides what follows."""
    waiting = old.state is ServiceState.STARTING and old.begun is not None
    if not waiting or now.mono - (old.begun or 0.0) < spec.start_timeout:
        return old
    return _to(replace(old, cause="service.start_timeout"), ServiceState.STOPPING, now)


def asked_stop(old: Standing, now: Moment, *, process: bool) -> Standing:
    """A person stops it. `process`: there is one that must end first."""
    if old.kind is Kind.WATCHED:
        return old
    new = replace(old, wanted=False)
    if old.state in {ServiceState.STOPPED, ServiceState.STOPPING}:
        return new
    return _to(replace(new, cause=""), ServiceState.STOPPING if process else ServiceState.STOPPED, now)


def not_stopped(old: Standing, cause: str, now: Moment) -> Standing:
    """It could not be ended (no permission): it runs on."""
    if old.state is not ServiceState.STOPPING:
        return old
    return _to(replace(old, cause=cause), ServiceState.RUNNING, now)


def ended(old: Standing, how: Exit, now: Moment, restart: RestartSpec) -> Standing:
    """Its process is gone."""
    if not old.lives:
        return old
    new = replace(old, exit=how)
    if old.kind is Kind.ADOPTED or (old.state is ServiceState.STOPPING and not old.wanted):
        return _to(replace(new, kind=Kind.MANAGED, wanted=False), ServiceState.STOPPED, now)
    return _policy(replace(new, cause=new.cause or "service.exited"), how, restart, now)


def _policy(old: Standing, how: Exit, spec: RestartSpec, now: Moment) -> Standing:
    """What a restart policy makes of an end that nobody asked for."""
    well = how.well and old.cause in {"", "service.exited"}  # not one that we had to stop
    over = spec.policy is Restart.NEVER or (spec.policy is Restart.ON_FAILURE and well)
    if over or not old.wanted:
        cause = "" if well else old.cause
        return _to(replace(old, exit=how, wanted=False, cause=cause), ServiceState.EXITED, now)
    if old.streak >= spec.max_restarts:
        looped = replace(old, exit=how, wanted=False, cause="service.crash_loop")
        return _to(looped, ServiceState.CRASH_LOOP, now)
    waiting = _to(replace(old, exit=how), ServiceState.EXITED, now)
    return replace(waiting, restart_at=now.mono + backoff(spec, old.streak))


def _watched(old: Standing, health: Health, now: Moment, spec: HealthSpec) -> Standing:
    """Of a watched service, what answers is running."""
    passed = health is Health.HEALTHY
    new = replace(
        old, successes=old.successes + 1 if passed else 0, failures=0 if passed else old.failures + 1
    )
    there = health is not Health.UNREACHABLE
    if there and new.state is not ServiceState.RUNNING:
        new = _to(new, ServiceState.RUNNING, now, keep_counts=True)
    gone = not there and new.failures >= spec.failures
    if gone and new.state is not ServiceState.STOPPED:
        new = _to(new, ServiceState.STOPPED, now, keep_counts=True)
    return _judged(new, health, now, spec)


def _judged(old: Standing, health: Health, now: Moment, spec: HealthSpec) -> Standing:
    """Health by the thresholds; from one kind of bad to another at once."""
    if health is Health.HEALTHY:
        return _well(old, health, now) if old.successes >= spec.successes else old
    known_bad = old.health in {Health.UNHEALTHY, Health.UNREACHABLE}
    if known_bad or old.failures >= spec.failures:
        return _well(old, health, now)
    return old


def _well(old: Standing, health: Health, now: Moment) -> Standing:
    if old.health is health:
        return old
    well = now.mono if health is Health.HEALTHY else None
    return replace(old, health=health, health_since=now.at, well_since=well)


def turned_bad(old: Standing, new: Standing) -> bool:
    """Whether it was well and is not any more: once an outage. A watched one that never was there is none."""
    bad = new.health in {Health.UNHEALTHY, Health.UNREACHABLE}
    if old.kind is Kind.WATCHED:
        return bad and old.state is ServiceState.RUNNING and old.health in {Health.HEALTHY, Health.UNKNOWN}
    return bad and new.state is old.state and old.health in {Health.HEALTHY, Health.UNKNOWN}


def _rested(old: Standing, now: Moment, spec: RestartSpec) -> Standing:
    """After `reset_after` seconds of health the failures before count no more."""
    if old.streak and old.well_since is not None and now.mono - old.well_since >= spec.reset_after:
        return replace(old, streak=0)
    return old


def _to(old: Standing, state: ServiceState, now: Moment, *, keep_counts: bool = False) -> Standing:
    """The one place where a state changes: what belongs to the old one goes with it."""
    if old.state is state:
        return old
    known = old.health is Health.UNKNOWN
    return replace(
        old,
        state=state,
        since=now.at,
        health=Health.UNKNOWN,
        health_since=old.health_since if known else now.at,
        restart_at=None,
        begun=None,
        well_since=None,
        failures=old.failures if keep_counts else 0,
        successes=old.successes if keep_counts else 0,
    )
