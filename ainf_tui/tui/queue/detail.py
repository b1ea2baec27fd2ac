"""The job under the cursor in full: its nodes and progress, picture, parameters, errors, attempts."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message

from ainf_tui.tui.lines import Line, cut
from ainf_tui.tui.lists.pane import SCROLLBAR, Pane
from ainf_tui.tui.pictures.drawn import Drawing
from ainf_tui.tui.pictures.room import Room, room_for
from ainf_tui.tui.pictures.view import PictureView
from ainf_tui.tui.queue.detail_lines import Seen, body_lines, head_lines
from ainf_tui.tui.widgets.painted import Bar

BESIDE = 64
"""Cells from which on the picture stands beside the text."""
TALL = 44
"""Lines from which on it stands above: there it is larger."""
_CAPTION = 24
"""Cells of the caption beside the text at least."""


class DetailPane(Pane[Seen]):
    """Shows one job; the screen tells which, and brings what is to be shown."""

    class Resized(Message):
        """There is another width to fill."""

    def __init__(self) -> None:
        super().__init__("detail")
        self.body = Container(id="detail-body")
        self.picture = PictureView(id="picture")
        self.caption = Bar(id="picture-caption")
        self.picture_box = Vertical(id="picture-box")
        self._caption = ""

    def compose(self) -> ComposeResult:
        yield self.head
        with self.body:
            with self.picture_box:
                yield self.picture
                yield self.caption
            yield self.text

    @property
    def room(self) -> Room:
        """The most that a picture may take now."""
        return room_for(self.body.size.width, self.body.size.height, beside=self.has_class("-beside"))

    def show_picture(self, drawing: Drawing | None, caption: str) -> None:
        """None with a caption keeps the room of the picture before; without one takes it away."""
        box = self.picture.drawing.box if self.picture.drawing is not None else None
        if drawing is None and caption:
            self.picture.empty()
        else:
            self.picture.show(drawing)
        self._caption = caption
        self.picture_box.set_class(bool(caption or drawing), "-shown")
        if drawing is None or box != drawing.box:
            wide = self.picture.drawing.box.width if self.picture.drawing is not None else self.room.width
            self.picture_box.styles.width = max(_CAPTION, wide) if self.has_class("-beside") else "1fr"
            # The text has its new width only after this one.
            self.call_after_refresh(self.paint)
        self._show_caption()

    def clear_picture(self) -> None:
        """Empties its place, which stays as large as it is."""
        self.picture.empty()
        self._caption = ""
        self._show_caption()

    def _show_caption(self) -> None:
        room = self.caption.size.width
        self.caption.show(((cut(self._caption, room) if room else self._caption, "muted"),))

    def about(self, seen: Seen) -> object:
        return seen.row.id

    def paint(self) -> None:
        seen, signs = self.seen, self.app.signs
        head: list[Line] = head_lines(seen, self.size.width, signs) if seen is not None else []
        # Another height lays the pane out anew and paints all of it: until the job is here in full, the head
        # stays as tall as that of the job before.
        waits = seen is not None and seen.detail is None and not seen.error
        self.head.styles.height = max(1, len(head), self.head.size.height if waits else 0)
        self.head.show(*head)
        cells = max(1, self.text.region.width - SCROLLBAR)
        self._show_caption()
        lines = body_lines(seen, cells, signs) if seen is not None else []
        if waits:
            # Nor is its text shorter: the scrollbar beside it would be painted twice for each job passed by.
            lines += [()] * (len(self.text.lines) - len(lines))
        self.text.show(lines)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= BESIDE and event.size.height < TALL, "-beside")
        self.post_message(self.Resized())
