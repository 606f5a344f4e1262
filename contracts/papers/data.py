"""The papers of contracts: the quotation of an offer, the order and its confirmation of an agreement."""

from __future__ import annotations

from typing import Any

from marketplace.kernel import clock
from marketplace.kernel.errors import Missing
from marketplace.participants import queries as participants
from marketplace.rules import queries as rules

from ..amending.queries import version_in_force
from ..commissions.paper import written_terms_of
from ..models import Agreement, Negotiation
from ..queries import party_of
from ..states import RESPONSE_DAYS, Party
from ..terms import parse_terms
from .content import VALIDITY, Fact, Paper, agreed_facts, paper_document, terms_facts


def quotation_of(negotiation: Negotiation) -> dict[str, Any]:
    """The quotation (見積書) of the seller's latest offer. Raises Missing while the seller has made none.

    The parties stand on it as they are registered; terms, tax rate and date are those of the offer.
    """
    offer = negotiation.proposals.filter(party=Party.SELLER).order_by("-number").first()
    if offer is None:
        raise Missing(kind="offer of the seller", identifier=negotiation.public_id)
    terms = parse_terms(offer.terms)
    parties = participants.organisations_by_id([negotiation.buyer_id, negotiation.seller_id])
    day = offer.made_at.astimezone(clock.market_zone()).date()
    return paper_document(
        Paper.QUOTATION,
        number=f"{negotiation.public_id}-{offer.number}",
        dated_at=offer.made_at,
        issuer=party_of(parties[negotiation.seller_id]),
        addressee=party_of(parties[negotiation.buyer_id]),
        reference=negotiation.reference,
        dataset=negotiation.dataset,
        terms=terms.as_dict(),
        tax_rate_bp=rules.tax_rate_bp(terms.tax_category, on=day),
        facts=[
            Fact("negotiation", negotiation.public_id),
            Fact("version", negotiation.listing_version),
            *terms_facts(terms.as_dict()),
            Fact("validity", VALIDITY.fill({"days": RESPONSE_DAYS})),
        ],
    )


def order_of(agreement: Agreement) -> dict[str, Any]:
    """The order (注文書): what the buyer's signature says, of the version in force."""
    return _of_agreement(Paper.ORDER, agreement, Party.BUYER)


def confirmation_of(agreement: Agreement) -> dict[str, Any]:
    """The confirmation of the order (注文請書): what the seller's signature says, since the contract is concluded; of the version in force."""
    return _of_agreement(Paper.CONFIRMATION, agreement, Party.SELLER)


def _of_agreement(paper: Paper, agreement: Agreement, by: Party) -> dict[str, Any]:
    version = version_in_force(agreement)
    content = version.said
    sides = {Party.SELLER: content["provider"], Party.BUYER: content["consumer"]}
    (signature,) = [row for row in version.instrument.signatures.all() if row.party == by]
    return paper_document(
        paper,
        number=agreement.public_id,
        dated_at=version.made_at,
        issuer=sides[by],
        addressee=sides[Party.BUYER if by is Party.SELLER else Party.SELLER],
        reference=content["reference"],
        dataset=content["dataset"],
        terms=content["terms"],
        tax_rate_bp=content["tax_rate_bp"],
        facts=[
            *agreed_facts(content),
            Fact("signed", signature.signed_at),
            Fact("signed_hash", version.instrument.signed_hash),
        ],
    )


OF_AGREEMENT = {
    Paper.ORDER: order_of,
    Paper.CONFIRMATION: confirmation_of,
    Paper.WRITTEN_TERMS: written_terms_of,
}
"""The papers of an agreement, and what makes their data."""
