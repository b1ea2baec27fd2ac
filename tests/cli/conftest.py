from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.fakes import CommandLine, FakeEngine


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def ainf(engine: FakeEngine, tmp_path: Path) -> CommandLine:
    return CommandLine(engine, str(tmp_path / "home"))
