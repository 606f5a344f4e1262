"""Which reads show a participant's own affairs to staff: one table, by the names of routes. Pure.

A permission that every role of the operator holds names nobody's daily work. A route with such a permission is here: either
its rows are affairs of participants, which staff reads under an access, or it says why they are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from marketplace.kernel.permissions import Permission

from .states import AccessKind

PIPE = (Permission.SUPPORT_WRITE, Permission.EVIDENCE_READ)
"""Whose work the events of all participants are: who mends them, and who audits."""
ADMISSION = (Permission.ADMISSION_READ, Permission.ADMISSION_WRITE)


@dataclass(frozen=True, slots=True)
class Affairs:
    """Rows of participants: of the organisations in ``keys`` (columns of database keys, through relations with ``__``),
    ``names`` (columns of public identifiers) and ``lists`` (columns that list them).

    Without columns the rows name no organisation, and are nobody's to open. ``daily``: whoever of the staff holds one of these permissions reads them as its daily work, without an access.
    """

    kind: AccessKind
    keys: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    daily: tuple[Permission, ...] = ()


class NoAffairs(StrEnum):
    """Why a route shows no participant's own affairs to staff."""

    OWN = "it shows what is of the caller's own organisation alone"
    OPERATORS = "it shows what the operator itself keeps or decided"


_TRADES = AccessKind.TRADES
_METADATA = AccessKind.METADATA
_PARTIES = ("buyer_id", "seller_id")
_OF_AGREEMENT = ("agreement__buyer_id", "agreement__seller_id")
_OF_DELIVERY = ("entitlement__buyer_id", "entitlement__seller_id")
_OF_ORGANISATION = ("organisation_id",)

AFFAIRS: Mapping[str, Affairs | NoAffairs] = {
    "negotiation": Affairs(_TRADES, _PARTIES),
    "agreement": Affairs(_TRADES, _PARTIES),
    "message-disclosure": Affairs(
        _TRADES,
        ("negotiation__buyer_id", "negotiation__seller_id"),
        daily=(Permission.DISPUTES_WRITE, Permission.SUPPORT_WRITE),
    ),
    "negotiation-attachment": Affairs(
        _TRADES, ("proposal__negotiation__buyer_id", "proposal__negotiation__seller_id")
    ),
    "negotiation-note": Affairs(_TRADES, _OF_ORGANISATION),
    "mandate": Affairs(_TRADES, _OF_ORGANISATION),
    "dispute": Affairs(
        _TRADES,
        (*_OF_AGREEMENT, "third_party_id"),
        daily=(Permission.DISPUTES_WRITE, Permission.CLEARING_READ),
    ),
    "dispute-file": Affairs(
        _TRADES,
        ("dispute__agreement__buyer_id", "dispute__agreement__seller_id", "dispute__third_party_id"),
        daily=(Permission.DISPUTES_WRITE,),
    ),
    "deletion-duty": Affairs(_TRADES, _OF_AGREEMENT, daily=(Permission.DISPUTES_WRITE,)),
    "pool": Affairs(_TRADES, ("lead_id",), daily=(Permission.CLEARING_READ,)),
    "pool-version": Affairs(_TRADES, ("pool__lead_id",), daily=(Permission.CLEARING_READ,)),
    "price-talk": Affairs(
        _TRADES, ("negotiation__buyer_id", "negotiation__seller_id"), daily=(Permission.DISPUTES_WRITE,)
    ),
    "seller-fault": Affairs(
        _TRADES, _OF_AGREEMENT, daily=(Permission.DISPUTES_WRITE, Permission.CLEARING_READ)
    ),
    "ending": Affairs(_TRADES, _OF_AGREEMENT, daily=(Permission.DISPUTES_WRITE, Permission.CLEARING_READ)),
    "adjustment": Affairs(
        _TRADES, _OF_AGREEMENT, daily=(Permission.DISPUTES_WRITE, Permission.CLEARING_READ)
    ),
    "trade": Affairs(_TRADES, _PARTIES, daily=(Permission.CLEARING_READ,)),
    "supply-statement": Affairs(_TRADES, _OF_ORGANISATION, daily=(Permission.CLEARING_READ,)),
    "decision": Affairs(
        _TRADES,
        lists=("parties",),
        daily=(Permission.RULEBOOK_WRITE, Permission.EVIDENCE_READ, *ADMISSION),
    ),
    "case": Affairs(
        _METADATA,
        _OF_ORGANISATION,
        daily=(*ADMISSION, Permission.DISPUTES_WRITE, Permission.EVIDENCE_READ),
    ),
    "delivery": Affairs(_METADATA, _PARTIES),
    "voucher": Affairs(_METADATA, _OF_DELIVERY),
    "download": Affairs(_METADATA, _OF_DELIVERY),
    "listing": Affairs(_METADATA, ("seller_id",), daily=ADMISSION),
    "listing-stake": Affairs(
        _METADATA, ("listing__seller_id",), daily=(*ADMISSION, Permission.EVIDENCE_READ)
    ),
    "listing-version": Affairs(_METADATA, ("listing__seller_id",), daily=ADMISSION),
    "member": Affairs(_METADATA, _OF_ORGANISATION),
    "application": Affairs(_METADATA, _OF_ORGANISATION),
    "organisation-relation": Affairs(
        _METADATA, ("organisation_id", "related_id"), daily=(*ADMISSION, Permission.EVIDENCE_READ)
    ),
    "disqualification": Affairs(_METADATA, _OF_ORGANISATION, daily=(*ADMISSION, Permission.EVIDENCE_READ)),
    "qualification": Affairs(_METADATA, _OF_ORGANISATION, daily=(*ADMISSION, Permission.EVIDENCE_READ)),
    "organisation-key": Affairs(_METADATA, _OF_ORGANISATION),
    "admission": Affairs(_METADATA, _OF_ORGANISATION, daily=ADMISSION),
    "fact-change": Affairs(_METADATA, _OF_ORGANISATION, daily=(*ADMISSION, Permission.CLEARING_READ)),
    "trustee-appointment": Affairs(_METADATA, ("suspension__organisation_id",), daily=ADMISSION),
    "job": Affairs(_METADATA, names=("organisation",), daily=(Permission.SUPPORT_WRITE,)),
    "evidence-record": Affairs(_METADATA, daily=(Permission.EVIDENCE_READ,)),
    "outbox-event": Affairs(_TRADES, daily=PIPE),
    "inbox-entry": Affairs(_TRADES, daily=PIPE),
    "aside-row": Affairs(_METADATA, daily=PIPE),
    "approval": NoAffairs.OWN,
    "authority-limit": NoAffairs.OWN,
    "caller": NoAffairs.OWN,
    "event-feed": NoAffairs.OWN,
    "invitation": NoAffairs.OWN,
    "member-change": NoAffairs.OWN,
    "notice": NoAffairs.OWN,
    "second-factor-reset": NoAffairs.OWN,
    "task": NoAffairs.OWN,
    "webhook": NoAffairs.OWN,
    "webhook-attempts": NoAffairs.OWN,
    "staff-access": NoAffairs.OWN,
    "consultation": NoAffairs.OPERATORS,
    "activity-record": NoAffairs.OWN,
    "event-types": NoAffairs.OPERATORS,
    "incident": NoAffairs.OPERATORS,
    "review": NoAffairs.OPERATORS,
    "record-seal": NoAffairs.OPERATORS,
    "organisation": NoAffairs.OPERATORS,
    "on-call-turn": NoAffairs.OPERATORS,
    "outage": NoAffairs.OPERATORS,
    "staff-interest": NoAffairs.OPERATORS,
    "suspension": NoAffairs.OPERATORS,
}


def affairs_of(route: str) -> Affairs | NoAffairs | None:
    """What the table says of a route by its URL name: ``negotiation-list`` is of ``negotiation``; the longest name decides."""
    named = [name for name in AFFAIRS if route == name or route.startswith(f"{name}-")]
    return AFFAIRS[max(named, key=len)] if named else None
