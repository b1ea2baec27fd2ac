"""A value as the user gave it made into what an input takes, or refused with the bound it breaks."""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from ainf_tui.domain.comfy import InputSpec
from ainf_tui.domain.graphcheck import bounds_text, options_text
from ainf_tui.domain.jobs import Problem
from ainf_tui.domain.text import storable, visible
from ainf_tui.domain.workflows import PackInput
from ainf_tui.errors import UsageError
from ainf_tui.frozen import frozen

MAX_SEED = 2**64 - 1
WIDGET_TYPES = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"})
"""Types of inputs that hold a value; of all others a link comes."""

_PACK_TYPES = {
    "text": "STRING",
    "int": "INT",
    "float": "FLOAT",
    "bool": "BOOLEAN",
    "choice": "COMBO",
    "model": "COMBO",
    "seed": "INT",
}
PACK_TYPES = tuple(_PACK_TYPES)
_WORDS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_LONGEST_NUMBER = 60


@frozen
class Coerced:
    """The value, and what is to be said about it, if anything."""

    value: Any
    notice: Problem | None = None


def coerce(name: str, raw: Any, spec: InputSpec, source: str = "the server's") -> Coerced:
    """`raw` (text, or a JSON value) as the input `spec` takes it; `name` is how the user calls it.

    Integers are exact; `"7.0"` is an INT. An option in other case is taken with a notice, if only one
    fits. `source` says whose the bounds are. UsageError `value.wrong_type`, `value.out_of_bounds`,
    `value.not_an_option`.
    """
    if spec.type == "COMBO":
        return _option(name, raw, spec)
    if spec.type in {"INT", "FLOAT"}:
        value = _number(name, raw, spec)
        _check_bounds(name, value, spec, source)
        return Coerced(value, _step_notice(name, value, spec))
    if spec.type == "BOOLEAN":
        word = raw if isinstance(raw, bool) else _WORDS.get(str(raw).strip().lower())
        if word is None:
            raise _wrong(name, raw, "BOOLEAN, that is true or false")
        return Coerced(word)
    if spec.type == "STRING":
        if isinstance(raw, bool) or not isinstance(raw, str | int | float):
            raise _wrong(name, raw, "text")
        return Coerced(storable(str(raw)))
    raise UsageError(
        "value.wrong_type",
        f"{visible(name, 80)} takes a link of type {visible(spec.type, 40)}, not a value",
        hint="Change the link in ComfyUI's page and export again.",
        details={"input": name, "allowed": spec.type},
    )


def coerce_pack(raw: Any, declared: PackInput, server: InputSpec | None) -> Coerced:
    """As `coerce`, by the pack's bounds and then by the server's, if it is known what those are.

    UsageError `value.bad_length` too: texts of a pack have a least and a greatest number of characters.
    """
    own = pack_spec(declared)
    found = coerce(declared.name, raw, own, "the pack's")
    if isinstance(found.value, str):
        _check_length(declared, found.value)
    if server is None or server.type not in WIDGET_TYPES:
        return found
    checked = coerce(declared.name, found.value, server)
    return Coerced(checked.value, checked.notice or found.notice)


def pack_spec(declared: PackInput) -> InputSpec:
    """What the pack itself allows, in the server's terms."""
    spec = InputSpec(
        declared.name,
        _PACK_TYPES[declared.type],
        required=declared.required,
        default=declared.default,
        min=declared.min,
        max=declared.max,
        step=declared.step,
    )
    return replace(spec, min=0, max=MAX_SEED) if declared.type == "seed" else spec


def guessed_spec(name: str, current: Any) -> InputSpec:
    """What an input takes as far as its present literal tells; the server then has the last word.

    A whole number may stand in a FLOAT input, so that numbers stay numbers and no more is known.
    """
    if isinstance(current, bool):
        return InputSpec(name, "BOOLEAN", required=False)
    if isinstance(current, int | float):
        return InputSpec(name, "FLOAT", required=False)
    if isinstance(current, str) or current is None:
        return InputSpec(name, "STRING", required=False)
    return InputSpec(name, "a structure", required=False)


def guess(name: str, raw: Any, current: Any) -> Coerced:
    """`coerce` without a server's word: whole numbers stay integers where the present literal is one."""
    found = coerce(name, raw, guessed_spec(name, current))
    if isinstance(current, int) and isinstance(found.value, float) and found.value.is_integer():
        return Coerced(int(_number(name, raw, InputSpec(name, "INT", required=False))))
    return found


def _number(name: str, raw: Any, spec: InputSpec) -> int | float:
    text = raw.strip() if isinstance(raw, str) else str(raw)
    plain = not isinstance(raw, bool) and isinstance(raw, str | int | float)
    if not plain or len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        raise _wrong(name, raw, bounds_text(spec))
    if spec.type == "INT":
        return _whole(name, raw, text, spec)
    value = float(text)
    if not math.isfinite(value):
        raise _wrong(name, raw, bounds_text(spec))
    return value


def _whole(name: str, raw: Any, text: str, spec: InputSpec) -> int:
    try:
        value = Decimal(text)
    except InvalidOperation as error:  # an exponent of absurd size
        raise _wrong(name, raw, bounds_text(spec)) from error
    if value.adjusted() > _LONGEST_NUMBER or value != value.to_integral_value():
        raise _wrong(name, raw, bounds_text(spec))
    return int(value)


def _check_bounds(name: str, value: float, spec: InputSpec, source: str) -> None:
    below = spec.min is not None and value < spec.min
    if not below and (spec.max is None or value <= spec.max):
        return
    word, bound = ("less than", spec.min) if below else ("more than", spec.max)
    which = "minimum" if below else "maximum"
    raise UsageError(
        "value.out_of_bounds",
        f"{visible(name, 80)} = {value} is {word} {source} {which} {plain_number(bound)}",
        hint=f"Allowed: {bounds_text(spec)}.",
        details={"input": name, "value": value, "min": spec.min, "max": spec.max, "bound_of": source},
    )


def plain_number(value: float | None) -> str:
    """256.0 as `256`; integers exactly."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _step_notice(name: str, value: float, spec: InputSpec) -> Problem | None:
    """ComfyUI takes a size that is off its step, and rounds it down when it makes the latent."""
    sized = spec.name in {"width", "height"} and spec.type == "INT" and spec.step is not None
    if not sized or spec.step is None or spec.step <= 1 or value % spec.step == 0:
        return None
    return Problem(
        "value.off_step",
        f"{visible(name, 80)} = {value} is no multiple of {plain_number(spec.step)}: ComfyUI rounds it down",
        f"{value - value % spec.step} is the next size below that fits.",
        details={"input": name, "value": value, "step": spec.step},
    )


def _check_length(declared: PackInput, text: str) -> None:
    least, most = declared.min_length, declared.max_length
    short = least is not None and len(text.strip()) < least
    if not short and (most is None or len(text) <= most):
        return
    allowed = f"{least or 0} to {most} characters" if most is not None else f"at least {least} characters"
    raise UsageError(
        "value.bad_length",
        f"{declared.name} has {len(text.strip()) if short else len(text)} characters",
        hint=f"Allowed: {allowed}.",
        details={"input": declared.name, "min_length": least, "max_length": most},
    )


def _option(name: str, raw: Any, spec: InputSpec) -> Coerced:
    if isinstance(raw, dict | list) or raw is None:
        raise _wrong(name, raw, "one of the options")
    text = storable(str(raw))
    if spec.options is None:
        return Coerced(raw if isinstance(raw, bool | int | float) else text)
    for option in spec.options:
        if type(option) is type(raw) and option == raw:
            return Coerced(option)
    by_text = [option for option in spec.options if str(option) == text]
    if by_text:
        return Coerced(by_text[0])
    near = [option for option in spec.options if str(option).casefold() == text.strip().casefold()]
    if len(near) == 1:
        told = f"{visible(name, 80)}: {visible(text, 80)} taken as {visible(str(near[0]), 80)}"
        return Coerced(near[0], Problem("value.case", told, details={"input": name, "value": near[0]}))
    raise _no_option(name, text, spec)


def _no_option(name: str, text: str, spec: InputSpec) -> UsageError:
    options = [str(option) for option in spec.options or ()]
    near = difflib.get_close_matches(text, options, n=3, cutoff=0.5)
    nearest = f"The nearest: {', '.join(visible(n, 80) for n in near)}. " if near else ""
    return UsageError(
        "value.not_an_option",
        f"{visible(name, 80)}: the server does not offer {visible(text, 120)}",
        hint=f"{nearest}It offers: {options_text(spec)}.",
        details={"input": name, "value": text, "near": near, "options": options[:100]},
    )


def _wrong(name: str, raw: Any, wanted: str) -> UsageError:
    shown = visible(str(raw) if isinstance(raw, str | int | float) else type(raw).__name__, 80)
    return UsageError(
        "value.wrong_type",
        f"{visible(name, 80)}: {shown or 'nothing'} is no {wanted.partition(',')[0]}",
        hint=f"Allowed: {wanted}.",
        details={"input": name, "allowed": wanted},
    )
