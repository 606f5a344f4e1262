"""Reads the facts about negotiations for the rules."""

from __future__ import annotations

import json
from typing import Any

from listings.stake_queries import stakes_in
from marketplace.kernel.errors import Missing
from marketplace.kernel.prepared import fetch_prepared
from marketplace.participants import queries as participants
from marketplace.participants.relation_queries import are_related

from .states import Party

_FACTS = """
    SELECT n.buyer_id, n.seller_id, n.segment, n.listing, p.terms, p.number
      FROM contracts_negotiation n JOIN contracts_proposal p ON p.negotiation_id = n.id
     WHERE n.public_id = %s ORDER BY p.number DESC LIMIT 1
"""


def parties_and_currency(negotiation: str) -> tuple[int, int, str]:
    """The keys of the buyer and of the seller of a negotiation, and the currency of its current terms. Raises Missing."""
    found = fetch_prepared(_FACTS, [negotiation])
    if not found:
        raise Missing(kind="negotiation", identifier=negotiation)
    buyer_id, seller_id, _segment, _listing, stated, _rounds = found[0]
    return buyer_id, seller_id, json.loads(stated)["currency"]


def negotiation_facts(negotiation: str) -> dict[str, Any]:
    """The facts about a negotiation for the rules, as ``contracts.facts`` declares them. Raises Missing."""
    found = fetch_prepared(_FACTS, [negotiation])
    if not found:
        raise Missing(kind="negotiation", identifier=negotiation)
    buyer_id, seller_id, segment, listing, stated, rounds = found[0]
    terms = json.loads(stated)
    standings = participants.standings_in(segment, [buyer_id, seller_id])
    buyer, seller = standings[buyer_id], standings[seller_id]
    return {
        "buyer": buyer.public_id,
        "seller": seller.public_id,
        "segment": segment,
        "price_minor": terms["price_minor"],
        "currency": terms["currency"],
        "rounds": rounds,
        "buyer_active": buyer.is_active,
        "seller_active": seller.is_active,
        "buyer_admitted": Party.BUYER in buyer.admitted_as,
        "seller_admitted": Party.SELLER in seller.admitted_as,
        "buyer_affiliated": buyer.is_operator or buyer.affiliate,
        "seller_affiliated": seller.is_operator or seller.affiliate,
        "parties_related": are_related(buyer_id, seller_id),
        "listing_stakes": sorted(set(stakes_in(listing))),
    }
