"""`ainf comfyui`: what it shows, how it follows a task, what it asks."""

import json
import os
import signal

import pytest

from ainf_tui.domain.comfyui_documents import InstallRequest, NodeRequest
from ainf_tui.domain.documents import FreedDocument, ProblemDocument
from ainf_tui.domain.requests import FreeRequest
from tests.fakes.comfyui import PLAN


def test_what_stands_there(ainf, engine):
    shown = ainf("comfyui")
    assert shown.code == 0
    assert "○ not-installed" in shown.out
    assert "/srv/comfyui" in shown.out
    engine.comfyui.change(state="broken", reason="PyTorch is not installed", version="v0.3.64", dirty=True)
    shown = ainf("comfyui", "info")
    assert shown.code == 1
    assert "✖ broken" in shown.out
    assert "PyTorch is not installed" in shown.out
    assert json.loads(ainf("comfyui", "--json").out)["schema"] == "ainf.comfyui/1"


def test_an_install_is_followed_to_its_end(ainf, engine):
    async def script():
        await ainf.until("Fetch ComfyUI")
        engine.comfyui.end()

    ainf.script = script
    done = ainf("comfyui", "install", "--version", "v0.3.64", "--torch", "cpu")
    assert (done.code, done.out) == (0, "")
    assert engine.asked("install") == InstallRequest("v0.3.64", "", "cpu", False)
    assert "✓ Fetch ComfyUI: it broke, 1:01" in done.err
    assert "ComfyUI v0.3.64 in /srv/comfyui." in done.err


def test_a_bar_where_there_is_a_terminal(ainf, engine):
    async def script():
        await ainf.until("receiving objects 50%")
        engine.comfyui.end()

    ainf.script = script
    done = ainf("comfyui", "update", err_tty=True)
    assert done.code == 0
    assert "█████░" in done.err
    assert "25%" in done.err


@pytest.mark.parametrize(
    ("state", "problem", "code"),
    [
        ("failed", ProblemDocument("comfyui.step_failed", "git ended with 128", "Look."), 1),
        ("interrupted", ProblemDocument("comfyui.interrupted", "the engine ended", "Go on."), 1),
        ("cancelled", None, 5),
    ],
)
def test_an_end_that_is_not_well(ainf, engine, state, problem, code):
    engine.comfyui.after_begin = lambda: engine.comfyui.end(state, problem)
    done = ainf("comfyui", "rollback")
    assert done.code == code
    assert (problem.message if problem else "What is done stays") in done.err
    assert ("fatal: no such host" in done.err) == (state == "failed")
    assert "The whole output: /l" in done.err
    again = ainf("comfyui", "wait", "--json")
    assert (again.code, json.loads(again.out)["task"]["state"], again.err) == (code, state, "")


def test_ctrl_c_detaches_and_says_how_to_end_it(ainf, engine):
    async def script():
        await ainf.until("Fetch ComfyUI")
        os.kill(os.getpid(), signal.SIGINT)

    ainf.script = script
    done = ainf("comfyui", "install")
    assert done.code == 130
    assert "ainf comfyui cancel" in done.err
    assert engine.comfyui.document.task.state == "running"
    ainf.script = None
    cancelled = ainf("comfyui", "cancel")
    assert (cancelled.code, "cancelled" in cancelled.err) == (0, True)


def test_only_begun(ainf):
    done = ainf("comfyui", "install", "--no-wait")
    assert (done.code, done.out) == (0, "")
    assert "`ainf comfyui wait` follows it" in done.err
    assert json.loads(ainf("comfyui", "install", "--no-wait", "--json").out)["task"]["state"] == "running"


def test_nothing_to_wait_for(ainf):
    done = ainf("comfyui", "wait")
    assert (done.code, done.err) == (0, "No task runs.\n")


def test_nodes_and_why_one_failed(ainf):
    lines = ainf("comfyui", "nodes").out.splitlines()
    assert "No module named 'cv2'" in next(line for line in lines if line.startswith("bad"))
    assert "1.2.0" in next(line for line in lines if line.startswith("good"))
    assert json.loads(ainf("comfyui", "nodes", "--json").out)["nodes"][2]["state"] == "disabled"


def test_a_node_is_installed_after_its_plan_was_agreed_to(ainf, engine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "n.zip").write_bytes(b"")
    engine.comfyui.after_begin = engine.comfyui.end
    refused = ainf("comfyui", "nodes", "install", "n.zip")
    assert (refused.code, "--yes" in refused.err) == (2, True)
    assert engine.asked("plan_node") == NodeRequest(source=str(tmp_path / "n.zip"))
    assert "python install.py" in refused.out
    assert "▲ install.py is run with your rights" in refused.out
    left = ainf("comfyui", "nodes", "install", "https://h/n.git", stdin="n\n", tty=True)
    assert (left.code, "Nothing was installed" in left.err) == (0, True)
    assert [name for name, _ in engine.calls] == ["plan_node", "plan_node"]
    done = ainf("comfyui", "nodes", "install", "https://h/n.git", stdin="y\n", tty=True)
    assert done.code == 0
    assert engine.asked("install_node") == NodeRequest(token=PLAN.token)
    plan = json.loads(ainf("comfyui", "nodes", "install", "https://h/n.git", "--plan", "--json").out)
    assert (plan["schema"], plan["token"]) == ("ainf.plan/1", PLAN.token)


@pytest.mark.parametrize("verb", ["enable", "disable", "remove"])
def test_what_is_done_to_a_node(ainf, engine, verb):
    done = ainf("comfyui", "nodes", verb, "good")
    assert (done.code, done.out) == (0, "")
    assert engine.asked(f"{verb}_node") == NodeRequest(name="good")
    assert (
        json.loads(ainf("comfyui", "nodes", verb, "good", "--json").out)["schema"] == "ainf.comfyui-nodes/1"
    )


def test_a_node_is_updated(ainf, engine):
    engine.comfyui.after_begin = engine.comfyui.end
    assert ainf("comfyui", "nodes", "update", "good", "--run-script").code == 0
    assert engine.asked("update_node") == NodeRequest(name="good", run_script=True)


@pytest.mark.parametrize("verb", ["start", "stop", "restart"])
def test_starting_and_stopping_is_the_services(ainf, engine, verb):
    done = ainf("comfyui", verb, "--no-wait", "--json")
    assert (done.code, json.loads(done.out)["schema"]) == (0, "ainf.services/1"), done.err
    name, request = next(call for call in engine.calls if call[0] == f"services.{verb}")
    assert (name, request.names) == (f"services.{verb}", ("comfyui",))


def test_start_on_another_port(ainf, engine):
    ainf("comfyui", "start", "--port", "8190", "--no-wait")
    assert next(what for name, what in engine.calls if name == "services.start").port == 8190


@pytest.mark.parametrize("verb", ["start", "restart"])
def test_another_use_of_the_gpus_memory(ainf, engine, verb):
    ainf("comfyui", verb, "--vram", "lowvram", "--no-wait")
    assert next(what for name, what in engine.calls if name == f"services.{verb}").vram == "lowvram"
    assert ainf("comfyui", verb, "--vram", "much").code == 2


def test_memory_is_given_back(ainf, engine):
    done = ainf("comfyui", "free", "--backend", "default")
    assert (done.code, done.out) == (0, "")
    assert "default lets go of its models when the prompt that runs is done." in done.err
    assert engine.calls[-1] == ("free", FreeRequest("default"))
    assert json.loads(ainf("comfyui", "free", "--json").out)["backends"] == ["default"]
    away = ProblemDocument("backend.unreachable", "two: nobody listens", "Start it.")
    engine.memory.freed = FreedDocument(("one",), notices=(away,))
    told = ainf("comfyui", "free")
    assert (told.code, "one lets go of its models now." in told.err) == (1, True)
    assert "nobody listens" in told.err
