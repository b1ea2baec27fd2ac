"""Keys that hold on all screens, and in all lists."""

from __future__ import annotations

from ainf_tui.actions.action import Action

ACTIONS: tuple[Action, ...] = (
    Action("app.help", ("question_mark", "f1"), "help", "All keys of this screen, searchable."),
    Action("app.command", ("colon",), "command", "A command line with the verbs of `ainf`."),
    Action("app.palette", ("ctrl+p", "ctrl+k"), "palette", "Find any action by its name."),
    Action("app.back", ("escape",), "back", "Close what is open; end a filter; clear the marks."),
    Action("app.quit", ("q",), "quit", "Back, and at the first screen leave. The engine goes on."),
    Action("app.leave", ("ctrl+q",), "leave", "Leave at once. The engine goes on."),
    Action("app.interrupt", ("ctrl+c",), "interrupt", "Copies what is selected; else tells how to leave."),
    Action("app.dashboard", ("1",), "dashboard", "The Dashboard: is it well, what is it doing."),
    Action("app.queue", ("2",), "queue", "The Queue screen."),
    Action("app.logs", ("6",), "logs", "The Logs screen: what everything here has written.", "logs"),
    Action("app.errors", ("7",), "errors", "The Errors screen: what went wrong, what it means, what to do."),
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
)
