"""Reminders: the party whose turn it is was told that its time to answer ends soon."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q

from marketplace.kernel.columns import DaysField, MomentField
from marketplace.kernel.guards import append_only, dated_now, sql_list

from ..states import REMINDED_DAYS, WAITS_FOR


def _reminded_in_turn() -> pgtrigger.Trigger:
    """Who is reminded is to answer the latest proposal within the days; nobody is while trading is halted."""
    return pgtrigger.Trigger(
        name="reminded_in_turn",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("n", "record")],
        func=f"""
SELECT g.* INTO n FROM public.contracts_proposal p JOIN public.contracts_negotiation g ON g.id = p.negotiation_id
 WHERE p.id = NEW.proposal_id FOR SHARE OF g;
IF n.state IS DISTINCT FROM NEW.state OR n.state NOT IN ({sql_list(WAITS_FOR)})
   OR NEW.proposal_id <> (SELECT max(p.id) FROM public.contracts_proposal p WHERE p.negotiation_id = n.id)
   OR public.business_now() >= n.respond_by OR n.respond_by > public.business_now() + NEW.days * interval '1 day'
   OR public.is_halted(n.listing, n.segment) THEN
    RAISE EXCEPTION 'a reminder is of an answer that is due within its days'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'reminded_in_turn';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )


class Reminder(models.Model):
    """That the party whose turn it is was reminded, ``days`` before its time to answer ends, of a negotiation in ``state`` with ``proposal``.

    Invariants: at most one for each turn and number of days, while the negotiation waits for that party and no halt covers it;
    append-only.
    """

    proposal = models.ForeignKey("contracts.Proposal", on_delete=models.PROTECT, related_name="reminders")
    state = models.CharField(max_length=10)
    days = DaysField()
    reminded_at = MomentField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "state", "days"], name="reminder_once"),
            models.CheckConstraint(condition=Q(days__in=REMINDED_DAYS), name="reminder_days"),
        ]
        triggers = [append_only(), dated_now("reminded_at"), _reminded_in_turn()]

    def __str__(self) -> str:
        """The days."""
        return f"{self.days}"
