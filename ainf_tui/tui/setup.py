"""What the app is made from, and the one function that makes its options of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Literal, cast

from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.frozen import frozen
from ainf_tui.locations import Locations
from ainf_tui.settings import Settings
from ainf_tui.tui.console import Console
from ainf_tui.tui.options import Options
from ainf_tui.tui.terminal import abilities
from ainf_tui.tui.themes import ANSI


@frozen
class Setup:
    """Handed over by whoever opens the app. `settings` has the flags in it already."""

    settings: Settings
    locations: Locations
    environ: Mapping[str, str] = field(default_factory=dict)
    label: str = ""
    read_only: bool = False
    may_start: bool = True
    console: Console | None = None
    reread: Callable[[], Settings] | None = None
    """Reads the settings anew; raises UsageError `config.*`."""
    hand_over: Callable[[ErrorReport], str] | None = None
    """See `Options.hand_over`."""
    lent_theme: tuple[Path, str] | None = None
    """The session file of another app whose theme holds here while none is chosen, and its setting."""


Images = Literal["auto", "kitty", "sixel", "blocks", "off"]


def asked(settings: Settings) -> abilities.Options:
    """What the user wants of the terminal."""
    app = settings.app
    return abilities.Options(
        ascii=app.ascii == "yes",
        mouse=None if app.mouse == "auto" else app.mouse == "on",
        images=cast(Images, app.images),
        low_bandwidth=app.low_bandwidth == "yes",
    )


def make_options(setup: Setup, able: abilities.Abilities, kept_theme: str = "") -> Options:
    """`able`: what was decided about the terminal; `kept_theme`: what the user chose in the app last time."""
    settings, places = setup.settings, setup.locations
    return Options(
        label=setup.label,
        read_only=setup.read_only,
        may_start=setup.may_start,
        theme=_theme(settings, able, kept_theme),
        unicode=settings.app.ascii == "no" or able.unicode,
        glyphs=settings.app.ascii == "no",
        asked=asked(settings),
        mouse=able.mouse,
        slow=able.low_bandwidth,
        images=able.images if settings.app.images == "auto" else settings.app.images,
        keys=settings.keys,
        state_dir=places.state_dir,
        themes_dir=places.user_themes_dir,
        session_file=places.app_session_file,
        config_file=places.config_file,
        settings=settings,
        environ=setup.environ,
        console=setup.console,
        reread=setup.reread,
        hand_over=setup.hand_over,
    )


def _theme(settings: Settings, able: abilities.Abilities, kept: str) -> str:
    """A flag wins; then what the terminal can show; then what was chosen in the app; then the setting."""
    if settings.sources.get("app.theme") == "flag":
        return settings.app.theme
    if able.colours in {"none", "ansi"}:
        return ANSI
    return kept or settings.app.theme
