"""What is concluded about a line, from numbers and a clock that the test turns."""

from __future__ import annotations

import math

import pytest

from ainf_tui.tui.terminal.pace import ASSUMED, EVERY, FIRST, LEAST, LITTLE, SETTLING, SLOW, WINDOW, Pace


class Line:
    """A terminal that draws `rate` bytes a second, `delay` seconds away, and answers status requests."""

    def __init__(self, rate, delay=0.001):
        self.rate = rate
        self.delay = delay
        self.now = 100.0
        self.pace = Pace()
        self.pace.answered(self.now)
        self.now += SETTLING
        self._free = self.now

    def paint(self, count):
        """Sends a frame; the answer comes when all of it is drawn. Gives the seconds until then."""
        self.pace.wrote(count, self.now)
        began = self.now
        self._free = max(self._free, self.now) + count / self.rate
        if self.pace.mark_wanted(waiting=False):
            self.pace.marking(self.now)
            self.now = self._free + self.delay
            self.pace.look(self.now)
            self.pace.answered(self.now)
        return self.now - began


def test_slow_line_is_found_by_its_first_picture():
    line = Line(5_000)
    line.paint(20_000)
    assert line.pace.slow
    assert line.pace.rate == pytest.approx(5_000, rel=0.1)


@pytest.mark.parametrize("delay", [0.001, 0.3, 0.8])
def test_fast_line_far_away_is_not_slow(delay):
    line = Line(2_000_000, delay)
    for _ in range(100):
        line.paint(6_000)
        line.now += 0.1
    assert not line.pace.slow


@pytest.mark.parametrize("delay", [0.001, 0.2])
def test_window_of_a_slow_line_is_a_moment_of_it(delay):
    line = Line(5_000, delay)
    line.paint(20_000)
    for _ in range(200):
        line.paint(line.pace.window(line.now))
    assert line.pace.slow
    assert LEAST <= line.pace.window(line.now) <= 2_000


def test_line_that_becomes_fast_is_found():
    line = Line(5_000)
    line.paint(20_000)
    assert line.pace.slow
    line.rate = 1_000_000
    for _ in range(60):
        line.paint(line.pace.window(line.now))
    assert not line.pace.slow
    assert line.pace.window(line.now) == WINDOW


def test_speed_between_the_bounds_changes_nothing():
    line = Line(30_000)
    for _ in range(50):
        line.paint(20_000)
    assert not line.pace.slow
    line.pace.low = True
    for _ in range(50):
        line.paint(line.pace.window(line.now))
    assert line.pace.slow, "asked for is asked for"


def test_terminal_that_stood_still_is_not_slow():
    line = Line(1_000_000)
    line.paint(8_000)
    line.pace.wrote(8_000, line.now)
    line.pace.marking(line.now)
    line.now += 60
    line.pace.answered(line.now)
    assert not line.pace.slow


def test_nothing_more_goes_out_while_much_is_under_way():
    pace, now = Pace(), 1.0 + SETTLING
    pace.answered(1.0)
    assert pace.room(1.0) == WINDOW, "the first screen of the app goes out whole"
    pace.wrote(WINDOW, now)
    assert pace.mark_wanted(waiting=False)
    pace.marking(now)
    assert pace.room(now + 0.01) <= 0
    pace.answered(now + 0.2)
    assert pace.room(now + 0.2) == 2 * FIRST, "it has shown that it takes the first ones, and more is tried"


def test_a_line_of_which_nothing_is_known_gets_little_and_one_that_is_quick_all():
    line = Line(2_000_000, 0.02)
    assert line.pace.window(line.now) == FIRST
    for _ in range(3):
        line.paint(6_000)
    assert line.pace.window(line.now) == WINDOW


def test_a_line_that_becomes_slow_is_doubted_before_it_has_swallowed_a_window():
    """What is on its way before the first answer is what the next key waits for."""
    line = Line(2_000_000)
    for _ in range(10):
        line.paint(6_000)
    line.rate = 5_000
    line.pace.wrote(3_000, line.now)
    line.pace.marking(line.now)
    assert line.pace.window(line.now + 0.1) == WINDOW
    assert line.pace.window(line.now + 0.3) == LITTLE
    line.now += 0.6
    line.pace.answered(line.now)
    for _ in range(3):
        assert line.pace.window(line.now) <= LITTLE
        line.paint(line.pace.window(line.now))
    assert line.pace.slow


@pytest.mark.parametrize("rate", [2_000, 5_000, 10_000, 15_000])
def test_a_slow_line_is_found_by_little_though_the_first_answer_was_late(rate):
    """The app was busy when its first answer came; from then on no more than the window is sent at once."""
    line = Line(rate, 0.08)
    for _ in range(60):
        line.paint(max(400, line.pace.window(line.now)))
    assert line.pace.slow


@pytest.mark.parametrize("rate", [60_000, 300_000])
def test_a_line_that_was_doubted_once_is_trusted_again(rate):
    line = Line(rate, 0.08)
    line.paint(6_000)
    line.delay = 0.6
    line.paint(6_000)
    line.delay = 0.08
    assert line.pace.window(line.now) == LITTLE
    for _ in range(12):
        line.paint(line.pace.window(line.now))
    assert not line.pace.slow
    assert line.pace.window(line.now) > FIRST


def test_a_line_that_hesitates_now_and_then_is_not_slow():
    line = Line(2_000_000, 0.005)
    for _ in range(10):
        line.paint(6_000)
    for _ in range(20):
        line.delay = 0.3
        line.paint(1_500)
        line.delay = 0.005
        line.paint(1_500)
    assert not line.pace.slow


def test_nothing_goes_out_while_the_kernel_is_full():
    pace = Pace()
    pace.wrote(50_000, 1.0)
    assert not pace.kept(28_000, 1.0)
    assert pace.room(60.0) == 0
    assert pace.expires_in(60.0) == math.inf
    assert pace.kept(0, 61.0), "it is told once that it goes on"
    assert not pace.kept(0, 61.0)
    assert pace.room(61.0) == WINDOW


def test_lost_answer_stops_nothing_for_long():
    pace = Pace()
    pace.answered(1.0)
    for round_ in range(3):
        now = 10.0 * (round_ + 1)
        pace.wrote(40_000, now)
        assert pace.mark_wanted(waiting=False)
        pace.marking(now)
        wait = pace.expires_in(now)
        assert 0 < wait < 30
        assert pace.room(now) <= 0
        pace.look(now + wait)
        assert pace.room(now + wait) > 0
    assert not pace.answers, "a terminal that has stopped answering is no longer asked"
    assert not pace.mark_wanted(waiting=True)


def test_terminal_without_answers_is_judged_by_the_kernel():
    pace, now, left = Pace(), 1.0, 0
    for _ in range(100):
        pace.wrote(2_000, now)
        left += 2_000
        pace.kept(left, now)
        now += left / 5_000
        left = 0
        pace.kept(0, now)
    assert pace.slow
    assert pace.rate is not None
    assert pace.rate < SLOW
    assert pace.in_flight(now + 10) == 0, "the model drains"


def test_model_says_when_there_is_room():
    pace = Pace()
    pace.low = True
    pace.wrote(4_000, 1.0)
    assert pace.room(1.0) <= 0
    wait = pace.room_in(1.0)
    assert 0 < wait <= 4_000 / ASSUMED
    assert pace.room(1.0 + wait) > 0


def test_unasked_repaints_are_spaced_on_a_slow_line_only():
    pace = Pace()
    pace.painted(5.0)
    assert pace.due_in(5.1) == 0
    pace.low = True
    assert pace.due_in(5.1) == pytest.approx(EVERY - 0.1)


def test_repaint_soon_after_a_key_is_its_answer():
    pace = Pace()
    assert not pace.asked(1.0)
    pace.key(1.0)
    assert pace.asked(1.2)
    assert not pace.asked(9.0)


def test_behind_a_multiplexer_low_bandwidth_goes_by_the_clock():
    """tmux takes megabytes in a moment and says that all is drawn."""
    pace, now = Pace(), 1.0
    pace.indirect = pace.low = True
    pace.answered(now)
    sent = 0
    while now < 11.0:
        room = pace.room(now)
        if room > 0:
            pace.wrote(room, now)
            sent += room
        assert not pace.mark_wanted(waiting=True)
        now += 0.01
    assert sent <= ASSUMED * 10 + 2 * LEAST
    assert sent > ASSUMED * 8
