"""What was asked of the engine for the user, as the `ainf` line that does the same. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ainf_tui.domain.comfyui_documents import InstallRequest
from ainf_tui.domain.error_documents import ClearErrorsRequest, ErrorsRequest, MuteErrorsRequest
from ainf_tui.domain.requests import ClearRequest, JobsRequest, MoveRequest, RetryRequest, RunRequest
from ainf_tui.domain.service_documents import ServicesRequest


def line(*words: str) -> str:
    """`ainf` and the words, quoted for a shell."""
    return shlex.join(["ainf", *words])


def run_line(request: RunRequest) -> str:
    """Of a request from the form; a graph that came from a file stands under its name."""
    words = ["run"]
    if request.pack or request.name:
        words.append(request.pack or request.name)
    values = dict(request.values)
    for name in ("prompt", "negative"):
        if name in values:
            words += [f"--{name}={values.pop(name)}"]
    words += _given("--preset", request.preset) + _given("--seed", request.seed)
    if request.count != 1:
        words += ["--count", str(request.count)]
    words += _sets(values)
    for axis in request.sweep:
        joined = ",".join(str(value).replace(",", "\\,") for value in axis.values)
        words.append(f"--sweep={axis.name}={joined}")
    if request.priority:
        words.append(f"--priority={request.priority}")
    words += _given("--backend", request.backend) + _given("--out", request.output_folder)
    words += ["--hold"] * request.held + ["--yes"] * request.allow_many
    return line(*words)


def jobs_line(verb: str, request: JobsRequest) -> str:
    """`cancel`, `hold` or `release`."""
    return line("queue", verb, *request.refs)


def retry_line(request: RetryRequest) -> str:
    words = ["queue", "retry", *request.refs] + ["--failed"] * request.all_failed
    if request.seed != "same":
        words += ["--seed", request.seed]
    words += _sets(request.values)
    if request.priority is not None:
        words.append(f"--priority={request.priority}")
    return line(*words)


def move_line(request: MoveRequest) -> str:
    words = ["queue", "move", *request.refs]
    words += [f"--{request.to}"] if request.to else []
    words += _given("--before", request.before) + _given("--after", request.after)
    if request.priority is not None:
        words.append(f"--priority={request.priority}")
    return line(*words)


def clear_line(request: ClearRequest) -> str:
    words = ["queue", "clear", *request.refs]
    for state in request.states:
        words += ["--state", state]
    # Whole states are asked about where there is somebody to answer; here it was answered already.
    return line(*words, *([] if request.refs else ["--yes"]))


def services_line(verb: str, request: ServicesRequest) -> str:
    """`start`, `stop`, `restart`, `adopt`; `up` and `down` stand alone."""
    words = [verb] if verb in {"up", "down"} else ["services", verb, *request.names]
    words += [f"--port={request.port}"] if request.port is not None else []
    words += ["--adopt"] * request.adopt
    if request.stop_owner:
        # An identity is `boot:pid:started`; people type the pid.
        words.append(f"--stop-owner={request.stop_owner.split(':')[1:2][0]}")
    return line(*words, *["--yes"] * bool(request.confirmed))


def comfyui_line(verb: str, request: InstallRequest | None = None) -> str:
    """`install`, `update`, `rollback` or `cancel`."""
    asks = request or InstallRequest()
    words = _given("--version", asks.version) + _given("--repository", asks.repository)
    words += _given("--torch", asks.torch) + ["--while-running"] * asks.while_running
    return line("comfyui", verb, *words)


def node_line(verb: str, name: str) -> str:
    """`install` of a source; `enable`, `disable`, `update`, `remove` of a node."""
    yes = ["--yes"] * (verb == "install")
    return line("comfyui", "nodes", verb, *yes, name)


def errors_line(verb: str, request: ErrorsRequest) -> str:
    """`resolve` or `reopen`."""
    return line("errors", verb, *request.errors)


def mute_line(request: MuteErrorsRequest, now: datetime) -> str:
    """`now`: when it was asked; the command takes how long it lasts."""
    minutes = round((request.until - now).total_seconds() / 60) if request.until else 0
    return line("errors", "mute", *request.errors, *_given("--for", f"{minutes}m" if minutes else ""))


def clear_errors_line(request: ClearErrorsRequest) -> str:
    return line("errors", "clear", *request.errors, *["--all"] * request.all, "--yes")


def _given(option: str, value: str) -> list[str]:
    return [option, value] if value else []


def _sets(values: Mapping[str, Any]) -> Sequence[str]:
    return [f"--set={name}={value}" for name, value in values.items()]
