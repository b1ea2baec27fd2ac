"""What the app may use of this terminal, and why: from the environment, the options and the probe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from ainf_tui.domain.text import visible
from ainf_tui.errors import UsageError
from ainf_tui.frozen import frozen
from ainf_tui.tui.terminal.probe import Probe

Colours = Literal["none", "ansi", "256", "truecolor"]
Images = Literal["kitty", "sixel", "blocks", "off"]
Multiplexer = Literal["", "tmux", "screen"]

_TRUECOLOR = ("-direct", "kitty", "ghostty", "alacritty", "wezterm", "foot")
# By XTVERSION. Konsole and WezTerm acknowledge kitty's protocol but not its Unicode placeholders, by which
# pictures are placed; Warp acknowledges and draws nothing.
_KITTY_PLACEHOLDERS = ("kitty", "ghostty")


@frozen
class Options:
    """What the user asked for. None and `auto`: decide."""

    ascii: bool = False
    mouse: bool | None = None
    images: Literal["auto", "kitty", "sixel", "blocks", "off"] = "auto"
    low_bandwidth: bool = False
    """Asked for, or the line was measured to be slow (`Pacer.slow`)."""


@frozen
class Abilities:
    """Decided. `reasons` has a short sentence for each field that one could wonder about."""

    colours: Colours
    """Below `256` the theme `ansi` is the right one; with `none` it is used without its colours."""
    unicode: bool
    mouse: bool
    images: Images
    low_bandwidth: bool
    over_ssh: bool
    multiplexer: Multiplexer
    dark: bool | None
    """The terminal's background; None: not known."""
    cell: tuple[int, int] | None
    """Width and height of a cell in pixels."""
    reasons: Mapping[str, str] = field(default_factory=dict)


def over_ssh(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("SSH_TTY") or environ.get("SSH_CONNECTION"))


def multiplexer(environ: Mapping[str, str]) -> Multiplexer:
    """By its variable or, where that is lost (sudo, ssh), by TERM."""
    term = environ.get("TERM", "")
    if environ.get("TMUX") or term.startswith("tmux"):
        return "tmux"
    return "screen" if environ.get("STY") or term.startswith("screen") else ""


def require_terminal(environ: Mapping[str, str], *, tty: bool) -> None:
    """UsageError `tui.no_terminal` where a full screen cannot be shown. `tty`: stdin and stdout are one."""
    hint = "The command line does the same without a screen: ainf status, ainf queue, ainf run."
    if not tty:
        raise UsageError(
            "tui.no_terminal", "The full screen needs a terminal as input and output, and has none", hint=hint
        )
    if environ.get("TERM", "") == "dumb":
        raise UsageError("tui.no_terminal", "TERM=dumb says that this terminal has no full screen", hint=hint)


def decide(environ: Mapping[str, str], options: Options, probe: Probe, *, tty: bool = True) -> Abilities:
    """UsageError `tui.no_terminal` (exit code 2) without a terminal or with TERM=dumb."""
    require_terminal(environ, tty=tty)
    reasons: dict[str, str] = {}
    ssh, mux = over_ssh(environ), multiplexer(environ)
    colours, reasons["colours"] = _colours(environ, options)
    unicode, reasons["unicode"] = _unicode(environ, options, probe, mux)
    mouse, reasons["mouse"] = _mouse(options, ssh=ssh)
    images, reasons["images"] = _images(environ, options, probe, mux)
    return Abilities(
        colours=colours,
        unicode=unicode,
        mouse=mouse,
        images=images,
        low_bandwidth=options.low_bandwidth,
        over_ssh=ssh,
        multiplexer=mux,
        dark=probe.dark,
        cell=probe.cell,
        reasons=reasons,
    )


def _colours(environ: Mapping[str, str], options: Options) -> tuple[Colours, str]:
    if environ.get("NO_COLOR"):
        return "none", "NO_COLOR is set"
    if options.low_bandwidth:
        return "ansi", "low bandwidth: sixteen colours take half the bytes"
    forced = environ.get("FORCE_COLOR", "")
    levels: Mapping[str, Colours] = {"0": "none", "1": "ansi", "2": "256", "3": "truecolor"}
    if forced in levels:
        return levels[forced], f"FORCE_COLOR={forced}"
    if environ.get("COLORTERM", "").lower() in {"truecolor", "24bit"}:
        return "truecolor", "COLORTERM says so"
    term = environ.get("TERM", "")
    shown = f"TERM={visible(term, 40)}"
    if any(part in term for part in _TRUECOLOR):
        return "truecolor", shown
    return ("256", shown) if "256" in term else ("ansi", shown)


def _unicode(
    environ: Mapping[str, str], options: Options, probe: Probe, mux: Multiplexer
) -> tuple[bool, str]:
    if options.ascii:
        return False, "asked for"
    wide = [glyph for glyph, width in probe.widths.items() if width != 1]
    if wide:
        return False, f"the terminal draws {wide[0]} {probe.widths[wide[0]]} cells wide"
    name = next((name for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "")
    utf8 = environ.get(name, "").lower().replace("-", "").partition("@")[0].endswith("utf8")
    if utf8:
        return True, f"{name} is UTF-8"
    # A terminal that is not in UTF-8 would have moved by three cells for each glyph. A multiplexer measures
    # right and then draws underscores, as its own locale tells it.
    if probe.widths and not mux:
        return True, "the terminal draws each glyph one cell wide"
    return False, f"{name} is not UTF-8" if name else "no locale is set (LANG, LC_ALL)"


def _mouse(options: Options, *, ssh: bool) -> tuple[bool, str]:
    if options.mouse is not None:
        return options.mouse, "asked for"
    if ssh:
        # Every motion is a report up the line, and an app that takes the mouse takes away the terminal's own
        # selection, over SSH the one way of copying that always works.
        return False, "over SSH it is off, so that the terminal's own selection works"
    return True, "on by default"


def _images(
    environ: Mapping[str, str], options: Options, probe: Probe, mux: Multiplexer
) -> tuple[Images, str]:
    if options.images != "auto":
        return options.images, "asked for"
    if options.low_bandwidth or environ.get("NO_COLOR"):
        return "off", "low bandwidth" if options.low_bandwidth else "NO_COLOR is set"
    if environ.get("TERM_PROGRAM") == "WarpTerminal":
        return "blocks", "Warp says that it draws pictures, and does not"
    drawn = _drawn(environ, probe, mux)
    if drawn:
        return drawn, "the terminal says so"
    if mux:
        return "blocks", f"{mux} passes on no other pictures"
    return "blocks", "the terminal draws no pictures" if probe.complete else "the terminal has not answered"


def _drawn(environ: Mapping[str, str], probe: Probe, mux: Multiplexer) -> Literal["kitty", "sixel", ""]:
    if probe.sixel:
        return "sixel"
    name = probe.name.lower()
    known = name.startswith(_KITTY_PLACEHOLDERS) or environ.get("TERM") == "xterm-kitty"
    return "kitty" if probe.kitty and known and not mux else ""
