"""Hostile values in every field of what the Dashboard shows: never fatal, never interpreted, in place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ainf_tui.domain.check_documents import CheckDocument
from ainf_tui.domain.documents import HealthDocument, JobDocument, QueueDocument
from ainf_tui.domain.error_documents import ErrorGroupDocument, ErrorTotalsDocument
from ainf_tui.domain.host_documents import GpuDocument, HistoryDocument, HostDocument
from ainf_tui.domain.service_documents import ServiceDetailDocument, ServiceDocument, ServicesDocument
from ainf_tui.tui.dashboard.details import check_text, gpu_text
from ainf_tui.tui.dashboard.history import History
from ainf_tui.tui.dashboard.host_lines import Machine, machine_lines, short_lines
from ainf_tui.tui.dashboard.now_lines import now_lines, status_lines
from ainf_tui.tui.dashboard.problems import CheckList, ErrorList, errors_head
from ainf_tui.tui.dashboard.service_lines import log_lines, service_lines, title_line
from ainf_tui.tui.dashboard.services_list import ServiceList
from ainf_tui.tui.link import LIVE, Link
from ainf_tui.tui.signs import Signs
from tests.fakes.box_documents import host as box
from tests.fakes.hostile import TEXTS, TURNS, cases, filled
from tests.tui.conftest import still
from tests.tui.screen_text import SIZES, check_line, check_screen, some
from tests.tui.test_hostile import hostile_topics

NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
SIGNS = Signs()
CELLS = (1, 18, 77)


def check_lines(lines, cells) -> None:
    for line in lines:
        check_line(line, cells)


def check_rows(source) -> None:
    for index in range(len(source)):
        for cell in source.cells(index).values():
            check_line((cell,))


def test_services():
    for _, service in cases(ServiceDocument):
        source = ServiceList(SIGNS)
        source.services = (service,)
        check_rows(source)
        for cells in CELLS:
            check_lines([title_line(service, cells, SIGNS)], cells)


def test_a_service_in_full():
    for _, detail in cases(ServiceDetailDocument):
        check_lines(service_lines(detail.service, detail, 77, SIGNS), 77)
    for turn in range(TURNS):
        detail = filled(ServiceDetailDocument, turn)
        check_lines(service_lines(detail.service, detail, 20, SIGNS), 20)
    for text in TEXTS.values():
        check_lines(log_lines(text, 40), 40)


def test_errors():
    for _, group in cases(ErrorGroupDocument):
        source = ErrorList(SIGNS)
        source.found = (group,)
        check_rows(source)
    for _, totals in cases(ErrorTotalsDocument):
        check_lines([errors_head(totals)], 200)


def test_checks():
    for _, check in cases(CheckDocument):
        source = CheckList(SIGNS, "f")
        source.take([check])
        check_rows(source)
        assert check_text(check)


@pytest.mark.parametrize("hour", [False, True])
def test_the_machine(hour):
    history = History()
    for _, told in cases(HistoryDocument):
        history.take(told)
    hosts = [host for _, host in cases(HostDocument)] + [box(gpu) for _, gpu in cases(GpuDocument)]
    for host in hosts:
        history.sample(NOW, host)
        for cells in CELLS:
            check_lines(machine_lines(Machine(host, history, hour=hour), cells, 40, SIGNS), cells)
            check_lines(short_lines(Machine(host, history), cells, SIGNS), cells)
        assert gpu_text(host)


def test_what_runs_and_the_verdict():
    for _, job in cases(JobDocument):
        for cells in CELLS:
            check_lines(now_lines((job,), QueueDocument(), cells, SIGNS, lambda _: "x"), cells)
    for _, queue in cases(QueueDocument):
        check_lines(now_lines((), queue, 40, SIGNS, lambda _: "x"), 40)
    for _, health in cases(HealthDocument):
        check_lines(status_lines(Link(LIVE), health, 40, SIGNS), 40)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_everything_on_the_screen(open_app, fake_engine, size):
    async with open_app(size, screen="dashboard") as (app, pilot):
        for turn in some(range(TURNS), size):
            told = hostile_topics(turn)
            told["services"] = ServicesDocument(
                tuple(filled(ServiceDocument, turn + more, name=f"s{more}") for more in range(5))
            )
            for name, value in told.items():
                app.topic_changed(name, value)
            await pilot.pause()
            check_screen(app)
        await still(pilot)
        check_screen(app)
        assert app._exception is None


async def test_a_hostile_service_in_full(open_app, fake_engine):
    async with open_app((80, 24), screen="dashboard") as (app, pilot):
        for turn in range(0, TURNS, 3):
            service = filled(ServiceDocument, turn, name="x")
            fake_engine.service_details["x"] = filled(ServiceDetailDocument, turn, service=service)
            fake_engine.logs["x"] = list(TEXTS.values())[turn].encode("utf-8", "replace").decode()
            app.topic_changed("services", ServicesDocument((service,)))
            await pilot.pause()
            await pilot.press("enter")
            app.tick += 1.0
            await still(pilot, 2)
            check_screen(app)
            await pilot.press("escape")
        assert app._exception is None
