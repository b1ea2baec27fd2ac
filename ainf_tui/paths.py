"""Paths as people write them."""

from __future__ import annotations

import os
from pathlib import Path


def absolute(raw: str, base: Path | None = None) -> str:
    """`raw` with ~ filled in, from `base` (else the current folder), without . and .. parts.

    Links stay as they are, so that what is shown is what was written. The `~name` of a user that
    does not exist is taken as a name; `Path.expanduser` would raise.
    """
    path = os.path.expanduser(raw)  # noqa: PTH111 - see above
    return os.path.abspath(base / path if base else path)  # noqa: PTH100 - resolve() follows links


def write_private(path: Path, data: bytes) -> None:
    """Replaces the file, whole or not at all; only this user can read it. OSError when it cannot be."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
