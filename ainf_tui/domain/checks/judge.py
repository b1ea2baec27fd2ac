"""All checks of one look, in the order of the catalog."""

from __future__ import annotations

from ainf_tui.domain.check_documents import CheckDocument
from ainf_tui.domain.checks import disk, gpu, network, system
from ainf_tui.domain.checks.facts import Facts, Thresholds
from ainf_tui.domain.checks.verdict import CATALOG


def judge(facts: Facts, thresholds: Thresholds) -> tuple[CheckDocument, ...]:
    """A check for everything that can be asked; what could not be looked at is `unknown`."""
    checks = [
        system.python(facts.python),
        system.memory(facts.memory),
        system.swap(facts.memory),
        system.clock(facts.clock),
        system.locale(facts.encoding),
        system.limits(facts.limits),
        system.inotify(facts.limits),
        system.logout(facts.logout),
        *(system.tool(kind, getattr(facts, kind)) for kind in ("git", "pip", "node")),
        gpu.driver(facts.gpus),
        gpu.torch(facts.torch, facts.gpus),
        gpu.memory(facts.gpus),
        *_disks(facts, thresholds),
        *network.ports(facts.ports),
        *_backends(facts, thresholds),
        network.manager(facts.manager, thresholds),
        network.database(facts.database),
        network.revision(facts.database),
        network.redis(facts.redis),
        disk.leftovers(facts.leftovers),
    ]
    order = {check: number for number, check in enumerate(CATALOG)}
    return tuple(sorted(checks, key=lambda check: order[base(check.code)]))


def base(code: str) -> str:
    """`disk.free.models` -> `disk.free`, its entry in the catalog."""
    return ".".join(code.split(".", 2)[:2])


def _disks(facts: Facts, thresholds: Thresholds) -> list[CheckDocument]:
    checks = []
    for name, folder in facts.folders.items():
        checks += [
            disk.write(name, folder),
            disk.space(name, folder, thresholds, facts.cache),
            disk.inodes(name, folder),
        ]
        if name in {"state", "tmp"}:
            checks.append(disk.local(name, folder))
        if name == "state":
            checks.append(disk.private(folder))
    return checks


def _backends(facts: Facts, thresholds: Thresholds) -> list[CheckDocument]:
    checks = []
    for name, backend in facts.backends.items():
        checks += [
            network.reachable(name, backend),
            network.advisories(name, backend, thresholds),
            network.exposure(name, backend),
        ]
    return checks
