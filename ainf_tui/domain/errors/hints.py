"""Which texts a line must hold for a pattern to fit it: looking for a text is ten times as fast. Pure."""

from __future__ import annotations

import re
from functools import cache

SHORTEST = 4
"""Characters of a hint; a shorter one is in too many lines."""


def hints(pattern: str) -> tuple[str, ...]:
    """Texts of which each match holds at least one; empty where that cannot be told.

    The longest certain text of each alternative. What stands in a group, in a class or before a quantifier
    is not certain.
    """
    depth = place = 0
    runs, found = [""], []
    while place < len(pattern):
        token = _token().match(pattern, place)
        if token is None:
            return ()
        place = token.end()
        depth += (token["open"] is not None) - (token["close"] is not None)
        if depth or token["close"]:
            runs.append("")
        elif token["bar"]:
            found.append(max(runs, key=len))
            runs = [""]
        else:
            _extend(runs, token)
    found.append(max(runs, key=len))
    return tuple(found) if all(len(hint) >= SHORTEST for hint in found) else ()


def _extend(runs: list[str], token: re.Match[str]) -> None:
    """By a token outside of groups."""
    char = token["char"] or token["escaped"] or ""
    if char and token["many"] in {None, "+"}:
        runs[-1] += char
    if not char or token["many"]:
        runs.append("")


@cache
def _token() -> re.Pattern[str]:
    """Flags for the whole pattern, and whatever is not listed here, are no token."""
    return re.compile(
        r"""(?:
          (?P<open>\((?!\?[aiLmsux]+\)))
        | (?P<close>\))
        | (?P<bar>\|)
        | \[\^?\]?(?:\\.|[^\]\\])*\]
        | \\[AbBdDsSwWZ] | [.^$]
        | \\(?P<escaped>[^0-9A-Za-z])
        | (?P<char>[^\\\[\](){}|*+?.^$])
        )
        (?P<many>[*+?]|\{\d*,?\d*\})?\??""",
        re.VERBOSE | re.DOTALL,
    )
