"""What can be chosen in a dialog, as a value: loaded without the dialog."""

from __future__ import annotations

from ainf_tui.frozen import frozen


@frozen
class Option:
    """One line of a choice. `label` and `help` are outside text."""

    value: str
    label: str
    help: str = ""
