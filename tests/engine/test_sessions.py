"""The recorded sessions of a real ComfyUI fold to what the server's own history says of them."""

from __future__ import annotations

import base64
import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ainf_tui.adapters.comfy.wire import parse_frame
from ainf_tui.domain.comfy import Preview
from ainf_tui.domain.jobs import Attempt, AttemptState, Job, JobState, Output
from ainf_tui.domain.progress import Tracker
from ainf_tui.domain.text import uncoloured
from ainf_tui.engine.context import Flight
from ainf_tui.engine.outcomes import Verdicts, wanted_files
from ainf_tui.engine.settle import ending_of_frames

DATA = Path(__file__).parent.parent / "data"
SESSIONS: list[dict[str, Any]] = tomllib.loads((DATA / "sessions.toml").read_text())["session"]
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def lines(file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / "comfyui" / file).read_text().splitlines()]


def fold(session: dict[str, Any]) -> Flight:
    """All frames of the recording, in their order, through the real parser."""
    recorded = lines(session["file"])
    graph: dict[str, Any] = next(
        (
            line["request"]["prompt"]
            for line in recorded
            if isinstance(line.get("request"), dict)
            and "prompt" in line["request"]
            and isinstance(line.get("response"), dict)
            and line["response"].get("prompt_id") == session["prompt_id"]
        ),
        {},
    )
    tracker = Tracker(session["prompt_id"], graph, frozenset())
    job = Job(id="j", number=1, state=JobState.RUNNING, created_at=NOW)
    attempt = Attempt(session["prompt_id"], "j", 1, "b", "c", AttemptState.RUNNING, NOW, started_at=NOW)
    for line in recorded:
        raw = raw_frame(line)
        if raw is None:
            continue
        for event in parse_frame(raw):
            if getattr(event, "prompt_id", None) == session["prompt_id"] and not isinstance(event, Preview):
                tracker.take(event, line["t"])
    return Flight(job, attempt, graph, tracker)


def raw_frame(line: dict[str, Any]) -> str | bytes | None:
    if line["type"] == "text":
        return json.dumps(line["data"])
    if line["type"] == "binary" and "b64" in line:
        return base64.b64decode(line["b64"])
    return None


def plan(job: Job, attempt: Attempt, files: tuple[Any, ...]) -> tuple[Output, ...]:
    return tuple(Output(str(n), job.id, attempt.prompt_id, file, f"/out/{n}") for n, file in enumerate(files))


@pytest.mark.parametrize("session", SESSIONS, ids=lambda s: s["file"])
def test_session(session: dict[str, Any]) -> None:
    flight = fold(session)
    ending = ending_of_frames(flight)
    change = Verdicts(2, plan).ended(flight.job, flight.attempt, flight.graph, ending, NOW)
    expected = JobState.FETCHING if session["state"] == "succeeded" else JobState(session["state"])
    assert change.state is expected, session["evidence"]
    files = [
        [f.node, f.kind, f.subfolder, f.filename, f.type] for f in wanted_files(ending.files) if f.filename
    ]
    assert sorted(files) == sorted(session["files"]), session["evidence"]
    assert len(ending.cached) == session["cached"], session["evidence"]
    if session["state"] == "failed":
        assert change.error is not None
        assert change.error.node is not None
        assert change.error.node.id == session["error_node"]
        assert change.error.node.cls == session["error_class"]
        assert change.error.details["exception_type"] == session["error_type"]
        told = uncoloured(session["error_message"])
        assert change.error.details["exception_message"].strip() == told.strip()
    if session["state"] == "succeeded":
        assert flight.tracker.snapshot(1e9).fraction == 1.0


def test_every_recording_with_a_history_entry_is_listed() -> None:
    """A recording whose history status was recorded with it cannot be forgotten here."""
    listed = {s["file"] for s in SESSIONS}
    for path in sorted((DATA / "comfyui" / "ws").glob("*.jsonl")):
        recorded = lines(f"ws/{path.name}")
        if any(
            line.get("note", "").startswith("GET /history/{id} status") and line["outputs"] != "<large>"
            for line in recorded
        ):
            assert f"ws/{path.name}" in listed
