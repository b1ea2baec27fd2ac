"""JSON documents that only the command line prints; all others are `domain.documents`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from ainf_tui.domain.documents import (
    EngineDocument,
    JobDocument,
    NodeDocument,
    OutputDocument,
    ProblemDocument,
)
from ainf_tui.domain.workflows import Pack, Preset
from ainf_tui.frozen import frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLine:
    """A job that is waited for is now in this state. `job` is its number."""

    schema: str = "ainf.run/1"
    type: Literal["state"] = "state"
    job: int
    id: str
    state: str
    held: bool
    backend: str | None
    attempt: int
    position: int | None
    blocked: str | None
    error: ProblemDocument | None

    @classmethod
    def of(cls, job: JobDocument) -> StateLine:
        return cls(
            job=job.number,
            id=job.id,
            state=job.state,
            held=job.held,
            backend=job.backend,
            attempt=job.attempt,
            position=job.position,
            blocked=job.blocked,
            error=job.error,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressLine:
    """How far it is: fraction 0..1, steps, steps per second, seconds left and why that is believed."""

    schema: str = "ainf.run/1"
    type: Literal["progress"] = "progress"
    job: int
    id: str
    progress: float | None
    node: NodeDocument | None
    step: int | None
    steps: int | None
    rate: float | None
    elapsed: float | None
    eta: float | None
    eta_basis: str | None

    @classmethod
    def of(cls, job: JobDocument) -> ProgressLine:
        return cls(
            job=job.number,
            id=job.id,
            progress=job.progress,
            node=job.node,
            step=job.step,
            steps=job.steps,
            rate=job.rate,
            elapsed=job.elapsed,
            eta=job.eta,
            eta_basis=job.eta_basis,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputLine:
    """A file of the job is on disk, whole."""

    schema: str = "ainf.run/1"
    type: Literal["output"] = "output"
    job: int
    id: str
    output: OutputDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningLine:
    """Something about the job is not as asked. `job` is null where it is about all of them."""

    schema: str = "ainf.run/1"
    type: Literal["warning"] = "warning"
    job: int | None
    id: str | None
    warning: ProblemDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLine:
    """The last line: all jobs that were waited for, as they ended."""

    schema: str = "ainf.run/1"
    type: Literal["result"] = "result"
    jobs: tuple[JobDocument, ...]


RunLine = StateLine | ProgressLine | OutputLine | WarningLine | ResultLine


@frozen
class ErrorBody:
    code: str
    message: str
    hint: str
    details: Mapping[str, Any]


@frozen
class ErrorDocument:
    """On stderr, with `--json`, when a command fails."""

    error: ErrorBody
    schema: str = "ainf.error/1"


@frozen
class SettingDocument:
    """`source`: `default`, the variable's name, or FILE:LINE. Secrets in `value` are hidden."""

    id: str
    value: bool | int | float | str | tuple[str, ...]
    source: str


@frozen
class ConfigDocument:
    """Each setting's value and where it came from."""

    settings: tuple[SettingDocument, ...]
    file: str
    schema: str = "ainf.config/1"


@frozen
class PathsDocument:
    """Where things lie: absolute paths."""

    paths: Mapping[str, str]
    schema: str = "ainf.paths/1"


@frozen
class DatabaseInfoDocument:
    """`url` is redacted; `head` is the revision this version wants; `rows` by table."""

    url: str
    kind: str
    """sqlite | postgresql"""
    revision: str
    head: str
    installation: str
    bytes: int
    rows: Mapping[str, int]
    schema: str = "ainf.db/1"


@frozen
class PacksDocument:
    """`ainf workflows list`; all of them, so `next` is always null."""

    workflows: tuple[Pack, ...]
    next: str | None = None
    schema: str = "ainf.workflows/1"


@frozen
class PackShownDocument:
    workflow: Pack
    schema: str = "ainf.workflow/1"


@frozen
class PresetsDocument:
    """`ainf presets list`; all of them, so `next` is always null."""

    presets: tuple[Preset, ...]
    next: str | None = None
    schema: str = "ainf.presets/1"


@frozen
class PresetShownDocument:
    preset: Preset
    schema: str = "ainf.preset/1"


@frozen
class EngineShownDocument:
    """`ainf engine start|stop|status`."""

    engine: EngineDocument
    socket: str = ""
    """Where it listens on this machine; empty if it does not run, or not here."""
    api: int | None = None
    """The revision of the API that it speaks."""
    schema: str = "ainf.engine/1"


@frozen
class DemoDocument:
    """`ainf demo --json`: a scratch box runs. `url` is its simulated ComfyUI's, `pid` is who ends it all."""

    home: str
    url: str
    pid: int
    label: str
    schema: str = "ainf.demo/1"


@frozen
class BackupDocument:
    """A backup was written: absolute path, size in bytes."""

    path: str
    bytes: int
    schema: str = "ainf.backup/1"


@frozen
class UpgradeDocument:
    """Revisions before and after; the same where there was nothing to do."""

    before: str
    after: str
    schema: str = "ainf.upgrade/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogDocument:
    """`ainf logs --json`: one record, a line or several that belong together, such as a traceback."""

    source: str
    file: str
    """The path, or `-` for standard input."""
    start: int
    end: int
    """Bytes of the file (of an archive: unpacked) from `start` to `end`."""
    at: datetime | None
    """Null where no line so far has told a time."""
    inherited: bool
    """`at` is that of an earlier line."""
    level: str
    """debug, info, warning, error or critical."""
    stated: bool
    """The line says its level itself; otherwise its words suggest one."""
    format: str
    """json, python, uvicorn, comfyui, tqdm, postgresql, redis, syslog, kernel, nvidia, dated or plain."""
    name: str
    """Logger, service, program or process, as the line calls it."""
    message: str
    """The first line without time, level and name."""
    text: str
    """All of it. Control characters stand as their pictures."""
    traceback: bool
    fields: Mapping[str, Any]
    """What else a line of JSON says."""
    fingerprint: str | None
    """Of an error: the same each time that the same failure comes, whatever numbers and paths it names."""
    known: str | None
    """With `--explain`: the entry of the playbook that tells what an error means."""
    schema: str = "ainf.log/1"
