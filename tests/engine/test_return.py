"""A ComfyUI comes back after a long absence: its websocket is opened with its first answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ainf_tui.adapters.comfy import dial
from ainf_tui.errors import UnreachableError
from tests.fakes import box as box_module
from tests.fakes.box import Box
from tests.fakes.graphs import picture


async def test_frames_come_at_once(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """The socket's own backoff has grown to minutes meanwhile; the first answer over HTTP ends it."""
    slow = replace(box_module.TIMING, backoff_first=600.0, backoff_most=600.0)
    monkeypatch.setattr(box_module, "TIMING", slow)
    monkeypatch.setattr(dial.Backoff, "next", lambda *_args, **_kw: 600.0)
    await box.stop()
    await box.sims["default"].kill()
    await box.start(connected=False)
    job = await box.run(picture())
    await box.until(lambda: box.backend().health.checked_at is not None)
    await box.sims["default"].start()
    await box.until(lambda: box.backend().socket.connected)
    await box.succeed(job)


async def test_one_outage_is_told_once_in_the_log(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    """A line that is cut fails in many words; each look of an outage would write a line."""
    backend = box.backend()
    await box.stop()
    caplog.clear()
    for words in ("broke off: ReadError", "broke off: server disconnected", "broke off: ReadError"):
        backend.unreachable(UnreachableError("backend.broken", words))
    assert len([r for r in caplog.records if "broke off" in r.getMessage()]) == 1
