"""Which checkpoint to use when the user names none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ainf_tui.domain.jobs import Problem
from ainf_tui.domain.text import visible
from ainf_tui.errors import UsageError
from ainf_tui.frozen import frozen

_EDGE = r"(?<![a-z0-9])"
_END = r"(?![a-z0-9])"
FAMILIES: Mapping[str, str] = {
    "sdxl": rf"sd[-_ ]?xl|{_EDGE}xl{_END}|xl[-_ ]?v?\d|[a-z]{{4,}}xl{_END}|pony|illustrious|noobai",
    "sd15": rf"{_EDGE}v?1[-_.]5{_END}|sd[-_ ]?v?1[-_.]?[45]|{_EDGE}sd1{_END}",
    "sd21": rf"{_EDGE}v?2[-_.]1{_END}|sd[-_ ]?v?2[-_.]?[01]",
    "sd3": rf"sd[-_ ]?3|{_EDGE}sd3[-_.]5",
    "flux": r"flux",
}
"""Patterns on lower-case file names: all that a server tells of a checkpoint is its name."""


@frozen
class Choice:
    """The checkpoint, how it was found (`last_used | family | first`), and what to tell the user."""

    name: str
    how: str
    notice: Problem


def fits(name: str, family: str) -> bool:
    """Whether the file name fits. `family`: names of `FAMILIES` or parts of file names, by commas."""
    lower = name.lower()
    words = [word.strip().lower() for word in family.split(",") if word.strip()]
    return any(
        re.search(FAMILIES[word], lower) is not None if word in FAMILIES else word in lower for word in words
    )


def choose(available: Sequence[str], family: str, last_used: str) -> Choice:
    """The last used on this backend; else the first that fits the family; else the first, with a warning.

    A pack without a family takes the first as fitting. UsageError `checkpoint.none` if there is none.
    """
    if not available:
        raise UsageError(
            "checkpoint.none",
            "the backend has no checkpoint",
            hint="Put a model file into ComfyUI's models/checkpoints, or run on another backend.",
        )
    if last_used and last_used in available:
        return _choice(last_used, "last_used", "the last used on this backend")
    fitting = [name for name in available if not family or fits(name, family)]
    if fitting:
        why = f"the first that fits {visible(family, 60)}" if family else "the first of the backend"
        return _choice(fitting[0], "family", why)
    why = f"the first of the backend, though its name does not tell of {visible(family, 60)}"
    return _choice(available[0], "first", why)


def _choice(name: str, how: str, why: str) -> Choice:
    code = "checkpoint.may_not_fit" if how == "first" else "checkpoint.chosen"
    return Choice(
        name,
        how,
        Problem(
            code,
            f"checkpoint {visible(name, 120)}: {why}",
            "Name another with --set checkpoint=NAME.",
            details={"checkpoint": name, "how": how},
        ),
    )
