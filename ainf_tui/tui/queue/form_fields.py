"""What a new run asks for, as values: fields, what is wrong with them, and the request they make. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from math import prod
from typing import Any

from ainf_tui.domain.documents import JobDocument
from ainf_tui.domain.expansion import MANY
from ainf_tui.domain.ids import new_id
from ainf_tui.domain.presets import SUBJECT
from ainf_tui.domain.requests import RetryRequest, RunRequest, SweepAxis
from ainf_tui.domain.values import MAX_SEED, coerce_pack, plain_number
from ainf_tui.domain.workflows import Pack, PackInput, Preset
from ainf_tui.errors import AinfError
from ainf_tui.frozen import frozen

AREA, LINE, FLAG = "area", "line", "flag"
"""How a field is typed: several lines, one, or yes and no."""
RUN = "run"
PRIORITY_BOUND = 100
_COMMA = re.compile(r"(?<!\\),")


@frozen
class Field:
    """One field. `start` is what stands in it at first, `preset`: that this came from the preset."""

    name: str
    label: str
    start: str = ""
    kind: str = LINE
    help: str = ""
    preset: bool = False
    input: PackInput | None = None
    """The pack's own; None: it belongs to the run."""
    offers: tuple[str, ...] = ()
    """What can be completed to."""


@frozen
class Draft:
    """A new run as far as it is typed. `again`: the ended job whose values are changed, if it is one."""

    pack: Pack
    preset: Preset | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    """What was typed, by the field's name; others stand as they began."""
    again: JobDocument | None = None
    backends: tuple[str, ...] = ()

    @property
    def kept_as(self) -> str:
        """Under which name it is kept: one new run, and each job that is changed."""
        return RUN if self.again is None else self.again.id

    @property
    def typed(self) -> bool:
        """Whether anything would be lost with it."""
        starts = {item.name: item.start for item in fields_of(self)}
        return any(text != starts.get(name, "") for name, text in self.texts.items())


@frozen
class Made:
    """What a draft comes to. `request` is None while a field is wrong. `many`: maybe more than is meant."""

    request: RunRequest | RetryRequest | None
    wrong: Mapping[str, str]
    summary: str
    jobs: int
    many: bool


# -- the fields -------------------------------------------------------------------------------------
def fields_of(draft: Draft) -> tuple[Field, ...]:
    """The prompt first, then what it must not show, then the pack's other inputs, then the run's own."""
    order = {"prompt": 0, "negative": 1, "seed": 2}
    inputs = sorted(draft.pack.inputs, key=lambda item: order.get(item.name, 3))
    fields = [_input_field(item, draft) for item in inputs if item.type != "seed"]
    at = next((i for i, item in enumerate(fields) if item.name not in order), len(fields))
    fields.insert(at, _seed_field(draft))
    return (*fields, *_run_fields(draft))


def _input_field(item: PackInput, draft: Draft) -> Field:
    start, preset = _start(item, draft)
    if item.type == "bool" and start not in {"true", "false"}:
        start = "false"  # what the box shows that is not ticked
    kind = AREA if item.name in {"prompt", "negative"} else FLAG if item.type == "bool" else LINE
    help_text = " ".join(part for part in (item.help, _allowed(item, draft)) if part)
    offers = tuple(dict.fromkeys(text for text in (start, _text(item.default)) if text))
    return Field(item.name, item.title or item.name, start, kind, help_text, preset, item, offers)


def pack_of_job(job: JobDocument, packs: Sequence[Pack]) -> Pack:
    """The job's pack as it is now; of a job from a graph, or a pack that is gone, its parameters as texts."""
    found = next((pack for pack in packs if pack.id == job.pack), None)
    if found is not None:
        return found
    inputs = tuple(PackInput(name, "text", (), default="") for name in job.params if name != "seed")
    return Pack(job.pack, job.pack, "", "", "", (), inputs, {})


def _start(item: PackInput, draft: Draft) -> tuple[str, bool]:
    """(what stands in the field at first, whether the preset says so)."""
    if draft.again is not None:
        return _text(draft.again.params.get(item.name, "")), False
    preset = draft.preset
    if preset is not None:
        if item.name == "negative" and preset.negative:
            return preset.negative, True
        if item.name == "prompt" and preset.prompt_template and SUBJECT not in preset.prompt_template:
            return preset.prompt_template, True
        if item.name in preset.values:
            return _text(preset.values[item.name]), True
    return _text(item.default), False


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _allowed(item: PackInput, draft: Draft) -> str:
    if item.name == "prompt" and draft.preset is not None and SUBJECT in draft.preset.prompt_template:
        before, _, after = draft.preset.prompt_template.partition(SUBJECT)
        return f"The preset puts it between “{before.strip()}” and “{after.strip()}”."
    if item.min is not None or item.max is not None:
        low = plain_number(item.min) if item.min is not None else "any"
        high = plain_number(item.max) if item.max is not None else "any"
        step = f", steps of {plain_number(item.step)}" if item.step not in {None, 1} else ""
        return f"{low} to {high}{step}."
    return f"At most {item.max_length} characters." if item.max_length is not None else ""


def _seed_field(draft: Draft) -> Field:
    again = draft.again
    if again is not None:
        start = _text(again.seed_text or again.seed)
        return Field("seed", "Seed", start, help="A number, or `new` for one that is drawn.", offers=("new",))
    told = "A number or `random`; empty: the pack's own rule. Of several jobs it is the first."
    return Field("seed", "Seed", help=told, offers=("random",))


def _run_fields(draft: Draft) -> tuple[Field, ...]:
    priority = Field("priority", "Priority", "0", help="-100 to 100; higher runs first.")
    if draft.again is not None:
        return (replace(priority, start=str(draft.again.priority)),)
    return (
        Field("count", "How many", "1", help="Jobs; seeds count up from the first."),
        Field("sweep", "Sweep", help="NAME=V1,V2: a job for each value; several after `;` cross."),
        priority,
        Field("hold", "Hold", "false", FLAG, "Store the jobs but do not send them yet."),
        Field("backend", "Backend", help="Run on this one only; empty: on any.", offers=draft.backends),
    )


# -- what was typed ---------------------------------------------------------------------------------
def made_of(draft: Draft) -> Made:
    """The request of the draft, or what is wrong with it, field by field."""
    fields = fields_of(draft)
    texts = {item.name: draft.texts.get(item.name, item.start) for item in fields}
    wrong = {item.name: told for item in fields if (told := check(item, texts[item.name], draft))}
    if draft.again is not None:
        return Made(None if wrong else _retry(draft, fields, texts), wrong, "1 job", 1, many=False)
    axes = _axes(texts["sweep"])[0] if "sweep" not in wrong else ()
    count = int(texts["count"]) if "count" not in wrong else 1
    jobs = count * prod(len(axis.values) for axis in axes)
    request = None if wrong else _run(draft, fields, texts, axes, count)
    return Made(request, wrong, _summary(jobs, count, texts["seed"].strip()), jobs, many=jobs > MANY)


def check(item: Field, text: str, draft: Draft) -> str:
    """What is wrong with the text in that field; empty if nothing is."""
    if item.input is not None:
        return _check_input(item, text, draft)
    checks = {"seed": _check_seed, "count": _check_count, "sweep": _check_sweep, "priority": _check_priority}
    found = checks.get(item.name)
    return found(text.strip(), draft) if found is not None else ""


def _check_input(item: Field, text: str, draft: Draft) -> str:
    declared = item.input
    if declared is None:
        return ""
    if not text.strip():
        needed = declared.required and not (item.preset and item.start) and draft.again is None
        return "It is needed." if needed else ""
    try:
        coerce_pack(text, declared, None)
    except AinfError as error:
        return f"{error.message}."
    return ""


def _check_seed(text: str, draft: Draft) -> str:
    words = ("new",) if draft.again is not None else ("random",)
    if not text or text in words or (text.isascii() and text.isdecimal() and int(text) <= MAX_SEED):
        return ""
    return f"A whole number from 0 to {MAX_SEED}, or `{words[0]}`."


def _check_count(text: str, draft: Draft) -> str:
    del draft
    good = text.isascii() and text.isdecimal() and int(text[:9]) >= 1 and len(text) < 7
    return "" if good else "A whole number from 1 on."


def _check_priority(text: str, draft: Draft) -> str:
    del draft
    good = re.fullmatch(r"-?[0-9]{1,3}", text) and abs(int(text)) <= PRIORITY_BOUND
    return "" if good else f"A whole number from -{PRIORITY_BOUND} to {PRIORITY_BOUND}."


def _check_sweep(text: str, draft: Draft) -> str:
    del draft
    return _axes(text)[1]


def _axes(text: str) -> tuple[tuple[SweepAxis, ...], str]:
    r"""`cfg=5,7; steps=20,30` as axes, and what is wrong; `\,` is a comma within a value."""
    axes: dict[str, SweepAxis] = {}
    for part in text.split(";"):
        name, equals, values = (piece.strip() for piece in part.partition("="))
        if not part.strip():
            continue
        found = tuple(value.replace("\\,", ",").strip() for value in _COMMA.split(values))
        if not name or not equals or not all(found):
            return (), "NAME=V1,V2; several after `;`."
        if name in axes:
            return (), f"{name} is swept twice."
        axes[name] = SweepAxis(name, found)
    return tuple(axes.values()), ""


def _changed(fields: Sequence[Field], texts: Mapping[str, str]) -> dict[str, str]:
    """The pack's inputs that differ from what stood there; an emptied number is what the pack says."""
    found = {}
    for item in fields:
        text = texts[item.name]
        if item.input is None or text == item.start:
            continue
        if text.strip() or item.input.type == "text":
            found[item.name] = text if item.kind == AREA else text.strip()
    return found


def _run(
    draft: Draft, fields: Sequence[Field], texts: Mapping[str, str], axes: tuple[SweepAxis, ...], count: int
) -> RunRequest:
    return RunRequest(
        request_id=new_id(),
        pack=draft.pack.id,
        values=_changed(fields, texts),
        preset=draft.preset.id if draft.preset is not None else "",
        count=count,
        seed=texts["seed"].strip(),
        sweep=axes,
        priority=int(texts["priority"]),
        backend=texts["backend"].strip(),
        held=texts["hold"] == "true",
    )


def _retry(draft: Draft, fields: Sequence[Field], texts: Mapping[str, str]) -> RetryRequest:
    again = draft.again
    number, start = (again.number, _text(again.seed_text or again.seed)) if again is not None else (0, "")
    seed, priority = texts["seed"].strip(), int(texts["priority"])
    return RetryRequest(
        request_id=new_id(),
        refs=(str(number),),
        seed="same" if seed in {"", start} else seed,
        values=_changed(fields, texts),
        priority=priority if again is not None and priority != again.priority else None,
    )


def _summary(jobs: int, count: int, seed: str) -> str:
    """`4 jobs, seeds 7 to 10`."""
    told = "1 job" if jobs == 1 else f"{jobs:,} jobs"
    if seed.isdecimal():
        last = (int(seed) + count - 1) % (MAX_SEED + 1)
        return f"{told}, seed {seed}" if count == 1 else f"{told}, seeds {seed} to {last}"
    if seed == "random":
        return f"{told}, {'a random seed' if count == 1 else f'{count} seeds from a random one on'}"
    return told


_BY_CODE = {
    "seed": "seed",
    "sweep": "sweep",
    "run.bad_count": "count",
    "run.too_many": "count",
    "job.bad_priority": "priority",
    "run.backend_unknown": "backend",
    "preset.needs_prompt": "prompt",
    "checkpoint": "checkpoint",
}


def field_of(error: AinfError, names: Sequence[str]) -> str:
    """The field that an error of the engine is about; empty if it is about none of them."""
    named = error.details.get("input")
    if isinstance(named, str) and named in names:
        return named
    for code in (error.code, error.code.partition(".")[0]):
        if _BY_CODE.get(code) in names:
            return _BY_CODE[code]
    return ""
