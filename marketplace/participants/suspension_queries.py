"""Queries on suspensions."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import OrganisationSuspended
from marketplace.kernel.guards import sql_list
from marketplace.kernel.prepared import fetch_prepared
from marketplace.kernel.suspensions import HOLDING_PAYMENTS, SuspensionKind

from .models import RoleGrant, Suspension, TrusteeAppointment
from .states import MemberRole, OrganisationState

_UNPAID = """
    SELECT DISTINCT s.organisation_id FROM participants_suspension s
     WHERE s.organisation_id = ANY(%s::bigint[]) AND s.kind = ANY(%s::text[]) AND NOT EXISTS (
        SELECT FROM participants_reinstatement l WHERE l.suspension_id = s.id)
"""


HELD_FROM_PAYMENT = f"""EXISTS (
    SELECT FROM public.participants_suspension s
     WHERE s.organisation_id = {{organisation}} AND s.kind IN ({sql_list(sorted(HOLDING_PAYMENTS))})
       AND NOT EXISTS (SELECT FROM public.participants_reinstatement l WHERE l.suspension_id = s.id))"""  # noqa: S608  our own words
"""The condition for guards of applications above: nothing is paid to ``organisation`` (an SQL expression) without a permission."""

WAS_HELD_FROM_PAYMENT = f"""EXISTS (
    SELECT FROM public.participants_suspension standing
      LEFT JOIN public.participants_reinstatement ended ON ended.suspension_id = standing.id
     WHERE standing.organisation_id = {{organisation}} AND standing.kind IN ({sql_list(sorted(HOLDING_PAYMENTS))})
       AND standing.suspended_at <= {{moment}} AND (ended.id IS NULL OR ended.reinstated_at > {{moment}}))"""
"""The same at a ``moment`` (an SQL expression), for invariants that read history."""


def standing_suspensions(organisation_id: int) -> QuerySet[Suspension]:
    """The suspensions that stand against an organisation, the oldest first."""
    return Suspension.objects.filter(organisation_id=organisation_id, ended_by=None).order_by("pk")


def held_from_payment(organisation_ids: Collection[int]) -> set[int]:
    """Those of the organisations (database keys) to which nothing is paid without a permission of an authority."""
    keys = list(organisation_ids)
    kinds = sorted(HOLDING_PAYMENTS)
    return {row[0] for row in fetch_prepared(_UNPAID, [keys, kinds])} if keys else set()


def require_active(organisation_id: int) -> None:
    """Raise OrganisationSuspended if an organisation is suspended: for what begins something.

    Its row is locked until the transaction ends, so it is not suspended meanwhile.
    """
    rows = fetch_prepared(
        "SELECT public_id, state FROM participants_organisation WHERE id = %s FOR KEY SHARE",
        [organisation_id],
    )
    if rows and rows[0][1] == OrganisationState.SUSPENDED:
        raise OrganisationSuspended(organisation=rows[0][0])


def suspension_reason(suspension: str) -> str:
    """The operator's reason for a suspension (public identifier), for the organisation itself; empty if it has ended."""
    row = Suspension.objects.filter(public_id=suspension, ended_by=None).first()
    return row.reason if row else ""


def visible_suspensions(actor: Actor) -> QuerySet[Suspension]:
    """Suspensions of the actor's organisation, with those that ended; all, for the operator."""
    rows = Suspension.objects.select_related("organisation", "ended_by")
    return rows if actor.may_see() else rows.filter(organisation_id=actor.require_organisation())


def in_insolvency(organisation_id: int) -> bool:
    """Whether a trustee acts for an organisation."""
    return standing_suspensions(organisation_id).filter(kind=SuspensionKind.INSOLVENCY).exists()


def insolvency_without_trustee(organisation_id: int) -> str | None:
    """The suspension (public identifier) by which a trustee alone acts for an organisation that has none; or None."""
    trustees = RoleGrant.objects.filter(
        membership__organisation_id=organisation_id,
        membership__ended_at=None,
        role=MemberRole.TRUSTEE,
        revoked_at=None,
    )
    standing = standing_suspensions(organisation_id).filter(kind=SuspensionKind.INSOLVENCY).first()
    return None if standing is None or trustees.exists() else standing.public_id


def standing_insolvencies(organisation_id: int) -> list[str]:
    """The suspensions (public identifiers) by which a trustee acts for an organisation."""
    rows = standing_suspensions(organisation_id).filter(kind=SuspensionKind.INSOLVENCY)
    return list(rows.values_list("public_id", flat=True))


def visible_trustees(actor: Actor) -> QuerySet[TrusteeAppointment]:
    """Appointments of trustees of the actor's organisation; all, for the operator."""
    rows = TrusteeAppointment.objects.select_related("suspension__organisation")
    return rows if actor.may_see() else rows.filter(suspension__organisation_id=actor.require_organisation())
