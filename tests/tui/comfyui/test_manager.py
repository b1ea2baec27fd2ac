"""The ComfyUI manager as its user meets it."""

from __future__ import annotations

import shlex
from dataclasses import replace

import click
import pytest

from ainf_tui.actions import ACTIONS
from ainf_tui.cli.main import cli
from ainf_tui.domain.comfyui_documents import (
    ComfyUIDocument,
    CustomNodeDocument,
    InstallRequest,
    NodeRequest,
    PlanDocument,
    StepDocument,
    TaskDocument,
)
from ainf_tui.domain.documents import ProblemDocument
from ainf_tui.domain.service_documents import ServicesDocument
from ainf_tui.errors import ConflictError
from ainf_tui.tui import asked
from ainf_tui.tui.comfyui.lines import NodeList, comfyui_lines, node_text, title_line
from ainf_tui.tui.comfyui.screen import ComfyUIScreen
from ainf_tui.tui.signs import Signs
from tests.fakes.box_documents import service
from tests.fakes.hostile import TURNS, cases, filled
from tests.tui.conftest import still
from tests.tui.frame.helpers import toasts
from tests.tui.screen_text import SIZES, check_line, check_screen, text

CHANGING = [action for action in ACTIONS if action.area == "comfyui" and action.changes]
SIGNS = Signs()
INSTALLED = ComfyUIDocument(
    "installed",
    folder="/srv/ComfyUI",
    repository="https://example.org/ComfyUI.git",
    version="v0.8.0",
    commit="1a2b3c4d5e6f7a8b",
    dirty=True,
    previous="99aabbcc",
    torch="2.9.0+cu130",
    arguments=("--port", "8188"),
    actions=("update", "rollback", "start"),
)
NODES = (
    CustomNodeDocument("good-node", "imported", "1.2", import_seconds=0.4),
    CustomNodeDocument("bad-node", "failed", reason="ModuleNotFoundError: No module named 'x'"),
)
RUNNING = TaskDocument(
    "t",
    "install",
    "Install ComfyUI v0.8.0",
    "running",
    steps=(
        StepDocument("clone", "Clone the repository", "done", seconds=12.0),
        StepDocument("torch", "Install PyTorch for CUDA", "running", progress=0.4),
        StepDocument("verify", "See whether it works", "waiting"),
    ),
    progress=0.3,
    output=("Collecting torch", "Downloading torch-2.9.0"),
)


@pytest.fixture
def box(fake_engine):
    fake_engine.topics |= {"comfyui": INSTALLED, "services": ServicesDocument((service(),))}
    fake_engine.nodes = NODES
    return fake_engine


@pytest.fixture
def manager(open_app, box):
    def opened(size=(120, 40), **options):
        return open_app(size, screen="dashboard", **options)

    return opened


async def keys(pilot, *names: str) -> None:
    for name in names:
        await pilot.press(name)
        await still(pilot)


async def test_what_is_installed_and_its_nodes_with_the_failed_first(manager):
    async with manager() as (app, pilot):
        await keys(pilot, "c")
        assert isinstance(app.screen, ComfyUIScreen)
        shown = text(app)
    for words in ("installed", "v0.8.0", "1a2b3c4d5e, changed by hand", "torch 2.9.0+cu130", "/srv/ComfyUI"):
        assert words in shown
    assert shown.index("bad-node") < shown.index("good-node")
    assert "ModuleNotFoundError" in shown


async def test_a_task_is_followed_step_by_step(manager, box):
    async with manager() as (app, pilot):
        await keys(pilot, "c")
        box.say("comfyui", replace(INSTALLED, state="installing", task=RUNNING, actions=("cancel",)))
        await still(pilot)
        for words in (
            "Install ComfyUI v0.8.0   running",
            "30%",
            "✓ Clone the repository  0:12",
            "Downloading",
        ):
            assert words in text(app)
        await keys(pilot, "c", "enter")
        assert box.called("comfyui.cancel") == []
        await keys(pilot, "c", "tab", "enter")
        assert len(box.called("comfyui.cancel")) == 1
        problem = ProblemDocument("comfyui.failed", "pip could not be run", "install python3-venv")
        box.say("comfyui", replace(INSTALLED, task=replace(RUNNING, state="failed", problem=problem)))
        await still(pilot)
        assert "pip could not be run" in text(app)
        assert "install python3-venv" in text(app)


@pytest.mark.parametrize(
    ("pressed", "call", "request_"),
    [
        (("U", "tab", "enter"), "update", InstallRequest()),
        (("B", "tab", "enter"), "rollback", InstallRequest()),
        (("z",), "disable_node", NodeRequest(name="bad-node")),
        (("j", "e"), "enable_node", NodeRequest(name="good-node")),
        (("t", "tab", "enter"), "update_node", NodeRequest(name="bad-node")),
        (("X", "tab", "enter"), "remove_node", NodeRequest(name="bad-node")),
    ],
)
async def test_each_key_is_one_call(manager, box, pressed, call, request_):
    async with manager() as (app, pilot):
        await keys(pilot, "c", *pressed)
        assert box.called(f"comfyui.{call}") == [request_]
        assert app.orders.log[-1].line.startswith("ainf comfyui ")


async def test_a_node_is_planned_shown_and_then_installed(manager, box):
    box.plan = PlanDocument(
        "tok", "Install nice-node", ("git clone [/x]", "pip install y"), ("it runs install.py",)
    )
    async with manager() as (app, pilot):
        await keys(pilot, "c", "a", *"https://x/y.git", "enter")
        for words in ("Install nice-node", "git clone [/x]", "pip install y", "it runs install.py"):
            assert words in text(app)
        assert box.called("comfyui.install_node") == []
        await keys(pilot, "tab", "enter")
        assert box.called("comfyui.plan_node") == [NodeRequest(source="https://x/y.git")]
        assert box.called("comfyui.install_node") == [NodeRequest(token="tok")]
        assert app.orders.log[-1].line == "ainf comfyui nodes install --yes https://x/y.git"


async def test_memory_is_given_back(manager, box):
    async with manager() as (app, pilot):
        await keys(pilot, "c", "f")
        assert box.called("free") == [None]
        assert app.orders.log[-1].line == "ainf comfyui free"
        assert "default lets go of its models when its prompt is done" in toasts(app)


async def test_a_refusal_is_told(manager, box):
    box.fail = ConflictError("comfyui.busy", "another task runs [/x]", hint="wait for it")
    async with manager() as (app, pilot):
        await keys(pilot, "c", "z")
        assert "another task runs [/x]" in toasts(app)


async def test_elsewhere_has_no_local_actions_and_says_why(manager, box):
    box.topics["comfyui"] = ComfyUIDocument(
        "elsewhere", "this ComfyUI is on another box", url="http://far:8188"
    )
    box.nodes = ()
    async with manager() as (app, pilot):
        await keys(pilot, "c")
        assert "this ComfyUI is on another box" in text(app)
        dimmed = {hint.label for hint in app.screen.hints() if not hint.enabled}
        assert {"install", "update", "roll back", "cancel", "add node"} <= dimmed
        await keys(pilot, "i", "U", "a")
        assert [
            name for name, _ in box.calls if name.startswith("comfyui.") and name != "comfyui.nodes"
        ] == []


@pytest.mark.parametrize("action", CHANGING, ids=lambda action: action.id)
async def test_an_app_that_may_only_look_asks_nothing(manager, box, action):
    told = replace(INSTALLED, actions=("install", "update", "rollback", "cancel"))
    box.topics["comfyui"] = told
    box.topics["services"] = ServicesDocument((service(actions=("start", "stop", "restart")),))
    async with manager(read_only=True) as (app, pilot):
        await keys(pilot, "c", action.keys[0])
        assert "read-only" in toasts(app)
        assert isinstance(app.screen, ComfyUIScreen)
        asked_for = [name for name, _ in box.calls if name.startswith(("comfyui.", "services."))]
        assert set(asked_for) <= {"comfyui.nodes"}


@pytest.mark.parametrize(
    "line",
    [
        asked.comfyui_line("install", InstallRequest("v1", "https://x", "cuda", while_running=True)),
        asked.comfyui_line("update", InstallRequest()),
        asked.comfyui_line("rollback", InstallRequest()),
        asked.comfyui_line("cancel"),
        *(asked.node_line(verb, "a b") for verb in ("install", "enable", "disable", "update", "remove")),
    ],
)
def test_the_line_in_the_log_is_one_that_the_command_line_takes(line):
    words = shlex.split(line)[1:]
    command: click.Command | None = cli
    while isinstance(command, click.Group):
        command = command.get_command(click.Context(command), words.pop(0))
    assert command is not None
    known = {name for parameter in command.params for name in parameter.opts}
    assert [word for word in words if word.startswith("-") and word.split("=")[0] not in known] == []


# -- hostile ----------------------------------------------------------------------------------------
def test_hostile_values_stay_in_their_lines():
    for _, comfyui in cases(ComfyUIDocument):
        for cells in (1, 18, 77):
            for line in (title_line(comfyui, cells, SIGNS), *comfyui_lines(comfyui, cells, SIGNS)):
                check_line(line, cells)
    for _, task in cases(TaskDocument):
        for line in comfyui_lines(replace(INSTALLED, task=task), 60, SIGNS):
            check_line(line, 60)
    for _, node in cases(CustomNodeDocument):
        source = NodeList(SIGNS)
        source.take([node])
        for cell in source.cells(0).values():
            check_line((cell,))
        assert node_text(node)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_hostile_values_on_the_screen(manager, box, size):
    box.nodes = tuple(filled(CustomNodeDocument, turn) for turn in range(20))
    async with manager(size) as (app, pilot):
        await keys(pilot, "c")
        for turn in range(0, TURNS, 4):
            app.topic_changed("comfyui", filled(ComfyUIDocument, turn))
            await pilot.pause()
            check_screen(app)
        await keys(pilot, "enter", "escape")
        assert app._exception is None
