"""Negotiate: a buyer requests, the seller offers, the buyer counters or accepts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from psycopg import errors as postgres_errors

from listings import queries as listings
from listings.queries import OfferView
from listings.rights import Parties
from marketplace.events.schemas.contracts import TermChange
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.participants import queries as participants
from marketplace.rules import services as rules

from .. import queries
from ..amending.queries import amendment_of, split_day
from ..commissions.classing import classed, require_classed
from ..errors import NotNegotiable, OwnListing, ReferenceTaken
from ..law.in_force import law_of
from ..library.agreeing import require_agreeing
from ..library.errors import TemplateNotInForce
from ..library.queries import template_in_force
from ..library.services import with_special_clauses
from ..models import REFERENCE_LENGTH_MAX, Negotiation, Proposal
from ..negotiating.changed_terms import changed_terms
from ..plan import compile_plan
from ..signed_object import iri
from ..states import Party
from ..terms import Terms, parse_terms, revise_terms
from .exclusivity import require_grantable
from .moves import answer_by, locked, move, record_move, require_active, require_move

NOTE_LENGTH_MAX = 2_000


@transaction.atomic
def request_negotiation(
    *, actor: Actor, listing: str, reference: str, terms: Mapping[str, Any] | None = None, note: str = ""
) -> Negotiation:
    """Request, as a buyer, a contract over the published version of a listing: at the published terms, or with the
    changes in ``terms``.

    ``reference`` is the buyer's own and unique. Emits negotiation.moved. Raises Missing (listing, template),
    NotOnSale, TemplateNotInForce, OwnListing, NotAdmitted, OrganisationSuspended, TradingHalted, NotNegotiable, ReferenceTaken, ExclusivelyGranted, GrantedToOthers,
    FieldInvalid, Forbidden.
    """
    buyer_id = actor.require_organisation()
    actor.require(Permission.NEGOTIATIONS_WRITE)
    _check_reference(reference)
    check_note(note)
    # Locks the listing: a withdrawal ends this negotiation, or is seen by it.
    listings.is_withdrawn(listing)
    sale = listings.version_for_sale(listing)
    if sale.seller_id == buyer_id:
        raise OwnListing(listing=listing)
    participants.require_admitted(buyer_id, sale.segment, Party.BUYER.value)
    require_active(sale.seller)
    rules.require_trading_open(listing=listing, segment=sale.segment)
    published = _published_terms(sale)
    wanted = revise_terms(published, with_special_clauses(terms))
    if wanted != published and not sale.negotiable:
        raise NotNegotiable(listing=listing)
    wanted = classed(wanted, buyer_id=buyer_id, seller_id=sale.seller_id)
    require_grantable(listing, wanted)
    negotiation = _create_negotiation(actor, sale, reference)
    propose(negotiation, actor=actor, party=Party.BUYER, terms=wanted, note=note)
    record_move(
        negotiation,
        role="buyer",
        actor=actor,
        payload=terms_payload(wanted),
        changed=changed_events(published, wanted),
    )
    return negotiation


def _published_terms(sale: OfferView) -> Terms:
    return parse_terms(
        {
            "price_minor": sale.price_minor,
            "currency": sale.currency,
            "tax_category": sale.tax_category,
            "funding_days": sale.funding_days,
            "inspection_days": sale.inspection_days,
            "signature_level": sale.signature_level,
            "ending": sale.ending,
            "rights": sale.rights,
            "charging": sale.charging,
        }
    )


def _create_negotiation(actor: Actor, sale: OfferView, reference: str) -> Negotiation:
    """Create the negotiation; the database decides whether the reference is new."""
    files = [
        {
            "id": file.public_id,
            "file_name": file.file_name,
            "media_type": file.media_type,
            "size_bytes": file.size_bytes,
            "sha256": file.sha256,
        }
        for file in listings.distributions(sale.listing_version)
    ]
    try:
        with transaction.atomic():
            return Negotiation.objects.create(
                buyer_id=actor.require_organisation(),
                seller_id=sale.seller_id,
                buyer_identifier=str(actor.organisation),
                seller_identifier=sale.seller,
                reference=reference,
                listing=sale.listing,
                listing_version=sale.listing_version,
                segment=sale.segment,
                dataset={"title": sale.title, "files": files},
                template=template_in_force(sale.template, sale.segment),
                negotiable=sale.negotiable,
                respond_by=answer_by(),
                opened_at=clock.now(),
            )
    except IntegrityError as error:
        cause = error.__cause__
        refused = cause.diag.constraint_name if isinstance(cause, postgres_errors.Error) else None
        if refused == "negotiation_reference_once":
            raise ReferenceTaken(reference=reference) from error
        # The next version was published while this negotiation began.
        if refused == "template_in_force":
            raise TemplateNotInForce(template=sale.template, segment=sale.segment) from error
        raise


@transaction.atomic
def make_offer(
    *, actor: Actor, negotiation: str, terms: Mapping[str, Any] | None = None, note: str = ""
) -> Negotiation:
    """Answer a request, as the seller, with an offer: the current terms, with the changes in ``terms``.

    Emits negotiation.moved. Raises Missing, IllegalTransition, ListingWithdrawn, NegotiationExpired, NotNegotiable,
    NotAdmitted, OrganisationSuspended, FieldInvalid.
    """
    return _answer(actor, negotiation, "offer", terms, note)


@transaction.atomic
def counter_request(
    *, actor: Actor, negotiation: str, terms: Mapping[str, Any] | None = None, note: str = ""
) -> Negotiation:
    """Answer an offer, as the buyer, with a request: the current terms, with the changes in ``terms``.

    Emits negotiation.moved. Raises as ``make_offer`` does.
    """
    return _answer(actor, negotiation, "request", terms, note)


def _answer(
    actor: Actor, negotiation: str, command: str, terms: Mapping[str, Any] | None, note: str
) -> Negotiation:
    actor.require(Permission.NEGOTIATIONS_WRITE)
    check_note(note)
    subject = locked(actor, negotiation)
    role = require_move(actor, subject, command)
    latest = queries.latest_proposal(subject)
    standing = parse_terms(latest.terms)
    effective_on = latest.effective_on
    if subject.amends_id is not None:
        terms, stated = split_day(terms)
        effective_on = stated or effective_on
    wanted = revise_terms(standing, with_special_clauses(terms))
    if wanted != standing and not subject.negotiable:
        raise NotNegotiable(listing=subject.listing)
    wanted = classed(wanted, buyer_id=subject.buyer_id, seller_id=subject.seller_id)
    if subject.amends_id is None:
        require_grantable(subject.listing, wanted)
    move(
        subject,
        command=command,
        role=role,
        actor=actor,
        payload=terms_payload(wanted),
        changed=changed_events(standing, wanted),
    )
    propose(subject, actor=actor, party=Party(role), terms=wanted, note=note, effective_on=effective_on)
    return subject


@transaction.atomic
def accept_offer(*, actor: Actor, negotiation: str) -> Negotiation:
    """Accept, as the buyer, the seller's offer; the seller signs next.

    Emits negotiation.moved. Raises FieldInvalid while a size that the laws on commissioned work ask for is not stated, Missing, IllegalTransition, ListingWithdrawn, NegotiationExpired,
    NotAdmitted, OrganisationSuspended.
    """
    actor.require(Permission.NEGOTIATIONS_WRITE)
    subject = locked(actor, negotiation)
    role = require_move(actor, subject, "accept")
    proposal = queries.latest_proposal(subject)
    require_classed(parse_terms(proposal.terms), buyer_id=subject.buyer_id, seller_id=subject.seller_id)
    payload = {"proposal": proposal.number, "terms_digest": digest_of(proposal.terms)}
    move(subject, command="accept", role=role, actor=actor, payload=payload)
    return subject


def propose(
    negotiation: Negotiation,
    *,
    actor: Actor,
    party: Party,
    terms: Terms,
    note: str,
    effective_on: date | None = None,
) -> None:
    """Write the next proposal, if its terms can be carried out, from ``effective_on`` on where they amend. Raises FieldInvalid."""
    if negotiation.amends_id is None:
        compile_plan(terms, at=clock.now(), zone=clock.market_zone(), law=law_of(negotiation.segment))
    else:
        amendment_of(negotiation, terms, effective_on)
    require_agreeing(terms, negotiation.template_id)
    number = negotiation.proposals.count() + 1
    Proposal.objects.create(
        negotiation=negotiation,
        number=number,
        party=party.value,
        terms=terms.as_dict(),
        policy=terms.policy(
            identifier=iri(f"{negotiation.public_id}:{number}"),
            parties=Parties(assigner=iri(negotiation.seller_identifier)),
        ),
        effective_on=effective_on,
        note=note.strip(),
        made_by=actor.identifier,
        made_at=clock.now(),
    )


def changed_events(before: Terms, after: Terms) -> list[TermChange]:
    """What ``after`` changes, as events say it."""
    return [
        TermChange(field=change["field"], **change["words"])
        for change in changed_terms(before, after, clock.market_zone())
    ]


def terms_payload(terms: Terms) -> dict[str, Any]:
    """What evidence says of proposed terms."""
    return {
        "price_minor": terms.price_minor,
        "currency": terms.currency,
        "terms_digest": digest_of(terms.as_dict()),
    }


def _check_reference(reference: str) -> None:
    if not reference.strip() or reference != reference.strip() or not reference.isprintable():
        raise FieldInvalid(
            "reference",
            Label(
                "specify your own reference of this purchase, without leading or trailing spaces",
                "自組織の注文番号を、前後の空白なしで指定してください",
            ),
        )
    if len(reference) > REFERENCE_LENGTH_MAX:
        raise FieldInvalid(
            "reference",
            Label(
                f"use at most {REFERENCE_LENGTH_MAX} characters",
                f"{REFERENCE_LENGTH_MAX}字以内にしてください",
            ),
        )


def check_note(note: str) -> None:
    """Raise FieldInvalid for a note that is too long."""
    if len(note) > NOTE_LENGTH_MAX or "\x00" in note:
        raise FieldInvalid(
            "note",
            Label(f"use at most {NOTE_LENGTH_MAX} characters", f"{NOTE_LENGTH_MAX}字以内にしてください"),
        )
