"""Open disputes: the buyer over a delivery, the seller over use and payment, a third party over its right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from listings.queries import has_stake
from listings.rights import end_of
from marketplace.events.schemas.contracts import DisputeOpened
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.amounts import require_amount
from marketplace.kernel.canonical import canonical_json
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.texts import stated_text
from marketplace.notices import services as notices
from marketplace.notices.states import TaskKind
from marketplace.notices.texts import fill_label

from ...amending.queries import highest_price
from ...disputing import texts
from ...disputing.errors import DisputedBefore, DisputeLate
from ...disputing.models import Dispute
from ...disputing.rules import (
    AMOUNT_CLAIMS,
    ANSWER_DAYS,
    CLAIMS,
    CLAIMS_MAX,
    DECISION_DAYS,
    REASONS,
    RESPONDENT,
)
from ...errors import AgreementEnded, DisputeAlreadyOpen
from ...models import Agreement
from ...plan import plan_of
from ...states import INSPECTED_ON, AgreementState, DisputeParty, DisputeReason, DisputeState
from ..agreements import locked_agreement
from .sides import sides

TEXT_LENGTH_MAX = 5_000


@transaction.atomic
def open_dispute(
    *,
    actor: Actor,
    agreement: str,
    reason_code: str,
    text: str,
    claims: Sequence[Mapping[str, Any]] = (),
    accepted_at: datetime | None = None,
) -> Dispute:
    """Open a dispute, as the buyer, over a delivery that is inspected: its agreement may be over, if the price was not returned.

    Delivery calls it while it holds the delivery's lock, so either the acceptance or the dispute takes effect; delivery also checks the
    inspection period. ``accepted_at``: when the delivery was accepted, if it was; then within the days of the plan. Emits dispute.opened.
    Raises Missing, Forbidden, AgreementEnded, DisputeAlreadyOpen, DisputedBefore, DisputeLate, FieldInvalid.
    """
    actor.require(Permission.DELIVERIES_ANSWER)
    _check_stated(DisputeParty.BUYER, reason_code, text)
    subject = locked_agreement(actor, agreement)
    if actor.organisation_id != subject.buyer_id:
        raise Forbidden(needed=Label("the buyer", "利用者"))
    if accepted_at is not None:
        _require_in_time(subject, accepted_at)
        _require_new(subject, reason_code, accepted_at)
    return _make_dispute(actor, subject, reason_code, text, claims=claims, accepted_at=accepted_at)


@transaction.atomic
def open_against(
    *,
    actor: Actor,
    agreement: str,
    reason_code: str,
    text: str,
    claims: Sequence[Mapping[str, Any]] = (),
    stake: str = "",
) -> Dispute:
    """Open a dispute as the seller, or, with its ``stake`` in the listing, as a third party. It holds nothing by itself.

    Emits dispute.opened. Raises Missing (also where the agreement or the stake is none of the actor's), Forbidden, AgreementEnded,
    DisputeAlreadyOpen, FieldInvalid.
    """
    actor.require(Permission.DELIVERIES_ANSWER)
    opened_as = DisputeParty.THIRD_PARTY if stake else DisputeParty.SELLER
    _check_stated(opened_as, reason_code, text)
    if not stake:
        subject = locked_agreement(actor, agreement)
        if actor.organisation_id != subject.seller_id:
            raise Forbidden(
                needed=Label(
                    "the seller; the buyer disputes the delivery", "提供者（利用者は提供に対し申し立て）"
                )
            )
        return _make_dispute(actor, subject, reason_code, text, opened_as=opened_as, claims=claims)
    of_stake = Agreement.objects.select_for_update().filter(public_id=agreement).first()
    own = actor.organisation_id
    if (
        of_stake is None
        or own in (of_stake.buyer_id, of_stake.seller_id)
        or not has_stake(stake=stake, listing=of_stake.listing, holder=str(actor.organisation))
    ):
        raise Missing(kind="agreement", identifier=agreement)
    return _make_dispute(
        actor,
        of_stake,
        reason_code,
        text,
        opened_as=opened_as,
        claims=claims,
        third_party_id=own,
        stake=stake,
    )


@transaction.atomic
def dispute_mismatch(*, actor: Actor, agreement: str, text: str) -> Dispute:
    """Open a dispute over a hash that the buyer reported and that is not that of what was sent, as delivery compared them.

    Delivery calls it while it holds the delivery's lock, as the buyer or, for a report that waited, as the system. Emits
    dispute.opened. Raises Missing, AgreementEnded, DisputeAlreadyOpen, PermissionNeeded.
    """
    actor.require(Permission.DELIVERIES_ANSWER)
    subject = locked_agreement(actor, agreement)
    return _make_dispute(actor, subject, DisputeReason.DAMAGED, text)


def _make_dispute(
    actor: Actor,
    subject: Agreement,
    reason_code: str,
    text: str,
    *,
    opened_as: DisputeParty = DisputeParty.BUYER,
    claims: Sequence[Mapping[str, Any]] = (),
    third_party_id: int | None = None,
    **facts: Any,
) -> Dispute:
    agreement, now = subject.public_id, clock.now()
    if subject.state == AgreementState.TERMINATED and subject.termination_reason not in INSPECTED_ON:
        raise AgreementEnded(agreement=agreement)
    known_dispute = subject.disputes.filter(
        state=DisputeState.OPEN, opened_as=opened_as, third_party_id=third_party_id
    ).first()
    if known_dispute is not None:
        raise DisputeAlreadyOpen(agreement=agreement, dispute=known_dispute.public_id)
    dispute = Dispute.objects.create(
        agreement=subject,
        opened_as=opened_as,
        third_party_id=third_party_id,
        reason_code=reason_code,
        text=text.strip(),
        claims=_checked_claims(opened_as, claims, highest_price(subject)),
        opened_by=actor.identifier,
        opened_at=now,
        answer_by=_days_after(now, ANSWER_DAYS),
        decide_by=_days_after(now, DECISION_DAYS),
        **facts,
    )
    record(
        kind="contracts.dispute_opened",
        subject=dispute.public_id,
        actor=actor,
        payload={
            "agreement": agreement,
            "opened_as": opened_as.value,
            "reason_code": reason_code,
            "text_commitment": commitment_to(dispute.salt, dispute.text),
            "claims_commitment": commitment_to(dispute.salt, canonical_json(dispute.claims).decode()),
        },
    )
    emit(
        DisputeOpened(
            dispute=dispute.public_id,
            agreement=agreement,
            buyer=subject.buyer_identifier,
            seller=subject.seller_identifier,
            reason_code=reason_code,
            opened_as=opened_as.value,
        )
    )
    notices.open_task(
        organisation_id=sides(dispute, subject)[RESPONDENT[opened_as]],
        kind=TaskKind.ANSWER,
        subject=dispute.public_id,
        thread=dispute.public_id,
        title=fill_label(texts.ANSWER, dispute=dispute.public_id, agreement=agreement),
        deadline=dispute.answer_by,
    )
    return dispute


def days_in_plan(agreement: Agreement) -> int | None:
    """Calendar days after acceptance within which the buyer may still dispute, as the signed plan says; None if it says nothing."""
    deadlines = plan_of(agreement.instrument.said).deadlines
    return next((deadline.amount for deadline in deadlines if deadline.what == "dispute"), None)


def _days_after(moment: datetime, days: int) -> datetime:
    """The end of the last day, in Japan, of a period that does not count its first."""
    return end_of(moment.astimezone(clock.market_zone()), f"P{days}D").astimezone(UTC)


def _require_in_time(agreement: Agreement, accepted_at: datetime) -> None:
    days = days_in_plan(agreement)
    if days is None or clock.now() >= _days_after(accepted_at, days):
        raise DisputeLate(agreement=agreement.public_id, days=str(days or 0))


def _require_new(agreement: Agreement, reason_code: str, accepted_at: datetime) -> None:
    """Otherwise a buyer could hold money for ever with what was decided, settled or withdrawn."""
    before = agreement.disputes.filter(
        opened_as=DisputeParty.BUYER, reason_code=reason_code, accepted_at=accepted_at
    ).exclude(state=DisputeState.OPEN)
    if (known := before.first()) is not None:
        raise DisputedBefore(agreement=agreement.public_id, dispute=known.public_id)


def _check_stated(opened_as: DisputeParty, reason_code: str, text: str) -> None:
    known = [reason.value for reason, (_, parties) in REASONS.items() if opened_as in parties]
    if reason_code not in known:
        listed = ", ".join(known)
        raise FieldInvalid("reason_code", Label(f"specify one of {listed}", f"{listed} から選んでください"))
    check_text("text", text)


def check_text(name: str, text: str) -> str:
    """The text as it is kept; raises FieldInvalid."""
    return stated_text(name, text, TEXT_LENGTH_MAX)


def _checked_claims(
    opened_as: DisputeParty, claims: Sequence[Mapping[str, Any]], price_minor: int
) -> list[dict[str, Any]]:
    """The claims as they are kept, each once; raises FieldInvalid."""
    known = CLAIMS[opened_as]
    names = [str(claim.get("claim")) for claim in claims]
    if len(claims) > CLAIMS_MAX or set(names) - set(known) or len(set(names)) < len(names):
        listed = ", ".join(known)
        raise FieldInvalid(
            "claims", Label(f"ask for some of {listed}, each once", f"{listed} から各一回まで選んでください")
        )
    checked = []
    for name, claim in zip(names, claims, strict=True):
        amount_minor = claim.get("amount_minor")
        if (amount_minor is not None) != (name in AMOUNT_CLAIMS):
            raise FieldInvalid(
                "claims",
                Label(
                    f"state an amount with {', '.join(AMOUNT_CLAIMS)}, and with no other",
                    f"金額は {', '.join(AMOUNT_CLAIMS)} にのみ記載してください",
                ),
            )
        if amount_minor is not None:
            require_amount("claims", amount_minor)
        if name == "reduction" and amount_minor is not None and amount_minor > price_minor:
            raise FieldInvalid(
                "claims", Label("ask for no more than the price", "減額は対価の額以下にしてください")
            )
        checked.append({"claim": name, "amount_minor": amount_minor})
    return checked
