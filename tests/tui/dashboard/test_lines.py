"""What the Dashboard's lines say, without a screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ainf_tui.domain.documents import HealthDocument, NodeDocument, QueueDocument, ReasonDocument
from ainf_tui.domain.error_documents import ErrorTotalsDocument
from ainf_tui.domain.host_documents import HistoryDocument, HostDocument, SeriesDocument
from ainf_tui.domain.service_documents import ServiceDetailDocument
from ainf_tui.tui.dashboard.details import check_text, gpu_text
from ainf_tui.tui.dashboard.history import EVERY, POINTS, History
from ainf_tui.tui.dashboard.host_lines import Machine, machine_lines, short_lines
from ainf_tui.tui.dashboard.now_lines import fewer, first_of, now_lines, status_lines
from ainf_tui.tui.dashboard.plan import Wanted, plan
from ainf_tui.tui.dashboard.problems import CheckList, ErrorList, errors_head
from ainf_tui.tui.dashboard.service_lines import log_place, service_lines
from ainf_tui.tui.dashboard.services_list import ServiceList, long_span
from ainf_tui.tui.link import AWAY, LIVE, Link
from ainf_tui.tui.signs import Signs
from tests.fakes.box_documents import check, fixable, gpu, history, host, service
from tests.fakes.error_reading import group
from tests.fakes.job_rows import job_document

SIGNS = Signs()
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def plain(lines) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


def row(of) -> dict[str, str]:
    source = ServiceList(SIGNS)
    source.services = (of,)
    return {name: text for name, (text, _) in source.cells(0).items()}


# -- services ---------------------------------------------------------------------------------------
def test_a_service_that_is_well():
    cells = row(service())
    assert (cells["sign"], cells["state"], cells["health"]) == ("●", "running", "healthy")
    assert (cells["port"], cells["pid"], cells["up"]) == ("8188", "41207", "3d 4h")
    assert (cells["cpu"], cells["memory"]) == ("12%", "9.0G")


def test_whose_process_it_is_stands_where_it_runs():
    assert row(service(kind="adopted"))["state"] == "adopted"
    assert row(service(kind="watched"))["state"] == "watched"
    assert row(service(kind="watched", state="stopped"))["state"] == "stopped"


def test_unknown_is_a_dash_and_zero_is_zero():
    cells = row(service(cpu=None, memory=None))
    assert (cells["cpu"], cells["memory"]) == (SIGNS.unknown, SIGNS.unknown)
    assert row(service(cpu=0.0))["cpu"] == "0%"
    stopped = row(service("web", "stopped"))
    assert (stopped["cpu"], stopped["health"], stopped["up"]) == ("", "", "")


@pytest.mark.parametrize(
    ("fields", "sign", "look"),
    [
        ({"health": "unreachable"}, "▲", "warning"),
        ({"health": "unknown"}, "◌", "muted"),
        ({"state": "starting"}, "◐", ""),
        ({"state": "crash-loop"}, "✖", "error"),
    ],
)
def test_the_sign_is_that_of_the_worse_of_state_and_health(fields, sign, look):
    source = ServiceList(SIGNS)
    source.services = (service(**fields),)
    assert source.cells(0)["sign"] == (sign, look)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (9, "0s"),
        (59, "50s"),
        (60, "1m"),
        (3600 * 9 + 61, "9h 1m"),
        (3600 * 23, "23h"),
        (86400 * 4.5, "4d 12h"),
    ],
)
def test_spans_go_in_steps_and_in_few_cells(seconds, words):
    assert long_span(seconds) == words


# -- the machine ------------------------------------------------------------------------------------
def test_gpu_and_machine_with_their_numbers():
    text = plain(machine_lines(Machine(host()), 44, 30, SIGNS))
    for words in ("GPU 0  NVIDIA", "97%", "18.2/24.0G", "comfyui 16.9G   other 1.3G", "71°C   312/450 W"):
        assert words in text
    for words in ("HOST  16 cores", "14%", "31.0/64.0G", "96%", "19.0G free", "models", "412.0G free"):
        assert words in text


def test_little_height_makes_a_line_of_each_gpu():
    many = host(*(gpu(number) for number in range(8)))
    lines = machine_lines(Machine(many), 44, 20, SIGNS)
    assert sum("GPU" in plain([line]) for line in lines) == 8
    assert "HOST" in plain(lines)


def test_no_gpu_says_why():
    bare = replace(host(), gpus=(), gpu_message="no driver answers")
    assert "no driver answers" in plain(machine_lines(Machine(bare), 44, 30, SIGNS))
    assert "no driver answers" in plain(short_lines(Machine(bare), 76, SIGNS))


def test_before_the_first_sample_nothing_is_claimed():
    text = plain(machine_lines(Machine(HostDocument()), 44, 30, SIGNS))
    assert "Looking" in text
    assert "0" not in text
    assert "No GPU" not in plain(short_lines(Machine(), 76, SIGNS))


def test_what_slows_a_gpu_is_named():
    slow = host(gpu(throttled=("thermal", "power")))
    assert "slowed by thermal, power" in plain(machine_lines(Machine(slow), 60, 30, SIGNS))


def test_old_values_show_their_age():
    assert "2m ago" in plain(machine_lines(Machine(host(), stale="2m"), 44, 30, SIGNS))


# -- history ----------------------------------------------------------------------------------------
def test_the_hour_that_the_engine_kept_then_what_comes():
    told, kept = history(NOW), History()
    kept.take(told)
    kept.sample(NOW + timedelta(seconds=EVERY), replace(host(), cpu=0.5))
    graph = kept.graph("cpu", 60, hour=True)
    assert all(value is not None for value in graph[1:])
    assert graph[1:] == sorted(value for value in graph[1:] if value is not None)
    assert kept.graph("nothing", 3, hour=True) == [None, None, None]


def test_a_bucket_is_shown_when_it_is_whole_and_is_the_mean_of_its_samples():
    kept, moves = History(), []
    for second in range(31):
        value = 0.2 if second < 8 else 0.8
        moves.append(kept.sample(NOW + timedelta(seconds=second), replace(host(), cpu=value)))
    assert [second for second, moved in enumerate(moves) if moved] == [15, 30]
    last = kept.graph("cpu", 4, hour=False)
    assert last[:2] == [None, None]
    assert last[2] == pytest.approx((8 * 0.2 + 7 * 0.8) / 15)
    assert last[3] == pytest.approx(0.8)


def test_history_forgets_and_bears_what_is_wrong():
    kept = History()
    kept.take(
        HistoryDocument(NOW, float("nan"), (SeriesDocument("cpu", "fraction", None, (float("inf"), None)),))
    )
    kept.take(HistoryDocument(NOW, 0.0, (SeriesDocument("cpu", "fraction", 0.0, (0.5,) * 5000),)))
    kept.sample(NOW, HostDocument(cpu=float("nan")))
    for hour in range(5):
        kept.sample(NOW + timedelta(hours=hour), host())
    assert len(kept._buckets["cpu"]) <= 2 * POINTS + 1


# -- now, status ------------------------------------------------------------------------------------
def key(action: str) -> str:
    return {"app.queue": "2", "queue.new_run": "a", "queue.pause": "p"}[action]


def test_what_runs_and_what_follows():
    running = job_document(
        9,
        pack="portrait",
        character="lena",
        prompt="a red\nbicycle",
        step=14,
        steps=30,
        progress=0.58,
        rate=2.1,
        eta=21.0,
        node=NodeDocument("3", "KSampler", "KSampler"),
    )
    waiting = job_document(8, "submitted")
    assert first_of((waiting, running)) is running
    text = plain(
        now_lines(
            (waiting, running), QueueDocument(queued=11, submitted=1, held=1, eta=540.0), 78, SIGNS, key
        )
    )
    for words in ("#9   portrait   lena   a red bicycle", "KSampler 14/30", "58%   2.1 it/s", "0:21"):
        assert words in text
    assert text.endswith("then 12 queued, 1 held: 9:00")


def test_progress_keeps_its_place():
    """What stands at the right does not jump when the numbers grow."""
    widths = set()
    for step, progress, eta in ((1, 0.01, 5999.0), (30, 0.99, 1.0), (None, None, None)):
        job = job_document(9, step=step, steps=30, progress=progress, rate=2.0, eta=eta)
        line = plain(now_lines((job,), QueueDocument(), 78, SIGNS, key)).split("\n")[1]
        widths.add(len(line))
    assert widths == {78}


def test_nothing_to_do_says_which_keys_fill_it():
    assert "2 then a makes a new run" in plain(now_lines((), QueueDocument(), 78, SIGNS, key))
    paused = plain(now_lines((), QueueDocument(paused=True, queued=2), 78, SIGNS, key))
    assert "2 then p resumes it" in paused
    assert "2 queued" in paused


def test_the_verdict_lists_its_reasons():
    reasons = tuple(ReasonDocument(f"x.{n}", "warning", f"reason {n}", f"do {n}") for n in range(5))
    lines = status_lines(Link(LIVE), HealthDocument("warning", reasons, "box"), 100, SIGNS)
    assert plain(lines).startswith("▲ reason 0   do 0")
    assert plain(fewer(lines, 3, 100)).endswith("and 2 more")
    assert "all is well" in plain(status_lines(Link(LIVE), HealthDocument("ok"), 100, SIGNS))
    assert "gone" in plain(status_lines(Link(AWAY, message="gone"), HealthDocument("ok"), 100, SIGNS))


# -- what went wrong --------------------------------------------------------------------------------
def test_errors_are_told_with_their_state_how_often_and_where():
    source = ErrorList(SIGNS)
    source.found = (
        group(3, title="CUDA out of memory", pack="portrait-hires"),
        group(61, "ongoing", title="slow", unseen=False),
    )
    first, second = source.cells(0), source.cells(1)
    assert (first["sign"], first["what"]) == (("✖", "error"), ("CUDA out of memory", "strong"))
    assert [first[name][0] for name in ("times", "ago", "where")] == [
        f"{SIGNS.times}3",
        "3m ago",
        "portrait-hires",
    ]
    assert (second["sign"], second["what"][1], second["ago"][0]) == (("●", "muted"), "", "1h ago")
    assert (source.of("3"), source.of("4"), source.of(None)) == (source.found[0], None, None)


@pytest.mark.parametrize(("new", "look"), [(2, "error"), (0, "muted")])
def test_the_errors_panel_counts_and_is_loud_for_new_ones_only(new, look):
    head = errors_head(ErrorTotalsDocument(new=new, ongoing=5, last_24h=1041))
    assert plain([head]) == f"{new} new   5 open   1,041 reports"
    assert head[0][1] == look


def test_checks_that_are_not_well_worst_first_with_the_key_of_the_fix():
    source = CheckList(SIGNS, "f")
    source.take([check("a", "ok"), check("b", "unknown"), fixable(), check("c", "error"), check("d", "info")])
    assert [source.id_at(index) for index in range(len(source))] == ["c", "folder.missing.outputs", "b"]
    assert source.cells(1)["fix"] == ("f fix", "key")
    assert source.cells(0)["fix"] == ("", "")


def test_details_tell_all():
    text = check_text(fixable())
    assert "mkdir -p /srv/out" in text
    assert "Remove what is no longer needed." in text
    assert "16.9G" in gpu_text(host())
    assert "nothing here" in gpu_text(replace(host(), gpus=(), gpu_message="nothing here"))


def test_of_a_service_that_others_started_it_is_said_why_there_is_no_log_here():
    adopted = service("comfyui", kind="adopted", version="0.3.64")
    detail = ServiceDetailDocument(adopted, (), "", {}, {}, {}, {}, "built in")
    lines = service_lines(adopted, detail, 100, SIGNS)
    assert "none: others started it" in "\n".join("".join(text for text, *_ in line) for line in lines)
    assert "Logs screen" in log_place(adopted, "")
    assert "does not know" in log_place(replace(adopted, version=""), "")
    assert log_place(adopted, "/x.log") == "/x.log"
    assert log_place(service("web"), "") == ""


# -- room -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [(20, 2), (80, 21), (80, 12), (120, 37), (200, 57), (99, 37)])
def test_no_more_lines_are_given_than_there_are(size):
    cells, height = size
    for wanted in (Wanted(), Wanted(8, 60, 4, 40, 20)):
        shared = plan(cells, height, wanted)
        panels = [shared.services, shared.machine, shared.now, shared.errors, shared.checks]
        taken = shared.status + sum(panels) + shared.gap * sum(lines > 0 for lines in panels)
        assert taken <= max(height, shared.status + shared.now + shared.machine)
        assert shared.services > 0 or height < 8
