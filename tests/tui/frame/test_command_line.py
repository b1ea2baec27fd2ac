"""The command line of the app: typing, completion, history, and where the answers go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.errors import UsageError
from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.console import Result
from ainf_tui.tui.frame.pane import TextPane
from ainf_tui.tui.frame.verbs import completed, completions, hint, typed
from ainf_tui.tui.options import Options
from ainf_tui.tui.queue.rows import Sort
from ainf_tui.tui.session import Session
from tests.fakes.job_rows import job_row
from tests.tui.conftest import still
from tests.tui.frame.helpers import FakeConsole, toasts


def complete(text):
    return completions(text, FakeConsole().complete, ["ainf-dark", "ainf-light"])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("qu", ["queue", "quiet", "quit"]),
        ("queue c", ["cancel", "clear"]),
        ("ainf queue s", ["show"]),
        ("theme ainf-", ["ainf-dark", "ainf-light"]),
        ("sort ag", ["age"]),
        ("filter state:fa", ["state:failed"]),
        ("theme ainf-dark x", []),
        ("queue 'open", []),
    ],
)
def test_completions(text, values):
    assert [value for value, _ in complete(text)] == values


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("queue s", "queue show "),
        ("queue c", "queue c"),
        ("theme a", "theme ainf-"),
        ("qu", "qu"),
        ("q", "qu"),
        ("filter state:fa", "filter state:failed "),
    ],
)
def test_completed(text, after):
    assert completed(text, complete(text)) == after


def test_a_value_with_blanks_is_quoted():
    assert completed("theme x", [("x y", "")]) == "theme 'x y' "


@given(st.text(max_size=40))
def test_no_text_breaks_typing(text):
    at = typed(text)
    assert at is None or text.startswith(at.head.removesuffix(" "))
    assert isinstance(completed(text, [("abc", ""), ("abd", "")]), str)


def test_hint_fits():
    assert hint([("queue", "List jobs.")], 30) == "queue  List jobs."
    assert len(hint([(f"choice{n}", "") for n in range(50)], 40)) <= 43


@pytest.fixture
def console():
    return FakeConsole()


@pytest.fixture
def session():
    return Session(values={"screen": "app.queue", "history": ["queue list", "run x"]})


@pytest.fixture
def command_app(fake_engine, console, session):
    fake_engine.put(job_row(1, "failed"), job_row(2), job_row(3))
    return AinfApp(fake_engine.opener, Options(console=console), session)


def entry(app):
    return app.screen.query_one("#command-entry")


async def test_runs_a_verb_and_keeps_it_in_log_and_history(command_app, console, session):
    app = command_app
    console.answers["queue", "cancel", "2 3"] = Result(0, "#2 cancelled\n")
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await still(pilot)
        await pilot.press("colon", *"queue cancel '2 3'", "enter")
        await still(pilot)
        assert console.asked == [("queue", "cancel", "2 3")]
        assert "#2 cancelled" in toasts(app)
        (order,) = app.orders.log
        assert (order.line, order.result, order.error) == ("ainf queue cancel '2 3'", "#2 cancelled", "")
        assert session.texts("history")[-1] == "queue cancel '2 3'"
        assert app.screen.footer.display
        assert app.focused is app.screen.table


async def test_a_long_answer_opens_and_is_copied_whole(command_app, console, monkeypatch):
    app = command_app
    text = "\n".join(f"[/line {n}]\x1b[31m" for n in range(100))
    console.answers["status",] = Result(1, text, "ainf: not well\n")
    copied = []
    monkeypatch.setattr(AinfApp, "copy_text", lambda _self, text: copied.append(text))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await still(pilot)
        await pilot.press("colon", *"status", "enter")
        await still(pilot)
        assert isinstance(app.screen, TextPane)
        assert "[/line 0]\u241b[31m" in app.screen.view.plain
        await pilot.press("G", "y", "escape")
        await still(pilot)
        assert copied == [f"{text}\nainf: not well"]
        assert not isinstance(app.screen, TextPane)
        assert app.orders.log[0].error == "ainf: not well"


async def test_a_refusal_is_told_with_its_hint(command_app, console):
    app = command_app
    console.answers["simulator",] = UsageError("cli.not_in_app", "it never ends", hint="In a shell.")
    async with app.run_test(notifications=True) as pilot:
        await still(pilot)
        app.run_line("simulator")
        await still(pilot)
        assert "it never ends\nIn a shell." in toasts(app)
        assert app.orders.log[0].error == "cli.not_in_app: it never ends"


async def test_history_goes_up_and_comes_back_to_what_was_typed(command_app):
    app = command_app
    async with app.run_test(notifications=True) as pilot:
        await still(pilot)
        await pilot.press("colon", "x", "up")
        assert entry(app).value == "run x"
        await pilot.press("up", "up")
        assert entry(app).value == "queue list"
        await pilot.press("down", "down", "down")
        assert entry(app).value == "x"
        await pilot.press("escape")
        await still(pilot)
        assert not app.screen.query("#command")


async def test_tab_completes_and_shows_the_choices(command_app):
    app = command_app
    async with app.run_test(notifications=True) as pilot:
        await still(pilot)
        await pilot.press("colon", *"queue sh", "tab")
        await still(pilot)
        assert entry(app).value == "queue show "
        await pilot.press("ctrl+u", *"queue c", "tab")
        await still(pilot)
        assert "cancel  clear" in app.screen.query_one("#command-found").plain


async def test_the_suggestion_is_the_newest_line_that_begins_so(command_app):
    app = command_app
    async with app.run_test(notifications=True) as pilot:
        await still(pilot)
        await pilot.press("colon", "q")
        await still(pilot)
        await pilot.press("right")
        assert entry(app).value == "queue list"


async def test_view_verbs_change_this_screen_only(command_app, console):
    app = command_app
    async with app.run_test(notifications=True) as pilot:
        await still(pilot)
        app.run_line("filter state:failed")
        assert [row.number for row in app.screen.rows.jobs()] == [1]
        app.run_line("filter")
        await still(pilot)
        app.run_line("sort age")
        assert app.screen.rows.sort == Sort("age")
        app.run_line("sort age")
        assert app.screen.rows.sort == Sort("age", reverse=True)
        app.run_line("goto #3")
        assert app.screen.row.number == 3
        app.run_line("theme ainf-light")
        assert app.theme == "ainf-light"
        assert console.asked == []
        assert not app.orders.log


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("goto there", ":goto takes no there"),
        ("sort colour", ":sort takes no colour"),
        ("theme none", ":theme takes no none"),
        ("queue 'x", "No closing quotation"),
        ("theme [/x]", ":theme takes no [/x]"),
    ],
)
async def test_a_misused_verb_says_what_it_takes(command_app, line, words):
    app = command_app
    async with app.run_test(notifications=True) as pilot:
        await still(pilot)
        app.run_line(line)
        await still(pilot)
        assert words.lower() in toasts(app).lower()


async def test_quit_leaves(command_app):
    async with command_app.run_test(notifications=True) as pilot:
        await still(pilot)
        await pilot.press("colon", *"quit", "enter")
        await still(pilot)
    assert command_app.return_code == 0
