"""`python -m ainf_tui.simulator`: a ComfyUI for demo and tests."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ainf_tui.errors import AinfError, UsageError
from ainf_tui.simulator.options import NODE_SECONDS, PREVIEW_METHODS
from ainf_tui.simulator.run import run_simulator


def parser() -> argparse.ArgumentParser:
    """The options; their names are those of `SimulatorOptions` with dashes."""
    made = argparse.ArgumentParser(prog="ainf simulator", description="A simulated ComfyUI (DEMO).")
    made.add_argument("--port", type=int, default=8188, help="port on 127.0.0.1; 0 takes any free one")
    made.add_argument(
        "--folder", type=Path, help="where output, input and temp lie; default: a temporary folder"
    )
    made.add_argument(
        "--checkpoint", action="append", dest="checkpoints", help="a checkpoint to offer; repeatable"
    )
    made.add_argument("--lora", action="append", dest="loras", help="a LoRA to offer; repeatable")
    made.add_argument("--vae", action="append", dest="vaes", help="a VAE to offer; repeatable")
    made.add_argument("--step-seconds", type=float, help="time of one sampler step at one megapixel")
    made.add_argument(
        "--node-seconds", action="append", metavar="CLASS=SECONDS", help="time of a node class; repeatable"
    )
    made.add_argument("--instant", action="store_true", help="nothing takes any time")
    made.add_argument("--noise", type=float, help="node times vary by this fraction")
    made.add_argument("--seed", type=int, help="of the variation and of garbled frames")
    made.add_argument(
        "--preview-method", choices=PREVIEW_METHODS, help="previews of prompts that name no method"
    )
    made.add_argument("--preview-size", type=int, help="longer side of previews in pixels")
    made.add_argument("--max-upload-size", type=int, help="largest request body in bytes")
    made.add_argument("--version", help="what to be: 0.8.0 or 0.3.64")
    made.add_argument("--journal", type=Path, help="a file that records every accepted and started prompt")
    made.add_argument(
        "--fault",
        action="append",
        metavar="NAME=JSON",
        help="a fault from the start, as POST /sim/faults takes it",
    )
    made.add_argument("--until-stdin-ends", action="store_true", help="stdin is a pipe: end with it")
    return made


def options(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Command line to arguments of `run_simulator`. Raises `UsageError` for a fault that is no JSON."""
    given = {name: value for name, value in vars(parser().parse_args(words)).items() if value is not None}
    instant = given.pop("instant")
    faults = {}
    for word in given.pop("fault", []):
        name, _, text = word.partition("=")
        faults[name] = _json(name, text)
    seconds = dict(NODE_SECONDS)
    for word in given.pop("node_seconds", []):
        name, _, text = word.partition("=")
        seconds[name] = float(_json(name, text))
    for name in ("checkpoints", "loras", "vaes"):
        if name in given:
            given[name] = tuple(given[name])
    if instant:
        given["step_seconds"] = 0.0
        seconds = {}
    return {**given, "faults": faults, "node_seconds": seconds}


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text or "true")
    except json.JSONDecodeError as error:
        raise UsageError(
            "simulator.bad_option",
            f"The value of {name} is no JSON: {error}.",
            hint="Write it as NAME=VALUE, for example --fault post_500=1.",
        ) from error


def main() -> int:
    """Exit code: 0, or that of the error, which stands on stderr."""
    try:
        run_simulator(**options())
    except AinfError as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
