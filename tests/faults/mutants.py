"""Engines with one safety taken out: `python -m tests.faults.mutants NAME engine run`.

The suite must find each of them out; a suite that does not is worth nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ainf_tui.adapters.comfy.socket import WebComfySocket
from ainf_tui.domain.jobs import Job, JobChange, JobState, Output, Problem
from ainf_tui.engine import fetch, orders, reconcile, worker
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.context import Context, Flight


def no_lookup() -> None:
    """After a doubt the job is sent again at once, under a new id, without a look whether it is there."""
    look = reconcile.look

    async def careless(backend: Backend) -> None:
        for flight in list(backend.flights.values()):
            if flight.in_doubt:
                await reconcile._not_received(backend, flight)
        await look(backend)

    worker.look = careless  # type: ignore[attr-defined]  # imported there by name


def intent_not_stored() -> None:
    """Why a prompt is taken off the server is known to this process only."""

    async def forgetful(_backend: Backend, flight: Flight, intent: Any) -> None:
        flight.attempt = replace(flight.attempt, intent=intent)

    orders._intend = forgetful  # type: ignore[assignment]  # looser types, same calls


def id_stored_after_post() -> None:
    """The claim with the prompt's id is written together with the server's answer."""
    apply = Context.apply
    claims: dict[str, tuple[JobChange, Job]] = {}

    async def late(self: Context, *changes: JobChange) -> tuple[Job, ...] | None:
        (first, *_) = changes
        if first.state is JobState.SUBMITTING:
            job = await self.db.jobs.get(first.job_id)
            if job is None or first.attempt is None:
                return None
            claims[job.id] = first, job
            claimed = replace(job, state=JobState.SUBMITTING, attempts=(*job.attempts, first.attempt))
            return (replace(claimed, backend=first.backend or ""),)
        owed = [claims.pop(c.job_id)[0] for c in changes if c.job_id in claims]
        jobs = await apply(self, *owed, *changes)
        return None if jobs is None else jobs[len(owed) :]

    Context.apply = late  # type: ignore[method-assign]  # that is what a mutant does


def path_planned_anew() -> None:
    """Each transfer looks for a free name of its own."""
    transfer = fetch._fetch

    async def wasteful(
        backend: Backend, output: Output, missing: list[Problem], *, sure: bool
    ) -> Output | None:
        anew = replace(output, path=str(fetch._free(Path(output.path), set())))
        return await transfer(backend, anew, missing, sure=sure)

    fetch._fetch = wasteful


def new_ids_as_old() -> None:
    """Whatever the server shows now counts as known from before."""

    def every(self: Backend, _moment: float) -> frozenset[str]:
        return frozenset(self.known_ids)

    Backend.known_before = every  # type: ignore[assignment,method-assign]  # as above


def open_socket_as_alive() -> None:
    """A socket that has not been closed is proof of a server that never stopped."""

    async def trusting(self: WebComfySocket, _within: float) -> bool:
        return self.connected

    WebComfySocket.answers = trusting  # type: ignore[assignment,method-assign]  # as above


MUTANTS: dict[str, Callable[[], None]] = {
    mutate.__name__: mutate
    for mutate in (
        no_lookup,
        intent_not_stored,
        id_stored_after_post,
        path_planned_anew,
        new_ids_as_old,
        open_socket_as_alive,
    )
}


def words(name: str) -> tuple[str, ...]:
    """The command line that makes a World's engines mutants; an empty name makes healthy ones."""
    return ("-m", "tests.faults.mutants", name) if name else ("-m", "ainf_tui")


if __name__ == "__main__":
    MUTANTS[sys.argv.pop(1)]()
    from ainf_tui.__main__ import main

    main()
