"""ComfyUI as lines, and its custom nodes as rows of a table. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from ainf_tui.display.format import duration, percent
from ainf_tui.domain.comfyui_documents import ComfyUIDocument, CustomNodeDocument, StepDocument, TaskDocument
from ainf_tui.tui.lines import Line, Span, cut_line, fit, safe, wrap
from ainf_tui.tui.queue.detail_facts import Fact
from ainf_tui.tui.queue.detail_lines import one_column
from ainf_tui.tui.signs import Signs
from ainf_tui.tui.widgets.table import Column

NODES = (
    Column("sign", 1, title=""),
    Column("node", 22, title="CUSTOM NODES"),
    Column("state", 9),
    Column("version", 12, drop=2),
    Column("import", 7, right=True, drop=3),
    Column("reason", 14, flexible=True, title="", drop=1),
)
_STATE = {
    "installed": "ok",
    "installing": "starting",
    "updating": "starting",
    "broken": "failed",
    "not-installed": "stopped",
    "elsewhere": "foreign",
}
_STEP = {
    "waiting": "queued",
    "running": "starting",
    "done": "succeeded",
    "skipped": "cancelled",
    "failed": "failed",
    "cancelled": "cancelled",
    "succeeded": "succeeded",
    "interrupted": "warning",
}
_NODE = {"imported": "ok", "failed": "failed", "disabled": "cancelled"}
_OUTPUT = 8
"""Lines of a running task that are shown."""


def title_line(comfyui: ComfyUIDocument, cells: int, signs: Signs) -> Line:
    """`COMFYUI  ● installed   v0.8.0   1a2b3c4   torch 2.9.0+cu130`."""
    state = safe(comfyui.state, 20)
    glyph = _STATE.get(comfyui.state, "unknown")
    commit = safe(comfyui.commit, 80)[:10] + (", changed by hand" if comfyui.dirty else "")
    parts: list[tuple[int, Line]] = [
        (0, (("COMFYUI", "title"),)),
        (0, ((f"{signs.of(glyph)} ", Signs.style(glyph)), (state, ""))),
        (1, ((safe(comfyui.version, 40), "strong"),) if comfyui.version else ()),
        (3, ((commit, "muted"),) if comfyui.commit else ()),
        (2, ((f"torch {safe(comfyui.torch, 40)}", "muted"),) if comfyui.torch else ()),
    ]
    return fit(parts, cells)


def comfyui_lines(comfyui: ComfyUIDocument, cells: int, signs: Signs) -> list[Line]:
    """Why it is as it is, the task, then the facts."""
    look = "warning" if comfyui.state == "broken" else ""
    why = wrap(safe(comfyui.reason, 600), cells) if comfyui.reason else []
    blocks: list[list[Line]] = [
        [((part, look),) for part in why],
        _task(comfyui.task, cells, signs) if comfyui.task is not None else [],
        one_column(list(_facts(comfyui)), cells),
    ]
    lines: list[Line] = []
    for block in blocks:
        lines += [(), *block] if lines and block else block
    return [cut_line(line, cells) for line in lines]


def _facts(comfyui: ComfyUIDocument) -> Iterator[Fact]:
    for name, value in (
        ("folder", comfyui.folder),
        ("from", comfyui.repository),
        ("python", comfyui.python),
        ("arguments", " ".join(comfyui.arguments)),
        ("address", comfyui.url),
        ("before", comfyui.previous),
    ):
        if value:
            yield Fact(name, safe(value, 1000))


def _task(task: TaskDocument, cells: int, signs: Signs) -> list[Line]:
    glyph = _STEP.get(task.state, "unknown")
    mark: Span = (f"{signs.of(glyph)} ", Signs.style(glyph))
    lines: list[Line] = [(mark, (safe(task.title, 200), "strong"), (f"   {safe(task.state, 20)}", ""))]
    if task.state == "running":
        shown = percent(task.progress) if _known(task.progress) else ""
        bar = signs.bar(task.progress if _known(task.progress) else None, max(1, cells - 6))
        lines.append(((bar, "ok"), (f" {shown:>4}", "")))
    if task.state in {"running", "failed", "interrupted", "cancelled"}:
        lines += [_step(step, signs) for step in task.steps[:20]]
        lines += [((f"  {safe(text, 400)}", "muted"),) for text in task.output[-_OUTPUT:]]
    if task.problem is not None:
        lines += [((part, "error"),) for part in wrap(safe(task.problem.message, 600), cells)]
        if task.problem.hint:
            lines += one_column([Fact("next", safe(task.problem.hint, 400))], cells)
    return lines


def _step(step: StepDocument, signs: Signs) -> Line:
    glyph = _STEP.get(step.state, "unknown")
    far = f"  {percent(step.progress)}" if step.state == "running" and _known(step.progress) else ""
    took = f"  {duration(step.seconds)}" if step.seconds is not None else ""
    return (
        (f"{signs.of(glyph)} ", Signs.style(glyph)),
        (safe(step.title, 80), "" if step.state == "running" else "muted"),
        (far, ""),
        (took, "muted"),
        (f"  {safe(step.message, 200)}" if step.message else "", "muted"),
    )


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value) and 0 <= value <= 1


class NodeList:
    """A Source of the table over the custom nodes, those that failed first."""

    def __init__(self, signs: Signs) -> None:
        self.signs = signs
        self.nodes: Sequence[CustomNodeDocument] = ()

    def take(self, nodes: Sequence[CustomNodeDocument]) -> None:
        self.nodes = tuple(sorted(nodes, key=lambda node: (node.state != "failed", node.name.lower())))

    def __len__(self) -> int:
        return len(self.nodes)

    def id_at(self, index: int) -> str:
        return self.nodes[index].name

    def index_of(self, row_id: str) -> int | None:
        return next((i for i, node in enumerate(self.nodes) if node.name == row_id), None)

    def of(self, name: str | None) -> CustomNodeDocument | None:
        return next((node for node in self.nodes if node.name == name), None)

    def cells(self, index: int) -> Mapping[str, Span]:
        node = self.nodes[index]
        glyph = _NODE.get(node.state, "unknown")
        took = node.import_seconds
        seconds = f"{min(took, 9999.0):.1f} s" if took is not None and took >= 0 else ""
        muted = "muted" if node.state == "disabled" else ""
        return {
            "sign": (self.signs.of(glyph), Signs.style(glyph)),
            "node": (safe(node.name, 80), muted),
            "state": (safe(node.state, 20), "error" if node.state == "failed" else muted),
            "version": (safe(node.version or node.commit[:10], 40) + ("*" if node.dirty else ""), "muted"),
            "import": (seconds, "muted"),
            "reason": (safe(node.reason, 300), "muted"),
        }


def node_text(node: CustomNodeDocument) -> str:
    """In full; whoever shows it makes it safe."""
    facts = (
        ("state", node.state),
        ("reason", node.reason),
        ("version", node.version),
        ("commit", node.commit + (", changed by hand" if node.dirty else "")),
        ("from", node.url),
        ("folder", node.path),
        ("requirements", "yes" if node.requirements else "none"),
    )
    return "\n".join(f"{name:<14}{value}" for name, value in facts if value)
