"""What output nodes reported: `{node: {kind: [items]}}`, where items are files, texts or anything."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ainf_tui.domain.comfy import ServerFile
from ainf_tui.domain.text import storable, storable_json


def output_files(outputs: Any) -> tuple[ServerFile, ...]:
    """Every file and text of a history entry's `outputs`, in the server's order."""
    if not isinstance(outputs, Mapping):
        return ()
    return tuple(file for node, kinds in outputs.items() for file in files_of(storable(str(node)), kinds))


def files_of(node: str, kinds: Any) -> Iterator[ServerFile]:
    """The files and texts of one node, as in its `executed` frame.

    Items are mostly `{filename, subfolder, type}`; strings are texts; flags (`animated: [true]`) and
    nulls are no outputs; whatever else a node reports is kept as JSON text. `index` is the place in
    the server's list.
    """
    if not isinstance(kinds, Mapping):
        return
    for kind, values in kinds.items():
        for index, item in enumerate(values if isinstance(values, list | tuple) else [values]):
            if item is not None and not isinstance(item, bool):
                yield _file(node, storable(str(kind)), index, item)


def _file(node: str, kind: str, index: int, item: Any) -> ServerFile:
    if isinstance(item, str):
        return ServerFile(node, kind, index, text=storable(item))
    filename = item.get("filename") if isinstance(item, Mapping) else None
    if not isinstance(filename, str) or not filename:
        return ServerFile(node, kind, index, text=json.dumps(storable_json(item), ensure_ascii=False))
    return ServerFile(
        node=node,
        kind=kind,
        index=index,
        filename=storable(filename),
        subfolder=_text(item.get("subfolder")),
        type=_text(item.get("type")) or "output",
    )


def _text(value: Any) -> str:
    return storable(value) if isinstance(value, str) else ""
