"""The GPUs and the machine as lines. Pure; each line has at most the cells that it was given."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import field

from ainf_tui.display.format import counted, size
from ainf_tui.domain.host_documents import DiskDocument, GpuDocument, GpuProcessDocument, HostDocument
from ainf_tui.frozen import frozen
from ainf_tui.tui.dashboard.history import History
from ainf_tui.tui.dashboard.services_list import long_span
from ainf_tui.tui.lines import Line, Span, cut, cut_line, fit, pad, safe, wrap
from ainf_tui.tui.signs import Signs

LABEL = 6
"""Cells of a value's name with the space behind it."""
_FULL = 0.95
"""A disk or memory from here on is yellow."""


@frozen
class Machine:
    """What the panel shows. `hour`: graphs are of the last hour, and there is room for more of them."""

    host: HostDocument = field(default_factory=HostDocument)
    history: History = field(default_factory=History)
    hour: bool = False
    stale: str = ""
    """How old it is, where it is not of now."""


def known(host: HostDocument) -> bool:
    """Whether it was sampled at all."""
    return host.sampled_at is not None or host.cpus is not None


def machine_lines(machine: Machine, cells: int, height: int, signs: Signs) -> list[Line]:
    """GPUs above, the machine below; with little height each GPU is one line."""
    host = machine.host
    if not known(host):
        return [(("GPU", "title"),), (("Looking ...", "muted"),), (), (("HOST", "title"),)]
    below = _host(machine, cells, signs)
    for full in (True, False):
        above = _gpus(machine, cells, signs, full=full)
        if len(above) + 1 + len(below) <= height:
            break
    return [cut_line(line, cells) for line in [*above, (), *below][: max(0, height)]]


def short_lines(machine: Machine, cells: int, signs: Signs) -> list[Line]:
    """For the smallest terminals: a line for the first GPU and one for the machine."""
    host = machine.host
    if not known(host):
        return [(("GPU ", "title"), ("looking ...", "muted")), (("HOST ", "title"),)]
    first = _short_gpu(host.gpus[0], cells - 5) if host.gpus else ((_no_gpu(host), "muted"),)
    more = f" +{len(host.gpus) - 1}" if len(host.gpus) > 1 else ""
    lines: list[Line] = [(("GPU  ", "title"), *first, (more, "muted"))]
    parts: list[tuple[int, Line]] = [
        (0, (("cpu ", "muted"), (_share(host.cpu, signs), ""))),
        (1, (("ram ", "muted"), (_of(host.memory_used, host.memory_total, signs), ""))),
        *((3 + n, _short_disk(disk, signs)) for n, disk in enumerate(host.disks)),
    ]
    lines.append((("HOST ", "title"), *fit(parts, max(0, cells - 5))))
    return [cut_line(line, cells) for line in lines]


# -- GPUs -------------------------------------------------------------------------------------------
def _gpus(machine: Machine, cells: int, signs: Signs, *, full: bool) -> list[Line]:
    host = machine.host
    stale: Line = ((f"   {machine.stale} ago", "warning"),) if machine.stale else ()
    if not host.gpus:
        why = wrap(_no_gpu(host), cells)[:3]
        return [(("GPU", "title"), *stale), *(((part, "muted"),) for part in why)]
    lines: list[Line] = []
    for gpu in host.gpus:
        if full:
            lines += ([()] if lines else []) + _gpu(gpu, machine, cells, signs, stale)
        else:
            lines.append(((f"GPU {gpu.index} ", "title"), *_short_gpu(gpu, cells - 6)))
    return lines


def _no_gpu(host: HostDocument) -> str:
    return safe(host.gpu_message, 300) or "No GPU was found."


def _gpu(gpu: GpuDocument, machine: Machine, cells: int, signs: Signs, stale: Line) -> list[Line]:
    name = f"gpu.{gpu.index}."
    lines: list[Line] = [((f"GPU {gpu.index}", "title"), (f"  {safe(gpu.name, 80)}", ""), *stale)]
    used = _of(gpu.vram_used, gpu.vram_total, signs)
    lines.append(_bar_line("vram", _part(gpu.vram_used, gpu.vram_total), used, cells, signs))
    if held := vram_holders(gpu.processes):
        parts = [(n, ((f"{who} ", "muted"), (size(much), ""))) for n, (who, much) in enumerate(held)]
        lines.append(((" " * LABEL, ""), *fit(parts, max(0, cells - LABEL))))
    lines.append(
        _graph_line(("util", f"{name}utilization"), _share(gpu.utilization, signs), machine, cells, signs)
    )
    if machine.hour:
        if gpu.temperature is not None:
            lines.append(_graph_line(("temp", f"{name}temperature"), _degrees(gpu), machine, cells, signs))
        if gpu.power is not None:
            lines.append(_graph_line(("power", f"{name}power"), _watts(gpu), machine, cells, signs))
    if facts := _facts(gpu, hour=machine.hour):
        lines.append(((" " * LABEL, ""), *fit(facts, max(0, cells - LABEL))))
    return lines


def _facts(gpu: GpuDocument, *, hour: bool) -> list[tuple[int, Line]]:
    facts: list[tuple[int, Line]] = []
    if gpu.throttled:
        facts.append(
            (0, ((f"slowed by {', '.join(safe(why, 20) for why in gpu.throttled[:4])}", "warning"),))
        )
    if not hour:
        facts += [(1, ((_degrees(gpu), ""),))] if gpu.temperature is not None else []
        facts += [(2, ((_watts(gpu), ""),))] if gpu.power is not None else []
    if gpu.clock is not None:
        facts.append((3, ((f"{gpu.clock} MHz", "muted"),)))
    if gpu.fan is not None:
        facts.append((4, ((f"fan {_whole(gpu.fan)}", "muted"),)))
    if gpu.message:
        facts.append((1, ((safe(gpu.message, 200), "muted"),)))
    return facts


def _short_gpu(gpu: GpuDocument, cells: int) -> Line:
    parts: list[tuple[int, Line]] = []
    if gpu.utilization is not None:
        parts.append((0, ((f"{_whole(gpu.utilization):>4}", ""),)))
    if gpu.vram_used is not None and gpu.vram_total is not None:
        parts.append((1, ((f"{_of(gpu.vram_used, gpu.vram_total, Signs())}", ""),)))
    if gpu.temperature is not None:
        parts.append((3, ((_degrees(gpu), ""),)))
    if gpu.power is not None:
        parts.append((4, ((_watts(gpu), ""),)))
    if gpu.throttled:
        parts.append((2, ((f"slowed by {safe(gpu.throttled[0], 20)}", "warning"),)))
    parts.append((5, ((safe(gpu.name, 60), "muted"),)))
    return fit(parts, max(0, cells), 2)


def vram_holders(processes: Sequence[GpuProcessDocument]) -> list[tuple[str, int]]:
    """Who holds video memory, by service or else together as `other`; most first."""
    held: dict[str, int] = {}
    for process in processes:
        if process.vram is not None:
            who = safe(process.service, 40) or "other"
            held[who] = held.get(who, 0) + process.vram
    return sorted(held.items(), key=lambda pair: (pair[0] == "other", -pair[1]))


def _degrees(gpu: GpuDocument) -> str:
    return f"{_number(gpu.temperature)}°C"


def _watts(gpu: GpuDocument) -> str:
    limit = f"/{_number(gpu.power_limit)}" if gpu.power_limit else ""
    return f"{_number(gpu.power)}{limit} W"


# -- the machine ------------------------------------------------------------------------------------
def _host(machine: Machine, cells: int, signs: Signs) -> list[Line]:
    host = machine.host
    facts = [counted(host.cpus, "core")] if host.cpus is not None else []
    facts += [f"load {_number(host.load[0], 1)}"] if host.load else []
    facts += (
        [f"up {long_span(host.uptime)}"] if host.uptime is not None and math.isfinite(host.uptime) else []
    )
    lines: list[Line] = [(("HOST", "title"), (f"  {'   '.join(facts)}", "muted"))]
    used = _of(host.memory_used, host.memory_total, signs)
    lines.append(_bar_line("ram", _part(host.memory_used, host.memory_total), used, cells, signs))
    if host.swap_used and host.swap_total:
        swap = _of(host.swap_used, host.swap_total, signs)
        lines.append(_bar_line("swap", _part(host.swap_used, host.swap_total), swap, cells, signs))
    lines.append(_graph_line(("cpu", "cpu"), _share(host.cpu, signs), machine, cells, signs))
    if host.net_received is not None or host.net_sent is not None:
        lines.append(
            (
                (pad("net", LABEL), "muted"),
                (f"in {_rate(host.net_received, signs):>8}", ""),
                (f"   out {_rate(host.net_sent, signs):>8}", ""),
            )
        )
    return [*lines, *_disks(host.disks, cells, signs)]


def _disks(disks: Sequence[DiskDocument], cells: int, signs: Signs) -> Iterator[Line]:
    for number, disk in enumerate(disks[:6]):
        part = _full(disk)
        free = size(max(0, disk.free)) if disk.free is not None else signs.unknown
        told = f"{_whole(part) if part is not None else signs.unknown:>4}  {free:>6} free"
        room = max(0, cells - LABEL - 9 - len(told) - 1)
        look = "warning" if disk.message or (part is not None and part >= _FULL) else ""
        yield (
            (pad("" if number else "disk", LABEL), "muted"),
            (pad(safe(disk.label, 40), 8) + " ", "muted"),
            (signs.bar(part or 0.0, room), look or "muted"),
            (f" {told}", look),
        )


def _full(disk: DiskDocument) -> float | None:
    if disk.total is None or disk.free is None or disk.total <= 0:
        return None
    return (disk.total - disk.free) / disk.total


def _short_disk(disk: DiskDocument, signs: Signs) -> Line:
    part = _full(disk)
    free = size(max(0, disk.free)) if disk.free is not None else signs.unknown
    look = "warning" if part is not None and part >= _FULL else ""
    return ((f"{safe(disk.label, 20)} ", "muted"), (f"{free} free", look))


# -- one value a line -------------------------------------------------------------------------------
_VALUE = 12
"""Cells of a value: `18.2/24.0G`."""


def _graph_line(named: tuple[str, str], value: str, machine: Machine, cells: int, signs: Signs) -> Line:
    """`named`: what it is called here, and its series."""
    name, series = named
    room = max(0, cells - LABEL - _VALUE - 1)
    graph = signs.spark(machine.history.graph(series, room, hour=machine.hour))
    return ((pad(name, LABEL), "muted"), (graph, "muted"), (f" {cut(value, _VALUE):>{_VALUE}}", ""))


def _bar_line(name: str, part: float | None, value: str, cells: int, signs: Signs) -> Line:
    room = max(0, cells - LABEL - _VALUE - 1)
    look = "warning" if part is not None and part >= _FULL else ""
    bar: Span = (signs.bar(part or 0.0, room), look or "muted")
    return ((pad(name, LABEL), "muted"), bar, (f" {cut(value, _VALUE):>{_VALUE}}", look))


def _part(used: int | None, total: int | None) -> float | None:
    return used / total if used is not None and total else None


def _of(used: int | None, total: int | None, signs: Signs) -> str:
    """`18.2/24.0G`: one unit where both have the same."""
    if used is None:
        return signs.unknown
    if total is None:
        return size(used)
    one, other = size(used), size(total)
    return f"{one[:-1] if one[-1] == other[-1] else one}/{other}"


def _share(value: float | None, signs: Signs) -> str:
    return signs.unknown if value is None or not math.isfinite(value) else _whole(value)


def _whole(value: float | None) -> str:
    """Rounded, unlike a job's progress: 99.6 % of a disk is 100 %."""
    if value is None or not math.isfinite(value):
        return "-"
    return f"{max(0.0, min(value, 9.99)) * 100:.0f}%"


def _rate(value: float | None, signs: Signs) -> str:
    if value is None or not math.isfinite(value):
        return signs.unknown
    return f"{size(int(max(0.0, min(value, 1e15))))}/s"


def _number(value: float | None, digits: int = 0) -> str:
    if value is None or not math.isfinite(value):
        return "-"
    return f"{max(-9999.0, min(value, 99999.0)):.{digits}f}"
