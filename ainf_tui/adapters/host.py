"""What the machine says of itself. Blocking: call it in a thread."""

from __future__ import annotations

import os
import platform
import shutil
import socket
from pathlib import Path
from typing import Any

import psutil


def host_facts(outputs: Path) -> dict[str, Any]:
    """Name, system, processors, memory (bytes), and the disk that holds the outputs (bytes)."""
    memory = psutil.virtual_memory()
    folder = next((p for p in (outputs, *outputs.parents) if p.exists()), Path("/"))
    disk = shutil.disk_usage(folder)
    return {
        "name": socket.gethostname(),
        "os": platform.system(),
        "release": platform.release(),
        "cpus": os.cpu_count(),
        "load": [round(value, 2) for value in os.getloadavg()],
        "memory_total": memory.total,
        "memory_available": memory.available,
        "outputs": str(outputs),
        "disk_total": disk.total,
        "disk_free": disk.free,
    }
