"""textual-image's widgets, without what it does at import: it asks the terminal and reads the answer from
stdin, which by then is the driver's. What it wants to know, the probe has asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, cast

from textual.widget import Widget

USUAL_CELL = (8, 16)


def load(protocol: Literal["kitty", "sixel", "blocks"], cell: tuple[int, int] | None) -> type[Widget]:
    """The widget class that draws by `protocol`; cells are `cell` pixels (width, height).

    Imports Pillow (120 ms): not for the event loop.
    """
    from textual_image import _terminal  # noqa: PLC0415 - see the module

    size = _terminal.CellSize(*(cell or USUAL_CELL))
    cast("Any", _terminal.get_cell_size)._result = size  # noqa: SLF001 - its cache of one answer

    @contextmanager
    def refuse(*_: object, **__: object) -> Iterator[Any]:
        raise _terminal.TerminalError("the driver reads the terminal")
        yield

    cast("Any", _terminal).capture_terminal_response = refuse
    from textual_image import widget  # noqa: PLC0415 - same

    classes = {"kitty": widget.TGPImage, "sixel": widget.SixelImage, "blocks": widget.HalfcellImage}
    return cast("type[Widget]", classes[protocol])
