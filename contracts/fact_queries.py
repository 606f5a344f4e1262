"""Reads the facts about negotiations for the rules."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from listings.stake_queries import stakes_in
from marketplace.kernel.errors import Missing
from marketplace.kernel.prepared import fetch_prepared
from marketplace.participants import queries as participants
from marketplace.participants.qualification_queries import qualifications_in_force
from marketplace.participants.relation_queries import are_related

from .states import AgreementState, Party
from .terms import parse_terms

_FACTS = """
    SELECT n.buyer_id, n.seller_id, n.segment, n.listing, p.terms, p.number, t.code, t.clause_codes
      FROM contracts_negotiation n JOIN contracts_proposal p ON p.negotiation_id = n.id
      JOIN contracts_template t ON t.id = n.template_id
     WHERE n.public_id = %s ORDER BY p.number DESC LIMIT 1
"""

RENEWAL_PREFIX = "rnw"
RECENT = 200
"""So many of a buyer's last agreements are looked at for those whose trade is not made yet, seconds after the agreement."""

_CONCLUSION = f"""
    SELECT n.buyer_id, n.seller_id, p.terms ->> 'currency', (
           SELECT coalesce(jsonb_agg(jsonb_build_array(a.public_id, a.price_minor, a.tax_category)), '[]')
             FROM (SELECT public_id, price_minor, tax_category, currency, state
                     FROM contracts_agreement WHERE buyer_id = n.buyer_id ORDER BY id DESC LIMIT {RECENT}) a
            WHERE a.state = '{AgreementState.IN_FORCE}' AND a.currency = p.terms ->> 'currency')
      FROM contracts_negotiation n JOIN contracts_proposal p ON p.negotiation_id = n.id
     WHERE n.public_id = %s ORDER BY p.number DESC LIMIT 1
"""  # noqa: S608  our own words


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a negotiation would conclude: the keys of its parties, the currency of its current terms, and the buyer's last
    agreements that are in force and in this currency, as (public identifier, price without tax in minor units, tax category).
    """

    buyer_id: int
    seller_id: int
    currency: str
    recent: list[tuple[str, int, str]]


_RENEWED = """
    SELECT n.public_id FROM contracts_renewal r JOIN contracts_agreement a ON a.id = r.agreement_id
      JOIN contracts_negotiation n ON n.id = coalesce((
           SELECT v.negotiation_id FROM contracts_agreementversion v
            WHERE v.agreement_id = a.id AND v.negotiation_id IS NOT NULL ORDER BY v.number DESC LIMIT 1), a.negotiation_id)
     WHERE r.public_id = %s
"""


def _negotiation_of(subject: str) -> str:
    """The negotiation that a decision is about: itself, or that of what both signed last of what is renewed."""
    if not subject.startswith(f"{RENEWAL_PREFIX}_"):
        return subject
    found = fetch_prepared(_RENEWED, [subject])
    return found[0][0] if found else subject


def conclusion_of(negotiation: str) -> Conclusion:
    """What a negotiation would conclude, or a renewal goes on with. Raises Missing."""
    found = fetch_prepared(_CONCLUSION, [_negotiation_of(negotiation)])
    if not found:
        raise Missing(kind="negotiation", identifier=negotiation)
    buyer_id, seller_id, currency, recent = found[0]
    return Conclusion(buyer_id, seller_id, currency, [tuple(each) for each in json.loads(recent)])


def negotiation_facts(negotiation: str) -> dict[str, Any]:
    """The facts about a negotiation, or about what is renewed, for the rules, as ``contracts.facts`` declares them. Raises Missing."""
    found = fetch_prepared(_FACTS, [_negotiation_of(negotiation)])
    if not found:
        raise Missing(kind="negotiation", identifier=negotiation)
    buyer_id, seller_id, segment, listing, stated, rounds, template, codes = found[0]
    terms = json.loads(stated)
    special = [entry["clause"] for entry in terms.get("special_clauses", ()) if "clause" in entry]
    standings = participants.standings_in(segment, [buyer_id, seller_id])
    buyer, seller = standings[buyer_id], standings[seller_id]
    qualifications = qualifications_in_force([buyer_id, seller_id])
    return {
        "buyer": buyer.public_id,
        "seller": seller.public_id,
        "segment": segment,
        "price_minor": parse_terms(terms).total_minor,
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
        "buyer_qualifications": qualifications[buyer_id],
        "seller_qualifications": qualifications[seller_id],
        "template": template,
        "clauses": [*json.loads(codes), *special],
    }
