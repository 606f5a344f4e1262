"""Queries on the keys of organisations."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from marketplace.evidence.signatures import SignatureInvalid, verify
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.invariants import BREACHES_SHOWN_MAX
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import RULES, Permission
from marketplace.kernel.prepared import fetch_prepared

from .models import Application, OrganisationKey, RoleGrant
from .signing_keys import detached_faults

_LIVE = """
    SELECT id, public_id, public_jwk::text FROM participants_organisationkey
     WHERE kid = %s AND organisation_id = %s AND revoked_at IS NULL FOR SHARE
"""


def visible_keys(actor: Actor) -> QuerySet[OrganisationKey]:
    """The keys of the actor's organisation, live and revoked; all, for the operator."""
    rows = OrganisationKey.objects.select_related("organisation", "replaces")
    return rows if actor.may_see() else rows.filter(organisation_id=actor.require_organisation())


def unproved_keys() -> list[dict[str, Any]]:
    """Keys whose challenge is not the market's, or whose proof does not verify; all are verified again."""
    breaches: list[dict[str, Any]] = []
    rows = OrganisationKey.objects.select_related("organisation").order_by("pk")
    for row in rows.iterator(chunk_size=500):
        try:
            claims = verify(row.challenge)
        except SignatureInvalid:
            claims = {}
        of = {"organisation": row.organisation.public_id, "kid": row.kid}
        if not of.items() <= claims.items() or detached_faults(
            row.proof, row.challenge.encode(), row.public_jwk
        ):
            breaches.append({"key": row.public_id})
        if len(breaches) >= BREACHES_SHOWN_MAX:
            break
    return breaches


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A live key of an organisation, locked until the transaction ends, so that it is not revoked meanwhile."""

    id: int
    public_id: str
    jwk: dict[str, str]


def lock_live_key(kid: str, organisation_id: int) -> SigningKey | None:
    """The live key of an organisation with this thumbprint; None if it has none."""
    found = fetch_prepared(_LIVE, [kid, organisation_id])
    return SigningKey(found[0][0], found[0][1], json.loads(found[0][2])) if found else None


def live_key_of(public_id: str, organisation_id: int) -> OrganisationKey:
    """A live key of an organisation, locked until the transaction ends; raises Missing."""
    rows = OrganisationKey.objects.select_for_update(no_key=True)
    row = rows.filter(public_id=public_id, organisation_id=organisation_id, revoked_at=None).first()
    if row is None:
        raise Missing(kind="key", identifier=public_id)
    return row


def lock_program(public_id: str, organisation_id: int, scope: Permission) -> int:
    """The database key of a program of an organisation that has a scope, locked until the transaction ends.

    Raises Missing, and FieldInvalid if the program lacks the scope.
    """
    rows = Application.objects.select_for_update(no_key=True)
    row = rows.filter(public_id=public_id, organisation_id=organisation_id, revoked_at=None).first()
    if row is None:
        raise Missing(kind="application", identifier=public_id)
    if scope not in row.scopes:
        raise FieldInvalid(
            "program",
            Label(f"it lacks the scope {scope.value}", f"スコープ {scope.value} がありません"),
        )
    return int(row.pk)


def is_signatory(organisation_id: int, person: str) -> bool:
    """Whether a person (public identifier) whose login is not locked is a member of an organisation who may sign now."""
    return RoleGrant.objects.filter(
        membership__organisation_id=organisation_id,
        membership__user__public_id=person,
        membership__user__is_active=True,
        membership__ended_at=None,
        role__in=RULES[Permission.CONTRACTS_SIGN].participant,
        revoked_at=None,
    ).exists()
