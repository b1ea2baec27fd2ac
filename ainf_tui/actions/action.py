"""What an action is: id, keys, what it is called, and how the command line and the API do the same."""

from __future__ import annotations

from ainf_tui.frozen import frozen


@frozen
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
