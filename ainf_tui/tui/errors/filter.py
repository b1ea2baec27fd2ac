"""What the filter line means: words, and `state:new`, `source:comfyui`, `level:warning`. Pure."""

from __future__ import annotations

from ainf_tui.domain.error_documents import LEVELS, STATES, ErrorQuery
from ainf_tui.frozen import frozen

OPEN = tuple(state for state in STATES if state not in {"muted", "resolved"})
ORDERS = {
    "inbox": "new and getting worse first",
    "last_seen": "the newest report first",
    "first_seen": "the newest failure first",
    "count": "most reports first",
    "count_24h": "most reports within 24 hours first",
}
"""As the engine knows them, with what they mean."""


@frozen
class Filter:
    """`states` empty: those that are open, or all with `hidden_too`."""

    text: str = ""
    words: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    source: str = ""
    level: str = ""
    """The least."""
    wrong: str = ""
    """A state or level that there is not."""

    def query(self, *, hidden_too: bool, order: str, limit: int, after: str = "") -> ErrorQuery:
        """What the engine is asked for."""
        states = self.states or (("all",) if hidden_too else ())
        words = " ".join(self.words)
        return ErrorQuery(states, self.level, self.source, None, words, order, limit, after)


def parse_filter(text: str) -> Filter:
    """Never fails: what names nothing known is a word, or `wrong`. The beginning of a name is enough."""
    words: list[str] = []
    states: list[str] = []
    found = {"source": "", "level": ""}
    wrong = ""
    for word in text.split():
        name, colon, value = word.partition(":")
        name, value = name.lower(), value.lower()
        if not colon or name not in {"state", "source", "level"}:
            words.append(word)
        elif name == "source":
            found["source"] = word.partition(":")[2]
        elif name == "level":
            found["level"] = next((level for level in LEVELS if level.startswith(value)), "") if value else ""
            wrong = wrong or (f"level {value}" if value and not found["level"] else "")
        else:
            near = _states(value)
            states += near
            wrong = wrong or (f"state {value}" if value and not near else "")
    return Filter(text, tuple(words), tuple(dict.fromkeys(states)), found["source"], found["level"], wrong)


def _states(value: str) -> tuple[str, ...]:
    if not value:
        return ()
    if value in {"open", "all"}:
        return OPEN if value == "open" else STATES
    return tuple(state for state in STATES if state.startswith(value))
