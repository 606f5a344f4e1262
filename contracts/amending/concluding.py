"""Conclude an amendment: the version that both parties signed, its evidence, its event, and what both are told."""

from __future__ import annotations

from marketplace.events.schemas.contracts import AgreementAmended
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.labels import Label
from marketplace.notices import services as notices
from marketplace.notices.texts import Wording

from ..ending.states import EndingState
from ..errors import AgreementEnded, EndingOpen
from ..models import Agreement, AgreementVersion, Instrument, Negotiation
from ..plan import plan_of
from ..pools.queries import was_pooled
from ..states import AgreementState
from ..terms import parse_terms
from .compiling import classes_of, end_as_amended
from .errors import AmendmentOutdated, PooledNotAmended
from .queries import amended_of, amendment_of
from .states import VersionKind

AMENDED = Wording(
    Label("Amended: {agreement}", "契約が変更されました: {agreement}"),
    Label(
        "Both parties signed version {number} of {agreement}. It takes effect on {day}; agreements/{agreement}/versions/ shows what changes.",
        "{agreement} の第{number}版に双方が署名しました。{day} に効力を生じます。変更点は agreements/{agreement}/versions/ で確認できます。",
    ),
)


def require_amendable(agreement: Agreement) -> None:
    """Raise AgreementEnded, EndingOpen or PooledNotAmended unless a locked agreement is in force, its end is not scheduled, and no pool
    divides its price."""
    if agreement.state != AgreementState.IN_FORCE:
        raise AgreementEnded(agreement=agreement.public_id)
    scheduled = agreement.endings.filter(state=EndingState.SCHEDULED).first()
    if scheduled is not None:
        raise EndingOpen(agreement=agreement.public_id, ending=scheduled.public_id)
    # A pool divides what was concluded after its first version was signed; the rest stays the lead's.
    if was_pooled(agreement.listing, agreement.concluded_at):
        raise PooledNotAmended(agreement=agreement.public_id)


def require_signable(negotiation: Negotiation, instrument: Instrument) -> None:
    """Check that what the seller has signed can still become the next version; the agreement is locked until the transaction ends.

    Raises AgreementEnded, EndingOpen, PooledNotAmended, FieldInvalid, and AmendmentOutdated where another version or a charge came first.
    """
    agreement = Agreement.objects.select_for_update(of=("self",)).get(amendments=negotiation)
    require_amendable(agreement)
    negotiation.amends = agreement
    if amended_of(agreement).signed_hash != instrument.said["amends"]["replaces"]:
        raise AmendmentOutdated(negotiation=negotiation.public_id, agreement=agreement.public_id)
    terms = parse_terms(instrument.said["terms"])
    amendment = amendment_of(negotiation, terms, instrument.proposal.effective_on)
    if amendment.as_dict(agreement.public_id) != instrument.said["amends"]:
        raise AmendmentOutdated(negotiation=negotiation.public_id, agreement=agreement.public_id)


def make_version(
    actor: Actor, negotiation: Negotiation, instrument: Instrument, decision: str
) -> AgreementVersion:
    """Write the version that both parties signed; the caller asked ``require_signable``."""
    agreement = negotiation.amends
    assert agreement is not None  # noqa: S101  the caller concludes an amendment
    amended, terms = amended_of(agreement), parse_terms(instrument.said["terms"])
    amendment = amendment_of(negotiation, terms, instrument.proposal.effective_on)
    zone = clock.market_zone()
    return AgreementVersion.objects.create(
        agreement=agreement,
        number=amendment.number,
        kind=VersionKind.AMENDED,
        negotiation=negotiation,
        instrument=instrument,
        signed_hash=instrument.signed_hash,
        effective_on=amendment.effective_on,
        effective_at=amendment.effective_at,
        from_charge=amendment.from_charge,
        ends_at=end_as_amended(amended, terms.rights, zone),
        classes=classes_of(amended, terms, amendment.ends_at, zone),
        decision=decision,
        made_at=clock.now(),
    )


def tell_version(actor: Actor, version: AgreementVersion, told: Wording = AMENDED) -> None:
    """Record a new version, emit agreement.amended, and tell both parties, in the words of ``told``."""
    agreement, plan = version.agreement, plan_of(version.said)
    record(
        kind="contracts.agreement_amended",
        subject=agreement.public_id,
        actor=actor,
        payload={
            "version": version.public_id,
            "number": version.number,
            "signed_hash": version.signed_hash,
            "effective_on": version.effective_on.isoformat(),
            "from_charge": version.from_charge,
            "decision": version.decision,
        },
    )
    emit(
        AgreementAmended(
            agreement=agreement.public_id,
            buyer=agreement.buyer_identifier,
            seller=agreement.seller_identifier,
            agreement_version=version.public_id,
            number=version.number,
            effective_on=version.effective_on.isoformat(),
            effective_at=version.effective_at.isoformat(),
            from_charge=version.from_charge,
            charges=len(plan.money.charges),
            price_minor=plan.money.price_minor,
            currency=plan.money.currency,
            funding_days=plan.money.funding_days,
            ends_at=version.ends_at.isoformat() if version.ends_at else None,
            signed_hash=version.signed_hash,
        )
    )
    wording = told.fill(
        agreement=agreement.public_id, number=str(version.number), day=version.effective_on.isoformat()
    )
    notices.send_notices(
        subject=agreement.public_id, wordings={agreement.buyer_id: wording, agreement.seller_id: wording}
    )
