"""Pictures that come over the socket alone (`SaveImageWebsocket`): results, or said to be lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ainf_tui.adapters.comfy import dial
from ainf_tui.domain.comfy import Preview, ServerFile
from ainf_tui.engine import fetch, pictures
from ainf_tui.errors import NotFoundError
from tests.fakes.box import Box, content
from tests.fakes.graphs import node, picture

PNG = b"\x89PNG\r\n\x1a\n"


def sent(batch: int = 3, **more: dict[str, Any]) -> dict[str, Any]:
    return {
        "1": node("EmptyImage", width=16, height=16, batch_size=batch, color=7),
        "2": node("SaveImageWebsocket", "Send", images=["1", 0]),
        **more,
    }


def left_over(box: Box) -> list[Path]:
    return list(box.tuning.pictures.rglob("*.png"))


async def test_all_of_a_batch_come_home_as_files(box: Box) -> None:
    (done,) = await box.succeed(await box.run(sent()))
    assert [content(o.path)[:8] for o in done.outputs] == [PNG] * 3
    assert [o.node for o in done.outputs] == ["2"] * 3
    assert not done.warnings
    assert len(box.files()) == 3
    await box.until(lambda: not left_over(box))


async def test_beside_files_of_the_server(box: Box) -> None:
    graph = {**picture(), "n": node("SaveImageWebsocket", images=["8", 0])}
    (done,) = await box.succeed(await box.run(graph))
    assert sorted(o.node for o in done.outputs) == ["9", "n"]
    assert not done.warnings


async def test_a_server_that_names_neither_prompt_nor_node(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """Event 1, as a server gives it to a client that does not ask for names."""
    monkeypatch.setattr(dial, "HELLO", '{"type": "feature_flags", "data": {}}')
    await box.stop()
    await box.start()
    (done,) = await box.succeed(await box.run(sent()))
    assert [content(o.path)[:8] for o in done.outputs] == [PNG] * 3


async def test_previews_of_samplers_are_no_results(box: Box) -> None:
    (done,) = await box.succeed(await box.run(picture()))
    assert [o.node for o in done.outputs] == ["9"]


async def test_kept_through_the_death_of_the_engine(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """It died between the row and the file: the next one has what the server no longer has."""

    async def no_disk(*_: object, **__: object) -> tuple[int, str]:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(fetch, "write_file", no_disk)
        job = await box.run(sent())
        await box.reach(job, "fetching")
        await box.until(lambda: len(left_over(box)) == 3)
        await box.stop()
    await box.start()
    (done,) = await box.succeed(job)
    assert [content(o.path)[:8] for o in done.outputs] == [PNG] * 3
    await box.until(lambda: not left_over(box))


async def test_sent_while_nobody_listened_is_said(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_hold", lambda *_: None)
    (done,) = await box.succeed(await box.run(sent()))
    (warning,) = done.warnings
    assert warning.code == "job.pictures_missed"
    assert "Send" in warning.message


async def test_more_than_memory_should_hold_is_said(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST", 150)
    (done,) = await box.succeed(await box.run(sent()))
    assert 0 < len(done.outputs) < 3
    assert [w.code for w in done.warnings] == ["job.pictures_missed"]


async def test_a_servers_history_names_no_file_of_ours(box: Box, tmp_path: Path) -> None:
    """`type` is the server's word: it must not open other files of this machine."""
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"key")
    (done,) = await box.succeed(await box.run(sent(batch=1)))
    output = (await box.stored(done)).outputs[0]
    named = ServerFile("2", "images", 0, str(secret), subfolder=str(tmp_path), type=pictures.SOCKET)
    with pytest.raises(NotFoundError):
        await pictures.kept_picture(box.ctx, replace(output, source=named))


async def test_anothers_picture_is_not_taken(box: Box) -> None:
    """Without names only a node that sends results can have sent it, and only while it runs."""
    await box.hold()
    await box.held_at(await box.run({**picture(), "n": node("SaveImageWebsocket", images=["8", 0])}))
    pictures.take_picture(box.backend(), Preview(None, None, None, "image/png", PNG))
    (flight,) = box.backend().flights.values()
    assert flight.pictures == []
    await box.let_go()
