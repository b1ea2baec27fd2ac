"""The Dashboard."""

from __future__ import annotations

from ainf_tui.actions.action import Action

ACTIONS: tuple[Action, ...] = (
    Action("dashboard.open", ("enter",), "open", "What is under the cursor in full.", footer=1),
    Action(
        "dashboard.start",
        ("s",),
        "start",
        "Start the service, with what it depends on.",
        "services start",
        "POST /v1/services/start",
        2,
    ),
    Action(
        "dashboard.stop",
        ("x",),
        "stop",
        "Stop the service. Asks first.",
        "services stop",
        "POST /v1/services/stop",
        3,
    ),
    Action(
        "dashboard.restart",
        ("r",),
        "restart",
        "Stop the service and start it again. Asks first.",
        "services restart",
        "POST /v1/services/restart",
        4,
    ),
    Action(
        "dashboard.up", ("u",), "up all", "Start all that starts by itself.", "up", "POST /v1/services/up", 5
    ),
    Action(
        "dashboard.down",
        ("d",),
        "down all",
        "Stop all services, in reverse order. Asks first.",
        "down",
        "POST /v1/services/down",
        6,
    ),
    Action(
        "dashboard.adopt",
        ("o",),
        "adopt",
        "Use what listens on the service's port already, whoever started it.",
        "services adopt",
        "POST /v1/services/adopt",
    ),
    Action(
        "dashboard.fix",
        ("f",),
        "fix",
        "Mend what the check under the cursor found. Shows the steps and asks.",
        "doctor --fix",
        "POST /v1/checks/fix",
        7,
    ),
    Action("dashboard.check", ("C",), "check", "Look at the whole system again.", "doctor"),
    Action("dashboard.logs", ("L",), "log", "The service's log on the Logs screen, as it grows."),
    Action("dashboard.comfyui", ("c",), "ComfyUI", "The ComfyUI of this box and its custom nodes."),
)
