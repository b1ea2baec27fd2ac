"""A log that takes 10,000 lines a second is rotated under whoever follows it: each line is shown once."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from ainf_tui.adapters.logs.views import Desk, Places
from ainf_tui.domain.log_documents import LogOpenRequest, LogPageRequest, LogPlace
from ainf_tui.engine.logs.views import LogViews
from ainf_tui.playbook import playbook

SECONDS, RATE, ROTATIONS = 3.0, 10_000, 5
AINF = (sys.executable, "-m", "ainf_tui")
WRITER = """
import os, shutil, sys, time
path, way, seconds, rate, rotations = sys.argv[1], sys.argv[2], *map(float, sys.argv[3:])
def older():
    for number in range(8, 0, -1):
        if os.path.exists(f"{path}.{number}"):
            os.rename(f"{path}.{number}", f"{path}.{number + 1}")
begin, number, rotated, late = time.monotonic(), 0, 0, None
stream = open(path, "ab", buffering=0)
while (passed := time.monotonic() - begin) < seconds:
    due = int(passed * rate)
    stamp = time.strftime("%Y-%m-%d %H:%M:%S,000")
    stream.write("".join(f"{stamp} INFO worker: number={n}\\n" for n in range(number, due)).encode())
    number = due
    if late is not None and passed > late:
        late, stream = None, open(path, "ab", buffering=0)
    if passed > (rotated + 0.5) * seconds / rotations:
        rotated += 1
        older()
        if way == "copy":
            shutil.copy(path, f"{path}.1")
            os.truncate(path, 0)
        else:
            os.rename(path, f"{path}.1")
            # As a daemon does that is told to open its log anew: some lines still go to the old file.
            late = passed + 0.1
    time.sleep(0.01)
print(number)
"""
_NUMBER = re.compile(r"number=(\d+)")


def written(path: Path, way: str) -> subprocess.Popen[str]:
    words = (str(path), way, str(SECONDS), str(RATE), str(ROTATIONS))
    return subprocess.Popen([sys.executable, "-c", WRITER, *words], stdout=subprocess.PIPE, text=True)


def check_each_once(texts: Iterable[str], count: int) -> None:
    seen = Counter(int(found[1]) for text in texts if (found := _NUMBER.search(text)))
    lost = [number for number in range(count) if not seen[number]]
    twice = [number for number, times in seen.items() if times > 1]
    assert (lost[:5], len(lost), twice[:5], len(twice)) == ([], 0, [], 0)


@pytest.mark.parametrize("way", ["rename", "copy"])
def test_the_command_prints_each_line_once(tmp_path: Path, way: str) -> None:
    path, out = tmp_path / "worker.log", tmp_path / "out"
    path.write_text("2026-01-01 00:00:00,000 INFO worker: first\n")
    with out.open("wb") as stream:
        environ = {**os.environ, "AINF_HOME": str(tmp_path / "home")}
        command = subprocess.Popen([*AINF, "logs", "-f", str(path)], stdout=stream, env=environ)
        while b"first" not in out.read_bytes():
            time.sleep(0.02)
        count = int(written(path, way).communicate()[0])
        wanted, patience = f"number={count - 1}", time.monotonic() + 20
        while wanted not in out.read_text().splitlines()[-1] and time.monotonic() < patience:
            time.sleep(0.1)
        command.send_signal(signal.SIGINT)
        command.wait(10)
    check_each_once(out.read_text().splitlines(), count)


@pytest.mark.parametrize("way", ["rename", "copy"])
async def test_a_view_that_is_looked_at_all_the_time_has_each_line_once(tmp_path: Path, way: str) -> None:
    path, texts = tmp_path / "worker.log", list[str]()
    path.write_text("2026-01-01 00:00:00,000 INFO worker: first\n")
    desk = Desk(Places(tmp_path / "runs", tmp_path / "engine.log", playbook))
    async with LogViews(desk) as views:
        view = (await views.open(LogOpenRequest((str(path),)))).id
        writer, place = written(path, way), LogPlace()
        while True:
            over = writer.poll() is not None
            page = await views.page(view, LogPageRequest(place, after=1000))
            texts += [row.text for row in page.rows]
            place = page.end
            if over and page.bottom:
                break
            await asyncio.sleep(0.0 if not page.bottom else 0.05)
        count = int(writer.communicate()[0])
        check_each_once(texts, count)
        whole, place = list[str](), LogPlace()
        while True:
            page = await views.page(view, LogPageRequest(place, after=1000))
            whole += [row.text for row in page.rows]
            place = page.end
            if page.bottom:
                break
        check_each_once(whole, count)
