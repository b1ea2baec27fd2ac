"""A screen in the frame: header and tabs above, the footer's keys below, its own part between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from textual import getters
from textual.app import ComposeResult
from textual.widget import Widget

from ainf_tui.actions import BY_ID, Action, of_area
from ainf_tui.tui.frame.bars import KeyHint, Tab, footer_line, tab_line
from ainf_tui.tui.frame.header import header_line
from ainf_tui.tui.frame.reasons import READ_ONLY
from ainf_tui.tui.keymap import OPENING_NAMES
from ainf_tui.tui.shell import Shell
from ainf_tui.tui.terminal.pacing import PacedScreen
from ainf_tui.tui.widgets.painted import Bar

TABS = ("app.dashboard", "app.queue", "app.logs", "app.errors")
"""The screens of the tab line, by the actions that open them."""


class FrameScreen(PacedScreen[None]):
    """Subclasses give `body()`, `areas` and, where they differ from the declaration, `hints()`."""

    app = getters.app(Shell)

    areas: Sequence[str] = ()
    """Areas whose keys hold on this screen, the most special first."""
    pane_areas: Sequence[str] = ("list",)
    """Areas whose keys hold in its panes."""
    tab: str = "app.queue"
    """The action of the tab that it belongs to."""
    over: str = ""
    """The action that opened it, of a screen that lies over the one of the tab."""

    def __init__(self) -> None:
        super().__init__()
        self.header = Bar(id="header")
        self.tabs = Bar(id="tabs")
        self.footer = Bar(id="footer")

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.tabs
        yield from self.body()
        yield self.footer

    def body(self) -> Iterable[Widget]:
        """The screen's own part."""
        raise NotImplementedError

    def back(self) -> bool:
        """Closes what is open; False if there was nothing."""
        return False

    async def leaving(self) -> None:
        """The app ends in order: what is still pending is carried out."""

    def on_mount(self) -> None:
        self._bindings = type(self._bindings).merge([self._bindings, self.app.keymap.bindings(*self.areas)])
        for key in ("ctrl+c", "super+c"):
            # Textual's copying, without our ways to a clipboard: `app.interrupt` does it.
            self._bindings.key_to_bindings.pop(key, None)
        for name in ("link", "health", "backends", "database", "tick"):
            self.watch(self.app, name, self.show_header, init=False)
        self.watch(self.app, "queue", self.show_tabs, init=False)
        self.watch(self.app, "errors", self._errors_told, init=False)
        self.watch(self.app, "signs", self.show_frame, init=False)

    def on_resize(self) -> None:
        self.show_frame()

    def on_screen_resume(self) -> None:
        self.show_frame()

    def show_frame(self) -> None:
        """Header, tabs and footer as of now; what has not changed is not painted."""
        self.show_header()
        self.show_tabs()
        self.show_footer()

    def show_header(self) -> None:
        if self.hidden:
            return
        self.header.show(header_line(self.app.header_facts(), self.size.width, self.app.signs))

    def _errors_told(self) -> None:
        self.show_header()
        self.show_tabs()

    def show_tabs(self) -> None:
        tabs = [self._tab(name) for name in TABS]
        if self.over:
            tabs.append(
                Tab(self.app.keymap.shown(BY_ID[self.over]), BY_ID[self.over].label.capitalize(), here=True)
            )
        self.tabs.show(tab_line(tabs, self.size.width))

    def _tab(self, name: str) -> Tab:
        action, queue = BY_ID[name], self.app.queue
        count = {
            "app.queue": queue.queued + queue.submitted + queue.running,
            "app.errors": self.app.errors.new or None,
        }.get(name)
        here = name == self.tab and not self.over
        return Tab(self.app.keymap.shown(action), action.label.capitalize(), here=here, count=count)

    @property
    def hidden(self) -> bool:
        """Another screen of the tab line is open: nothing has to be brought up to date here."""
        return self not in self.app.screen_stack

    def show_footer(self) -> None:
        self.footer.show(footer_line([*self.hints(), self._help_hint()], self.size.width))

    def hints(self) -> list[KeyHint]:
        """The keys in the footer, named by what they would do now; those that would do nothing are dim."""
        labels = self.labels()
        return [self.hint(a, labels.get(a.id, ""), enabled=not self.why_not(a)) for a in self.hinted()]

    def hinted(self) -> list[Action]:
        """Those of the screen's areas, in the declared order."""
        actions = [action for area in self.areas for action in of_area(area) if action.footer]
        return sorted(actions, key=lambda action: action.footer)

    def labels(self) -> Mapping[str, str]:
        """By action, where it is called otherwise now than declared."""
        return {}

    def hint(self, action: Action, label: str = "", *, enabled: bool = True) -> KeyHint:
        allowed = enabled and not (action.changes and self.app.options.read_only)
        return KeyHint(self.app.keymap.shown(action), label or action.label, allowed)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that opens a line is a letter where one is open."""
        if action in OPENING_NAMES and types(self.focused):
            return False
        return super().check_action(action, parameters)

    def focus_body(self) -> None:
        """Where the keys go once a line that was typed at the foot is closed."""
        self.set_focus(None)
        if self.AUTO_FOCUS:
            self.query_one(self.AUTO_FOCUS).focus()

    def why_not(self, action: Action) -> str:
        """Why the action does nothing now on this screen; empty if nothing is against it."""
        del action
        return ""

    def may(self) -> bool:
        """False, and said, in an app that only looks."""
        if self.app.options.read_only:
            self.app.tell(READ_ONLY, severity="warning")
        return not self.app.options.read_only

    def _help_hint(self) -> KeyHint:
        return self.hint(_HELP)


def types(widget: Widget | None) -> bool:
    """Whether letters go into a text. By name: nobody waits for TextArea to load."""
    return any(cls.__name__ in {"Input", "TextArea"} for cls in type(widget).__mro__)


_HELP = next(action for action in of_area("app") if action.name == "help")
