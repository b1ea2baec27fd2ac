from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.cli.bar import Bar, compose
from ainf_tui.cli.output import Output
from ainf_tui.cli.tables import cells
from ainf_tui.domain.documents import NodeDocument
from tests.cli.fakes import Terminal, make_job

RUNNING = make_job(
    state="running",
    progress=0.58,
    step=14,
    steps=30,
    rate=2.1,
    eta=21.0,
    node=NodeDocument("3", "KSampler", "KSampler"),
)


class Clock:
    """A clock that a test moves, and what is to be called later."""

    def __init__(self) -> None:
        self.now = 100.0
        self.due: list[tuple[float, Callable[[], None]]] = []

    def __call__(self) -> float:
        return self.now

    def later(self, seconds: float, function: Callable[[], None]) -> None:
        self.due.append((self.now + seconds, function))

    def advance(self, seconds: float) -> None:
        self.now += seconds
        ripe = [function for when, function in self.due if when <= self.now]
        self.due = [(when, function) for when, function in self.due if when > self.now]
        for function in ripe:
            function()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def terminal() -> Terminal:
    return Terminal(tty=True)


@pytest.fixture
def bar(terminal: Terminal, clock: Clock) -> Bar:
    env = {"COLUMNS": "120", "LANG": "C.UTF-8"}
    return Bar(Output(io.StringIO(), io.StringIO(), terminal, env), clock, clock.later)


def test_a_wide_line_says_everything():
    line = compose(RUNNING, [RUNNING, make_job(143, state="succeeded")], 119, unicode=True)
    for part in ("#142", "portrait-basic", "KSampler", "14/30", "2.1 it/s", "58%", "eta 0:21", "1/2 done"):
        assert part in line


def test_eighty_columns_hold_everything():
    job = replace(RUNNING, number=5, node=NodeDocument("3", "Sampler", "KSampler"))
    line = compose(job, [job, make_job(143, state="succeeded")], 79, unicode=True)
    for part in ("#5", "portrait-basic", "Sampler 14/30", "2.1 it/s", "█", "58%", "eta 0:21", "1/2 done"):
        assert part in line


def test_nothing_moves_but_the_end():
    job = replace(RUNNING, node=NodeDocument("3", "Sampler", "KSampler"))
    other = replace(job, node=NodeDocument("4", "Save", "SaveImage"), step=None, steps=None, rate=None)
    one, two = (compose(j, [j], 79, unicode=True) for j in (job, other))
    assert one.index("eta") == two.index("eta")


def test_ascii_has_no_blocks():
    assert compose(RUNNING, [RUNNING], 119, unicode=False).isascii()


@given(st.integers(1, 130), st.text(max_size=50), st.booleans())
def test_it_never_wraps(width, title, unicode):
    job = replace(RUNNING, node=NodeDocument("3", title, "KSampler"))
    assert cells(compose(job, [job], width, unicode=unicode)) <= width


def test_a_narrow_line_keeps_number_and_percent():
    assert compose(RUNNING, [RUNNING], 12, unicode=True) == "#142  58%"


def test_a_hostile_title_cannot_move_the_cursor():
    job = replace(RUNNING, node=NodeDocument("3", "\x1b]52;c;ZXZpbA==\x07\r\n\x9b2J", "X"))
    line = compose(job, [job], 119, unicode=True)
    assert not any(char in line for char in "\x1b\x07\r\n\x9b")


def test_at_most_four_lines_a_second(bar, terminal, clock):
    for step in range(100):
        bar.show(replace(RUNNING, step=step), [RUNNING])
        clock.advance(0.01)
    assert terminal.getvalue().count("\r") <= 5  # one at once, four in the second that follows
    clock.advance(0.25)
    assert "99/30" in terminal.getvalue(), "the newest is seen, if late"


def test_nothing_is_written_while_nothing_changes(bar, terminal, clock):
    bar.show(RUNNING, [RUNNING])
    written = terminal.getvalue()
    clock.advance(5)
    bar.show(RUNNING, [RUNNING])
    assert terminal.getvalue() == written


def test_clear_takes_the_line_away_once(bar, terminal):
    bar.clear()
    assert terminal.getvalue() == ""
    bar.show(RUNNING, [RUNNING])
    bar.clear()
    bar.clear()
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert terminal.getvalue().count("\x1b[K") == 2


def test_of_several_the_running_one_is_shown(bar, terminal):
    bar.show(make_job(143), [RUNNING, make_job(143)])
    assert "#142" in terminal.getvalue()


def test_before_one_runs_the_next_one_is_shown(bar, terminal):
    bar.show(make_job(144), [make_job(143), make_job(144)])
    assert "#143" in terminal.getvalue()
