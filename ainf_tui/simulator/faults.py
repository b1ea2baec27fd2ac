"""What the simulator does wrong on request: the body of `POST /sim/faults`, also given with `--fault`.

Counters say for how many of the next requests or frames a fault lasts and count down to 0. Gates are
closed for a number of seconds, or with `true` until `false`, `release` or `reset` opens them.
"""

from __future__ import annotations

import asyncio
import math
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from ainf_tui.errors import UsageError

COUNTERS = (
    "post_500",
    "post_drop",
    "duplicate",
    "reorder",
    "garble",
    "truncate_binary",
    "html",
    "redirect",
    "bad_gateway",
    "truncate_view",
    "view_404",
)
SECONDS = ("delay_accept", "delay_answer", "history_delay")
FLAGS = ("preview_off",)
GATES = ("stall", "freeze_publish", "dead_worker")
DEATHS = ("after_accept", "mid_step", "before_history", "after_history")
ACTIONS = ("half_frame", "forget_queue", "die_now", "release", "reset")
ON_SOCKETS = ("drop_sockets", "deafen")


class Gate:
    """Open, or closed for a while. Everybody who waits passes when it opens."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def closed(self) -> bool:
        return not self._open.is_set()

    def close(self, seconds: float | None = None) -> None:
        self.open()
        self._open.clear()
        if seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self.open)

    def open(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._open.set()

    async def wait(self) -> None:
        await self._open.wait()


@dataclass(slots=True)
class Settings:
    """The faults that last. Seconds of 0 and counters of 0 are off.

    `delay_accept` and `delay_answer` are for the next prompt only, `history_delay` lasts.
    `hold_at_step` stops a sampler after that step until `release` or an interrupt; `busy_class` stops
    nodes of that class until `release`, deaf to interrupts as a node without progress is.
    """

    post_500: int = 0
    post_drop: int = 0
    duplicate: int = 0
    reorder: int = 0
    garble: int = 0
    truncate_binary: int = 0
    html: int = 0
    redirect: int = 0
    bad_gateway: int = 0
    truncate_view: int = 0
    view_404: int = 0
    oom_count: int = 0
    oom_class: str = "KSampler"
    delay_accept: float = 0.0
    delay_answer: float = 0.0
    history_delay: float = 0.0
    preview_off: bool = False
    die_at: str | None = None
    hold_at_step: int | None = None
    busy_class: str | None = None


class Faults:
    """The faults now set. `killable` False refuses those that end the process."""

    def __init__(self, *, killable: bool) -> None:
        self.set = Settings()
        self.stall = Gate()
        self.freeze_publish = Gate()
        self.dead_worker = Gate()
        self.hold = Gate()
        self.busy = Gate()
        self._killable = killable

    def document(self) -> dict[str, Any]:
        """All settings and gates as JSON."""
        values: dict[str, Any] = {f.name: getattr(self.set, f.name) for f in fields(Settings)}
        gates = {name: getattr(self, name).closed for name in GATES}
        return {**values, **gates, "holding": self.hold.closed, "busy": self.busy.closed}

    def apply(self, wanted: Mapping[str, Any]) -> None:
        """Set what is named, leave the rest. Raises `UsageError` for unknown names and wrong values."""
        for name, value in wanted.items():
            self._check(name, value)
        for name, value in wanted.items():
            if name in GATES:
                self._gate(getattr(self, name), value)
            elif name == "oom":
                self.set.oom_class = str(value.get("class", "KSampler"))
                self.set.oom_count = int(value.get("count", 1))
            elif name not in (*ACTIONS, *ON_SOCKETS):
                setattr(self.set, name, value)

    def reset(self) -> None:
        """As if no fault had ever been asked for."""
        self.set = Settings()
        self.release()

    def release(self) -> None:
        """Open every gate."""
        for gate in (self.stall, self.freeze_publish, self.dead_worker, self.hold, self.busy):
            gate.open()

    def take(self, counter: str) -> bool:
        """True if the fault applies now; uses up one of its count."""
        left: int = getattr(self.set, counter)
        if left <= 0:
            return False
        setattr(self.set, counter, left - 1)
        return True

    def take_seconds(self, name: str) -> float:
        """The delay for this one request; the next has none unless it is set again."""
        seconds: float = getattr(self.set, name)
        setattr(self.set, name, 0.0)
        return seconds

    def out_of_memory(self, class_type: str) -> bool:
        return class_type == self.set.oom_class and self.take("oom_count")

    def deadly(self, moment: str) -> bool:
        """True if the process is to end at this moment."""
        return self.set.die_at == moment

    def die(self) -> None:
        """End as a kernel would end it: nothing is flushed, nothing is closed."""
        os.kill(os.getpid(), signal.SIGKILL)

    def _gate(self, gate: Gate, value: float | bool) -> None:
        if value is True:
            gate.close()
        elif not value:
            gate.open()
        else:
            gate.close(float(value))

    def _check(self, name: str, value: Any) -> None:
        if name in ("die_at", "die_now") and value and not self._killable:
            raise _bad(name, value, "this simulator shares its process with its caller")
        for names, good, wanted in RULES:
            if name in names:
                if not good(value):
                    raise _bad(name, value, f"wanted {wanted}")
                return
        known = sorted(name for names, _, _ in RULES for name in names)
        raise _bad(name, value, f"known are {', '.join(known)}")


def _moment(value: object) -> bool:
    name, _, step = str(value).partition(":")
    return name in DEATHS and (step.isdigit() if name == "mid_step" else not step)


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _class_and_count(value: object) -> bool:
    if not isinstance(value, dict) or not set(value) <= {"class", "count"}:
        return False
    return isinstance(value.get("class", ""), str) and _count(value.get("count", 1))


def _clients(value: object) -> bool:
    listed = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, bool | str) or listed


def _finite(value: object) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
    )


def _flag(value: object) -> bool:
    return isinstance(value, bool)


def _seconds_or_flag(value: object) -> bool:
    return isinstance(value, bool) or _finite(value)


def _death_or_none(value: object) -> bool:
    return value is None or _moment(value)


def _count_or_none(value: object) -> bool:
    return value is None or _count(value)


def _name_or_none(value: object) -> bool:
    return value is None or isinstance(value, str)


RULES: tuple[tuple[tuple[str, ...], Callable[[object], bool], str], ...] = (
    (COUNTERS, _count, "a whole number from 0"),
    (SECONDS, _finite, "seconds"),
    (GATES, _seconds_or_flag, "seconds, true or false"),
    ((*FLAGS, *ACTIONS), _flag, "true or false"),
    (ON_SOCKETS, _clients, "true, a client id or a list of them"),
    (("oom",), _class_and_count, '{"class": name, "count": number}'),
    (("die_at",), _death_or_none, f"one of {', '.join(DEATHS)}, mid_step as mid_step:K, or null"),
    (("hold_at_step",), _count_or_none, "a step number or null"),
    (("busy_class",), _name_or_none, "the name of a class or null"),
)


def _bad(name: str, value: object, why: str) -> UsageError:
    return UsageError(
        "simulator.bad_fault",
        f"The simulator knows no fault {name} = {value!r}: {why}.",
        hint="GET /sim/faults shows what can be set.",
    )
