"""Keys that come in one go: what a key does is done before the next one is looked at."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from textual import events
from textual.app import App
from textual.message import Message
from textual.message_pump import MessagePump

ONE_GO = 0.015
"""Seconds between keys of one packet at most; a key that is held down repeats more slowly."""
PATIENCE = 0.5
"""Seconds until the next key goes out although nothing has been heard of the one before."""


class InTurn(App[None]):
    """Textual sends each key to the widget that has the focus when the key comes, at once. Of keys that come
    in one go, as they do from a slow line, the second is sent before the first has moved the focus: text
    typed behind a tab goes into the field before it. Here the second waits until the first has gone its whole
    way up to the app, and until the screen that it may have opened is there, also one that opens once its
    work behind the screen has come so far (`expect_screen`). A key that comes alone takes the way it always
    takes: what follows it would hold its paint up.
    """

    class KeyDone(Message):
        """Follows a key on its way, from the widget that got it up to the app."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, **app: Any) -> None:
        super().__init__(**app)
        self._keys: deque[events.Key] = deque()
        """Those that wait."""
        self._last_key = 0.0
        """When the newest one came."""
        self._key_target: MessagePump | None = None
        """Who got the last one that was sent."""
        self._follower = 0
        """Number of the newest KeyDone."""
        self._patience: asyncio.TimerHandle | None = None
        """Set while one is on its way."""
        self._expected: set[object] = set()
        """Work under way that will open a screen."""
        self._held: int | None = None
        """Number of the KeyDone that waits for that screen."""

    def rush(self, *, on: bool) -> None:
        """Keys have begun to wait, or none waits any more."""

    def expect_screen(self, work: object) -> None:
        """That work will open a screen: what is typed behind its key is for that one."""
        self._expected.add(work)

    def expect_no_screen(self, work: object) -> None:
        """It has ended."""
        self._expected.discard(work)
        self._let_go()

    def push_screen(self, *screen: Any, **how: Any) -> Any:
        """As Textual's; what was expected is there."""
        mounted = super().push_screen(*screen, **how)
        self._expected.clear()
        self._let_go()
        return mounted

    def _let_go(self) -> None:
        if self._held is not None and not self._expected:
            number, self._held = self._held, None
            self.call_later(self._screen_there, number)

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
            return
        in_one_go, self._last_key = event.time - self._last_key < ONE_GO, event.time
        if self._keys or self._patience is not None or (in_one_go and self._key_target is not None):
            self._keys.append(event)
            self.rush(on=True)
            self._follow()
        else:
            await self._send_key(event)

    async def _send_key(self, key: events.Key) -> None:
        self._key_target = self.focused or self.screen
        await super().on_event(key)

    def _follow(self) -> None:
        """Sends a KeyDone behind the last key, unless one is on its way."""
        if self._patience is not None or self._key_target is None:
            return
        self._follower += 1
        loop = asyncio.get_running_loop()
        # A widget that goes away takes what follows the key with it.
        self._patience = loop.call_later(PATIENCE, self._next_key, self._follower)
        if not self._key_target.post_message(self.KeyDone(self._follower)):
            self._next_key(self._follower)

    def on_in_turn_key_done(self, event: KeyDone) -> None:
        event.stop()
        # What the key's action has asked the app for (the focus) stands in its queue before this.
        self.call_later(self._screen_there, event.number)

    def _screen_there(self, number: int) -> None:
        """A screen that was opened has its focus after its first layout."""
        if self._expected:
            self._held = number
        elif self.screen.is_mounted:
            self._next_key(number)
        else:
            self.screen.call_after_refresh(self._next_key, number)

    def _next_key(self, number: int) -> None:
        """The key that waits longest is sent; `number`: of the KeyDone that has come, or was given up."""
        if number != self._follower or self._patience is None:
            return
        self._patience.cancel()
        self._patience = self._held = None
        self._expected.clear()
        if self._keys:
            self.call_later(self._send_waiting)
        else:
            self.rush(on=False)

    async def _send_waiting(self) -> None:
        if self._patience is None and self._keys:
            await self._send_key(self._keys.popleft())
            self._follow()  # also the last one: what comes now is for where that one leads
