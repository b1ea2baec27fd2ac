"""Every action that a key of the app can do, declared once: id, keys, what it is called, and how the
command line and the API do the same.

The app's bindings, its help, footer and palette, the setting `[keys]`, `docs/keys.md` and the test that
nothing can be done on a screen only come from this table. An id is `area.verb`; an area is a part of the
screen. Keys are Textual's names, the first is the one that is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

AREAS = {
    "app": "Everywhere",
    "list": "Lists",
    "dashboard": "Dashboard",
    "comfyui": "ComfyUI",
    "queue": "Queue",
    "detail": "Job in detail",
    "form": "New run",
    "log": "Command log",
    "settings": "Settings",
}

TOGETHER = (
    ("app", "list", "dashboard"),
    ("app", "list", "comfyui"),
    ("app", "list", "queue", "detail"),
    ("app", "list", "log"),
    ("app", "list", "settings"),
    ("app", "form"),
)
"""Areas whose keys hold at the same time: none of their actions may share a key."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action. `verb` (of `ainf`) and `route` are empty for what changes only what this terminal shows."""

    id: str
    keys: tuple[str, ...]
    label: str
    """One or two words for the footer."""
    help: str
    verb: str = ""
    route: str = ""
    footer: int = 0
    """Order among the keys of its area in the footer, from 1; 0: only in the help."""

    @property
    def area(self) -> str:
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        """As Textual calls its method: `action_NAME`."""
        return self.id.partition(".")[2]

    @property
    def changes(self) -> bool:
        """Whether it changes anything but the screen; refused in a read-only app."""
        return bool(self.route)


ACTIONS: tuple[Action, ...] = (
    Action("app.help", ("question_mark", "f1"), "help", "All keys of this screen, searchable."),
    Action("app.command", ("colon",), "command", "A command line with the verbs of `ainf`."),
    Action("app.palette", ("ctrl+p", "ctrl+k"), "palette", "Find any action by its name."),
    Action("app.back", ("escape",), "back", "Close what is open; end a filter; clear the marks."),
    Action("app.quit", ("q",), "quit", "Back, and at the first screen leave. The engine goes on."),
    Action("app.leave", ("ctrl+q",), "leave", "Leave at once. The engine goes on."),
    Action(
        "app.dashboard", ("1",), "dashboard", "The Dashboard: services, machine, what runs, what is wrong."
    ),
    Action("app.queue", ("2",), "queue", "The Queue screen."),
    Action("app.command_log", ("at",), "command log", "What was asked of the engine for you."),
    Action("app.settings", ("comma",), "settings", "The settings and where each comes from."),
    Action(
        "app.start_engine",
        ("ctrl+r",),
        "start engine",
        "Start the engine where it is stopped.",
        "engine start",
    ),
    Action("app.theme", (), "theme", "Choose another theme; what is chosen is kept."),
    Action("app.mouse", ("f2",), "mouse", "Mouse on or off; off, the terminal selects text itself."),
    Action("app.redraw", ("ctrl+l",), "redraw", "Paint the screen anew."),
    Action("app.suspend", ("ctrl+z",), "suspend", "Back to the shell; `fg` returns."),
    Action("list.up", ("up", "k"), "up", "One line up."),
    Action("list.down", ("down", "j"), "down", "One line down."),
    Action("list.left", ("left", "h"), "left", "To the left; to the pane on the left."),
    Action("list.right", ("right", "l"), "right", "To the right; to the pane on the right."),
    Action("list.page_up", ("pageup",), "page up", "One page up."),
    Action("list.page_down", ("pagedown",), "page down", "One page down."),
    Action("list.half_up", ("ctrl+u",), "half up", "Half a page up."),
    Action("list.half_down", ("ctrl+d",), "half down", "Half a page down."),
    Action("list.top", ("g", "home"), "top", "To the first line."),
    Action("list.bottom", ("G", "end"), "end", "To the last line."),
    Action("list.next_pane", ("tab",), "next pane", "To the next pane."),
    Action("list.previous_pane", ("shift+tab",), "previous pane", "To the pane before."),
    Action(
        "dashboard.open",
        ("enter",),
        "open",
        "What is under the cursor in full; a job on its screen.",
        footer=1,
    ),
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
    Action("dashboard.logs", ("L",), "log", "The end of the service's log, as it grows."),
    Action("dashboard.comfyui", ("c",), "ComfyUI", "The ComfyUI of this box and its custom nodes."),
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
    Action("comfyui.open", ("enter",), "in full", "The node under the cursor in full."),
    Action("queue.open", ("enter",), "detail", "The job under the cursor in full.", footer=2),
    Action(
        "queue.new_run", ("a",), "new run", "New jobs from a pack or a preset.", "run", "POST /v1/jobs", 1
    ),
    Action(
        "queue.cancel",
        ("c",),
        "cancel",
        "Cancel the marked jobs, or the one under the cursor. Asks first.",
        "queue cancel",
        "POST /v1/jobs/cancel",
        3,
    ),
    Action(
        "queue.retry",
        ("t",),
        "try again",
        "New jobs from the marked ended ones, with the same seeds.",
        "queue retry",
        "POST /v1/jobs/retry",
        4,
    ),
    Action(
        "queue.retry_new_seed",
        ("T",),
        "try new seed",
        "The same with new seeds.",
        "queue retry --seed new",
        "POST /v1/jobs/retry",
    ),
    Action(
        "queue.retry_edited",
        ("e",),
        "edit and try",
        "Change values of a job and run it as a new one.",
        "queue retry --set",
        "POST /v1/jobs/retry",
    ),
    Action(
        "queue.retry_failed",
        ("F",),
        "retry failed",
        "Try all failed jobs again. Asks first.",
        "queue retry --failed",
        "POST /v1/jobs/retry",
    ),
    Action(
        "queue.hold",
        ("z",),
        "hold",
        "Hold waiting jobs, or release held ones.",
        "queue hold",
        "POST /v1/jobs/hold",
        5,
    ),
    Action(
        "queue.move_down",
        ("J", "shift+down"),
        "move down",
        "One place later in the queue.",
        "queue move --after",
        "POST /v1/jobs/move",
    ),
    Action(
        "queue.move_up",
        ("K", "shift+up"),
        "move up",
        "One place earlier in the queue.",
        "queue move --before",
        "POST /v1/jobs/move",
        6,
    ),
    Action(
        "queue.move_top",
        ("less_than_sign",),
        "to the top",
        "First of its priority.",
        "queue move --top",
        "POST /v1/jobs/move",
    ),
    Action(
        "queue.move_bottom",
        ("greater_than_sign",),
        "to the end",
        "Last of its priority.",
        "queue move --bottom",
        "POST /v1/jobs/move",
    ),
    Action(
        "queue.raise",
        ("plus",),
        "priority up",
        "Priority one higher.",
        "queue move --priority",
        "POST /v1/jobs/move",
    ),
    Action(
        "queue.lower",
        ("minus",),
        "priority down",
        "Priority one lower.",
        "queue move --priority",
        "POST /v1/jobs/move",
    ),
    Action(
        "queue.pause",
        ("p",),
        "pause",
        "Send nothing more to ComfyUI, or go on.",
        "queue pause",
        "POST /v1/queue/pause",
        7,
    ),
    Action(
        "queue.clear",
        ("X", "delete"),
        "remove",
        "Remove ended jobs from the list; their files stay. Asks first, can be undone for 5 seconds.",
        "queue clear",
        "POST /v1/jobs/clear",
    ),
    Action("queue.undo", ("U",), "undo", "Take the last removal back."),
    Action("queue.mark", ("space",), "mark", "Mark the job and go on to the next."),
    Action("queue.mark_all", ("A",), "mark all", "Mark all jobs that are shown."),
    Action("queue.filter", ("slash",), "filter", "Show only what matches: words, `state:failed`, `#142`."),
    Action("queue.sort", ("S",), "sort", "Sort by another column; the same one again turns it round."),
    Action("queue.copy", ("y",), "copy", "Copy text of the job: its error, prompt, seed, id, path."),
    Action("queue.images", ("v",), "pictures", "How pictures are drawn: blocks, sixel, kitty, off."),
    Action("detail.next_output", ("right_square_bracket",), "next picture", "The next output."),
    Action("detail.previous_output", ("left_square_bracket",), "previous picture", "The output before."),
    Action(
        "detail.picture", ("i",), "fetch picture", "Fetch a picture that is too large to be fetched unasked."
    ),
    Action("detail.fold", ("o",), "fold", "Open or close the traceback of an error."),
    Action("form.submit", ("ctrl+s",), "queue it", "Make the jobs.", "run", "POST /v1/jobs", 1),
    Action("form.copy", ("ctrl+y", "y"), "copy", "Copy the command line that does the same.", footer=2),
    Action("log.copy", ("y",), "copy", "Copy the command line that does the same.", footer=1),
    Action("log.open", ("enter",), "in full", "The line and its error in full.", footer=2),
    Action("settings.copy", ("y",), "copy", "Copy the setting as it stands in the file.", footer=1),
    Action("settings.edit", ("e",), "edit", "Open config.toml in your editor ($VISUAL, $EDITOR).", footer=2),
    Action("settings.filter", ("slash",), "filter", "Show only settings that hold the words.", footer=3),
)

BY_ID = {action.id: action for action in ACTIONS}


def of_area(area: str) -> tuple[Action, ...]:
    """The area's actions in the order of declaration."""
    return tuple(action for action in ACTIONS if action.area == area)
