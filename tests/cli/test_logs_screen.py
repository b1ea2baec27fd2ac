"""`ainf logs` on a terminal opens the screen of logs; what says how to print prints."""

from __future__ import annotations

import io

import pytest

from ainf_tui.cli.app import App
from ainf_tui.cli.main import run
from ainf_tui.cli.output import Output
from ainf_tui.domain.log_documents import LogFilter


class Tty(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def logs(tmp_path):
    """Runs `ainf logs ...` on a terminal: (exit code, what the screen was opened with, what was printed)."""
    file = tmp_path / "x.log"
    file.write_text("2026-01-01 00:00:00 INFO one\n2026-01-01 00:00:01 ERROR two\n")

    def ran(*words, tty=True):
        opened = []

        def screen(_app, sources, filters):
            opened.append((tuple(sources), list(filters)))
            return 0

        stdout = Tty() if tty else io.StringIO()
        app = App(
            Output(Tty(), stdout, io.StringIO(), {"NO_COLOR": "1"}),
            environ={"AINF_HOME": str(tmp_path)},
            open_logs=screen,
        )
        code = run(["logs", *words, str(file)], app)
        return code, [(sources == (str(file),), filters) for sources, filters in opened], stdout.getvalue()

    return ran


def test_a_person_gets_the_screen_with_what_was_chosen_as_its_filters(logs):
    chosen = ("--level", "error", "--since", "2026-01-01", "--grep", "t.o", "-i", "--source", "x.log")
    assert logs(*chosen) == (
        0,
        [
            (
                True,
                [
                    LogFilter("level", "error"),
                    LogFilter("since", "2026-01-01"),
                    LogFilter("in", "t.o", regex=True),
                    LogFilter("source", "x.log"),
                ],
            )
        ],
        "",
    )


@pytest.mark.parametrize("words", [("--print",), ("-n", "5"), ("--explain",), ("--json",)])
def test_what_says_how_to_print_prints(logs, words):
    code, opened, printed = logs(*words)
    assert (code, opened) == (0, [])
    assert "two" in printed


def test_a_pipe_gets_the_lines(logs):
    code, opened, printed = logs(tty=False)
    assert (code, opened, "two" in printed) == (0, [], True)


def test_what_is_not_there_is_said_without_a_screen(logs):
    assert logs("/nowhere.log")[:2] == (4, [])
    assert logs("--since", "soon")[:2] == (2, [])
