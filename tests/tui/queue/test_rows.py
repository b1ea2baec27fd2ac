"""The list of jobs in the app, against a plain reading of the same story."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain.documents import ForeignDocument, JobRow
from ainf_tui.tui.queue.filter import parse_filter
from ainf_tui.tui.queue.rows import SORTS, Foreign, Rows, Sort, place
from tests.fakes.job_rows import backend, job_document, job_row

STATES = ("queued", "submitting", "submitted", "running", "fetching", "succeeded", "failed", "cancelled")


def shown(rows: Rows) -> list[str]:
    return [rows.id_at(index) for index in range(len(rows))]


def loaded(*jobs, complete=True) -> Rows:
    rows = Rows()
    rows.reset(jobs, complete=complete)
    return rows


def test_order_is_that_of_the_engine():
    rows = loaded(
        job_row(1, "succeeded"),
        job_row(2, "failed"),
        job_row(3, held=True),
        job_row(4, priority=-1),
        job_row(5),
        job_row(6, priority=5),
        job_row(7, "running"),
    )
    numbers = [row.number for row in rows.jobs()]
    assert numbers == [7, 6, 5, 4, 3, 2, 1]


jobs = st.builds(
    lambda number, state, held, priority, revision: job_row(
        number, state, held=held and state == "queued", priority=priority, revision=revision
    ),
    st.integers(1, 12),
    st.sampled_from(STATES),
    st.booleans(),
    st.integers(-1, 1),
    st.integers(1, 6),
)
stories = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.lists(jobs, max_size=4)),
        st.tuples(st.just("drop"), st.integers(1, 12)),
        st.tuples(st.just("hide"), st.integers(1, 12)),
        st.tuples(st.just("sort"), st.sampled_from(SORTS), st.booleans()),
    ),
    max_size=12,
)


@given(stories)
def test_any_story_leaves_each_row_once_and_in_order(story):
    rows = Rows()
    rows.reset((), complete=True)
    known: dict[str, JobRow] = {}
    hidden = set()
    for step in story:
        if step[0] == "change":
            rows.change(step[1])
            for row in step[1]:
                before = known.get(row.id)
                if row.id not in hidden and (before is None or before.revision <= row.revision):
                    known[row.id] = row
        elif step[0] == "drop":
            rows.drop(f"id-{step[1]:06d}")
            known.pop(f"id-{step[1]:06d}", None)
        elif step[0] == "hide":
            row_id = f"id-{step[1]:06d}"
            if row_id in known:
                hidden.add(row_id)
                del known[row_id]
            rows.hide([row_id])
        else:
            rows.resort(Sort(step[1], step[2]))
        assert sorted(shown(rows)) == sorted(known)
        assert [rows.index_of(row_id) for row_id in shown(rows)] == list(range(len(known)))
        for row_id, row in known.items():
            assert rows.row(row_id) == row
    rows.resort(Sort())
    assert shown(rows) == sorted(known, key=lambda row_id: (place(known[row_id]), row_id))


def test_what_lies_beyond_the_loaded_part_waits_for_its_page():
    rows = loaded(job_row(9, "succeeded"), job_row(8, "succeeded"), complete=False)
    rows.change([job_row(3, "failed"), job_row(10, "succeeded")])
    assert [row.number for row in rows.jobs()] == [10, 9, 8]
    rows.append([job_row(7, "succeeded"), job_row(3, "failed")], complete=True)
    assert [row.number for row in rows.jobs()] == [10, 9, 8, 7, 3]


def test_an_older_answer_does_not_turn_a_row_back():
    rows = loaded(job_row(1, "succeeded", revision=9))
    rows.change([job_row(1, "queued", revision=8)])
    found = rows.row("id-000001")
    assert found is not None
    assert found.state == "succeeded"


def test_progress_moves_a_job_at_once_and_is_read_beside_its_row():
    rows = loaded(job_row(1), job_row(2, rank=2.0))
    rows.fold_active([job_document(2, "running", progress=0.4, revision=5)])
    assert [row.number for row in rows.jobs()] == [2, 1]
    live = rows.live("id-000002")
    assert live is not None
    assert live.progress == 0.4
    rows.fold_active([])
    assert rows.live("id-000002") is None


def test_prompts_of_others_stand_behind_ours_and_leave_with_the_server():
    prompt = ForeignDocument("p1", "running", 0, 7)
    rows = loaded(job_row(1, "running"), job_row(2))
    rows.fold_backends([backend("default", prompt)])
    assert shown(rows) == ["id-000001", "foreign:default:p1", "id-000002"]
    assert isinstance(rows.entry_at(1), Foreign)
    assert [row.number for row in rows.jobs()] == [1, 2]
    rows.resort(Sort("pack"))
    assert shown(rows)[-1] == "foreign:default:p1"
    rows.fold_backends([backend()])
    assert len(rows) == 2


@pytest.mark.parametrize("by", SORTS)
def test_sorting_turned_round_is_the_same_list_from_the_end(by):
    rows = loaded(*(job_row(n, STATES[n % len(STATES)], pack=f"p{n % 3}") for n in range(1, 20)))
    rows.resort(Sort(by))
    forwards = shown(rows)
    rows.resort(Sort(by, reverse=True))
    assert shown(rows) == forwards[::-1]
    assert rows.index_of(forwards[0]) == len(forwards) - 1


def test_a_filter_keeps_out_what_changes_away_from_it():
    rows = loaded(job_row(1, "failed", error="oom"))
    rows.filter = parse_filter("state:failed")
    rows.change([job_row(2, "failed"), job_row(3, "succeeded"), job_row(1, "succeeded", revision=99)])
    assert [row.number for row in rows.jobs()] == [2]


def test_what_is_being_removed_stays_hidden_until_it_is_taken_back():
    first = job_row(1, "failed")
    rows = loaded(first, job_row(2, "failed"))
    rows.hide([first.id])
    rows.change([replace(first, revision=50)])
    assert [row.number for row in rows.jobs()] == [2]
    rows.unhide([first])
    assert [row.number for row in rows.jobs()] == [2, 1]
