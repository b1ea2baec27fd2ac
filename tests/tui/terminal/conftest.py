"""A tiny app in a terminal of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.fakes.terminal import Terminal

APP = Path(__file__).parent / "small_app.py"
READY = "line 9" if "AINF_TEST_STOCK_DRIVER" in os.environ else "^probe "
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def open_app():
    """Opens it with words for `small_app.py`, ready for keys."""
    opened = []

    def open_one(*words, before=(), ready=READY, variables=None, **more):
        command = [*before, sys.executable, str(APP), *words]
        terminal = Terminal(
            command, cwd=ROOT, variables={"PYTHONPATH": str(ROOT), **(variables or {})}, **more
        )
        opened.append(terminal)
        terminal.__enter__()
        terminal.wait_text(ready)
        return terminal

    yield open_one
    for terminal in opened:
        terminal.__exit__(None, None, None)
