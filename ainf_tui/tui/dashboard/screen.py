"""The Dashboard: is it well, what is not, what is it doing. Shows topics, and asks for very little."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime

from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from ainf_tui.actions import BY_ID
from ainf_tui.tui.dashboard.feed import DashboardFeed
from ainf_tui.tui.dashboard.history import History
from ainf_tui.tui.dashboard.host_lines import Machine, machine_lines, short_lines
from ainf_tui.tui.dashboard.now_lines import fewer, now_lines, status_lines
from ainf_tui.tui.dashboard.opening import OpeningScreen
from ainf_tui.tui.dashboard.panels import ErrorPanel, LinePanel, ListPanel
from ainf_tui.tui.dashboard.plan import HUGE, WIDE, Plan, Wanted, plan
from ainf_tui.tui.dashboard.problems import CHECKS, ERRORS, CheckList, ErrorList, errors_head
from ainf_tui.tui.dashboard.services_list import COLUMNS, ServiceList, long_span
from ainf_tui.tui.lines import Line
from ainf_tui.tui.link import Link
from ainf_tui.tui.signs import Signs
from ainf_tui.tui.widgets.listkeys import above
from ainf_tui.tui.widgets.painted import Bar
from ainf_tui.tui.widgets.table import Table

STALE = 60.0
"""Seconds without a sample after which its age is shown; its time is told in steps of 10 s."""
PADDING = 4
"""Cells at both sides of lines."""


class DashboardScreen(OpeningScreen):
    """While it is hidden nothing is brought up to date; all is when it is shown again."""

    def __init__(self) -> None:
        super().__init__()
        signs = self.app.signs
        self.status = Bar(id="dash-status")
        self.service_list = ServiceList(signs)
        self.services = ListPanel(COLUMNS, self.service_list, id="dash-services")
        self.short = LinePanel(id="dash-short")
        self.machine = LinePanel(id="dash-right")
        self.now = LinePanel(id="dash-now")
        self.error_list = ErrorList(signs)
        self.errors = ErrorPanel(ERRORS, self.error_list, id="dash-errors")
        self.check_list = CheckList(signs, "f")
        self.checks = ListPanel(CHECKS, self.check_list, id="dash-checks")
        self.history = History()
        self.feed = DashboardFeed(self, self.history, self.show_machine)
        self.panes = Horizontal(id="dashboard")
        self._plan: Plan | None = None

    def body(self) -> Iterable[Widget]:
        with Vertical(id="body"):
            yield self.status
            with self.panes:
                with Vertical(id="dash-left"):
                    yield self.services
                    yield self.short
                    yield self.now
                    yield self.errors
                    yield self.checks
                yield self.machine

    def on_mount(self) -> None:
        keys = self.app.keymap.bindings("list")
        for panel in (self.services, self.short, self.machine, self.now, self.errors, self.checks):
            panel.bind_keys(keys)
        # Those that no panel takes are the screen's: they go from panel to panel.
        self._bindings = above(self._bindings, keys)
        self.watch(self.app, "clients", self._client_came, init=False)
        self.watch(self.app, "link", self._link_changed, init=False)
        for name, show in (
            ("health", self.show_status),
            ("services", self.show_services),
            ("host", self.show_machine),
            ("active", self.show_now),
            ("queue", self.show_now),
            ("checks", self.show_checks),
            ("errors", self.show_errors),
            ("tick", self._beat),
        ):
            self.watch(self.app, name, show, init=False)
        self.watch(self.app, "signs", self._signs_changed, init=False)

    # -- what the engine tells ----------------------------------------------------------------
    def _client_came(self) -> None:
        if not self.hidden:
            self.feed.begin()

    def _link_changed(self, before: Link, link: Link) -> None:
        if link.live and not before.live and not self.hidden:
            self.feed.begin()
        self.show_status()

    def _signs_changed(self, signs: Signs) -> None:
        for source in (self.service_list, self.error_list, self.check_list):
            source.signs = signs
        self.show_all()

    def _beat(self) -> None:
        """Once a second: ages, which go in steps, and the graphs, which move when a bucket is whole."""
        if self.hidden:
            return
        self.services.paint()
        self.errors.paint()
        if self.history.sample(datetime.now(UTC), self.app.host):
            self.show_machine()

    # -- what is shown ------------------------------------------------------------------------
    def on_screen_resume(self) -> None:
        self.feed.begin()
        self.show_all()

    def on_resize(self) -> None:
        self.show_all()
        # The panels have their new sizes only after this.
        self.call_after_refresh(self.show_all)

    def show_all(self) -> None:
        """Everything as of now; what has not changed is not painted."""
        if self.hidden:
            return
        self.show_services()
        self.show_checks()
        self.show_errors()
        self.show_status()
        self.show_now()
        self.show_machine()

    def show_services(self) -> None:
        if self.hidden:
            return
        self.service_list.services = self.app.services.services
        self.services.pointer = self.app.signs.pointer
        self.services.empty = self._no_services()
        self.services.update()
        self._share_out()
        self.show_footer()

    def _no_services(self) -> tuple[Line, ...]:
        if not self.app.link.live:
            return ((("looking ...", "muted"),),)
        return (
            (
                ("No service is declared.  ", "muted"),
                ("services.toml beside config.toml tells which", "muted"),
            ),
        )

    def show_errors(self) -> None:
        if self.hidden:
            return
        totals = self.app.errors
        self.error_list.found = totals.latest
        self.errors.headline = errors_head(totals)
        self.errors.pointer = self.app.signs.pointer
        self.errors.empty = ((("nothing is open", "muted"),),)
        self.errors.update()
        self._share_out()

    def show_checks(self) -> None:
        if self.hidden:
            return
        checks = self.app.checks
        self.check_list.fix_key = self.app.keymap.shown(BY_ID["dashboard.fix"])
        self.check_list.take(checks)
        self.checks.pointer = self.app.signs.pointer
        look: Line = (("The system was not checked yet.  ", "muted"), (self._key("dashboard.check"), "key"))
        well: Line = ((f"all {len(checks)} are well", "muted"),)
        self.checks.empty = (well if checks else (*look, (" checks it", "muted")),)
        self.checks.update()
        self._share_out()

    def show_status(self) -> None:
        if self.hidden:
            return
        cells = max(10, self.size.width - PADDING)
        lines = status_lines(self.app.link, self.app.health, cells, self.app.signs)
        self._share_out(status=len(lines))
        if self._plan is not None:
            self.status.show(*fewer(lines, self._plan.status, cells))

    def show_now(self) -> None:
        if self.hidden:
            return
        lines = now_lines(
            self.app.active, self.app.queue, self._left_cells() - PADDING, self.app.signs, self._key
        )
        self.now.show([(("NOW", "title"),), *lines])
        self._share_out()

    def _key(self, action: str) -> str:
        return self.app.keymap.shown(BY_ID[action])

    def _left_cells(self) -> int:
        return self.services.size.width or self.size.width

    def show_machine(self) -> None:
        if self.hidden:
            return
        machine = Machine(self.app.host, self.history, hour=self.size.width >= HUGE, stale=self._age())
        if self.size.width < WIDE:
            self.short.show(short_lines(machine, max(10, self.size.width - PADDING), self.app.signs))
        elif self.machine.size.width:
            cells, height = self.machine.cells, self.machine.size.height
            self.machine.show(machine_lines(machine, cells, height, self.app.signs))

    def _age(self) -> str:
        """Of the machine's values, where they are old."""
        at, link = self.app.host.sampled_at, self.app.link
        if at is None:
            return ""
        age = (datetime.now(UTC) - at).total_seconds()
        if not link.live:
            return long_span(max(0.0, time.monotonic() - link.since))
        return long_span(age) if age > STALE else ""

    # -- who gets how many lines --------------------------------------------------------------
    def _share_out(self, status: int | None = None) -> None:
        """Gives each panel its lines; a layout only where that has changed."""
        wide, high = self.size
        if not wide:
            return
        if status is None:
            status = len(status_lines(self.app.link, self.app.health, wide, self.app.signs))
        wanted = Wanted(
            status=status,
            services=1 + max(1, len(self.service_list)),
            now=4,
            errors=1 + max(1, len(self.error_list)),
            checks=1 + max(1, len(self.check_list)),
        )
        # Header, tabs and footer; in a tall terminal a blank line below the tabs.
        shared = plan(wide, max(0, high - 3 - self.has_class("-tall")), wanted)
        if shared == self._plan:
            return
        self._plan = shared
        self.status.styles.height = shared.status
        for panel, lines in (
            (self.services, shared.services),
            (self.short, shared.machine),
            (self.now, shared.now),
            (self.errors, shared.errors),
            (self.checks, shared.checks),
        ):
            panel.styles.height = lines
            panel.styles.margin = (shared.gap if panel is not self.services else 0, 0, 0, 0)
            panel.display = lines > 0
        # Above both sides: a margin of one alone would take a line from the other.
        self.panes.styles.margin = (shared.gap, 0, 0, 0)
        self.call_after_refresh(self.show_status)

    # -- keys ---------------------------------------------------------------------------------
    def on_descendant_focus(self) -> None:
        self.show_footer()

    def on_table_moved(self, event: Table.Moved) -> None:
        event.stop()
        self.follow(self.show_footer)
