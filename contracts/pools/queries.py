"""Queries on pools, for other applications too."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from fractions import Fraction
from typing import NamedTuple

from django.db import connection
from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery

from marketplace.kernel.actors import Actor

from .content import Member
from .models import Pool, PoolSignature, PoolVersion
from .states import VersionState


class ShareInForce(NamedTuple):
    """A share in the income of a listing: ``numerator`` of ``denominator``, of an organisation (database key)."""

    organisation_id: int
    numerator: int
    denominator: int


def shares_on(listing: str, day: date) -> list[ShareInForce]:
    """The signed shares in the income of a listing on a day, the lead's among them; they sum to 1, or there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM public.pool_shares_on(%s, %s) ORDER BY organisation_id", [listing, day])
        return [ShareInForce(*row) for row in cursor.fetchall()]


def is_pooled(listing: str) -> bool:
    """Whether a signed pool divides the income of a listing (public identifier)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.is_pooled(%s)", [listing])
        return bool(cursor.fetchone()[0])


def was_pooled(listing: str, at: datetime) -> bool:
    """Whether a pool divides the income of what was concluded over a listing (public identifier) at a moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.was_pooled(%s, %s)", [listing, at])
        return bool(cursor.fetchone()[0])


def unable_to_sign(organisations: Collection[int]) -> set[int]:
    """Those of the organisations (database keys) for which nobody may sign a pool's version now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key FROM unnest(%s::bigint[]) AS key WHERE NOT public.may_sign_pools(key)",
            [list(organisations)],
        )
        return {key for (key,) in cursor.fetchall()}


def signers_of(version: PoolVersion) -> set[int]:
    """The organisations (database keys) that sign a version."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.pool_signers(%s)", [version.pk])
        return {key for (key,) in cursor.fetchall()}


def standing_version(pool: Pool) -> PoolVersion | None:
    """The latest signed version of a pool, which may begin on a later day."""
    return PoolVersion.objects.filter(pool=pool, state=VersionState.SIGNED).order_by("-number").first()


def members_of(version: PoolVersion) -> list[Member]:
    """The members of a version, as its content says."""
    return [
        Member(one["organisation"], Fraction(one["share"]), tuple(one["contributions"]))
        for one in version.content["members"]
    ]


def visible_pools(actor: Actor) -> QuerySet[Pool]:
    """Pools that the actor's organisation leads or is or was a member of; all, for the operator."""
    rows = Pool.objects.all()
    return rows if actor.may_see() else rows.filter(_party(actor)).distinct()


def visible_versions(actor: Actor) -> QuerySet[PoolVersion]:
    """Versions of pools that the actor's organisation leads, that name it, or that would follow a signed one that does; all, for the
    operator. Who is a member no more, or never became one, reads nothing that came after."""
    rows = PoolVersion.objects.select_related("pool").prefetch_related(
        Prefetch("signatures", PoolSignature.objects.order_by("pk"))
    )
    if actor.may_see():
        return rows
    named = PoolVersion.objects.filter(Q(shares__organisation_id=actor.organisation_id)).values("pk")
    signed = PoolVersion.objects.filter(
        pool=OuterRef("pool"), state=VersionState.SIGNED, number__lt=OuterRef("number")
    )
    before = Subquery(signed.order_by("-number").values("pk")[:1])
    return rows.annotate(before=before).filter(
        Q(pool__lead_id=actor.organisation_id) | Q(pk__in=named) | Q(before__in=named)
    )


def _party(actor: Actor) -> Q:
    own = actor.organisation_id
    return Q(lead_id=own) | Q(versions__shares__organisation_id=own)
