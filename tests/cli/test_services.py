from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ainf_tui.domain.documents import ProblemDocument
from ainf_tui.domain.service_documents import ServicesDocument, ServicesRequest
from ainf_tui.errors import ConflictError
from tests.fakes.services_asked import WEB

CRASHED = ProblemDocument("service.crash_loop", "web ended 6 times in a row", "Look at its log.")
TAKEN = ConflictError(
    "service.port_taken",
    "web was not started: port 3000 is taken by pid 99 (other)",
    hint="--adopt uses it",
    details={
        "service": "web",
        "owner": {"port": 3000, "pid": 99, "identity": "0123abcd:99:7"},
        "offers": ["adopt", "port", "stop_owner"],
    },
)
LOOPED = replace(WEB, state="crash-loop", health="unknown", pid=None, restarts=5, problem=CRASHED)


def test_the_list(ainf):
    done = ainf("services")
    assert (done.code, done.err) == (0, "")
    head, line = done.out.splitlines()
    assert head.split() == ["SERVICE", "STATE", "HEALTH", "PORT", "PID", "SINCE", "CPU", "MEMORY"]
    assert line.split()[:6] == ["●", "web", "running", "healthy", "3000", "4711"]


def test_the_list_is_not_well_where_one_is_not(ainf, engine):
    engine.services.services = (LOOPED,)
    done = ainf("services", "list")
    assert done.code == 1
    assert "✖ web" in done.out
    assert "web ended 6 times in a row" in done.out
    assert (
        json.loads(ainf("services", "--json").out)["services"][0]["problem"]["code"] == "service.crash_loop"
    )


def test_one_in_full(ainf):
    done = ainf("services", "show", "web")
    assert done.code == 0
    for part in ("serve --port 3000", "/srv/web", "MODE=fast", "kind tcp", "web is running", "  last"):
        assert part in done.out
    assert ainf("services", "show", "wbe").code == 4
    assert json.loads(ainf("services", "show", "web", "--json").out)["schema"] == "ainf.service/1"


def test_ports_and_runs(ainf):
    assert ainf("services", "ports").out.splitlines()[1].split()[:3] == ["3000", "web", "4711"]
    assert "20260501-100000" in ainf("runs").out
    assert json.loads(ainf("runs", "--json").out)["schema"] == "ainf.runs/1"


def test_the_log_from_its_end(ainf, engine):
    engine.services.text = "one\ntwo\n\x1b[31mthree\n"
    done = ainf("services", "logs", "web", "-n", "2")
    assert done.code == 0
    assert done.out.splitlines()[0] == "two"
    assert "\x1b" not in done.out
    assert ainf("services", "logs", "web", "-n", "0").out == ""


def test_up_waits_and_tells(ainf, engine):
    done = ainf("up")
    assert done.code == 0
    assert "web: running, healthy  pid 4711  port 3000" in done.err
    assert "● web" in done.out
    assert engine.services.asked == [ServicesRequest(reason="ainf up")]


def test_up_that_fails_is_exit_1(ainf, engine):
    engine.services.services = (LOOPED,)
    assert ainf("up").code == 1
    assert ainf("up", "--json").code == 1


def test_it_waits_for_the_whole_way(ainf, engine):
    engine.services.services = (replace(WEB, state="starting", health="unknown", pid=None),)

    async def go_on():
        await ainf.until("web: starting")
        engine.store.update(services=ServicesDocument((WEB,)))

    ainf.script = go_on
    assert ainf("services", "start", "web").code == 0


def test_the_wait_has_an_end(ainf, engine):
    engine.services.services = (replace(WEB, state="starting"),)
    done = ainf("services", "start", "web", "--timeout", "0.1")
    assert done.code == 3
    assert "web: not there after 0.1 s" in done.err
    assert ainf("services", "start", "web", "--no-wait").code == 0


def test_a_taken_port_is_refused_with_its_owner(ainf, engine):
    engine.services.failure = TAKEN
    done = ainf("services", "start", "web")
    assert done.code == 1
    assert "port 3000 is taken by pid 99 (other)" in done.err
    engine.services.failure = TAKEN
    error = json.loads(ainf("services", "start", "web", "--json").err)["error"]
    assert error["details"]["owner"]["pid"] == 99


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("a\n", {"adopt": True}),
        ("s\n", {"stop_owner": "0123abcd:99:7"}),
        ("p\n3001\n", {"port": 3001}),
        ("p 3002\n", {"port": 3002}),
    ],
)
def test_a_person_is_asked_what_to_do_about_it(ainf, engine, said, asked):
    engine.services.failure = TAKEN
    done = ainf("services", "start", "web", stdin=said, tty=True, err_tty=True)
    assert done.code == 0, done.err
    want = ServicesRequest(("web",), reason="ainf services start")
    assert engine.services.asked == [want, replace(want, **asked)]


@pytest.mark.parametrize("said", ["\n", "p\nnone\n", "x\n"])
def test_without_an_answer_it_stays_refused(ainf, engine, said):
    engine.services.failure = TAKEN
    assert ainf("services", "start", "web", stdin=said, tty=True, err_tty=True).code == 1
    assert len(engine.services.asked) == 1


def test_somebody_elses_process_is_confirmed_by_name(ainf, engine):
    confirm = ConflictError(
        "service.confirm", "web was not started by ainf", details={"identity": "0123abcd:4711:5"}
    )
    engine.services.services = (replace(WEB, kind="adopted"),)
    engine.services.failure = confirm
    assert ainf("services", "stop", "web", "--no-wait").code == 1
    engine.services.failure = confirm
    ainf("services", "stop", "web", "--no-wait", stdin="y\n", tty=True, err_tty=True)
    assert engine.services.asked[-1].confirmed == ("0123abcd:4711:5",)
    ainf("services", "stop", "web", "--no-wait", "--yes")
    assert engine.services.asked[-1].confirmed == (WEB.identity,)


def test_down_says_what_it_left(ainf, engine):
    engine.services.services = (replace(WEB, state="stopped", health="unknown", pid=None),)
    done = ainf("down")
    assert (done.code, engine.services.asked[0].reason) == (0, "ainf down")
    assert "web: stopped" in done.err
