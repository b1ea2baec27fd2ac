"""What checks have in common: the catalog, how a check is written, and the verdict on all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ainf_tui.domain.check_documents import CheckDocument, FixDocument
from ainf_tui.domain.checks.facts import Unknown

OK, INFO, WARNING, ERROR, UNKNOWN = "ok", "info", "warning", "error", "unknown"
GIB = 1024**3


@dataclass(frozen=True, slots=True)
class CheckInfo:
    """What a check is, for its document and the docs."""

    area: str
    title: str
    looks_at: str
    fix: str = ""


CATALOG: Mapping[str, CheckInfo] = {
    "python.version": CheckInfo(
        "system", "Python", "the interpreter that runs ainf: 3.11 or newer, its own environment"
    ),
    "system.settings": CheckInfo("system", "Settings", "whether config.toml and the variables can be read"),
    "system.memory": CheckInfo("system", "Memory", "RAM in all (8 GiB) and free now (2 GiB)"),
    "system.swap": CheckInfo("system", "Swap", "whether there is any on a small box, and how full it is"),
    "system.clock": CheckInfo(
        "system", "Clock", "the clock beside ComfyUI's or the database's, and the time service"
    ),
    "system.locale": CheckInfo("system", "Locale", "whether text is UTF-8"),
    "system.files": CheckInfo("system", "Open files", "how many files a process may have open (1024)"),
    "system.inotify": CheckInfo("system", "File watches", "the kernel's limits for watched files"),
    "system.logout": CheckInfo(
        "system",
        "Processes at logout",
        "whether the login system kills what runs when you log out",
        "`loginctl enable-linger USER`",
    ),
    "tools.git": CheckInfo("tools", "Git", "git in PATH, and whether it runs"),
    "tools.pip": CheckInfo("tools", "uv or pip", "what installs Python packages, and whether it runs"),
    "tools.node": CheckInfo("tools", "Node.js", "node, where a service's command needs it"),
    "gpu.driver": CheckInfo("gpu", "GPU driver", "the cards on the bus, and whether their driver answers"),
    "gpu.torch": CheckInfo(
        "gpu", "CUDA and torch", "the driver's CUDA beside that of the torch in ComfyUI's environment"
    ),
    "gpu.memory": CheckInfo("gpu", "GPU memory", "VRAM of each GPU (8 GiB)"),
    "disk.write": CheckInfo(
        "disk", "Folder", "whether a file can be written in each folder used", "makes a missing folder"
    ),
    "disk.free": CheckInfo(
        "disk",
        "Disk space",
        "free space of each folder's disk: `checks.disk_free` for outputs and models, else 5 % or 1 GiB",
        "empties ainf's cache",
    ),
    "disk.inodes": CheckInfo("disk", "Inodes", "whether each folder's disk can take more files"),
    "disk.local": CheckInfo("disk", "Local disk", "whether state and temporary files lie on a local disk"),
    "ports.use": CheckInfo("ports", "Port", "each service's port, by binding it, and who has it"),
    "comfyui.reachable": CheckInfo("comfyui", "ComfyUI", "whether each backend answers, and its version"),
    "comfyui.advisories": CheckInfo(
        "comfyui", "ComfyUI advisories", "published weaknesses of the version found (data/advisories.toml)"
    ),
    "comfyui.exposure": CheckInfo(
        "security", "ComfyUI exposure", "the addresses it listens on, and pages of other sites (CORS)"
    ),
    "comfyui.manager": CheckInfo(
        "security", "ComfyUI-Manager", "its security_level, and published weaknesses of its version"
    ),
    "security.state": CheckInfo(
        "security", "State folder", "whether others can look into it", "`chmod 700` of the folder"
    ),
    "database.reachable": CheckInfo("database", "Database", "whether it answers, and its version"),
    "database.revision": CheckInfo(
        "database", "Database revision", "whether migrations are due", "`ainf db upgrade`"
    ),
    "services.engine": CheckInfo("services", "Engine", "whether one runs, and else why not"),
    "services.redis": CheckInfo("services", "Redis", "PING, where `redis.url` is set"),
    "services.leftovers": CheckInfo(
        "services",
        "Leftovers",
        "sockets and hand-over files of an engine that is gone",
        "removes them",
    ),
    "terminal.type": CheckInfo("terminal", "Terminal", "TERM and the number of colours"),
    "terminal.unicode": CheckInfo("terminal", "Characters", "whether the terminal's locale is UTF-8"),
    "terminal.clipboard": CheckInfo("terminal", "Clipboard", "whether tmux lets a copy through (OSC 52)"),
}
"""By the first two parts of a check's code, in the order in which they are shown."""


def check_of(
    check: str,
    severity: str,
    evidence: str,
    *,
    name: str = "",
    hint: str = "",
    fix: FixDocument | None = None,
    **details: Any,
) -> CheckDocument:
    """`check`: as in the catalog; `name`: of the folder, port or backend that it is about."""
    info = CATALOG[check]
    return CheckDocument(
        code=f"{check}.{name}" if name else check,
        area=info.area,
        title=f"{info.title} {name}" if name else info.title,
        severity=severity,
        evidence=evidence,
        hint=hint,
        fix=fix,
        details=details,
    )


def not_seen(check: str, unknown: Unknown, name: str = "") -> CheckDocument:
    """A check that could not look."""
    return check_of(
        check,
        UNKNOWN,
        f"could not be looked at: {unknown.reason}",
        name=name,
        hint="This is no answer that all is well; look at it by hand.",
    )


def overall(checks: Iterable[CheckDocument]) -> str:
    """`error` if any check is one; `warning` if any is one or could not look; else `ok`.

    What is only worth knowing (`info`) changes nothing.
    """
    found = {check.severity for check in checks}
    if ERROR in found:
        return ERROR
    return WARNING if found & {WARNING, UNKNOWN} else OK


def version_of(text: str) -> tuple[int, ...] | None:
    """`v0.28.0-3-gabc` -> (0, 28, 0); None for what is no version."""
    parts: list[int] = []
    for part in text.strip().removeprefix("v").partition("+")[0].partition("-")[0].split("."):
        if not (part.isascii() and part.isdigit()):
            break
        parts.append(int(part))
    return tuple(parts) or None
