"""Hostile values in every field of what the Errors screen shows: never fatal, never interpreted, in place."""

from __future__ import annotations

import pytest

from ainf_tui.domain.error_documents import (
    ErrorCardDocument,
    ErrorDetailDocument,
    ErrorExampleDocument,
    ErrorGroupDocument,
    ErrorTotalsDocument,
)
from ainf_tui.tui.errors.card_lines import Seen, body_lines, head_lines
from ainf_tui.tui.errors.copying import copies
from ainf_tui.tui.errors.filter import parse_filter
from ainf_tui.tui.errors.group import GroupScreen
from ainf_tui.tui.errors.list import GroupList, trend
from ainf_tui.tui.errors.rows import Groups
from ainf_tui.tui.errors.title import Told, title_line, totals_line, totals_text
from ainf_tui.tui.link import LIVE, Link
from ainf_tui.tui.signs import Signs
from tests.fakes.error_reading import CARD, group
from tests.fakes.hostile import INTS, TEXTS, TURNS, cases, filled, reached
from tests.tui.conftest import still
from tests.tui.screen_text import SIZES, check_line, check_screen, settled, some

SIGNS = Signs()
CELLS = (2, 20, 77)
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


def key(action: str) -> str:
    return action[-1]


def check_card(seen: Seen) -> None:
    for cells in CELLS:
        for line in (*head_lines(seen, cells, SIGNS), *body_lines(seen, cells, SIGNS, key)):
            check_line(line)


def test_what_is_checked_here_is_all_that_a_detail_holds():
    assert reached(ErrorDetailDocument) == {
        *(ErrorDetailDocument, ErrorGroupDocument, ErrorCardDocument, ErrorExampleDocument)
    }


def test_rows():
    for _, one in cases(ErrorGroupDocument):
        groups = Groups()
        groups.reset([one])
        for cell in GroupList(groups, SIGNS, {one.id}).cells(0).values():
            check_line((cell,))


def test_groups_on_the_card():
    for _, one in cases(ErrorGroupDocument):
        check_card(Seen(one, ErrorDetailDocument(one)))


def test_what_the_playbook_says():
    for _, card in cases(ErrorCardDocument):
        check_card(Seen(group(1), ErrorDetailDocument(group(1), card)))


def test_examples_folded_and_open():
    for _, one in cases(ErrorExampleDocument):
        detail = ErrorDetailDocument(group(1), CARD, (one,))
        check_card(Seen(group(1), detail))
        check_card(Seen(group(1), detail, folded=False))


def test_totals_and_filters():
    for _, totals in cases(ErrorTotalsDocument):
        check_line(title_line(Told(Link(LIVE), totals), 77), 77)
        check_line(totals_line(totals, 77), 77)
        assert totals_text(totals)
    for text in TEXTS.values():
        check_line(title_line(Told(Link(LIVE), filter=parse_filter(text), shown=1), 77), 77)


@pytest.mark.parametrize("cells", [0, 1, 8, 24])
def test_trends_of_any_number_and_length(cells):
    for hours in ((), INTS, INTS * 9):
        check_line(((trend(hours, cells, SIGNS), ""),))


def test_what_is_copied_is_made_of_anything():
    for turn in range(0, TURNS, 3):
        detail = filled(ErrorDetailDocument, turn)
        assert all(isinstance(text, str) for _, text in copies(detail.group, detail, "0.1.0", str))


@sizes
async def test_on_the_screen(open_app, fake_engine, size):
    errors = fake_engine.errors
    for turn in range(TURNS):
        one = filled(ErrorGroupDocument, turn, id=turn + 1, state=("new", "regressed", "ongoing")[turn % 3])
        errors.groups[turn + 1] = one
        errors.details[turn + 1] = filled(ErrorDetailDocument, turn, group=one)
    async with open_app(size, screen="errors") as (app, pilot):
        screen = app.screen
        screen.cards.cache.update(errors.details)
        for turn in some(range(TURNS), size, 5):
            screen.table.move_to_id(str(turn + 1))
            await still(pilot, 1)
            check_screen(app)
            await pilot.press("enter", "O")
            await settled(app, pilot)
            assert isinstance(app.screen, GroupScreen)
            await pilot.press("G")
            check_screen(app)
            await pilot.press("escape")
        for pressed in ("i", "m", "y", "D", "r"):
            await pilot.press(pressed)
            await settled(app, pilot)
            await pilot.press("escape")
        assert app._exception is None
