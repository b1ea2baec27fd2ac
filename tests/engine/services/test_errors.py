"""What services tell of as errors: each end, each start that failed, each time they turn bad, once."""

import pytest

from ainf_tui.domain.ports_services import Verdict
from ainf_tui.domain.service_causes import WORKER_DIED
from ainf_tui.domain.services import Exit, Health, HealthSpec, Restart, ServiceSpec, StopSpec
from ainf_tui.engine.health_services import service_reasons
from ainf_tui.errors import AinfError
from tests.engine.services.test_ending import COMFYUI, IS_COMFYUI, ask, running, web
from tests.fakes.supervised import Box, Machine


def codes(machine: Machine) -> list[tuple[str, str]]:
    return [(report.code, report.level) for report in machine.reports]


async def test_a_crash_is_told_with_the_end_of_its_log_and_a_stop_is_not():
    machine = Machine()
    async with Box(machine, web()) as box:
        await running(box)
        log = box.supervisor.units["web"].log
        machine.lines[log] = "begin\nRuntimeError: no GPU\n"
        crashed = machine.of("web").id.text
        machine.end("web", Exit(code=1))
        await box.state("web", "exited")
        await running(box)
        stopped = machine.of("web").id.text
        await box.services.stop(ask("web"))
        await box.state("web", "stopped")
        assert box.supervisor.how_ended(crashed) == "exit code 1"
        assert box.supervisor.how_ended(stopped) == box.supervisor.how_ended("") == ""
    (report,) = machine.reports
    assert (report.code, report.source, report.service) == ("service.exited", "web", "web")
    assert report.run
    assert report.file == log
    assert report.context == ("begin", "RuntimeError: no GPU")
    assert "RuntimeError: no GPU" in report.message


async def test_a_program_that_ends_well_is_no_error():
    machine = Machine()
    async with Box(machine, web(Restart.ON_FAILURE)) as box:
        await running(box)
        machine.end("web", Exit(code=0))
        await box.state("web", "exited")
    assert machine.reports == []


async def test_each_crash_of_a_loop_is_told_and_the_last_one_is_graver():
    machine = Machine(ends_at_once=Exit(code=9))
    async with Box(machine, web(Restart.ALWAYS, most=3)) as box:
        await box.services.start(ask("web"))
        await box.state("web", "crash-loop")
    assert codes(machine) == [*3 * [("service.exited", "error")], ("service.crash_loop", "critical")]


async def test_a_start_that_cannot_be_is_told():
    machine = Machine(refuse=AinfError("service.no_command", "web cannot be started: not found"))
    async with Box(machine, web()) as box:
        await box.services.start(ask("web"))
        await box.state("web", "stopped")
    assert codes(machine) == [("service.no_command", "error")]


async def test_a_port_that_is_taken_is_told():
    machine = Machine()
    machine.someone(3000)
    async with Box(machine, web(ports=(3000,))) as box:
        with pytest.raises(AinfError):
            await box.services.start(ask("web"))
    assert codes(machine) == [("service.port_taken", "error")]


async def test_a_start_that_takes_too_long_is_told():
    machine = Machine(verdicts={"slow": Verdict(Health.UNREACHABLE, "no answer")})
    health = HealthSpec("http", "slow", start_timeout=0.05)
    async with Box(machine, web(health=health)) as box:
        await box.services.start(ask("web"))
        await box.state("web", "exited")
    assert codes(machine) == [("service.start_timeout", "error")]


async def test_what_cannot_be_stopped_is_told():
    machine = Machine()
    async with Box(machine, web(stop=StopSpec(timeout=0.02))) as box:
        await running(box)
        machine.of("web").stubborn = frozenset({"TERM", "KILL"})
        await box.services.stop(ask("web"))
        await box.until(lambda: machine.reports)
    assert codes(machine)[0] == ("service.not_stopped", "error")


async def test_a_service_that_turns_bad_is_told_once_an_outage():
    machine = Machine()
    health = HealthSpec("http", "page", failures=1)
    async with Box(machine, web(health=health)) as box:
        await running(box)
        for outage in (1, 2):
            machine.verdicts["page"] = Verdict(Health.UNHEALTHY, "HTTP 500")
            await box.state("web", "running", "unhealthy")
            machine.verdicts["page"] = Verdict(Health.UNREACHABLE, "no answer")
            await box.state("web", "running", "unreachable")
            assert len(machine.reports) == outage
            machine.verdicts["page"] = Verdict(Health.HEALTHY)
            await box.state("web", "running", "healthy")
    assert [r.message for r in machine.reports] == 2 * ["web is unhealthy: HTTP 500"]
    assert {r.source for r in machine.reports} == {"probe"}


async def test_one_whose_log_tells_that_it_is_of_no_use_is_unhealthy_though_its_checks_pass():
    """Until it is started anew, also for the next engine; what its log has told is not told again."""
    machine = Machine()
    health = HealthSpec("http", "page", failures=3)
    async with Box(machine, web(health=health)) as box:
        await running(box)
        box.supervisor.units["web"].is_broken(WORKER_DIED)
        ill = await box.state("web", "running", "unhealthy")
        assert ill.problem is not None
        assert ill.problem.code == "comfyui.worker_died"
        assert [(r.code, r.severity) for r in service_reasons(box.store.state.services)] == [
            ("comfyui.worker_died", "error")
        ]
        await box.until(lambda: machine.records["web"].worker_died)
    async with Box(machine, web(health=health)) as box:
        ill = await box.state("web", "running", "unhealthy")
        assert ill.problem is not None
        await box.services.restart(ask("web"))
        await box.until(lambda: len(machine.launches) == 2)
        assert (await box.state("web", "running", "healthy")).problem is None
        assert not machine.records["web"].worker_died
    assert machine.reports == []


async def test_a_watched_one_is_missed_only_once_it_was_there():
    machine = Machine(verdicts={"db": Verdict(Health.UNREACHABLE, "no answer")})
    spec = ServiceSpec("db", health=HealthSpec("tcp", "db", failures=1), ports=(5432,))
    async with Box(machine, spec) as box:
        await box.until(lambda: box.document("db").health == "unreachable")
        assert machine.reports == []
        machine.verdicts["db"] = Verdict(Health.HEALTHY)
        await box.state("db", "running", "healthy")
        machine.verdicts["db"] = Verdict(Health.UNREACHABLE, "no answer")
        await box.until(lambda: box.document("db").health == "unreachable")
    assert [r.service for r in machine.reports] == ["db"]


async def test_an_adopted_one_that_ends_is_told_and_one_that_we_stop_is_not():
    machine = Machine(foreign=IS_COMFYUI)
    owner = machine.someone(8188)
    async with Box(machine, COMFYUI) as box:
        await box.state("comfyui", "running")
        machine.processes[owner].alive = False
        machine.listening.clear()
        await box.state("comfyui", "stopped")
    assert codes(machine) == [("service.exited", "error")]
