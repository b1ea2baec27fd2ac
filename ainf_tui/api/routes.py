"""Routes that are declared where their functions stand, and built with the application they are for.

FastAPI's own router builds a route when it is declared and once more, with the router's prefix, at the first
request; and what a route answers with, which is told in the API's description only (`codec.respond` writes
it), is made ready to be checked each time. For 70 routes that was a fifth of an engine's start, and every
area's first request held up the loop for a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fastapi import FastAPI
from fastapi.params import Depends

from ainf_tui.frozen import frozen

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@frozen
class _Declared:
    method: str
    path: str
    endpoint: Callable[..., Any]
    answer: Any
    responses: dict[int | str, dict[str, Any]]
    tags: tuple[str, ...]
    options: dict[str, Any]


class Routes:
    """Of one area of the API. `tags` and `dependencies` hold for all of them."""

    def __init__(
        self, prefix: str = "", *, tags: Sequence[str] = (), dependencies: Sequence[Depends] = ()
    ) -> None:
        self._prefix = prefix
        self._tags = tuple(tags)
        self._dependencies = tuple(dependencies)
        self._declared: list[_Declared] = []

    def get(self, path: str, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """Decorator; the options are those of FastAPI's `add_api_route`."""
        return self._declare("GET", path, **options)

    def post(self, path: str, **options: Any) -> Callable[[Endpoint], Endpoint]:
        """The same of a route that changes something."""
        return self._declare("POST", path, **options)

    def _declare(
        self,
        method: str,
        path: str,
        *,
        response_model: Any = None,
        responses: dict[int | str, dict[str, Any]] | None = None,
        tags: Sequence[str] = (),
        dependencies: Sequence[Depends] = (),
        **options: Any,
    ) -> Callable[[Endpoint], Endpoint]:
        options["dependencies"] = [*self._dependencies, *dependencies]

        def declare(endpoint: Endpoint) -> Endpoint:
            self._declared.append(
                _Declared(
                    method,
                    self._prefix + path,
                    endpoint,
                    response_model,
                    responses or {},
                    (*self._tags, *tags),
                    options,
                )
            )
            return endpoint

        return declare

    def add_to(self, app: FastAPI, prefix: str) -> None:
        """Builds them to answer."""
        for route in self._declared:
            self._add(app, prefix, route, response_model=None)

    def describe_in(self, app: FastAPI, prefix: str, errors: dict[int | str, dict[str, Any]]) -> None:
        """Builds them to be described, with what they answer and how they fail."""
        for route in self._declared:
            responses = {**errors, **route.responses}
            self._add(app, prefix, route, response_model=route.answer, responses=responses)

    def _add(self, app: FastAPI, prefix: str, route: _Declared, **more: Any) -> None:
        app.add_api_route(
            prefix + route.path,
            route.endpoint,
            methods=[route.method],
            tags=list(route.tags),
            **route.options,
            **more,
        )
