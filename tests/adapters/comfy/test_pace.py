from __future__ import annotations

from ainf_tui.adapters.comfy.pace import GULP, Pace


def pauses(rate, seconds=10.0):
    """How often a connection of so many frames a second is left alone, frames arriving one by one."""
    pace, now, count = Pace(0.0), 0.0, 0
    for n in range(int(rate * seconds)):
        now = max(now, n / rate)
        if pace.pause(now):
            count += 1
            now += GULP
            pace.resumed(now)
    return count


def test_the_usual_rates_are_read_frame_by_frame():
    assert pauses(10) == pauses(100) == pauses(190) == 0


def test_a_flood_is_read_by_the_gulp():
    # 10,000 frames in 10 s: a gulp, then what comes within 1.5 ms of it.
    assert 0.7 * 10 / GULP <= pauses(1000) <= 10 / GULP
    assert pauses(5000) <= 10 / GULP


def test_after_a_flood_single_frames_come_at_once_again():
    pace, now = Pace(0.0), 0.0
    for _ in range(500):
        now += 0.0005
        if pace.pause(now):
            pace.resumed(now)
    slow = []
    for _ in range(100):
        now += 0.1
        slow.append(pace.pause(now))
    assert not any(slow[32:])
