"""Verdicts on the terminal; the front end itself asks for them, about its own."""

from __future__ import annotations

from ainf_tui.domain.check_documents import CheckDocument
from ainf_tui.domain.checks import facts as f
from ainf_tui.domain.checks.verdict import INFO, OK, WARNING, check_of, not_seen


def terminal(found: f.Terminal | f.Unknown) -> tuple[CheckDocument, ...]:
    """Three checks; of a front end without a terminal none can look."""
    checks = ("terminal.type", "terminal.unicode", "terminal.clipboard")
    if isinstance(found, f.Unknown):
        return tuple(not_seen(check, found) for check in checks)
    return (_type(found), _unicode(found), _clipboard(found))


def _type(found: f.Terminal) -> CheckDocument:
    check = "terminal.type"
    if not found.interactive:
        return check_of(check, INFO, "the output goes to no terminal")
    if found.term in {"", "dumb", "unknown"}:
        hint = "The app cannot draw there: set TERM to what the terminal is, such as xterm-256color."
        return check_of(check, WARNING, f"TERM is {found.term or 'not set'}", hint=hint)
    evidence = f"{found.term}, {found.colours} colours"
    if found.colours < 256:
        hint = "Themes look better with 256 colours: TERM=xterm-256color, or COLORTERM=truecolor."
        return check_of(check, INFO, evidence, hint=hint)
    return check_of(check, OK, evidence)


def _unicode(found: f.Terminal) -> CheckDocument:
    check = "terminal.unicode"
    if found.unicode:
        return check_of(check, OK, "UTF-8")
    hint = "The app falls back to plain characters; for glyphs: export LANG=C.UTF-8."
    return check_of(check, WARNING, "the locale of this terminal is not UTF-8", hint=hint)


def _clipboard(found: f.Terminal) -> CheckDocument:
    check = "terminal.clipboard"
    if not found.tmux:
        where = "over ssh" if found.ssh else "here"
        return check_of(check, OK, f"copies go to the terminal (OSC 52) {where}; most take them")
    if not found.clipboard:
        return not_seen(check, f.Unknown("tmux does not tell what it does with copies"))
    if found.clipboard == "on":
        return check_of(check, OK, "tmux hands copies on")
    hint = "Copies end in tmux: tmux set -g set-clipboard on."
    return check_of(check, INFO, f"tmux has set-clipboard {found.clipboard}", hint=hint)
