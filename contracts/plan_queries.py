"""The plan of a negotiation as both sides read it before they sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid

from .commissions.classing import require_known
from .models import Instrument, Negotiation
from .plan import Plan, build_plan, compile_plan, plan_lines, plan_of
from .queries import latest_proposal
from .states import NegotiationState
from .terms import Terms, parse_terms


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
    terms = parse_terms(instrument.said["terms"] if instrument else latest_proposal(negotiation).terms)
    plan = plan_of(instrument.said) if instrument else build_plan(terms)
    is_over = negotiation.state in (NegotiationState.FINALIZED, NegotiationState.TERMINATED)
    return ShownPlan(
        version=plan.version,
        plan=plan.as_dict(),
        words=_words(plan),
        refusal=None if is_over else _refusal(terms),
    )


def _words(plan: Plan) -> list[dict[str, str]]:
    lines = zip(plan_lines(plan, "ja"), plan_lines(plan, "en"), strict=True)
    return [{"ja": ja, "en": en} for ja, en in lines]


def _refusal(terms: Terms) -> dict[str, Any] | None:
    try:
        compile_plan(terms, at=clock.now(), zone=clock.market_zone())
        require_known(terms)
    except FieldInvalid as refused:
        return {"field": refused.name, "detail": refused.fields["reason"].as_dict()}
    return None
