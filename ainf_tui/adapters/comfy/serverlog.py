"""What a ComfyUI keeps of its own log in memory: `/internal/logs/raw`, else `/internal/logs`. Blocking."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import httpx

from ainf_tui.adapters.comfy.address import BackendAddress
from ainf_tui.domain.logs.recent import Write, offset_of
from ainf_tui.errors import AinfError

_DEADLINE = 5.0
_LARGEST = 8 << 20


class ServerLog:
    """Of one server. Close it."""

    def __init__(self, name: str, address: BackendAddress) -> None:
        self._name = name
        self._address = address
        self._offset: str | None = None
        """Of its times from UTC; None: not looked for so far."""
        self._client = httpx.Client(
            timeout=_DEADLINE,
            headers=address.request_headers(),
            trust_env=False,
            verify=address.ssl_context() or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        )

    def close(self) -> None:
        self._client.close()

    def writes(self) -> Sequence[Write]:
        """All that it keeps. AinfError `logs.backend_away`: it does not answer, or not so."""
        try:
            answer = self._client.get(self._address.endpoint("internal/logs/raw"))
            if answer.status_code == httpx.codes.NOT_FOUND:
                return self._plain()
            answer.raise_for_status()
            self._check(answer)
            writes = [Write(str(entry["t"]), str(entry["m"])) for entry in answer.json()["entries"]]
            if self._offset is None:
                # Once: what was shown keeps its time.
                ended = self._ended()
                self._offset = "" if ended is None else offset_of(writes, ended)
            return [replace(write, at=write.at + self._offset) for write in writes]
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise self._away(error) from error

    def _ended(self) -> datetime | None:
        """When its newest prompt ended, in UTC: nothing else that it answers tells of its zone."""
        answer = self._client.get(self._address.endpoint("history"), params={"max_items": "1"})
        if answer.status_code != httpx.codes.OK:
            return None
        self._check(answer)
        told = [
            facts["timestamp"] / 1000
            for prompt in answer.json().values()
            for _, facts in (prompt.get("status") or {}).get("messages", ())
            if "timestamp" in facts
        ]
        return datetime.fromtimestamp(max(told), UTC) if told else None

    def _plain(self) -> Sequence[Write]:
        """Of a server that tells no times: its lines."""
        answer = self._client.get(self._address.endpoint("internal/logs"))
        answer.raise_for_status()
        self._check(answer)
        return [Write("", line) for line in str(answer.json()).splitlines(keepends=True)]

    def _check(self, answer: httpx.Response) -> None:
        if len(answer.content) > _LARGEST:
            raise ValueError("its answer is too large")

    def _away(self, error: Exception) -> AinfError:
        why = str(error) or type(error).__name__
        return AinfError(
            "logs.backend_away",
            f"the log of {self._name} cannot be asked for now: {why}",
            hint="It is asked again each second. `ainf status` tells whether it answers.",
        )
