"""What stands in the inbox, on the card and in a report."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ainf_tui.domain.error_documents import ErrorDetailDocument, ErrorTotalsDocument
from ainf_tui.errors import UnreachableError
from ainf_tui.tui.errors.card_lines import Seen, body_lines, head_lines
from ainf_tui.tui.errors.copying import copies
from ainf_tui.tui.errors.example_lines import example_lines
from ainf_tui.tui.errors.list import GroupList, columns, state_span, times, trend
from ainf_tui.tui.errors.rows import Groups
from ainf_tui.tui.errors.steer import until
from ainf_tui.tui.errors.title import Told, empty_lines, title_line, totals_line, totals_text
from ainf_tui.tui.link import AWAY, LIVE, STOPPED, Link
from ainf_tui.tui.signs import Signs
from tests.fakes.error_reading import CARD, NOW, example, group

SIGNS = Signs()
KEYS = {"errors.fix": "f", "errors.log": "o", "errors.job": "b", "errors.service": "B", "errors.fold": "O"}


def key(action: str) -> str:
    return KEYS.get(action, "?")


def plain(lines) -> str:
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)


def detail(of, *examples, card=CARD) -> ErrorDetailDocument:
    return ErrorDetailDocument(of, card, examples)


# -- the inbox --------------------------------------------------------------------------------------
def test_a_row():
    groups = Groups()
    groups.reset([group(3, title="out of memory", pack="portrait"), group(4, "resolved")])
    source = GroupList(groups, SIGNS, {3})
    cells = source.cells(0)
    assert (cells["state"], cells["error"]) == (("✖ new", "error"), ("out of memory", "strong"))
    assert [cells[name][0] for name in ("count", "seen", "where")] == [f"{SIGNS.times}3", "3m", "portrait"]
    assert source.cells(1)["error"][1] == "muted"


@pytest.mark.parametrize(
    ("state", "level", "told"),
    [
        ("new", "error", ("✖ new", "error")),
        ("new", "warning", ("▲ new", "warning")),
        ("regressed", "critical", ("✖ regressed", "error")),
        ("regressed", "info", ("· regressed", "muted")),
        ("ongoing", "critical", ("● ongoing", "muted")),
    ],
)
def test_the_sign_tells_how_grave_it_is_and_the_word_its_state(state, level, told):
    assert state_span(group(1, state, level=level), SIGNS) == told


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "0"), (9_999, "9,999"), (12_345, "12k"), (7_654_321, "7M"), (2**63, ">999M")],
)
def test_counts_stay_short(count, told):
    assert times(count, SIGNS) == SIGNS.times + told


def test_a_trend_is_as_high_as_its_own_most_and_blank_where_nothing_was():
    hours = (0,) * 20 + (1, 0, 2, 4)
    assert trend(hours, 24, SIGNS) == " " * 20 + "▃ ▄▇"
    assert trend(hours, 8, SIGNS) == " " * 6 + "▂▇"
    assert trend((5,), 8, SIGNS) == " " * 7 + "▇"
    assert trend((), 8, SIGNS) == " " * 8


def test_wider_tables_have_finer_trends():
    widths = [next(c.width for c in columns(cells) if c.name == "trend") for cells in (80, 100, 120)]
    assert widths == [8, 12, 24]


def test_pages_that_overlap_and_rows_that_changed():
    groups = Groups()
    groups.reset([group(1), group(2)])
    groups.append([group(2, title="again"), group(3)])
    assert [groups.id_at(at) for at in range(len(groups))] == ["1", "2", "3"]
    groups.replace([group(2, "resolved"), group(9)])
    assert (groups.at(1).state, groups.index_of("9"), groups.group("9")) == ("resolved", None, None)


# -- above it ---------------------------------------------------------------------------------------
TOTALS = ErrorTotalsDocument(
    new=2,
    ongoing=5,
    groups=9,
    total=1204,
    last_24h=41,
    by_level={"warning": 900, "error": 304},
    by_source={"comfyui": 1200, "web": 4},
    by_level_24h={"warning": 1, "critical": 40},
    by_source_24h={"web": 1, "comfyui": 40},
)


def test_the_title_counts_and_says_what_is_filtered():
    told = Told(Link(LIVE), TOTALS, shown=5, marked=1, order="count", hidden_too=True)
    line = plain([title_line(told, 200)])
    counts = "ERRORS   2 new   5 open   41 in 24 h   1,204 in all"
    assert line == f"{counts}   1 marked   with resolved and muted   by count"


def test_values_that_are_old_say_so():
    told = Told(Link(AWAY), TOTALS, shown=5, age=130.0)
    assert "as of 2m ago" in plain([title_line(told, 100)])


def test_totals_by_level_and_source_of_a_day_else_of_all():
    assert plain([totals_line(TOTALS, 200)]) == "24 h  40 critical  1 warning  from  comfyui 40  web 1"
    before = replace(TOTALS, last_24h=0)
    assert plain([totals_line(before, 200)]) == "in all  304 error  900 warning  from  comfyui 1,200  web 4"
    whole = totals_text(TOTALS)
    assert "comfyui                   1,200             40" in whole
    assert totals_line(ErrorTotalsDocument(), 80) == ()


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (Told(Link(LIVE), complete=True), "All is well"),
        (Told(Link(LIVE), TOTALS, complete=True), "shows the 9 that are resolved or muted"),
        (Told(Link(STOPPED)), "starts it"),
        (Told(Link(AWAY, message="no route")), "no route"),
        (Told(Link(LIVE)), "Reading the errors"),
        (Told(Link(LIVE), error=UnreachableError("x.y", "it went away", hint="wait")), "wait"),
    ],
)
def test_an_empty_inbox_says_why(told, words):
    assert words in plain(empty_lines(told, key))


# -- the card ---------------------------------------------------------------------------------------
def test_a_card_tells_what_it_means_what_to_do_and_where_it_leads():
    of = group(7, job=142, service="comfyui", note="the lena preset", node="8", node_class="VAEDecode")
    seen = Seen(of, detail(of, example(1, file="/runs/x/comfyui.log", start=99)))
    told = plain(body_lines(seen, 60, SIGNS, key))
    order = [
        "WHAT IT MEANS",
        "WHAT TO DO",
        "f runs ainf host",
        "NOTE",
        "o log comfyui.log   b job #142",
        "EXAMPLE",
    ]
    places = [told.index(words) for words in order]
    assert places == sorted(places)
    assert "node     VAEDecode (8)" in told
    assert "the lena preset" in told


def test_the_traceback_is_folded_until_it_is_opened():
    of = group(7)
    seen = Seen(of, detail(of, example(1)))
    folded, whole = (plain(body_lines(s, 200, SIGNS, key)) for s in (seen, replace(seen, folded=False)))
    assert "… 2 frames of packages  O" in folded
    assert "module.py" not in folded
    assert "Requested to load AutoencoderKL" in folded, "what stood before it"
    assert "module.py" in whole
    assert "frames of packages" not in whole


def test_an_example_keeps_the_lines_of_its_message_and_no_marks_under_what_does_not_fit():
    """ComfyUI's advice on memory is three lines; its frames have 260 characters and as many `^` below."""
    frame = '  File "/opt/ComfyUI/execution.py", line 496, in execute'
    source, short = "    output = await get_output_data(" + "prompt_id, " * 20 + ")", "    f()"
    lines = ("Traceback", frame, source, "    " + "^" * 230, frame, short, "    ^^^", "MemoryError: full")
    seen = replace(example(1), message="it is full\nTIPS: be small", lines=lines, context=(lines[3],))
    shown = [line_text(line) for line in example_lines(seen, 60, Signs(), "O", folds=False)]
    assert "it is full" in shown
    assert "TIPS: be small" in shown
    assert [line for line in shown if "^" in line] == ["    ^^^"]
    wide = [line_text(line) for line in example_lines(seen, 300, Signs(), "O", folds=False)]
    assert sum("^" in line for line in wide) == 3


def line_text(line) -> str:
    return "".join(text for text, *_ in line)


def test_without_a_card_and_before_it_came():
    of = group(7)
    assert "does not know this one" in plain(body_lines(Seen(of, detail(of, card=None)), 60, SIGNS, key))
    assert plain(body_lines(Seen(of), 60, SIGNS, key)).startswith("reading ...")
    assert plain(body_lines(Seen(of, error="gone"), 60, SIGNS, key)).startswith("gone")


def test_another_example_is_said_to_be_one():
    of = group(7, sampled=True)
    seen = Seen(
        of, detail(of, example(2, message="newer", lines=()), example(1, message="older", lines=())), 1
    )
    told = plain(body_lines(seen, 80, SIGNS, key))
    assert "EXAMPLE 2 of 2  2026-03-01" in told
    assert "older" in told
    assert "newer" not in told
    assert "not each was kept" in told


def test_the_head_says_until_when_it_is_muted():
    of = group(7, "muted", muted_until=NOW + timedelta(hours=1), level="warning")
    told = plain(head_lines(Seen(of), 120, SIGNS))
    assert f"{SIGNS.unknown} muted" in told
    assert "warning" in told
    assert "until 2026-03-01" in told
    assert "until it is unmuted" in plain(head_lines(Seen(replace(of, muted_until=None)), 120, SIGNS))


def test_a_mute_ends_when_it_was_said_to():
    now = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    ends = {name: until(name, now) for name in ("hour", "tomorrow", "week", "ever")}
    assert ends == {
        "hour": datetime(2026, 3, 2, 0, 30, tzinfo=UTC),
        "tomorrow": datetime(2026, 3, 2, tzinfo=UTC),
        "week": datetime(2026, 3, 8, 23, 30, tzinfo=UTC),
        "ever": None,
    }


# -- handing on -------------------------------------------------------------------------------------
def test_what_can_be_copied():
    of = group(7)
    found = {option.value: text for option, text in copies(of, detail(of, example(1)), "0.1.0", str)}
    assert list(found) == ["report", "message", "record", "fingerprint", "command", "json"]
    assert (found["fingerprint"], found["command"]) == (of.fingerprint, "ainf errors show 7")
    assert found["record"].endswith("Tried to allocate 2.20 GiB.")
    without = {option.value for option, _ in copies(of, None, "0.1.0", str)}
    assert without == {"report", "message", "fingerprint", "command", "json"}
