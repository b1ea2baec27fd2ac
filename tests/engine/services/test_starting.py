"""From asked to running: checks, dependencies, ports, commands that are not there."""

from dataclasses import replace

import pytest

from ainf_tui.domain.ports_services import Provided, Verdict
from ainf_tui.domain.service_documents import ServicesRequest
from ainf_tui.domain.services import (
    Condition,
    Dependency,
    Exit,
    Health,
    HealthSpec,
    Restart,
    RestartSpec,
    ServiceSpec,
)
from ainf_tui.errors import ConflictError, NotFoundError, UsageError
from tests.fakes.supervised import Box, Machine

WEB = ServiceSpec(
    "web",
    command=("serve", "--port", "{port}"),
    ports=(3000,),
    health=HealthSpec("http", "http://{host}:{port}/", start_timeout=5.0),
    restart=RestartSpec(Restart.NEVER),
)
HERE = "http://127.0.0.1:3000/"
UNREACHABLE = Verdict(Health.UNREACHABLE, "nothing listens there")


def ask(*names, **more):
    return ServicesRequest(names, **more)


async def test_it_starts_and_runs_at_the_first_passed_check():
    machine = Machine(verdicts={HERE: UNREACHABLE})
    async with Box(machine, WEB) as box:
        begun = await box.services.start(ask("web"))
        assert [(s.name, s.state, s.health) for s in begun.services] == [("web", "starting", "unknown")]
        await box.until(lambda: machine.launches and box.document("web").pid is not None)
        assert machine.launches[0].command == ("serve", "--port", "3000")
        assert box.document("web").state == "starting"
        machine.verdicts.clear()
        up = await box.state("web", "running", "healthy")
        assert (up.ports, up.actions, up.kind) == ((3000,), ("stop", "restart"), "managed")
        machine.verdicts[HERE] = Verdict(Health.UNHEALTHY, "HTTP 500")
        ill = await box.state("web", "running", "unhealthy")
        assert (ill.message, ill.pid) == ("HTTP 500", up.pid), "afterwards only health moves"


async def test_to_start_what_runs_changes_nothing():
    machine = Machine()
    async with Box(machine, WEB) as box:
        await box.services.start(ask("web"))
        first = await box.state("web", "running")
        again = await box.services.start(ask("web"))
        assert again.notices == ()
        assert again.services[0].pid == first.pid
        assert len(machine.launches) == 1
        assert any("runs already" in message for _, _, message in machine.told), "skipped actions are told"


async def test_two_that_start_it_at_once_start_it_once():
    import asyncio

    machine = Machine()
    async with Box(machine, WEB) as box:
        await asyncio.gather(*(box.services.start(ask("web")) for _ in range(5)))
        await box.state("web", "running")
        assert len(machine.launches) == 1


async def test_a_port_that_is_taken_names_its_owner_and_what_can_be_done():
    machine = Machine()
    owner = machine.someone(3000, "python", "other.py", "--token", "hush")
    async with Box(machine, WEB) as box:
        with pytest.raises(ConflictError) as caught:
            await box.services.start(ask("web"))
        error = caught.value
        assert error.code == "service.port_taken"
        assert f"pid {owner.pid} (python other.py --token ***" in error.message
        assert "user anna" in error.message
        assert error.details["offers"] == ["adopt", "port", "stop_owner"]
        assert error.details["owner"]["identity"] == owner.text
        assert "hush" not in str(error.document())
        assert machine.launches == []
        resting = await box.state("web", "stopped")
        await box.until(lambda: "adopt" in box.document("web").actions)
        assert resting.problem is None, "what nobody started is no failure"


async def test_another_port_may_be_taken_this_time():
    machine = Machine()
    machine.someone(3000)
    async with Box(machine, WEB) as box:
        await box.services.start(ask("web", port=3001))
        up = await box.state("web", "running")
        assert up.ports == (3001,)
        assert machine.launches[0].command[-1] == "3001"


@pytest.mark.parametrize("named", ["identity", "pid"])
async def test_the_owner_may_be_stopped_first(named):
    machine = Machine()
    owner = machine.someone(3000)
    async with Box(machine, WEB) as box:
        text = owner.text if named == "identity" else str(owner.pid)
        await box.services.start(ask("web", stop_owner=text))
        await box.state("web", "running")
        assert machine.processes[owner].signals == ["TERM"]


async def test_only_the_process_that_was_named_is_stopped():
    machine = Machine()
    owner = machine.someone(3000)
    async with Box(machine, WEB) as box:
        with pytest.raises(ConflictError, match="taken"):
            await box.services.start(ask("web", stop_owner="0123abcd:1:1"))
        assert machine.processes[owner].signals == []


async def test_a_command_that_is_not_there_is_told_and_not_tried_again():
    machine = Machine(refuse=ConflictError("service.no_command", "web was not started: serve is not found"))
    spec = ServiceSpec("web", command=("serve",), restart=RestartSpec(Restart.ALWAYS, delay=0.0))
    async with Box(machine, spec) as box:
        await box.services.start(ask("web"))
        failed = await box.state("web", "stopped")
        assert failed.problem is not None
        assert failed.problem.code == "service.no_command"
        assert len(machine.launches) == 1


async def test_dependencies_come_first():
    db = ServiceSpec("db", command=("db",), health=HealthSpec("http", "db"))
    web = ServiceSpec("web", command=("web",), depends_on=(Dependency("db"),))
    machine = Machine(verdicts={"db": UNREACHABLE})
    async with Box(machine, db, web) as box:
        begun = await box.services.start(ask("web"))
        assert [s.name for s in begun.services] == ["db", "web"]
        await box.until(lambda: "waits for db to be healthy" in box.document("web").message)
        assert [spec.service for spec in machine.launches] == ["db"]
        machine.verdicts.clear()
        await box.state("web", "running")
        assert [spec.service for spec in machine.launches] == ["db", "web"]


async def test_a_dependency_that_will_not_come_is_told():
    machine = Machine(ends_at_once=Exit(code=3))
    db = ServiceSpec("db", command=("db",), restart=RestartSpec(Restart.NEVER))
    web = ServiceSpec("web", command=("web",), depends_on=(Dependency("db", Condition.EXITED_WELL),))
    async with Box(machine, db, web) as box:
        await box.services.start(ask("web"))
        await box.state("db", "exited")
        failed = await box.state("web", "stopped")
        assert failed.problem is not None
        assert failed.problem.code == "service.dependency"
        assert "db" in failed.problem.message


async def test_a_preparation_that_has_run_lets_its_dependant_start():
    machine = Machine()
    prepare = ServiceSpec("prepare", command=("prepare",), restart=RestartSpec(Restart.ON_FAILURE))
    needs = (Dependency("prepare", Condition.EXITED_WELL),)
    async with Box(machine, prepare, ServiceSpec("web", command=("web",), depends_on=needs)) as box:
        await box.services.start(ask("web"))
        await box.state("prepare", "running")
        machine.end("prepare", Exit(code=0))
        await box.state("web", "running")
        assert box.document("prepare").state == "exited"
        assert box.document("prepare").problem is None


async def test_a_start_that_passes_no_check_in_time_is_ended():
    machine = Machine(verdicts={"never": Verdict(Health.UNHEALTHY, "HTTP 503")})
    slow = HealthSpec("http", "never", start_timeout=0.05)
    spec = ServiceSpec("web", command=("web",), health=slow, restart=RestartSpec(Restart.NEVER))
    async with Box(machine, spec) as box:
        await box.services.start(ask("web"))
        failed = await box.state("web", "exited")
        assert failed.problem is not None
        assert failed.problem.code == "service.start_timeout"
        assert "HTTP 503" in failed.problem.message
        assert machine.of("web").signals == ["TERM"]


async def test_a_provider_gives_the_command_and_the_port():
    async def provide(spec, port, vram):
        return Provided(("python", "main.py", "--port", "8199"), "/comfyui", port or 8199, {"A": "1"})

    spec = ServiceSpec("comfyui", provider="comfyui", ports=(8188,), health=HealthSpec("http", "{port}"))
    machine = Machine()
    async with Box(machine, spec, providers={"comfyui": provide}) as box:
        await box.services.start(ask("comfyui"))
        up = await box.state("comfyui", "running")
        assert up.ports == (8199,)
        assert (machine.launches[0].cwd, machine.launches[0].env) == ("/comfyui", {"A": "1"})


async def test_another_use_of_the_gpus_memory_holds_until_it_is_stopped():
    asked = []

    async def provide(spec, port, vram):
        asked.append(vram)
        return Provided(("python", "main.py"), "/comfyui", port or 8188)

    spec = ServiceSpec("comfyui", provider="comfyui", ports=(8188,), health=HealthSpec("http", "{port}"))
    machine = Machine()
    async with Box(machine, spec, providers={"comfyui": provide}) as box:
        await box.services.start(replace(ask("comfyui"), vram="lowvram"))
        await box.state("comfyui", "running")
        assert machine.records["comfyui"].vram == "lowvram"
        await box.services.restart(ask("comfyui"))
        await box.until(lambda: len(machine.launches) == 2)
        await box.services.restart(replace(ask("comfyui"), vram="novram"))
        await box.until(lambda: len(machine.launches) == 3)
        await box.services.stop(ask("comfyui"))
        await box.state("comfyui", "stopped")
        await box.services.start(ask("comfyui"))
        await box.until(lambda: len(machine.launches) == 4)
        # Each start asks twice: before anything is done, and when it is done.
        assert list(dict.fromkeys(asked)) == ["lowvram", "novram", ""]
    async with Box(Machine(), WEB) as box:
        with pytest.raises(UsageError, match="a command of its own"):
            await box.services.start(replace(ask("web"), vram="lowvram"))
    async with Box(Machine(), spec, providers={"comfyui": provide}) as box:
        with pytest.raises(UsageError, match="no way to use"):
            await box.services.restart(replace(ask("comfyui"), vram="much"))


async def test_without_its_provider_nothing_is_started():
    async with Box(Machine(), ServiceSpec("comfyui", provider="comfyui")) as box:
        with pytest.raises(ConflictError, match="no command"):
            await box.services.start(ask("comfyui"))


async def test_what_cannot_be_asked():
    watched = ServiceSpec("postgres", ports=(5432,), health=HealthSpec("tcp", "127.0.0.1:5432"))
    async with Box(Machine(), WEB, watched) as box:
        with pytest.raises(NotFoundError, match="no service 'wbe'"):
            await box.services.start(ask("wbe"))
        with pytest.raises(ConflictError, match="only watched"):
            await box.services.start(ask("postgres"))
        with pytest.raises(ConflictError, match="only watched"):
            await box.services.stop(ask("postgres"))
        with pytest.raises(UsageError, match="one service at a time"):
            await box.services.start(ask(port=3001))


async def test_a_definition_takes_effect_at_the_next_start():
    machine = Machine()
    async with Box(machine, WEB) as box:
        await box.services.start(ask("web"))
        await box.state("web", "running")
        box.declare(ServiceSpec("web", command=("other",)), ServiceSpec("new", command=("new",)))
        await box.until(lambda: "new" in box.supervisor.units)
        assert box.document("web").state == "running"
        await box.services.restart(ask("web"))
        await box.until(lambda: len(machine.launches) == 2 and box.document("web").state == "running")
        assert machine.launches[1].command == ("other",)
        box.declare()
        await box.until(lambda: "new" not in box.supervisor.units)
        assert box.document("web").state == "running", "it lives, though no file declares it any more"


async def test_fifty_services_five_of_them_hung_delay_nobody():
    hung = [
        ServiceSpec(f"h{n}", command=("h",), health=HealthSpec("http", f"hung{n}", timeout=30))
        for n in range(5)
    ]
    well = [ServiceSpec(f"w{n}", command=("w",), health=HealthSpec("http", f"well{n}")) for n in range(45)]
    machine = Machine(hung={f"hung{n}" for n in range(5)})
    async with Box(machine, *hung, *well) as box:
        await box.services.up(ask())
        await box.until(lambda: sum(s.state == "running" for s in box.store.state.services.services) == 45)
        assert {box.document(f"h{n}").state for n in range(5)} == {"starting"}
