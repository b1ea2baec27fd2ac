"""A playbook entry's command: whether it is whole, and what of it the records themselves tell. Pure.

A word in capitals, always the last one, stands for a name that somebody has to give:
`ainf comfyui nodes update NODE`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_PLACEHOLDER = re.compile(r"(?P<known>.*\s)(?P<name>[A-Z][A-Z_]*)")
_NODE = re.compile(r"[/\\]custom_nodes[/\\](?P<name>[A-Za-z0-9][\w.-]{0,99})(?=[/\\\"':\s]|$)")
"""The folder of a custom node, in a frame's path or in a line of ComfyUI's own. A name that a shell would
split or that looks like an option is not taken.
"""


def to_type(action: str) -> str:
    """The command up to the name that is missing; empty if none is."""
    found = _PLACEHOLDER.fullmatch(action)
    return found["known"] if found is not None else ""


def filled(action: str, lines: Iterable[str]) -> str:
    """The command with the name that these lines tell, the last of them first; else as it is."""
    found = _PLACEHOLDER.fullmatch(action)
    if found is None or found["name"] != "NODE":
        return action
    named = [match["name"] for line in lines for match in _NODE.finditer(line)]
    name = named[-1].removesuffix(".disabled") if named else ""
    return f"{found['known']}{name}" if name else action
