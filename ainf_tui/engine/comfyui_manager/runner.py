"""Runs one task at a time, step by step, and tells how it goes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from ainf_tui.domain.comfyui_task import (
    Step,
    StepState,
    Task,
    TaskState,
    begin_step,
    end_step,
    finish,
    interrupted,
    with_line,
)
from ainf_tui.domain.documents import ProblemDocument
from ainf_tui.domain.errors import reports
from ainf_tui.domain.ids import new_id
from ainf_tui.domain.ports import Clock
from ainf_tui.domain.ports_comfyui import Report, TaskRecords
from ainf_tui.errors import AinfError, ConflictError

PUBLISH_EVERY = 0.25
"""Seconds: front ends are told at most four times a second."""
_log = logging.getLogger("ainf.engine.comfyui")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step ended well. `skipped`: there was nothing to do."""

    message: str = ""
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """A step that can be carried out."""

    id: str
    title: str
    weight: float
    do: Callable[[Report], Awaitable[Outcome]]


class TaskRunner:
    """`changed(ended)` is called after changes of `task`; `name_task` tells the tools whom they work for."""

    def __init__(
        self,
        records: TaskRecords,
        clock: Clock,
        changed: Callable[[bool], Awaitable[None]],
        name_task: Callable[[str], None],
        report: reports.Report,
    ) -> None:
        self._report = report
        self._records = records
        self._clock = clock
        self._changed = changed
        self._name_task = name_task
        self._running: asyncio.Task[None] | None = None
        self._cancel_asked = False
        self._lines: list[str] = []
        self._dirty = False
        self._ended = float("-inf")
        self.task: Task | None = None

    @property
    def busy(self) -> bool:
        return self._running is not None and not self._running.done()

    @property
    def idle_since(self) -> float | None:
        """Monotonic; None while a task runs."""
        return None if self.busy else self._ended

    async def restore(self) -> None:
        """The last task of an earlier engine; what it left running is ended, and can be resumed."""
        task = await self._records.load()
        if task is not None and task.state is TaskState.RUNNING:
            count = await self._records.end_leftovers(task.id)
            if count:
                _log.warning("%d processes of an interrupted task were ended: %s", count, task.title)
            task = interrupted(task, self._clock.now())
            await self._records.save(task)
        self.task = task

    def refuse_busy(self) -> None:
        """ConflictError `comfyui.busy` while a task runs."""
        if self.busy and self.task is not None:
            raise ConflictError(
                "comfyui.busy",
                f"another task runs: {self.task.title}",
                hint="Wait for its end (`ainf comfyui`), or end it: `ainf comfyui cancel`.",
                details={"task": self.task.id},
            )

    async def start(self, kind: str, title: str, works: Sequence[Work]) -> None:
        """Begins it; raises what `refuse_busy` raises."""
        self.refuse_busy()
        now = self._clock.now()
        task_id = f"{now:%Y%m%d-%H%M%S}-{new_id()[-6:]}"
        self.task = Task(
            id=task_id,
            kind=kind,
            title=title,
            steps=tuple(Step(work.id, work.title, work.weight) for work in works),
            started_at=now,
            log=self._records.log_path(task_id),
        )
        self._cancel_asked = False
        self._name_task(task_id)
        # From here on nothing is awaited before it counts as busy: two requests cannot both get through.
        self._running = asyncio.create_task(self._run(works), name=f"comfyui {kind}")
        await self._changed(False)

    async def cancel(self) -> None:
        """Ends the task and its processes; what is done stays. ConflictError `comfyui.no_task`."""
        if not self.busy or self._running is None:
            raise ConflictError(
                "comfyui.no_task", "there is nothing to cancel: no task runs", hint="`ainf comfyui` shows it."
            )
        self._cancel_asked = True
        await self._stop(self._running)

    async def aclose(self) -> None:
        """The engine ends: the task is interrupted, and the next engine may go on with it."""
        if self._running is not None:
            await self._stop(self._running)

    async def wait(self) -> None:
        """Until no task runs."""
        if self._running is not None:
            await asyncio.wait({self._running})

    async def _stop(self, running: asyncio.Task[None]) -> None:
        if not running.cancelling():  # A second blow would hit it while it writes down how it ended.
            running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    # -- one task ----------------------------------------------------------------------------------
    async def _run(self, works: Sequence[Work]) -> None:
        telling = asyncio.create_task(self._tell())
        state, problem = TaskState.FAILED, None
        try:
            for work in works:
                await self._step(work)
            state = TaskState.SUCCEEDED
        except AinfError as error:
            problem = ProblemDocument(error.code, error.message, error.hint, details=error.details)
        except asyncio.CancelledError:
            state = TaskState.CANCELLED if self._cancel_asked else TaskState.INTERRUPTED
        except Exception as error:  # noqa: BLE001 - a bug in a step ends the task, not the engine
            _log.exception("a task failed by a mistake of ours")
            problem = ProblemDocument("comfyui.bug", f"this is a fault in ainf: {error!r}")
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
            await self._finish(state, problem)

    async def _step(self, work: Work) -> None:
        self._change(lambda task: begin_step(task, work.id, self._clock.monotonic()))
        await self._save()
        end, message = StepState.FAILED, ""
        try:
            outcome = await work.do(lambda line: self._line(work.id, line))
            end = StepState.SKIPPED if outcome.skipped else StepState.DONE
            message = outcome.message
        except AinfError as error:
            message = error.message
            raise
        except asyncio.CancelledError:
            end = StepState.CANCELLED
            raise
        finally:
            self._change(lambda task: end_step(task, work.id, self._clock.monotonic(), end, message))

    def _line(self, step_id: str, line: str) -> None:
        self._lines.append(line)
        self._change(lambda task: with_line(task, step_id, line))

    def _change(self, change: Callable[[Task], Task]) -> None:
        if self.task is not None:
            self.task = change(self.task)
            self._dirty = True

    async def _finish(self, state: TaskState, problem: ProblemDocument | None) -> None:
        at = self._clock.now()
        self._ended = self._clock.monotonic()
        if state is TaskState.INTERRUPTED:
            self._change(lambda task: interrupted(task, at))
        else:
            self._change(lambda task: finish(task, state, at, problem))
        if self.task is not None and problem is not None:
            self._lines.append(f"{problem.code}: {problem.message}")
            self.task = replace(self.task, problem=problem)
            if (report := reports.of_task(self.task, at)) is not None:
                self._report(report)
        await self._flush()
        await self._save()
        await self._changed(True)

    async def _tell(self) -> None:
        while True:
            await self._clock.sleep(PUBLISH_EVERY)
            if self._dirty:
                self._dirty = False
                await self._flush()
                await self._changed(False)

    async def _flush(self) -> None:
        lines, self._lines = tuple(self._lines), []
        if lines and self.task is not None:
            await self._records.write(self.task.id, lines)

    async def _save(self) -> None:
        if self.task is not None:
            await self._records.save(self.task)
