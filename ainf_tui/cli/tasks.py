"""Following a task of the ComfyUI manager: a line for each step, a bar for the one that runs."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.bar import meter
from ainf_tui.cli.output import Output, show
from ainf_tui.cli.tables import cells, cut
from ainf_tui.cli.watch import DetachedError, interrupts_of_user
from ainf_tui.client import Client
from ainf_tui.client.follow_task import follow_task
from ainf_tui.display.format import duration, percent
from ainf_tui.display.glyphs import colour, glyph
from ainf_tui.domain.comfyui_documents import ComfyUIDocument, StepDocument, TaskDocument

_METER = 20
_SHOWN_LINES = 5
"""Of the output of a task that failed."""
GLYPH_OF = {
    "waiting": "queued",
    "running": "running",
    "done": "succeeded",
    "skipped": "succeeded",
    "failed": "failed",
    "cancelled": "cancelled",
}
"""State of a step -> the state whose glyph and colour it has."""


class TaskReporter:
    """Tells on stderr what has changed since the last document."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._told: dict[str, str] = {}
        self._drawn = ""

    def take(self, task: TaskDocument) -> None:
        for step in task.steps:
            if step.state not in {"waiting", self._told.get(step.id)}:
                self._told[step.id] = step.state
                if step.state != "running" or not self._out.draws:
                    self.pause()
                    self._out.note(*step_line(step, unicode=self._out.unicode))
        if self._out.draws and task.state == "running":
            self._draw(task)

    def _draw(self, task: TaskDocument) -> None:
        text = task_line(task, self._out.width(self._out.stderr) - 1, unicode=self._out.unicode)
        if text != self._drawn:
            self._out.draw(f"\r{text}\x1b[K")
            self._drawn = text

    def pause(self) -> None:
        """Takes the bar away, so that something else can be written there."""
        if self._drawn:
            self._out.draw("\r\x1b[K")
            self._drawn = ""


def step_line(step: StepDocument, *, unicode: bool) -> tuple[str, str]:
    """`✓ PyTorch: 2.9.0+cu128, 1m20s`, and its colour."""
    state = GLYPH_OF.get(step.state, "unknown")
    told = f": {show(step.message, 200)}" if step.message and step.state != "running" else ""
    took = f", {duration(step.seconds)}" if step.seconds is not None and step.seconds >= 1 else ""
    text = f"{glyph(state, unicode=unicode)} {show(step.title, 60)}{told}{took}"
    return text, colour(state) if step.state in {"failed", "cancelled"} else ""


def task_line(task: TaskDocument, width: int, *, unicode: bool) -> str:
    """The step that runs, in at most `width` cells; what changes its length stands at the end."""
    step = next((step for step in task.steps if step.state == "running"), None)
    done = task.progress or 0.0
    parts = [f"{percent(done):>4}"]
    if bar := meter(done, min(_METER, width - 40), unicode=unicode):
        parts.insert(0, bar)
    if step is not None:
        parts.append(show(step.title, 40) + (f": {show(step.message, 100)}" if step.message else ""))
    text = "  ".join(parts)
    return text if cells(text) <= width else cut(text, width, "…" if unicode else "...")


async def see_through(app: App, client: Client, begun: ComfyUIDocument) -> int:
    """Follows the task that `begun` carries; the exit code of its end. Ctrl-C detaches: DetachedError."""
    if begun.task is None:
        raise TypeError("a document without a task")
    reporter = TaskReporter(app.out)
    following = asyncio.ensure_future(_follow(client, begun.task.id, reporter, quiet=app.out.json))
    try:
        with interrupts_of_user() as interrupts:
            stop = asyncio.ensure_future(interrupts.get())
            await asyncio.wait({following, stop}, return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
            if not following.done():
                reporter.pause()
                raise _detached(begun.task)
        last = following.result()
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        reporter.pause()
    return tell_end(app, last)


async def _follow(client: Client, task_id: str, reporter: TaskReporter, *, quiet: bool) -> ComfyUIDocument:
    last: ComfyUIDocument | None = None
    async with aclosing(follow_task(client, task_id)) as changes:
        async for last in changes:
            if last.task is not None and not quiet:
                reporter.take(last.task)
    if last is None:
        raise TypeError("the task was never told of")
    return last


def tell_end(app: App, last: ComfyUIDocument) -> int:
    """How it ended, and the exit code for it."""
    task = last.task
    state = task.state if task is not None else "unknown"
    code = {"succeeded": exits.OK, "running": exits.OK, "cancelled": exits.CANCELLED}.get(state, exits.FAILED)
    if app.out.json:
        app.out.emit(last)
    elif task is not None and code != exits.OK:
        _tell_failure(app.out, task)
    elif task is not None and state == "succeeded":
        app.out.note(f"{show(task.title)}: done. {summary(last)}")
    return code


def summary(found: ComfyUIDocument) -> str:
    """`ComfyUI v0.3.64 in /srv/comfyui.`"""
    return f"ComfyUI {show(found.version or found.commit[:10] or '?', 60)} in {show(found.folder)}."


def _tell_failure(out: Output, task: TaskDocument) -> None:
    for line in task.output[-_SHOWN_LINES:] if task.state == "failed" else ():
        out.note(f"  {show(line, 300)}", "dim")
    if task.problem is not None:
        out.note(f"ainf: {show(task.problem.message)}", "red")
        if task.problem.hint:
            out.note(f"  {show(task.problem.hint)}")
    else:
        out.note(f"{show(task.title)}: {task.state}. What is done stays.", "yellow")
    if task.log:
        out.note(f"  The whole output: {show(task.log)}", "dim")


def _detached(task: TaskDocument) -> DetachedError:
    return DetachedError(
        "wait.detached",
        f"detached; it goes on: {task.title}",
        hint="Come back: ainf comfyui wait\nEnd it: ainf comfyui cancel",
        details={"task": task.id},
    )
