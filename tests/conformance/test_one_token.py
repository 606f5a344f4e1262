"""Whatever routes one credential of the operator calls, in whatever order: it acts as nobody else, and is nobody's second.

Every route is tried with the example of the OpenAPI document and with none, about rows of each kind, and nothing is taken back.
Nothing waits for a second person when it begins: whatever is done by two afterwards, it did alone.
"""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.db.models import Model
from oauth2_provider.models import get_access_token_model

from contracts.models import (
    Agreement,
    Attachment,
    Mandate,
    MessageDisclosure,
    PrivateNote,
    Proposal,
    Signature,
)
from delivery.models import Download, Voucher
from marketplace.access.models import AccessDeferral, StaffAccess
from marketplace.api.openapi import openapi_document
from marketplace.approvals.models import Approval
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.identifiers import IdentifierField
from marketplace.participants.models import (
    Application,
    LoginLock,
    Membership,
    OrganisationKey,
    OwnerRecovery,
    PayoutAccountChange,
    RoleGrant,
    Session,
    TrusteeAppointment,
    User,
)
from marketplace.registration.models import Registration
from marketplace.rules.models import Halt
from marketplace.webhooks.models import Webhook, WebhookSecret

from . import (
    examples_access,
    examples_clearing,
    examples_market,
    examples_participants,
    examples_people,
    examples_standing,
    examples_trading,
)
from .callers import Caller
from .matrix import send
from .requests import ROUTES, Request
from .world import World

pytestmark = pytest.mark.django_db

ORDERS = 2
NOT_TRIED = {"POST cycles/{}/dry-run/", "POST members/leave/"}
"""The one reads in a transaction of its own; after the other the credential is good for nothing."""
# What a person of the operator may do alone, of what these tables hold: webhooks of the operator's own organisation, and
# programs of it, which only read.
ITS_OWN = (Application, Webhook, WebhookSecret)
NEVER_MADE: tuple[type[Model], ...] = (
    User,
    Membership,
    RoleGrant,
    Session,
    get_access_token_model(),
    Mandate,
    MessageDisclosure,
    OrganisationKey,
    Signature,
    Proposal,
    PrivateNote,
    Attachment,
    Agreement,
    Download,
    Voucher,
)
ARRANGED = (
    examples_trading.requested,
    examples_trading.offered,
    examples_trading.agreed,
    examples_trading.entitlement,
    examples_trading.received,
    examples_trading.draft_version,
    examples_participants.admission,
    examples_participants.program,
    examples_participants.screened,
    examples_participants.suspended,
    examples_people.lock,
    examples_people.recovery,
    examples_standing.account_change,
    examples_standing.insolvent,
    examples_market.webhook,
    examples_market.notice,
    examples_market.task,
    examples_market.halt,
    examples_clearing.confirm,
    examples_access.opened,
    examples_access.deferred,
    examples_clearing.notice,
)


def known_identifiers() -> dict[str, str]:
    """The newest identifier of each prefix."""
    found = {}
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, IdentifierField):
                newest = model._default_manager.order_by("-pk").values_list(field.name, flat=True).first()
                if newest is not None:
                    found[field.prefix] = str(newest)
    return found


def with_known(value: Any, known: dict[str, str]) -> Any:
    """``value`` with every identifier in it replaced by one that exists."""
    if isinstance(value, dict):
        return {key: with_known(each, known) for key, each in value.items()}
    if isinstance(value, list):
        return [with_known(each, known) for each in value]
    if isinstance(value, str) and (match := re.fullmatch(r"([a-z]{2,4})_[0-9A-Za-z]+", value)):
        return known.get(match.group(1), value)
    return value


def bodies() -> dict[str, list[Any]]:
    """The example bodies of the OpenAPI document, by the names of the routes."""
    found: dict[str, list[Any]] = {}
    for path, operations in json.loads(openapi_document())["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            name = f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path).removeprefix('/api/v1/')}"
            found[name] = [each["value"] for each in content.get("examples", {}).values()]
    return found


def things(name: str) -> list[str]:
    """What the path of a route can name: the newest rows of its model."""
    view = ROUTES[name].view
    model = getattr(getattr(view, "queryset", None), "model", None)
    if "{}" not in name or model is None:
        return ["x"]
    field = getattr(view, "lookup_field", "pk")
    return [str(key) for key in model._default_manager.order_by("-pk").values_list(field, flat=True)[:3]]


def requests(known: dict[str, str]) -> list[tuple[str, Request]]:
    """Every route, about each thing that it can name, with each body."""
    documented = bodies()
    return [
        (name, Request(ids=(thing, thing), body=with_known(body, known)))
        for name in ROUTES
        if name not in NOT_TRIED
        for thing in things(name)
        for body in ([*documented.get(name, []), {}] if ROUTES[name].changes else [None])
    ]


def counted() -> dict[str, int]:
    """How many rows there are of what one credential of the operator never makes."""
    return {model.__name__: model._default_manager.count() for model in NEVER_MADE}


def of_others(operator: int) -> dict[str, int]:
    """How many programs and webhooks there are of others."""
    return {
        "programs": Application.objects.exclude(organisation=operator).count(),
        "webhooks": Webhook.objects.exclude(organisation_id=operator).count(),
        "secrets": WebhookSecret.objects.exclude(webhook__organisation_id=operator).count(),
    }


def done_by_two() -> dict[str, int]:
    """What only two people bring about."""
    return {
        "approved": Approval.objects.filter(state="approved").count(),
        "accepted": Registration.objects.filter(state="accepted").count(),
        "released": LoginLock.objects.exclude(released_at=None).count(),
        "recovered": OwnerRecovery.objects.exclude(confirmed_at=None).count(),
        "appointed": TrusteeAppointment.objects.exclude(user=None).count(),
        "accounts": PayoutAccountChange.objects.filter(state="confirmed", is_registered=False).count(),
        "lifted": Halt.objects.exclude(lifted_at=None).count(),
        "deferred": StaffAccess.objects.exclude(approved_by="").count() + AccessDeferral.objects.count(),
        "reinstated": EvidenceRecord.objects.filter(kind="participants.participant_reinstated").count(),
    }


def token_of(world: World, kind: str) -> Caller:
    name = {"person": "operator: everything", "program": "operator: program that reads"}[kind]
    return next(each for each in world.callers if each.name == name)


@pytest.mark.parametrize("kind", ["person", "program"])
def test_one_credential_of_the_operator_acts_as_nobody_else(books, kind):
    world = books
    for arrange in ARRANGED:
        arrange(world)
    operator = world.of("operator").pk
    before = counted() | of_others(operator) | done_by_two()
    caller, tried = token_of(world, kind), requests(known_identifiers())
    assert len(tried) > len(ROUTES)
    statuses: set[int] = set()
    for seed in range(ORDERS):
        random.Random(seed).shuffle(tried)
        for name, request in tried:
            savepoint = transaction.savepoint()
            answer = send(name, request, caller)
            statuses.add(answer.status)
            assert answer.status < 500, (name, request, answer.text)
            if answer.status >= 400:
                # As a request's own transaction does, which a fault of the database would break off.
                transaction.savepoint_rollback(savepoint)
    assert {200, 403, 404} <= statuses
    after = counted() | of_others(operator) | done_by_two()
    # Sessions may end: one person locks a login on suspicion.
    assert {name: count for name, count in after.items() if count > before[name]} == {}
