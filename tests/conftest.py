"""Fixtures that every test may ask for."""

from __future__ import annotations

from tests.fakes.sim import fast_sim, sim

__all__ = ["fast_sim", "sim"]
