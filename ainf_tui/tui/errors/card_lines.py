"""A group of errors as lines: what happened, what it means, what to do, an example, where it leads. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from ainf_tui.display.format import counted, here
from ainf_tui.domain.error_documents import ErrorDetailDocument, ErrorExampleDocument, ErrorGroupDocument
from ainf_tui.domain.errors.remedies import to_type
from ainf_tui.frozen import frozen
from ainf_tui.tui.errors.example_lines import example_lines
from ainf_tui.tui.errors.list import HOURS, age, state_span, times, trend
from ainf_tui.tui.lines import BLANK, Line, fit, line_width, safe, wrap
from ainf_tui.tui.signs import Signs

LABEL = 9
"""Cells of the names of facts."""
Key = Callable[[str], str]
"""The key of an action's id, as people write it."""


@frozen
class Seen:
    """What is shown. `example`: index of the one that is looked at; `folded`: without frames of others."""

    group: ErrorGroupDocument
    detail: ErrorDetailDocument | None = None
    example: int = 0
    folded: bool = True
    error: str = ""
    """Why the detail could not be read."""

    @property
    def examples(self) -> Sequence[ErrorExampleDocument]:
        return self.detail.examples if self.detail is not None else ()

    @property
    def shown(self) -> ErrorExampleDocument | None:
        """The example that is looked at."""
        examples = self.examples
        return examples[min(self.example, len(examples) - 1)] if examples else None


def head_lines(seen: Seen, cells: int, signs: Signs) -> list[Line]:
    """Title, state, counts and trend: three lines and the title's second one."""
    group = seen.group
    titles = wrap(safe(group.title, 300), max(8, cells))[:2]
    state = state_span(group, signs)
    facts: list[tuple[int, Line]] = [
        (0, (state,)),
        (3, ((safe(group.level, 12), "muted"),) if group.level not in {"error", ""} else ()),
        (1, ((f"{times(group.count, signs)} in all", ""),)),
        (2, ((f"{times(group.count_24h, signs)} in 24 h", "muted"),)),
        (4, ((_until(group), "muted"),) if group.state == "muted" else ()),
    ]
    spark = trend(group.trend, HOURS, signs)
    ages: list[tuple[int, Line]] = [
        (2, ((spark, "accent"),) if spark.strip() else ()),
        (0, (("last ", "muted"), (_ago(group.last_seen), ""))),
        (1, (("first ", "muted"), (_ago(group.first_seen), ""))),
    ]
    return [*(((line, "strong"),) for line in titles), fit(facts, cells, 2), fit(ages, cells, 3)]


def _until(group: ErrorGroupDocument) -> str:
    until = group.muted_until
    return "until it is unmuted" if until is None else f"until {here(until):%Y-%m-%d %H:%M}"


def _ago(moment: datetime | None) -> str:
    told = age(moment)
    return f"{told} ago" if told else "never"


def body_lines(seen: Seen, cells: int, signs: Signs, key: Key) -> list[Line]:
    """Everything below the head."""
    lines: list[Line] = []
    for section in (
        _meaning(seen, cells, key),
        _note(seen, cells),
        _links(seen, cells, key),
        _example(seen, cells, signs, key),
        _facts(seen, cells),
    ):
        found = list(section)
        if found:
            lines += [*([BLANK] if lines else []), *found]
    return lines


# -- what it means, and what to do ------------------------------------------------------------------
def _meaning(seen: Seen, cells: int, key: Key) -> Iterator[Line]:
    card = seen.detail.card if seen.detail is not None else None
    if card is None:
        if seen.detail is not None:
            yield (("WHAT IT MEANS", "title"),)
            yield from _text("The playbook does not know this one. The example tells what happened.", cells)
        return
    yield (("WHAT IT MEANS", "title"),)
    yield from _text(card.cause, cells)
    if card.steps or card.action:
        yield BLANK
        yield (("WHAT TO DO", "title"),)
    for number, step in enumerate(card.steps, 1):
        yield from _item(f"{number} ", step, cells)
    if card.action:
        yield BLANK
        name, does = key("errors.fix"), "types " if to_type(card.action) else "runs "
        room = max(1, cells - len(does) - 3)
        yield ((f"{name} ", "key"), (does, "muted"), (safe(card.action, room), "accent"))


def _text(text: str, cells: int) -> Iterator[Line]:
    for line in wrap(safe(text, 2000), cells):
        yield ((line, ""),)


def _item(lead: str, text: str, cells: int) -> Iterator[Line]:
    room = max(2, cells - len(lead))
    for number, line in enumerate(wrap(safe(text, 1000), room)):
        yield ((lead if number == 0 else " " * len(lead), "muted"), (line, ""))


def _note(seen: Seen, cells: int) -> Iterator[Line]:
    note = seen.group.note
    if note:
        yield (("NOTE", "title"),)
        for line in wrap(safe(note, 2000), cells):
            yield ((line, "mark"),)


# -- where it leads ---------------------------------------------------------------------------------
def _links(seen: Seen, cells: int, key: Key) -> Iterator[Line]:
    """`o log comfyui.log   b job #142   B service comfyui`, over as many lines as it takes."""
    group, example = seen.group, seen.shown
    found = [
        ("errors.log", "log", example.file.rpartition("/")[2] if example is not None else ""),
        ("errors.job", "job", f"#{group.job}" if group.job is not None else ""),
        ("errors.service", "service", group.service),
    ]
    row: list[Line] = []
    for action, label, value in found:
        if not value:
            continue
        link: Line = ((f"{key(action)} ", "key"), (f"{label} ", "muted"), (safe(value, 60), ""))
        if row and sum(line_width(part) + 3 for part in row) + line_width(link) > cells:
            yield fit([(0, part) for part in row], cells)
            row = []
        row.append(link)
    if row:
        yield fit([(0, part) for part in row], cells)


def _facts(seen: Seen, cells: int) -> Iterator[Line]:
    yield (("FACTS", "title"),)
    for label, value in _known(seen.group):
        for number, line in enumerate(wrap(safe(value, 300), max(2, cells - LABEL))[:2] if value else ()):
            yield ((("" if number else label).ljust(LABEL), "muted"), (line, ""))


def _known(group: ErrorGroupDocument) -> Iterator[tuple[str, str]]:
    merged = len(group.fingerprints) - 1
    yield "group", f"#{group.id}" + (f", {counted(merged, 'other')} merged into it" if merged > 0 else "")
    yield "source", group.source
    yield "pack", group.pack
    yield "node", " ".join(part for part in (group.node_class, group.node and f"({group.node})") if part)
    yield "backend", "" if group.backend == "default" else group.backend
    yield "run", group.run
    yield "code", group.code


# -- the example ------------------------------------------------------------------------------------
def _example(seen: Seen, cells: int, signs: Signs, key: Key) -> Iterator[Line]:
    example = seen.shown
    if example is None:
        if seen.error:
            yield from (((line, "error"),) for line in wrap(safe(seen.error, 400), cells))
        elif seen.detail is None:
            yield (("reading ...", "muted"),)
        return
    number, count = min(seen.example, len(seen.examples) - 1) + 1, len(seen.examples)
    which = f" {number} of {count}" if count > 1 else ""
    parts: list[tuple[int, Line]] = [
        (0, ((f"EXAMPLE{which}", "title"),)),
        (1, ((f"{here(example.at):%Y-%m-%d %H:%M:%S}", "muted"),)),
    ]
    if count > 1:
        keys = f"{key('errors.previous_example')} {key('errors.next_example')}"
        parts.append((2, ((keys, "key"), (" others", "muted"))))
    if seen.group.sampled:
        parts.append((3, (("not each was kept", "muted"),)))
    yield fit(parts, cells, 2)
    yield from example_lines(example, cells, signs, key("errors.fold"), folds=seen.folded)
