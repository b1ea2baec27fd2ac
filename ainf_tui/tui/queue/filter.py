"""What the filter line means: words that a job must hold, and `state:failed` or `#142`."""

from __future__ import annotations

from ainf_tui.domain.documents import JobRow
from ainf_tui.frozen import frozen

STATES = ("queued", "submitting", "submitted", "running", "fetching", "succeeded", "failed", "cancelled")
GROUPS: dict[str, frozenset[str]] = {
    "open": frozenset(STATES[:5]),
    "ended": frozenset(STATES[5:]),
    **{state: frozenset({state}) for state in STATES},
}
_CUT = 200
"""Characters of a prompt in a row; of a longer one only the engine can tell whether it matches."""


@frozen
class Filter:
    """`words` in lower case, all of which must be found; `states` empty: any; `held` None: either."""

    text: str = ""
    words: tuple[str, ...] = ()
    states: frozenset[str] = frozenset()
    held: bool | None = None
    wrong: str = ""
    """A word that looks like a state and is none."""

    @property
    def asked(self) -> str:
        """The one word that the engine is asked for: the longest; the others are judged here."""
        return max(self.words, key=len, default="")

    def matches(self, row: JobRow) -> bool:
        """Whether the row is to be shown, as far as its cut texts tell."""
        if self.states and row.state not in self.states:
            return False
        if self.held is not None and row.held is not self.held:
            return False
        if not self.words:
            return True
        text = f"#{row.number} {row.pack} {row.character} {row.preset} {row.prompt} {row.error}".lower()
        return len(row.prompt) >= _CUT or all(word in text for word in self.words)


def parse_filter(text: str) -> Filter:
    """Never fails: what is no state is a word, and `wrong` tells of a state that there is not."""
    words: list[str] = []
    states: frozenset[str] = frozenset()
    held: bool | None = None
    wrong = ""
    for word in text.lower().split():
        name = word.partition("state:")[2] if word.startswith("state:") else ""
        if name == "held":
            held = True
        elif name in GROUPS:
            states |= GROUPS[name]
        elif name:
            near = {group for known, group in GROUPS.items() if known.startswith(name)}
            states |= frozenset().union(*near)
            wrong = "" if near else name
        elif word != "state:":
            words.append(word)
    return Filter(text, tuple(words), states, held, wrong)
