"""Records of logs on the way out: as text for people, as JSON lines, as the bytes that they were."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from ainf_tui.cli.documents import LogDocument
from ainf_tui.cli.output import Output, encode, show
from ainf_tui.display.format import here
from ainf_tui.domain.errors.fingerprint import failure
from ainf_tui.domain.errors.playbook import Known, Playbook
from ainf_tui.domain.logs.levels import Level
from ainf_tui.domain.logs.records import Record
from ainf_tui.domain.logs.shown import Shown
from ainf_tui.domain.text import storable, storable_json

LINE = 8_000
"""Characters of a line that a terminal is given; a pipe or file gets it whole."""
_BATCH = 65_536
_COLOURS = {Level.DEBUG: "dim", Level.WARNING: "yellow", Level.ERROR: "red", Level.CRITICAL: "red"}
_SOURCES = ("36", "35", "34", "32", "33", "96", "95", "94")
_OWN = frozenset({"seq", "run"})
"""Fields of events.jsonl that say nothing to a person."""


class Printer:
    """Takes records and writes them in batches. With a playbook, what is known of an error follows it."""

    def __init__(
        self,
        out: Output,
        *,
        raw: bool,
        names: Sequence[str],
        playbook: Playbook | None = None,
    ) -> None:
        self._out = out
        self._raw = raw
        self._playbook = playbook
        self._told: set[str] = set()
        self._coloured = out.paint("x", "red") != "x"
        self._limit = LINE if out.interactive else None
        self._heads: dict[str, str] = {}
        self._codes: dict[str, str] = {}
        self._width = max((len(name) for name in names), default=0)
        self._many = len(set(names)) > 1
        self._batch: list[str] = []
        self._bytes: list[bytes] = []
        self._size = 0
        self.count = 0

    def name(self, name: str) -> None:
        """There is another source from now on."""
        self._many = True
        self._width = max(self._width, len(name))
        self._heads.clear()

    def take(self, record: Record, raw: Callable[[], bytes]) -> None:
        self.count += 1
        if self._raw:
            data = raw()
            self._bytes.append(data if data.endswith(b"\n") else data + b"\n")
            self._size += len(data)
        elif self._out.json:
            known = self._known(record)
            self._add(encode(document(record, known.entry.code if known else None)))
        else:
            self._add_text(record)
        if self._size > _BATCH:
            self.flush()

    def flush(self) -> None:
        """Writes what was taken."""
        batch, self._batch = self._batch, []
        raw, self._bytes = self._bytes, []
        self._size = 0
        if batch:
            self._out.line("\n".join(batch))
        if raw:
            self._out.raw(b"".join(raw))

    def _add(self, text: str) -> None:
        self._batch.append(text)
        self._size += len(text)

    def _add_text(self, record: Record) -> None:
        head = self._head(record.source) if self._many else ""
        colour = _COLOURS.get(record.level, "")
        if record.format == "json":
            self._add(head + self._out.paint(self._cut(json_line(record)), colour))
        else:
            for line in record.lines:
                self._add(head + self._line(line, colour))
        if (known := self._known(record)) is not None:
            for number, text in enumerate(self._card(known)):
                self._add(head + self._out.paint(text, "" if number else "bold"))

    def _known(self, record: Record) -> Known | None:
        if self._playbook is None or record.level < Level.WARNING:
            return None
        lines = [record.message] if record.format == "json" else [line.text for line in record.lines]
        return self._playbook.look(lines)

    def _card(self, known: Known) -> Iterator[str]:
        """All of it once, then its name."""
        entry, mark = known.entry, "▶" if self._out.unicode else ">"
        again = entry.code in self._told
        self._told.add(entry.code)
        yield f"  {mark} {known.title} [{entry.code}]{', see above' if again else ''}"
        if not again:
            yield f"    {entry.cause}"
            yield from (f"    - {step}" for step in entry.steps)
            if entry.action:
                yield f"    $ {entry.action}"

    def _head(self, source: str) -> str:
        found = self._heads.get(source)
        if found is None:
            name = f"{source:<{self._width}} {'│' if self._out.unicode else '|'} "
            code = self._codes.setdefault(source, _SOURCES[len(self._codes) % len(_SOURCES)])
            found = f"\x1b[{code}m{name}\x1b[0m" if self._coloured else name
            self._heads[source] = found
        return found

    def _line(self, line: Shown, colour: str) -> str:
        if not (self._coloured and line.spans):
            return self._out.paint(self._cut(line.text), colour)
        parts, place = [], 0
        limit = self._limit or len(line.text)
        for span in line.spans:
            if span.start < limit:
                parts.append(line.text[place : span.start])
                parts.append(f"\x1b[{span.sgr}m{line.text[span.start : min(span.end, limit)]}\x1b[0m")
                place = span.end
        parts.append(line.text[place:limit])
        return "".join(parts) + self._left(line.text)

    def _cut(self, text: str) -> str:
        return (
            text
            if self._limit is None or len(text) <= self._limit
            else text[: self._limit] + self._left(text)
        )

    def _left(self, text: str) -> str:
        over = 0 if self._limit is None else len(text) - self._limit
        return f" ... and {over:,} characters" if over > 0 else ""


def document(record: Record, known: str | None = None) -> LogDocument:
    """The line `ainf.log/1`."""
    return LogDocument(
        source=record.source,
        file=storable(record.file),
        start=record.start,
        end=record.end,
        at=record.at,
        inherited=record.inherited,
        level=record.level.word,
        stated=record.stated,
        format=record.format,
        name=storable(record.name),
        message=storable(record.message),
        text=storable(record.text),
        traceback=record.traceback,
        fields=storable_json(record.fields),
        fingerprint=_fingerprint(record),
        known=known,
    )


def _fingerprint(record: Record) -> str | None:
    if record.level < Level.ERROR:
        return None
    source = record.name if record.format == "json" and record.name else record.source
    return failure(source, record.message, [line.text for line in record.lines]).fingerprint


def json_line(record: Record) -> str:
    """A JSON line as a person reads it."""
    at = "" if record.at is None or record.inherited else f"{here(record.at):%Y-%m-%d %H:%M:%S.%f}"[:-3]
    name = f"{record.name}:" if record.name else ""
    return " ".join(
        part
        for part in (at, record.level.name, show(name), show(record.message, LINE), _fields(record))
        if part
    )


def _fields(record: Record) -> str:
    facts = {name: value for name, value in record.fields.items() if name not in _OWN}
    inner = facts.pop("fields", None)
    facts |= inner if isinstance(inner, dict) else {} if inner is None else {"fields": inner}
    return " ".join(f"{show(name, 100)}={show(_plain(value))}" for name, value in facts.items())


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
