"""What an engine leaves behind, and what the next one makes of it."""

from dataclasses import replace

from ainf_tui.domain.host_documents import GpuDocument, GpuProcessDocument, HostDocument
from ainf_tui.domain.ports_services import Launched
from ainf_tui.domain.service_documents import ServicesRequest
from ainf_tui.domain.services import Exit, ProcessId, Restart, RestartSpec, ServiceSpec
from ainf_tui.engine.health_services import service_reasons
from tests.fakes.supervised import BOOT, Box, Machine, Process

WEB = ServiceSpec("web", command=("serve",), restart=RestartSpec(Restart.ALWAYS, delay=0.0))


async def left_running(machine, *specs):
    """An engine starts it and ends; the service runs on."""
    async with Box(machine, *specs) as box:
        await box.services.start(ServicesRequest(("web",)))
        return await box.state("web", "running", "healthy")


async def test_a_service_that_runs_on_is_known_again():
    machine = Machine()
    before = await left_running(machine, WEB)
    async with Box(machine, WEB) as box:
        after = await box.state("web", "running", "healthy")
        assert (after.pid, after.kind, after.since) == (before.pid, "managed", before.since)
        assert len(machine.launches) == 1


async def test_one_that_ended_meanwhile_is_started_again_by_its_policy():
    machine = Machine()
    before = await left_running(machine, WEB)
    machine.end("web", Exit(code=7))
    async with Box(machine, WEB) as box:
        await box.until(lambda: len(machine.launches) == 2)
        await box.until(lambda: box.document("web").restarts == 1)
        after = await box.state("web", "running")
        assert after.pid != before.pid
        assert any("exit code 7" in message for _, _, message in machine.told)


async def test_one_without_a_policy_tells_how_it_ended():
    machine = Machine()
    never = replace(WEB, restart=RestartSpec(Restart.NEVER))
    await left_running(machine, never)
    machine.end("web", Exit(code=7))
    async with Box(machine, never) as box:
        ended = await box.state("web", "exited")
        assert ended.problem is not None
        assert ended.problem.details["exit"]["code"] == 7


async def test_after_a_reboot_what_was_wanted_comes_back():
    machine = Machine()
    await left_running(machine, WEB)
    machine.processes.clear()  # another boot: no pid means anything any more
    machine.exits.clear()
    async with Box(machine, WEB) as box:
        await box.until(lambda: len(machine.launches) == 2)
        await box.state("web", "running")


async def test_what_was_stopped_stays_stopped():
    machine = Machine()
    async with Box(machine, WEB) as box:
        await box.services.start(ServicesRequest(("web",)))
        await box.state("web", "running")
        await box.services.stop(ServicesRequest(("web",)))
        await box.state("web", "stopped")
    async with Box(machine, WEB) as box:
        assert box.document("web").state == "stopped"
        assert len(machine.launches) == 1


async def test_killed_between_launch_and_record_the_process_is_found_by_its_launcher():
    machine = Machine()
    process = Process(ProcessId(77, 5, BOOT))
    machine.processes[process.id] = process
    machine.starts["web"] = Launched(process.id, ProcessId(78, 5, BOOT), "lost")
    async with Box(machine, WEB) as box:
        found = await box.state("web", "running")
        assert found.pid == 77
        assert machine.launches == []
        assert machine.records["web"].token == "lost"


async def test_killed_before_the_launch_it_is_launched_now():
    machine = Machine()
    async with Box(machine, WEB) as box:
        unit = box.supervisor.units["web"]
        await box.services.start(ServicesRequest(("web",)))
        await box.until(lambda: unit.process is not None)
        record = unit.record()
        assert record is not None
    other = Machine()
    other.records["web"] = replace(record, process=None, launcher=None, token="", state="starting")
    async with Box(other, WEB) as box:
        await box.state("web", "running")
        assert len(other.launches) == 1


async def test_killed_while_stopping_it_goes_on_stopping():
    machine = Machine()
    await left_running(machine, WEB)
    machine.records["web"] = replace(machine.records["web"], state="stopping", wanted=False)
    async with Box(machine, WEB) as box:
        await box.state("web", "stopped")
        assert machine.of("web").signals == ["TERM"]
        await box.until(lambda: not machine.records)


async def test_killed_in_the_middle_of_a_restart_it_is_started_again():
    machine = Machine()
    before = await left_running(machine, WEB)
    left = replace(machine.records["web"], state="stopping", wanted=False, again=True)
    machine.records["web"] = left
    async with Box(machine, WEB) as box:
        await box.until(lambda: len(machine.launches) == 2)
        assert (await box.state("web", "running")).pid != before.pid


async def test_a_service_that_no_file_declares_any_more_is_kept_while_it_lives():
    machine = Machine()
    await left_running(machine, WEB)
    async with Box(machine) as box:
        assert box.document("web").state == "running"
        await box.services.stop(ServicesRequest(("web",)))
        await box.state("web", "stopped")
    async with Box(machine) as box:
        assert box.store.state.services.services == ()


async def test_a_crash_loop_is_not_forgotten():
    machine = Machine(ends_at_once=Exit(code=9))
    spec = replace(WEB, restart=RestartSpec(Restart.ALWAYS, delay=0.0, max_restarts=1))
    async with Box(machine, spec) as box:
        await box.services.start(ServicesRequest(("web",)))
        await box.state("web", "crash-loop")
        tries = len(machine.launches)
    async with Box(machine, spec) as box:
        looped = box.document("web")
        assert (looped.state, len(machine.launches)) == ("crash-loop", tries)


async def test_a_second_run_links_to_the_log_of_what_outlives_the_first():
    machine = Machine()
    other = ServiceSpec("api", command=("api",), autostart=True)
    async with Box(machine, WEB, other) as box:
        await box.services.start(ServicesRequest(("web",)))
        await box.state("web", "running")
        await box.services.up(ServicesRequest())
        await box.state("api", "running")
        assert machine.linked == ["web"]
        assert machine.ended_runs == ["ended"]


async def test_a_run_whose_folder_is_gone_is_followed_by_another():
    machine = Machine(lost_runs=True)
    await left_running(machine, WEB)
    async with Box(machine, WEB) as box:
        await box.state("web", "running", "healthy")
        assert machine.run_id
        assert machine.linked == ["web"]


async def test_a_log_that_cannot_be_written_is_told_and_costs_nothing_else():
    machine = Machine(trouble="No space left on device")
    async with Box(machine, WEB) as box:
        await box.services.start(ServicesRequest(("web",)))
        await box.until(lambda: box.store.state.services.trouble == "No space left on device")
        assert [r.code for r in service_reasons(box.store.state.services)] == ["runs.not_written"]
        await box.state("web", "running", "healthy")


async def test_what_is_told_does_not_change_while_nothing_does():
    machine = Machine()
    async with Box(machine, WEB) as box:
        await box.services.start(ServicesRequest(("web",)))
        await box.state("web", "running", "healthy")
        await box.until(lambda: box.document("web").cpu is not None)
        unit = box.supervisor.units["web"]
        seen, before = unit.checked_at, box.store.revision("services")
        await box.until(lambda: unit.checked_at is not None and seen and unit.checked_at > seen)
        assert box.store.revision("services") == before, "the age of a check is no news"


async def test_the_memory_of_a_gpu_is_told_with_the_service_that_uses_it():
    machine = Machine()
    async with Box(machine, WEB) as box:
        await box.services.start(ServicesRequest(("web",)))
        up = await box.state("web", "running", "healthy")
        assert up.vram is None
        using = GpuProcessDocument(up.pid or 0, "python", 3 << 30, service="web")
        gpus = tuple(
            GpuDocument(index=n, name="GPU", source="recorded", processes=(using,)) for n in range(2)
        )
        box.store.update(host=HostDocument(gpus=gpus))
        await box.until(lambda: box.document("web").vram == 6 << 30)
