from __future__ import annotations

import pytest

from tests.fakes.services import Services


@pytest.fixture
async def services(tmp_path):
    begun = Services(tmp_path)
    yield begun
    begun.end()
    await begun.processes.aclose()
