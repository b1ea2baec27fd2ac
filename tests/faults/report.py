"""The table of what was tried."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from tests.faults.rounds import Outcome

HEAD = ("killed at", "who", "times", "jobs", "failed", "longest recovery")


def table(outcomes: Iterable[Outcome]) -> str:
    """A row a point; `longest recovery`: seconds from the last death until all work was done."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.kill.name].append(outcome)
    rows = [HEAD, *(_row(name, group) for name, group in groups.items())]
    everything = [o for group in groups.values() for o in group]
    rows.append(_row("in all", everything))
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join((lines[0], rule, *lines[1:-1], rule, lines[-1]))


def _row(name: str, group: list[Outcome]) -> tuple[str, ...]:
    who = sorted({v for o in group for v in o.kill.victims.split("+")})
    return (
        name,
        ", ".join(who),
        str(len(group)),
        str(sum(o.jobs for o in group)),
        str(sum(not o.ok for o in group)),
        f"{max(o.recovery for o in group):.1f} s",
    )


def failures(outcomes: Iterable[Outcome]) -> str:
    """Everything that was wrong, with what repeats it."""
    told = []
    for outcome in outcomes:
        if outcome.ok:
            continue
        kill = outcome.kill
        told.append(f"== {kill.name}:{kill.nth} ({kill.victims}, seed {kill.seed})")
        told.extend(outcome.problems)
    return "\n".join(told)
