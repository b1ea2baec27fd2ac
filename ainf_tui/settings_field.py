"""How a setting is declared: a dataclass field whose metadata says everything about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any

Value = bool | int | float | str


def setting(
    default: Value,
    text: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    check: Callable[[str], str] | None = None,
    path: bool = False,
    secret: bool = False,
    variable: str = "",
) -> Any:
    facts: dict[str, Any] = {"help": text, "minimum": minimum, "maximum": maximum, "choices": choices}
    facts |= {"default": default, "check": check, "path": path, "secret": secret, "variable": variable}
    return field(default=default, metadata=facts)
