"""The schema revision that this program reads and writes; a module that costs nothing to import."""

from __future__ import annotations

HEAD_REVISION = "0002"
"""The newest revision under `migrations/versions`; a test keeps it true."""
