"""System checks of the routes: each declares who may call it, and is guarded by what it declares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.checks import CheckMessage, Error
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.permissions import SAFE_METHODS

from .permissions import Keyed, MayCall, Needs, Public, declared_by

PREFIX = "api/"
HINT = "Give the command `needs=`, or its class `reads`: a permission of marketplace/kernel/permissions.py, or PUBLIC."


@dataclass(frozen=True, slots=True)
class Route:
    """One HTTP method of one address of the API: ``action`` is the function of ``view``, a class, that answers it."""

    method: str
    path: str
    name: str
    view: Any
    action: str
    permission_classes: tuple[Any, ...]

    @property
    def needs(self) -> Needs | None:
        """What the route declares, or None."""
        return declared_by(self.view, self.action, self.method)

    @property
    def changes(self) -> bool:
        """Whether its method is one that changes something."""
        return self.method not in SAFE_METHODS


def api_routes() -> list[Route]:
    """Every route of the API, by address and method; HEAD and OPTIONS are those of GET."""
    found = _walk(get_resolver().url_patterns, "")
    return sorted(found, key=lambda route: (route.path, route.method))


def _walk(patterns: Sequence[URLPattern | URLResolver], prefix: str) -> Iterator[Route]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, path)
        elif path.startswith(PREFIX):
            yield from _routes_of(pattern, path)


def _routes_of(pattern: URLPattern, path: str) -> Iterator[Route]:
    callback: Any = pattern.callback
    view = getattr(callback, "cls", None) or getattr(callback, "view_class", callback)
    options = getattr(callback, "initkwargs", None) or getattr(callback, "view_initkwargs", {})
    guards = tuple(options.get("permission_classes", getattr(view, "permission_classes", ())))
    actions = getattr(callback, "actions", None) or {
        method: method for method in ("get", "post", "put", "patch", "delete") if hasattr(view, method)
    }
    for method, action in (actions or {"get": ""}).items():
        if method not in ("head", "options"):
            yield Route(method.upper(), path, pattern.name or "", view, action, guards)


def check_routes(**_options: Any) -> list[CheckMessage]:
    """Routes that nobody may call, because they declare nothing, or whose declaration nothing asks for."""
    return [fault for route in api_routes() for fault in _faults_of(route)]


def _faults_of(route: Route) -> Iterator[CheckMessage]:
    named, needs = f"{route.method} /{route.path}", route.needs
    if needs is None:
        yield Error(f"{named} does not declare who may call it", hint=HINT, id="api.E001")
    elif not _is_guarded(route, needs):
        yield Error(
            f"{named} declares {needs!r}, and its permission classes do not ask for it",
            hint="Leave MayCall in place, and give a class of its own only to a route by key.",
            id="api.E002",
        )


def _is_guarded(route: Route, needs: Needs) -> bool:
    """Whether what the route declares is asked for: by ``MayCall``, or for a key by a class of the route's own."""
    if isinstance(needs, Public):
        return True
    by_declaration = any(issubclass(each, MayCall) for each in route.permission_classes)
    return bool(route.permission_classes) and by_declaration is not isinstance(needs, Keyed)
