from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ainf_tui.domain.documents import (
    AttemptDocument,
    BackendDocument,
    ForeignDocument,
    NodeDocument,
    ProblemDocument,
)
from ainf_tui.errors import ConflictError, UnreachableError
from tests.cli.fakes import THEN, make_job, make_output


def test_bare_queue_lists_open_jobs(ainf, engine):
    engine.put(make_job(142, state="running", progress=0.5, eta=21.0))
    engine.put(make_job(143, held=True))
    engine.put(make_job(141, state="failed", finished_at=THEN))
    done = ainf("queue")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].split() == ["job", "state", "pack", "prompt", "seed", "done", "time", "age"]
    assert "● running" in lines[1]
    assert "50%" in lines[1]
    assert "eta 0:21" in lines[1]
    assert "– held" in lines[2]  # noqa: RUF001 -- the glyph
    assert "#141" not in done.out
    assert "1 ended job: `ainf queue list --all`" in done.err


def test_filters_reach_the_engine(ainf, engine):
    ainf("queue", "list", "--state", "failed", "--state", "held", "--limit", "5", "--after", "7", "--json")
    query = engine.asked("jobs")
    assert (query.kind, query.states, query.held, query.limit, query.after) == (
        "all",
        ("failed",),
        True,
        5,
        "7",
    )
    ainf("queue", "--all", "--json")
    assert engine.asked("jobs").kind == "all"


def test_json_page_goes_on_where_it_ended(ainf, engine):
    for number in range(142, 147):
        engine.put(make_job(number))
    first = json.loads(ainf("queue", "list", "--limit", "3", "--json").out)
    rest = json.loads(ainf("queue", "list", "--limit", "3", "--after", first["next"], "--json").out)
    assert [job["number"] for job in first["jobs"] + rest["jobs"]] == [142, 143, 144, 145, 146]
    assert rest["next"] is None
    assert "More: the same with --after 3" in ainf("queue", "list", "--limit", "3").err


def test_an_empty_queue_says_what_to_do(ainf):
    done = ainf("queue")
    assert done.out == ""
    assert "ainf run portrait-basic" in done.err
    assert ainf("queue", "--state", "failed").err == "No such jobs.\n"


def test_paused_foreign_and_silent_backends_are_shown(ainf, engine):
    engine.paused = True
    engine.backends = (
        replace(engine.backends[0], foreign=(ForeignDocument("abc", "running", 0, 7, 40.0),)),
        BackendDocument(
            "far", "http://far", False, None, None, None, None, 9.0, message="refused", hint="Start it."
        ),
    )
    done = ainf("queue")
    assert "paused" in done.err
    assert "ainf queue resume" in done.err
    assert "backend far: refused" in done.err
    assert "Start it." in done.err
    assert "· foreign" in done.out
    assert "eta 0:40" in done.out


def test_ascii_locale_gets_ascii_states(ainf, engine):
    engine.put(make_job(142, state="running"))
    ainf.environ["LANG"] = "C"
    assert "* running" in ainf("queue").out


def test_hostile_text_is_shown_not_obeyed(ainf, engine):
    evil = "\x1b]52;c;ZXZpbA==\x07\x9b2J\u202e[red]{x}%s"
    engine.put(make_job(142, prompt=evil, pack=evil, blocked=evil, backend=evil, params={evil: evil}))
    engine.backends = (replace(engine.backends[0], name=evil, reachable=False, message=evil, hint=evil),)
    for args in (["queue"], ["queue", "show", "142"], ["queue", "cancel", "142"], ["status"]):
        done = ainf(*args, tty=True, err_tty=True)
        assert "[red]{x}%s" in done.out + done.err
        for text in (done.out, done.err):
            plain = text
            for code in ("0", "1", "2", "31", "32", "33"):
                plain = plain.replace(f"\x1b[{code}m", "")
            assert not any(char in plain for char in "\x1b\x07\x9b\u202e")


@pytest.mark.parametrize("width", [1, 10, 20, 40, 80])
def test_narrow_terminals(ainf, engine, width):
    engine.put(make_job(142, prompt="a very long prompt about a red bicycle " * 5))
    ainf.environ["COLUMNS"] = str(width)
    lines = ainf("queue").out.splitlines()
    assert "#142" in lines[1]
    assert max(map(len, lines)) <= max(width, len("#142  ○ queued"))


FAILED = make_job(
    142,
    state="failed",
    seed=2**64 - 1,
    seed_text=str(2**64 - 1),
    retry_of=7,
    batch={"id": "b", "index": 0, "count": 3},
    warnings=(ProblemDocument("run.dropped", "A branch was dropped.", "Look at node 5."),),
    error=ProblemDocument(
        "node.out_of_memory",
        "VAEDecode ran out of memory.",
        "Make it smaller.",
        NodeDocument("8", "VAE Decode", "VAEDecode"),
        {"exception_type": "torch.OutOfMemoryError"},
    ),
    attempts=(
        AttemptDocument(1, "p-1", "default", "lost", "ComfyUI was restarted", THEN, THEN, THEN),
        AttemptDocument(2, "p-2", "default", "failed", "", THEN, THEN, THEN, peak_vram=2**30),
    ),
    outputs=(make_output(142),),
)


@pytest.mark.parametrize(
    "part",
    [
        str(2**64 - 1),
        "#7",
        "index=0",
        "A branch was dropped.",
        "Look at node 5.",
        "node.out_of_memory",
        "node 8 VAE Decode (VAEDecode)",
        "torch.OutOfMemoryError",
        "Make it smaller.",
        "ComfyUI was restarted",
        "p-2",
        "1.0G",
        "/out/000142.png",
        "1.2K",
        "ab" * 32,
        "sd.safetensors",
    ],
)
def test_show_tells_everything(ainf, engine, part):
    engine.put(FAILED)
    done = ainf("queue", "show", "142")
    assert done.code == 0
    assert part in done.out


def test_show_graph_is_the_graph_alone(ainf, engine):
    engine.put(make_job(142))
    assert json.loads(ainf("queue", "show", "142", "--graph").out)["3"]["class_type"] == "KSampler"


def test_show_of_no_job_is_exit_4(ainf):
    done = ainf("queue", "show", "99", "--json")
    assert done.code == 4
    assert done.out == ""
    assert json.loads(done.err)["error"]["code"] == "job.not_found"


@pytest.mark.parametrize("verb", ["cancel", "hold", "release"])
def test_verbs_on_jobs(ainf, engine, verb):
    engine.put(make_job(142))
    engine.put(make_job(143))
    engine.notices = (ProblemDocument("queue.note", "Something was left undone.", "Look."),)
    done = ainf("queue", verb, "142", "#143")
    assert done.code == 0
    assert engine.asked(verb).refs == ("142", "143")
    assert "Something was left undone." in done.err
    assert [job["number"] for job in json.loads(ainf("queue", verb, "142", "--json").out)["jobs"]] == [142]


def test_verbs_need_jobs(ainf, engine):
    for verb in ("cancel", "hold", "release", "move"):
        done = ainf("queue", verb)
        assert done.code == 2
        assert "JOB" in done.err
    assert engine.calls == []


def test_a_refusal_of_the_engine_keeps_its_code(ainf, engine):
    engine.failure = ConflictError("job.ended", "Job 142 has ended.", hint="Retry it.")
    done = ainf("queue", "cancel", "142")
    assert done.code == 1
    assert done.err == "ainf: Job 142 has ended.\n  Retry it.\n"


def test_an_unreachable_engine_is_exit_3(ainf, engine):
    engine.failure = UnreachableError("backend.unreachable", "No answer.")
    assert ainf("queue").code == 3


def test_retry(ainf, engine):
    engine.put(make_job(142, state="failed"))
    assert ainf("queue", "retry", "142", "--seed", "new", "--set", "steps=20", "--priority", "0").code == 0
    asked = engine.asked("retry")
    assert (asked.refs, asked.seed, asked.values, asked.priority) == (("142",), "new", {"steps": "20"}, 0)
    assert ainf("queue", "retry", "--failed").code == 0
    again = engine.asked("retry")
    assert (again.all_failed, again.refs, again.seed, again.priority) == (True, (), "same", None)
    assert again.request_id != asked.request_id


@pytest.mark.parametrize("args", [[], ["142", "--failed"], ["142", "--seed", "random"]])
def test_retry_usage(ainf, engine, args):
    assert ainf("queue", "retry", *args).code == 2
    assert engine.calls == []


@pytest.mark.parametrize(
    ("args", "field", "value"),
    [
        (["--top"], "to", "top"),
        (["--bottom"], "to", "bottom"),
        (["--before", "7"], "before", "7"),
        (["--after", "#8"], "after", "8"),
        (["--priority", "-5"], "priority", -5),
        (["--priority", "0"], "priority", 0),
    ],
)
def test_move(ainf, engine, args, field, value):
    assert ainf("queue", "move", "142", *args).code == 0
    assert getattr(engine.asked("move"), field) == value


@pytest.mark.parametrize(
    "args", [[], ["--top", "--bottom"], ["--top", "--priority", "0"], ["--priority", "101"]]
)
def test_move_usage(ainf, engine, args):
    assert ainf("queue", "move", "142", *args).code == 2
    assert engine.calls == []


def test_clear_of_everything_asks_first(ainf, engine):
    refused = ainf("queue", "clear", "--json")
    assert (refused.code, json.loads(refused.err)["error"]["code"]) == (2, "cli.needs_yes")
    assert ainf("queue", "clear", stdin="n\n", tty=True, err_tty=True).err.endswith("Nothing was changed.\n")
    assert engine.calls == []
    assert ainf("queue", "clear", stdin="y\n", tty=True).code == 0
    assert engine.asked("clear").refs == ()
    assert json.loads(ainf("queue", "clear", "--yes", "--json").out) == {"count": 3, "schema": "ainf.count/1"}


def test_clear_of_some(ainf, engine):
    assert ainf("queue", "clear", "142", "--state", "failed").code == 0
    asked = engine.asked("clear")
    assert (asked.refs, asked.states) == (("142",), ("failed",))
    assert ainf("queue", "clear", "--state", "running", "--yes").code == 2


def test_pause_and_resume(ainf, engine):
    assert json.loads(ainf("queue", "pause", "--json").out)["paused"] is True
    assert engine.paused
    assert "sending" in ainf("queue", "resume").err
    assert not engine.paused


def test_unknown_verbs_and_options_are_usage_errors(ainf, engine):
    for args in (["queue", "lst"], ["queue", "list", "--wat"], ["queue", "list", "--limit", "0"], ["quee"]):
        done = ainf(*args, "--json")
        assert done.code == 2
        assert json.loads(done.err)["error"]["code"] == "cli.usage"
    assert "'list'" in ainf("queue", "lst").err
    assert engine.calls == []


def test_the_list_says_why_jobs_wait(ainf, engine):
    for number in range(1, 7):
        engine.put(make_job(number, blocked="no backend named 'foo'"))
    done = ainf("queue", "list")
    assert "#1, #2, #3 and 3 more: no backend named 'foo'" in done.err


def test_what_is_empty_is_not_shown(ainf, engine):
    engine.put(make_job(142, params={"prompt": "x", "negative": "", "steps": 3}))
    text = ainf("queue", "show", "142").out
    assert "negative" not in text
    assert "steps=3" in text
