"""Database guards of activity records."""

from __future__ import annotations

import pgtrigger

from .states import PER_DAY_MAX


def not_too_often() -> pgtrigger.Trigger:
    """A participant asks a few times in a day; who asks at once waits for the other."""
    return pgtrigger.Trigger(
        name="not_too_often",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
PERFORM FROM public.participants_organisation o WHERE o.id = NEW.organisation_id FOR NO KEY UPDATE;
IF (SELECT count(*) FROM public.oversight_activityrecord r
     WHERE r.organisation_id = NEW.organisation_id AND r.asked_at > NEW.asked_at - interval '24 hours') >= {PER_DAY_MAX} THEN
    RAISE EXCEPTION 'activity records are asked for {PER_DAY_MAX} times in a day' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )
