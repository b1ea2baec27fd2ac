"""The job in detail as lines: what stands above its picture and what below. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby

from ainf_tui.display.format import counted, duration, percent, rate, remaining, span
from ainf_tui.display.jobs import label
from ainf_tui.domain.documents import (
    JobDetailDocument,
    JobDocument,
    JobRow,
    NodeProgressDocument,
    ProblemDocument,
)
from ainf_tui.frozen import frozen
from ainf_tui.tui.lines import Line, Span, cut_line, fit, line_width, safe, safe_lines, spread, wrap
from ainf_tui.tui.queue.detail_facts import Fact, attempts, made_of, origin, outputs, parameters, times
from ainf_tui.tui.signs import Signs

NODE_LINES = 3
"""Lines that the nodes of a graph take at most above the picture."""
ERROR_LINES = 12
"""Lines of an error's message while it is folded."""
_NODE_GLYPHS = {
    "pending": "queued",
    "running": "running",
    "finished": "succeeded",
    "cached": "succeeded",
    "failed": "failed",
    "interrupted": "cancelled",
}
_LIBRARIES = ("site-packages", "dist-packages", "/lib/python", "\\lib\\")
"""Parts of the paths of code that is not ComfyUI's or a custom node's own."""


@frozen
class Seen:
    """What is known of one job: its row at once, `detail` once it has come, `live` while on a server."""

    row: JobRow
    detail: JobDetailDocument | None = None
    live: JobDocument | None = None
    unfolded: bool = False
    error: str = ""
    """Why the detail could not be read."""

    @property
    def job(self) -> JobDocument | None:
        """The newest whole document there is."""
        told = self.detail.job if self.detail is not None else None
        if self.live is None or (told is not None and told.revision > self.live.revision):
            return told
        return self.live

    @property
    def stated(self) -> JobRow | JobDocument:
        """What tells the state: the newest of all."""
        job = self.job
        return job if job is not None and job.revision >= self.row.revision else self.row


# -- above the picture ------------------------------------------------------------------------------
def head_lines(seen: Seen, cells: int, signs: Signs, now: datetime | None = None) -> list[Line]:
    """Title, state or progress, the graph's nodes. Every line has at most `cells` cells."""
    now = now or datetime.now(UTC)
    lines = [_title(seen.row, cells), *_state(seen, cells, signs, now)]
    nodes = node_lines(seen, cells, signs)
    if len(nodes) > NODE_LINES:
        nodes = [
            *nodes[: NODE_LINES - 1],
            cut_line((*nodes[NODE_LINES - 1], (f" {signs.ellipsis}", "")), cells),
        ]
    return [cut_line(line, cells) for line in [*lines, *nodes]]


def _title(row: JobRow, cells: int) -> Line:
    left: list[Span] = [(safe(row.pack or row.preset, 80), "strong")]
    if row.character:
        left += [("  ", ""), (safe(row.character, 60), "")]
    return spread(tuple(left), ((f"#{row.number}", "muted"),), cells)


def _state(seen: Seen, cells: int, signs: Signs, now: datetime) -> list[Line]:
    stated = seen.stated
    name = safe(label(stated), 20)
    word: Line = ((f"{signs.of(name)} {name}", Signs.style(name)),)
    if stated.finished_at is not None:
        parts: list[tuple[int, Line]] = [(0, word)]
        if stated.elapsed is not None:
            parts.append((1, ((f"in {duration(stated.elapsed)}", ""),)))
        parts.append((2, ((f"{_ago(stated.finished_at, now)} ago", "muted"),)))
        return [fit(parts, cells)]
    if stated.state not in {"running", "fetching"}:
        return [fit([(0, word), *_waiting(seen)], cells)]
    return [_progress(seen, word, cells), _bar(seen, cells, signs)]


def _ago(moment: datetime, now: datetime) -> str:
    """As the list's ages: below a minute in steps, so that a job at rest paints nothing."""
    seconds = max(0.0, (now - moment).total_seconds())
    return span(seconds if seconds >= 60 else seconds // 10 * 10)


def _waiting(seen: Seen) -> list[tuple[int, Line]]:
    job, row = seen.job, seen.row
    eta, position = (job.eta, job.position) if job is not None else (row.eta, row.position)
    parts: list[tuple[int, Line]] = []
    if position is not None:
        parts.append((1, ((f"{position - 1} before it" if position > 1 else "next", ""),)))
    if eta is not None:
        parts.append((2, ((f"eta {remaining(eta)}", ""),)))
        parts.append((3, _basis(job)))
    return parts


def _basis(job: JobDocument | None) -> Line:
    return ((f"by {safe(job.eta_basis, 80)}", "muted"),) if job is not None and job.eta_basis else ()


def _progress(seen: Seen, word: Line, cells: int) -> Line:
    """`KSampler  14/30   2.1 it/s   0:21  by 12 runs`; the state's word while no node runs."""
    job, row = seen.job, seen.row
    name = job.node.title if job is not None and job.node is not None else row.node
    told = job if job is not None else row
    left: list[tuple[int, Line]] = [(0, ((safe(name, 80), "accent"),) if name else word)]
    if told.step is not None and told.steps:
        left.append((1, ((f"{told.step}/{told.steps}", ""),)))
    if rate(told.rate):
        left.append((3, ((rate(told.rate), ""),)))
    if told.eta is not None:
        left.append((2, ((remaining(told.eta), ""),)))
        left.append((4, _basis(job)))
    if label(told) == "cancelling":
        left.insert(0, (0, word))
    return fit(left, cells)


def _bar(seen: Seen, cells: int, signs: Signs) -> Line:
    told = seen.job or seen.row
    shown = percent(told.progress) if told.progress is not None else signs.unknown
    return ((signs.bar(told.progress or 0.0, max(1, cells - 5)), "ok"), (f" {shown:>4}", ""))


def node_lines(seen: Seen, cells: int, signs: Signs) -> list[Line]:
    """The graph's nodes with their states, as many to a line as there is room for."""
    lines: list[list[Span]] = []
    room = 0
    for part in _nodes(seen, signs):
        taken = line_width(part)
        if lines and taken + 3 <= room:
            lines[-1] += [("   ", ""), *part]
            room -= taken + 3
        else:
            lines.append(list(part))
            room = cells - taken
    return [cut_line(tuple(line), cells) for line in lines]


def _nodes(seen: Seen, signs: Signs) -> Iterator[Line]:
    """Neighbours of the same title and state are one part with their number."""
    if seen.detail is None:
        return
    nodes = [_now(node, seen.live) for node in seen.detail.nodes]
    for (title, state, steps), same in groupby(nodes, lambda node: (node.title, node.state, _steps(node))):
        count = len(list(same))
        times = f" {signs.times}{count}" if count > 1 else ""
        glyph = _NODE_GLYPHS.get(state, "unknown")
        look = {"running": "accent", "failed": "error"}.get(state, "muted" if state != "finished" else "")
        yield (
            (signs.of(glyph), Signs.style(glyph) if state != "cached" else "muted"),
            (f" {safe(title, 40)}{times}", look),
            (" cached" if state == "cached" else steps, "muted"),
        )


def _now(node: NodeProgressDocument, live: JobDocument | None) -> NodeProgressDocument:
    """What the topic tells is newer than what was fetched: its node runs, and no other does."""
    if live is None or live.node is None or live.finished_at is not None:
        return node
    if node.id == live.node.id:
        return NodeProgressDocument(
            node.id, node.title, node.cls, "running", float(live.step or 0), float(live.steps or 0)
        )
    if node.state == "running":
        return NodeProgressDocument(node.id, node.title, node.cls, "finished", node.max, node.max)
    return node


def _steps(node: NodeProgressDocument) -> str:
    return f" {node.value:g}/{node.max:g}" if node.state == "running" and node.max > 1 else ""


# -- below (or beside) it ---------------------------------------------------------------------------
def body_lines(seen: Seen, cells: int, signs: Signs, now: datetime | None = None) -> list[Line]:
    """Everything else, most urgent first. Every line has at most `cells` cells."""
    now = now or datetime.now(UTC)
    lines: list[Line] = []
    job, detail = seen.job, seen.detail
    for block in (
        _error(seen, cells, signs),
        _blocked(job, cells),
        _warnings(job, cells, signs),
        _words(seen, cells),
        two_columns(parameters(seen.row, job, detail, signs), cells),
        _section("OUTPUTS", outputs(job, cells, signs)),
        _section("ATTEMPTS", attempts(job, cells, signs, now) if job is not None else []),
        _section("TIMES", two_columns(times(seen.row, job, signs, now), cells)),
        _section("ORIGIN", two_columns([*origin(seen.row, job), *made_of(detail, job, signs)], cells)),
        [] if detail is not None else _wrapped(_missing(seen), cells, "muted"),
    ):
        if block and lines:
            lines.append(())
        lines += block
    return [cut_line(line, cells) for line in lines]


def _missing(seen: Seen) -> str:
    return f"The rest could not be read: {safe(seen.error, 300)}" if seen.error else "Reading the rest ..."


def _section(name: str, lines: Sequence[Line]) -> list[Line]:
    return [((name, "title"),), *lines] if lines else []


def _error(seen: Seen, cells: int, signs: Signs) -> list[Line]:
    job = seen.job
    if job is None or job.error is None:
        told = seen.row.error
        return _wrapped(told, cells, "error") if told else []
    lines = _problem(job.error, cells, f"{signs.of('failed')} ", "error", folded=not seen.unfolded)
    return lines + _traceback(job.error, cells, signs, unfolded=seen.unfolded)


def _problem(
    problem: ProblemDocument, cells: int, mark: str, look: str, *, folded: bool = True
) -> list[Line]:
    """Message, where it happened, its cause and what can be done; the code stands last."""
    lines: list[Line] = []
    said = [part for text in safe_lines(problem.message) for part in wrap(text, max(1, cells - len(mark)))]
    for number, part in enumerate(said[:ERROR_LINES] if folded else said):
        lines.append(((mark if not number else " " * len(mark), look), (part, look)))
    if folded and len(said) > ERROR_LINES:
        lines.append(((f"  {counted(len(said) - ERROR_LINES, 'more line')}", "muted"),))
    facts: list[Fact] = []
    if problem.node is not None:
        node = problem.node
        facts.append(Fact("node", f"{safe(node.id, 40)}  {safe(node.title, 80)} ({safe(node.cls, 80)})"))
    cause = problem.details.get("exception_type")
    if cause:
        facts.append(Fact("cause", safe(cause, 200)))
    if problem.hint:
        facts.append(Fact("next", safe(problem.hint, 600)))
    facts.append(Fact("code", safe(problem.code, 80)))
    return lines + one_column(facts, cells)


def _traceback(problem: ProblemDocument, cells: int, signs: Signs, *, unfolded: bool) -> list[Line]:
    """The frames of ComfyUI and its nodes behind a fold; those of libraries are counted."""
    told = problem.details.get("traceback")
    frames = [str(frame) for frame in told] if isinstance(told, list | tuple) else []
    if not frames:
        return []
    own = [frame for frame in frames if not any(part in frame for part in _LIBRARIES)] or frames
    left = len(frames) - len(own)
    more = f", {left} of libraries left out" if left else ""
    mark = ("-" if unfolded else "+") if not signs.unicode else ("▾" if unfolded else "▸")
    lines: list[Line] = [((f"{mark} traceback", ""), (f"  {counted(len(own), 'frame')}{more}", "muted"))]
    if unfolded:
        for frame in own:
            for text in safe_lines(frame.rstrip("\n"), 2000):
                lines += [((part, "muted"),) for part in _code(text, cells)]
    return lines


def _code(text: str, cells: int) -> list[str]:
    """A line of a traceback, broken below its own indentation."""
    indent = " " * min(8, len(text) - len(text.lstrip(" ")))
    return [indent + part for part in wrap(text.lstrip(" "), max(1, cells - len(indent)), 2)]


def _blocked(job: JobDocument | None, cells: int) -> list[Line]:
    if job is None or not job.blocked:
        return []
    name = "stalled" if job.state == "running" else "waits"
    return one_column([Fact(name, safe(job.blocked, 600), "warning")], cells)


def _warnings(job: JobDocument | None, cells: int, signs: Signs) -> list[Line]:
    lines: list[Line] = []
    for problem in job.warnings if job is not None else ():
        lines += _problem(problem, cells, f"{signs.of('warning')} ", "warning")
    return lines


def _words(seen: Seen, cells: int) -> list[Line]:
    """What the user wrote, what is sent where a preset puts something around it, what is not to be seen."""
    job = seen.job
    prompt = (job.prompt or job.params.get("prompt") or "") if job is not None else seen.row.prompt
    negative = job.params.get("negative") if job is not None else ""
    lines: list[Line] = []
    for text in safe_lines(prompt) if prompt else []:
        lines += [((part, ""),) for part in wrap(text, cells)]
    sent = str(job.params.get("prompt") or "") if job is not None else ""
    if sent and sent != prompt:
        lines += one_column([Fact("in full", safe(" ".join(sent.split()), 4000), "muted")], cells)
    if negative:
        facts = [Fact("without", safe(" ".join(str(negative).split()), 4000))]
        lines += one_column(facts, cells)
    return lines


def _wrapped(text: str, cells: int, look: str) -> list[Line]:
    return [((part, look),) for part in wrap(safe(text, 4000), cells)]


# -- facts in columns -------------------------------------------------------------------------------
NAME = 11
"""Cells of a fact's name with the space behind it."""
_TWO = 56
"""Cells from which on two facts stand side by side."""


def one_column(facts: Sequence[Fact], cells: int) -> list[Line]:
    """A fact a line; a long value is broken, and indented below itself."""
    lines: list[Line] = []
    for fact in facts:
        parts = wrap(fact.value, max(1, cells - NAME))
        for number, part in enumerate(parts):
            name = "" if number else fact.name
            lines.append(((f"{name:<{NAME - 1}} ", "muted"), (part, fact.look)))
    return lines


def two_columns(facts: Sequence[Fact], cells: int) -> list[Line]:
    """Side by side where there is room; a value that is too long for half a line takes a whole one."""
    if cells < _TWO:
        return one_column(facts, cells)
    half = (cells - 2) // 2
    lines: list[Line] = []
    waiting: Line | None = None
    for fact in facts:
        line: Line = ((f"{fact.name:<{NAME - 1}} ", "muted"), (fact.value, fact.look))
        if line_width(line) > half:
            if waiting is not None:
                lines.append(waiting)
                waiting = None
            lines += one_column([fact], cells)
        elif waiting is None:
            waiting = line
        else:
            gap = " " * (half + 2 - line_width(waiting))
            lines.append((*waiting, (gap, ""), *line))
            waiting = None
    return [*lines, waiting] if waiting is not None else lines
