"""The moves of a negotiation: finding and locking it, checking the actor's role, changing its state, recording it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from listings import queries as listings
from listings.rights import end_of
from marketplace.cases.queries import held_subjects
from marketplace.cases.states import CaseKindCode
from marketplace.events.schemas.contracts import NegotiationMoved, TermChange
from marketplace.events.services import emit
from marketplace.evidence.services import Fact, record_all
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import Missing, OrganisationSuspended
from marketplace.kernel.states import advance
from marketplace.participants import queries as participants
from marketplace.rules.halt_time import halted_time

from ..errors import AgreementEnded, ListingWithdrawn, NegotiationExpired, OtherNotAdmitted
from ..models import Negotiation
from ..states import NEGOTIATION, RESPONSE_DAYS, WAITS_FOR, AgreementState, NegotiationState, Party


def locked(actor: Actor, public_id: str) -> Negotiation:
    """The negotiation, locked until the transaction ends. Raises Missing, also where it is of two others."""
    negotiation = Negotiation.objects.select_for_update().filter(public_id=public_id).first()
    if negotiation is None:
        raise Missing(kind="negotiation", identifier=public_id)
    actor.require_scope(negotiation.buyer_id, negotiation.seller_id, kind="negotiation", identifier=public_id)
    return negotiation


def role_in(actor: Actor, negotiation: Negotiation) -> str:
    """The actor's role in the negotiation: ``buyer``, ``seller``, ``operator`` or ``system``."""
    if actor.role is not Role.PARTICIPANT:
        return actor.role.value
    own = actor.organisation_id == negotiation.buyer_id
    return Party.BUYER.value if own else Party.SELLER.value


def identifier_of(negotiation: Negotiation, party: Party) -> str:
    """The public identifier of a party."""
    return negotiation.seller_identifier if party is Party.SELLER else negotiation.buyer_identifier


def require_move(actor: Actor, negotiation: Negotiation, command: str) -> str:
    """The role in which the actor may make this move now.

    Raises IllegalTransition, ListingWithdrawn, NegotiationExpired, and NotAdmitted, OtherNotAdmitted or OrganisationSuspended if a
    party may not trade in the segment.
    """
    role = require_turn(actor, negotiation, command)
    require_parties(negotiation, role)
    return role


def require_parties(negotiation: Negotiation, role: str) -> None:
    """Raise NotAdmitted, OtherNotAdmitted or OrganisationSuspended unless both may trade in the segment, whose move it is as ``role``."""
    own, other = negotiation.buyer_id, negotiation.seller_id
    other_role = Party.SELLER.value
    if role == Party.SELLER:
        own, other, other_role = other, own, Party.BUYER.value
    standings = participants.standings_in(negotiation.segment, [own, other])
    standings[own].require(negotiation.segment, role)
    standings[other].require_active()
    if other_role not in standings[other].capacities:
        raise OtherNotAdmitted(
            negotiation=negotiation.public_id, segment=negotiation.segment, capacity=other_role
        )


def require_turn(actor: Actor, negotiation: Negotiation, command: str) -> str:
    """The role in which it is the actor's turn to move so. Raises AgreementEnded, IllegalTransition, ListingWithdrawn, NegotiationExpired.

    A withdrawal of the listing waits for this transaction, or is seen by it.
    """
    role = role_in(actor, negotiation)
    if negotiation.amends is not None and negotiation.amends.state != AgreementState.IN_FORCE:
        raise AgreementEnded(agreement=negotiation.amends.public_id)
    NEGOTIATION.target(state=negotiation.state, command=command, role=role)
    if listings.is_withdrawn(negotiation.listing):
        raise ListingWithdrawn(negotiation=negotiation.public_id, listing=negotiation.listing)
    is_late = is_overdue(negotiation)
    # Whether it is late may have moved the deadline.
    if is_late and negotiation.respond_by is not None:
        raise NegotiationExpired(
            negotiation=negotiation.public_id, respond_by=negotiation.respond_by.isoformat()
        )
    return role


def is_overdue(negotiation: Negotiation) -> bool:
    """Whether the time to answer is over; it does not run while trading is halted, and what halts took is given back.

    Nor is it over while the conclusion is on hold and two people of the operator decide it.

    The caller holds the row's lock.
    """
    if negotiation.respond_by is None or clock.now() < negotiation.respond_by:
        return False
    if give_back_halted_time(negotiation) or clock.now() < negotiation.respond_by:
        return False
    return not held_subjects(CaseKindCode.CONCLUSION).filter(subject=negotiation.public_id).exists()


def give_back_halted_time(negotiation: Negotiation) -> bool:
    """Move the time to answer by what halts covered since it began to run; returns whether a halt covers it now.

    While one does, nothing moves: the deadline stands still until it is lifted.
    """
    if negotiation.respond_by is None:
        return False
    now = clock.now()
    since = negotiation.halts_counted_until or negotiation.respond_by - timedelta(days=RESPONSE_DAYS)
    taken, is_halted = halted_time(
        listing=negotiation.listing, segment=negotiation.segment, since=since, until=now
    )
    if taken and not is_halted:
        negotiation.respond_by += taken
        negotiation.halts_counted_until = now
        negotiation.save(update_fields=["respond_by", "halts_counted_until"])
    return is_halted


def require_buyer_and_seller(negotiation: Negotiation) -> None:
    """Raise NotAdmitted or OrganisationSuspended unless the buyer may buy in the segment and the seller is active."""
    standings = participants.standings_in(negotiation.segment, [negotiation.buyer_id, negotiation.seller_id])
    standings[negotiation.buyer_id].require(negotiation.segment, Party.BUYER)
    standings[negotiation.seller_id].require_active()


def require_active(counterparty: str) -> None:
    """Raise OrganisationSuspended if an organisation (public identifier), such as the other party, is suspended."""
    if not participants.get_organisation(counterparty).is_active:
        raise OrganisationSuspended(organisation=counterparty)


def answer_by() -> datetime:
    """The deadline for the next move."""
    return clock.now() + timedelta(days=RESPONSE_DAYS)


def open_until(signed_at: datetime, open_days: int) -> datetime:
    """The first instant at which a proposal that the seller signed at ``signed_at`` is no longer open (Civil Code, article 523)."""
    return end_of(signed_at.astimezone(clock.market_zone()), f"P{open_days}D").astimezone(UTC)


def move(
    negotiation: Negotiation,
    *,
    command: str,
    role: str,
    actor: Actor,
    payload: dict[str, Any],
    changed: Sequence[TermChange] = (),
    **changes: Any,
) -> None:
    """Change the negotiation's state, with ``changes``, and record it; ``changed``: the terms that the move changes."""
    change_state(negotiation, command=command, role=role, **changes)
    record_move(negotiation, role=role, actor=actor, payload=payload, changed=changed)


def change_state(negotiation: Negotiation, *, command: str, role: str, **changes: Any) -> None:
    """Change the negotiation's state, with ``changes`` and, unless they state it, the deadline of the next move; the caller records it."""
    target = NegotiationState(NEGOTIATION.target(state=negotiation.state, command=command, role=role))
    changes.setdefault("respond_by", answer_by() if target in WAITS_FOR else None)
    changes.setdefault("halts_counted_until", None)
    advance(negotiation, NEGOTIATION, command=command, role=role, **changes)


def record_move(
    negotiation: Negotiation,
    *,
    role: str,
    actor: Actor,
    payload: dict[str, Any],
    changed: Sequence[TermChange] = (),
) -> None:
    """Record evidence and emit the event of the negotiation's new state."""
    record_all([move_fact(negotiation, role=role, actor=actor, payload=payload)])
    emit(move_event(negotiation, role=role, changed=changed))


def move_fact(negotiation: Negotiation, *, role: str, actor: Actor, payload: dict[str, Any]) -> Fact:
    """The evidence of the negotiation's new state."""
    return Fact(
        kind=f"contracts.negotiation_{negotiation.state}",
        subject=negotiation.public_id,
        actor=actor,
        payload={"by": role, **payload},
    )


def move_event(
    negotiation: Negotiation, *, role: str, changed: Sequence[TermChange] = ()
) -> NegotiationMoved:
    """The event of the negotiation's new state."""
    waits_for = WAITS_FOR.get(NegotiationState(negotiation.state))
    return NegotiationMoved(
        negotiation=negotiation.public_id,
        listing=negotiation.listing,
        buyer=negotiation.buyer_identifier,
        seller=negotiation.seller_identifier,
        state=str(negotiation.state),
        by=role,
        waits_for=waits_for.value if waits_for else None,
        respond_by=negotiation.respond_by.isoformat() if negotiation.respond_by else None,
        changes=tuple(changed),
    )
