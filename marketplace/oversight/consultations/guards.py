"""Database guards of consultations."""

from __future__ import annotations

import pgtrigger


def answered_once() -> pgtrigger.Trigger:
    """A question begins unanswered, and what answered or withdrew it does not change."""
    return pgtrigger.Trigger(
        name="answered_once",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func="""
IF TG_OP = 'INSERT' THEN
    IF NEW.answered_at IS NOT NULL OR NEW.withdrawn_at IS NOT NULL THEN
        RAISE EXCEPTION 'a question begins without its answer' USING ERRCODE = 'check_violation';
    END IF;
ELSIF (OLD.answered_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL)
      AND (NEW.answered_at, NEW.withdrawn_at, NEW.outcome, NEW.answer, NEW.answer_commitment, NEW.is_binding,
           NEW.first_person, NEW.answered_by)
          IS DISTINCT FROM (OLD.answered_at, OLD.withdrawn_at, OLD.outcome, OLD.answer, OLD.answer_commitment,
           OLD.is_binding, OLD.first_person, OLD.answered_by) THEN
    RAISE EXCEPTION 'a question is answered or withdrawn once' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",
    )


def follows_own() -> pgtrigger.Trigger:
    """A question follows an earlier one of the same participant."""
    return pgtrigger.Trigger(
        name="follows_own",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
IF NEW.follows_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM public.oversight_consultation c
     WHERE c.id = NEW.follows_id AND c.organisation_id = NEW.organisation_id) THEN
    RAISE EXCEPTION 'it follows no question of this participant' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",
    )
