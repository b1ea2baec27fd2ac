"""A traceback with what matters of it: the program's own frames; those of Python and of packages are counted.

Pure. Which frames are a program's own is said once, in `fingerprint`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ainf_tui.domain.errors.fingerprint import frame_file, is_own


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that stay together: a frame with its source, or what stands between frames.

    `hidden`: frames that are left out here; `lines` is empty then.
    """

    lines: tuple[str, ...] = ()
    own: bool = True
    frame: bool = False
    hidden: int = 0


def parts(lines: Sequence[str]) -> tuple[Part, ...]:
    """All lines, in order, a part a frame. A frame goes on for as long as the lines are indented deeper."""
    found: list[Part] = []
    for line in lines:
        file = frame_file(line)
        if file is not None:
            found.append(Part((line,), own=is_own(file), frame=True))
        elif found and (_of_frame(line, found[-1]) or not (found[-1].frame or line[:1].isspace())):
            last = found[-1]
            found[-1] = Part((*last.lines, line), own=last.own, frame=last.frame)
        else:
            found.append(Part((line,)))
    return tuple(found)


def _of_frame(line: str, part: Part) -> bool:
    return part.frame and _indent(line) > _indent(part.lines[0])


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def folded(lines: Sequence[str]) -> tuple[Part, ...]:
    """Without the frames of others, which are counted where they stood. The innermost frame always stays."""
    whole = parts(lines)
    last = max((number for number, part in enumerate(whole) if part.frame), default=-1)
    return tuple(_fold(whole, last))


def _fold(whole: Sequence[Part], last: int) -> Iterator[Part]:
    hidden = 0
    for number, part in enumerate(whole):
        if part.frame and not part.own and number != last:
            hidden += 1
            continue
        if hidden:
            yield Part(own=False, hidden=hidden)
            hidden = 0
        yield part
