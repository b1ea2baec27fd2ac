"""Is what we hear from a ComfyUI all there is to hear?

A websocket to ComfyUI can be open, answer pings and yet be deaf: the server keeps one socket per
client id and forgets the newer of two when the older ends. And one client that stops reading stalls
the frames of all. Only HTTP tells: a queue that moves makes `status` frames for every live socket.
Facts: ComfyUI 0.8.0 and 0.3.64, measured.

`LinkWatch` is fed with what is observed, with times of one monotonic clock, and says how the link is.
It asks nothing and does nothing itself.
"""

from __future__ import annotations

from enum import StrEnum

from ainf_tui.frozen import frozen


class LinkState(StrEnum):
    OK = "ok"
    UNPROVEN = "unproven"
    """Nothing yet says that frames arrive; poll at the usual pace."""
    DEAF = "deaf"
    """Reconnect, with a fresh client id if the verdict says so."""
    STALLED_ELSEWHERE = "stalled_elsewhere"
    """A socket of a fresh id hears nothing either: poll, do not reconnect."""
    WORKER_DEAD = "worker_dead"
    """The server takes prompts and runs none; only a restart helps."""
    UNREACHABLE = "unreachable"


@frozen
class LinkVerdict:
    """`reconnect` and `fresh_id` are the advice; `poll`: decide by queue and history, not by frames."""

    state: LinkState
    message: str
    hint: str = ""
    reconnect: bool = False
    fresh_id: bool = False
    poll: bool = False


@frozen
class Poll:
    """One answer of GET /queue. `moved`: seen besides it, a prompt of ours that ended or progressed.
    `ours_running`: a prompt runs whose frames are for this socket.
    """

    at: float
    running: frozenset[str]
    pending: int
    moved: bool = False
    ours_running: bool = False

    @property
    def idle_worker(self) -> bool:
        return not self.running and self.pending > 0


SILENCE = 5.0
"""Seconds after which a movement without any frame means that the socket is deaf."""
DOUBT = (10.0, 80.0)
"""Seconds without a frame while a prompt of ours runs, after which the socket is opened anew: first and
longest. A model that loads is as silent as a deaf socket; each time in vain doubles it."""
PROOF = 2.0
"""Seconds after the opening in which more frames than the replay's show that the old socket was deaf."""
WORKER_SILENCE = 10.0
"""Seconds of waiting prompts and none running after which the worker counts as dead."""
DEAF_BEFORE_FRESH_ID = 2
WORKER_POLLS = 3
"""Least number of polls for that verdict: two may fall into two gaps between prompts."""

_LOUD = frozenset({"status", "unknown", "malformed", "feature_flags", "logs"})
"""Frames that come from a server whose worker is dead, too."""


class LinkWatch:
    """Watches one backend's link. Not thread-safe; feed it in the order of the observations."""

    def __init__(self) -> None:
        self._open = False
        self._opened_at = 0.0
        self._refused = False
        self._reason = "not connected yet"
        self._heard_at: float | None = None
        """Last frame of this connection, its greeting included."""
        self._proven = False
        """A frame beyond the greeting came on this connection."""
        self._counted = False
        """This connection already counts as deaf."""
        self._deaf_in_row = 0
        self._last_poll: Poll | None = None
        self._poll_failed: str | None = None
        self._unanswered: float | None = None
        """When the oldest movement was seen for which no frame came."""
        self._unanswered_since = 0.0
        """From when on a frame would answer it: the poll before."""
        self._idle_since: float | None = None
        self._idle_polls = 0
        self._doubted = False
        """Silence for too long on this connection while a prompt of ours runs."""
        self._doubt_after = DOUBT[0]
        self._early_frames = 0

    # -- observations ------------------------------------------------------------------------------
    def connected(self, at: float) -> None:
        """A socket is open and greeted us."""
        self._open, self._opened_at, self._heard_at = True, at, at
        self._proven = self._counted = self._refused = self._doubted = False
        self._early_frames = 0
        self._unanswered = None

    def disconnected(self, _at: float, reason: str, *, refused: bool = False) -> None:
        self._open, self._reason, self._refused = False, reason, refused
        self._unanswered, self._doubted = None, False

    def frame(self, at: float, kind: str = "") -> None:
        """Any frame after the greeting. `kind` as on the wire; previews and texts need none."""
        if not self._open:
            return
        self._heard_at, self._proven = at, True
        self._deaf_in_row, self._counted, self._doubted = 0, False, False
        self._early_frames += at - self._opened_at <= PROOF
        if self._early_frames == 3:
            self._doubt_after = DOUBT[0]
        if self._unanswered is not None and at >= self._unanswered_since:
            self._unanswered = None
        if kind not in _LOUD:
            self._idle_since, self._idle_polls = None, 0

    def poll_failed(self, _at: float, reason: str) -> None:
        """GET /queue gave no answer."""
        self._poll_failed = reason
        self._last_poll = None
        self._unanswered = self._idle_since = None
        self._idle_polls = 0

    def poll(self, poll: Poll) -> None:
        """GET /queue answered."""
        before, self._last_poll, self._poll_failed = self._last_poll, poll, None
        self._refused = False
        self._note_worker(poll)
        if before is None or not self._open:
            return
        self._note_silence(poll)
        if poll.moved or (before.running, before.pending) != (poll.running, poll.pending):
            self._note_movement(before, poll)
        silent = self._unanswered is not None and poll.at - self._unanswered >= SILENCE
        if silent and not self._counted:
            self._counted = True
            self._deaf_in_row += 1

    def _note_worker(self, poll: Poll) -> None:
        if not poll.idle_worker:
            self._idle_since, self._idle_polls = None, 0
            return
        self._idle_polls += 1
        if self._idle_since is None:
            self._idle_since = poll.at

    def _note_silence(self, poll: Poll) -> None:
        heard = self._opened_at if self._heard_at is None else self._heard_at
        if poll.ours_running and not self._doubted and poll.at - heard >= self._doubt_after:
            self._doubted = True
            self._doubt_after = min(2 * self._doubt_after, DOUBT[1])

    def _note_movement(self, before: Poll, poll: Poll) -> None:
        # It happened somewhere between the two polls. A socket opened in between may have come too late.
        heard = self._heard_at is not None and self._heard_at >= before.at
        if self._unanswered is None and not heard and self._opened_at <= before.at:
            self._unanswered, self._unanswered_since = poll.at, before.at

    # -- the verdict -------------------------------------------------------------------------------
    def verdict(self) -> LinkVerdict:
        """How the link is, after what was observed last."""
        if not self._open and (self._refused or self._poll_failed is not None):
            return _unreachable(self._poll_failed or self._reason, refused=self._refused)
        if self._idle_since is not None and self._worker_dead(self._idle_since):
            return _WORKER_DEAD
        if self._open and self._counted:
            return self._deafness()
        return _DOUBTED if self._open and self._doubted else self._plain()

    def _plain(self) -> LinkVerdict:
        if not self._open:
            return LinkVerdict(
                LinkState.UNPROVEN, f"no websocket: {self._reason}; the queue is polled instead", poll=True
            )
        if self._poll_failed is not None:
            return LinkVerdict(
                LinkState.UNPROVEN, f"the websocket is open, but HTTP fails: {self._poll_failed}"
            )
        return _OK if self._proven else _SILENT_SO_FAR

    def _worker_dead(self, since: float) -> bool:
        last = self._last_poll
        return last is not None and last.at - since >= WORKER_SILENCE and self._idle_polls >= WORKER_POLLS

    def _deafness(self) -> LinkVerdict:
        if self._deaf_in_row > DEAF_BEFORE_FRESH_ID:
            return _STALLED
        fresh = self._deaf_in_row == DEAF_BEFORE_FRESH_ID
        return _DEAF_TWICE if fresh else _DEAF


def _unreachable(reason: str, *, refused: bool) -> LinkVerdict:
    hint = "start ComfyUI; jobs wait until it is back"
    if not refused:
        hint = "check that it runs and that the line to it is up; jobs wait until it is back"
    return LinkVerdict(LinkState.UNREACHABLE, f"ComfyUI does not answer: {reason}", hint, poll=True)


_OK = LinkVerdict(LinkState.OK, "frames arrive")
_SILENT_SO_FAR = LinkVerdict(LinkState.UNPROVEN, "connected; nothing has happened on the server yet")
_DOUBTED = LinkVerdict(
    LinkState.UNPROVEN,
    "nothing has been heard for long of the prompt that runs; the websocket is opened anew to make sure",
    reconnect=True,
    poll=True,
)
_DEAF = LinkVerdict(
    LinkState.DEAF,
    "the queue moves, but this websocket hears nothing of it",
    "it is closed and opened again by itself",
    reconnect=True,
    poll=True,
)
_DEAF_TWICE = LinkVerdict(
    LinkState.DEAF,
    "the second websocket in a row hears nothing while the queue moves",
    "new prompts get a fresh client id; those already sent are followed by polling",
    reconnect=True,
    fresh_id=True,
    poll=True,
)
_STALLED = LinkVerdict(
    LinkState.STALLED_ELSEWHERE,
    "ComfyUI sends no frames to anybody: most likely another of its clients has stopped reading",
    "close browser pages of this ComfyUI that sleep or hang; jobs go on, their progress is polled",
    poll=True,
)
_WORKER_DEAD = LinkVerdict(
    LinkState.WORKER_DEAD,
    "ComfyUI's worker is dead: prompts wait and none runs",
    "restart ComfyUI; its log names the cause (Exception in thread ... prompt_worker)",
    poll=True,
)
