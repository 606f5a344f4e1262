"""Database guards of staff accesses: of a participant, within their hours, and deferred only while nobody was told."""

from __future__ import annotations

import pgtrigger

from marketplace.participants.interest_guards import RECUSED

from .states import SUBJECTS_MAX

_REVIEW = """greatest(a.deferred_until,
        (SELECT max(d.until) FROM public.access_accessdeferral d WHERE d.access_id = a.id))"""


def opened_on_participant() -> pgtrigger.Trigger:
    """An access begins open, at a participant that its identifier names; a deferred one has not been told."""
    return pgtrigger.Trigger(
        name="opened_on_participant",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
IF NEW.ended_at IS NOT NULL OR (NEW.approved_by <> '' AND NEW.told_at IS NOT NULL) THEN
    RAISE EXCEPTION 'an access begins open, and is told later if two people deferred that'
        USING ERRCODE = 'check_violation';
END IF;
IF NOT EXISTS (SELECT FROM public.participants_organisation o
                WHERE o.id = NEW.organisation_id AND o.public_id = NEW.organisation_identifier
                  AND NOT o.is_operator) THEN
    RAISE EXCEPTION '% is no participant whose affairs can be opened', NEW.organisation_identifier
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",
    )


def defers_untold() -> pgtrigger.Trigger:
    """A deferral is of an access whose participant was not told, made before the review date, and to a later one."""
    return pgtrigger.Trigger(
        name="defers_untold",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
-- The row waits for who tells, and who tells waits for it.
PERFORM FROM public.access_staffaccess a WHERE a.id = NEW.access_id FOR NO KEY UPDATE;
IF NOT EXISTS (SELECT FROM public.access_staffaccess a
                WHERE a.id = NEW.access_id AND a.told_at IS NULL AND a.approved_by <> ''
                  AND NEW.decided_at < {_REVIEW} AND NEW.until > {_REVIEW}) THEN
    RAISE EXCEPTION 'the notice of this access is not deferred, or its review date is over or later'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",
    )


def deferred_unrelated() -> pgtrigger.Trigger:
    """Who defers the notice of an access has declared no interest in its participant."""
    return pgtrigger.Trigger(
        name=RECUSED,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func=f"""
IF EXISTS (SELECT FROM public.access_staffaccess a WHERE a.id = NEW.access_id
              AND (public.is_recused(NEW.first_person, a.organisation_id)
                OR public.is_recused(NEW.approved_by, a.organisation_id))) THEN
    RAISE EXCEPTION 'who has declared an interest in the participant defers no notice to it'
        USING ERRCODE = 'check_violation', CONSTRAINT = '{RECUSED}';
END IF;
RETURN NULL;
""",
    )


def within_access() -> pgtrigger.Trigger:
    """A subject is read while its access is open and its person has no interest in the participant, and not too many of them."""
    return pgtrigger.Trigger(
        name="within_access",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
PERFORM FROM public.access_staffaccess a WHERE a.id = NEW.access_id FOR NO KEY UPDATE;
IF NOT EXISTS (SELECT FROM public.access_staffaccess a
                WHERE a.id = NEW.access_id AND a.ended_at IS NULL
                  AND NEW.read_at >= a.opened_at AND NEW.read_at < a.expires_at
                  AND NOT public.is_recused(a.person, a.organisation_id)) THEN
    RAISE EXCEPTION 'the access is not open' USING ERRCODE = 'check_violation';
END IF;
IF (SELECT count(*) FROM public.access_accessread r WHERE r.access_id = NEW.access_id) >= {SUBJECTS_MAX} THEN
    RAISE EXCEPTION 'an access reads {SUBJECTS_MAX} subjects at most' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )
