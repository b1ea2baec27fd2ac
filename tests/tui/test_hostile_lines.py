"""Hostile values in every field, one at a time, in the lines that the screens are made of."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from ainf_tui.client.live import _TOPICS
from ainf_tui.display.glyphs import GLYPHS as STATE_GLYPHS
from ainf_tui.domain.documents import (
    BackendDocument,
    DatabaseDocument,
    HealthDocument,
    JobDetailDocument,
    JobDocument,
    JobRow,
    QueueDocument,
)
from ainf_tui.domain.wire import VersionDocument
from ainf_tui.domain.workflows import Pack, PackInput, Preset
from ainf_tui.errors import AinfError
from ainf_tui.tui import ports
from ainf_tui.tui.frame.bars import Tab, tab_line
from ainf_tui.tui.frame.header import Facts, header_line
from ainf_tui.tui.lines import cut, pad, safe, safe_lines, width, wrap
from ainf_tui.tui.link import AWAY, LIVE, Link
from ainf_tui.tui.orders import Order
from ainf_tui.tui.queue.detail_lines import Seen, body_lines, head_lines
from ainf_tui.tui.queue.filter import parse_filter
from ainf_tui.tui.queue.list import COLUMNS, JobList
from ainf_tui.tui.queue.rows import SORTS, Rows, Sort
from ainf_tui.tui.queue.title import Told, empty_lines, title_line
from ainf_tui.tui.signs import Signs
from tests.fakes.hostile import MOMENTS, TEXTS, TURNS, cases, filled, hints, plain, raw, reached, values
from tests.tui.screen_text import check_line

NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
SIGNS = Signs()
CELLS = (18, 77)
any_text = st.text(max_size=30) | st.sampled_from(list(TEXTS.values()))


# -- the cases themselves ---------------------------------------------------------------------------
def shown() -> set[type[Any]]:
    """Every dataclass that the app is given: by a topic, an answer, a connection, or its own log."""
    answers = [
        get_type_hints(getattr(calls, name)).get("return")
        for calls in (ports.JobCalls, ports.QueueCalls, ports.WorkflowCalls, ports.PresetCalls)
        for name in vars(calls)
        if not name.startswith("_")
    ]
    return reached(*_TOPICS.values(), *answers, VersionDocument, Order, Link)


def test_every_field_of_what_is_shown_has_its_cases():
    found = shown()
    assert {JobRow, JobDetailDocument, Pack, PackInput, Preset, Order} <= found
    for cls in found:
        assert {name for name, _ in cases(cls)} == set(hints(cls)), cls
        assert filled(cls, 0) != plain(cls)


def test_a_type_without_cases_is_seen():
    with pytest.raises(TypeError, match="no hostile values for"):
        values(complex)


# -- the one gate -----------------------------------------------------------------------------------
@settings(deadline=None)  # 10,000 characters on a busy machine
@given(any_text, any_text)
def test_safe_text_is_one_line_whose_cells_add_up(one, other):
    """Else a cell's text changes the place of its neighbours."""
    first, second = safe(one), safe(other)
    assert raw(first) == []
    assert width(first + second) == width(first) + width(second) == cell_len(first) + cell_len(second)


@settings(deadline=None)  # 10,000 characters on a busy machine
@given(any_text)
def test_safe_lines_hold_nothing_but_text(text):
    assert [raw(line) for line in safe_lines(text) if raw(line)] == []


@settings(deadline=None)  # 10,000 characters on a busy machine
@given(any_text, st.integers(0, 30))
def test_padded_and_cut_texts_have_their_cells(text, cells):
    assert cell_len(pad(safe(text), cells)) == cells
    assert cell_len(cut(safe(text), cells)) <= cells
    assert all(cell_len(part) <= max(2, cells) for part in wrap(safe(text), cells))


# -- the list ---------------------------------------------------------------------------------------
def check_cells(rows: Rows) -> None:
    source = JobList(rows, SIGNS)
    for index in range(len(source)):
        cells = source.cells(index)
        assert set(cells) <= {column.name for column in COLUMNS}
        for cell in cells.values():
            check_line((cell,))


def test_rows_of_the_list():
    for _, row in cases(JobRow):
        rows = Rows()
        rows.reset([row], complete=True)
        check_cells(rows)


def test_prompts_of_others():
    rows = Rows()
    for _, backend in cases(BackendDocument):
        rows.fold_backends([backend])
        check_cells(rows)


@pytest.mark.parametrize("by", SORTS)
def test_a_list_of_nothing_else_keeps_its_order_and_finds_every_row(by):
    rows = Rows()
    rows.resort(Sort(by))
    all_rows = [filled(JobRow, turn, id=f"id-{turn}") for turn in range(len(TEXTS))]
    hard = [row for name, row in cases(JobRow) if name in {"rank", "progress", "priority", "number"}]
    all_rows += [replace(row, id=f"hard-{number}") for number, row in enumerate(hard)]
    rows.reset(all_rows, complete=True)
    for row in all_rows:
        assert rows.id_at(rows.index_of(row.id) or 0) == row.id
    for row in all_rows:
        rows.drop(row.id)
    assert len(rows) == 0


# -- the job in detail ------------------------------------------------------------------------------
def check_detail(seen: Seen) -> None:
    for cells in CELLS:
        for line in [*head_lines(seen, cells, SIGNS, NOW), *body_lines(seen, cells, SIGNS, NOW)]:
            check_line(line, cells)


def test_a_row_in_detail():
    for _, row in cases(JobRow):
        check_detail(Seen(row))


def test_a_job_in_detail():
    row = plain(JobRow)
    for _, detail in cases(JobDetailDocument):
        check_detail(Seen(row, detail))


def test_a_job_in_the_making():
    detail = plain(JobDetailDocument)
    for _, live in cases(JobDocument):
        check_detail(Seen(detail_row(live), detail, live, unfolded=True))


def detail_row(job: JobDocument) -> JobRow:
    return replace(plain(JobRow), id=job.id, state="running", finished_at=None, revision=0)


def test_why_it_could_not_be_read():
    for text in TEXTS.values():
        check_detail(Seen(plain(JobRow), error=text))


def test_everything_hostile_at_once_and_no_room():
    for turn in range(TURNS):
        row, detail = filled(JobRow, turn), filled(JobDetailDocument, turn)
        for cells in (0, 1, 2, 5):
            for line in head_lines(Seen(row, detail), cells, SIGNS, NOW):
                check_line(line, cells)
        body_lines(Seen(row, detail), 1, SIGNS, NOW)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_ends_of_time_in_any_zone(zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        for at in MOMENTS:
            job = replace(
                plain(JobDocument), created_at=at, submitted_at=at, started_at=at, finished_at=at, warnings=()
            )
            check_detail(Seen(replace(plain(JobRow), created_at=at), None, job))
    finally:
        monkeypatch.undo()
        time.tzset()


# -- the frame --------------------------------------------------------------------------------------
def check_header(**facts: Any) -> None:
    for link in (Link(LIVE), Link(AWAY)):
        for cells in (1, 20, 80, 120):
            given_facts: dict[str, Any] = {"link": link, "now": NOW} | facts
            check_line(header_line(Facts(**given_facts), cells, SIGNS), cells)


def test_the_header():
    for _, health in cases(HealthDocument):
        check_header(health=health)
    for _, backend in cases(BackendDocument):
        check_header(backends=(backend, backend))
    for _, database in cases(DatabaseDocument):
        check_header(database=database)
    for _, link in cases(Link):
        check_header(link=link)
    for text in TEXTS.values():
        check_header(label=text, host=text)


def test_tabs_and_title():
    for _, queue in cases(QueueDocument):
        for cells in CELLS:
            check_line(tab_line([Tab("2", "Queue", here=True, count=queue.queued)], cells), cells)
            check_line(title_line(Told(link=Link(LIVE), queue=queue, shown=1), cells), cells)


def test_why_the_list_is_empty():
    for text in TEXTS.values():
        error = AinfError("x.y", text, hint=text)
        for link in (Link(LIVE), Link(AWAY, message=text, hint=text)):
            told = Told(link=link, filter=parse_filter(text), shown=1, error=error)
            check_line(title_line(told, 80), 80)
            for line in empty_lines(told, lambda name: name):
                check_line(line)


def test_a_filter_of_anything_is_a_filter():
    rows = [row for _, row in cases(JobRow)]
    for text in [*TEXTS.values(), *(f"state:{text}" for text in TEXTS.values()), *STATE_GLYPHS]:
        wanted = parse_filter(text)
        assert isinstance(sum(wanted.matches(row) for row in rows), int)
