"""The system check of the staff's reads: each shows no participant's affairs, or is in the table with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error

from marketplace.api.checks import Route, api_routes
from marketplace.api.permissions import PUBLIC, permissions_in
from marketplace.api.views import MarketReadViewSet
from marketplace.kernel.permissions import OPERATOR_ROLES, RULES, Permission

from .affairs import AFFAIRS, Affairs, affairs_of

NOBODYS_WORK = frozenset(
    permission
    for permission, rule in RULES.items()
    if rule.operator == OPERATOR_ROLES or (rule.participant and rule.operator)
) - {Permission.MONEY_READ}
"""What every role of the operator holds, or both sides do, is no role's own work at the operator. Money is read there by
clearing alone, whose books they are."""
HINT = "Give the route its line in marketplace/access/affairs.py: whose affairs its rows are, or why they are nobody's."
PASSES_BY = ("filter_queryset", "get_object", "paginate_queryset")


def check_affairs(**_options: Any) -> list[CheckMessage]:
    """Reads that staff and participants share and the table does not class, or that pass its gate by; lines without a route."""
    shared = [route for route in api_routes() if not route.changes and is_shared(route)]
    named = {name for route in api_routes() for name in AFFAIRS if _is_of(route.name, name)}
    return [
        *(fault for route in shared for fault in _faults_of(route)),
        *(Error(f"no route is named {name}", id="access.E003") for name in sorted(set(AFFAIRS) - named)),
    ]


def is_shared(route: Route) -> bool:
    """Whether a route is read by a permission that names no role's own work at the operator."""
    return not NOBODYS_WORK.isdisjoint(permissions_in(route.needs or PUBLIC))


def _is_of(route: str, name: str) -> bool:
    return route == name or route.startswith(f"{name}-")


def _faults_of(route: Route) -> Iterator[CheckMessage]:
    affairs, named = affairs_of(route.name), f"{route.method} /{route.path}"
    if affairs is None:
        yield Error(
            f"{named} is read by staff and by participants, and not classed", hint=HINT, id="access.E001"
        )
    elif isinstance(affairs, Affairs) and not _is_gated(route.view):
        yield Error(
            f"{named} shows participants' affairs past the gate of staff accesses",
            hint=f"Let its view be a MarketReadViewSet that leaves {', '.join(PASSES_BY)} as they are.",
            id="access.E002",
        )


def _is_gated(view: Any) -> bool:
    """Whether a view lists and finds its rows through the methods of ``MarketReadViewSet``."""
    return isinstance(view, type) and all(
        getattr(view, method, None) is getattr(MarketReadViewSet, method) for method in PASSES_BY
    )
