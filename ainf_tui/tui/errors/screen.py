"""The Errors screen: an inbox of what went wrong, and what is under the cursor explained."""

from __future__ import annotations

from pathlib import Path

from ainf_tui.display.format import here, utc_now
from ainf_tui.tui.errors.chosen import named, refs_of
from ainf_tui.tui.errors.filter import ORDERS, parse_filter
from ainf_tui.tui.errors.group import GroupScreen
from ainf_tui.tui.errors.inbox import InboxScreen
from ainf_tui.tui.errors.title import totals_text
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.options import Option

_HOME = Path.home()


class ErrorsScreen(InboxScreen):
    """The keys that change what is seen; those that act are in `steer`, those of the card in `carded`."""

    def labels(self) -> dict[str, str]:
        return {**super().labels(), "errors.hidden": "hide settled" if self.feed.hidden_too else "show all"}

    # -- in full ------------------------------------------------------------------------------
    def action_open(self) -> None:
        """The group under the cursor on the whole screen; where the card has the focus, its traceback."""
        if self.card.text.has_focus:
            self.action_fold()
        elif self.row is not None:
            self.app.push_screen(GroupScreen.for_list(self, self.row))

    def action_totals(self) -> None:
        from ainf_tui.tui.frame.pane import TextPane  # noqa: PLC0415 - loaded when it is opened

        self.app.push_screen(TextPane("Reports by level and source", totals_text(self.app.errors)))

    def go_to(self, group: str) -> None:
        """Puts the cursor on the group of that number; one that is not in the list is shown alone."""
        if self.table.move_to_id(group):
            self.look()
        else:
            self.wanted = group
            self.feed.reload()

    # -- what is shown, and in which order ----------------------------------------------------
    @property
    def filter_text(self) -> str:
        return self.feed.filter.text

    def set_filter(self, text: str) -> None:
        self.feed.ask(parse_filter(text), self.feed.order, hidden_too=self.feed.hidden_too)
        self._asked()

    def action_hidden(self) -> None:
        """Resolved and muted groups, too, or no longer."""
        self.feed.ask(self.feed.filter, self.feed.order, hidden_too=not self.feed.hidden_too)
        self._asked()

    def action_sort(self) -> None:
        in_background(self, self._choose_order(), group="errors.sort", exclusive=True, opens=True)

    async def _choose_order(self) -> None:
        options = [Option(name, name.replace("_", " "), told) for name, told in ORDERS.items()]
        chosen = await self.app.choose("In which order?", options, current=self.feed.order)
        if chosen:
            self.feed.ask(self.feed.filter, chosen, hidden_too=self.feed.hidden_too)
            self._asked()

    def _asked(self) -> None:
        self.show_title()
        self.show_footer()
        self.app.session.put(
            errors_filter=self.feed.filter.text,
            errors_order=self.feed.order,
            errors_hidden_too=self.feed.hidden_too,
        )

    # -- export -------------------------------------------------------------------------------
    def action_export(self) -> None:
        in_background(self, self._export(), group="errors.export", exclusive=True, opens=True)

    async def _export(self) -> None:
        """By the command line of the app; the file is written where the app runs."""
        from ainf_tui.tui.errors.dialogs import AskFile  # noqa: PLC0415 - inputs load when they are needed
        from ainf_tui.tui.errors.export import export  # noqa: PLC0415 - loaded when it is used

        console = self.app.options.console
        if console is None:
            self.app.tell("This app has no command line.", severity="warning")
            return
        marked = self.chosen() if self.table.marks else []
        name = f"ainf-errors-{here(utc_now()):%Y%m%d-%H%M%S}.jsonl"
        what = named(marked) if marked else "all errors"
        file = await self.app.push_screen_wait(AskFile(what, str(_HOME / name)))
        if file:
            await export(self.app, console, refs_of(marked), file)
