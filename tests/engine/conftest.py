"""A box a test: engine, service, simulators and a database file, without waiting for anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.fakes import postgres
from tests.fakes.box import Box, shorten


@pytest.fixture
async def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Box]:
    """Nothing in it has started. What every test must show: no prompt id has run twice anywhere."""
    shorten(monkeypatch)
    async with Box(tmp_path / "box") as box:
        yield box
        counts = Counter(prompt_id for name in box.sims for prompt_id in box.started(name))
    assert not [prompt_id for prompt_id, count in counts.items() if count > 1]


@pytest.fixture
async def box(empty: Box) -> Box:
    """One engine and one instant simulator."""
    await empty.add_sim()
    await empty.start()
    return empty


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with postgres.server() as url:
        yield url
