"""The engine's system check: what it publishes, when it looks again, what a fix must fulfil."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ainf_tui.domain.check_documents import FixRequest
from ainf_tui.domain.checks import facts as f
from ainf_tui.domain.service_documents import ServiceDocument, ServicesDocument
from ainf_tui.engine.checks import EVERY, FIRST, SETTLED, Checks
from ainf_tui.engine.health_checks import check_reasons
from ainf_tui.errors import ConflictError, NotFoundError
from ainf_tui.store import Store
from tests.fakes.checks import OPEN, STEPS, WELL, FakeInspector


class HandClock:
    """Stands until a test moves it."""

    def __init__(self) -> None:
        self.time = 0.0
        self.sleeping: asyncio.Queue[tuple[float, asyncio.Event]] = asyncio.Queue()

    def now(self) -> datetime:
        return datetime(2026, 11, 26, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        done = asyncio.Event()
        self.sleeping.put_nowait((seconds, done))
        await done.wait()

    async def pass_by(self) -> float:
        """Waits for the next sleep, ends it, and tells how long it was to be."""
        seconds, done = await self.sleeping.get()
        done.set()
        return seconds


def checks_of(facts: f.Facts = WELL, after: f.Facts | None = None) -> tuple[Checks, FakeInspector, Store]:
    inspector, store = FakeInspector(facts, after), Store()
    return Checks(inspector, store, HandClock()), inspector, store


async def test_the_topic_has_those_that_are_not_ok():
    checks, _, store = checks_of(OPEN)
    found = await checks.run()
    assert found.overall == "warning"
    assert [c.code for c in store.state.checks if c.severity == "warning"] == ["security.state"]
    assert {c.severity for c in store.state.checks} == {"info", "warning"}
    assert len(await checks.latest()) > len(store.state.checks)


async def test_a_fix_is_done_and_looked_at_again():
    checks, inspector, store = checks_of(OPEN, after=WELL)
    fixed = await checks.fix(FixRequest("private", STEPS))
    assert (fixed.done, fixed.output) == (True, ("done",))
    assert fixed.check
    assert fixed.check.severity == "ok"
    assert [fix.id for fix in inspector.done] == ["private"]
    assert "security.state" not in {c.code for c in store.state.checks}


async def test_a_fix_that_changed_nothing_is_not_done():
    checks, inspector, _ = checks_of(OPEN)
    fixed = await checks.fix(FixRequest("private", STEPS))
    assert not fixed.done
    assert len(inspector.done) == 1


async def test_a_fix_whose_steps_changed_is_refused():
    checks, inspector, _ = checks_of(OPEN)
    with pytest.raises(ConflictError) as caught:
        await checks.fix(FixRequest("private", ("chmod 700 /elsewhere",)))
    assert (caught.value.code, caught.value.details["steps"]) == ("check.fix_changed", list(STEPS))
    assert inspector.done == []


async def test_a_fix_that_nobody_offers_is_refused():
    checks, inspector, _ = checks_of()
    with pytest.raises(NotFoundError) as caught:
        await checks.fix(FixRequest("private", STEPS))
    assert caught.value.code == "check.no_fix"
    assert inspector.done == []


async def test_it_looks_after_the_start_and_then_only_while_somebody_does():
    clock, inspector, store = HandClock(), FakeInspector(), Store()
    checks = Checks(inspector, store, clock)
    loop = asyncio.create_task(checks.keep())
    try:
        async with asyncio.timeout(5):
            assert await clock.pass_by() == FIRST
            assert await clock.pass_by() == EVERY
            assert inspector.looks == 1
            inspector.looked.clear()
            let_go = store.interest.hold({"checks"})
            await inspector.looked.wait()
            assert await clock.pass_by() == EVERY
            await clock.sleeping.get()
            assert inspector.looks == 3
            let_go()
    finally:
        loop.cancel()


async def test_the_bundle_has_what_the_engine_tells():
    checks, inspector, _ = checks_of(OPEN)

    async def status():
        return {"overall": "ok"}

    checks.status = status
    assert await checks.bundle() == b"PK"
    ((packed, told),) = inspector.packed
    assert (packed.overall, told) == ("warning", {"overall": "ok"})


async def test_the_verdict_on_the_box_takes_over_errors_and_mentions_warnings():
    known = WELL.backends["default"]
    assert isinstance(known, f.Backend)
    exposed = replace(known, addresses=("0.0.0.0",), version="0.8.0")
    checks, _, store = checks_of(replace(OPEN, backends={"default": exposed}, clock=f.Unknown("none")))
    await checks.run()
    told = {reason.code: reason.severity for reason in check_reasons(store.state.checks)}
    assert told == {
        "comfyui.exposure.default": "error",
        "comfyui.advisories.default": "info",
        "security.state": "info",
    }


async def test_an_engine_tells_its_topic_and_its_health(empty):
    empty.inspector.facts = replace(WELL, gpus=f.Gpus(("NVIDIA 0x2204",), "nvidia", trouble="no answer"))
    await empty.add_sim()
    await empty.start()
    assert (await empty.service.checks.run()).overall == "error"
    status = await empty.service.status()
    assert status.overall == "error"
    assert "gpu.driver" in {reason.code for reason in status.reasons}


async def test_a_service_that_comes_is_looked_at_again():
    clock, store = HandClock(), Store()
    checks = Checks(FakeInspector(), store, clock)
    release = store.interest.hold(["checks"])
    looks = []
    checks.on_checked = lambda: looks.append(store.state.services.services)
    task = asyncio.create_task(checks.keep())
    web = ServiceDocument("web", "Web", "managed", "running", "healthy", pid=4711)
    async with asyncio.timeout(5):
        assert await clock.pass_by() == FIRST
        assert (await clock.sleeping.get())[0] == EVERY
        store.update(services=ServicesDocument((web,)))
        assert await clock.pass_by() == SETTLED
        assert (await clock.sleeping.get())[0] == EVERY
        store.update(services=ServicesDocument((replace(web, memory=1 << 20),)))
        await asyncio.sleep(0)
    assert looks == [(), (web,)], "what it uses is no news"
    assert clock.sleeping.empty()
    release()
    task.cancel()
