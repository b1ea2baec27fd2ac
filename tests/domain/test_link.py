from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ainf_tui.domain.link import LinkState, LinkWatch, Poll


class Story:
    """A watch with a clock that only the story moves; polls repeat what was last said of the queue."""

    def __init__(self):
        self.watch = LinkWatch()
        self.now = 1000.0
        self.running: frozenset[str] = frozenset()
        self.pending = 0

    def wait(self, seconds):
        self.now += seconds
        return self

    def connect(self):
        self.watch.connected(self.now)
        return self

    def lose(self, reason="it broke", *, refused=False):
        self.watch.disconnected(self.now, reason, refused=refused)
        return self

    def frame(self, kind="status"):
        self.watch.frame(self.now, kind)
        return self

    def poll(self, *running, pending=None, moved=False):
        self.running = frozenset(running)
        self.pending = self.pending if pending is None else pending
        self.watch.poll(Poll(self.now, self.running, self.pending, moved))
        return self

    def fail(self):
        self.watch.poll_failed(self.now, "no answer within 10 s")
        return self

    @property
    def state(self):
        return self.watch.verdict().state

    def deaf_socket(self):
        """One connection on which nothing comes while a prompt begins to run."""
        self.connect().wait(1).poll()
        self.wait(1).poll("p")
        return self.wait(5).poll("p")


def test_before_anything_is_known():
    story = Story()
    assert story.state is LinkState.UNPROVEN
    assert story.poll().watch.verdict().poll
    assert story.connect().state is LinkState.UNPROVEN
    assert story.wait(60).poll().state is LinkState.UNPROVEN


def test_frames_prove_the_link_and_silence_without_movement_is_no_sign():
    story = Story().connect().wait(1).frame()
    assert story.state is LinkState.OK
    for _ in range(100):
        story.wait(15).poll("long-node")
    assert story.state is LinkState.OK
    assert Story().connect().wait(1).poll("x").wait(600).poll("x").state is LinkState.UNPROVEN


def test_movement_without_a_frame_within_five_seconds_is_deafness():
    story = Story().connect().wait(1).poll()
    story.wait(2).poll("p")
    assert story.state is not LinkState.DEAF
    story.wait(4.9).poll("p")
    assert story.state is not LinkState.DEAF
    story.wait(0.1).poll("p")
    verdict = story.watch.verdict()
    assert verdict.state is LinkState.DEAF
    assert verdict.reconnect
    assert verdict.poll
    assert not verdict.fresh_id
    assert verdict.message
    assert verdict.hint


def test_a_frame_shortly_before_the_poll_answers_the_movement():
    story = Story().connect().wait(1).poll()
    story.wait(1).frame().wait(1).poll("p").wait(30).poll("p")
    assert story.state is LinkState.OK


def test_a_frame_that_comes_late_but_in_time_answers_it():
    story = Story().connect().wait(1).poll().wait(2).poll("p").wait(4).frame("executing")
    assert story.wait(10).poll("p").state is LinkState.OK


def test_an_old_frame_answers_nothing():
    story = Story().connect().wait(1).frame().wait(1).poll().wait(2).poll("p").wait(5).poll("p")
    assert story.state is LinkState.DEAF


def test_our_prompt_moving_counts_where_the_queue_looks_the_same():
    story = Story().connect().wait(1).poll("p").wait(2).poll("p", moved=True).wait(5).poll("p")
    assert story.state is LinkState.DEAF


def test_a_movement_from_before_the_connection_says_nothing_about_it():
    story = Story().poll().wait(1).connect().wait(1).poll("p").wait(60).poll("p")
    assert story.state is LinkState.UNPROVEN


def test_after_two_deaf_sockets_a_fresh_id_and_after_that_somebody_else_stalls():
    story = Story().deaf_socket()
    assert not story.watch.verdict().fresh_id
    story.lose().wait(1).poll().deaf_socket()
    verdict = story.watch.verdict()
    assert (verdict.state, verdict.reconnect, verdict.fresh_id) == (LinkState.DEAF, True, True)
    story.lose().wait(1).poll().deaf_socket()
    verdict = story.watch.verdict()
    assert (verdict.state, verdict.reconnect, verdict.poll) == (LinkState.STALLED_ELSEWHERE, False, True)
    story.wait(100).poll().wait(100).poll("q")
    assert story.state is LinkState.STALLED_ELSEWHERE
    assert story.frame("progress").state is LinkState.OK


def test_a_socket_that_hears_starts_the_count_anew():
    story = Story().deaf_socket().lose().poll().connect().wait(1).frame().lose().poll().deaf_socket()
    assert not story.watch.verdict().fresh_id


def test_one_deaf_socket_counts_once():
    story = Story().deaf_socket()
    for n in range(20):
        story.wait(5).poll(f"p{n}")
    assert story.state is LinkState.DEAF
    assert not story.watch.verdict().fresh_id


def test_a_worker_that_takes_nothing_for_ten_seconds_is_dead():
    story = Story().connect().wait(1).frame().poll(pending=2)
    for _ in range(4):
        assert story.wait(2).poll().state is not LinkState.WORKER_DEAD
    assert story.wait(2).frame("status").poll(pending=3).state is LinkState.WORKER_DEAD
    verdict = story.watch.verdict()
    assert "restart" in verdict.hint
    assert not verdict.reconnect
    assert story.wait(2).poll("p", pending=1).state is not LinkState.WORKER_DEAD


def test_two_polls_far_apart_are_not_enough_for_a_dead_worker():
    story = Story().connect().poll(pending=2).wait(15).poll()
    assert story.state is not LinkState.WORKER_DEAD
    assert story.wait(15).poll().state is LinkState.WORKER_DEAD


def test_a_frame_of_execution_proves_that_the_worker_lives():
    story = Story().connect().poll(pending=50).wait(6).poll(pending=40).frame("executing")
    assert story.wait(6).poll(pending=30).state is not LinkState.WORKER_DEAD


def test_a_dead_worker_is_seen_without_a_socket_too():
    story = Story().poll(pending=1).wait(6).poll().wait(6).poll()
    assert story.state is LinkState.WORKER_DEAD


def test_unreachable_is_refused_or_without_socket_and_http():
    story = Story().connect().frame().lose(refused=True)
    verdict = story.watch.verdict()
    assert verdict.state is LinkState.UNREACHABLE
    assert "start ComfyUI" in verdict.hint
    story = Story().connect().frame().lose("reset")
    assert story.state is LinkState.UNPROVEN
    assert story.fail().state is LinkState.UNREACHABLE
    assert story.poll().state is LinkState.UNPROVEN


def test_http_that_answers_again_outweighs_an_old_refusal():
    assert Story().lose(refused=True).poll().state is LinkState.UNPROVEN


def test_failing_http_beside_an_open_socket_is_said():
    verdict = Story().connect().frame().fail().watch.verdict()
    assert verdict.state is LinkState.UNPROVEN
    assert "no answer within 10 s" in verdict.message


def test_failed_polls_forget_what_was_counted():
    story = Story().connect().poll(pending=1).wait(6).poll().fail().wait(6).poll()
    assert story.state is not LinkState.WORKER_DEAD
    story = Story().connect().wait(1).poll().wait(1).poll("p").fail().wait(10).poll("p")
    assert story.state is LinkState.UNPROVEN


def test_frames_after_the_end_of_a_connection_prove_nothing():
    assert Story().connect().lose().frame().state is LinkState.UNPROVEN


steps = st.one_of(
    st.floats(0.1, 20).map(lambda s: ("wait", s)),
    st.sampled_from(
        [("connect",), ("lose",), ("fail",), ("frame",), ("poll",), ("poll", "a"), ("poll", "b")]
    ),
)


@settings(deadline=None)
@given(st.lists(steps, max_size=60))
def test_any_story_has_a_verdict_and_a_hearing_socket_is_never_told_to_reconnect(story_steps):
    story = Story()
    for name, *args in story_steps:
        getattr(story, name)(*args)
        verdict = story.watch.verdict()
        assert verdict.message
        assert verdict.reconnect == (verdict.state is LinkState.DEAF)
        if name == "frame":
            assert not verdict.reconnect


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 4), st.sampled_from(["", "a", "b"])), max_size=40))
def test_a_socket_that_hears_each_movement_is_never_deaf(moves):
    story = Story().connect()
    for pause, running in moves:
        story.wait(pause)
        if frozenset(filter(None, [running])) != story.running:
            story.frame()
        story.wait(pause).poll(*filter(None, [running]))
        assert story.state not in {LinkState.DEAF, LinkState.STALLED_ELSEWHERE}
