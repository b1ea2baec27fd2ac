"""`ainf simulator`: a ComfyUI for demo and tests, in the foreground."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from ainf_tui.cli import exits
from ainf_tui.cli.params import assignments

PREVIEWS = ("none", "auto", "latent2rgb", "taesd")


@click.command("simulator", short_help="A ComfyUI for demo and tests.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    default=8188,
    show_default=True,
    help="On 127.0.0.1; 0 takes any free one.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where its files lie, instead of a temporary folder.",
)
@click.option("--instant", is_flag=True, help="Nothing takes any time.")
@click.option(
    "--step-seconds", type=click.FloatRange(0), metavar="S", help="Time of a sampler step at one megapixel."
)
@click.option(
    "--noise",
    type=click.FloatRange(0, 1, max_open=True),
    metavar="FRACTION",
    help="Node times vary by this fraction.",
)
@click.option("--seed", type=int, metavar="N", help="Of the variation.")
@click.option(
    "--preview-method",
    type=click.Choice(PREVIEWS),
    metavar="NAME",
    help=f"Previews of prompts that name no method: {', '.join(PREVIEWS)}.",
)
@click.option(
    "--journal",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A file that records each prompt taken and started.",
)
@click.option(
    "--fault", "faults", multiple=True, metavar="NAME=JSON", help="Misbehave from the start; repeatable."
)
def simulator(*, port: int, instant: bool, faults: tuple[str, ...], **given: Any) -> int:
    r"""A ComfyUI for demo and tests, without a GPU: it answers as the real one and draws patterns.

    Point ainf at it:

    \b
    export AINF_COMFYUI_URL=http://127.0.0.1:8188
    ainf run portrait-basic --prompt "a cat"
    """
    from ainf_tui.simulator.run import run_simulator  # noqa: PLC0415 -- its server, only for itself

    options = {name: value for name, value in given.items() if value is not None}
    if instant:
        options |= {"step_seconds": 0.0, "node_seconds": {}}
    run_simulator(port, faults=_faults(faults), **options)
    return exits.OK


def _faults(given: Iterable[str]) -> dict[str, Any]:
    try:
        return {name: json.loads(text) for name, text in assignments(given, "--fault").items()}
    except json.JSONDecodeError as exc:
        raise click.BadParameter(f"not JSON: {exc}.", param_hint="--fault") from exc
