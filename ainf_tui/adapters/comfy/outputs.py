"""What output nodes reported: `{node: {kind: [items]}}`, where items are files, texts or anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ainf_tui.adapters.comfy.values import mapping, text
from ainf_tui.domain.comfy import ServerFile
from ainf_tui.domain.text import storable, storable_json


def output_files(outputs: Any) -> tuple[ServerFile, ...]:
    """Every file and text of a history entry's `outputs`, in the server's order.

    Items are mostly `{filename, subfolder, type}`; strings are texts; flags (`animated: [true]`) and
    nulls are no outputs; whatever else a node reports is kept as JSON text. `index` is the place in
    the server's list.
    """
    return tuple(
        file
        for node, kinds in mapping(outputs).items()
        for kind, values in mapping(kinds).items()
        for file in _files(text(node), text(kind), values)
    )


def _files(node: str, kind: str, values: Any) -> Iterator[ServerFile]:
    for index, item in enumerate(values if isinstance(values, list) else [values]):
        if item is None or isinstance(item, bool):
            continue
        yield _file(node, kind, index, item)


def _file(node: str, kind: str, index: int, item: Any) -> ServerFile:
    if isinstance(item, str):
        return ServerFile(node, kind, index, text=storable(item))
    filename = item.get("filename") if isinstance(item, dict) else None
    if not isinstance(filename, str) or not filename:
        as_json = json.dumps(storable_json(item), ensure_ascii=False)
        return ServerFile(node, kind, index, text=as_json)
    return ServerFile(
        node=node,
        kind=kind,
        index=index,
        filename=storable(filename),
        subfolder=text(item.get("subfolder")),
        type=text(item.get("type")) or "output",
    )
