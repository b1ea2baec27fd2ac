"""Every action that a key of the app can do, declared once: id, keys, what it is called, and how the
command line and the API do the same.

The app's bindings, its help, footer and palette, the setting `[keys]`, `docs/keys.md` and the test that
nothing can be done on a screen only come from this table. An id is `area.verb`; an area is a part of the
screen. Keys are Textual's names, the first is the one that is shown.
"""

from __future__ import annotations

from ainf_tui.actions import comfyui, dashboard, errors, everywhere, frame, logs, queue
from ainf_tui.actions.action import Action

__all__ = ["ACTIONS", "AREAS", "BY_ID", "TOGETHER", "Action", "of_area"]

AREAS = {
    "app": "Everywhere",
    "list": "Lists",
    "dashboard": "Dashboard",
    "comfyui": "ComfyUI",
    "queue": "Queue",
    "detail": "Job in detail",
    "form": "New run",
    "logs": "Logs",
    "errors": "Errors",
    "log": "Command log",
    "settings": "Settings",
}

TOGETHER = (
    ("app", "list", "dashboard"),
    ("app", "list", "comfyui"),
    ("app", "list", "queue", "detail"),
    ("app", "list", "logs"),
    ("app", "list", "errors"),
    ("app", "list", "log"),
    ("app", "list", "settings"),
    ("app", "form"),
)
"""Areas whose keys hold at the same time: none of their actions may share a key."""

ACTIONS: tuple[Action, ...] = (
    *everywhere.ACTIONS,
    *dashboard.ACTIONS,
    *comfyui.ACTIONS,
    *queue.ACTIONS,
    *logs.ACTIONS,
    *errors.ACTIONS,
    *frame.ACTIONS,
)

BY_ID = {action.id: action for action in ACTIONS}


def of_area(area: str) -> tuple[Action, ...]:
    """The area's actions in the order of declaration."""
    return tuple(action for action in ACTIONS if action.area == area)
