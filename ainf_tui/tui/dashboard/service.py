"""One service on the whole screen: its facts, and below them the end of its log, as it grows."""

from __future__ import annotations

from collections.abc import Iterable

from textual.containers import Vertical
from textual.widget import Widget

from ainf_tui.actions import BY_ID, Action
from ainf_tui.domain.service_documents import LogTextDocument, ServiceDetailDocument, ServiceDocument
from ainf_tui.errors import AinfError
from ainf_tui.tui.dashboard.service_lines import log_lines, log_place, service_lines, title_line
from ainf_tui.tui.dashboard.steering import SteeringScreen
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.bars import KeyHint
from ainf_tui.tui.lines import safe
from ainf_tui.tui.widgets.listkeys import above
from ainf_tui.tui.widgets.painted import Bar, LineView

TAIL = 32_768
"""Bytes of the log that are read at first."""
KEPT = 100_000
"""Characters of the log that are kept; the file has all."""
_LEFT_OUT = frozenset({"open", "fix", "up", "down", "check"})
"""Actions of the Dashboard that mean nothing for one service."""


class ServiceScreen(SteeringScreen):
    """Follows the topic and the log while it is seen; `name` is the service's."""

    AUTO_FOCUS = "#service-log"

    def __init__(self, name: str) -> None:
        super().__init__()
        self.service_name = name
        self.title_bar = Bar(id="service-title")
        self.facts = LineView(id="service-facts")
        self.log_title = Bar(id="service-log-title")
        self.tail = LineView(id="service-log")
        self._detail: ServiceDetailDocument | None = None
        self._log: LogTextDocument | None = None
        self._text = ""
        self._error = ""
        self._last: ServiceDocument | None = None

    def body(self) -> Iterable[Widget]:
        with Vertical(id="body"):
            yield self.title_bar
            yield self.facts
            yield self.log_title
            yield self.tail

    def on_mount(self) -> None:
        keys = self.app.keymap.bindings("list")
        self.facts.bind_keys(keys)
        self.tail.bind_keys(keys)
        self._bindings = above(self._bindings, keys)
        self.watch(self.app, "services", self._services_changed, init=False)
        self.watch(self.app, "tick", self._beat, init=False)
        self.watch(self.app, "signs", self.show_facts, init=False)
        self._ask()
        in_background(self, self._follow(), group="service.log", exclusive=True)

    @property
    def chosen(self) -> ServiceDocument | None:
        return self.service

    @property
    def service(self) -> ServiceDocument | None:
        """As the topic tells it; as it was last, when it is declared no more."""
        found = next((s for s in self.app.services.services if s.name == self.service_name), None)
        self._last = found or self._last
        return self._last

    # -- what is asked for --------------------------------------------------------------------
    def _services_changed(self) -> None:
        before = self._last
        self.show_facts()
        now = self._last
        if before is not None and now is not None and (before.state, before.pid) != (now.state, now.pid):
            self._ask()

    def _beat(self) -> None:
        """Once a second, while it is seen: what the log has grown by."""
        if self.is_current:
            self._show_title()
            in_background(self, self._follow(), group="service.log", exclusive=True)

    def _ask(self) -> None:
        in_background(self, self._ask_detail(), group="service.detail", exclusive=True)

    async def _ask_detail(self) -> None:
        client = self.app.engine_link.client
        if client is None:
            return
        try:
            self._detail = await client.services.show(self.service_name)
            self._error = ""
        except AinfError as error:
            self._error = error.message
        self.show_facts()

    async def _follow(self) -> None:
        client = self.app.engine_link.client
        if client is None:
            return
        log = self._log
        try:
            told = await client.services.log(self.service_name, start=log.next if log else None, limit=TAIL)
        except AinfError as error:
            self._error = error.message
            self._show_title()
            return
        if log is not None and (told.path != log.path or told.size < log.next):
            # Another run, or the file began anew: what is new stands at its beginning.
            self._text, self._log = "", None
            return
        self._log = told
        if told.text:
            self._text = (self._text + told.text)[-KEPT:]
            self.show_log()

    # -- what is shown ------------------------------------------------------------------------
    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        self.show_facts()
        self.show_log()

    def show_facts(self) -> None:
        service = self.service
        if service is None or not self.size.width:
            return
        self._show_title()
        lines = service_lines(service, self._detail, max(10, self.size.width - 3), self.app.signs)
        high = max(1, min(len(lines), (self.size.height - 6) // 2))
        if self.facts.size.height != high:
            self.facts.styles.height = high
        self.facts.show(lines)
        self.show_footer()

    def _show_title(self) -> None:
        service = self.service
        if service is None:
            return
        self.title_bar.show(((" ", ""), *title_line(service, max(10, self.size.width - 2), self.app.signs)))
        path = self._log.path if self._log is not None else service.log
        told = (log_place(service, path), "muted") if not self._error else (self._error, "error")

        self.log_title.show(((" LOG", "title"), (f"  {safe(told[0], 300)}", told[1])))

    def show_log(self) -> None:
        end = self.tail.scroll_offset.y >= self.tail.max_scroll_y
        self.tail.show(log_lines(self._text, max(10, self.tail.cells - 2)))
        if end:
            self.tail.to_end(last=True)

    # -- keys ---------------------------------------------------------------------------------
    def action_next_pane(self) -> None:
        (self.facts if self.tail.has_focus else self.tail).focus()

    def action_previous_pane(self) -> None:
        self.action_next_pane()

    def hinted(self) -> list[Action]:
        return [action for action in super().hinted() if action.name not in _LEFT_OUT]

    def hints(self) -> list[KeyHint]:
        return [*super().hints(), self.hint(BY_ID["app.back"])]
