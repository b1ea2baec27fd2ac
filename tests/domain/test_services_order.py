"""The order of starting and stopping, flawed definitions, and what a failed service's log says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain import services_machine as machine
from ainf_tui.domain.service_causes import known_cause, last_word
from ainf_tui.domain.services import (
    Condition,
    Dependency,
    Exit,
    Health,
    HealthSpec,
    Kind,
    ServiceSpec,
    ServiceState,
    StopSpec,
)
from ainf_tui.domain.services_order import (
    dependants,
    hopeless,
    on_port,
    start_order,
    stop_order,
    unmet,
    usable,
)
from ainf_tui.playbook import playbook

NOW = machine.Moment(datetime(2026, 3, 1, tzinfo=UTC), 0.0)


def specs(**needs: str) -> dict[str, ServiceSpec]:
    return {
        name: ServiceSpec(
            name, command=("true",), depends_on=tuple(Dependency(n) for n in text.split()), source="f.toml"
        )
        for name, text in needs.items()
    }


def test_dependencies_start_before_and_stop_after():
    box = specs(web="api", api="db cache", db="", cache="", other="")
    assert start_order(box, ["web"]) == ("db", "cache", "api", "web")
    assert start_order(box, list(box)) == ("db", "cache", "api", "web", "other")
    assert stop_order(box, list(box)) == ("other", "web", "api", "cache", "db")
    assert stop_order(box, ["db", "web"]) == ("web", "db"), "what depends on it is not stopped with it"


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.sets(st.sampled_from("abcdefgh")), max_size=8))
def test_what_is_usable_has_an_order_and_what_is_not_is_told(needs):
    box = specs(**{name: " ".join(sorted(wanted)) for name, wanted in needs.items()})
    good, problems = usable(box)
    order = start_order(good, list(good))
    assert sorted(order) == sorted(good)
    for name in order:
        for dependency in good[name].depends_on:
            assert order.index(dependency.name) < order.index(name)
    assert {p.details["service"] for p in problems} == box.keys() - good.keys()


def test_a_cycle_is_named_and_costs_those_in_it_and_behind_it():
    good, problems = usable(specs(a="b", b="c", c="b", d=""))
    assert list(good) == ["d"]
    told = "\n".join(p.message for p in problems)
    assert "service b (f.toml) depends on itself: b -> c -> b" in told
    assert "service a (f.toml) depends on b, which there is not" in told


def test_a_port_that_two_declare_is_told_and_costs_nothing():
    box = specs(a="", b="")
    box = {name: replace(spec, ports=(8188,)) for name, spec in box.items()}
    good, problems = usable(box)
    assert len(good) == 2
    assert "service b (f.toml) declares port 8188, which a declares too" in problems[0].message


@pytest.mark.parametrize(
    ("condition", "state", "health", "how", "met"),
    [
        (Condition.STARTED, ServiceState.RUNNING, Health.UNHEALTHY, None, True),
        (Condition.STARTED, ServiceState.STOPPED, Health.UNKNOWN, None, False),
        (Condition.HEALTHY, ServiceState.RUNNING, Health.HEALTHY, None, True),
        (Condition.HEALTHY, ServiceState.RUNNING, Health.UNREACHABLE, None, False),
        (Condition.EXITED_WELL, ServiceState.EXITED, Health.UNKNOWN, Exit(code=0), True),
        (Condition.EXITED_WELL, ServiceState.EXITED, Health.UNKNOWN, Exit(code=1), False),
        (Condition.EXITED_WELL, ServiceState.RUNNING, Health.HEALTHY, None, False),
    ],
)
def test_conditions(condition, state, health, how, met):
    spec = ServiceSpec("web", command=("true",), depends_on=(Dependency("db", condition),))
    there = replace(machine.fresh(Kind.MANAGED, NOW), state=state, health=health, exit=how)
    assert (unmet(spec, {"db": there}) == "") == met
    assert (hopeless(spec, {"db": there}) == "db") == (not met and state is not ServiceState.RUNNING)
    assert unmet(spec, {}).startswith("db to be ")


def test_what_waits_for_its_restart_is_not_hopeless():
    spec = ServiceSpec("web", command=("true",), depends_on=(Dependency("db"),))
    there = replace(machine.fresh(Kind.MANAGED, NOW), state=ServiceState.EXITED, restart_at=5.0)
    assert hopeless(spec, {"db": there}) == ""


def test_another_port_reaches_every_place():
    spec = ServiceSpec(
        "a",
        command=("serve", "--port", "{port}"),
        env={"URL": "http://{host}:{port}"},
        ports=(1, 2),
        health=HealthSpec("http", target="http://{host}:{port}/"),
        stop=StopSpec(command=("stop", "{port}")),
    )
    got = on_port(spec, 9)
    assert (got.ports, got.command[-1], got.env["URL"]) == ((9, 2), "9", "http://127.0.0.1:9")
    assert (got.health.target, got.stop.command) == ("http://127.0.0.1:9/", ("stop", "9"))
    assert on_port(spec, None).command[-1] == "1"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("OSError: [Errno 98] Address already in use", "the port is taken"),
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB", "the GPU's memory is full"),
        ("ModuleNotFoundError: No module named 'yaml'", "the Python module yaml is missing"),
        ("PermissionError: [Errno 13] Permission denied: '/x'", "a file, folder or port may not be used"),
        ("OSError: [Errno 28] No space left on device", "a disk is full"),
    ],
)
def test_known_causes(line, told):
    found = known_cause(Exit(code=1), ["Starting", line, "shutting down"], playbook())
    assert found is not None
    assert found.message == told


def test_unknown_causes_are_none_and_the_killer_is_named():
    assert known_cause(Exit(code=1), ["nothing that we know"], playbook()) is None
    killed = known_cause(Exit(signal="SIGKILL", oom=True), ["Address already in use"], playbook())
    assert killed is not None
    assert "memory" in killed.message


def test_a_crash_that_left_no_word_is_known_by_its_signal_and_one_that_did_by_its_word():
    crash = Exit(signal="SIGSEGV")
    assert crash.text == "killed by SIGSEGV"
    silent = known_cause(crash, ["got prompt"], playbook())
    assert silent is not None
    assert silent.code == "python.crash"
    told = known_cause(crash, ["OSError: [Errno 28] No space left on device"], playbook())
    assert told is not None
    assert told.code == "disk.full"


def test_who_needs_it_directly_or_through_others():
    box = specs(web="api", api="db", db="", other="")
    assert dependants(box, ["db"]) == {"api", "web"}
    assert dependants(box, ["api", "web"]) == frozenset()
    assert dependants(box, ["other"]) == frozenset()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("torch.cuda.OutOfMemoryError: CUDA out of memory", True),
        ("KeyboardInterrupt", True),
        ("Error: No such option '--speed'", True),
        ("fatal: not a git repository", True),
        ("  raise ValueError('x')", False),
        ("no errors found", False),
    ],
)
def test_the_line_that_tells_what_ended_it(line, found):
    assert last_word(("before", line, "after")) == (line if found else "")
