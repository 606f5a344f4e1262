"""Database guards of qualifications: who states, verifies and ends them, and when."""

from __future__ import annotations

import pgtrigger

from marketplace.kernel.permissions import Permission

from .acting import acts_now, holders
from .bounds import QUALIFICATIONS_A_DAY_MAX, QUALIFICATIONS_STANDING_MAX

TODAY = "(public.business_now() AT TIME ZONE 'Asia/Tokyo')::date"
"""The business date in the market's time zone, in SQL."""


def qualification_moves_rightly() -> pgtrigger.Trigger:
    """People of the organisation, a participant, state and withdraw it; it is verified while valid, and expires afterwards."""
    own = {
        column: acts_now(
            f"NEW.{column}",
            holds=holders(Permission.ORGANISATION_WRITE),
            organisation="o.id = NEW.organisation_id AND NOT o.is_operator",
        )
        for column in ("stated_by", "ended_by")
    }
    return pgtrigger.Trigger(
        name="qualification_moves_rightly",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
        func=f"""
IF TG_OP = 'INSERT' THEN
    IF NOT {own["stated_by"]} THEN
        RAISE EXCEPTION '% states no qualification of this organisation now', NEW.stated_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'qualification_moves_rightly';
    END IF;
ELSIF NEW.state IS DISTINCT FROM OLD.state AND (
       NEW.state = 'verified' AND NEW.valid_until < {TODAY}
    OR NEW.state = 'expired' AND (NEW.valid_until IS NULL OR NEW.valid_until >= {TODAY})
    OR NEW.state = 'withdrawn' AND NOT {own["ended_by"]}) THEN
    RAISE EXCEPTION 'the qualification % does not become % now', NEW.public_id, NEW.state
        USING ERRCODE = 'check_violation', CONSTRAINT = 'qualification_moves_rightly';
END IF;
RETURN NULL;
""",
    )


def qualifications_few() -> pgtrigger.Trigger:
    """An organisation has so many qualifications at most; its row is locked, so that no two are stated at once."""
    return pgtrigger.Trigger(
        name="qualifications_few",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func=f"""
PERFORM FROM public.participants_organisation o WHERE o.id = NEW.organisation_id FOR NO KEY UPDATE;
IF EXISTS (
    SELECT FROM public.participants_qualification q WHERE q.organisation_id = NEW.organisation_id
    HAVING count(*) FILTER (WHERE q.state IN ('stated', 'verified')) > {QUALIFICATIONS_STANDING_MAX}
        OR count(*) FILTER (WHERE q.stated_at >= NEW.stated_at - interval '24 hours') > {QUALIFICATIONS_A_DAY_MAX}) THEN
    RAISE EXCEPTION 'the organisation states no further qualification now'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'qualifications_few';
END IF;
RETURN NULL;
""",
    )
