"""The keys of the Dashboard: what is asked of the user, and what of the engine."""

from __future__ import annotations

import shlex

import pytest

from ainf_tui.actions import ACTIONS
from ainf_tui.cli.commands import services_change
from ainf_tui.domain.check_documents import FixRequest
from ainf_tui.domain.log_documents import LogSourceDocument
from ainf_tui.domain.service_documents import (
    PortOwnerDocument,
    ServiceDetailDocument,
    ServicesDocument,
    ServicesRequest,
)
from ainf_tui.errors import ConflictError
from ainf_tui.tui import asked
from tests.fakes.box_documents import check, fixable, service
from tests.fakes.log_reading import log_row
from tests.tui.conftest import still
from tests.tui.frame.helpers import toasts
from tests.tui.screen_text import text

CHANGING = [action for action in ACTIONS if action.area == "dashboard" and action.changes]
IDENTITY = "abcd1234:41207:99"


def taken(*offers: str) -> ConflictError:
    owner = {
        "port": 3000,
        "pid": 2211,
        "command": "node [/x] server.js",
        "user": "anna",
        "identity": "b:2211:7",
    }
    return ConflictError(
        "service.port_taken",
        "web was not started: port 3000 is taken by pid 2211 (node [/x] server.js, user anna)",
        hint="`ainf services start web --adopt` uses it",
        details={"owner": owner, "offers": list(offers or ("adopt", "port", "stop_owner"))},
    )


@pytest.fixture
def box(fake_engine):
    fake_engine.topics["services"] = ServicesDocument(
        (
            service(),
            service("web", "stopped", ports=(3000,)),
            service("worker", kind="adopted", pid=41207, identity=IDENTITY, depends_on=("comfyui",)),
            service("postgres", kind="watched"),
        )
    )
    return fake_engine


@pytest.fixture
def dashboard(open_app, box):
    def opened(**options):
        return open_app((120, 40), screen="dashboard", **options)

    return opened


async def on(pilot, app, name: str, *keys: str) -> None:
    """The cursor on that service, then the keys, one after the other."""
    app.screen.services.move_to_id(name)
    for key in keys:
        await pilot.press(key)
        await still(pilot)


async def test_start_is_one_key(dashboard, box):
    async with dashboard() as (app, pilot):
        await on(pilot, app, "web", "s")
        assert box.called("services.start") == [ServicesRequest(("web",), reason="the app")]
        assert app.orders.log[-1].line == "ainf services start web"
        assert app.orders.log[-1].result == "web running"


async def test_stop_asks_with_cancel_focused(dashboard, box):
    async with dashboard() as (app, pilot):
        await on(pilot, app, "comfyui", "x", "enter")
        assert box.called("services.stop") == []
        await on(pilot, app, "comfyui", "x")
        assert "Stop comfyui?" in text(app)
        assert "worker" in text(app)
        await pilot.press("tab", "enter")
        await still(pilot)
        assert [request.names for request in box.called("services.stop")] == [("comfyui",)]


async def test_what_ainf_did_not_start_is_named_before_it_is_stopped(dashboard, box):
    found = box.topics["services"].services[2]
    owner = PortOwnerDocument(8188, 41207, "python [/x] main.py", "anna", IDENTITY)
    box.service_details["worker"] = ServiceDetailDocument(found, (), "", {}, {}, {}, {}, "x", owners=(owner,))
    async with dashboard() as (app, pilot):
        await on(pilot, app, "worker", "x")
        for words in ("Stop worker?", "pid 41207", "python [/x] main.py", "anna"):
            assert words in text(app)
        await pilot.press("tab", "enter")
        await still(pilot)
        assert box.called("services.stop")[0].confirmed == (IDENTITY,)
        assert app.orders.log[-1].line == "ainf services stop worker --yes"


async def test_a_process_that_became_anothers_is_asked_about_again(dashboard, box):
    box.fail = ConflictError(
        "service.confirm",
        "comfyui was not started by ainf: pid 7 would be ended",
        details={"identity": "b:7:1"},
    )
    async with dashboard() as (app, pilot):
        await on(pilot, app, "comfyui", "x", "tab", "enter")
        assert "pid 7 would be ended" in text(app)
        await pilot.press("tab", "enter")
        await still(pilot)
        assert [request.confirmed for request in box.called("services.stop")] == [(), ("b:7:1",)]


@pytest.mark.parametrize(
    ("keys", "fields"),
    [
        (("j", "enter"), {"adopt": True}),
        (("j", "j", "enter", *"3001", "enter"), {"port": 3001}),
        (("j", "j", "j", "enter", "tab", "enter"), {"stop_owner": "b:2211:7"}),
    ],
)
async def test_a_taken_port_offers_three_ways(dashboard, box, keys, fields):
    box.fail = taken()
    async with dashboard() as (app, pilot):
        await on(pilot, app, "web", "s")
        for words in ("pid 2211", "node [/x]", "anna", "leave it", "adopt it", "another port"):
            assert words in text(app)
        for key in keys:
            await pilot.press(key)
            await still(pilot)
        assert box.called("services.start")[1:] == [ServicesRequest(("web",), reason="the app", **fields)]


@pytest.mark.parametrize(
    "keys", [("enter",), ("escape",), ("j", "j", "enter", "escape"), ("j", "j", "j", "enter", "enter")]
)
async def test_a_taken_port_may_be_left(dashboard, box, keys):
    box.fail = taken()
    async with dashboard() as (app, pilot):
        await on(pilot, app, "web", "s", *keys)
        assert len(box.called("services.start")) == 1
        assert app.orders.log[-1].error.startswith("service.port_taken")


async def test_only_what_the_engine_offers_can_be_chosen(dashboard, box):
    box.fail = taken("port")
    async with dashboard() as (app, pilot):
        await on(pilot, app, "web", "s")
        assert "another port" in text(app)
        assert "adopt it" not in text(app)


async def test_a_port_is_a_number(dashboard, box):
    box.fail = taken()
    async with dashboard() as (app, pilot):
        await on(pilot, app, "web", "s", "j", "j", "enter", *"x99999", "enter")
        assert "A port is a number from 1 to 65535." in text(app)
        assert len(box.called("services.start")) == 1


async def test_all_up_and_all_down(dashboard, box):
    async with dashboard() as (app, pilot):
        await on(pilot, app, "comfyui", "u")
        assert len(box.called("services.up")) == 1
        await on(pilot, app, "comfyui", "d")
        assert "left alone: worker" in text(app)
        await pilot.press("tab", "enter")
        await still(pilot)
        assert len(box.called("services.down")) == 1
        assert [order.line for order in app.orders.log] == ["ainf up", "ainf down"]


async def test_what_cannot_be_done_says_why_and_is_dimmed(dashboard, box):
    async with dashboard() as (app, pilot):
        await on(pilot, app, "postgres", "x")
        assert "postgres is only watched" in toasts(app)
        await on(pilot, app, "web", "x")
        assert "web is stopped: there is nothing to stop" in toasts(app)
        assert box.called("services.stop") == []
        dimmed = {hint.label for hint in app.screen.hints() if not hint.enabled}
        assert dimmed == {"stop", "restart", "fix"}


@pytest.mark.parametrize("action", CHANGING, ids=lambda action: action.id)
async def test_an_app_that_may_only_look_asks_nothing(dashboard, box, action):
    box.topics["checks"] = (fixable(),)
    async with dashboard(read_only=True) as (app, pilot):
        await on(pilot, app, "web" if action.name in {"start", "adopt"} else "comfyui", action.keys[0])
        assert "read-only" in toasts(app)
        assert [name for name, _ in box.calls if name.startswith(("services.", "checks."))] == []
        dimmed = {hint.label for hint in app.screen.hints() if not hint.enabled}
        assert {a.label for a in CHANGING if a.footer} <= dimmed


@pytest.mark.parametrize("mends", [True, False])
async def test_a_fix_shows_its_steps_and_asks(dashboard, box, mends):
    box.topics["checks"] = (check("a", "error"), fixable())
    box.mends = mends
    async with dashboard() as (app, pilot):
        app.screen.checks.move_to(1)
        await pilot.press("f")
        await still(pilot)
        assert "mkdir -p /srv/out" in text(app)
        assert box.called("checks.fix") == []
        await pilot.press("tab", "enter")
        await still(pilot)
        assert box.called("checks.fix") == [FixRequest("folder.missing.outputs", ("mkdir -p /srv/out",))]
        assert ("mkdir: [/x] denied" in text(app)) is not mends
        assert app.orders.log[-1].line == "ainf doctor --fix"


async def test_the_whole_system_is_looked_at_again(dashboard, box):
    async with dashboard() as (app, pilot):
        assert "C checks it" in text(app)
        await pilot.press("C")
        await still(pilot)
        assert len(box.called("checks.run")) == 1


async def test_its_log_on_the_screen_of_logs(dashboard, box):
    box.log_reading.sources_ = [LogSourceDocument(name, name, "service") for name in ("comfyui", "web")]
    box.log_reading.records = [log_row(1, "one line", source="web")]
    async with dashboard() as (app, pilot):
        await on(pilot, app, "web", "L")
        await still(pilot, 8)
        assert box.log_reading.called("open")[-1].sources == ("web",)
        assert "one line" in text(app)
        await pilot.press("1")
        assert app.screen.tab == "app.dashboard"


@pytest.mark.parametrize(
    ("verb", "request_"),
    [
        ("start", ServicesRequest(("a.b", "c d"), port=3001)),
        ("start", ServicesRequest(("web",), adopt=True)),
        ("start", ServicesRequest(("web",), stop_owner="b:2211:7")),
        ("stop", ServicesRequest(("web",), confirmed=("b:1:1",))),
        ("restart", ServicesRequest(())),
        ("adopt", ServicesRequest(("web",), port=8189)),
        ("up", ServicesRequest()),
        ("down", ServicesRequest(confirmed=("b:1:1",))),
    ],
)
def test_the_line_in_the_log_is_one_that_the_command_line_takes(verb, request_):
    words = shlex.split(asked.services_line(verb, request_))
    assert words[0] == "ainf"
    command = getattr(services_change, verb)
    given = words[2:] if verb in {"up", "down"} else words[3:]
    context = command.make_context(verb, list(given))
    told = context.params
    names = told.get("names", (told["name"],) if "name" in told else ())
    assert tuple(names) == request_.names
    assert told.get("port") == request_.port
    assert told.get("use", False) is request_.adopt
    assert told.get("stop_owner") == ("2211" if request_.stop_owner else None)
    assert told.get("yes", False) is bool(request_.confirmed)
