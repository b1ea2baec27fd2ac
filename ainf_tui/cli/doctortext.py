"""The system check as text: what there is, what is wrong, what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from ainf_tui.cli.output import Output, show
from ainf_tui.cli.tables import folded, pad
from ainf_tui.display.glyphs import colour, glyph
from ainf_tui.domain.check_documents import CheckDocument, ChecksDocument, FixDocument

TITLE = "ainf - System Doctor"
WORST_FIRST = ("error", "warning", "unknown", "info", "ok")
_FACTS = ("system", "tools", "gpu", "disk", "terminal", "security")


def report(out: Output, found: ChecksDocument, *, everything: bool) -> Iterator[str]:
    """`everything`: also the checks of folders, limits and terminal that are well."""
    yield out.paint(TITLE, "bold" if out.interactive else "")
    yield ""
    yield from _top(out, found.checks)
    yield ""
    yield "Ports"
    yield from _ports(out, [c for c in found.checks if c.area == "ports"])
    yield ""
    yield "Services"
    yield from _rows(out, [c for c in found.checks if c.area in {"services", "comfyui", "database"}])
    if everything:
        yield ""
        yield "Everything else"
        yield from _rows(out, [c for c in found.checks if c.area in _FACTS])
    yield ""
    yield from _issues(out, found.checks)
    yield from _recommendations(out, found.checks)
    yield ""
    yield _sum(out, found)


def _top(out: Output, checks: Iterable[CheckDocument]) -> Iterator[str]:
    by_code = {check.code: check for check in checks}
    python = by_code.get("python.version")
    rows: list[tuple[str, str, CheckDocument | None]] = []
    if python is not None:
        rows.append(("OS", show(python.details.get("system", "") or "?", 200), None))
    names = {"python.version": "Python", "tools.git": "Git", "tools.pip": "Packages", "tools.node": "Node"}
    names["gpu.driver"] = "GPU"
    rows += [
        (name, show(by_code[code].evidence), by_code[code]) for code, name in names.items() if code in by_code
    ]
    width = max(len(name) for name, _, _ in rows) if rows else 0
    for name, text, about in rows:
        mark = f"{_mark(out, about)} " if about is not None else "  "
        yield from folded(out, f"{mark}{name:<{width}}  {text}", width + 4)


def _ports(out: Output, checks: list[CheckDocument]) -> Iterator[str]:
    if not checks:
        yield "  none is declared"
    for check in checks:
        if "port" not in check.details:
            yield from _rows(out, [check])
            continue
        state = "FREE  " if check.details.get("free") else "IN USE"
        text = f"{_mark(out, check)} {check.details['port']!s:>5}  {state}  {show(check.evidence)}"
        yield from folded(out, text, 17)


def _rows(out: Output, checks: list[CheckDocument]) -> Iterator[str]:
    width = max((len(show(check.title, 60)) for check in checks), default=0)
    for check in checks:
        text = f"{_mark(out, check)} {pad(show(check.title, 60), width)}  {show(check.evidence)}"
        yield from folded(out, text, width + 4)


def _issues(out: Output, checks: Iterable[CheckDocument]) -> Iterator[str]:
    bad = [check for check in checks if check.severity in {"error", "warning", "unknown"}]
    yield "Issues"
    if not bad:
        yield "  none"
    for check in sorted(bad, key=lambda check: WORST_FIRST.index(check.severity)):
        text = (
            f"{_mark(out, check)} {show(check.title, 80)}: {show(check.evidence)}  [{show(check.code, 80)}]"
        )
        yield from (out.paint(line, colour(check.severity)) for line in folded(out, text, 4))


def _recommendations(out: Output, checks: Iterable[CheckDocument]) -> Iterator[str]:
    told = [c for c in checks if c.severity not in {"ok", "unknown"} and (c.hint or c.fix)]
    if not told:
        return
    yield ""
    yield "Recommendations"
    for check in sorted(told, key=lambda check: WORST_FIRST.index(check.severity)):
        yield from folded(out, f"  {show(check.title, 80)}: {show(check.hint or check.evidence)}", 4)
        if check.fix is not None:
            yield from folded(out, f"    `ainf doctor --fix`: {show(check.fix.title)}", 6)


def steps(fix: FixDocument) -> Iterator[str]:
    """What a fix would do."""
    yield f"{show(fix.title)}:"
    for step in fix.steps:
        yield f"    {show(step)}"


def _sum(out: Output, found: ChecksDocument) -> str:
    counts = Counter(check.severity for check in found.checks)
    parts = ", ".join(f"{counts[word]} {word}" for word in WORST_FIRST if counts[word])
    text = f"{len(found.checks)} checks in {found.seconds:.1f} s: {parts}"
    return out.paint(f"{_glyph(out, found.overall)} {found.overall}", colour(found.overall)) + f"  {text}"


def _mark(out: Output, check: CheckDocument | None) -> str:
    severity = "unknown" if check is None else check.severity
    return out.paint(_glyph(out, severity), colour(severity))


def _glyph(out: Output, severity: str) -> str:
    if severity in {"unknown", "info"}:
        return "?" if severity == "unknown" else "i"
    return glyph("succeeded" if severity == "ok" else severity, unicode=out.unicode)
