"""Database guards of commissioned work."""

from __future__ import annotations

import pgtrigger

from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acts_now, holders

from .states import ANSWER_DAYS


def admitted_by_seller() -> pgtrigger.Trigger:
    """A signatory of the seller admits a fault, with a fresh proof, of an agreement whose plan protects that seller."""
    acts = acts_now(
        "NEW.admitted_by", holds=holders(Permission.CONTRACTS_SIGN), organisation="o.id = a.seller_id"
    )
    return pgtrigger.Trigger(
        name="admitted_by_seller",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("a", "record")],
        func=f"""
SELECT g.seller_id, i.content::jsonb #> '{{plan,commission}}' AS commission INTO a
  FROM public.contracts_agreement g JOIN public.contracts_instrument i ON i.id = g.instrument_id WHERE g.id = NEW.agreement_id;
IF a.commission IS NULL OR NOT {acts} THEN
    RAISE EXCEPTION 'a signatory of the seller of commissioned work admits its fault'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'admitted_by_seller';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )


def talked_in_time() -> pgtrigger.Trigger:
    """A talk about the price is asked while a law protects the seller, has its days, and is unanswered only after them."""
    return pgtrigger.Trigger(
        name="talked_in_time",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
        func=f"""
IF TG_OP = 'INSERT' AND (NEW.answer_by IS DISTINCT FROM public.end_of_period(NEW.asked_at, 'P{ANSWER_DAYS}D') OR NOT EXISTS (
    SELECT FROM public.contracts_proposal p JOIN public.contracts_negotiation n ON n.id = p.negotiation_id
     WHERE n.id = NEW.negotiation_id AND n.state <> 'terminated'
       AND p.number = (SELECT max(l.number) FROM public.contracts_proposal l WHERE l.negotiation_id = n.id)
       AND (p.terms #> '{{commission,findings}}' @> '[{{"applies": true}}]'
            OR p.terms #> '{{commission,findings}}' @> '[{{"applies": null}}]'))) THEN
    RAISE EXCEPTION 'the price of commissioned work that a law protects is talked about, for {ANSWER_DAYS} days'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'talked_in_time';
END IF;
IF TG_OP = 'UPDATE' AND NEW.state = 'unanswered' AND OLD.state <> 'unanswered' AND public.business_now() < OLD.answer_by THEN
    RAISE EXCEPTION '% can still be answered', NEW.public_id USING ERRCODE = 'check_violation', CONSTRAINT = 'talked_in_time';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )
