"""Whether the box is well: one verdict with its reasons, worst first, kept current for every front end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

from ainf_tui.domain.documents import BackendDocument, HealthDocument, ReasonDocument
from ainf_tui.domain.jobs import JobState, Problem
from ainf_tui.engine.context import Context
from ainf_tui.engine.health_checks import check_reasons
from ainf_tui.engine.health_comfyui import comfyui_reasons
from ainf_tui.engine.health_errors import error_reasons
from ainf_tui.engine.health_host import host_reasons
from ainf_tui.engine.health_services import service_reasons
from ainf_tui.store import State

LOOK_EVERY = 15.0
"""Seconds between two looks at the user's files."""


_STUCK: dict[str, str] = {JobState.FETCHING: "job.not_fetched", JobState.RUNNING: "job.stalled"}
_STUCK_HINTS = {
    "job.not_fetched": "`ainf queue show {0}` tells more; `ainf queue cancel {0}`, twice, gives it up",
    "job.stalled": "`ainf logs` may tell what it does; `ainf queue cancel {0}` ends it; where ComfyUI "
    "does not heed that, restart it (`ainf comfyui restart`)",
}


class Health:
    """Keeps the topic `health`. `look` reads the user's files and tells what is wrong; it blocks."""

    def __init__(self, ctx: Context, look: Callable[[], Sequence[Problem]]) -> None:
        self._ctx = ctx
        self._look = look
        self._flaws: Sequence[Problem] | None = None

    async def run(self) -> None:
        """Looks now and then; what changes in between comes by `update`."""
        while True:
            self._flaws = await asyncio.to_thread(self._look)
            self.update()
            await self._ctx.clock.sleep(LOOK_EVERY)

    def update(self) -> None:
        """A verdict from what is known now; none before the first look at the machine and the files."""
        store = self._ctx.store
        if self._flaws is not None and store.state.host.sampled_at is not None:
            store.update(health=judge(store.state, self._flaws, self._ctx.tuning.disk_free))


def judge(state: State, flaws: Sequence[Problem], disk_free: int) -> HealthDocument:
    """`flaws` is what is wrong with the user's files; `disk_free`: bytes below which a disk is low."""
    own = tuple(ReasonDocument(p.code, "warning", p.message, p.hint) for p in flaws)
    reasons = (*_reasons(state, disk_free), *own)
    severities = {reason.severity for reason in reasons}
    overall = "error" if "error" in severities else "warning" if "warning" in severities else "ok"
    return HealthDocument(overall, reasons, state.host.name)


def _reasons(state: State, disk_free: int) -> Iterator[ReasonDocument]:
    """Everything that is not well, worst first."""
    found = (
        *_all_reasons(state),
        *host_reasons(state.host, disk_free),
        *check_reasons(state.checks),
    )
    yield from sorted(found, key=lambda r: ("error", "warning", "info").index(r.severity))


def _all_reasons(state: State) -> Iterator[ReasonDocument]:
    if not state.database.reachable:
        yield ReasonDocument(
            "database.unreachable",
            "error",
            f"the database does not answer: {state.database.message}",
            "see `ainf db info`",
        )
    down = [b for b in state.backends if not b.reachable]
    none_left = len(down) == len(state.backends)
    if none_left:
        yield ReasonDocument(
            "backend.none_reachable",
            "error",
            "no backend answers" if state.backends else "no backend is configured",
            "start ComfyUI (`ainf up`), or name its address: AINF_COMFYUI_URL=http://HOST:8188, or "
            "[backends.NAME] url in the file that `ainf config path` prints; `ainf simulator` stands in "
            "for one",
        )
    for backend in down:
        yield ReasonDocument(
            "backend.unreachable",
            "info" if none_left else "warning",
            f"backend {backend.name}{_where(backend)}: {backend.message}",
            backend.hint,
        )
    yield from service_reasons(state.services)
    yield from comfyui_reasons(state.comfyui, state.services)
    yield from error_reasons(state.errors)
    yield from _link_reasons(state)
    yield from _job_reasons(state)
    if state.queue.paused:
        yield ReasonDocument("queue.paused", "info", "the queue is paused", "`ainf queue resume` goes on")


def _where(backend: BackendDocument) -> str:
    return "" if backend.url in backend.message else f" at {backend.url}"


def _job_reasons(state: State) -> Iterator[ReasonDocument]:
    """Results that cannot be brought home, and prompts that tell nothing; the same reason once."""
    stuck: dict[tuple[str, str], list[int]] = {}
    for job in state.active:
        code = _STUCK.get(job.state)
        if code and job.blocked:
            stuck.setdefault((code, job.blocked), []).append(job.number)
    for (code, reason), numbers in stuck.items():
        first, more = min(numbers), f" and {len(numbers) - 1} more" if len(numbers) > 1 else ""
        hint = _STUCK_HINTS[code].format(first)
        yield ReasonDocument(code, "warning", f"job {first}{more}: {reason}", hint)


def _link_reasons(state: State) -> Iterator[ReasonDocument]:
    for backend in state.backends:
        if not backend.reachable:
            continue
        if not backend.connected:
            yield ReasonDocument(
                "backend.no_websocket",
                "warning",
                f"backend {backend.name} answers, but its websocket is not open",
                "progress comes by polling meanwhile; a proxy in between must let websockets through",
            )
        elif backend.message:
            yield ReasonDocument(
                "backend.link", "warning", f"backend {backend.name}: {backend.message}", backend.hint
            )
