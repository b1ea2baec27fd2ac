"""The lines of the detail: what they tell, that they fit, and that no outside text gets through raw."""

from __future__ import annotations

import dataclasses
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ainf_tui.domain.documents import (
    AttemptDocument,
    NodeDocument,
    NodeProgressDocument,
    OutputDocument,
    ProblemDocument,
)
from ainf_tui.tui.lines import line_width
from ainf_tui.tui.queue.detail_facts import Fact
from ainf_tui.tui.queue.detail_lines import Seen, body_lines, head_lines, two_columns
from ainf_tui.tui.signs import Signs
from tests.fakes.job_details import detail_of, whole_job
from tests.fakes.rows import row_of

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
CREATED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
UNICODE, ASCII = Signs(), Signs(unicode=False)


def node(number, state, title="Sampler", **fields):
    return NodeProgressDocument(str(number), title, "KSampler", state, **fields)


def seen(detail: dict[str, Any] | None = None, **fields):
    job = whole_job(fields.pop("number", 1), fields.pop("state", "queued"), **fields)
    return Seen(row_of(job), detail_of(job, **(detail or {})))


def text(lines):
    return "\n".join("".join(part for part, _ in line) for line in lines)


def flat(lines):
    return " ".join(text(lines).split())


def head(shown, cells=80, signs=UNICODE):
    return text(head_lines(shown, cells, signs, NOW))


def body(shown, cells=80, signs=UNICODE):
    return text(body_lines(shown, cells, signs, NOW))


def test_title_has_pack_character_and_number():
    first = head(seen(pack="portrait", character="lena", number=142)).split("\n")[0]
    assert first.startswith("portrait  lena")
    assert first.endswith("#142")
    assert len(first) == 80


def test_a_running_job_tells_node_step_rate_and_eta_with_its_basis():
    shown = seen(
        state="running",
        started_at=CREATED,
        node=NodeDocument("3", "Sampler", "KSampler"),
        step=14,
        steps=30,
        progress=0.58,
        rate=2.1,
        eta=21.0,
        eta_basis="the last 12 jobs",
    )
    lines = head(shown).split("\n")
    assert lines[1] == "Sampler   14/30   2.1 it/s   0:21   by the last 12 jobs"
    assert lines[2].endswith(" 58%")
    assert "█" in lines[2]
    assert "#" in head(shown, signs=ASCII).split("\n")[2]


def test_what_is_not_known_is_a_dash_and_zero_is_zero():
    shown = seen(state="running", started_at=CREATED, params={"cfg": 0, "steps": None})
    assert head(shown).split("\n")[2].endswith(f" {UNICODE.unknown}")
    told = flat(body_lines(shown, 40, UNICODE, NOW))
    assert "cfg 0" in told
    assert f"steps {UNICODE.unknown}" in told


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("pending", "○ Sampler"),
        ("running", "● Sampler 3/20"),
        ("finished", "✓ Sampler"),
        ("cached", "✓ Sampler cached"),
        ("failed", "✖ Sampler"),
        ("interrupted", f"{UNICODE.unknown} Sampler"),
        ("unknown", "◌ Sampler"),
        ("of tomorrow", "◌ Sampler"),
    ],
)
def test_each_state_of_a_node_has_its_glyph(state, told):
    shown = seen({"nodes": (node(1, state, value=3, max=20),)})
    assert told in head(shown).split("\n")


def test_like_neighbours_are_one_part_and_too_many_lines_are_cut():
    nodes = (node(1, "finished", "CLIP"), node(2, "finished", "CLIP"), node(3, "pending", "CLIP"))
    assert f"✓ CLIP {UNICODE.times}2   ○ CLIP" in head(seen({"nodes": nodes}))
    many = tuple(node(number, "pending", f"node number {number}") for number in range(100))
    lines = head(seen({"nodes": many})).split("\n")
    assert len(lines) == 5
    assert lines[-1].endswith("…")


def test_the_topic_is_newer_than_what_was_fetched():
    shown = seen(
        {"nodes": (node(1, "running", "A", value=5, max=5), node(2, "pending", "B"))}, state="running"
    )
    live = replace(shown.detail.job, node=NodeDocument("2", "B", "X"), step=1, steps=4)
    assert "✓ A   ● B 1/4" in head(replace(shown, live=live))


def test_an_error_tells_message_node_cause_and_what_next():
    error = ProblemDocument(
        "comfyui.out_of_memory",
        "CUDA out of memory",
        "use a smaller size",
        NodeDocument("6", "Decode", "VAEDecode"),
        {"exception_type": "torch.OutOfMemoryError", "traceback": ["  File x"]},
    )
    told = body(seen(state="failed", error=error, finished_at=CREATED))
    first = told.split("\n")[0]
    assert first == "✖ CUDA out of memory"
    for part in (
        "6  Decode (VAEDecode)",
        "torch.OutOfMemoryError",
        "use a smaller size",
        "comfyui.out_of_memory",
    ):
        assert part in told


def test_the_traceback_is_folded_and_leaves_libraries_out():
    frames = [
        '  File "/comfy/execution.py", line 1, in run\n    work()\n',
        '  File "/venv/lib/python3.11/site-packages/torch/nn.py", line 2, in g\n    deep()\n',
    ]
    error = ProblemDocument("x.y", "failed", details={"traceback": frames})
    shown = seen(state="failed", error=error)
    assert "▸ traceback  1 frame, 1 of libraries left out" in body(shown)
    assert "work()" not in body(shown)
    opened = body(replace(shown, unfolded=True))
    assert "work()" in opened
    assert "deep()" not in opened


def test_a_long_message_is_folded_too():
    error = ProblemDocument("x.y", "\n".join(f"line {number}" for number in range(40)))
    shown = seen(state="failed", error=error)
    assert "line 11" in body(shown)
    assert "line 12" not in body(shown)
    assert "28 more lines" in body(shown)
    assert "line 39" in body(replace(shown, unfolded=True))


def rich():
    """A job with a lot to tell."""
    attempt = AttemptDocument(
        1, "p-1", "gpu", "lost", "the server restarted", NOW, NOW, NOW + timedelta(seconds=9)
    )
    newest = replace(
        attempt, ordinal=2, state="running", peak_vram=2**30, comfyui_version="0.8", device="cuda:0"
    )
    return seen(
        {"models": ({"input": "4.ckpt_name", "name": "real.safetensors", "sha256": "3f9a" * 16},)},
        blocked="the disk is full",
        warnings=(ProblemDocument("w.x", "a branch was dropped", "look at it"),),
        attempts=(attempt, newest),
        outputs=(OutputDocument("/out/a.png", "images", 1536, "ab" * 32, "7"),),
        params={"width": 1024, "height": 768, "sampler": "euler", "scheduler": "normal", "strength": 0.5},
        seed=7,
        seed_mode="fixed",
        batch={"id": "b", "index": 1, "count": 4},
        sweep={"cfg": 7},
        retry_of=9,
        priority=-3,
        backend="gpu",
        backend_pin="gpu",
        position=2,
    )


def test_everything_else_stands_somewhere():
    told = flat(body_lines(rich(), 50, UNICODE, NOW))
    for part in (
        *("waits the disk is full", "▲ a branch was dropped", "the server restarted", "0:09", "7 fixed"),
        *(
            f"1024{UNICODE.times}768",
            "euler / normal",
            "strength 0.5",
            "real.safetensors sha 3f9a3f9a3f9a",
            "2 of 4",
            "cfg=7",
        ),
        *(
            "#9",
            "priority -3",
            "gpu pinned to gpu",
            "position 2",
            "a.png",
            "1.5K",
            "/out",
            "1.0G",
            "ComfyUI 0.8",
        ),
    ):
        assert part in told, part


def test_facts_stand_in_two_columns_where_there_is_room():
    facts = [Fact("a", "1"), Fact("b", "2"), Fact("long", "x" * 45), Fact("c", "3")]
    wide = text(two_columns(facts, 60)).split("\n")
    assert len(wide) == 3
    assert wide[0].split() == ["a", "1", "b", "2"]
    assert len(text(two_columns(facts, 40)).split("\n")) == 5


JOINERS = set("\u200c\u200d")
HOSTILE = st.sampled_from(
    [
        "",
        "[/x]",
        "[bold]",
        "\x1b]52;c;YQ==\x07",
        "\u202eabc",
        "a\nb\tc",
        "漢字" * 30,
        "e\u0301" * 40,
        "x" * 3000,
    ]
) | st.text(max_size=60)


def hostile(value, draw):
    """The value with every text in it replaced, however deep."""
    if isinstance(value, str):
        return draw(HOSTILE)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: hostile(getattr(value, f.name), draw) for f in dataclasses.fields(value)}
        return replace(value, **fields)
    if isinstance(value, dict):
        return {hostile(key, draw): hostile(item, draw) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(hostile(item, draw) for item in value)
    return value


def full():
    """A detail with something in every field."""
    place = NodeDocument("3", "title", "cls")
    problem = ProblemDocument(
        "a.b", "message", "hint", place, {"exception_type": "E", "traceback": ["a", "b"]}
    )
    filled: dict[str, Any] = dict.fromkeys(
        ("prompt_id", "backend", "backend_pin", "eta_basis", "seed_text", "preset", "character", "blocked"),
        "text",
    )
    job = whole_job(
        **filled,
        state="running",
        node=place,
        error=problem,
        warnings=(problem,),
        attempts=(AttemptDocument(1, "p", "b", "lost", "why", NOW, NOW, NOW, 1.0, "v", "d", 1),),
        outputs=(OutputDocument("/a/b", "images", 1, "sha", "7"),),
        params={"prompt": "p", "negative": "n", "sampler": "s", "other": "o", "checkpoint": "c"},
        sweep={"a": "b"},
        batch={"id": "b", "index": 0, "count": "n"},
    )
    models = ({"input": "i", "name": "n", "sha256": "s"},)
    nodes = tuple(node(number, "running", "t", value=1, max=3) for number in range(3))
    return job, detail_of(job, models=models, nodes=nodes, pack_version="1", graph_hash="h")


@given(data=st.data(), cells=st.integers(1, 130), unfolded=st.booleans())
@settings(max_examples=60, deadline=None)
def test_outside_text_is_never_raw_and_every_line_fits(data, cells, unfolded):
    job, detail = full()
    shown = Seen(
        hostile(row_of(job), data.draw),
        hostile(detail, data.draw) if data.draw(st.booleans()) else None,
        hostile(job, data.draw) if data.draw(st.booleans()) else None,
        unfolded=unfolded,
        error=data.draw(HOSTILE),
    )
    for line in [*head_lines(shown, cells, UNICODE, NOW), *body_lines(shown, cells, UNICODE, NOW)]:
        assert line_width(line) <= cells
        for part, _ in line:
            acts = {c for c in part if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} - JOINERS
            assert not acts, part
