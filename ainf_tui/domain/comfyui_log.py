"""ComfyUI's log of its start: which custom nodes were imported, and why others were not. Pure.

The words are ComfyUI's own (nodes.py: `init_external_custom_nodes`, `load_custom_node`): a traceback and
`Cannot import PATH module for custom nodes: REASON` where it happened, then, after `Import times for custom
nodes:`, a line each: `   0.1 seconds (IMPORT FAILED): PATH`. A node that is skipped has its reason in a
`Skip PATH module ...` line, and is listed as failed.
"""

from __future__ import annotations

import re
from pathlib import PurePath, PureWindowsPath

from ainf_tui.frozen import frozen


@frozen
class NodeImport:
    """How one entry of custom_nodes fared at the last start."""

    name: str
    """File or folder name, as it lies in custom_nodes."""
    failed: bool
    seconds: float
    reason: str = ""


_HEAD = "Import times for custom nodes:"
_TIME = re.compile(r"\s*(\d+(?:\.\d+)?) seconds( \(IMPORT FAILED\))?: (.+)")
_CANNOT = re.compile(r"Cannot import (.+?) module for custom nodes: ?(.*)")
_SKIP = re.compile(r"Skip (.+?) module for custom nodes due to (.+)")
_ENTRY = re.compile(
    r"(?:comfy_entrypoint in (?P<a>.+?) (?P<why>is not callable|did not return a [\w ]+), skipping"
    r"|Error while calling comfy_entrypoint in (?P<b>.+?): (?P<text>.*))"
)
_ERROR = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning)\b.*")
_PREFIX = re.compile(r"^(?:\[[^\]]*\]|\d{4}-\d\d-\d\d[T ][\d:.,]+\S*)\s*(?:-\s)?")


def node_imports(text: str) -> dict[str, NodeImport]:
    """By name, from the last start in the text; empty where its list of import times is not in it."""
    lines = text.replace("\r", "\n").splitlines()
    heads = [number for number, line in enumerate(lines) if line.strip().endswith(_HEAD)]
    if not heads:
        return {}
    head = heads[-1]
    begin = heads[-2] if len(heads) > 1 else 0
    reasons = _reasons(lines[begin:head])
    found: dict[str, NodeImport] = {}
    for line in lines[head + 1 :]:
        match = _TIME.fullmatch(_PREFIX.sub("", line.rstrip()) if not _TIME.fullmatch(line) else line)
        if match is None:
            break  # An empty line ends the list.
        name, failed = _name(match[3]), match[2] is not None
        found[name] = NodeImport(name, failed, float(match[1]), reasons.get(name, "") if failed else "")
    return found


def _reasons(lines: list[str]) -> dict[str, str]:
    """Name -> why, from the lines before the list. The exception's own line says more than its text."""
    reasons: dict[str, str] = {}
    last_error = ""
    for line in lines:
        plain = line.strip()
        cannot = _CANNOT.search(plain)
        if cannot:
            told = cannot[2].strip()
            fits = last_error and (not told or last_error.endswith(told) or told in last_error)
            reasons[_name(cannot[1])] = last_error if fits else told or "no reason was told"
            last_error = ""
        elif skip := _SKIP.search(plain):
            reasons[_name(skip[1])] = f"skipped due to {skip[2].rstrip('.')}"
        elif entry := _ENTRY.search(plain):
            path = entry["a"] or entry["b"]
            reasons[_name(path)] = f"comfy_entrypoint {entry['why']}" if entry["a"] else entry["text"]
        elif line[:1] not in {" ", "\t"} and _ERROR.fullmatch(plain):
            last_error = plain
    return reasons


def _name(path: str) -> str:
    kind = PureWindowsPath if "\\" in path else PurePath
    return kind(path.strip()).name
