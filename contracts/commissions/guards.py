"""Database guards of commissioned work."""

from __future__ import annotations

import pgtrigger

from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acts_now, holders

from ..states import PRICE_TALK
from .states import ANSWER_DAYS

UNRAISED = f"""(k.state = 'answered' AND EXISTS (
    SELECT FROM public.contracts_agreement a LEFT JOIN public.contracts_adjustment d ON d.id = k.adjustment_id
     WHERE a.negotiation_id = k.negotiation_id AND NOT coalesce(CASE
        WHEN k.answer IN ('agreed', 'partly') AND a.concluded_at <= k.answered_at
             AND coalesce(a.terminated_at, a.expired_at, 'infinity') > k.answered_at
        THEN (d.agreement_id, d.debtor, d.amount_minor, d.reason_code) = (a.id, 'buyer', k.added_minor, '{PRICE_TALK}')
        ELSE k.adjustment_id IS NULL END, false)))"""
"""Whether a talk ``k`` was agreed while its agreement was in force and did not raise the price, or raised it otherwise."""


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


def raised_as_agreed() -> pgtrigger.Trigger:
    """At the end of the transaction in which a talk is agreed while its agreement is in force, the buyer owes what it agreed to."""
    return pgtrigger.Trigger(
        name="raised_as_agreed",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state", "adjustment_id", "added_minor"),
        timing=pgtrigger.Deferred,
        func=f"""
IF EXISTS (SELECT FROM public.contracts_pricetalk k WHERE k.id = NEW.id AND {UNRAISED}) THEN
    RAISE EXCEPTION 'what % agreed raises the price of its agreement', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'raised_as_agreed';
END IF;
RETURN NULL;
""",
    )


def raised_by_talk() -> pgtrigger.Trigger:
    """An adjustment with the reason of a talk about the price is of one, by the end of its transaction."""
    return pgtrigger.Trigger(
        name="raised_by_talk",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=f"""
IF NEW.reason_code = '{PRICE_TALK}' AND NOT EXISTS (
    SELECT FROM public.contracts_pricetalk k WHERE k.adjustment_id = NEW.id) THEN
    RAISE EXCEPTION '% is of no talk about a price', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'raised_by_talk';
END IF;
RETURN NULL;
""",
    )
