"""The command log: what was asked of the engine for the user, as the lines that do the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from textual import getters
from textual.widget import Widget

from ainf_tui.domain.text import clip
from ainf_tui.tui.frame.everywhere import Everywhere
from ainf_tui.tui.frame.screen import FrameScreen
from ainf_tui.tui.lines import Line, Span, fit, safe
from ainf_tui.tui.orders import Order
from ainf_tui.tui.widgets.painted import Bar
from ainf_tui.tui.widgets.table import Column, Table

COLUMNS = (
    Column("time", 8),
    Column("line", 30, flexible=True, title="asked"),
    Column("took", 7, right=True, drop=2),
    Column("result", 24, flexible=True, drop=1),
)
EMPTY: tuple[Line, ...] = (
    (("Nothing was asked of the engine yet. Each key that changes something leaves its line here,", ""),),
    (("as you could type it in a shell.", ""),),
)


class OrderList:
    """A Source of the table over the log, oldest first."""

    def __init__(self, log: Sequence[Order]) -> None:
        self._log = log

    def __len__(self) -> int:
        return len(self._log)

    def id_at(self, index: int) -> str:
        return str(self._log[index].number)

    def index_of(self, row_id: str) -> int | None:
        first = self._log[0].number if self._log else 0
        index = int(row_id) - first
        return index if 0 <= index < len(self._log) else None

    def cells(self, index: int) -> Mapping[str, Span]:
        order = self._log[index]
        result = (safe(order.error, 300), "error") if order.error else (safe(order.result, 300), "muted")
        return {
            "time": (order.at.astimezone().strftime("%H:%M:%S"), "muted"),
            "line": (safe(order.line, 1000), ""),
            "took": (
                f"{order.seconds * 1000:,.0f} ms" if order.seconds < 10 else f"{order.seconds:.0f} s",
                "muted",
            ),
            "result": result,
        }


class CommandLog(FrameScreen):
    """Newest last; the cursor begins there."""

    app = getters.app(Everywhere)
    areas = ("log",)
    over = "app.command_log"
    AUTO_FOCUS = "#log"

    def __init__(self) -> None:
        super().__init__()
        self.title_bar = Bar(id="log-title")
        self.table = Table(COLUMNS, OrderList(self.app.orders.log), id="log")
        self.table.pointer = self.app.signs.pointer
        self.table.empty = EMPTY

    def body(self) -> Iterable[Widget]:
        yield self.title_bar
        yield self.table

    def on_mount(self) -> None:
        self.table.bind_keys(self.app.keymap.bindings("list"))
        self.app.orders.on_logged = self._logged
        self.show_title()
        self.call_after_refresh(self._at_the_end)

    def on_unmount(self) -> None:
        self.app.orders.on_logged = None

    def _at_the_end(self) -> None:
        self.table.update()
        self.table.move_to(len(self.app.orders.log) - 1)

    def _logged(self, order: Order) -> None:
        """The cursor follows the newest while it stands there."""
        del order
        follows = self.table.cursor >= len(self.app.orders.log) - 2
        if follows:
            self._at_the_end()
        else:
            self.table.update()
        self.show_title()

    def show_title(self) -> None:
        log = self.app.orders.log
        failed = sum(bool(order.error) for order in log)
        parts: list[tuple[int, Line]] = [(0, (("COMMAND LOG", "title"),)), (1, ((f"{len(log)} asked", ""),))]
        if failed:
            parts.append((1, ((f"{failed} refused", "error"),)))
        self.title_bar.show(((" ", ""), *fit(parts, 100)))

    @property
    def order(self) -> Order | None:
        """Under the cursor."""
        log = self.app.orders.log
        return log[self.table.cursor] if 0 <= self.table.cursor < len(log) else None

    def action_copy(self) -> None:
        if self.order is not None:
            self.app.copy_text(self.order.line)

    def action_open(self) -> None:
        order = self.order
        if order is None:
            return
        from ainf_tui.tui.frame.pane import TextPane  # noqa: PLC0415 - loaded when it is opened

        told = f"refused: {order.error}" if order.error else order.result
        text = (
            f"{order.line}\n\n{told}\n\n{order.at.astimezone():%Y-%m-%d %H:%M:%S}  took {order.seconds:.3f} s"
        )
        self.app.push_screen(TextPane(clip(order.line, 60), text))

    def on_table_opened(self, event: Table.Opened) -> None:
        event.stop()
        self.action_open()
