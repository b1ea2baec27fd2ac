"""What the keys of the Queue screen ask of the engine. Each is one call of `tui.orders`, in a worker."""

from __future__ import annotations

from collections.abc import Sequence

from ainf_tui.display.format import counted
from ainf_tui.domain.documents import JobRow
from ainf_tui.domain.ids import new_id
from ainf_tui.domain.requests import JobsRequest, MoveRequest, RetryRequest
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.queue.chosen import ENDED, named, refs_of
from ainf_tui.tui.queue.removing import RemovingScreen

PRIORITY_BOUND = 100


class SteeredScreen(RemovingScreen):
    """The part of the Queue screen that steers jobs. QueueScreen is the whole."""

    # -- cancel, try again, hold --------------------------------------------------------------
    def action_cancel(self) -> None:
        rows = [row for row in self.chosen() if row.state not in ENDED]
        if not rows:
            self.none_chosen("Nothing to cancel: it has ended.")
            return
        in_background(self, self._cancel(rows), group="queue.cancel.ask")

    async def _cancel(self, rows: Sequence[JobRow]) -> None:
        running = sum(row.state == "running" for row in rows)
        what = f"Cancel {named(rows)}?"
        more: list[str] = []
        if running:
            who = "It" if len(rows) == 1 else "One of them" if running == 1 else f"{running} of them"
            more.append(f"{who} {'is' if running == 1 else 'are'} interrupted while running.")
            more.append("What has been made so far is not kept.")
        if await self.app.confirm(what, more, "Cancel the job" if len(rows) == 1 else f"Cancel {len(rows)}"):
            self.order("cancel", self.app.orders.cancel(JobsRequest(refs_of(rows))))
            self.clear_marks()

    def action_retry(self) -> None:
        self._retry("same")

    def action_retry_new_seed(self) -> None:
        self._retry("new")

    def _retry(self, seed: str) -> None:
        rows = [row for row in self.chosen() if row.state in ENDED]
        if not rows:
            self.none_chosen("It has not ended yet.", "`a` makes a new run; `c` cancels this one.")
            return
        request = RetryRequest(new_id(), refs_of(rows), seed=seed)
        self.order("retry", self.app.orders.retry(request), f"{counted(len(rows), 'job')} queued again.")
        self.clear_marks()

    def action_retry_failed(self) -> None:
        in_background(self, self._retry_failed(), group="queue.retry.ask")

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
            self.order("hold", self.app.orders.hold(JobsRequest(refs_of(free))))
        elif rows:
            self.order("hold", self.app.orders.release(JobsRequest(refs_of(rows))))
        else:
            self.none_chosen("Only a waiting job can be held.")
            return
        self.clear_marks()

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
            request = MoveRequest(
                refs_of(rows), before=ref if step < 0 else "", after=ref if step > 0 else ""
            )
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
            self.none_chosen("Only a waiting job can be moved.")
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
            self.order("move", self.app.orders.move(MoveRequest(refs_of(rows), to=end)))

    def action_raise(self) -> None:
        self._change_priority(1)

    def action_lower(self) -> None:
        self._change_priority(-1)

    def _change_priority(self, step: int) -> None:
        rows = [row for row in self.chosen() if row.state not in ENDED]
        if not rows:
            self.none_chosen("Only an open job has a priority to change.")
            return
        found = max(-PRIORITY_BOUND, min(PRIORITY_BOUND, rows[0].priority + step))
        request = MoveRequest(refs_of(rows), priority=found)
        self.order("move", self.app.orders.move(request), f"Priority {found}.")
