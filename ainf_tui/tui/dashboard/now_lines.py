"""What the box does now, and whether all is well, as lines. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ainf_tui.display.format import counted, percent, rate, remaining
from ainf_tui.display.jobs import label
from ainf_tui.domain.documents import HealthDocument, JobDocument, QueueDocument
from ainf_tui.tui.lines import Line, cut_line, fit, safe, spread
from ainf_tui.tui.link import LIVE, Link
from ainf_tui.tui.signs import Signs

Key = Callable[[str], str]
"""How people write the key of an action."""
_FIRST = ("running", "fetching", "submitted", "submitting")


# -- is it well -------------------------------------------------------------------------------------
def status_lines(link: Link, health: HealthDocument, cells: int, signs: Signs) -> list[Line]:
    """The verdict, then each reason with what to do about it; one line where all is well."""
    if link.state != LIVE:
        hint: Line = ((f"  {safe(link.hint, 300)}", "muted"),) if link.hint else ()
        words = safe(link.message, 300) or "looking for the engine ..."
        return [cut_line(((f"{signs.of('unknown')} ", "muted"), (words, ""), *hint), cells)]
    if not health.overall:
        return [((f"{signs.of('unknown')} looking ...", "muted"),)]
    if not health.reasons:
        sign = (f"{signs.of(safe(health.overall, 20))} ", Signs.style(health.overall))
        return [
            cut_line(
                (sign, ("all is well" if health.overall == "ok" else safe(health.overall, 20), "")), cells
            )
        ]
    lines: list[Line] = []
    for reason in health.reasons:
        sign = (f"{signs.of(safe(reason.severity, 20))} ", Signs.style(reason.severity))
        hint = ((f"   {safe(reason.hint, 300)}", "muted"),) if reason.hint else ()
        lines.append(cut_line((sign, (safe(reason.message, 300), ""), *hint), cells))
    return lines


def fewer(lines: Sequence[Line], most: int, cells: int) -> list[Line]:
    """At most so many lines; what is left out is counted in the last."""
    if len(lines) <= most or most <= 0:
        return list(lines[: max(0, most)])
    left = len(lines) - most
    return [*lines[: most - 1], spread(lines[most - 1], ((f"and {left} more", "muted"),), cells)]


# -- what runs --------------------------------------------------------------------------------------
def first_of(active: Sequence[JobDocument]) -> JobDocument | None:
    """The job that NOW tells of: the one that runs, else the one that is nearest to it."""
    ranked = [job for job in active if job.state in _FIRST]
    return min(ranked, key=lambda job: (_FIRST.index(job.state), job.number), default=None)


def now_lines(
    active: Sequence[JobDocument], queue: QueueDocument, cells: int, signs: Signs, key: Key
) -> list[Line]:
    """Three lines at most: the job, how far it is, what follows."""
    job = first_of(active)
    rest = _rest(queue, job, key)
    if job is None:
        return [cut_line(line, cells) for line in rest]
    return [cut_line(line, cells) for line in [_job(job, cells), _progress(job, cells, signs), *rest]]


def _job(job: JobDocument, cells: int) -> Line:
    words = safe(" ".join(str(job.prompt or job.params.get("prompt") or "").split()), 400)
    parts: list[tuple[int, Line]] = [
        (1, ((f"#{job.number}", "muted"),)),
        (0, ((safe(job.pack or job.preset, 60), "strong"),)),
        (2, ((safe(job.character, 60), ""),) if job.character else ()),
        (0, ((words, ""),)),
    ]
    return fit(parts, cells)


def _progress(job: JobDocument, cells: int, signs: Signs) -> Line:
    """`KSampler 14/30  ████░░░  58%  2.1 it/s  0:21`; the right side keeps its place."""
    name = safe(label(job), 20)
    node = safe(job.node.title, 40) if job.node is not None else ""
    step = f" {job.step}/{job.steps}" if job.step is not None and job.steps else ""
    left: Line = ((node or f"{signs.of(name)} {name}", ""), (step, "muted"))
    right = f"{percent(job.progress) if job.progress is not None else '':>5}"
    if cells >= 60:
        right += f"  {rate(job.rate):>9}"
    right += f"  {remaining(job.eta) if job.eta is not None else '':>7}"
    given = min(24, max(8, cells // 3))
    head = fit([(0, left)], given, 1)
    gap = " " * (given - sum(len(text) for text, _ in head) + 1) if cells > given else ""
    room = max(0, cells - given - len(right) - 1)
    bar = signs.bar(job.progress, room)
    return (*head, (gap, ""), (bar, "ok" if job.progress is not None else "muted"), (right, ""))


def _rest(queue: QueueDocument, job: JobDocument | None, key: Key) -> list[Line]:
    waiting = queue.queued + queue.submitted
    lines: list[Line] = []
    if queue.paused:
        lines.append(
            (
                ("The queue is paused.  ", "warning"),
                *_press(key, "app.queue", "queue.pause"),
                ("resumes it", ""),
            )
        )
    parts = [f"{waiting} queued"] if waiting else []
    parts += [f"{queue.held} held"] if queue.held else []
    if parts:
        eta = f": {remaining(queue.eta)}" if queue.eta is not None and queue.eta >= 1 else ""
        lines.append(
            ((("then " if job is not None else "") + ", ".join(parts) + eta, "" if waiting else "muted"),)
        )
    elif job is not None:
        lines.append((("nothing waits behind it", "muted"),))
    elif not queue.paused:
        done = f"   {counted(queue.succeeded_24h, 'job')} made in 24 h" if queue.succeeded_24h else ""
        lines.append(
            (
                ("Nothing is queued.  ", ""),
                *_press(key, "app.queue", "queue.new_run"),
                ("makes a new run", ""),
                (done, "muted"),
            )
        )
    return lines


def _press(key: Key, *actions: str) -> Line:
    """`2 then a `: keys one after the other."""
    spans: list[tuple[str, str]] = []
    for action in actions:
        spans += [(" then ", "muted")] if spans else []
        spans.append((key(action), "key"))
    return (*spans, (" ", ""))
