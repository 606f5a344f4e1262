"""Amend agreements in force: a party proposes, then both negotiate and sign as at the first contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction

from listings import queries as listings
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.permissions import Permission
from marketplace.rules import services as rules

from ..errors import ListingWithdrawn
from ..library.services import with_special_clauses
from ..models import Agreement, Negotiation
from ..services.agreements import locked_agreement
from ..services.moves import answer_by, record_move, require_parties, role_in
from ..services.negotiations import changed_events, check_note, propose, terms_payload
from ..services.terminations import end
from ..states import OPEN_NEGOTIATIONS, AgreementState, NegotiationState, Party
from ..terms import revise_terms
from .concluding import require_amendable
from .errors import AmendmentOpen
from .queries import amended_of, split_day

BATCH: Final = 100
OVERTAKEN = Loop("contracts.end_overtaken_amendments")


@transaction.atomic
def amend_agreement(*, actor: Actor, agreement: str, terms: Mapping[str, Any], note: str = "") -> Negotiation:
    """Propose, as a party, an amendment of an agreement in force: its terms with the changes in ``terms``, from the day
    ``effective_on`` in them on. The other party answers, and both sign, as in any negotiation.

    Emits negotiation.moved. Raises Missing, AgreementEnded, EndingOpen, PooledNotAmended, AmendmentOpen, ListingWithdrawn, NotAdmitted, OtherNotAdmitted,
    OrganisationSuspended, TradingHalted, FieldInvalid, PermissionNeeded.
    """
    actor.require(Permission.NEGOTIATIONS_WRITE)
    actor.require_organisation()
    check_note(note)
    subject = locked_agreement(actor, agreement)
    require_amendable(subject)
    standing = subject.amendments.filter(state__in=OPEN_NEGOTIATIONS).first()
    if standing is not None:
        raise AmendmentOpen(agreement=agreement, negotiation=standing.public_id)
    changes, effective_on = split_day(terms)
    before = amended_of(subject).terms
    wanted = revise_terms(before, with_special_clauses(changes))
    negotiation = _new_negotiation(subject)
    role = Party(role_in(actor, negotiation))
    if listings.is_withdrawn(subject.listing):
        raise ListingWithdrawn(negotiation=subject.public_id, listing=subject.listing)
    require_parties(negotiation, role)
    rules.require_trading_open(listing=subject.listing, segment=subject.segment)
    is_request = role is Party.BUYER
    negotiation.state = NegotiationState.REQUESTED if is_request else NegotiationState.OFFERED
    negotiation.save()
    propose(negotiation, actor=actor, party=role, terms=wanted, note=note, effective_on=effective_on)
    record_move(
        negotiation,
        role=role.value,
        actor=actor,
        payload={"amends": agreement, **terms_payload(wanted)},
        changed=changed_events(before, wanted),
    )
    return negotiation


def _new_negotiation(agreement: Agreement) -> Negotiation:
    """The negotiation over an amendment, with the parties, the data and the template of the agreement; not yet saved."""
    first = agreement.negotiation
    return Negotiation(
        amends=agreement,
        buyer_id=agreement.buyer_id,
        seller_id=agreement.seller_id,
        buyer_identifier=agreement.buyer_identifier,
        seller_identifier=agreement.seller_identifier,
        reference=agreement.reference,
        listing=agreement.listing,
        listing_version=agreement.listing_version,
        segment=agreement.segment,
        dataset=first.dataset,
        template_id=first.template_id,
        negotiable=True,
        respond_by=answer_by(),
        opened_at=clock.now(),
    )


def end_overtaken_amendments(*, limit: int = BATCH) -> int:
    """End the open amendments of agreements that no longer stand; returns their number. Emits negotiation.moved.

    Each in its own transaction; one that cannot be ended stands aside.
    """
    rows = Negotiation.objects.filter(state__in=OPEN_NEGOTIATIONS, amends__isnull=False)
    left = rows.exclude(amends__state=AgreementState.IN_FORCE)
    due = left.exclude(public_id__in=OVERTAKEN.standing_aside()).order_by("pk")
    return OVERTAKEN.each(due.values_list("public_id", flat=True)[:limit], _end_overtaken)


@transaction.atomic
def _end_overtaken(public_id: str) -> bool:
    rows = Negotiation.objects.select_for_update(of=("self",), skip_locked=True).select_related("amends")
    row = rows.filter(public_id=public_id, state__in=OPEN_NEGOTIATIONS).first()
    if row is None or row.amends is None or row.amends.state == AgreementState.IN_FORCE:
        return False
    end(row, actor=SYSTEM, role="system", reason_code="agreement_ended", reason="")
    return True
