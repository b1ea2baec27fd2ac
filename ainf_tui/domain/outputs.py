"""The `{kind: [items]}` that an output node reports, as files and texts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ainf_tui.domain.comfy import ServerFile


def files_of(node: str, output: Mapping[str, Any]) -> Iterator[ServerFile]:
    """Every file or text of one node's ui output.

    Items are mostly `{filename, subfolder, type}` or strings; flags such as `animated: [true]` are no
    outputs; whatever else a custom node sends is kept as JSON text.
    """
    for kind, items in output.items():
        if not isinstance(items, list | tuple):
            continue
        for index, item in enumerate(items):
            file = _item(node, str(kind), index, item)
            if file is not None:
                yield file


def _item(node: str, kind: str, index: int, item: Any) -> ServerFile | None:
    if isinstance(item, Mapping) and isinstance(item.get("filename"), str):
        return ServerFile(
            node,
            kind,
            index,
            filename=item["filename"],
            subfolder=str(item.get("subfolder") or ""),
            type=str(item.get("type") or "output"),
        )
    if isinstance(item, str):
        return ServerFile(node, kind, index, text=item)
    if isinstance(item, Mapping | list):
        return ServerFile(node, kind, index, text=json.dumps(item, ensure_ascii=False, default=str))
    return None
