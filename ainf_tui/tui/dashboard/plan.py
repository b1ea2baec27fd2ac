"""How the lines of the Dashboard are shared out among its panels, by the terminal's size. Pure."""

from __future__ import annotations

from ainf_tui.frozen import frozen

WIDE = 100
"""Cells from which on GPU and machine stand beside the rest."""
HUGE = 160


@frozen
class Wanted:
    """Lines that each panel would take, with its title."""

    status: int = 1
    services: int = 2
    now: int = 3
    errors: int = 2
    checks: int = 2


@frozen
class Plan:
    """Lines that each panel gets, without the blank line above it. 0: there is no room for it."""

    status: int
    services: int
    machine: int
    now: int
    errors: int
    checks: int
    gap: int
    """Blank lines between the panels."""


def plan(cells: int, height: int, wanted: Wanted) -> Plan:
    """`height`: lines between the tabs and the footer. Everything keeps something before one gets all."""
    beside = cells >= WIDE
    gap = 1 if height >= 18 else 0
    machine = 0 if beside else min(2, max(0, height - 3))
    lists = {"services": wanted.services, "errors": wanted.errors, "checks": wanted.checks}
    status = min(wanted.status, 1 if height < 30 else 4 if height < 50 else 8)
    least = {"services": min(3, wanted.services), "errors": 2, "checks": 2}
    now = wanted.now
    room = height - status - now - (0 if beside else machine) - gap * (5 if not beside else 4)
    if room < sum(least.values()):
        now, machine = min(now, 3), min(machine, 1 if height < 12 else 2)
        room = max(0, height - status - now - machine - gap * 5)
    given = dict.fromkeys(lists, 0)
    for name in ("services", "errors", "checks"):
        given[name] = min(least[name], room)
        room -= given[name]
    for name in ("services", "checks", "errors"):
        more = min(room, max(0, lists[name] - given[name]))
        given[name] += more
        room -= more
    return Plan(status, given["services"], machine, now, given["errors"], given["checks"], gap)
