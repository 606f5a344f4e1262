"""Every route of clearing says what it needs: an auditor reads and writes nothing, and only who clears moves money."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from clearing.models import Cycle
from clearing.run.services.cycles import close_cycle
from clearing.settlement.services.own_money import plan_own_money
from clearing.trades.services.orders import order_resolution
from marketplace.api.permissions import declaration_of
from marketplace.kernel.errors import PermissionNeeded
from marketplace.kernel.permissions import permissions_of
from tests.clearing import factories
from tests.participants.factories import Actor, actor_for, client_of

METHODS = ("get", "post", "put", "patch", "delete")


def _patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _patterns(entry)
        else:
            yield entry


def _routes() -> Iterator[tuple[type, str, str]]:
    """Each route of clearing: its view, the HTTP method and the name of the function that answers."""
    for pattern in _patterns(get_resolver("clearing.urls")):
        callback: Any = pattern.callback
        view = callback.cls
        actions = getattr(callback, "actions", None) or {
            name: name for name in METHODS if hasattr(view, name)
        }
        for method, name in actions.items():
            yield view, method.upper(), name


def _module_of(view: type, name: str) -> str:
    """The module of the class that answers: of the rows shown, where a mixin of the framework does."""
    for kind in view.__mro__:
        if name in vars(kind):
            if not kind.__module__.startswith("rest_framework."):
                return kind.__module__
            lower = (base.__module__ for base in view.__mro__ if base.__module__.startswith("marketplace."))
            return next((module for module in lower if not module.startswith("marketplace.api.")), "clearing")
    raise AssertionError(f"{view.__name__} has no {name}")


def test_every_route_of_clearing_is_declared():
    undeclared = set()
    for view, method, name in _routes():
        found = view()
        found.action = name
        if _module_of(view, name).startswith("clearing") and declaration_of(found, method) is None:
            undeclared.add(f"{view.__name__}.{name}")
    assert undeclared == set()


def actor_with(market: factories.Market, *roles: str) -> Actor:
    """Somebody of the operator who holds these roles and has a fresh proof."""
    somebody = actor_for(market.operator)
    return Actor(
        somebody.identifier,
        somebody.role,
        somebody.organisation_id,
        somebody.organisation,
        permissions_of(roles, proved=True, is_operator=True),
        proved_at=somebody.proved_at,
        responsible=somebody.responsible,
    )


@pytest.mark.parametrize(
    "path", ["trial-balance/", "transfer-files/", "bank-entries/", "accounts/", "invoices/"]
)
def test_the_operators_auditor_reads_the_books(market, path):
    assert client_of(market.operator, roles=("auditor",)).get(f"/api/v1/{path}").status_code == 200
    assert client_of(market.operator, roles=("support",)).get(f"/api/v1/{path}").status_code == 403


def test_the_operators_auditor_writes_nothing(market):
    client = client_of(market.operator, roles=("auditor",))
    refused = client.post(f"/api/v1/cycles/{market.cycle.public_id}/close/")
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_needed")
    assert Cycle.objects.count() == 1


def test_who_decides_disputes_or_supports_moves_no_money(market):
    for roles in (("support",), ("admission", "rulebook", "disputes", "owner")):
        other = actor_with(market, *roles)
        with pytest.raises(PermissionNeeded):
            plan_own_money(actor=other, amount_minor=1)
        with pytest.raises(PermissionNeeded):
            close_cycle(actor=other, cycle=market.cycle.public_id)
    with pytest.raises(PermissionNeeded):
        order_resolution(actor=actor_with(market, "clearing"), dispute="dsp_1", outcome="refund", reason="x")
    assert Cycle.objects.count() == 1


def test_roles_of_a_participant_that_touch_no_money_read_none(market):
    party = market.party("buyer")
    client = client_of(party, roles=("engineer",))
    assert client.get("/api/v1/accounts/").status_code == 403
    assert client.get("/api/v1/trades/").status_code == 200
    paid = client_of(party, roles=("auditor",)).post("/api/v1/deposits/", {"amount_minor": 1})
    assert (paid.status_code, paid.json()["code"]) == (403, "permission_needed")
    assert factories.balance(market, "buyer", "deposit") == 0
