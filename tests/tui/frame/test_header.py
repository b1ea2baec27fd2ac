"""What the header says where there is little room."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ainf_tui.domain.documents import BackendDocument, DatabaseDocument, HealthDocument, ReasonDocument
from ainf_tui.tui.frame.header import Facts, header_line
from ainf_tui.tui.link import LIVE, Link
from ainf_tui.tui.signs import Signs

AWAY = BackendDocument("simulator", "http://127.0.0.1:1", False, None, None, None, None, None)
WRONG = tuple(ReasonDocument("x", "error", "no backend answers") for _ in range(3))
FACTS = Facts(
    Link(LIVE),
    HealthDocument("error", WRONG, host="a-box"),
    [AWAY],
    DatabaseDocument("sqlite:///x", True, "r"),
    datetime(2026, 11, 26, 8, 11, tzinfo=UTC),
    label="DEMO",
    new_errors=2,
)


@pytest.mark.parametrize("cells", [80, 100, 120, 200])
def test_which_box_and_what_is_wrong_stay_and_what_is_well_gives_way(cells: int) -> None:
    text = "".join(part for part, _ in header_line(FACTS, cells, Signs()))
    assert len(text) == cells
    assert "DEMO" in text
    assert "no backend answers (+2)" in text
    assert "2 new" in text
    assert ("simulator away" in text) is (cells > 60)
    assert ("sqlite" in text) is (cells >= 100)


def test_a_long_reason_leaves_the_server_its_place() -> None:
    facts = Facts(
        FACTS.link,
        HealthDocument("error", (ReasonDocument("x", "error", "y" * 150),)),
        FACTS.backends,
        FACTS.database,
        FACTS.now,
        label="DEMO",
    )
    text = "".join(part for part, _ in header_line(facts, 80, Signs()))
    assert "DEMO" in text
    assert "simulator away" in text
