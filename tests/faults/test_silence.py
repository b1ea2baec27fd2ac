"""A silence while our prompt runs: a deaf socket is opened anew soon, a loading model is left alone."""

from __future__ import annotations

from itertools import pairwise

from ainf_tui.domain.link import DOUBT, PROOF, LinkWatch, Poll


def _silence(watch: LinkWatch, begin: float, seconds: float, *, replay: bool) -> list[float]:
    """Polls once a second through a silence; the moments at which the socket was opened anew."""
    opened = []
    for at in range(round(seconds)):
        now = begin + at
        watch.poll(Poll(now, frozenset({"ours"}), 0, ours_running=True))
        if watch.verdict().reconnect:
            opened.append(now - begin)
            watch.disconnected(now, "asked for")
            watch.connected(now + 0.1)
            if replay:
                watch.frame(now + 0.2, "executing")
    return opened


def test_a_silent_socket_is_opened_anew_after_a_while() -> None:
    watch = LinkWatch()
    watch.connected(0.0)
    watch.frame(1.0, "progress")
    (first, *_) = _silence(watch, 2.0, 60.0, replay=True)
    assert DOUBT[0] - 2.0 <= first <= DOUBT[0] + 1.0


def test_five_minutes_of_loading_cost_a_handful_of_sockets() -> None:
    """Each in vain doubles the patience, up to its bound."""
    watch = LinkWatch()
    watch.connected(0.0)
    opened = _silence(watch, 1.0, 300.0, replay=True)
    assert len(opened) <= 6
    gaps = [later - earlier for earlier, later in pairwise(opened)]
    assert gaps == sorted(gaps)
    assert max(gaps) <= DOUBT[1] + 2.0


def test_frames_right_after_the_opening_prove_that_it_was_deaf() -> None:
    """Then the next silence is doubted as early as the first."""
    watch = LinkWatch()
    watch.connected(0.0)
    assert _silence(watch, 1.0, 40.0, replay=True)
    watch.connected(50.0)
    for i in range(5):
        watch.frame(50.0 + PROOF * i / 10, "progress_state")
    (first, *_) = _silence(watch, 52.0, 30.0, replay=True)
    assert first <= DOUBT[0] + 1.0


def test_a_foreign_prompt_may_be_silent_for_ever() -> None:
    watch = LinkWatch()
    watch.connected(0.0)
    for at in range(200):
        watch.poll(Poll(float(at), frozenset({"foreign"}), 0))
        assert not watch.verdict().reconnect
