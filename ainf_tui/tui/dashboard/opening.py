"""The Dashboard's ways to more: what is under the cursor in full, and from panel to panel."""

from __future__ import annotations

from textual.widget import Widget

from ainf_tui.actions import Action
from ainf_tui.domain.check_documents import FixDocument, FixRequest
from ainf_tui.domain.error_documents import ErrorGroupDocument
from ainf_tui.domain.service_documents import ServiceDocument
from ainf_tui.errors import AinfError
from ainf_tui.tui.dashboard.details import check_text, gpu_text
from ainf_tui.tui.dashboard.now_lines import first_of
from ainf_tui.tui.dashboard.panels import ErrorPanel, LinePanel, ListPanel
from ainf_tui.tui.dashboard.problems import CheckList, ErrorList
from ainf_tui.tui.dashboard.services_list import ServiceList
from ainf_tui.tui.dashboard.steering import SteeringScreen
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.told import ErrorWanted, JobWanted
from ainf_tui.tui.widgets.table import Table


class OpeningScreen(SteeringScreen):
    """The part of the Dashboard that goes on to other screens. DashboardScreen is the whole."""

    AUTO_FOCUS = "#dash-services"

    services: ListPanel
    service_list: ServiceList
    short: LinePanel
    machine: LinePanel
    now: LinePanel
    errors: ErrorPanel
    error_list: ErrorList
    checks: ListPanel
    check_list: CheckList

    # -- from panel to panel ------------------------------------------------------------------
    @property
    def panels(self) -> list[Widget]:
        """Those that are seen, in the order of the eye."""
        all_panels = (self.services, self.short, self.now, self.errors, self.checks, self.machine)
        return [panel for panel in all_panels if panel.display and panel.region]

    def _step(self, by: int) -> None:
        panels = self.panels
        if panels:
            at = panels.index(self.focused) if self.focused in panels else -1
            panels[(at + by) % len(panels)].focus()

    def action_next_pane(self) -> None:
        self._step(1)

    def action_previous_pane(self) -> None:
        self._step(-1)

    def action_right(self) -> None:
        if self.machine in self.panels:
            self.machine.focus()

    def action_left(self) -> None:
        if self.focused is self.machine:
            self.services.focus()

    @property
    def chosen(self) -> ServiceDocument | None:
        return self.service_list.of(self.services.cursor_id)

    # -- in full ------------------------------------------------------------------------------
    def why_not(self, action: Action) -> str:
        """Why the key does nothing with what has the focus."""
        if action.id == "dashboard.fix":
            check = self.check_list.of(self.checks.cursor_id)
            return "" if check is not None and check.fix is not None else "nothing that ainf can mend"
        if action.id != "dashboard.open":
            return super().why_not(action)
        empty = (
            (self.services, not len(self.service_list)),
            (self.errors, not len(self.error_list)),
            (self.checks, not len(self.check_list)),
            (self.now, first_of(self.app.active) is None),
        )
        here = any(self.focused is panel and nothing for panel, nothing in empty)
        return "there is nothing under the cursor" if here else ""

    def on_table_opened(self, event: Table.Opened) -> None:
        event.stop()
        self.action_open()

    def on_line_panel_opened(self, event: LinePanel.Opened) -> None:
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """By the panel that has the focus."""
        if self.focused is self.services:
            self.open_service(self.chosen)
        elif self.focused is self.errors:
            self._open_error(self.error_list.of(self.errors.cursor_id))
        elif self.focused is self.checks:
            self._open_check(self.checks.cursor_id)
        elif self.focused is self.now:
            job = first_of(self.app.active)
            if job is not None:
                self._open_job(str(job.number))
        elif self.focused in {self.machine, self.short}:
            self._open_text("Machine", gpu_text(self.app.host))

    def _open_error(self, group: ErrorGroupDocument | None) -> None:
        if group is not None:
            self.post_message(ErrorWanted(str(group.id)))

    def _open_check(self, code: str | None) -> None:
        check = self.check_list.of(code)
        if check is not None:
            self._open_text(check.title, check_text(check))

    def action_fix(self) -> None:
        """The steps are shown first; the engine refuses if they are others by now."""
        check = self.check_list.of(self.checks.cursor_id)
        if check is None or check.fix is None:
            self.app.tell("There is nothing that ainf can mend.", "`enter` on a check tells what you can do.")
        elif self.may():
            in_background(self, self._fix(check.fix), group="dashboard.fix")

    async def _fix(self, fix: FixDocument) -> None:
        if not await self.app.confirm(f"{fix.title}?", fix.steps, "Do it"):
            return
        try:
            done = await self.app.orders.fix(FixRequest(fix.id, fix.steps))
        except AinfError as error:
            self.app.tell_error(error)
            return
        if done.done:
            self.app.tell(f"Done: {fix.title}")
        else:
            self._open_text(f"Not done: {fix.title}", "\n".join(done.output))

    def action_check(self) -> None:
        in_background(self, self._check(), group="dashboard.check", exclusive=True)

    async def _check(self) -> None:
        """The topic tells what was found."""
        client = self.app.engine_link.client
        if client is None:
            self.app.tell("There is no engine to ask just now.")
            return
        self.app.tell("The system is looked at ...")
        try:
            await client.checks.run()
        except AinfError as error:
            self.app.tell_error(error)

    def _open_job(self, number: str) -> None:
        """On the Queue screen."""
        self.post_message(JobWanted(number))

    def _open_text(self, title: str, text: str) -> None:
        from ainf_tui.tui.frame.pane import TextPane  # noqa: PLC0415 - loaded when it is opened

        self.app.push_screen(TextPane(title, text))
