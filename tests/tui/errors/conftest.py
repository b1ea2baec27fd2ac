"""The Errors screen on a fake engine."""

from __future__ import annotations

import pytest

from ainf_tui.tui.errors import feed
from tests.fakes.error_reading import group


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Lists are read again as soon as something has changed."""
    monkeypatch.setattr(feed, "AGAIN", 0.0)


@pytest.fixture
def box(fake_engine):
    """Three open groups, one that was resolved and one that is muted."""
    fake_engine.errors.put(
        group(1, title="out of memory", job=7, pack="portrait", code="gpu.out_of_memory"),
        group(2, "regressed", title="port 3000 is taken", source="web", service="web"),
        group(3, "ongoing", title="value not in list", level="warning"),
        group(4, "resolved", title="old story"),
        group(5, "muted", title="known noise"),
    )
    return fake_engine


@pytest.fixture
def errors(open_app, box):
    def opened(size=(120, 40), **options):
        return open_app(size, screen="errors", **options)

    return opened
