"""`ainf errors`: what is shown, what is sent, and what a bad word or line costs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ainf_tui.cli.errorfile import LONGEST, read
from ainf_tui.cli.errortext import in_app, trend
from ainf_tui.cli.schemas import schema
from ainf_tui.domain.error_documents import ErrorQuery, MuteErrorsRequest
from tests.fakes.errors_asked import EXAMPLE, GROUP

OLD = [
    {
        "timestamp": "2025-12-15T10:00:00Z",
        "level": "error",
        "source": "backend",
        "message": "no",
        "details": {"a": 1},
    },
    {"timestamp": "2025-12-15T10:00:01", "level": "fatal", "source": "", "message": "two\nlines"},
]


def old_file(folder: Path, *lines: object) -> str:
    path = folder / "errors.jsonl"
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return str(path)


def test_the_list_and_what_is_asked_for_it(ainf, engine) -> None:
    done = ainf("errors")
    assert (done.code, "CUDA out of memory in VAEDecode" in done.out, "#7" in done.out) == (0, True, True)
    assert engine.asked("errors.listed") == ErrorQuery()
    words = ["--state", "muted", "--state", "new", "--level", "warning", "--source", "web", "--text", "a b"]
    ainf("errors", *words, "--since", "2026-11-26T14:03:05Z", "--order", "count", "--limit", "5")
    asked = engine.asked("errors.listed")
    assert (asked.states, asked.level, asked.source, asked.text) == (
        ("muted", "new"),
        "warning",
        "web",
        "a b",
    )
    assert (asked.since, asked.order, asked.limit) == (
        datetime(2026, 11, 26, 14, 3, 5, tzinfo=UTC),
        "count",
        5,
    )
    engine.errors.groups = []
    assert "No errors here" in ainf("errors").err
    assert ainf("errors", "--state", "open").code == 2


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("list",), "ainf.errors/1"),
        (("show", "7"), "ainf.error-group/1"),
        (("stats",), "ainf.error-totals/1"),
        (("resolve", "7"), "ainf.errors/1"),
        (("seen",), "ainf.error-totals/1"),
        (("clear", "--yes"), "ainf.errors-cleared/1"),
    ],
)
def test_json_is_as_its_schema_says(ainf, words, name: str) -> None:
    document = json.loads(ainf("errors", *words, "--json").out)
    Draft202012Validator(schema(name)).validate(document)


def test_one_group_in_full(ainf) -> None:
    told = ainf("errors", "show", "7").out
    for text in (
        "CUDA out of memory in VAEDecode",
        "The GPU is full.",
        "- Free it.",
        "`ainf queue retry`",
        "| got prompt",
        "execution.py",
        "(1 frames of libraries)",
        "torch.OutOfMemoryError",
        "ainf queue show 142",
        "ainf logs /runs/1/comfyui.log",
        GROUP.fingerprint,
    ):
        assert text in told
    assert "boom" not in told
    missing = ainf("errors", "show", "99", "--json")
    assert (missing.code, json.loads(missing.err)["error"]["code"]) == (4, "errors.not_found")


def test_a_report_to_hand_on_cannot_break_out_of_its_block(ainf, engine) -> None:
    engine.errors.examples = (replace(EXAMPLE, lines=("```", "</pre>\x1b[31m", "````x")),)
    told = ainf("errors", "show", "7", "--report").out
    assert told.startswith("## CUDA out of memory")
    assert "\n`````text\n" in told
    assert "\x1b" not in told
    assert told.count("\n`````\n") == 1


def test_hostile_text_is_only_shown(ainf, engine) -> None:
    bad = "\x1b]52;c;AAAA\x07 [bold] \u202e \0"
    engine.errors.groups = [replace(GROUP, title=bad, source=bad, note=bad, node_class=bad, service=bad)]
    engine.errors.examples = (replace(EXAMPLE, lines=(bad,), context=(bad,), details={bad: bad}),)
    for words in (("list",), ("show", "7"), ("show", "7", "--report"), ("export",), ("list", "--json")):
        told = ainf("errors", *words).out
        assert told
        assert not {"\x1b", "\x07", "\u202e", "\0"} & set(told)


def test_reporting(ainf, engine) -> None:
    words = ["--source", "backup", "--level", "critical", "--message", "no space\nleft", "--job", "3"]
    assert ainf("errors", "log", *words, "--details", '{"disk": "/data"}').code == 0
    [report] = engine.asked("errors.log")
    assert (report.source, report.level, report.message, report.job) == ("backup", "critical", "no space", 3)
    assert (report.lines, report.details) == (("no space", "left"), {"disk": "/data"})
    ainf("errors", "log", "--message", "-", stdin="from a pipe\n")
    assert engine.asked("errors.log")[0].message == "from a pipe"


@pytest.mark.parametrize("details", ["{", "[1]", "3", '{"a": }', "[" * 99_999])
def test_bad_details_are_told_and_nothing_is_sent(ainf, engine, details: str) -> None:
    done = ainf("errors", "log", "--message", "no", "--details", details, "--json")
    assert (done.code, json.loads(done.err)["error"]["code"]) == (2, "errors.bad_details")
    assert [name for name, _ in engine.calls] == []


def test_a_mute_ends_when_it_is_told_to(ainf, engine) -> None:
    assert ainf("errors", "mute", "7").code == 0
    assert engine.asked("errors.mute") == MuteErrorsRequest(("7",))
    assert ainf("errors", "mute", "7", "--for", "2h").code == 0
    hours = (engine.asked("errors.mute").until - datetime.now(UTC)).total_seconds() / 3600
    assert 1.9 < hours < 2.1
    for bad in ("0h", "2", "soon", "999999w"):
        assert ainf("errors", "mute", "7", "--for", bad).code == 2


def test_clearing_asks_and_tells_where_they_are(ainf, engine) -> None:
    assert ainf("errors", "clear").code == 2
    assert "Nothing was changed" in ainf("errors", "clear", stdin="n\n", tty=True).err
    assert "errors.clear" not in [name for name, _ in engine.calls]
    done = ainf("errors", "clear", "--all", stdin="y\n", tty=True)
    assert done.out.strip() == "/state/errors-cleared/errors-1.jsonl"
    assert engine.asked("errors.clear").all
    assert ainf("errors", "clear", "7", "--all", "--yes").code == 2


def test_a_bad_line_costs_one_line(ainf, engine, tmp_path: Path) -> None:
    bad = [
        "{",
        "[]",
        '{"message": 3, "timestamp": "2025-12-15T10:00:00Z"}',
        '{"message": "no time"}',
        '{"level": 1}',
    ]
    file = old_file(tmp_path, OLD[0], *bad, "", OLD[1])
    done = ainf("errors", "import", file)
    assert (done.code, "2 errors imported." in done.err) == (1, True)
    assert [f"line {number}:" in done.err for number in range(1, 9)] == [False, *[True] * 5, False, False]
    first, second = engine.errors.imported
    assert (first.source, first.details, first.at) == (
        "backend",
        {"a": 1},
        datetime(2025, 12, 15, 10, tzinfo=UTC),
    )
    assert (second.source, second.level, second.message, second.lines) == (
        "unknown", "critical", "two", ("two", "lines"),
    )  # fmt: skip
    document = json.loads(ainf("errors", "import", file, "--json").out)
    Draft202012Validator(schema("ainf.errors-imported/1")).validate(document)
    assert (document["stored"], document["known"], len(document["bad"])) == (0, 2, 5)


def test_a_line_that_stands_twice_counts_twice(ainf, engine, tmp_path: Path) -> None:
    file = old_file(tmp_path, *[OLD[0]] * 3)
    assert "3 errors imported." in ainf("errors", "import", file).err
    assert "0 errors imported, 3 were known." in ainf("errors", "import", file).err
    assert len(engine.errors.imported) == 3


def test_a_report_that_nobody_wrote_is_bad_and_a_group_may_be_as_long() -> None:
    long = json.dumps({"timestamp": "2026-11-26T08:00:00Z", "message": "x" * LONGEST}).encode()
    group = json.dumps({"group": {}, "message": "x" * LONGEST}).encode()
    first, second = read([long, group])
    assert first.problem == f"longer than {LONGEST} bytes"
    assert "longer" not in second.problem
    assert second.problem, "it is none, which is told after it was read"


def test_import_of_what_cannot_be_read(ainf, engine, tmp_path: Path) -> None:
    assert ainf("errors", "import", str(tmp_path / "none")).code == 4
    assert ainf("errors", "import", str(tmp_path)).code == 2
    refused = ainf("--read-only", "errors", "import", old_file(tmp_path, OLD[0]))
    assert (refused.code, "read-only" in refused.err, engine.errors.imported) == (1, True, [])


def test_export_is_a_group_a_line(ainf, engine) -> None:
    engine.errors.groups = [GROUP, replace(GROUP, id=8)]
    lines = [json.loads(line) for line in ainf("errors", "export").out.splitlines()]
    assert [line["group"]["id"] for line in lines] == [7, 8]
    assert [json.loads(ainf("errors", "export", "8").out)["group"]["id"]] == [8]


@given(st.lists(st.binary(max_size=80)))
def test_any_file_is_read_to_its_end(lines: list[bytes]) -> None:
    found = list(read(lines))
    assert len(found) == sum(bool(line.strip()) for line in lines)
    assert all((line.report is None and line.group is None) == bool(line.problem) for line in found)
    assert len({line.key for line in found if line.key}) == sum(bool(line.key) for line in found)


@given(st.lists(st.integers(0, 10**9), min_size=24, max_size=24))
def test_a_trend_shows_every_hour_that_had_one(counts: list[int]) -> None:
    bars = trend(counts)
    assert (bars == "") == (sum(counts) == 0)
    assert [bar == " " for bar in bars] == [count == 0 for count in counts if bars]


def test_frames_of_libraries_are_folded_away() -> None:
    assert len(list(in_app(EXAMPLE.lines))) == 6
    assert list(in_app(("plain", "  text"))) == ["plain", "  text"]


def test_status_has_a_line_of_errors(ainf, engine) -> None:
    assert "errors" not in ainf("status").out
    engine.error_counts = {
        "new": 2,
        "ongoing": 5,
        "total": 41,
        "last_24h": 12,
        "by_level": {},
        "by_source": {},
    }
    assert "2 new, 5 open; 41 reports, 12 in 24 h" in ainf("status").out


def test_what_was_exported_is_sent_as_groups(ainf, engine, tmp_path: Path) -> None:
    engine.errors.groups = [replace(GROUP, id=number) for number in range(50)]
    file = tmp_path / "all.jsonl"
    file.write_text(ainf("errors", "export").out + '{"group": 3}\n{"group": {}, "examples": []}\n')
    done = ainf("errors", "import", str(file))
    assert (done.code, "line 51:" in done.err, "line 52:" in done.err) == (1, True, True)
    asked = [request for name, request in engine.calls if name == "errors.import"]
    assert [len(request.groups) for request in asked] == [20, 20, 10]
    assert [detail.group for request in asked for detail in request.groups] == engine.errors.groups
    assert asked[0].groups[0].examples == engine.errors.examples
