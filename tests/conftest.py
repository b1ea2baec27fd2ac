"""Fixtures that every test may ask for, and what every test's programs inherit."""

from __future__ import annotations

import os
import signal

import pytest

from tests.fakes.sim import fast_sim, sim

__all__ = ["fast_sim", "sim"]


def pytest_configure(config: pytest.Config) -> None:
    """Undoes what a test run inherits itself and would hand on to each program that a test starts.

    A script's background job ignores SIGINT, and so would they. Without files of bytecode each start of an
    engine compiles all of its modules anew, which is a third of its CPU.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
