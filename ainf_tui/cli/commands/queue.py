"""`ainf queue`: its verbs."""

from __future__ import annotations

import click

from ainf_tui.cli.lazy import LazyGroup

_LOOK = "ainf_tui.cli.commands.queue_look"
_STEER = "ainf_tui.cli.commands.queue_steer"

VERBS = {
    "list": (f"{_LOOK}:list_jobs", "The jobs, in the order in which they run."),
    "show": (f"{_LOOK}:show_job", "Everything about one job."),
    "wait": ("ainf_tui.cli.commands.queue_wait:wait_jobs", "Wait for jobs, or until nothing is left to do."),
    "cancel": (f"{_STEER}:cancel", "Cancel jobs, waiting or running."),
    "retry": (f"{_STEER}:retry", "New jobs from ended ones."),
    "hold": (f"{_STEER}:hold", "Keep waiting jobs from being sent."),
    "release": (f"{_STEER}:release", "Let held jobs go on."),
    "pause": (f"{_STEER}:pause", "Send nothing more; what runs goes on."),
    "resume": (f"{_STEER}:resume", "Send again."),
    "move": (f"{_STEER}:move", "Change the order of waiting jobs."),
    "clear": (f"{_STEER}:clear", "Take ended jobs off the list; their files stay."),
}


@click.group("queue", cls=LazyGroup, lazy=VERBS, default="list", short_help="List, watch and steer jobs.")
def queue() -> None:
    """List, watch and steer jobs. JOB is a number (`142`), an id, or the beginning of an id."""
