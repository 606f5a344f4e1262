"""The plan of a negotiation as both sides read it before they sign, and the price of use by a signed plan."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from listings.metering import PLAIN, Metering, parse_metering
from listings.rights import Rights, parse_rights
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.prepared import fetch_prepared

from ..amending.queries import amendment_of
from ..commissions.classing import require_known
from ..law.in_force import law_of
from ..models import Instrument, Negotiation
from ..queries import latest_proposal
from ..states import NegotiationState
from ..terms import Terms, parse_terms
from . import Plan, build_plan, compile_plan, plan_lines, plan_of

_METERED = """
    SELECT (i.content::jsonb #>> '{plan,money,unit_price_minor}')::bigint, i.content::jsonb #>> '{plan,money,currency}',
           i.content::jsonb #>> '{plan,money,metering}'
      FROM contracts_agreement a JOIN contracts_instrument i ON i.id = a.instrument_id WHERE a.public_id = %s
"""
_RIGHTS = """
    SELECT signed.said #> '{terms,rights}', signed.said #> '{plan,rights,enforced}'
      FROM contracts_agreement a CROSS JOIN LATERAL (SELECT public.signed_in_force(a.id, %s) AS said) signed WHERE a.public_id = %s
"""


@dataclass(frozen=True, slots=True)
class MeteredPrice:
    """What a use costs by a signed plan, in minor units of ``currency`` without tax."""

    unit_price_minor: int
    currency: str
    metering: Metering


def rights_of_use(agreement: str) -> tuple[Rights, frozenset[str]]:
    """The signed rights of an agreement that are in force, and which of their limits the signed plan says that the market enforces; raises Missing."""
    for rights, enforced in fetch_prepared(_RIGHTS, [clock.now(), agreement]):
        return parse_rights(_json(rights)), frozenset(_json(enforced) or ())
    raise Missing(kind="agreement", identifier=agreement)


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """A plan, the same in words (a text in both languages a line), and the term that cannot be carried out by now, if there is one."""

    version: str
    plan: dict[str, Any]
    words: list[dict[str, str]]
    refusal: dict[str, Any] | None


def shown_plan(negotiation: Negotiation) -> ShownPlan:
    """The plan of what the seller has signed, else of the proposal that stands.

    While it can still be signed, ``refusal`` says what the market would refuse now."""
    instrument = Instrument.objects.filter(negotiation=negotiation).only("content").first()
    proposal = latest_proposal(negotiation)
    terms = parse_terms(instrument.said["terms"] if instrument else proposal.terms)
    plan = plan_of(instrument.said) if instrument else build_plan(terms)
    is_over = negotiation.state in (NegotiationState.FINALIZED, NegotiationState.TERMINATED)
    return ShownPlan(
        version=plan.version,
        plan=plan.as_dict(),
        words=_words(plan),
        refusal=None if is_over else _refusal(negotiation, terms, proposal.effective_on),
    )


def _words(plan: Plan) -> list[dict[str, str]]:
    lines = zip(plan_lines(plan, "ja"), plan_lines(plan, "en"), strict=True)
    return [{"ja": ja, "en": en} for ja, en in lines]


def _refusal(negotiation: Negotiation, terms: Terms, effective_on: date | None) -> dict[str, Any] | None:
    try:
        if negotiation.amends_id is None:
            compile_plan(terms, at=clock.now(), zone=clock.market_zone(), law=law_of(negotiation.segment))
        else:
            amendment_of(negotiation, terms, effective_on)
        require_known(terms)
    except FieldInvalid as refused:
        return {"field": refused.name, "detail": refused.fields["reason"].as_dict()}
    return None


def metered_price_of(agreement: str) -> MeteredPrice | None:
    """What use costs under the signed plan of an agreement; None if it is not metered, or not signed here."""
    for unit_price_minor, currency, metering in fetch_prepared(_METERED, [agreement]):
        if unit_price_minor is None:
            return None
        terms = parse_metering(json.loads(metering), prefix="metering") if metering else None
        return MeteredPrice(unit_price_minor, currency, terms or PLAIN)
    return None
