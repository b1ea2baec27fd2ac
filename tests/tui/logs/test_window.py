"""What is held of a log: whatever pages come, it is one piece of it, and the cursor stays."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ainf_tui.domain.log_documents import LogFilter, LogPageRequest, LogPlace
from ainf_tui.tui.logs import window as module
from ainf_tui.tui.logs.window import Window, behind, key
from tests.fakes.log_reading import FakeLogs, log_row

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["older", "newer", "up", "down", "write", "resume", "pause", "sight", "centre"]),
        st.integers(1, 40),
    ),
    max_size=40,
)
FILTERS = st.sampled_from([(), (LogFilter("out", "7"),), (LogFilter("in", "1"), LogFilter("in", "2"))])


def page(logs, **request):
    """The fake answers at once: no loop is needed, which hypothesis would begin ten thousand times."""
    try:
        logs.page("view", LogPageRequest(**request)).send(None)
    except StopIteration as answer:
        return answer.value
    raise AssertionError("it waits for something")


def made(count, files=2):
    """Records of several files, one after the other in the order of time."""
    ends = [0] * files
    rows = []
    for number in range(count):
        file = number * 7 % files
        rows.append(log_row(number, file=f"f{file}", start=ends[file], end=ends[file] + 5))
        ends[file] += 5
    return rows


@settings(deadline=None)
@given(STEPS, FILTERS, st.integers(0, 120), st.integers(1, 3))
def test_it_is_one_piece_and_the_cursor_stays_on_its_row(steps, filters, count, files):
    everything = made(count + 500, files)
    logs, window = FakeLogs(everything[:count]), Window()
    saved = module.MOST, module.SIDE
    module.MOST, module.SIDE = 40, 10
    try:
        window.reset(page(logs, before=20, filters=filters))
        for step, size in steps:
            row, follow = window.row, window.follow
            if step == "older":
                window.prepend(page(logs, place=window.start, before=size, filters=filters))
            elif step == "newer":
                window.append(page(logs, place=window.end, after=size, filters=filters))
            elif step == "write":
                logs.records = everything[: len(logs.records) + size]
            elif step in {"up", "down"}:
                window.move(-size if step == "up" else size)
            elif step in {"resume", "pause"}:
                getattr(window, step)()
            elif step == "sight":
                window.into_sight(size, lambda row: 1 + row.start % 3)
            else:
                window.centre(size, lambda row: 1)
            if step in {"older", "newer"} and row is not None and not follow:
                assert window.row == row
            holds(window, logs, filters)
    finally:
        module.MOST, module.SIDE = saved


def holds(window, logs, filters):
    shown = page(logs, before=1_000, filters=filters).rows
    keys = [key(row) for row in window.rows]
    where = shown.index(window.rows[0]) if keys else 0
    assert list(shown[where : where + len(keys)]) == window.rows
    assert (-1 if not keys else 0) <= window.cursor < max(1, len(keys))
    assert window.first < max(1, len(keys))
    if keys:
        # What is asked for at its two ends is what stands there.
        assert not window.top or where == 0
        older = page(logs, place=window.start, before=1, filters=filters).rows
        assert older == shown[max(0, where - 1) : where]
        newer = page(logs, place=window.end, after=1, filters=filters).rows
        assert newer == shown[where + len(keys) : where + len(keys) + 1]
        index = len(keys) // 2
        place = window.before(index)
        assert [behind(place, row) for row in window.rows] == [n >= index for n in range(len(keys))]


@given(st.integers(0, 30), st.integers(0, 29), st.integers(1, 12), st.integers(1, 4))
def test_the_cursor_is_seen_whole_and_no_line_is_left_empty(count, cursor, lines, height):
    window = Window()
    window.reset(page(FakeLogs(made(count)), before=100))
    window.pause()
    window.move_to(cursor)

    def heights(row):
        return min(lines, 1 + row.start % height)

    window.into_sight(lines, heights)
    if not count:
        assert window.first == -1
        return
    seen, used = [], 0
    for row in window.rows[window.first :]:
        used += heights(row)
        if used <= lines:
            seen.append(row)
    assert window.row in seen
    assert used >= lines or window.first == 0 or used + heights(window.rows[window.first - 1]) > lines


def test_what_comes_while_it_is_paused_is_counted():
    logs, window = FakeLogs(made(10)), Window()
    window.reset(page(logs, before=100))
    assert window.cursor == 9
    logs.records = made(12)
    window.append(page(logs, place=window.end, after=100))
    assert (window.cursor, window.fresh) == (11, 0)
    window.move(-1)
    assert not window.follow
    logs.records = made(15)
    window.append(page(logs, place=window.end, after=100))
    assert (window.cursor, window.fresh, window.fresh_exact) == (10, 3, True)
    window.resume()
    assert (window.cursor, window.fresh) == (14, 0)


def test_a_row_that_grows_is_the_same_row():
    """A traceback of which only the first line was there."""
    logs, window = FakeLogs(made(3, 1)), Window()
    window.reset(page(logs, before=100))
    grown = log_row(2, "the whole", file="f0", start=10, end=40, lines=5)
    logs.records[-1] = grown
    window.append(page(logs, place=LogPlace({"f0": 10}), after=10))
    assert window.rows[-1] == grown
    assert len(window.rows) == 3
    assert window.end == LogPlace({"f0": 40})
