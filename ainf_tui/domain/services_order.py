"""In which order services start and stop, and what is wrong with what they say of each other. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from ainf_tui.domain.jobs import Problem
from ainf_tui.domain.services import Condition, Health, ServiceSpec, ServiceState
from ainf_tui.domain.services_machine import Standing

Specs = Mapping[str, ServiceSpec]


def start_order(specs: Specs, names: Iterable[str]) -> tuple[str, ...]:
    """These services and all that they depend on, each behind its dependencies; else as declared.

    The specs must have passed `usable`: no cycle, no unknown dependency.
    """
    found: dict[str, None] = {}

    def add(name: str) -> None:
        if name in found or name not in specs:
            return
        for dependency in specs[name].depends_on:
            add(dependency.name)
        found[name] = None

    wanted = set(names)
    for name in specs:
        if name in wanted:
            add(name)
    return tuple(found)


def stop_order(specs: Specs, names: Collection[str]) -> tuple[str, ...]:
    """These services and no others, each before what it depends on."""
    return tuple(name for name in reversed(start_order(specs, names)) if name in names)


def unmet(spec: ServiceSpec, standings: Mapping[str, Standing]) -> str:
    """The first dependency that is not yet as it must be, in words; empty if all are."""
    for dependency in spec.depends_on:
        there = standings.get(dependency.name)
        if there is None or not _met(there, dependency.condition):
            return f"{dependency.name} to be {_WORDS[dependency.condition]}"
    return ""


def hopeless(spec: ServiceSpec, standings: Mapping[str, Standing]) -> str:
    """A dependency that will not come to what it must, by itself: its name; empty if none is."""
    for dependency in spec.depends_on:
        there = standings.get(dependency.name)
        if there is None:
            return dependency.name
        coming = there.lives or there.restart_at is not None
        if not coming and not _met(there, dependency.condition):
            return dependency.name
    return ""


_WORDS: Mapping[Condition, str] = {
    Condition.STARTED: "started",
    Condition.HEALTHY: "healthy",
    Condition.EXITED_WELL: "through",
}


def _met(there: Standing, condition: Condition) -> bool:
    if condition is Condition.EXITED_WELL:
        return there.state is ServiceState.EXITED and there.exit is not None and there.exit.well
    if condition is Condition.STARTED:
        return there.state is ServiceState.RUNNING or there.begun is not None
    return there.state is ServiceState.RUNNING and there.health is Health.HEALTHY


def usable(specs: Specs) -> tuple[dict[str, ServiceSpec], tuple[Problem, ...]]:
    """Those that can be used, and what is wrong with the others: each flaw costs its service alone, and
    those that depend on it. A port that two declare is told and costs nothing: they may take turns.
    """
    good, problems = dict(specs), list(_shared_ports(specs))
    for name, cycle in _cycles(specs).items():
        good.pop(name)
        problems.append(
            _problem(specs[name], f"depends on itself: {' -> '.join(cycle)}", "take one of them out")
        )
    while broken := _broken(good):
        for name, missing in broken.items():
            spec = good.pop(name)
            known = ", ".join(n for n in specs if n != name) or "no other service"
            reason = f"depends on {missing}, which there is not or cannot be used"
            problems.append(_problem(spec, reason, f"there is {known}"))
    return good, tuple(problems)


def _broken(specs: Specs) -> dict[str, str]:
    """Services with a dependency that is not there: its name."""
    return {
        spec.name: missing[0]
        for spec in specs.values()
        if (missing := [d.name for d in spec.depends_on if d.name not in specs])
    }


def _cycles(specs: Specs) -> dict[str, tuple[str, ...]]:
    """Every service that is part of a circle, with the way around."""
    found: dict[str, tuple[str, ...]] = {}
    for name in specs:
        way = _way_back(specs, name)
        if way:
            found[name] = way
    return found


def _way_back(specs: Specs, name: str) -> tuple[str, ...]:
    """The shortest way from a service over its dependencies to itself; empty if there is none."""
    ways: list[tuple[str, ...]] = [(name,)]
    seen = {name}
    while ways:
        way = ways.pop(0)
        spec = specs.get(way[-1])
        for dependency in spec.depends_on if spec is not None else ():
            if dependency.name == name:
                return (*way, name)
            if dependency.name not in seen:
                seen.add(dependency.name)
                ways.append((*way, dependency.name))
    return ()


def _shared_ports(specs: Specs) -> Iterator[Problem]:
    first: dict[int, str] = {}
    for spec in specs.values():
        for port in spec.ports:
            if port in first:
                reason = f"declares port {port}, which {first[port]} declares too"
                yield _problem(spec, reason, "only one of them can run at a time; give one another port")
            first.setdefault(port, spec.name)


def _problem(spec: ServiceSpec, reason: str, hint: str) -> Problem:
    return Problem(
        "service.bad_definition",
        f"service {spec.name} ({spec.source}) {reason}",
        hint=hint,
        details={"service": spec.name, "source": spec.source},
    )


def on_port(spec: ServiceSpec, port: int | None) -> ServiceSpec:
    """The service with its first port replaced by `port` and `{port}`, `{host}` filled in everywhere."""
    ports = (port, *spec.ports[1:]) if port is not None else spec.ports
    values = {"{port}": str(ports[0]) if ports else "", "{host}": spec.host}

    def filled(text: str) -> str:
        for name, value in values.items():
            text = text.replace(name, value)
        return text

    health = replace(
        spec.health,
        target=filled(spec.health.target),
        command=tuple(filled(part) for part in spec.health.command),
    )
    return replace(
        spec,
        ports=ports,
        command=tuple(filled(part) for part in spec.command),
        env={name: filled(value) for name, value in spec.env.items()},
        health=health,
        stop=replace(spec.stop, command=tuple(filled(part) for part in spec.stop.command)),
    )
