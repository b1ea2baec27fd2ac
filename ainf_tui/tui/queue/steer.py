"""What the keys of the Queue screen ask of the engine. Each is one call of `tui.orders`, in a worker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import suppress

from ainf_tui.display.format import counted
from ainf_tui.domain.documents import JobRow, JobsDocument
from ainf_tui.domain.ids import new_id
from ainf_tui.domain.requests import ClearRequest, JobsRequest, MoveRequest, RetryRequest
from ainf_tui.errors import AinfError
from ainf_tui.tui.lines import safe
from ainf_tui.tui.queue.jobs import JobsScreen
from ainf_tui.tui.queue.removal import Removals

ENDED = frozenset({"succeeded", "failed", "cancelled"})
NAMED = 5
"""Jobs that a question names; more are counted."""
PRIORITY_BOUND = 100
LEAVE_SECONDS = 2.0
"""How long leaving waits for a removal that is on its way."""


class SteeredScreen(JobsScreen):
    """A screen with the list of jobs, as far as its keys act on the engine. QueueScreen is the whole."""

    removals: Removals

    def chosen(self) -> list[JobRow]:
        """The marked jobs in the order of the list, else the one under the cursor."""
        marks = self.table.marks
        if marks:
            return [row for row in self.rows.jobs() if row.id in marks]
        return [self.row] if self.row is not None else []

    def order(self, name: str, work: Awaitable[object], done: str = "") -> None:
        """Runs it as a worker; a failure is a toast. Not exclusive: no order undoes another."""

        async def ordered() -> None:
            try:
                found = await work
            except AinfError as error:
                self.app.tell_error(error)
                return
            if isinstance(found, JobsDocument):
                for notice in dict.fromkeys((n.message, n.hint) for n in found.notices):
                    self.app.tell(notice[0], notice[1], severity="warning")
            if done:
                self.app.tell(done)

        self.run_worker(ordered(), group=f"queue.{name}", exit_on_error=True)

    def _clear_marks(self) -> None:
        if self.table.marks:
            self.table.marks.clear()
            self.table.paint()
            self.show_title()

    def show_title(self) -> None:
        """The line above the list."""

    # -- cancel, try again, hold --------------------------------------------------------------
    def action_cancel(self) -> None:
        rows = [row for row in self.chosen() if row.state not in ENDED]
        if not rows:
            self.app.tell("Nothing to cancel: it has ended.")
            return
        self.run_worker(self._cancel(rows), group="queue.cancel.ask", exit_on_error=True)

    async def _cancel(self, rows: Sequence[JobRow]) -> None:
        running = sum(row.state == "running" for row in rows)
        what = f"Cancel {_named(rows)}?"
        more = ["What has been made so far is not kept."] if running else []
        if running:
            more.insert(0, f"{counted(running, 'job')} of them is interrupted while it runs.")
        if await self.app.confirm(what, more, "Cancel the job" if len(rows) == 1 else f"Cancel {len(rows)}"):
            self.order("cancel", self.app.orders.cancel(JobsRequest(_refs(rows))))
            self._clear_marks()

    def action_retry(self) -> None:
        self._retry("same")

    def action_retry_new_seed(self) -> None:
        self._retry("new")

    def _retry(self, seed: str) -> None:
        rows = [row for row in self.chosen() if row.state in ENDED]
        if not rows:
            self.app.tell("It has not ended yet.", "`a` makes a new run; `c` cancels this one.")
            return
        request = RetryRequest(new_id(), _refs(rows), seed=seed)
        self.order("retry", self.app.orders.retry(request), f"{counted(len(rows), 'job')} queued again.")
        self._clear_marks()

    def action_retry_failed(self) -> None:
        self.run_worker(self._retry_failed(), group="queue.retry.ask", exit_on_error=True)

    async def _retry_failed(self) -> None:
        failed = self.app.queue.failed_24h
        more = [f"{counted(failed, 'job')} failed in the last 24 hours."] if failed else []
        more.append("Those that were tried again already are left out.")
        if await self.app.confirm("Try all failed jobs again?", more, "Try again"):
            self.order("retry", self.app.orders.retry(RetryRequest(new_id(), all_failed=True)))

    def action_hold(self) -> None:
        """Holds those that are not; if all are held, releases them."""
        rows = [row for row in self.chosen() if row.state in {"queued", "submitting", "submitted"}]
        free = [row for row in rows if not row.held]
        if free:
            self.order("hold", self.app.orders.hold(JobsRequest(_refs(free))))
        elif rows:
            self.order("hold", self.app.orders.release(JobsRequest(_refs(rows))))
        else:
            self.app.tell("Only a waiting job can be held.")
            return
        self._clear_marks()

    def action_pause(self) -> None:
        orders = self.app.orders
        self.order("pause", orders.resume() if self.app.queue.paused else orders.pause())

    # -- order --------------------------------------------------------------------------------
    def action_move_up(self) -> None:
        self._move(-1)

    def action_move_down(self) -> None:
        self._move(1)

    def _move(self, step: int) -> None:
        rows = self._waiting()
        if not rows:
            return
        edge = rows[0] if step < 0 else rows[-1]
        beside = self._neighbour(edge, step, {row.id for row in rows})
        if beside is None:
            self.app.tell("It is the first already." if step < 0 else "It is the last already.")
        elif beside.priority != edge.priority:
            self.app.tell(
                f"#{beside.number} has another priority ({beside.priority}).", "`+` and `-` change it."
            )
        else:
            ref = str(beside.number)
            request = MoveRequest(_refs(rows), before=ref if step < 0 else "", after=ref if step > 0 else "")
            self.order("move", self.app.orders.move(request))

    def _neighbour(self, row: JobRow, step: int, beside: set[str]) -> JobRow | None:
        """The next waiting job above or below in the queue's own order."""
        index = self.rows.index_of(row.id)
        while index is not None and 0 <= (index := index + step) < len(self.rows):
            found = self.rows.row(self.rows.id_at(index))
            if found is not None and found.state == "queued" and found.id not in beside:
                return found if found.held == row.held else None
        return None

    def _waiting(self) -> list[JobRow]:
        rows = [row for row in self.chosen() if row.state in {"queued", "submitted"}]
        if not rows:
            self.app.tell("Only a waiting job can be moved.")
        elif self.rows.sort.by != "run order":
            self.app.tell("The list is sorted otherwise.", "`S` sorts it by the run order again.")
            return []
        return rows

    def action_move_top(self) -> None:
        self._move_to("top")

    def action_move_bottom(self) -> None:
        self._move_to("bottom")

    def _move_to(self, end: str) -> None:
        rows = self._waiting()
        if rows:
            self.order("move", self.app.orders.move(MoveRequest(_refs(rows), to=end)))

    def action_raise(self) -> None:
        self._change_priority(1)

    def action_lower(self) -> None:
        self._change_priority(-1)

    def _change_priority(self, step: int) -> None:
        rows = [row for row in self.chosen() if row.state not in ENDED]
        if not rows:
            self.app.tell("Only an open job has a priority to change.")
            return
        found = max(-PRIORITY_BOUND, min(PRIORITY_BOUND, rows[0].priority + step))
        request = MoveRequest(_refs(rows), priority=found)
        self.order("move", self.app.orders.move(request), f"Priority {found}.")

    # -- removal ------------------------------------------------------------------------------
    def action_clear(self) -> None:
        rows = [row for row in self.chosen() if row.state in ENDED]
        if not rows:
            self.app.tell("Only an ended job can be removed from the list.", "`c` cancels one that is open.")
            return
        self.run_worker(self._clear(rows), group="queue.clear.ask", exit_on_error=True)

    async def _clear(self, rows: Sequence[JobRow]) -> None:
        more = ["Their files stay where they are." if len(rows) > 1 else "Its files stay where they are."]
        title = f"Remove {_named(rows)} from the list?"
        if await self.app.confirm(title, more, "Remove"):
            self._clear_marks()
            self.removals.begin(rows)

    async def leaving(self) -> None:
        """Removals in their five seconds are meant; an engine that does not answer keeps its jobs."""
        refs = self.removals.take_all()
        if refs:
            with suppress(AinfError, TimeoutError):
                async with asyncio.timeout(LEAVE_SECONDS):
                    await self.app.orders.clear(ClearRequest(refs))

    def action_undo(self) -> None:
        count = self.removals.undo()
        self.app.tell(f"{counted(count, 'job')} back in the list." if count else "Nothing to undo.")


def _refs(rows: Sequence[JobRow]) -> tuple[str, ...]:
    return tuple(str(row.number) for row in rows)


def _named(rows: Sequence[JobRow]) -> str:
    """`#142 portrait-basic "a red bicycle"`, or how many and the first numbers."""
    if len(rows) == 1:
        row = rows[0]
        words = f' "{safe(row.prompt, 40)}"' if row.prompt else ""
        return f"#{row.number} {safe(row.pack, 40)}{words}"
    numbers = ", ".join(f"#{row.number}" for row in rows[:NAMED])
    more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
    return f"{len(rows)} jobs ({numbers}{more})"
