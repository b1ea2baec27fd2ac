"""Why a service failed, as a problem: how it ended, the last lines of its log, the known cause."""

from __future__ import annotations

from collections.abc import Sequence

from ainf_tui.domain.jobs import Problem
from ainf_tui.domain.service_causes import known_cause, last_word
from ainf_tui.domain.services import Exit, ServiceState
from ainf_tui.domain.text import visible
from ainf_tui.engine.services.parts import log
from ainf_tui.engine.services.unit import Unit
from ainf_tui.errors import AinfError

LINES = 20
_BYTES = 16_384


async def last_lines(unit: Unit, most: int = LINES) -> tuple[str, ...]:
    """Of what this start of the service has written; progress bars as they last stood."""
    if not unit.log:
        return ()
    try:
        piece = await unit.parts.logs.piece(unit.log, start=None, limit=_BYTES)
        if piece.start < unit.log_start <= piece.next:
            piece = await unit.parts.logs.piece(unit.log, start=unit.log_start, limit=_BYTES)
    except AinfError as error:
        log.warning("%s", error.message)
        return ()
    lines = (visible(line.rpartition("\r")[2], 2000) for line in piece.text.split("\n"))
    return tuple(line for line in lines if line.strip())[-most:]


def failed(unit: Unit, lines: Sequence[str]) -> Problem:
    """What to tell of the end of a service, after its standing has changed."""
    now = unit.standing
    how = now.exit or Exit()
    cause = known_cause(how, lines, unit.parts.playbook)
    said = last_word(lines)
    reason = ": ".join(part for part in (how.text, cause.message if cause else "", said) if part)
    hint = cause.hint if cause else f"`ainf services logs {unit.name}` shows what it wrote."
    details = {
        "service": unit.name,
        "exit": {"code": how.code, "signal": how.signal, "oom": how.oom},
        "log": list(lines),
        "known": cause.code if cause else "",
    }
    if now.state is ServiceState.CRASH_LOOP:
        times = now.streak + 1
        message = f"{unit.name} ended {times} times in a row, the last time with {reason}"
        hint = f"{hint.rstrip('.')}. Start it again when it is mended."
        return Problem("service.crash_loop", message, hint, details=details)
    if now.cause == "service.start_timeout":
        why = unit.last_word or "no check had passed"
        message = f"{unit.name} was not up after {unit.spec.health.start_timeout:g} s: {why}"
        return Problem("service.start_timeout", message, hint, details=details)
    return Problem("service.exited", f"{unit.name} ended: {reason}", hint, details=details)


def of_error(unit: Unit, error: AinfError) -> Problem:
    return Problem(error.code, error.message, error.hint, details={**error.details, "service": unit.name})
