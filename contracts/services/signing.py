"""Sign contracts: the seller signs first, then the buyer, whose signature concludes the agreement."""

from __future__ import annotations

from typing import Any

from listings.payability import require_payable
from listings.states import SignatureLevel
from marketplace.cases.queries import allowed_decisions
from marketplace.cases.services import drop_cases
from marketplace.cases.states import CaseKindCode
from marketplace.events.schemas.contracts import AgreementConcluded, Beneficiary
from marketplace.events.services import emit_all
from marketplace.evidence.services import Fact, record_all
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.prepared import insert_prepared
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.states import advance
from marketplace.participants.services import lock_limits
from marketplace.rules import services as rules
from marketplace.rules.queries import reasons_read
from marketplace.rules.services import DecisionView
from marketplace.rules.states import Outcome
from quality.queries import currentness_bp

from .. import queries
from ..amending.concluding import make_version, require_signable, tell_version
from ..commissions.classing import require_classed
from ..commissions.paper import given_terms
from ..errors import ConclusionRefused, PurposeNotAgreed, SignedHashMismatch
from ..law.in_force import law_of
from ..locks import CONCLUSION_LOCK
from ..models import Agreement, Instrument, Negotiation, Signature
from ..plan import Plan, compile_plan, plan_of
from ..pools.queries import is_pooled
from ..renewing.moves import follow_renewal
from ..renewing.terms import POOLED as POOLED_RENEWAL
from ..renewing.terms import is_automatic
from ..signed_object import Subject
from ..states import METHODS_AT_LEVEL, NEGOTIATION, Party
from ..terms import Terms, parse_terms
from .attesting import Attestation, attest
from .authority import commit_party
from .exclusivity import granted_once, require_grantable
from .holds import held
from .moves import (
    change_state,
    identifier_of,
    locked,
    move,
    move_event,
    move_fact,
    open_until,
    record_move,
    require_buyer_and_seller,
    require_move,
    require_turn,
    role_in,
)

POOLED = Label(
    "the members of a pool divide the price of this listing: name no other beneficiaries",
    "この商品の対価は共同提供の構成員に配分されます。他の受益者は指定できません",
)
NOT_CURRENT = Label(
    "the data is less current than the quality clause promises, or its listing states no interval of updates",
    "データの最新性が品質条項の約束を下回っているか、更新間隔が示されていません",
)


def sign(*, actor: Actor, negotiation: str, signed_hash: str | None = None) -> Negotiation:
    """Sign the contract for the actor's organisation, by the market's signature on a person's instruction (立会人型).

    The person proved a second factor within ten minutes, and the signature names it. The seller signs first, over the
    current terms; the buyer's signature then concludes the agreement, if the rules allow it. ``signed_hash``, needed where
    the other side has added annexes, is the hash of the contract that the party has read. Emits negotiation.moved and, on conclusion, agreement.concluded. Raises
    ExclusivelyGranted, GrantedToOthers, PermissionNeeded, ProofNeeded, Forbidden, Missing, IllegalTransition, ListingWithdrawn, NegotiationExpired, NotAdmitted,
    OrganisationSuspended, PurposeNotAgreed, SignedHashMismatch, SignatureLevelUnmet, TradingHalted, ColleagueNeeded and NobodyDecides above the
    signer's limit of authority, FieldInvalid when the rights of use end too early, and ConclusionRefused with the rules' reasons: then only
    the rules' decision is recorded, and nothing else changes; where they hold, ConclusionHeld names the case.
    """
    actor.require(Permission.CONTRACTS_SIGN)
    actor.require_person()
    return _sign(actor, negotiation, signed_hash, None)


def submit_signature(
    *, actor: Actor, negotiation: str, signature: str, signed_hash: str | None = None
) -> Negotiation:
    """Sign the contract with the organisation's own key: ``signature`` is a detached JWS over ``queries.to_sign``.

    A signatory submits it, or a program within a mandate and the limit of authority of who signed that. Otherwise as ``sign``.
    Raises KeyNotLive, SignatureRefused, MandateNeeded, OutsideMandate and AboveAuthority besides.
    """
    actor.require(Permission.CONTRACTS_SUBMIT)
    return _sign(actor, negotiation, signed_hash, signature)


def _sign(actor: Actor, negotiation: str, signed_hash: str | None, given: str | None) -> Negotiation:
    with record_refusals():
        subject = locked(actor, negotiation)
        if role_in(actor, subject) != Party.BUYER:
            return _sign_as_seller(actor, subject, signed_hash, given)
        try:
            return _sign_as_buyer(actor, subject, signed_hash, given)
        except ConclusionRefused as refused:
            # The rules decide before anything else is written, so only their decision commits, and the case of a hold.
            refusal = refused
    raise refusal


def _sign_as_seller(
    actor: Actor, negotiation: Negotiation, read_hash: str | None, given: str | None
) -> Negotiation:
    """Draw up the contract and sign it as the seller; this proposal is then open to the buyer for as long as it says."""
    role = require_move(actor, negotiation, "agree")
    limits = lock_limits(actor.require_organisation())
    proposal = queries.latest_proposal(negotiation)
    terms = parse_terms(proposal.terms)
    if terms.rights.must_be_negotiated:
        raise PurposeNotAgreed(negotiation=negotiation.public_id)
    if negotiation.amends_id is None:
        compile_plan(terms, at=clock.now(), zone=clock.market_zone(), law=law_of(negotiation.segment))
        require_grantable(negotiation.listing, terms)
    _require_kept(negotiation, terms)
    require_classed(terms, buyer_id=negotiation.buyer_id, seller_id=negotiation.seller_id)
    drawn = queries.draft_of(negotiation, terms)
    _require_read(negotiation, drawn.signed_hash, read_hash, must_say=drawn.has_annexes and given is None)
    subject = _subject(drawn.signed_hash, Party.SELLER, terms)
    attested = attest(actor, negotiation, subject, given)
    commit_party(actor, limits, negotiation, subject, attested.mandate)
    instrument = Instrument.objects.create(
        negotiation=negotiation,
        proposal=proposal,
        content=drawn.content,
        text_ja=drawn.text_ja,
        text_en=drawn.text_en,
        signed_hash=drawn.signed_hash,
        drawn_at=clock.now(),
    )
    signature = _make_signature(actor, negotiation, instrument, Party.SELLER, attested)
    move(
        negotiation,
        command="agree",
        role=role,
        actor=actor,
        payload=_payload(signature, attested),
        respond_by=open_until(signature.signed_at, terms.open_days),
        halts_counted_until=signature.signed_at,
    )
    return negotiation


def _sign_as_buyer(
    actor: Actor, negotiation: Negotiation, read_hash: str | None, given: str | None
) -> Negotiation:
    """Sign as the buyer, which concludes the agreement if the rules allow it; a case of its conclusion that is open ends."""
    role = require_turn(actor, negotiation, "verify")
    limits = lock_limits(actor.require_organisation())
    require_buyer_and_seller(negotiation)
    instrument = queries.instrument_of(negotiation)
    _require_read(negotiation, instrument.signed_hash, read_hash)
    terms = parse_terms(instrument.said["terms"])
    if negotiation.amends_id is None:
        # The buyer may do by now what it buys, until it has paid for it at least.
        compile_plan(terms, at=clock.now(), zone=clock.market_zone(), law=law_of(negotiation.segment))
    else:
        require_signable(negotiation, instrument)
    _require_kept(negotiation, terms)
    subject = _subject(instrument.signed_hash, Party.BUYER, terms)
    attested = attest(actor, negotiation, subject, given)
    rules.require_trading_open(listing=negotiation.listing, segment=negotiation.segment)
    CONCLUSION_LOCK.acquire_for(str(negotiation.buyer_id))
    decision, trading_decision = _require_allowed(actor, negotiation, _trade_facts(negotiation, instrument))
    commit_party(actor, limits, negotiation, subject, attested.mandate)
    signature = _make_signature(actor, negotiation, instrument, Party.BUYER, attested)
    advance(negotiation, NEGOTIATION, command="verify", role=role)
    if negotiation.amends_id is not None:
        _conclude_amendment(actor, negotiation, instrument, decision, _payload(signature, attested))
        return negotiation
    plan = plan_of(instrument.said)
    with granted_once(negotiation.listing, exclusive=terms.rights.exclusive):
        agreement = _make_agreement(negotiation, instrument, plan, decision.public_id)
    if terms.renewal is not None:
        follow_renewal(agreement)
    # Verified and finalized are one step here, so the event reports the final state only.
    change_state(negotiation, command="finalize", role="system")
    payload = {**_payload(signature, attested), "agreement": agreement.public_id}
    record_all(
        [
            move_fact(negotiation, role="system", actor=actor, payload=payload),
            _conclusion_fact(actor, negotiation, agreement, trading_decision),
            *given_terms(agreement, actor),
        ]
    )
    emit_all([move_event(negotiation, role="system"), _conclusion_event(negotiation, agreement, plan)])
    # Where another rulebook lets pass what was on hold, its case would wait for a decision that nobody can carry out.
    drop_cases(thread=negotiation.public_id, kinds=(CaseKindCode.CONCLUSION.value,))
    return negotiation


def _conclude_amendment(
    actor: Actor,
    negotiation: Negotiation,
    instrument: Instrument,
    decision: DecisionView,
    payload: dict[str, str | None],
) -> None:
    """Make the version that both parties signed; the negotiation is finalized, and its case over."""
    version = make_version(actor, negotiation, instrument, decision.public_id)
    change_state(negotiation, command="finalize", role="system")
    payload = {**payload, "agreement": negotiation.contract_identifier, "version": version.public_id}
    record_move(negotiation, role="system", actor=actor, payload=payload)
    tell_version(actor, version)
    follow_renewal(version.agreement)
    drop_cases(thread=negotiation.public_id, kinds=(CaseKindCode.CONCLUSION.value,))


def _require_allowed(actor: Actor, negotiation: Negotiation, trade: dict[str, Any]) -> list[DecisionView]:
    """The decisions of the rules on concluding and on trading; raises ConclusionRefused unless both allow it.

    What they put on hold passes once two people allowed it in its case, and opens the case before (ConclusionHeld).
    """
    decisions = rules.evaluate_in_turn(
        points={"conclusion": {}, "trading": {"trade": trade}},
        subject=negotiation.public_id,
        actor=actor,
        cleared=lambda: allowed_decisions(CaseKindCode.CONCLUSION, negotiation.public_id),
    )
    last = decisions[-1]
    if not last.passes:
        if last.outcome == Outcome.HOLD:
            raise held(actor, negotiation, last)
        reasons = reasons_read(last.public_id, actor.organisation or "")
        raise ConclusionRefused(negotiation=negotiation.public_id, outcome=last.outcome, reasons=reasons)
    return decisions


def _trade_facts(negotiation: Negotiation, instrument: Instrument) -> dict[str, Any]:
    """The facts about the future trade for neutral rules: nothing about the parties."""
    terms = instrument.said["terms"]
    return {
        "segment": negotiation.segment,
        "price_minor": terms["price_minor"],
        "currency": terms["currency"],
    }


def _require_kept(negotiation: Negotiation, terms: Terms) -> None:
    """Check that beneficiaries can be paid and stand before no pool, whose members divide the price, and that the data keeps what a clause
    promises of its quality. Of an amendment no clause is asked, and no pool: what a pool divides is not amended."""
    promised = next(
        (one["at_least_bp"] for one in terms.charging.adjustments if one["kind"] == "quality"), None
    )
    if promised is not None and (currentness_bp(negotiation.listing_version, at=clock.now()) or 0) < promised:
        raise FieldInvalid("terms.charging.adjustments", NOT_CURRENT)
    if is_automatic(terms) and negotiation.amends_id is None and is_pooled(negotiation.listing):
        raise FieldInvalid("terms.renewal.kind", POOLED_RENEWAL)
    if terms.charging.shares and negotiation.amends_id is None and is_pooled(negotiation.listing):
        raise FieldInvalid("terms.charging.shares", POOLED)
    require_payable(
        terms.charging.shares,
        parties=[negotiation.buyer_identifier, negotiation.seller_identifier],
        prefix="terms.charging.shares",
    )


def _subject(signed_hash: str, party: Party, terms: Terms) -> Subject:
    return Subject(
        signed_hash,
        party,
        price_minor=terms.total_minor,
        currency=terms.currency,
        methods=METHODS_AT_LEVEL[SignatureLevel(terms.signature_level)],
    )


def _require_read(
    negotiation: Negotiation, signed_hash: str, read_hash: str | None, *, must_say: bool = False
) -> None:
    """Raise SignedHashMismatch unless the contract is the one that the signer has read, which it ``must_say`` where the other side
    may add annexes until the signature, and the signer signs no hash itself."""
    if read_hash != signed_hash and (must_say or read_hash is not None):
        raise SignedHashMismatch(negotiation=negotiation.public_id, signed_hash=signed_hash)


def _make_signature(
    actor: Actor, negotiation: Negotiation, instrument: Instrument, party: Party, attested: Attestation
) -> Signature:
    """The party's signature of the instrument."""
    return insert_prepared(
        Signature(
            instrument=instrument,
            party=party.value,
            organisation_id=actor.require_organisation(),
            organisation_identifier=identifier_of(negotiation, party),
            signer=actor.identifier,
            method=attested.method.value,
            key_id=attested.key.id if attested.key else None,
            mandate=attested.mandate,
            signed_hash=instrument.signed_hash,
            jws=attested.jws,
            signed_at=attested.signed_at,
        )
    )


def _payload(signature: Signature, attested: Attestation) -> dict[str, str | None]:
    return {
        "signature": signature.public_id,
        "method": signature.method,
        "key": attested.key.public_id if attested.key else None,
        "mandate": attested.mandate.public_id if attested.mandate else None,
        "signed_hash": signature.signed_hash,
        "jws_sha256": sha256_hex(signature.jws.encode()),
    }


def _make_agreement(negotiation: Negotiation, instrument: Instrument, plan: Plan, decision: str) -> Agreement:
    """Create the agreement from the signed plan."""
    now = clock.now()
    return insert_prepared(
        Agreement(
            public_id=negotiation.agreement_identifier,
            negotiation=negotiation,
            instrument=instrument,
            buyer_id=negotiation.buyer_id,
            seller_id=negotiation.seller_id,
            buyer_identifier=negotiation.buyer_identifier,
            seller_identifier=negotiation.seller_identifier,
            reference=negotiation.reference,
            listing=negotiation.listing,
            listing_version=negotiation.listing_version,
            segment=negotiation.segment,
            price_minor=plan.money.price_minor,
            currency=plan.money.currency,
            tax_category=plan.money.tax_category,
            funding_days=plan.money.funding_days,
            inspection_days=plan.acceptance.inspection_days,
            exclusive=instrument.said["terms"]["rights"].get("exclusive", False),
            signed_hash=instrument.signed_hash,
            decision=decision,
            concluded_at=now,
            ends_at=plan.access.ends_at(now, clock.market_zone()),
        )
    )


def _conclusion_fact(
    actor: Actor, negotiation: Negotiation, agreement: Agreement, trading_decision: DecisionView
) -> Fact:
    return Fact(
        kind="contracts.agreement_concluded",
        subject=agreement.public_id,
        actor=actor,
        payload={
            "negotiation": negotiation.public_id,
            "buyer": agreement.buyer_identifier,
            "seller": agreement.seller_identifier,
            "price_minor": agreement.price_minor,
            "currency": agreement.currency,
            "signed_hash": agreement.signed_hash,
            "decision": agreement.decision,
            "trading_decision": trading_decision.public_id,
        },
    )


def _conclusion_event(negotiation: Negotiation, agreement: Agreement, plan: Plan) -> AgreementConcluded:
    """What clearing executes: the plan, and nothing beside it."""
    return AgreementConcluded(
        agreement=agreement.public_id,
        negotiation=negotiation.public_id,
        reference=agreement.reference,
        listing=agreement.listing,
        listing_version=agreement.listing_version,
        segment=agreement.segment,
        buyer=agreement.buyer_identifier,
        seller=agreement.seller_identifier,
        price_minor=plan.money.price_minor,
        currency=plan.money.currency,
        tax_category=plan.money.tax_category,
        funding_days=plan.money.funding_days,
        inspection_days=plan.acceptance.inspection_days,
        charging=plan.money.charging,
        charges=len(plan.money.charges),
        period_months=plan.money.period_months,
        first_period_from=plan.money.first_period_from,
        beneficiaries=tuple(Beneficiary(**share) for share in plan.money.shares or ()),
        concluded_at=agreement.concluded_at.isoformat(),
        commissioned=plan.commission is not None,
        holiday_shift=plan.commission is not None and plan.commission.holiday_shift,
        signed_hash=agreement.signed_hash,
    )
