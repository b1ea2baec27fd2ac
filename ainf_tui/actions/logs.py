"""The Logs screen."""

from __future__ import annotations

from ainf_tui.actions.action import Action

ACTIONS: tuple[Action, ...] = (
    Action("logs.search", ("slash",), "search", "Find a text or /regex/; what is found is marked.", footer=1),
    Action("logs.next_match", ("n",), "next match", "The next place where it is found."),
    Action("logs.previous_match", ("N",), "match before", "The place before where it is found."),
    Action("logs.next_error", ("e",), "error", "The next error.", footer=2),
    Action("logs.previous_error", ("E",), "error before", "The error before."),
    Action("logs.next_warning", ("v",), "warning", "The next warning."),
    Action("logs.previous_warning", ("V",), "warning before", "The warning before."),
    Action(
        "logs.filters",
        ("f",),
        "filters",
        "What is shown and what is not: add, change, switch on and off.",
        "logs --grep",
        footer=3,
    ),
    Action(
        "logs.level",
        ("L",),
        "level",
        "Show what is at least as grave: all, info, warning, error.",
        "logs --level",
    ),
    Action("logs.sources", ("S",), "sources", "Which logs are shown, in the order of time.", "logs"),
    Action(
        "logs.more_context", ("plus",), "more context", "One more line around what the filters let through."
    ),
    Action("logs.less_context", ("minus",), "less context", "One line less around it."),
    Action(
        "logs.in_context",
        ("c",),
        "in context",
        "The line among all others, without filters; again: back to them.",
    ),
    Action(
        "logs.time", ("t",), "time", "Go to a time, a line (:120) or a place (50%).", "logs --since", footer=4
    ),
    Action("logs.histogram", ("H",), "histogram", "How many errors and warnings when; enter goes there."),
    Action(
        "logs.bookmark", ("m",), "bookmark", "Set a bookmark on the line, or take it away; they are kept."
    ),
    Action("logs.next_bookmark", ("right_square_bracket",), "next bookmark", "The next bookmark."),
    Action("logs.previous_bookmark", ("left_square_bracket",), "bookmark before", "The bookmark before."),
    Action("logs.bookmarks", ("M",), "bookmarks", "All bookmarks; enter goes there."),
    Action(
        "logs.open", ("enter",), "in full", "The record: all lines, fields, and what is known of the error."
    ),
    Action("logs.mark", ("space",), "mark", "Begin a range, and end it; then copy it."),
    Action("logs.copy", ("y",), "copy", "Copy the line, the record, the marked range.", footer=5),
    Action("logs.wrap", ("w",), "wrap", "Long lines wrapped or cut; left and right scroll them.", footer=6),
    Action("logs.times", ("T",), "times", "The time column: time of day, since the line before, none."),
    Action("logs.save", ("s",), "save", "Write what is shown, all of it, into a file.", "logs"),
    Action(
        "logs.plain", ("P",), "plain text", "What is seen as plain text, for the terminal to select from."
    ),
    Action("logs.editor", ("O",), "editor", "Open the file at this line in $EDITOR or $PAGER."),
)
