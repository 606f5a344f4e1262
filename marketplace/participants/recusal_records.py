"""Decisions whose row names nobody: who has declared an interest in a party of their record is not its actor.

A decision that a row names (``interest_guards.unrelated``) needs no place here.
"""

from __future__ import annotations

from typing import Final

import pgtrigger

from marketplace.kernel.guards import sql_list
from marketplace.kernel.permissions import Permission

from .acting import acted_at, acts_now, holders
from .interest_guards import RECUSED

DECIDED: Final = (
    "clearing.debit_booked",
    "clearing.debit_recouped",
    "clearing.obligation_reversed",
    "clearing.payment_failed",
    "clearing.trade_share_clawed_back",
    "contracts.negotiation_terminated",
    "delivery.suspended",
    "listings.listing_resumed",
    "listings.listing_withdrawn",
    "listings.version_published",
    "listings.version_refused",
    "participants.admission_decided",
    "participants.owner_recovery_refused",
    "registration.screening_assessed",
    "rules.trading_halted",
)
"""The kinds of records of what one person of the operator, or the second of two, decides about single participants."""
_STAFF = holders(Permission.OPERATOR_READ)


def recorded_by_unrelated() -> pgtrigger.Trigger:
    """Who decides something about a participant, as its record says, has declared no interest in it.

    Stands here and not with the table, whose floor knows no people. Of those who act for the operator alone: who left it and
    joined the participant acts for that.
    """
    return pgtrigger.Trigger(
        name="recorded_by_unrelated",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition(f"NEW.kind IN ({sql_list(DECIDED)})"),
        func=f"""
IF EXISTS (
    SELECT FROM public.evidence_parties(NEW.kind, NEW.subject, NEW.payload) p
      JOIN public.participants_organisation party ON party.public_id = p.party
     WHERE public.is_recused(NEW.actor, party.id))
   AND {acts_now("NEW.actor", holds=_STAFF, proved=False)} THEN
    RAISE EXCEPTION 'who has declared an interest in a party of % decides nothing about it (%)', NEW.subject, NEW.kind
        USING ERRCODE = 'check_violation', CONSTRAINT = '{RECUSED}';
END IF;
RETURN NULL;
""",
    )


def recorded_by_related() -> str:
    """The query of records of decisions whose actor, of the operator, had an interest in a party of theirs."""
    return (
        "SELECT e.public_id, e.kind, e.actor FROM participants_staffinterest i"  # noqa: S608  our own words
        " JOIN participants_organisation party ON party.id = i.organisation_id"
        f" JOIN evidence_evidencerecord e ON e.actor = i.person AND e.kind IN ({sql_list(DECIDED)})"
        "  AND i.declared_at < e.occurred_at AND (i.ended_at IS NULL OR i.ended_at > e.occurred_at)"
        f" WHERE {acted_at('i.person', 'e.occurred_at', holds=_STAFF)} AND party.public_id IN ("
        "  SELECT p.party FROM evidence_parties(e.kind, e.subject, e.payload) p)"
    )
