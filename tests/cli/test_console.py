"""The command line inside the app: the same verbs, no terminal, and nothing that never ends."""

from __future__ import annotations

import pytest

from ainf_tui.cli.app import App
from ainf_tui.cli.commands.config import VERBS as CONFIG_VERBS
from ainf_tui.cli.console import REFUSED, Console
from ainf_tui.cli.main import COMMANDS
from ainf_tui.errors import UsageError
from tests.cli.fakes import CommandLine, make_job


@pytest.fixture
def console(ainf: CommandLine) -> Console:
    app = App(environ={"AINF_HOME": ainf.home, "LANG": "C.UTF-8"})
    return Console(app, lambda start: ainf._open(app, start))


def test_runs_a_verb_with_the_engine_of_the_app(console, engine):
    engine.put(make_job(7))
    ended = console.run(["queue", "cancel", "7"])
    assert ended.code == 0
    assert engine.asked("cancel").refs == ("7",)


def test_failure_has_code_and_words(console):
    ended = console.run(["queue", "show", "99"])
    assert ended.code == 4
    assert "There is no job 99." in ended.stderr
    assert console.run(["queue", "nothing"]).code == 2


def test_nothing_is_written_to_the_terminal_and_nothing_coloured(console, engine, capfd):
    engine.put(make_job(7))
    assert "\x1b" not in console.run(["queue"]).stdout
    assert "Usage" in console.run(["queue", "--help"]).stdout
    assert capfd.readouterr() == ("", "")


def test_a_question_cannot_be_asked_and_is_not_waited_for(console, engine):
    engine.put(make_job(7))
    assert console.run(["queue", "cancel", "--all"]).code == 2
    assert not engine.cancelled.is_set()


@pytest.mark.parametrize(
    "args",
    [
        ["engine", "run"],
        ["engine", "run", "--settings", "x"],
        ["engine", "logs", "-f"],
        ["engine", "logs", "--follow"],
        ["queue", "wait", "7"],
        ["run", "portrait-basic", "--prompt", "x", "--wait"],
        ["simulator", "--port", "0"],
        ["demo"],
        ["completion", "bash"],
        [],
    ],
    ids=" ".join,
)
def test_what_needs_a_terminal_or_never_ends_is_refused(console, args):
    with pytest.raises(UsageError) as caught:
        console.run(args)
    assert caught.value.code == "cli.not_in_app"


def test_every_refusal_is_about_a_verb_that_there_is():
    known = {*COMMANDS, "demo"}
    assert [verb for verb in REFUSED if verb and verb[0] not in known] == []


@pytest.mark.parametrize(
    ("words", "last", "values"),
    [
        ([], "que", ["queue"]),
        (["config"], "", list(CONFIG_VERBS)),
        (["run"], "--prom", ["--prompt"]),
        (["run"], "portrait", ["portrait-basic"]),
        (["run", "--preset"], "zzz", []),
    ],
)
def test_completion_is_that_of_the_shell(console, words, last, values):
    found = [value for value, _ in console.complete(words, last)]
    assert set(values) <= set(found)
    assert len(values) > 0 or found == []


def test_with_an_embedded_engine_only_what_needs_none(console, engine):
    console._app.embedded = True
    with pytest.raises(UsageError, match="--embedded"):
        console.run(["queue"])
    assert console.run(["config", "path"]).code == 0
    assert engine.calls == []
