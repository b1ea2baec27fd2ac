"""Folders: by really writing a file, and by what the file system tells."""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ainf_tui.domain.checks import facts as f
from ainf_tui.mounts import NETWORK_TYPES, mount_type


def folder(name: str, path: Path) -> f.Folder:
    """A file is made in it and removed again; of a missing one the nearest folder above is tried."""
    exists = path.is_dir()
    nearest = next((p for p in (path, *path.parents) if p.exists()), Path("/"))
    trouble = "" if nearest.is_dir() else f"{nearest} is not a folder"
    trouble = trouble or _try(nearest)
    space = os.statvfs(nearest)
    kind = mount_type(path)
    return f.Folder(
        name,
        str(path),
        exists=exists,
        writable=not trouble,
        trouble=trouble,
        total=space.f_blocks * space.f_frsize,
        free=space.f_bavail * space.f_frsize,
        inodes=space.f_files,
        inodes_free=space.f_favail,
        filesystem=kind,
        network=kind in NETWORK_TYPES,
        mode=stat.S_IMODE(path.stat().st_mode) if exists else None,
    )


def _try(place: Path) -> str:
    """Why no file can be written there; empty: one can."""
    try:
        with tempfile.NamedTemporaryFile(prefix=".ainf-check-", dir=place) as stream:
            stream.write(b"ainf")
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        return f"no file can be written: {error.strerror or error}"
    return ""


def leftovers(lock: Path, files: Sequence[Path]) -> f.Leftovers:
    """Those of `files` that exist while no engine holds the lock."""
    if _held(lock):
        return f.Leftovers(engine=True)
    return f.Leftovers(engine=False, files=tuple(str(path) for path in files if os.path.lexists(path)))


def _held(lock: Path) -> bool:
    try:
        handle = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def cache(path: Path) -> f.Cache:
    """What it takes; links are not followed."""
    total = 0
    for root, _, names in os.walk(path):
        for name in names:
            try:
                total += Path(root, name).lstat().st_blocks * 512
            except FileNotFoundError:
                continue
    return f.Cache(str(path), total)
