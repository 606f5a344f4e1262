"""Settle disputes: one side proposes, the other reads the consequences and accepts, and they are carried out as agreed."""

from __future__ import annotations

from datetime import UTC
from typing import Any, Final

from django.db import transaction

from listings.rights import end_of
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.amounts import require_amount
from marketplace.kernel.aside import Loop
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.errors import FieldInvalid, Forbidden
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.notices import services as notices
from marketplace.notices.states import TaskKind
from marketplace.notices.texts import fill_label

from ...amending.queries import version_in_force
from ...disputing import texts
from ...disputing.consequences import consequences_of
from ...disputing.errors import NoSettlement, SettlementOpen
from ...disputing.models import Dispute, Settlement
from ...disputing.rules import SETTLEMENT_DAYS, SETTLEMENTS
from ...disputing.states import SettlementState
from ...ending.queries import charge_due, returned_by_charge
from ...errors import ConsequencesChanged
from ...models import Agreement
from ...plan import build_plan
from ...states import DISPUTE, DisputeOutcome, DisputeParty, label_of
from ...terms import parse_terms
from .deciding import end_dispute, require_possible
from .settlement_moves import move_settlement, record_settlement
from .sides import locked_dispute, opposite, side_of, sides, tell

LAPSE: Final = Loop("contracts.lapse_settlements")
BATCH: Final = 200
ANOTHER_PERSON: Final = Label(
    "a signatory of the other side who did not propose it", "提案した者以外の相手方署名権者"
)


@transaction.atomic
def propose_settlement(
    *,
    actor: Actor,
    dispute: str,
    outcome: str,
    amount_minor: int | None = None,
    damages_minor: int | None = None,
) -> Dispute:
    """Propose, as a side's signatory, how an open dispute ends: one of ``rules.SETTLEMENTS``, with its amount without tax.

    ``damages_minor``: a sum outside the market, which is recorded. The other side answers within ``SETTLEMENT_DAYS``. Raises Missing,
    IllegalTransition, Forbidden, SettlementOpen, FieldInvalid, PermissionNeeded, ProofNeeded, and as ``deciding.require_possible``.
    """
    actor.require(Permission.CONTRACTS_SIGN)
    actor.require_person()
    agreement, subject = locked_dispute(actor, dispute)
    side = side_of(actor, subject, agreement)
    DISPUTE.target(state=subject.state, command="settle", role=side.value)
    other = opposite(side, subject)
    known = SETTLEMENTS[DisputeParty(subject.opened_as)]
    if outcome not in known:
        listed = ", ".join(known)
        raise FieldInvalid("outcome", Label(f"specify one of {listed}", f"{listed} から選んでください"))
    require_possible(subject, agreement, DisputeOutcome(outcome), amount_minor, settled=True)
    if damages_minor is not None:
        require_amount("damages_minor", damages_minor)
    if waiting := subject.settlements.filter(state=SettlementState.PROPOSED).first():
        raise SettlementOpen(dispute=dispute, settlement=waiting.public_id)
    consequences = _consequences(subject, agreement, outcome, amount_minor, damages_minor)
    now = clock.now()
    row = Settlement.objects.create(
        dispute=subject,
        party=side,
        outcome=outcome,
        amount_minor=amount_minor,
        damages_minor=damages_minor,
        consequences=consequences,
        digest=digest_of(consequences),
        proposed_by=actor.identifier,
        proposed_at=now,
        respond_by=end_of(now.astimezone(clock.market_zone()), f"P{SETTLEMENT_DAYS}D").astimezone(UTC),
    )
    record_settlement(row, subject, actor)
    _ask(row, subject, agreement, side, other)
    return subject


def _consequences(
    dispute: Dispute,
    agreement: Agreement,
    outcome: str,
    amount_minor: int | None,
    damages_minor: int | None,
) -> dict[str, Any]:
    said = version_in_force(agreement).said
    return consequences_of(
        dispute=dispute.public_id,
        agreement=agreement.public_id,
        content=said,
        # A plan that was signed before disputes could end so does not say it.
        plan=build_plan(parse_terms(said["terms"])),
        outcome=outcome,
        amount_minor=amount_minor,
        damages_minor=damages_minor,
        returned_minor=returned_by_charge(agreement).get(charge_due(agreement, dispute.opened_at), 0),
    )


def _ask(
    settlement: Settlement, dispute: Dispute, agreement: Agreement, side: DisputeParty, other: DisputeParty
) -> None:
    notices.open_task(
        organisation_id=sides(dispute, agreement)[other],
        kind=TaskKind.ANSWER,
        subject=settlement.public_id,
        thread=settlement.public_id,
        title=fill_label(texts.ANSWER_SETTLEMENT, dispute=dispute.public_id),
        deadline=settlement.respond_by,
    )
    wording = texts.PROPOSED.fill(
        dispute=dispute.public_id,
        party=label_of(DisputeParty, side).as_dict(),
        outcome=label_of(DisputeOutcome, settlement.outcome).as_dict(),
        respond_by=settlement.respond_by.isoformat(),
    )
    tell(dispute, agreement, wording, but=side)


@transaction.atomic
def accept_settlement(*, actor: Actor, dispute: str, digest: str) -> Dispute:
    """Accept, as the other side's signatory, the settlement whose consequences have this ``digest``; the dispute ends so.

    Emits dispute.resolved. Raises Missing, IllegalTransition, NoSettlement, ConsequencesChanged, Forbidden, PermissionNeeded,
    ProofNeeded, and as ``deciding.require_possible``.
    """
    actor.require(Permission.CONTRACTS_SIGN)
    actor.require_person()
    agreement, subject, row, side = _waiting(actor, dispute)
    if actor.identifier == row.proposed_by:
        raise Forbidden(needed=ANOTHER_PERSON.as_dict())
    standing = _consequences(subject, agreement, row.outcome, row.amount_minor, row.damages_minor)
    if not row.digest == digest == digest_of(standing):
        raise ConsequencesChanged(agreement=agreement.public_id)
    require_possible(subject, agreement, DisputeOutcome(row.outcome), row.amount_minor, settled=True)
    move_settlement(
        row, subject, actor=actor, command="accept", role=side.value, answered_by=actor.identifier
    )
    end_dispute(
        subject,
        agreement,
        actor=actor,
        command="settle",
        role=side.value,
        outcome=DisputeOutcome(row.outcome),
        amount_minor=row.amount_minor,
        finding=f"和解 / settled ({row.public_id})",
    )
    return subject


@transaction.atomic
def refuse_settlement(*, actor: Actor, dispute: str) -> Dispute:
    """Refuse, as the other side, what is proposed; the dispute goes on. Raises Missing, IllegalTransition, NoSettlement, Forbidden."""
    actor.require(Permission.NEGOTIATIONS_SETTLE, Permission.CONTRACTS_SIGN)
    _, subject, row, side = _waiting(actor, dispute)
    move_settlement(row, subject, actor=actor, command="refuse", role=side.value)
    return subject


def _waiting(actor: Actor, dispute: str) -> tuple[Agreement, Dispute, Settlement, DisputeParty]:
    """The agreement, the dispute and what waits for the actor's side in it, all locked; raises NoSettlement."""
    agreement, subject = locked_dispute(actor, dispute)
    side = side_of(actor, subject, agreement)
    DISPUTE.target(state=subject.state, command="settle", role=side.value)
    row = subject.settlements.select_for_update().filter(state=SettlementState.PROPOSED).first()
    if row is None or opposite(side, subject) != row.party or clock.now() >= row.respond_by:
        raise NoSettlement(dispute=dispute)
    return agreement, subject, row, side


def lapse_settlements() -> int:
    """Close proposals that were not answered in time; returns how many."""
    due = Settlement.objects.filter(state=SettlementState.PROPOSED, respond_by__lte=clock.now())
    rows = due.exclude(public_id__in=LAPSE.standing_aside()).order_by("pk")
    return LAPSE.each(rows.values_list("public_id", flat=True)[:BATCH], _lapse)


@transaction.atomic
def _lapse(public_id: str) -> bool:
    of = Settlement.objects.filter(public_id=public_id).values_list("dispute__public_id", flat=True).get()
    _, dispute = locked_dispute(SYSTEM, of)
    row = Settlement.objects.select_for_update().get(public_id=public_id)
    if row.state != SettlementState.PROPOSED:
        return False
    move_settlement(row, dispute, actor=SYSTEM, command="lapse", role="system")
    return True
