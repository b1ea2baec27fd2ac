"""What a running ComfyUI tells of its start: `/internal/logs/raw`, the last 300 writes of its log.

A server that has written more since no longer knows; then the result of the last look is kept, as long as
this engine runs.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping

import httpx

from ainf_tui.adapters.comfy.address import BackendAddress
from ainf_tui.domain.comfyui_log import NodeImport, node_imports

_DEADLINE = 3.0
_LARGEST = 8 << 20


class HttpStartLog:
    """Implements `domain.ports_comfyui.StartLog`."""

    def __init__(self, address: BackendAddress) -> None:
        self._address = address
        self._known: Mapping[str, NodeImport] = {}

    async def imports(self) -> Mapping[str, NodeImport]:
        """UsageError `backend.bad_ca`."""
        context = self._address.ssl_context() or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        headers = self._address.request_headers()
        try:
            async with httpx.AsyncClient(
                timeout=_DEADLINE, headers=headers, trust_env=False, verify=context
            ) as client:
                answer = await client.get(self._address.endpoint("internal/logs/raw"))
                answer.raise_for_status()
                entries = answer.json()["entries"] if len(answer.content) <= _LARGEST else []
                text = "".join(str(entry["m"]) for entry in entries)
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            # It does not run, or has no such route: what it told before is of a start that is over.
            self._known = {}
            return self._known
        self._known = node_imports(text) or self._known
        return self._known
