"""The suite finds out an engine that lacks one of its safeties, and lets a whole one pass."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from ainf_tui.errors import UnreachableError
from tests.faults.check import check
from tests.faults.mutants import words
from tests.faults.stories import LONG, past_a_foreign_prompt, past_a_half_open_socket, plain
from tests.faults.world import World


async def _answer_lost(world: World) -> None:
    """The server queues the prompt and the connection breaks before it can say so."""
    await world.start_engine()
    await world.sim.faults(post_drop=1)
    await world.submit(steps=LONG)
    await world.submit()


async def _killed_while_withdrawing(world: World) -> None:
    """The waiting prompt is deleted for a pause, the user resumes, the engine dies: its reason is gone."""
    world.keeping = False
    engine = await world.start_engine("withdraw.after_delete")
    await world.submit(steps=LONG * 2)
    waiting = await world.submit()
    assert await world.until_state(waiting, "submitted")
    with suppress(UnreachableError):
        await world.client.queue.pause()
    await engine.ended(10.0)
    # A resume that was committed just before the end; no kill point lies between the two loops' steps.
    with closing(sqlite3.connect(world.locations.database_file)) as database, database:
        assert database.execute("UPDATE queue_state SET paused = 0").rowcount == 1
    world.keeping = True


async def _killed_after_post(world: World) -> None:
    engine = await world.start_engine("submit.after_post:2")
    await plain(world)
    await engine.ended(10.0)
    assert engine.was_killed, engine.words()


async def _killed_after_rename(world: World) -> None:
    engine = await world.start_engine("fetch.after_rename")
    await plain(world)
    await engine.ended(10.0)
    assert engine.was_killed, engine.words()


async def _restarted_past_a_foreign_prompt(world: World) -> None:
    await world.start_engine()
    await past_a_foreign_prompt(world)


async def _restarted_past_a_half_open_socket(world: World) -> None:
    await world.start_engine()
    await past_a_half_open_socket(world)


Case = tuple[Callable[[World], Coroutine[Any, Any, None]], str]
CASES: dict[str, Case] = {
    "no_lookup": (_answer_lost, "executed 2 times by the same server"),
    "intent_not_stored": (_killed_while_withdrawing, "ended cancelled"),
    "id_stored_after_post": (_killed_after_post, "of which the database knows nothing"),
    "path_planned_anew": (_killed_after_rename, "no output has that path"),
    "new_ids_as_old": (_restarted_past_a_foreign_prompt, "ended cancelled"),
    "open_socket_as_alive": (_restarted_past_a_half_open_socket, "ended cancelled"),
}


BEHIND_A_LINE = ("new_ids_as_old", "open_socket_as_alive")
"""`test_server` shows that a whole engine passes there."""


async def _problems(folder: Path, mutant: str, case: str) -> str:
    behind = case in BEHIND_A_LINE
    async with World(folder, engine_words=words(mutant), behind_a_line=behind) as world:
        await CASES[case][0](world)
        await world.settle()
        return "\n".join((await check(world)).problems)


@pytest.mark.parametrize("mutant", CASES)
async def test_a_missing_safety_is_found_out(tmp_path: Path, mutant: str) -> None:
    assert CASES[mutant][1] in await _problems(tmp_path / "mutant", mutant, mutant)


@pytest.mark.parametrize("case", [case for case in CASES if case not in BEHIND_A_LINE])
async def test_a_whole_engine_passes_there(tmp_path: Path, case: str) -> None:
    """Otherwise the tests above would say nothing of the safety that is taken out."""
    assert await _problems(tmp_path / "whole", "", case) == ""
