"""What is under the Dashboard's cursor as a text in full. Pure; whoever shows it makes it safe."""

from __future__ import annotations

from collections.abc import Iterator

from ainf_tui.display.format import size
from ainf_tui.domain.check_documents import CheckDocument
from ainf_tui.domain.host_documents import GpuDocument, HostDocument


def check_text(check: CheckDocument) -> str:
    """What was seen, what to do, and what the fix would do."""
    lines = [f"{check.severity}   {check.area}   {check.code}", "", check.evidence]
    if check.hint:
        lines += ["", check.hint]
    if check.fix is not None:
        lines += ["", f"The fix: {check.fix.title}", *(f"  {step}" for step in check.fix.steps)]
    if check.details:
        lines += ["", *(f"{name}: {value}" for name, value in check.details.items())]
    return "\n".join(lines)


def gpu_text(host: HostDocument) -> str:
    """Each GPU with its processes, most memory first; then the machine."""
    lines = [line for gpu in host.gpus for line in (*_gpu(gpu), "")]
    if not host.gpus:
        lines = [host.gpu_message or "No GPU was found.", ""]
    lines += [f"{host.name}   {host.os}".strip()]
    lines += [
        f"{disk.label:<10} {size(disk.free):>7} of {size(disk.total):>7} free   {disk.path}"
        for disk in host.disks
    ]
    return "\n".join(lines)


def _gpu(gpu: GpuDocument) -> Iterator[str]:
    yield f"GPU {gpu.index}   {gpu.name}   {f'driver {gpu.driver}' if gpu.driver else ''}   by {gpu.source}"
    if gpu.message:
        yield gpu.message
    if not gpu.processes:
        yield "  no process is on it, or the driver does not tell"
    for process in sorted(gpu.processes, key=lambda p: -(p.vram or 0)):
        who = process.service or "other"
        job = f"   job #{process.job}" if process.job is not None else ""
        yield f"  {size(process.vram):>7}   {process.pid:>8}   {who:<12}   {process.name}{job}"
