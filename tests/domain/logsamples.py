"""Log lines as programs write them, with what they say; times in UTC unless the line names a zone."""

from __future__ import annotations

from datetime import UTC, datetime

from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.records import RawLine

NOW = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)
CLOCK = Clock(NOW, UTC)
TODAY = "2026-11-26T08:11:02"

SAMPLES = [
    # line, format, time, level, name, message
    (
        '{"ts": 1795680662123, "seq": 4, "level": "warning", "service": "comfyui", "message": "it ended"}',
        "json", f"{TODAY}.123", "warning", "comfyui", "it ended",
    ),
    (
        '{"time": "2026-11-26T08:11:02Z", "level": 50, "name": "api", "msg": "boom"}',
        "json", TODAY, "critical", "api", "boom",
    ),
    ("2026-11-26T08:11:02.123Z INFO ainf.engine: started", "python", f"{TODAY}.123", "info",
     "ainf.engine", "started"),
    ("2026-11-26 08:11:02,123 - root - ERROR - no luck", "python", f"{TODAY}.123", "error", "root",
     "no luck"),
    ("2026-11-26 08:11:02 | WARNING  | a.b:run:12 - slow", "python", TODAY, "warning", "a.b:run:12", "slow"),
    ("[2026-11-26 08:11:02.123] [ERROR] no luck", "python", f"{TODAY}.123", "error", "", "no luck"),
    ("2026-11-26 08:11:02 DEBUG queue: empty", "python", TODAY, "debug", "queue", "empty"),
    ("[2026-11-26 08:11:02.123] got prompt", "dated", f"{TODAY}.123", None, "", "got prompt"),
    ("2026-11-26T09:11:02+01:00 box sshd[71]: Accepted", "syslog", TODAY, None, "sshd", "Accepted"),
    ("ERROR:root:no luck", "python", None, "error", "root", "no luck"),
    ('INFO:     127.0.0.1:5 - "GET / HTTP/1.1" 200 OK', "uvicorn", None, "info", "",
     '127.0.0.1:5 - "GET / HTTP/1.1" 200 OK'),
    ("[WARN] low on space", "python", None, "warning", "", "low on space"),
    ("2026-11-26 08:11:02.123 UTC [71] LOG:  ready", "postgresql", f"{TODAY}.123", "info", "", "ready"),
    ('2026-11-26 08:11:02.123 UTC [71] joe@box FATAL:  no role "joe"', "postgresql", f"{TODAY}.123",
     "critical",
     "joe@box", 'no role "joe"'),
    ("71:M 26 Nov 2026 08:11:02.123 # Warning: no memory", "redis", f"{TODAY}.123", "warning", "master",
     "Warning: no memory"),
    ("W1126 08:11:02.123000 71 site-packages/torch/_inductor/utils.py:12] [0/0] Not enough SMs", "glog",
     f"{TODAY}.123", "warning", "site-packages/torch/_inductor/utils.py:12", "[0/0] Not enough SMs"),
    ("[rank0]:[E1126 08:11:02.123 ProcessGroupNCCL.cpp:12] timed out", "glog", f"{TODAY}.123", "error",
     "ProcessGroupNCCL.cpp:12", "timed out"),
    ('time="2026-11-26T08:11:02Z" level=error msg="no \\"luck\\"" code=7', "logfmt", TODAY, "error", "",
     'no "luck"'),
    ("08:11:02-123456 ERROR    no luck", "python", None, "error", "", "no luck"),
    ("[08:11:02] [warning] slow", "python", None, "warning", "", "slow"),
    ("71:C 26 Nov 2026 08:11:02.123 * started", "redis", f"{TODAY}.123", "info", "child", "started"),
    ("Nov 26 08:11:02 box cron[71]: ran", "syslog", TODAY, None, "cron", "ran"),
    ("<11>Nov 26 08:11:02 box app[71]: failed", "syslog", TODAY, "error", "app", "failed"),
    ("<165>1 2026-11-26T08:11:02.123Z box app 71 ID47 - hello", "syslog", f"{TODAY}.123", "info", "app",
     "hello"),
    ("Nov 26 08:11:02 box kernel: NVRM: Xid (PCI:0000:01:00): 79, GPU has fallen off the bus.",
     "kernel", TODAY,
     "error", "kernel", "NVRM: Xid (PCI:0000:01:00): 79, GPU has fallen off the bus."),
    ("[12345.678901] Out of memory: Killed process 71 (python)", "kernel", None, "error", "kernel",
     "Out of memory: Killed process 71 (python)"),
    ("[Thu Nov 26 08:11:02 2026] usb 1-1: new device", "kernel", TODAY, "info", "kernel",
     "usb 1-1: new device"),
    ("Thu Nov 26 08:11:02 2026       ", "nvidia", TODAY, "info", "nvidia-smi", "Thu Nov 26 08:11:02 2026"),
    ("2026/11/26 08:11:02.123, 45, 71 %", "dated", f"{TODAY}.123", None, "", "45, 71 %"),
    (" 35%|###5      | 7/20 [00:01<00:02,  5.1it/s]", "tqdm", None, "info", "",
     "35%|###5      | 7/20 [00:01<00:02,  5.1it/s]"),
    ("got prompt", "comfyui", None, None, "", "got prompt"),
    ("!!! Exception during processing !!! no luck", "comfyui", None, "error", "",
     "!!! Exception during processing !!! no luck"),
]  # fmt: skip


def raw(text: str | bytes, start: int = 0) -> list[RawLine]:
    """The lines of a file."""
    data = text.encode() if isinstance(text, str) else text
    lines = []
    for part in _by_feeds(data):
        lines.append(RawLine(start, start + len(part), part))
        start += len(part)
    return lines


def _by_feeds(data: bytes) -> list[bytes]:
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
