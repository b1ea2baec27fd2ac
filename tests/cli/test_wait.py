from __future__ import annotations

import asyncio
import json
import os
import signal
from dataclasses import replace

from ainf_tui.domain.documents import AttemptDocument, NodeDocument, ProblemDocument
from tests.cli.fakes import THEN, make_job, make_output


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_wait_for_jobs_reports_each_change_and_the_result(ainf, engine):
    engine.put(make_job(142))
    engine.put(make_job(143))

    async def script() -> None:
        await ainf.until('"job":143')
        engine.change(
            142, state="running", progress=0.25, step=3, steps=12, eta=9.0, backend="default", attempt=1
        )
        await ainf.until('"progress":0.25')
        engine.change(142, warnings=(ProblemDocument("run.note", "A branch was dropped."),))
        await ainf.until("A branch was dropped.")
        engine.succeed(142)
        engine.change(143, state="cancelled", finished_at=THEN)

    ainf.script = script
    done = ainf("queue", "wait", "142", "143", "--json")
    assert done.code == 5
    assert done.err == ""
    told = lines(done.out)
    assert {line["schema"] for line in told} == {"ainf.run/1"}
    states = [(line["job"], line["state"]) for line in told if line["type"] == "state"]
    assert states == [
        (142, "queued"),
        (143, "queued"),
        (142, "running"),
        *sorted([(142, "succeeded"), (143, "cancelled")], key=states.index),
    ]
    assert [line["output"]["path"] for line in told if line["type"] == "output"] == ["/out/000142.png"]
    assert [line["warning"]["code"] for line in told if line["type"] == "warning"] == ["run.note"]
    assert told[-1]["type"] == "result"
    assert [(job["number"], job["state"]) for job in told[-1]["jobs"]] == [
        (142, "succeeded"),
        (143, "cancelled"),
    ]


def test_text_gives_paths_on_stdout_and_the_story_on_stderr(ainf, engine):
    engine.put(make_job(142))

    async def script() -> None:
        engine.change(142, state="running", backend="default")
        await ainf.until("running on default")
        engine.succeed(142, "/out/x y.png")

    ainf.script = script
    done = ainf("queue", "wait", "142")
    assert done.code == 0
    assert done.out == "/out/x y.png\n"
    assert "✓ #142 portrait-basic succeeded in 0:12" in done.err


def test_a_failed_job_says_why_and_what_next(ainf, engine):
    error = ProblemDocument(
        "node.failed", "CUDA out of memory", "Make it smaller.", NodeDocument("8", "Decode", "VAEDecode")
    )
    engine.put(make_job(142, state="failed", finished_at=THEN, error=error))
    done = ainf("queue", "wait", "142")
    assert done.code == 1
    assert "✖ #142 portrait-basic failed: Decode: CUDA out of memory" in done.err
    assert "  Make it smaller." in done.err


def test_a_bar_is_drawn_and_taken_away(ainf, engine):
    engine.put(make_job(142))

    async def script() -> None:
        engine.change(
            142, state="running", progress=0.5, node=NodeDocument("3", "Sample", "KSampler"), step=5, steps=10
        )
        await ainf.until("5/10")
        engine.succeed(142)

    ainf.script = script
    done = ainf("queue", "wait", "142", err_tty=True)
    assert done.code == 0
    assert "50%  Sample 5/10" in done.err
    before_end = done.err[: done.err.index("succeeded")]
    assert before_end.rindex("\r\x1b[K") > before_end.rindex("5/10")
    assert done.out == "/out/000142.png\n"


def test_without_ids_all_is_waited_for_until_nothing_is_left(ainf, engine):
    engine.page_size = 1
    engine.put(make_job(142))
    engine.put(make_job(143))
    engine.put(make_job(150, held=True))

    async def script() -> None:
        await ainf.until('"job":143')
        engine.succeed(142)
        engine.put(make_job(144))
        engine.succeed(143)
        await ainf.until('"job":144')
        engine.succeed(144)

    ainf.script = script
    done = ainf("queue", "wait", "--json")
    assert done.code == 0
    assert [job["number"] for job in lines(done.out)[-1]["jobs"]] == [142, 143, 144]


def test_a_job_that_is_held_meanwhile_is_not_waited_for(ainf, engine):
    engine.put(make_job(142))

    async def script() -> None:
        await ainf.until('"job":142')
        engine.change(142, held=True)

    ainf.script = script
    done = ainf("queue", "wait", "--json")
    assert done.code == 0
    assert lines(done.out)[-1]["jobs"][0]["held"] is True


def test_nothing_to_wait_for(ainf):
    done = ainf("queue", "wait")
    assert (done.code, done.out, done.err) == (0, "", "Nothing is left to do.\n")


def test_no_such_job(ainf, engine):
    engine.put(make_job(142))
    done = ainf("queue", "wait", "142", "99", "--json")
    assert done.code == 4
    assert json.loads(done.err)["error"]["details"] == {"refs": ["99"]}


def test_timeout_is_exit_3_and_jobs_go_on(ainf, engine):
    engine.put(make_job(142))
    done = ainf("queue", "wait", "142", "--timeout", "0.05", "--json")
    assert done.code == 3
    error = json.loads(done.err)["error"]
    assert error["code"] == "wait.timed_out"
    assert "ainf queue wait 142" in error["hint"]
    assert error["details"] == {"jobs": [142]}
    assert not any(name == "cancel" for name, _ in engine.calls)


def test_ctrl_c_detaches_and_says_how_to_come_back(ainf, engine):
    engine.put(make_job(142))

    async def script() -> None:
        await ainf.until('"job":142')
        os.kill(os.getpid(), signal.SIGINT)

    ainf.script = script
    done = ainf("queue", "wait", "142", "--json")
    assert done.code == 130
    error = json.loads(done.err)["error"]
    assert error["code"] == "wait.detached"
    assert "ainf queue wait 142" in error["hint"]
    assert not any(name == "cancel" for name, _ in engine.calls)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_cancels(ainf, engine):
    engine.put(make_job(142, state="succeeded", finished_at=THEN, outputs=(make_output(142),)))
    engine.put(make_job(143))
    ainf.grace = 30.0

    async def script() -> None:
        await ainf.until("queued 143" if ainf.stdout.isatty() else "/out/")
        os.kill(os.getpid(), signal.SIGINT)
        await ainf.until("detached")
        os.kill(os.getpid(), signal.SIGINT)
        await engine.cancelled.wait()

    ainf.script = script
    done = ainf("queue", "wait", "142", "143")
    assert done.code == 130
    assert engine.asked("cancel").refs == ("143",)
    assert "Asked to cancel 1 job." in done.err


def test_a_paused_engine_is_no_end(ainf, engine):
    engine.put(make_job(142, blocked="The queue is paused."))

    async def script() -> None:
        await ainf.until("The queue is paused.")
        await asyncio.sleep(0)
        engine.change(142, blocked=None, state="running")
        engine.succeed(142)

    ainf.script = script
    done = ainf("queue", "wait", "142")
    assert done.code == 0
    assert "○ #142 portrait-basic queued: The queue is paused." in done.err


def test_jobs_that_wait_for_the_same_are_told_once(ainf, engine):
    engine.put(make_job(142, blocked="backend default: nobody listens there"))
    engine.put(make_job(143, blocked="backend default: nobody listens there"))

    async def script() -> None:
        await ainf.until("nobody listens there")
        engine.succeed(142)
        engine.succeed(143)

    ainf.script = script
    done = ainf("queue", "wait", "142", "143")
    assert done.err.count("nobody listens there") == 1
    assert "`ainf status`" in done.err


def test_after_ctrl_c_the_bar_keeps_quiet(ainf, engine):
    engine.put(make_job(142, state="running", progress=0.1))
    ainf.grace = 0.3

    async def script() -> None:
        await ainf.until("10%")
        os.kill(os.getpid(), signal.SIGINT)
        await ainf.until("detached")
        engine.change(142, progress=0.9)

    ainf.script = script
    done = ainf("queue", "wait", "142", err_tty=True)
    assert done.code == 130
    assert "90%" not in done.err


def test_a_lost_attempt_is_told_with_its_reason(ainf, engine):
    lost = AttemptDocument(1, "p-1", "default", "lost", "ComfyUI was restarted", THEN, THEN, THEN)

    async def script() -> None:
        await ainf.until("running")
        engine.change(142, state="queued", attempts=(lost,))
        await ainf.until("was lost")
        engine.change(
            142, state="running", attempt=2, attempts=(lost, replace(lost, ordinal=2, prompt_id="p-2"))
        )
        engine.succeed(142)

    engine.put(
        make_job(142, state="running", attempt=1, attempts=(replace(lost, state="running", reason=""),))
    )
    ainf.script = script
    done = ainf("queue", "wait", "142")
    assert done.err.count("attempt 1 was lost: ComfyUI was restarted") == 1
