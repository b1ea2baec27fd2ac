"""Logs as they may be handed on: secrets out, prompts whole.

A prompt may speak of keys, tokens and secrets; only what has the form of one is hidden: a value behind
`name=` or a header, and texts that begin as known tokens do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

HIDDEN = "***"

_NAME = r"[\w-]*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|client[_-]?secret)"
_RULES = (
    # Authorization: Bearer abc, x-api-key: abc; to the end of the word.
    re.compile(r"(?i)\b((?:proxy-)?authorization['\"]?\s*[:=]\s*['\"]?(?:bearer|basic|token)?\s+)[^\s'\",]+"),
    re.compile(rf"(?i)\b((?:x-{_NAME}|set-cookie|cookie)['\"]?\s*[:=]\s*['\"]?)[^\s'\",]+"),
    # token=abc in a query, a command line or a variable: no blank on either side of the sign.
    re.compile(rf"(?i)((?:^|[\s?&;,('\"]|--){_NAME}=['\"]?)[^\s&;,'\")]+"),
    # "api_key": "abc" in JSON: one word of token characters, which no prompt is.
    re.compile(rf"(?i)(['\"]{_NAME}['\"]\s*:\s*['\"])[A-Za-z0-9+/_=.~-]{{8,}}(?=['\"])"),
    re.compile(r"(--[\w-]*(?:password|token|api-key|secret)\s+)[^\s-]\S*"),
    # Known beginnings of tokens.
    re.compile(r"(?<![A-Za-z0-9])()(?:hf_|sk-|gh[pousr]_|glpat-|AIza|xox[abpr]-|eyJ)[A-Za-z0-9_.-]{16,}"),
)

# Each of the rules needs one of these; looking for them costs a fiftieth of trying the rules.
_HINTS = (
    *("password", "passwd", "secret", "token", "authorization", "cookie"),
    *("apikey", "api_key", "api-key", "accesskey", "access_key", "access-key"),
    *("hf_", "sk-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "glpat-", "aiza", "xox", "eyj"),
)

_PRIVATE = re.compile(rf"(?i)(?:{_NAME}|(?:proxy-)?authorization|(?:set-)?cookie)")


def redacted(text: str, known: Callable[[str], str]) -> str:
    """The text without secrets; `known` hides those that the settings name."""
    text = known(text)
    if text.isascii() and not _may_hold_one(text.lower()):
        return text
    for rule in _RULES:
        text = rule.sub(rf"\g<1>{HIDDEN}", text)
    return text


def _may_hold_one(low: str) -> bool:
    """Of ASCII in small letters: other letters may be an s or a k to a rule."""
    return any(hint in low for hint in _HINTS)


def redacted_json(value: Any, known: Callable[[str], str], depth: int = 20) -> Any:
    """A JSON value without secrets: texts as `redacted` has them, and what stands under the name of one."""
    if isinstance(value, str):
        return redacted(value, known)
    if depth <= 0:
        return None
    if isinstance(value, Mapping):
        return {
            redacted(str(name), known): HIDDEN
            if isinstance(item, str) and item and _PRIVATE.fullmatch(str(name))
            else redacted_json(item, known, depth - 1)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redacted_json(item, known, depth - 1) for item in value]
    return value
