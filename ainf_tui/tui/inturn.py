"""Keys one after the other: what a key does is done before the next one is looked at."""

from __future__ import annotations

import asyncio
from collections import deque

from textual import events
from textual.app import App
from textual.message import Message

PATIENCE = 0.5
"""Seconds until the next key goes out although nothing has been heard of the one before."""


class InTurn(App[None]):
    """Textual sends each key to the widget that has the focus when the key comes, at once. Of keys that come
    in one go, as they do from a slow line, from a paste and from quick fingers, the second is sent before
    the first has moved the focus: of `/` and `tz` a job would be run again and another be held. Here the
    second waits until the first has gone its whole way up to the app, and until the screen that it may have
    opened is there. Nothing waits while one key comes at a time.
    """

    class KeyDone(Message):
        """Follows a key on its way, from the widget that got it up to the app."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, **app: object) -> None:
        super().__init__(**app)  # type: ignore[arg-type]  # passed on as they come
        self._keys: deque[events.Key] = deque()
        self._key_number = 0
        self._key_under_way = False
        self._patience: asyncio.TimerHandle | None = None

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._key_under_way:
            self._keys.append(event)
            self._wait_at_most()
        else:
            await self._send_key(event)

    async def _send_key(self, key: events.Key) -> None:
        self._key_under_way = True
        self._key_number += 1
        target = self.focused or self.screen
        await super().on_event(key)
        if not target.post_message(self.KeyDone(self._key_number)):
            self._key_done(self._key_number)

    def on_in_turn_key_done(self, event: KeyDone) -> None:
        event.stop()
        # What the key's action has asked the app for (the focus) stands in its queue before this.
        self.call_later(self._screen_there, event.number)

    def _screen_there(self, number: int) -> None:
        """A screen that was opened has its focus after its first layout."""
        if self._keys and not self.screen.is_mounted:
            self.screen.call_after_refresh(self._key_done, number)
        else:
            self._key_done(number)

    def _key_done(self, number: int) -> None:
        if number != self._key_number or not self._key_under_way:
            return
        self._key_under_way = False
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        if self._keys:
            self._key_under_way = True
            self.call_later(self._send_key, self._keys.popleft())
            self._wait_at_most()

    def _wait_at_most(self) -> None:
        """A widget that goes away takes what follows the key with it."""
        if self._patience is None and self._keys:
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(PATIENCE, self._no_patience)

    def _no_patience(self) -> None:
        self._patience = None
        self._key_done(self._key_number)
