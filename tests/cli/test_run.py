from __future__ import annotations

import json
import os
import signal
import struct
import zlib
from pathlib import Path

import pytest

from ainf_tui.domain.documents import NodeDocument, ProblemDocument
from ainf_tui.domain.requests import SweepAxis
from ainf_tui.errors import UnreachableError
from tests.cli.fakes import THEN

GRAPH = {
    "3": {"class_type": "KSampler", "inputs": {"seed": 5, "steps": 20}, "_meta": {"title": "Sample"}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}},
}


def png(text: dict[str, str]) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    words = b"".join(chunk(b"tEXt", f"{key}\0{value}".encode("latin-1")) for key, value in text.items())
    return b"\x89PNG\r\n\x1a\n" + head + words + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def asked(engine):
    return engine.asked("submit")


def test_everything_given_reaches_the_engine(ainf, engine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = ainf(
        *("run", "portrait-basic", "--prompt", "a red bicycle", "--negative", "blur", "--preset", "fashion"),
        *("--seed", "7", "--count", "3", "--set", "steps=20", "--set", "3.cfg=7.5", "--sweep", "cfg=5,7"),
        *("--sweep", "sampler=euler,heun", "--priority", "-3", "--backend", "far", "--out", "here/there"),
        *("--hold", "--yes", "--no-wait"),
    )
    assert done.code == 0
    request = asked(engine)
    assert request.pack == "portrait-basic"
    assert request.graph is None
    assert request.values == {"steps": "20", "3.cfg": "7.5", "prompt": "a red bicycle", "negative": "blur"}
    assert (request.preset, request.seed, request.count) == ("fashion", "7", 3)
    assert request.sweep == (SweepAxis("cfg", ("5", "7")), SweepAxis("sampler", ("euler", "heun")))
    assert (request.priority, request.backend, request.held, request.allow_many) == (-3, "far", True, True)
    assert request.output_folder == str(tmp_path / "here" / "there")


def test_without_waiting_the_jobs_are_told(ainf, engine):
    engine.notices = (ProblemDocument("checkpoint.chosen", "Using sd.safetensors.", "Set checkpoint=NAME."),)
    done = ainf("run", "portrait-basic", "--prompt", "x", "--count", "2")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == ["job", "#142", "#143"]
    assert "Using sd.safetensors." in done.err
    found = json.loads(ainf("run", "portrait-basic", "--prompt", "x", "--json").out)
    assert found["schema"] == "ainf.jobs/1"
    assert [job["number"] for job in found["jobs"]] == [144]
    assert found["notices"][0]["code"] == "checkpoint.chosen"


def test_many_jobs_are_one_line(ainf):
    done = ainf("run", "portrait-basic", "--prompt", "x", "--count", "50")
    assert done.out == "Queued 50 jobs, #142 to #191.\n"


def test_each_request_has_an_id_of_its_own(ainf, engine):
    ids = set()
    for _ in range(2):
        ainf("run", "portrait-basic", "--prompt", "x")
        ids.add(asked(engine).request_id)
    assert len(ids) == 2
    assert "" not in ids


def test_prompt_from_standard_input(ainf, engine):
    ainf("run", "portrait-basic", "--prompt", "-", stdin="a red\nbicycle\n")
    assert asked(engine).values == {"prompt": "a red\nbicycle"}


def test_a_preset_alone_implies_its_pack(ainf, engine):
    assert ainf("run", "--preset", "fashion", "--prompt", "x").code == 0
    assert (asked(engine).pack, asked(engine).preset) == ("", "fashion")


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["portrait-basic", "--from", "x.png"],
        ["portrait-basic", "--count", "0"],
        ["portrait-basic", "--seed", "-1"],
        ["portrait-basic", "--seed", "new"],
        ["portrait-basic", "--set", "steps"],
        ["portrait-basic", "--prompt", "a", "--set", "prompt=b"],
        ["portrait-basic", "--sweep", "cfg="],
        ["portrait-basic", "--priority", "101"],
        ["portrait-basic", "--timeout", "0"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_2_and_nothing_is_sent(ainf, engine, args):
    done = ainf("run", *args, "--json")
    assert done.code == 2
    assert json.loads(done.err)["error"]["code"] == "cli.usage"
    assert engine.calls == []


def test_no_such_pack_is_exit_4_with_near_names(ainf):
    done = ainf("run", "portait-basic", "--prompt", "x")
    assert done.code == 4
    assert "Did you mean portrait-basic" in done.err


# -- files -----------------------------------------------------------------------------------------
def test_a_graph_from_a_file(ainf, engine, tmp_path):
    file = tmp_path / "my graph.json"
    file.write_text(json.dumps(GRAPH), encoding="utf-8-sig")
    assert ainf("run", str(file), "--set", "Sample.steps=5").code == 0
    request = asked(engine)
    assert (request.pack, request.name, request.graph) == ("", "my graph.json", GRAPH)


def test_a_file_is_told_by_its_content_not_by_its_name(ainf, engine, tmp_path):
    file = tmp_path / "picture.json"
    file.write_bytes(png({"prompt": json.dumps(GRAPH), "workflow": json.dumps({"nodes": [], "links": []})}))
    assert ainf("run", str(file)).code == 0
    assert asked(engine).graph == GRAPH
    assert asked(engine).workflow == {"nodes": [], "links": []}


def test_a_file_in_this_folder_needs_no_ending(ainf, engine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("graph").write_text(json.dumps(GRAPH))
    assert ainf("run", "graph").code == 0
    assert asked(engine).name == "graph"


def test_from_a_picture(ainf, engine, tmp_path):
    file = tmp_path / "a.png"
    file.write_bytes(png({"prompt": json.dumps(GRAPH)}))
    assert ainf("run", "--from", str(file), "--seed", "random").code == 0
    assert (asked(engine).graph, asked(engine).seed) == (GRAPH, "random")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", 2),
        (b"\xff\xfe\x00", 2),
        (b"[]", 2),
        (b"\x89PNG\r\n\x1a\n", 2),
        (png({}), 2),
        (json.dumps({"nodes": [], "links": [], "version": 0.4}).encode(), 2),
    ],
    ids=["broken", "binary", "list", "half a picture", "no prompt", "UI format"],
)
def test_a_file_that_is_no_workflow(ainf, engine, tmp_path, content, code):
    file = tmp_path / "x.json"
    file.write_bytes(content)
    done = ainf("run", str(file), "--json")
    assert done.code == code
    error = json.loads(done.err)["error"]
    assert error["code"].partition(".")[0] in {"workflow", "run", "png"}
    assert error["hint"]
    assert "x.json" in error["message"]
    assert engine.calls == []


def test_files_that_cannot_be_read(ainf, tmp_path):
    assert ainf("run", str(tmp_path / "none.json")).code == 4
    assert ainf("run", "--from", "none.png").code == 4
    assert ainf("run", f"{tmp_path}/").code == 2
    huge = tmp_path / "model.json"
    with huge.open("wb") as stream:
        stream.truncate(300 * 1024 * 1024)
    done = ainf("run", str(huge))
    assert done.code == 2
    assert "too large" in done.err


# -- waiting ---------------------------------------------------------------------------------------
def test_waits_on_a_terminal_and_prints_paths(ainf, engine):
    async def script() -> None:
        await engine.submitted.wait()
        engine.change(142, state="running", progress=0.5, node=NodeDocument("3", "Sample", "KSampler"))
        await ainf.until("50%")
        engine.succeed(142)

    ainf.script = script
    done = ainf("run", "portrait-basic", "--prompt", "x", tty=True, err_tty=True)
    assert done.code == 0
    assert done.out == "/out/000142.png\n"
    assert "Queued as #142." in done.err


def test_three_jobs_with_json(ainf, engine):
    async def script() -> None:
        await engine.submitted.wait()
        for number in (142, 143, 144):
            engine.succeed(number)

    ainf.script = script
    engine.notices = (ProblemDocument("checkpoint.chosen", "Using sd.safetensors."),)
    done = ainf("run", "portrait-basic", "--prompt", "x", "--seed", "7", "--count", "3", "--wait", "--json")
    assert done.code == 0
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert lines[0] == {**lines[0], "type": "warning", "job": None}
    assert lines[0]["warning"]["code"] == "checkpoint.chosen"
    assert [job["seed"] for job in lines[-1]["jobs"]] == [7, 8, 9]
    assert {job["state"] for job in lines[-1]["jobs"]} == {"succeeded"}


def test_a_failure_is_exit_1(ainf, engine):
    async def script() -> None:
        await engine.submitted.wait()
        error = ProblemDocument("node.failed", "out of memory", "Make it smaller.")
        engine.change(142, state="failed", finished_at=THEN, error=error)

    ainf.script = script
    done = ainf("run", "portrait-basic", "--prompt", "x", "--wait")
    assert done.code == 1
    assert "out of memory" in done.err


@pytest.mark.parametrize(
    ("setting", "args", "tty", "waits"),
    [
        ("auto", [], False, False),
        ("auto", [], True, True),
        ("auto", ["--no-wait"], True, False),
        ("auto", ["--wait"], False, True),
        ("auto", ["--hold"], True, False),
        ("yes", [], False, True),
        ("no", [], True, False),
        ("no", ["--wait"], False, True),
    ],
)
def test_when_it_waits(ainf, setting, args, tty, waits):
    ainf.environ["AINF_RUN_WAIT"] = setting
    done = ainf("run", "portrait-basic", "--prompt", "x", "--timeout", "0.02", *args, tty=tty)
    assert done.code == (3 if waits else 0)
    assert ("ainf queue wait 142" in done.err) is waits


def test_ctrl_c_leaves_the_jobs_running(ainf, engine):
    async def script() -> None:
        await engine.submitted.wait()
        await ainf.until("Queued")
        engine.change(142, state="running", progress=0.5)
        await ainf.until("50%")
        os.kill(os.getpid(), signal.SIGINT)

    ainf.script = script
    done = ainf("run", "portrait-basic", "--prompt", "x", tty=True, err_tty=True)
    assert done.code == 130
    assert "ainf queue wait 142" in done.err
    assert not any(name == "cancel" for name, _ in engine.calls)


def test_a_lost_engine_is_asked_again_with_the_same_request(ainf, engine):
    lost = UnreachableError("engine.lost", "the line was cut")
    engine.failure = lost
    reopened = []

    async def reopen() -> None:
        reopened.append(True)
        engine.failure = None

    ainf.reopen = reopen
    done = ainf("run", "portrait-basic", "--prompt", "x", "--json")
    assert done.code == 0
    requests = [what for name, what in engine.calls if name == "submit"]
    assert len(requests) == 2
    assert requests[0] == requests[1]
    assert reopened == [True]
    assert requests[0].request_id


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_queued(ainf, engine, tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = ainf("run", "portrait-basic", "--out", str(tmp_path / "file"), "--json")
    assert done.code == 2
    assert json.loads(done.err)["error"]["code"] == "run.bad_out"
    assert engine.calls == []


def test_trying_the_folder_leaves_nothing_behind(ainf, engine, tmp_path):
    assert ainf("run", "portrait-basic", "--out", str(tmp_path / "new" / "deep"), "--no-wait").code == 0
    assert list(tmp_path.glob("new*")) == []


def test_from_wants_a_picture(ainf, engine, tmp_path):
    (tmp_path / "no.png").write_text("hello")
    (tmp_path / "empty.png").touch()
    assert "no.png is no PNG" in ainf("run", "--from", str(tmp_path / "no.png")).err
    assert "empty.png is empty" in ainf("run", "--from", str(tmp_path / "empty.png")).err
