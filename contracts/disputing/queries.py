"""Queries on disputes, and the evidence of the market about their agreements."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from django.db import connection
from django.db.models import Prefetch, Q, QuerySet

from marketplace.evidence.queries import records_of_both
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.permissions import Permission
from marketplace.participants.people_queries import holds_for_operator

from ..states import DisputeOutcome, DisputeParty
from .guards import cannot_mediate
from .models import Dispute, Mediator, Remedy, Settlement
from .statement_models import DisputeFile, Statement

KINDS: Final = ("contracts.", "delivery.")
"""Records of these are references of a dispute."""
_UNFIT = (
    "SELECT d.public_id FROM contracts_mediator m JOIN contracts_dispute d ON d.id = m.dispute_id"  # noqa: S608  our own words
    " WHERE d.state = 'open' AND m.objected_at IS NULL AND m.relieved_at IS NULL"
    f" AND {cannot_mediate('m.person', 'd')}"
)
"""The disputes whose mediator may not decide them any more."""


def visible_disputes(actor: Actor) -> QuerySet[Dispute]:
    """Disputes over agreements of the actor's organisation, and those that it opened as a third party; all, for the operator."""
    rows = Dispute.objects.select_related("agreement", "third_party").prefetch_related(
        Prefetch("statements", Statement.objects.order_by("pk")),
        Prefetch("files", DisputeFile.objects.defer("content").select_related("dispute").order_by("pk")),
        Prefetch("mediators", Mediator.objects.order_by("pk")),
        Prefetch("settlements", Settlement.objects.order_by("pk")),
        Prefetch("remedies", Remedy.objects.order_by("pk")),
    )
    return rows if actor.may_see() else rows.filter(_side_is(actor))


def visible_dispute_files(actor: Actor) -> QuerySet[DisputeFile]:
    """Files of the disputes that the actor sees, without their content."""
    rows = DisputeFile.objects.defer("content").select_related("dispute")
    return rows if actor.may_see() else rows.filter(_side_is(actor, "dispute__"))


def _side_is(actor: Actor, path: str = "") -> Q:
    own = actor.organisation_id
    return (
        Q(**{f"{path}agreement__buyer_id": own})
        | Q(**{f"{path}agreement__seller_id": own})
        | Q(**{f"{path}third_party_id": own})
    )


def standing_mediator(dispute: Dispute) -> Mediator | None:
    """The mediator of a dispute to whom nobody objected and who was not relieved, locked until the transaction ends; None without one."""
    return dispute.mediators.select_for_update().filter(objected_at=None, relieved_at=None).first()


def may_decide(person: str) -> bool:
    """Whether a person (public identifier) of the operator may decide disputes now."""
    return holds_for_operator(person, Permission.DISPUTES_WRITE)


def may_mediate(mediator: Mediator) -> bool:
    """Whether a mediator may still decide its dispute: it holds the permission, and has declared no interest in a side."""
    return not _found(f"{_UNFIT} AND m.id = %s", [mediator.pk])


def disputes_without_judge(limit: int, but: Collection[str] = ()) -> list[str]:
    """The open disputes (public identifiers) whose mediator may not decide them any more, ``but`` some; the oldest first."""
    return _found(f"{_UNFIT} AND NOT d.public_id = ANY(%s) ORDER BY d.id LIMIT %s", [list(but), limit])


def _found(query: str, values: list[Any]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return [public_id for (public_id,) in cursor.fetchall()]


def is_party(actor: Actor, dispute: Dispute) -> bool:
    """Whether the actor is a party of the agreement, or the operator: a third party does not read what is between them."""
    agreement = dispute.agreement
    return actor.role is not Role.PARTICIPANT or actor.organisation_id in (
        agreement.buyer_id,
        agreement.seller_id,
    )


def stop_of_use(agreement: str) -> str:
    """The last dispute over an agreement (public identifiers) that ended with a stop of its use; "" if none did."""
    ended = Dispute.objects.filter(agreement__public_id=agreement, outcome=DisputeOutcome.STOP_OF_USE)
    return ended.order_by("pk").values_list("public_id", flat=True).last() or ""


def is_stopped_for_breach(dispute: str) -> bool:
    """Whether a stop of use is for what the buyer did: its seller disputed it, so that no time comes back."""
    return Dispute.objects.filter(public_id=dispute, opened_as=DisputeParty.SELLER).exists()


def evidence_of(dispute: Dispute) -> list[dict[str, Any]]:
    """The records of the market about the agreement of a dispute that both its parties may read, oldest first."""
    agreement = dispute.agreement
    records = records_of_both(
        agreement.buyer_identifier,
        agreement.seller_identifier,
        agreement=agreement.public_id,
        subjects=(agreement.public_id, dispute.public_id, agreement.negotiation.public_id),
        kinds=KINDS,
    )
    return [
        {
            "record": record.public_id,
            "kind": record.kind,
            "subject": record.subject,
            "occurred_at": record.occurred_at,
            "sha256": record.payload.get("sha256") or record.payload.get("signed_hash"),
        }
        for record in records
    ]
