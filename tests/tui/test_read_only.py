"""An app that may only look: every key that would change something is refused by the engine, and said."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from ainf_tui.actions import ACTIONS
from ainf_tui.client.asgi import AsgiTransport
from ainf_tui.client.client import Client
from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.options import Options
from ainf_tui.tui.queue.screen import QueueScreen
from ainf_tui.tui.session import Session
from tests.api.fakes import FakeService, app_of, job
from tests.fakes.job_rows import NOW
from tests.tui.conftest import still

CHANGING = [action for action in ACTIONS if action.changes]
STATE = {"queue.retry": "succeeded", "queue.retry_new_seed": "failed", "queue.clear": "cancelled"}
"""Which job the key is for; the others act on a waiting one."""
LOOKS = {"status", "jobs", "job", "output"}
ASKS = {"queue.cancel", "queue.retry_failed", "queue.clear"}
"""Those that ask before they act: `tab`, `enter` says yes."""
FORMS = {"queue.new_run", "queue.retry_edited", "form.submit"}
"""The form and what opens it: a read-only app opens none (`test_form.py`)."""
PRESSED = [
    action
    for action in CHANGING
    if action.id not in FORMS and action.area not in {"dashboard", "comfyui", "errors"}
]
"""The Dashboard, ComfyUI and the Errors screen have tests of their own, beside those of the screens."""


def filled_service() -> FakeService:
    """Two jobs waiting, one of every ended state."""
    service = FakeService()
    service.put(job(1), job(2), job(3))
    service.put(*(job(n, s, finished_at=NOW) for n, s in enumerate(("succeeded", "failed", "cancelled"), 4)))
    return service


@asynccontextmanager
async def app_on(service: FakeService, *, read_only: bool):
    """The app on the engine's real API, in this process."""
    transport = AsgiTransport(app_of(service), read_only=read_only)

    @asynccontextmanager
    async def opener(start):
        yield Client(transport)

    app = AinfApp(opener, Options(read_only=read_only), Session(values={"screen": "app.queue"}))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        for _ in range(100):
            await still(pilot, 1)
            screen = app.screen
            if isinstance(screen, QueueScreen) and len(screen.rows) == 6:
                break
        yield app, pilot


async def press(app, pilot, action) -> None:
    """The action's key on a job that it is for; yes to its question, and its time to undo has passed."""
    screen = app.screen
    wanted = STATE.get(action.id, "queued")
    waiting = [row.id for row in screen.rows.jobs() if row.state == wanted]
    screen.table.move_to_id(waiting[len(waiting) // 2])
    await pilot.press(action.keys[0])
    await still(pilot)
    if action.id in ASKS:
        await pilot.press("tab", "enter")
        await still(pilot)
    if action.id == "queue.clear":
        screen.removals._finish(screen.removals._pending[0])
        await still(pilot)


def asked(service: FakeService) -> list[str]:
    return [name for name, _ in service.asked if name not in LOOKS]


@pytest.mark.parametrize("action", PRESSED, ids=lambda action: action.id)
async def test_every_changing_key_is_refused(action):
    service = filled_service()
    before = service.store.state.queue, dict(service.known)
    async with app_on(service, read_only=True) as (app, pilot):
        await press(app, pilot, action)
        said = [note for note in app._notifications if note.severity == "error"]
        assert len(said) == 1
        assert "this front end is read-only, nothing was changed" in said[0].message
        assert app.orders.log[-1].error.startswith("api.read_only")
        assert [row.number for row in app.screen.rows.jobs()] == [1, 2, 3, 6, 5, 4]
    assert asked(service) == []
    assert (service.store.state.queue, service.known) == before


async def test_the_same_keys_reach_the_engine_of_an_app_that_may_act():
    """Else their refusal would prove nothing."""
    service = filled_service()
    async with app_on(service, read_only=False) as (app, pilot):
        for action in PRESSED:
            service.asked.clear()
            await press(app, pilot, action)
            assert len(asked(service)) == 1, action.id


async def test_the_keys_are_dimmed_and_the_header_says_why():
    async with app_on(filled_service(), read_only=True) as (app, _):
        assert "read-only" in app.screen.header.plain
        dimmed = {hint.label for hint in app.screen.hints() if not hint.enabled}
        assert {a.label for a in CHANGING if a.footer and a.area == "queue"} <= dimmed
