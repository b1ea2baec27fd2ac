"""What is told while jobs are waited for: JSON lines for programs, lines, paths and a bar for people."""

from __future__ import annotations

from collections.abc import Sequence

from ainf_tui.cli import documents
from ainf_tui.cli.app import App
from ainf_tui.cli.bar import Bar
from ainf_tui.cli.jobtext import title
from ainf_tui.cli.output import Output, show
from ainf_tui.cli.watch import OPEN, Reporter
from ainf_tui.display.format import duration
from ainf_tui.display.glyphs import colour, glyph
from ainf_tui.display.jobs import label
from ainf_tui.domain.documents import JobDocument, OutputDocument, ProblemDocument


class JsonReporter:
    """`ainf.run/1` lines on stdout; the last one is the result."""

    def __init__(self, out: Output, bar: Bar | None) -> None:
        self._out = out
        self._bar = bar

    def state(self, job: JobDocument, *, first: bool) -> None:
        del first
        self._line(documents.StateLine.of(job))

    def progress(self, job: JobDocument, jobs: Sequence[JobDocument]) -> None:
        if job.progress is not None:
            self._line(documents.ProgressLine.of(job))
        if self._bar is not None:
            self._bar.show(job, jobs)

    def output(self, job: JobDocument, output: OutputDocument) -> None:
        self._line(documents.OutputLine(job=job.number, id=job.id, output=output))

    def warning(self, job: JobDocument, problem: ProblemDocument) -> None:
        self._line(documents.WarningLine(job=job.number, id=job.id, warning=problem))

    def pause(self) -> None:
        if self._bar is not None:
            self._bar.clear()

    def result(self, jobs: Sequence[JobDocument]) -> None:
        self.pause()
        self._line(documents.ResultLine(jobs=tuple(jobs)))

    def _line(self, line: documents.RunLine) -> None:
        self._out.emit(line, pretty=False)


class TextReporter:
    """Paths of finished files on stdout, all else on stderr.

    With a bar only ends and warnings get a line of their own; without one each change does.
    """

    def __init__(self, out: Output, bar: Bar | None) -> None:
        self._out = out
        self._bar = bar
        self._blocked = ""
        self._warned: set[tuple[str, str]] = set()

    def state(self, job: JobDocument, *, first: bool) -> None:
        if self._told_before(job):
            return
        if first and job.state == "queued" and not job.blocked and not job.held:
            return
        if self._bar is not None and job.state in OPEN and not job.blocked:
            return
        self.pause()
        name = label(job)
        mark = glyph(name, unicode=self._out.unicode)
        self._out.note(f"{mark} {title(job)} {name}{_tail(job)}", colour(name))
        if job.error is not None and job.error.hint:
            self._out.note(f"  {show(job.error.hint)}")
        elif job.blocked and job.state in OPEN:
            by_itself = "It goes on by itself when that has changed; " if job.state != "running" else ""
            self._out.note(f"  {by_itself}`ainf status` tells what to do.")

    def _told_before(self, job: JobDocument) -> bool:
        """Whether this job waits for what the last line said already; a hundred jobs wait in one line."""
        if job.state not in OPEN:
            return False
        before, self._blocked = self._blocked, job.blocked or ""
        return bool(job.blocked) and job.blocked == before

    def progress(self, job: JobDocument, jobs: Sequence[JobDocument]) -> None:
        if self._bar is not None:
            self._bar.show(job, jobs)

    def output(self, job: JobDocument, output: OutputDocument) -> None:
        del job
        self.pause()
        self._out.line(show(output.path) if self._out.interactive else output.path)

    def warning(self, job: JobDocument, problem: ProblemDocument) -> None:
        """The same words for another job of the batch are not told again; `queue show` has them."""
        if (problem.code, problem.message) in self._warned:
            return
        self._warned.add((problem.code, problem.message))
        self.pause()
        mark = glyph("warning", unicode=self._out.unicode)
        self._out.note(f"{mark} {title(job)} {show(problem.message)}", "yellow")
        if problem.hint:
            self._out.note(f"  {show(problem.hint)}")

    def pause(self) -> None:
        if self._bar is not None:
            self._bar.clear()

    def result(self, jobs: Sequence[JobDocument]) -> None:
        self.pause()
        if len(jobs) > 1:
            counts = {
                state: sum(job.state == state for job in jobs)
                for state in ("succeeded", "failed", "cancelled")
            }
            told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
            self._out.note(f"{len(jobs)} jobs: {told or 'none ended'}.")


def _tail(job: JobDocument) -> str:
    """What is worth saying besides the state: why it failed or waits, how long it took, where it is."""
    if job.error is not None:
        node = f"{show(job.error.node.title, 60)}: " if job.error.node is not None else ""
        return f": {node}{show(job.error.message)}"
    if job.blocked and job.state in OPEN:
        return f": {show(job.blocked)}"
    if job.state not in OPEN:
        return f" in {duration(job.elapsed)}" if job.elapsed is not None else ""
    where = f" on {show(job.backend, 60)}" if job.backend else ""
    return f"{where}, attempt {job.attempt}" if job.attempt > 1 else where


def reporter(app: App) -> Reporter:
    """The reporter for this terminal and `--json`."""
    bar = Bar(app.out) if app.out.draws else None
    return JsonReporter(app.out, bar) if app.out.json else TextReporter(app.out, bar)
