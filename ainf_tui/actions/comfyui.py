"""The screen of ComfyUI and its custom nodes."""

from __future__ import annotations

from ainf_tui.actions.action import Action

ACTIONS: tuple[Action, ...] = (
    Action(
        "comfyui.install",
        ("i",),
        "install",
        "Install ComfyUI, or go on where that was cut off. Asks first.",
        "comfyui install",
        "POST /v1/comfyui/install",
        1,
    ),
    Action(
        "comfyui.update",
        ("U",),
        "update",
        "Bring ComfyUI to a newer version. Asks first.",
        "comfyui update",
        "POST /v1/comfyui/update",
        2,
    ),
    Action(
        "comfyui.rollback",
        ("B",),
        "roll back",
        "Back to the version before the last update. Asks first.",
        "comfyui rollback",
        "POST /v1/comfyui/rollback",
        3,
    ),
    Action(
        "comfyui.cancel",
        ("c",),
        "cancel",
        "End the task that runs; what is done stays. Asks first.",
        "comfyui cancel",
        "POST /v1/comfyui/cancel",
        4,
    ),
    Action(
        "comfyui.add_node",
        ("a",),
        "add node",
        "A custom node from a git URL or an archive: what it would run is shown first.",
        "comfyui nodes install",
        "POST /v1/comfyui/nodes/install",
        5,
    ),
    Action(
        "comfyui.enable_node",
        ("e",),
        "enable node",
        "Let ComfyUI load the node at its next start.",
        "comfyui nodes enable",
        "POST /v1/comfyui/nodes/enable",
    ),
    Action(
        "comfyui.disable_node",
        ("z",),
        "disable node",
        "Keep ComfyUI from loading the node at its next start.",
        "comfyui nodes disable",
        "POST /v1/comfyui/nodes/disable",
        6,
    ),
    Action(
        "comfyui.update_node",
        ("t",),
        "update node",
        "Bring the node to its newest commit. Asks first.",
        "comfyui nodes update",
        "POST /v1/comfyui/nodes/update",
    ),
    Action(
        "comfyui.remove_node",
        ("X", "delete"),
        "remove node",
        "Move the node to the trash folder. Asks first.",
        "comfyui nodes remove",
        "POST /v1/comfyui/nodes/remove",
    ),
    Action("comfyui.start", ("s",), "start", "Start ComfyUI.", "comfyui start", "POST /v1/services/start"),
    Action(
        "comfyui.stop", ("x",), "stop", "Stop ComfyUI. Asks first.", "comfyui stop", "POST /v1/services/stop"
    ),
    Action(
        "comfyui.restart",
        ("r",),
        "restart",
        "Stop ComfyUI and start it again. Asks first.",
        "comfyui restart",
        "POST /v1/services/restart",
    ),
    Action(
        "comfyui.free",
        ("f",),
        "free memory",
        "Let ComfyUI give back the GPU memory it keeps, once no prompt runs.",
        "comfyui free",
        "POST /v1/backends/free",
    ),
    Action("comfyui.open", ("enter",), "in full", "The node under the cursor in full."),
)
