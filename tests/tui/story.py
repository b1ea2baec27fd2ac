"""A person's half hour with the app, as data: keys, what the screen shows then, and what the engine says.

`tests/tui/test_story.py` plays it at three sizes; `docs/pictures.py` plays it, too, and makes the pictures
of `docs/app.md` on the way. Nothing here waits for time to pass: the simulator stops in the middle of each
picture until the story lets it go, so the screens are the same in every run.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ainf_tui.domain.documents import JobDocument
from ainf_tui.domain.requests import RunRequest
from tests.fakes.terminal import Terminal
from tests.faults.box import Box
from tests.faults.processes import AINF, ROOT

Jobs = Mapping[int, JobDocument]
"""By number; all that there are."""

SECONDS = 20.0
STOP_AT = 22
"""Step of 30 at which a picture stops until it is let go."""
SIM_WORDS = ("--step-seconds", "0.02", "--preview-method", "auto", "--node-seconds", "VAEDecode=0.01")
SETTINGS = {"AINF_QUEUE_MAX_ATTEMPTS": "1", "TZ": "UTC"}
FAILING = "VAEDecode"
"""The class that runs out of memory in the job that was there before."""


@dataclass(frozen=True, slots=True)
class Typed:
    """Text, where the other words of a step are names of keys."""

    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """Keys, then what comes of them: patterns on the screen, and the engine's jobs."""

    keys: Sequence[str | Typed]
    shows: Sequence[str] = ()
    engine: Callable[[Jobs], bool] = field(default=lambda _: True)
    gone: Sequence[str] = ()
    """Patterns that are on the screen no more."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the story. `name` is that of its picture, taken at its end."""

    name: str
    steps: Sequence[Step]


def listed(*numbers: int) -> str:
    """A pattern: these jobs stand in the list, one under the other."""
    return "^" + r".*\n".join(rf"[▸ ][◆ ] *{number} [^ \\w] " for number in numbers)


def states(jobs: Jobs, state: str) -> set[int]:
    return {number for number, job in jobs.items() if job.state == state}


def in_order(jobs: Jobs, *numbers: int) -> bool:
    """Whether the waiting ones would run in this order."""
    waiting = [job for job in jobs.values() if job.state == "queued" and not job.held]
    return [job.number for job in sorted(waiting, key=lambda job: job.position or 0)] == list(numbers)


PROMPT = "a red bicycle in the rain"

STAGES: tuple[Stage, ...] = (
    Stage(
        "dashboard",
        (Step((), (r"1 Dashboard +2 Queue", r"Nothing is queued", r"ERRORS  24 h +1 new", r"✖ .*portrait")),),
    ),
    Stage("queue", (Step(("2",), (r"QUEUE +0 open", r"^▸ +1 ✖ failed ")),)),
    Stage(
        "new-run",
        (
            Step(("a",), (r"New run of what\?",)),
            Step((Typed("portrait"),), (r"^ *│ *▸ portrait +",)),
            Step(("enter",), (r"NEW RUN +portrait, a preset of portrait-basic",)),
            Step(
                (Typed(PROMPT), *["tab"] * 2, Typed("7"), *["tab"] * 9, "backspace", Typed("8")),
                (r"8 jobs, seeds 7 to 14", rf"ainf run portrait-basic .*{PROMPT}"),
            ),
        ),
    ),
    Stage(
        "queued",
        (
            Step(
                ("ctrl+s",),
                (r"QUEUE +8 open", r"Queued #2 to #9\.", listed(2, 3, 4, 5, 6, 7, 8, 9, 1)),
                lambda jobs: states(jobs, "running") == {2} and states(jobs, "submitted") == {3},
            ),
        ),
    ),
    Stage(
        "watch",
        (
            Step(
                ("g", "enter"),
                (r"esc back", rf"Sampler +{STOP_AT}/30", r"✓ Checkpoint", PROMPT, r"seed +7", "▀▀▀"),
            ),
        ),
    ),
    Stage(
        "cancel",
        (
            Step(("escape",), (r"^▸ +2 ● running",), gone=(r"esc back",)),
            Step(("c",), (r"Cancel #2 portrait-basic", r"Cancel the job")),
        ),
    ),
    Stage(
        "retry",
        (
            Step(("right", "enter"), (listed(9, 2, 1),), lambda jobs: jobs[2].state == "cancelled"),
            Step(("G", "k"), (r"^▸ +2 . cancelled",)),
            Step(
                ("t",),
                (r"1 job queued again", listed(3, 4, 5, 6, 7, 8, 9, 10, 2, 1)),
                lambda jobs: jobs[10].retry_of == 2 and jobs[10].seed == 7,
            ),
        ),
    ),
    Stage(
        "reorder",
        (
            Step(("k",), (r"^▸ +10 ○ queued",)),
            Step(("K",), (listed(8, 10, 9, 2),), lambda jobs: in_order(jobs, 5, 6, 7, 8, 10, 9)),
            Step(("k",), (r"^▸ +8 ○ queued",)),
            Step(("K",), (listed(6, 8, 7, 10, 9, 2),), lambda jobs: in_order(jobs, 5, 6, 8, 7, 10, 9)),
        ),
    ),
    Stage(
        "hold",
        (Step(("z",), (r"1 held", listed(9, 8, 2), r"^▸ +8 . held"), lambda jobs: jobs[8].held),),
    ),
    Stage(
        "filter",
        (Step(("/", Typed("state:failed"), "enter"), (r"/state:failed +1 match", r"^▸ +1 ✖ failed")),),
    ),
    Stage(
        "error",
        (Step(("enter",), (r"esc back", r"✖ failed", r"node .*Decode \(VAEDecode\)", r"out of memory")),),
    ),
    Stage(
        "copy",
        (
            Step(("y",), (r"Copy of #1", r"error .*out_of_memory")),
            Step(("enter",), (r"Sent .* to the terminal",)),
        ),
    ),
    Stage(
        "mark",
        (
            Step(("escape",), (r"/state:failed",), gone=(r"esc back",)),
            Step(("escape",), (listed(3, 4, 5, 6, 7, 10, 9, 8, 2, 1),)),
            Step(
                ("g", "j", "j", "space", "space", "space"), (r"3 marked", r"^ ◆ +5 ", r"^ ◆ +6 ", r"^ ◆ +7 ")
            ),
            Step(("c",), (r"Cancel 3 jobs \(#5, #6, #7\)\?",)),
        ),
    ),
    Stage(
        "cancelled",
        (
            Step(
                ("right", "enter"),
                (listed(3, 4, 10, 9, 8), r"QUEUE +4 open"),
                lambda jobs: states(jobs, "cancelled") == {2, 5, 6, 7},
            ),
        ),
    ),
)
"""Up to the moment when the person leaves, with work waiting."""

RETURN = Stage(
    "return",
    (Step((), (r"QUEUE +0 open", r"1 held", r"^. +8 . held", r"^▸ +10 ✓ succeeded")),),
)
"""The app opened again, when all has gone on."""


class Story(Box):
    """A box on which the story is told, by `tell`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, sim_words=SIM_WORDS, settings=SETTINGS)
        self.keeping = False

    def app(self, size: tuple[int, int], *words: str) -> Terminal:
        """`ainf` in a terminal of its own."""
        return Terminal([sys.executable, *AINF, *words], size=size, env=self.env(), cwd=ROOT)

    async def jobs(self) -> Jobs:
        from ainf_tui.domain.requests import JobQuery

        page = await self.client.jobs.list(JobQuery(kind="all", limit=500))
        return {job.number: job for job in page.jobs}

    async def until(self, true: Callable[[Jobs], bool]) -> Jobs:
        """All jobs, once it holds of them; AssertionError with what they are if it does not."""
        give_up = time.monotonic() + SECONDS
        while not true(jobs := await self.jobs()):
            told = [(j.number, j.state, j.held, j.position, j.error) for j in jobs.values()]
            assert time.monotonic() < give_up, f"not within {SECONDS:g} s; {told}"
            await asyncio.sleep(0.03)
        return jobs

    async def submit_some(self, count: int) -> None:
        """Short ones."""
        values: dict[str, str | int] = {"prompt": PROMPT, "steps": 4, "width": 256, "height": 256}
        request = RunRequest(str(uuid.uuid4()), preset="portrait", values=values, count=count, seed="7")
        await self.client.jobs.submit(request)

    async def stop_in_the_middle(self) -> None:
        await self.sim.faults(hold_at_step=STOP_AT)

    async def go_on(self) -> None:
        await self.sim.faults(hold_at_step=None, release=True)

    async def play(self, terminal: Terminal, stage: Stage) -> None:
        """Presses the keys of each step and waits for what must come of them."""
        for step in stage.steps:
            for key in step.keys:
                if isinstance(key, Typed):
                    terminal.type(key.text)
                else:
                    terminal.press(key)
            for pattern in step.shows:
                await asyncio.to_thread(terminal.wait_text, pattern, SECONDS)
            for pattern in step.gone:
                await asyncio.to_thread(terminal.expect(_without(pattern)).wait, SECONDS)
            await self.until(step.engine)


def _without(pattern: str) -> Callable[[str], bool]:
    def gone(text: str) -> bool:
        return re.search(pattern, text) is None

    return gone


@asynccontextmanager
async def prepared(folder: Path) -> AsyncIterator[Story]:
    """The box before the story: an engine, and one job that has failed."""
    async with Story(folder) as story:
        await story.start_engine()
        await story.sim.faults(oom={"class": FAILING, "count": 1})
        request = RunRequest(
            str(uuid.uuid4()), preset="product", values={"prompt": "a brass compass", "steps": 4}, seed="3"
        )
        await story.client.jobs.submit(request)
        await story.until(lambda jobs: jobs[1].state == "failed")
        await story.stop_in_the_middle()
        yield story
