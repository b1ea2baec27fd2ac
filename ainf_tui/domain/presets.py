"""What a preset adds to the user's values, and which pack and preset a request means."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from ainf_tui.domain.requests import RunRequest
from ainf_tui.domain.text import visible
from ainf_tui.domain.workflows import Pack, Preset
from ainf_tui.errors import NotFoundError, UsageError

SUBJECT = "{subject}"


def with_preset(preset: Preset | None, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what the user gave, what lies under it). The user's prompt goes to where `{subject}` stands.

    UsageError `preset.needs_prompt` if it is to go somewhere and there is none.
    """
    given = dict(values)
    if preset is None:
        return given, {}
    ground = dict(preset.values)
    if preset.negative:
        ground["negative"] = preset.negative
    if SUBJECT in preset.prompt_template:
        subject = str(given.get("prompt", "")).strip()
        if not subject:
            raise UsageError(
                "preset.needs_prompt",
                f"the preset {preset.id} needs a prompt: what the picture shows",
                hint="Give it with --prompt TEXT.",
                details={"preset": preset.id},
            )
        given["prompt"] = preset.prompt_template.replace(SUBJECT, subject)
    elif preset.prompt_template:
        ground["prompt"] = preset.prompt_template
    return given, {name: value for name, value in ground.items() if name not in given}


def choose_pack(
    request: RunRequest, packs: Sequence[Pack], presets: Sequence[Preset]
) -> tuple[Pack | None, Preset | None]:
    """The pack and the preset that a request names; no pack for one with a graph of its own.

    A preset alone implies its pack. NotFoundError `workflows.not_found`, `presets.not_found`;
    UsageError `run.nothing` for a request that names neither pack, preset nor graph, `run.both` for
    one with pack and graph.
    """
    preset = next((p for p in presets if p.id == request.preset), None)
    if request.preset and preset is None:
        raise _no_such("presets.not_found", "preset", request.preset, [p.id for p in presets])
    if request.graph is not None:
        if request.pack:
            raise UsageError("run.both", "a pack and a graph were given", hint="Give one of them.")
        return None, preset
    name = request.pack or (preset.pack if preset else "")
    if not name:
        raise UsageError(
            "run.nothing",
            "nothing was named that could be run",
            hint="Name a pack (`ainf workflows`), a preset or a file.",
        )
    pack = next((p for p in packs if p.id == name), None)
    if pack is None:
        raise _no_such("workflows.not_found", "workflow", name, [p.id for p in packs])
    return pack, preset


def _no_such(code: str, what: str, name: str, known: Sequence[str]) -> NotFoundError:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    told = f"Did you mean {', '.join(near)}?" if near else f"There are: {', '.join(known) or 'none'}."
    return NotFoundError(
        code,
        f"there is no {what} {visible(name, 80)}",
        hint=told,
        details={"name": name, "near": near},
    )
