"""What every screen stands on: the engine's topics as attributes, keys, looks, telling and asking."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from textual import events
from textual.message import Message
from textual.reactive import var

from ainf_tui.domain.check_documents import CheckDocument
from ainf_tui.domain.comfyui_documents import ComfyUIDocument
from ainf_tui.domain.documents import (
    BackendDocument,
    DatabaseDocument,
    EngineDocument,
    HealthDocument,
    JobDocument,
    ProblemDocument,
    QueueDocument,
)
from ainf_tui.domain.error_documents import ErrorTotalsDocument
from ainf_tui.domain.host_documents import HostDocument
from ainf_tui.domain.service_documents import ServicesDocument
from ainf_tui.errors import AinfError
from ainf_tui.resources import styles_dir
from ainf_tui.tui.failures import Failures, in_background
from ainf_tui.tui.frame.header import Facts
from ainf_tui.tui.frame.options import Option
from ainf_tui.tui.garbage import Garbage
from ainf_tui.tui.keymap import Keymap
from ainf_tui.tui.lines import safe
from ainf_tui.tui.link import EngineLink, Link
from ainf_tui.tui.looks import make_looks, own_tokens
from ainf_tui.tui.options import Options
from ainf_tui.tui.orders import Orders
from ainf_tui.tui.ports import EngineClient, Opener
from ainf_tui.tui.session import Session
from ainf_tui.tui.signs import Signs
from ainf_tui.tui.terminal.abilities import Abilities
from ainf_tui.tui.terminal.driver import AinfDriver
from ainf_tui.tui.terminal.messages import LineChanged, TerminalProbed
from ainf_tui.tui.terminal.pacing import pacer_of
from ainf_tui.tui.themes import ANSI, DEFAULT, our_themes
from ainf_tui.tui.widgets.painted import Looking

TOPICS = (
    *("engine", "queue", "active", "backends", "database", "health"),
    *("services", "host", "checks", "comfyui", "errors"),
)
"""The store's topics; each is an attribute of the app."""
_STYLES = ("app", "dialogs", "lists", "queue", "dashboard", "logs", "errors")


class Shell(Looking, Failures):
    """The app without its screens: what they show, and the way to act."""

    class PreviewCame(Message):
        """A picture of a running job."""

        def __init__(self, job_id: str, media_type: str, data: bytes) -> None:
            super().__init__()
            self.job_id = job_id
            self.media_type = media_type
            self.data = data

    TITLE = "ainf"
    ENABLE_COMMAND_PALETTE = False  # ours lists our actions (`frame.palette`)
    # Textual annotates them so that a ClassVar would be another kind of attribute.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (160, "-huge")]  # noqa: RUF012 - as above
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012 - as above

    link: var[Link] = var(Link())
    engine: var[EngineDocument | None] = var(None)
    queue: var[QueueDocument] = var(QueueDocument())
    active: var[tuple[JobDocument, ...]] = var(())
    backends: var[tuple[BackendDocument, ...]] = var(())
    database: var[DatabaseDocument | None] = var(None)
    health: var[HealthDocument] = var(HealthDocument())
    services: var[ServicesDocument] = var(ServicesDocument())
    host: var[HostDocument] = var(HostDocument())
    checks: var[tuple[CheckDocument, ...]] = var(())
    comfyui: var[ComfyUIDocument] = var(ComfyUIDocument())
    errors: var[ErrorTotalsDocument] = var(ErrorTotalsDocument())
    clients: var[int] = var(0)
    """Grows with each client that came: there is somebody to ask, before the live topics are here."""
    signs: var[Signs] = var(Signs())
    slow: var[bool] = var(default=False)
    """Low bandwidth: asked for, or the line was found to be slow."""
    abilities: var[Abilities | None] = var(None)
    """What the terminal can, once it has told."""
    images: var[str] = var("blocks")
    """How pictures are drawn: blocks | sixel | kitty | off."""
    tick: var[float] = var(0.0)
    """Monotonic seconds, once a second: ages on the screen are counted from it."""

    def __init__(
        self, opener: Opener, options: Options | None = None, session: Session | None = None
    ) -> None:
        self.options = options or Options()
        self.session = session or Session()
        self.keymap = Keymap(self.options.keys)
        folder = styles_dir()
        super().__init__(
            driver_class=AinfDriver,
            css_path=[folder / f"{name}.tcss" for name in _STYLES],
        )
        self.hand_over = self.options.hand_over
        if self.options.state_dir is not None:
            self.failure_log = self.options.state_dir / "app.log"
        self.set_reactive(Shell.signs, Signs(unicode=self.options.unicode))
        self.set_reactive(Shell.slow, self.options.slow)
        self.set_reactive(Shell.images, self.options.images)
        self._chosen_images = ""
        self.garbage: Garbage | None = None
        """Set where the process is the app's own."""
        self.drafts: dict[str, Any] = {}
        """What forms keep of what was typed, by the form."""
        self._bindings = self.keymap.bindings("app")
        self.engine_link = EngineLink(opener, self, may_start=self.options.may_start, topics=TOPICS)
        self.orders = Orders(self._client)
        self.register_themes()
        wanted = self.options.theme
        self.chosen_theme = wanted if wanted in self.available_themes else DEFAULT
        self.theme = ANSI if self.options.slow else self.chosen_theme
        self._make_looks()

    def on_mount(self) -> None:
        # At once: where an engine runs it answers before the first paint, and one paint is enough.
        self.lasting["app.link"] = self._run_link
        self._run_link()
        self.set_interval(1.0, self._beat)

        pacer = pacer_of(self)
        if pacer is not None and self.options.slow:
            pacer.low = True

    async def on_event(self, event: events.Event) -> None:
        if self.garbage is not None and isinstance(event, events.Key):
            self.garbage.key()
        await super().on_event(event)

    def rush(self, *, on: bool) -> None:
        """What keys that wait change is painted together."""
        if (pacer := pacer_of(self)) is not None and pacer.rush.on is not on:
            pacer.rush.on = on
            if not on:
                pacer.progress()

    def _run_link(self) -> None:
        in_background(self, self.engine_link.run(), group="app.link", exclusive=True)

    def on_terminal_probed(self, event: TerminalProbed) -> None:
        """The terminal has told what it can do; the glyphs follow."""
        abilities = self.options.decide(event.probe, slow=self.slow)
        if abilities is None:
            return
        if abilities.unicode != self.signs.unicode:
            self.signs = Signs(unicode=abilities.unicode)
        self.abilities = abilities
        self.images = self._chosen_images or abilities.images

    def choose_images(self, way: str) -> None:
        """From now on pictures are drawn so; `auto` leaves it to the terminal."""
        self._chosen_images = "" if way == "auto" else way
        decided = self.abilities.images if self.abilities is not None else self.options.images
        self.images = self._chosen_images or decided

    def on_line_changed(self, event: LineChanged) -> None:
        """A slow line gets sixteen colours and no pictures, a fast one the rest back."""
        believed = event.slow and self.options.settings.app.low_bandwidth != "no"
        self.slow = believed or self.options.slow

    def watch_slow(self, slow: bool) -> None:
        self.theme = ANSI if slow else self.chosen_theme

    def _beat(self) -> None:
        self.tick = time.monotonic()
        if self.garbage is not None:
            self.garbage.look()

    # -- looks --------------------------------------------------------------------------------
    def register_themes(self) -> None:
        for theme in our_themes():
            self.register_theme(theme)

    def get_css_variables(self) -> dict[str, str]:
        tokens = super().get_css_variables()
        theme = self.current_theme
        return {**own_tokens(tokens, ansi=theme.ansi, dark=theme.dark), **tokens}

    def _make_looks(self) -> None:
        self.looks = make_looks(self.get_css_variables())

    def watch_theme(self) -> None:
        self._make_looks()

    # -- what the link tells ------------------------------------------------------------------
    def client_came(self) -> None:
        self.clients += 1

    def link_changed(self, link: Link) -> None:
        self.link = link

    def topic_changed(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    def preview_came(self, job_id: str, media_type: str, data: bytes) -> None:
        """Pictures are no state: the screen that watches them gets each."""
        self.post_message(self.PreviewCame(job_id, media_type, data))

    def noticed(self, notice: ProblemDocument) -> None:
        self.tell(notice.message, notice.hint, severity="warning")

    def _client(self) -> EngineClient | None:
        return self.engine_link.client

    def header_facts(self) -> Facts:
        """What every screen's header shows."""
        return Facts(
            link=self.link,
            health=self.health,
            backends=self.backends,
            database=self.database,
            now=datetime.now(UTC),
            tick=self.tick or time.monotonic(),
            label=self.options.label,
            read_only=self.options.read_only,
            slow=self.slow,
            host=self.options.host,
            new_errors=self.errors.new,
        )

    # -- telling the user ---------------------------------------------------------------------
    def tell(self, message: str, hint: str = "", *, severity: Any = "information") -> None:
        """A toast. Outside text is safe here: it never meets markup."""
        text = safe(message, 400) + (f"\n{safe(hint, 400)}" if hint else "")
        self.notify(text, severity=severity, markup=False, timeout=8.0 if hint else 5.0)

    def tell_error(self, error: AinfError) -> None:
        self.tell(error.message, error.hint, severity="error")

    async def confirm(self, question: str, more: Sequence[str], verb: str) -> bool:
        """Asks; call it from a worker. Everything may be outside text."""
        from ainf_tui.tui.frame.dialogs import Confirm  # noqa: PLC0415 - buttons load when they are needed

        answer = await self.push_screen_wait(Confirm(question, more, verb))
        return bool(answer)

    async def choose(self, title: str, options: Sequence[Option], current: str = "") -> str | None:
        """The value of the option taken, None if it was left; call it from a worker."""
        from ainf_tui.tui.frame.dialogs import Choose  # noqa: PLC0415 - as above

        return await self.push_screen_wait(Choose(title, options, self.keymap, current))
