"""The routes of the system check, through client and API."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ainf_tui.client import Client
from ainf_tui.client.asgi import AsgiTransport
from ainf_tui.domain.check_documents import FixRequest
from ainf_tui.errors import ConflictError, NotFoundError
from tests.api.fakes import FakeService, app_of
from tests.fakes.checks import STEPS, WELL


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
async def client(service: FakeService) -> AsyncIterator[Client]:
    async with Client(AsgiTransport(app_of(service))) as found:
        yield found


async def test_the_document_comes_through_whole(client, service):
    found = await client.checks.run()
    assert found.overall == "warning"
    assert found.checks == await service.checks.latest()
    assert found.checked_at is not None


async def test_a_fix_comes_through_and_is_done(client, service):
    service.checks.inspector.after = WELL
    fixed = await client.checks.fix(FixRequest("private", STEPS))
    assert (fixed.done, fixed.output) == (True, ("done",))
    assert fixed.check is not None
    assert fixed.check.code == "security.state"
    assert service.asked == [("fix", "private")]


async def test_refusals_come_through_with_their_codes(client, service):
    with pytest.raises(ConflictError) as changed:
        await client.checks.fix(FixRequest("private", ("rm -rf /",)))
    with pytest.raises(NotFoundError) as unknown:
        await client.checks.fix(FixRequest("shell", ("rm -rf /",)))
    assert (changed.value.code, unknown.value.code) == ("check.fix_changed", "check.no_fix")
    assert service.asked == []


async def test_the_bundle_comes_as_bytes(client, service):
    assert await client.checks.bundle() == b"PK"
    assert len(service.checks.inspector.packed) == 1
