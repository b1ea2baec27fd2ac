"""The Logs screen."""

from __future__ import annotations

from ainf_tui.actions.action import Action

ACTIONS: tuple[Action, ...] = ()
