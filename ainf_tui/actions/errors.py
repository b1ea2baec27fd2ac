"""The Errors screen."""

from __future__ import annotations

from ainf_tui.actions.action import Action

ACTIONS: tuple[Action, ...] = (
    Action("errors.open", ("enter",), "explain", "The error under the cursor on the whole screen.", footer=1),
    Action(
        "errors.fix",
        ("f",),
        "fix",
        "Run the command that mends it. Shows it and asks; one that needs a name is typed for you.",
        footer=2,
    ),
    Action(
        "errors.resolve",
        ("r",),
        "resolve",
        "It is settled: out of the list until it comes back. On a resolved one: open again.",
        "errors resolve",
        "POST /v1/errors/resolve",
        3,
    ),
    Action(
        "errors.mute",
        ("m",),
        "mute",
        "Let it be for an hour, until tomorrow, for a week or for good. On a muted one: no longer.",
        "errors mute",
        "POST /v1/errors/mute",
        4,
    ),
    Action("errors.log", ("o",), "log", "The log at the place where it stands.", footer=5),
    Action("errors.job", ("b",), "job", "The job that it befell last, on the Queue screen."),
    Action("errors.service", ("B",), "service", "The service that it befell, with its log."),
    Action(
        "errors.filter",
        ("slash",),
        "filter",
        "Only what matches: words, `state:new`, `source:comfyui`, `level:error`.",
        footer=6,
    ),
    Action("errors.hidden", ("H",), "show all", "Show resolved and muted ones too, or no longer.", footer=7),
    Action("errors.sort", ("S",), "sort", "In another order: newest, most reports."),
    Action("errors.fold", ("O",), "traceback", "Open or close the frames of packages in the traceback."),
    Action(
        "errors.next_example", ("right_square_bracket",), "next example", "The next report that was kept."
    ),
    Action("errors.previous_example", ("left_square_bracket",), "previous example", "The report before."),
    Action("errors.mark", ("space",), "mark", "Mark the error and go on to the next."),
    Action("errors.mark_all", ("A",), "mark all", "Mark all that are shown."),
    Action(
        "errors.note",
        ("i",),
        "note",
        "Write a note on it; an empty one takes it away.",
        "errors note",
        "POST /v1/errors/note",
    ),
    Action(
        "errors.merge",
        ("M",),
        "merge",
        "Make the marked ones part of the one under the cursor. Asks first.",
        "errors merge",
        "POST /v1/errors/merge",
    ),
    Action(
        "errors.split",
        ("D",),
        "split",
        "Make what was merged into it a group of its own again.",
        "errors split",
        "POST /v1/errors/split",
    ),
    Action(
        "errors.undo",
        ("U",),
        "undo",
        "Open again what was resolved or muted last.",
        "errors reopen",
        "POST /v1/errors/reopen",
    ),
    Action("errors.copy", ("y",), "copy", "Copy a report without secrets, the message, the command."),
    Action("errors.export", ("s",), "export", "Write what is shown, or marked, to a file.", "errors export"),
    Action(
        "errors.totals",
        ("T",),
        "totals",
        "How many reports of which level and source, in all and in 24 hours.",
    ),
    Action(
        "errors.clear",
        ("X", "delete"),
        "clear",
        "Move resolved errors to an archive file. Asks first.",
        "errors clear",
        "POST /v1/errors/clear",
    ),
)
