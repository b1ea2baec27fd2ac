"""What the app costs from its start until a person has moved in its list, against the floor and its peers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from benchmarks.figures import Figure, Lab, Row
from benchmarks.rounds import Read, against, best, sittings
from benchmarks.sitting import Sitting

MB = 1e-6
TEXTUAL_PEERS = ("textual-demo", "posting", "harlequin", "toolong")
Measure = Callable[[Lab], Awaitable[Figure]]


def _against(other: str, read: Read, unit: str, scale: float = 1.0) -> Measure:
    async def measure(lab: Lab) -> Figure:
        return against(await sittings(lab), other, read, unit, scale)

    return measure


def _against_textual(read: Read, unit: str) -> Measure:
    """Against the best of those peers that are made with the same library."""

    async def measure(lab: Lab) -> Figure:
        rounds = await sittings(lab)
        other = best(rounds, TEXTUAL_PEERS, read)
        figure = against(rounds, other, read, unit)
        return Figure(figure.value, f"the best is {other}; {figure.note}", figure.details)

    return measure


def _complete(sat: Sitting) -> float:
    return sat.start.complete


def _stable(sat: Sitting) -> float:
    return sat.start.stable


def _cpu(sat: Sitting) -> float:
    return sat.start.cpu


def _bytes(sat: Sitting) -> float:
    return sat.start.bytes


def _pss(sat: Sitting) -> float:
    return sat.start.pss


def _idle(sat: Sitting) -> float:
    return sat.idle.percent


def _idle_bytes(sat: Sitting) -> float:
    return sat.idle.bytes


def _wakeups(sat: Sitting) -> float:
    return sat.idle.wakeups


def _key(sat: Sitting) -> float:
    return sat.keys.p50


def _key_p95(sat: Sitting) -> float:
    return sat.keys.p95


def _settled(sat: Sitting) -> float:
    return sat.keys.settled_p50


ROWS = (
    Row("app-first", "first complete screen / floor's", 1.5, "x", _against("floor", _complete, "s")),
    Row("app-first-peers", "... / the best Textual peer's", 0.75, "x", _against_textual(_complete, "s")),
    Row("app-stable", "stable first screen / floor's", 2, "x", _against("floor", _stable, "s")),
    Row("app-cpu", "CPU until stable / floor's", 2, "x", _against("floor", _cpu, "s")),
    Row("app-bytes", "bytes until stable / floor's", 1.3, "x", _against("floor", _bytes, "kB", 1e-3)),
    Row("app-memory", "memory (PSS) / floor's", 1.6, "x", _against("floor", _pss, "MB", MB)),
    Row("app-idle", "CPU when idle / floor-live's", 1.5, "x", _against("floor-live", _idle, "%")),
    Row("app-idle-htop", "... / htop's", 1, "x", _against("htop", _idle, "%")),
    Row(
        "app-idle-bytes",
        "bytes when idle / floor-live's",
        0.3,
        "x",
        _against("floor-live", _idle_bytes, "B/s"),
    ),
    Row("app-idle-btop", "... / btop's", 0.5, "x", _against("btop", _idle_bytes, "B/s")),
    Row("app-wakeups", "wakeups when idle / floor's", 2.5, "x", _against("floor", _wakeups, "/s")),
    Row("app-key", "key in a list, median / floor's", 1.5, "x", _against("floor", _key, "ms")),
    Row("app-key-p95", "... 95th percentile / floor's", 2, "x", _against("floor", _key_p95, "ms")),
    Row("app-settled", "key until all is still / floor's", 2, "x", _against("floor", _settled, "ms")),
)
