"""The command log and the settings."""

from __future__ import annotations

from ainf_tui.actions.action import Action

ACTIONS: tuple[Action, ...] = (
    Action("log.copy", ("y",), "copy", "Copy the command line that does the same.", footer=1),
    Action("log.open", ("enter",), "in full", "The line and its error in full.", footer=2),
    Action("settings.copy", ("y",), "copy", "Copy the setting as it stands in the file.", footer=1),
    Action("settings.edit", ("e",), "edit", "Open config.toml in your editor ($VISUAL, $EDITOR).", footer=2),
    Action("settings.filter", ("slash",), "filter", "Show only settings that hold the words.", footer=3),
)
