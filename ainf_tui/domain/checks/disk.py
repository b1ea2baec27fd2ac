"""Verdicts on folders, their disks and what was left behind."""

from __future__ import annotations

from shlex import quote as shell_word
from typing import Any

from ainf_tui.domain.check_documents import CheckDocument, FixDocument
from ainf_tui.domain.checks import facts as f
from ainf_tui.domain.checks.verdict import ERROR, GIB, INFO, OK, WARNING, check_of, not_seen

LARGE = frozenset({"outputs", "models"})
"""Folders whose disk must have `checks.disk_free`."""
LEAST = GIB
SHARE = 0.05
INODES = 0.02
FULL = 64 * 1024**2
"""Bytes below which nothing can be counted on any more."""
CACHE = 64 * 1024**2
"""Bytes of cache that are worth emptying."""


def write(name: str, found: f.Folder | f.Unknown) -> CheckDocument:
    check = "disk.write"
    if isinstance(found, f.Unknown):
        return not_seen(check, found, name)
    if not found.writable:
        own = f"chown -R $USER {shell_word(found.path)}"
        hint = f"Make it yours ({own}), or name another folder in the settings."
        return check_of(check, ERROR, f"{found.path}: {found.trouble}", name=name, hint=hint)
    if found.exists:
        return check_of(check, OK, f"{found.path}: a file could be written", name=name)
    mode = "-m 700 " if name == "state" else ""
    return check_of(
        check,
        INFO,
        f"{found.path} is not there yet; it is made when it is needed",
        name=name,
        fix=FixDocument(f"mkdir.{name}", "Make the folder", (f"mkdir -p {mode}{shell_word(found.path)}",)),
    )


def space(
    name: str, found: f.Folder | f.Unknown, thresholds: f.Thresholds, cache: f.Cache | f.Unknown
) -> CheckDocument:
    check = "disk.free"
    if isinstance(found, f.Unknown):
        return not_seen(check, found, name)
    if found.free is None or found.total is None:
        return not_seen(check, f.Unknown(found.trouble or "the file system does not tell"), name)
    least = thresholds.disk_free if name in LARGE else max(LEAST, int(SHARE * found.total))
    # A disk that is smaller than the threshold altogether is judged by its size.
    least = min(least, found.total // 4) if name in LARGE else min(least, found.total // 2)
    evidence = f"{found.free / GIB:.1f} GiB free of {found.total / GIB:.1f} GiB ({found.path})"
    details: dict[str, Any] = {"free": found.free, "total": found.total, "least": least}
    if found.free >= least:
        return check_of(check, OK, evidence, name=name, **details)
    hint = "Free some space, or move the folder to another disk (`ainf config list` names the setting)."
    severity = ERROR if found.free < FULL else WARNING
    fix = _empty_cache(cache) if name == "cache" else None
    return check_of(check, severity, evidence, name=name, hint=hint, fix=fix, **details)


def _empty_cache(cache: f.Cache | f.Unknown) -> FixDocument | None:
    if isinstance(cache, f.Unknown) or cache.bytes < CACHE:
        return None
    step = f"rm -rf {shell_word(cache.path)}/*"
    return FixDocument("cache", f"Empty ainf's cache ({cache.bytes / GIB:.1f} GiB)", (step,))


def inodes(name: str, found: f.Folder | f.Unknown) -> CheckDocument:
    check = "disk.inodes"
    if isinstance(found, f.Unknown):
        return not_seen(check, found, name)
    if found.inodes is None or found.inodes_free is None:
        return not_seen(check, f.Unknown(found.trouble or "the file system does not tell"), name)
    if found.inodes == 0:
        return check_of(check, OK, "this file system makes them as they are needed", name=name)
    share = found.inodes_free / found.inodes
    evidence = f"{found.inodes_free} free of {found.inodes} ({found.path})"
    if share >= INODES:
        return check_of(check, OK, evidence, name=name)
    hint = "There is space and no room for more files: remove small files (caches, old outputs)."
    return check_of(check, ERROR if found.inodes_free == 0 else WARNING, evidence, name=name, hint=hint)


def local(name: str, found: f.Folder | f.Unknown) -> CheckDocument:
    check = "disk.local"
    if isinstance(found, f.Unknown):
        return not_seen(check, found, name)
    if not found.filesystem:
        return not_seen(check, f.Unknown("the system does not tell the file system's type"), name)
    evidence = f"{found.filesystem} ({found.path})"
    if not found.network:
        return check_of(check, OK, evidence, name=name)
    hint = "Locks and SQLite are not safe there: set AINF_HOME (or TMPDIR) to a folder on a local disk."
    return check_of(check, ERROR if name == "state" else WARNING, evidence, name=name, hint=hint)


def private(found: f.Folder | f.Unknown) -> CheckDocument:
    """The state folder."""
    check = "security.state"
    if isinstance(found, f.Unknown):
        return not_seen(check, found)
    if not found.exists:
        return check_of(check, OK, f"{found.path} is not there yet; it is made for this user alone")
    if found.mode is None:
        return not_seen(check, f.Unknown(found.trouble or "its rights cannot be read"))
    evidence = f"{found.path} has mode {found.mode:04o}"
    if not found.mode & 0o077:
        return check_of(check, OK, evidence)
    return check_of(
        check,
        WARNING,
        f"{evidence}: others may look into it",
        hint="It holds the engine's socket and tokens; only you need it.",
        fix=FixDocument("private", "Close it to others", (f"chmod 700 {shell_word(found.path)}",)),
    )


def leftovers(found: f.Leftovers | f.Unknown) -> CheckDocument:
    check = "services.leftovers"
    if isinstance(found, f.Unknown):
        return not_seen(check, found)
    if found.engine:
        return check_of(check, OK, "an engine runs; what is there is in use")
    if not found.files:
        return check_of(check, OK, "nothing was left behind")
    steps = tuple(f"rm {shell_word(path)}" for path in found.files)
    return check_of(
        check,
        INFO,
        f"an engine that is gone left {', '.join(found.files)}",
        hint="The next engine clears it away by itself.",
        fix=FixDocument("leftovers", "Remove what an engine left behind", steps),
    )
