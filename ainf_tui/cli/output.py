"""The one door to the terminal: data to stdout, narration to stderr, every outside text made visible."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping
from typing import Any, TextIO

from ainf_tui.errors import AinfError

COLOURS = {"red": "31", "green": "32", "yellow": "33", "dim": "2", "bold": "1"}
_WIDTH_OF_A_PIPE = 120
# JSON lets these stand raw; terminals act on them (C1 controls) or reorder text by them (bidi).
_RISKY = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")


class PipeClosedError(Exception):
    """Whoever read stdout went away; there is nobody left to tell."""


class Output:
    """Writes for people, or JSON for programs if `json` is set.

    With `json`, narration is left out and errors are JSON lines on stderr.
    """

    def __init__(self, stdin: TextIO, stdout: TextIO, stderr: TextIO, environ: Mapping[str, str]) -> None:
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.json = False
        self._environ = environ
        self._mute = False

    # -- what the terminals can do ---------------------------------------------------------------
    @property
    def interactive(self) -> bool:
        """Whether stdout is a terminal."""
        return self.stdout.isatty()

    @property
    def terminal(self) -> bool:
        """Whether a person sits at both ends: keys come from a terminal, and what is shown goes to one."""
        return self.stdin.isatty() and self.stdout.isatty()

    @property
    def draws(self) -> bool:
        """Whether a line that redraws itself may be shown on stderr."""
        return (
            self.stderr.isatty()
            and self._environ.get("TERM", "") != "dumb"
            and not (self.json and self.stdout.isatty())
        )

    def width(self, stream: TextIO | None = None) -> int:
        """Columns of the terminal; `COLUMNS` wins; 120 where the text goes to a pipe or file."""
        given = self._environ.get("COLUMNS", "")
        if given.isdigit() and int(given) > 0:
            return int(given)
        try:
            return os.get_terminal_size((stream or self.stdout).fileno()).columns or _WIDTH_OF_A_PIPE
        except (OSError, ValueError):
            return _WIDTH_OF_A_PIPE

    @property
    def unicode(self) -> bool:
        """Whether the locale is UTF-8 and shows ambiguous glyphs (`●`) one cell wide."""
        env = self._environ
        locale = (env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or "").lower()
        return "utf-8" in locale.replace("utf8", "utf-8") and locale[:2] not in {"zh", "ja", "ko"}

    def paint(self, text: str, colour: str, stream: TextIO | None = None) -> str:
        """The text in a colour of `COLOURS`, if the stream is a terminal that wants colour."""
        target = stream or self.stdout
        env = self._environ
        if not colour or not target.isatty() or env.get("NO_COLOR") or env.get("TERM") == "dumb":
            return text
        return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m"

    # -- data ------------------------------------------------------------------------------------
    def line(self, text: str = "") -> None:
        """A line of data. The caller has made outside text visible (`show`)."""
        self._write(self.stdout, text + "\n")

    def raw(self, data: bytes) -> None:
        """Bytes as they are. For pipes and files: a terminal would obey them."""
        if self.interactive:
            raise ValueError("raw bytes are not for a terminal")
        if hasattr(self.stdout, "buffer"):
            self._write(self.stdout, data)
        else:
            self._write(self.stdout, data.decode("utf-8", "backslashreplace"))

    def emit(self, document: Any, *, pretty: bool | None = None) -> None:
        """A JSON document on stdout, in one line unless a person reads it; UTF-8 whatever the locale."""
        text = encode(document, pretty=self.interactive if pretty is None else pretty)
        self._write(self.stdout, text + "\n", utf8=True)

    # -- narration -------------------------------------------------------------------------------
    def note(self, text: str, colour: str = "") -> None:
        """A line for people on stderr; nothing with `--json`."""
        if not self.json:
            self._narrate(self.paint(text, colour, self.stderr) + "\n")

    def draw(self, text: str) -> None:
        """Control text for the terminal behind stderr (the progress line)."""
        self._narrate(text)

    def error(self, exc: AinfError) -> int:
        """Tells the failure and returns its exit code."""
        if self.json:
            self._narrate(encode({"schema": "ainf.error/1", "error": exc.document()}) + "\n", utf8=True)
        else:
            for number, line in enumerate(exc.message.splitlines() or [exc.code]):
                self.note(f"{'      ' if number else 'ainf: '}{show(line)}", "red")
            for line in exc.hint.splitlines():
                self.note(f"  {show(line)}")
        return exc.exit_code

    def bug(self, exc: BaseException) -> int:
        """An exception nobody expected: its place for the report, then a message like any other."""
        import traceback  # noqa: PLC0415 -- only when there is one to print

        lines = "".join(traceback.format_exception(exc)).splitlines()
        for line in lines:
            self.note(show(line), "dim")
        return self.error(
            AinfError(
                "cli.bug",
                f"this is a fault in ainf: {type(exc).__name__}: {exc}",
                hint="Report it with the lines above; nothing that was stored is affected.",
                details={"traceback": lines},
            )
        )

    def confirm(self, question: str) -> bool:
        """Asks on the terminal; anything but y or yes is no."""
        self.draw(f"{question} [y/N] ")
        return self.stdin.readline().strip().lower() in {"y", "yes"}

    # -- writing ---------------------------------------------------------------------------------
    def _narrate(self, text: str, *, utf8: bool = False) -> None:
        """Stderr that went away (a closed pipe) silences narration and nothing else."""
        if self._mute:
            return
        try:
            self._write(self.stderr, text, utf8=utf8)
        except PipeClosedError:
            self._mute = True

    def _write(self, stream: TextIO, text: str | bytes, *, utf8: bool = False) -> None:
        binary = getattr(stream, "buffer", None)
        try:
            if isinstance(text, bytes):
                stream.flush()
                stream.buffer.write(text)
            elif binary is None:
                stream.write(text)
            else:
                encoding = "utf-8" if utf8 else (stream.encoding or "utf-8")
                stream.flush()
                binary.write(text.encode(encoding, "backslashreplace"))
            stream.flush()
        except OSError as exc:
            if exc.errno in {errno.EPIPE, errno.EIO}:
                raise PipeClosedError from None
            raise AinfError(
                "cli.output",
                f"the output could not be written: {exc.strerror}",
                hint="Make room or choose another place for the output; what was asked may have been done.",
            ) from exc


def show(text: object, limit: int = 4000) -> str:
    """Outside text as one line that no terminal acts upon."""
    from ainf_tui.domain.text import visible  # noqa: PLC0415 -- help needs none of it

    return visible(str(text), limit)


def encode(document: Any, *, pretty: bool = False) -> str:
    """JSON text of a document (dataclasses, datetimes, mappings); NaN becomes null.

    Characters that JSON allows raw and terminals act upon are escaped; a reader sees no difference.
    """
    import msgspec  # noqa: PLC0415 -- help needs none of it

    data = msgspec.json.encode(document)
    text = (msgspec.json.format(data, indent=2) if pretty else data).decode()
    return _RISKY.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
