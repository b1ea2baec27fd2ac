"""ComfyUI is asked for the memory that it keeps."""

from __future__ import annotations

import pytest

from ainf_tui.domain.requests import FreeRequest
from ainf_tui.errors import AinfError, NotFoundError


async def test_every_comfyui_is_asked_or_one_of_them(box):
    name = box.backend().name
    found = await box.service.memory.free(FreeRequest())
    assert (found.backends, found.busy, found.notices) == ((name,), (), ())
    assert (await box.service.memory.free(FreeRequest(name))).backends == (name,)
    assert box.wire.freed == 2


async def test_an_unknown_one_is_told_with_those_there_are(box):
    with pytest.raises(NotFoundError, match="no backend 'x'") as refused:
        await box.service.memory.free(FreeRequest("x"))
    assert box.backend().name in refused.value.hint


async def test_of_several_one_that_is_away_is_a_notice(empty):
    await empty.add_sim("one")
    await empty.add_sim("two")
    await empty.start()
    await empty.sims["two"].kill()
    found = await empty.service.memory.free(FreeRequest())
    assert found.backends == ("one",)
    assert [notice.code for notice in found.notices] == ["backend.unreachable"]
    with pytest.raises(AinfError, match="cannot be reached"):
        await empty.service.memory.free(FreeRequest("two"))
