"""A screen that shows a job in detail: what it asks for, what it follows, the keys of the pane."""

from __future__ import annotations

from ainf_tui.actions import BY_ID
from ainf_tui.domain.documents import JobDocument, JobRow
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.options import Option
from ainf_tui.tui.lists.paned import PanedScreen
from ainf_tui.tui.pictures.method import HELP, method
from ainf_tui.tui.queue.chosen import ENDED
from ainf_tui.tui.queue.detail import DetailPane
from ainf_tui.tui.queue.detail_feed import Cache, JobDetails
from ainf_tui.tui.queue.detail_lines import Seen
from ainf_tui.tui.queue.pictures import JobPictures, Way
from ainf_tui.tui.queue.steer import SteeredScreen


class DetailedScreen(PanedScreen[JobRow], SteeredScreen):
    """Subclasses call `look` when another job is to be shown."""

    pane_areas = ("detail", "list")
    pane_keys = ("detail",)
    details: JobDetails

    def __init__(self, cache: Cache | None = None) -> None:
        super().__init__()
        self.pane = self.detail = DetailPane()
        self.details = JobDetails(
            self.ways(self.show_pane), cache, queue=lambda: self.app.queue.revision, live=self._live
        )
        self.pictures = JobPictures(
            self.client,
            later=self.set_timer,
            run=self._bring_picture,
            show=self.detail.show_picture,
            watch=self._watch_previews,
            key=self.app.keymap.shown(BY_ID["detail.picture"]),
        )

    def on_mount(self) -> None:
        for name in ("active", "abilities", "images", "slow", "queue"):
            self.watch(self.app, name, self.look, init=False)

    def _bring_picture(self) -> None:
        in_background(self, self.pictures.bring(), group="queue.picture", exclusive=True)

    def _watch_previews(self, job_ids: tuple[str, ...]) -> None:
        work = self.app.engine_link.watch_previews(job_ids)
        in_background(self, work, group="queue.previews", exclusive=True)

    # -- what is shown ------------------------------------------------------------------------
    @property
    def detailed(self) -> JobRow | None:
        """The job that the pane shows; None while it is out of sight."""
        return self.row if self.detail.display else None

    def look(self) -> None:
        if self.is_current:
            self.details.look_at(self.detailed)
            self.show_pane()

    def show_pane(self) -> None:
        if not self.is_current:
            return
        row = self.detailed
        seen = self._seen(row) if row is not None else None
        self.detail.show(seen)
        if seen is not None and seen.job is None and not seen.error:
            # Whether it has a picture is not known yet: its place stays, so that nothing is laid out anew.
            self.pictures.rest()
            self.detail.clear_picture()
            return
        self.pictures.look_at(seen.job if seen is not None else None, self._way())

    def _way(self) -> Way:
        """How pictures are drawn here now."""
        app = self.app
        chosen, why = method(app.images, unicode=app.signs.unicode, slow=app.slow)
        cell = app.abilities.cell if app.abilities is not None else None
        return Way(self.detail.room, chosen, cell, why)

    def _seen(self, row: JobRow) -> Seen:
        return Seen(row, self.details.found(), self._live(row), self.unfolded(row), self.details.error)

    def _live(self, row: JobRow) -> JobDocument | None:
        """What the topic tells of it."""
        return next((job for job in self.app.active if job.id == row.id), None)

    def preview_came(self, job_id: str, media_type: str, data: bytes) -> None:
        """A picture of a job in the making."""
        if media_type.startswith("image/"):
            self.pictures.preview_came(job_id, data)
            self.show_pane()

    def on_screen_suspend(self) -> None:
        """No picture shines through the screen over this one."""
        self.pictures.rest()
        self.detail.picture.empty()

    def on_detail_pane_resized(self, event: DetailPane.Resized) -> None:
        event.stop()
        self.look()

    # -- keys (`actions.py`, areas list and detail) -------------------------------------------
    def action_next_output(self) -> None:
        self._step_output(1)

    def action_previous_output(self) -> None:
        self._step_output(-1)

    def _step_output(self, by: int) -> None:
        if not self.pictures.step(by):
            self.app.tell("There is no other picture of this job.")

    def action_picture(self) -> None:
        if not self.pictures.allow():
            self.app.tell("There is no picture to fetch.")

    def action_images(self) -> None:
        in_background(self, self._choose_images(), group="queue.images", exclusive=True, opens=True)

    async def _choose_images(self) -> None:
        options = [Option(name, name, HELP[name]) for name in HELP]
        chosen = await self.app.choose("Pictures are drawn as", options, current=self.app.images)
        if chosen is not None:
            self.app.choose_images(chosen)

    def action_new_run(self) -> None:
        client = self.client()
        if not self.may():
            return
        if client is None:
            self.app.tell("There is no engine to ask just now.", "The header says how things stand.")
        else:
            from ainf_tui.tui.queue.new_run import new_run  # noqa: PLC0415 - inputs load when they are needed

            work = new_run(self, client, self.app.drafts)
            in_background(self, work, group="queue.new_run", exclusive=True, opens=True)

    def action_retry_edited(self) -> None:
        row, client = self.row, self.client()
        if not self.may():
            return
        if row is None or row.state not in ENDED:
            self.app.tell("Only an ended job can be changed and tried again.", "`a` makes a new run.")
        elif client is not None:
            from ainf_tui.tui.queue.new_run import retry_edited  # noqa: PLC0415 - as above

            work = retry_edited(self, client, self.app.drafts, row)
            in_background(self, work, group="queue.new_run", exclusive=True, opens=True)
