"""Database guards of disqualifications: of a participant, for a term, and ended by two people or by its last day."""

from __future__ import annotations

import pgtrigger

from .qualification_guards import TODAY


def disqualified_for_a_term() -> pgtrigger.Trigger:
    """It begins standing, of a participant, by today; without people it ends after its last day only."""
    return pgtrigger.Trigger(
        name="disqualified_for_a_term",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("ended_at"),
        func=f"""
IF TG_OP = 'INSERT' AND (NEW.ended_at IS NOT NULL OR NEW.since > {TODAY} OR NEW.until < {TODAY} OR EXISTS (
       SELECT FROM public.participants_organisation o WHERE o.id = NEW.organisation_id AND o.is_operator))
   OR TG_OP = 'UPDATE' AND NEW.ended_by IS NULL AND NEW.until >= {TODAY} THEN
    RAISE EXCEPTION 'the disqualification % is not of a participant for a term', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'disqualified_for_a_term';
END IF;
RETURN NEW;
""",
    )
