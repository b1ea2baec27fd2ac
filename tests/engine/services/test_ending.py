"""Stops, restarts, crashes, crash loops; whose process is ended, and whose is not."""

import pytest

from ainf_tui.domain.ports_services import Verdict
from ainf_tui.domain.service_documents import ServicesRequest
from ainf_tui.domain.services import (
    Dependency,
    Exit,
    Health,
    HealthSpec,
    Restart,
    RestartSpec,
    ServiceSpec,
    StopSpec,
)
from ainf_tui.errors import ConflictError
from tests.fakes.supervised import Box, Machine

SOON = StopSpec(timeout=0.05)


def web(policy=Restart.NEVER, *, delay=0.0, most=3, stop=SOON, **more):
    restart = RestartSpec(policy, delay=delay, max_delay=delay, reset_after=30.0, max_restarts=most)
    return ServiceSpec("web", command=("serve",), restart=restart, stop=stop, **more)


def ask(*names, **more):
    return ServicesRequest(names, **more)


async def running(box, name="web"):
    await box.services.start(ask(name))
    return await box.state(name, "running", "healthy")


async def test_a_stop_ends_it_and_leaves_nothing_behind():
    machine = Machine()
    async with Box(machine, web(Restart.ALWAYS)) as box:
        await running(box)
        assert box.supervisor.needed
        asked = await box.services.stop(ask("web"))
        assert asked.services[0].state == "stopping"
        await box.state("web", "stopped")
        assert machine.of("web").signals == ["TERM"]
        await box.until(lambda: not machine.records)
        await box.until(lambda: not machine.starts and not machine.exits)
        await box.until(lambda: machine.ended_runs == ["ended"])
        assert not box.supervisor.needed
        assert len(machine.launches) == 1, "no policy undoes a stop"
        assert (await box.services.stop(ask("web"))).services[0].state == "stopped"


async def test_what_does_not_care_for_the_signal_is_killed():
    machine = Machine()
    async with Box(machine, web(stop=StopSpec("INT", 0.02))) as box:
        await running(box)
        machine.of("web").stubborn = frozenset({"INT"})
        await box.services.stop(ask("web"))
        await box.state("web", "stopped")
        assert machine.of("web").signals == ["INT", "KILL"]


async def test_what_survives_even_that_is_told():
    machine = Machine()
    async with Box(machine, web(stop=StopSpec(timeout=0.02))) as box:
        await running(box)
        machine.of("web").stubborn = frozenset({"TERM", "KILL"})
        await box.services.stop(ask("web"))
        await box.until(lambda: box.supervisor.units["web"].problem is not None)
        problem = box.supervisor.units["web"].problem
        assert problem is not None
        assert problem.code == "service.not_stopped"
        await box.state("web", "running")


async def test_a_stop_command_is_run_instead_of_the_signal():
    machine = Machine()
    async with Box(machine, web(stop=StopSpec(timeout=0.02, command=("servectl", "stop")))) as box:
        await running(box)
        await box.services.stop(ask("web"))
        await box.state("web", "stopped")
        assert ("info", "", "ran servectl stop") in machine.told
        assert machine.of("web").signals == ["KILL"], "it did nothing"


async def test_what_is_killed_comes_back_and_is_counted():
    machine = Machine()
    async with Box(machine, web(Restart.ALWAYS)) as box:
        first = await running(box)
        machine.end("web", Exit(signal="SIGKILL"))
        await box.until(lambda: box.document("web").restarts == 1 and box.document("web").state == "running")
        again = box.document("web")
        assert again.pid != first.pid
        await box.until(lambda: machine.records["web"].restarts == 1)


async def test_while_it_waits_to_be_started_again_it_says_so_and_can_be_stopped():
    machine = Machine()
    async with Box(machine, web(Restart.ON_FAILURE, delay=60.0)) as box:
        await running(box)
        machine.lines[box.document("web").log] = "one\n10%\r20%\rlast: Address already in use\n"
        machine.end("web", Exit(code=2))
        waits = await box.state("web", "exited")
        assert waits.next_restart is not None
        assert waits.problem is not None
        assert waits.problem.details["log"] == [
            "one",
            "20%\rlast: Address already in use".rpartition("\r")[2],
        ]
        assert "the port is taken" in waits.problem.message
        assert waits.actions == ("start", "stop")
        assert box.supervisor.needed
        await box.services.stop(ask("web"))
        await box.state("web", "stopped")
        assert len(machine.launches) == 1


@pytest.mark.parametrize(
    ("policy", "how", "again"),
    [
        (Restart.NEVER, Exit(code=1), False),
        (Restart.ON_FAILURE, Exit(code=0), False),
        (Restart.ON_FAILURE, Exit(code=1), True),
        (Restart.ON_FAILURE, Exit(signal="SIGSEGV"), True),
        (Restart.ALWAYS, Exit(code=0), True),
    ],
)
async def test_the_policy_decides(policy, how, again):
    machine = Machine()
    async with Box(machine, web(policy)) as box:
        await running(box)
        machine.end("web", how)
        await box.until(lambda: box.document("web").state == "exited" or len(machine.launches) == 2)
        if again:
            await box.until(lambda: len(machine.launches) == 2)
        else:
            left = await box.state("web", "exited")
            assert (left.problem is None) == how.well
            assert len(machine.launches) == 1


async def test_a_crash_loop_is_named_and_stops_trying():
    machine = Machine(ends_at_once=Exit(code=9))
    async with Box(machine, web(Restart.ALWAYS, most=3)) as box:
        await box.services.start(ask("web"))
        looped = await box.state("web", "crash-loop")
        assert len(machine.launches) == 4
        assert looped.problem is not None
        assert looped.problem.code == "service.crash_loop"
        assert "4 times in a row" in looped.problem.message
        assert not box.supervisor.needed
        machine.ends_at_once = None
        await box.services.start(ask("web"))
        well = await box.state("web", "running", "healthy")
        assert (well.restarts, well.problem) == (0, None)


async def test_a_restart_stops_and_starts_and_starts_what_rests():
    machine = Machine()
    async with Box(machine, web(), ServiceSpec("api", command=("api",))) as box:
        first = await running(box)
        await box.services.restart(ask("web", "api"))
        await box.until(lambda: len(machine.launches) == 3)
        await box.state("web", "running")
        assert box.document("web").pid != first.pid
        await box.state("api", "running")


async def test_down_goes_in_reverse_order():
    machine = Machine()
    db = ServiceSpec("db", command=("db",))
    needs = (Dependency("db"),)
    async with Box(machine, db, web(depends_on=needs, stop=StopSpec(timeout=0.1))) as box:
        await box.services.up(ask())
        await box.state("web", "running")
        machine.of("web").stubborn = frozenset({"TERM"})
        await box.services.down(ask())
        await box.until(lambda: "waits for web to stop" in box.document("db").message)
        assert machine.of("db").signals == []
        await box.state("db", "stopped")
        assert machine.of("web").signals == ["TERM", "KILL"]
        assert machine.records == {}


async def test_what_needs_it_is_stopped_before_it_and_what_rests_is_left():
    machine = Machine()
    db, other = ServiceSpec("db", command=("db",)), ServiceSpec("other", command=("other",))
    needs = (Dependency("db"),)
    async with Box(machine, db, web(depends_on=needs), other) as box:
        await box.services.up(ask())
        await box.state("web", "running")
        asked = await box.services.stop(ask("db"))
        assert {s.name for s in asked.services} == {"db", "web"}
        await box.state("db", "stopped")
        assert box.document("web").state == "stopped"
        assert box.document("other").state == "running"
        assert [s.name for s in (await box.services.stop(ask("db"))).services] == ["db"]


# -- adopted ---------------------------------------------------------------------------------------
COMFYUI = ServiceSpec(
    "comfyui",
    provider="comfyui",
    ports=(8188,),
    health=HealthSpec("http", "http://{host}:{port}/system_stats", identity="comfyui"),
    restart=RestartSpec(Restart.ALWAYS),
)
IS_COMFYUI = Verdict(Health.HEALTHY, "", "0.3.64", comfyui=True)


async def test_a_comfyui_that_runs_already_is_used_whoever_started_it():
    machine = Machine(foreign=IS_COMFYUI)
    owner = machine.someone(8188, "python", "main.py")
    async with Box(machine, COMFYUI) as box:
        found = await box.state("comfyui", "running")
        assert (found.kind, found.pid, found.identity) == ("adopted", owner.pid, owner.text)
        up = await box.services.up(ask())
        assert up.notices == ()
        with pytest.raises(ConflictError) as caught:
            await box.services.stop(ask("comfyui"))
        assert caught.value.code == "service.confirm"
        assert str(owner.pid) in caught.value.message
        left = await box.services.down(ask())
        assert [notice.code for notice in left.notices] == ["service.confirm"]
        assert machine.processes[owner].signals == []
        await box.services.stop(ask("comfyui", confirmed=(owner.text,)))
        await box.state("comfyui", "stopped")
        assert machine.processes[owner].signals == ["TERM"]


async def test_a_comfyui_that_only_starts_yet_is_adopted_once_it_answers():
    machine = Machine(foreign=Verdict(Health.UNREACHABLE, "no answer within 2 s"))
    owner = machine.someone(8188)
    async with Box(machine, COMFYUI) as box:
        await box.until(lambda: "no answer" in box.document("comfyui").message)
        machine.foreign = IS_COMFYUI
        assert (await box.state("comfyui", "running")).pid == owner.pid


async def test_an_adopted_one_that_ends_is_not_started_by_us():
    machine = Machine(foreign=IS_COMFYUI)
    owner = machine.someone(8188)
    async with Box(machine, COMFYUI) as box:
        await box.state("comfyui", "running")
        machine.processes[owner].alive = False
        machine.listening.clear()
        ended = await box.state("comfyui", "stopped")
        assert ended.kind == "managed"
        assert machine.launches == []


async def test_something_else_on_its_port_is_not_taken_for_a_comfyui():
    machine = Machine(foreign=Verdict(Health.HEALTHY, "another HTTP server (nginx)"))
    machine.someone(8188, "nginx")
    async with Box(machine, COMFYUI) as box:
        with pytest.raises(ConflictError) as caught:
            await box.services.adopt(ask("comfyui"))
        assert caught.value.code == "service.not_the_same"
        await box.until(lambda: "nginx" in box.document("comfyui").message)
        assert box.document("comfyui").state == "stopped"


async def test_any_other_service_is_adopted_when_asked_to():
    machine = Machine()
    web_on = web(ports=(3000,))
    async with Box(machine, web_on) as box:
        with pytest.raises(ConflictError, match="nothing listens on port 3000"):
            await box.services.adopt(ask("web"))
        owner = machine.someone(3000, hidden=True)
        assert owner
        await box.services.start(ask("web", adopt=True))
        used = await box.state("web", "running")
        assert (used.kind, used.pid) == ("adopted", None)


async def test_the_file_that_an_adopted_one_prints_to_is_its_log_from_then_on():
    machine = Machine(lines={"/home/anna/web.log": "years of it\n"})
    machine.someone(3000, log="/home/anna/web.log")
    async with Box(machine, web(ports=(3000,))) as box:
        await box.services.adopt(ask("web"))
        used = await box.state("web", "running")
        assert (used.kind, used.log) == ("adopted", "/home/anna/web.log")
        unit = box.supervisor.units["web"]
        assert unit.log_start == len("years of it\n"), "when that happened is not known"
        assert box.supervisor.adopted_logs() == ("/home/anna/web.log",)
        assert machine.linked == ["web"]
    async with Box(machine, web(ports=(3000,))) as box:
        assert (await box.state("web", "running")).log == "/home/anna/web.log", "the next engine knows it too"


async def test_a_log_that_may_not_be_read_is_none():
    machine = Machine(trouble="permission denied")
    machine.someone(3000, log="/srv/web.log")
    async with Box(machine, web(ports=(3000,))) as box:
        await box.services.adopt(ask("web"))
        assert (await box.state("web", "running")).log == ""
        assert box.supervisor.adopted_logs() == ()


async def test_another_users_process_is_not_ended():
    machine = Machine()
    owner = machine.someone(3000, mine=False)
    async with Box(machine, web(ports=(3000,))) as box:
        await box.services.adopt(ask("web"))
        await box.services.stop(ask("web", confirmed=(owner.text,)))
        await box.until(lambda: box.supervisor.units["web"].problem is not None)
        await box.state("web", "running")


async def test_a_watched_one_runs_while_it_answers():
    machine = Machine(verdicts={"127.0.0.1:5432": Verdict(Health.UNREACHABLE, "nothing listens there")})
    spec = ServiceSpec("postgres", ports=(5432,), health=HealthSpec("tcp", "{host}:{port}", failures=1))
    async with Box(machine, spec) as box:
        await box.until(lambda: box.document("postgres").checked_at is not None)
        assert box.document("postgres").state == "stopped"
        machine.verdicts.clear()
        await box.state("postgres", "running", "healthy")
        assert (box.document("postgres").actions, box.supervisor.needed) == ((), False)
