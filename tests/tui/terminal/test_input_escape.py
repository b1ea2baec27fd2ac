"""A lone Esc is a key, however many answers the terminal gives meanwhile."""

from __future__ import annotations

import asyncio
import os

from textual import events
from textual.message import Message

from ainf_tui.tui.terminal.input import TerminalInput


async def test_escape_is_a_key_while_answers_come_all_the_time():
    got: list[Message] = []
    answers: list[bytes] = []
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    source = TerminalInput(
        debug=False,
        on_message=got.append,
        on_answer=lambda answer, now: answers.append(answer),
        on_gone=lambda: None,
        on_old_mouse=lambda now: None,
        awaited=lambda now: True,
    )
    source.start(asyncio.get_running_loop(), reading)
    try:
        os.write(writing, b"\x1b")
        for _ in range(100):  # as a terminal that is asked at each frame
            await asyncio.sleep(0.02)
            if got:
                break
            os.write(writing, b"\x1b[0n")
    finally:
        source.stop()
        os.close(reading)
        os.close(writing)
    (key,) = got
    assert isinstance(key, events.Key)
    assert key.key == "escape"
    assert set(answers) <= {b"\x1b[0n"}
