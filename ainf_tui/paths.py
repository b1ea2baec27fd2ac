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
