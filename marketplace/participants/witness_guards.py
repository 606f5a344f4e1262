"""Who registers and ends a witness of the evidence log: the guard of a lower table, which knows no people."""

from __future__ import annotations

import pgtrigger

from marketplace.evidence.witness_models import LIVE_MAX
from marketplace.kernel.permissions import Permission

from .acting import acts_now, holders

_OF_PARTICIPANT = (
    "o.public_id = NEW.organisation AND NOT o.is_operator AND NOT (TG_OP = 'INSERT' AND o.operator_affiliate)"
)


def witness_by_right() -> pgtrigger.Trigger:
    """Who manages the keys of a participant acts for its own witness, two people of the operator for one of a third party.

    The operator's affiliates have none, and a participant has few: who registers at once waits for the other.
    """
    return pgtrigger.Trigger(
        name="witness_by_right",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("ended_by"),
        declare=[("who", "text"), ("earlier", "text")],
        func=f"""
who := CASE WHEN TG_OP = 'INSERT' THEN NEW.registered_by ELSE NEW.ended_by END;
earlier := CASE WHEN TG_OP = 'INSERT' THEN NEW.first_person ELSE NEW.ended_first_person END;
IF NOT (CASE WHEN NEW.organisation = ''
    THEN {acts_now("who", holds=holders(Permission.RULEBOOK_WRITE))}
     AND {acts_now("earlier", holds=holders(Permission.RULEBOOK_WRITE), proved=False)}
    ELSE {acts_now("who", holds=holders(Permission.KEYS_WRITE), organisation=_OF_PARTICIPANT)} END) THEN
    RAISE EXCEPTION 'witness %: % is no natural person who may do this now', NEW.name, who
        USING ERRCODE = 'check_violation', CONSTRAINT = 'witness_by_right';
END IF;
IF TG_OP = 'INSERT' AND NEW.organisation <> '' THEN
    PERFORM FROM public.participants_organisation o WHERE o.public_id = NEW.organisation FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM public.participants_organisation o
                WHERE o.public_id = NEW.organisation AND o.operator_affiliate) THEN
        RAISE EXCEPTION '% is an affiliate of the operator', NEW.organisation
            USING ERRCODE = 'check_violation', CONSTRAINT = 'witness_by_right';
    END IF;
    IF (SELECT count(*) FROM public.evidence_witness w
         WHERE w.organisation = NEW.organisation AND w.until IS NULL) > {LIVE_MAX} THEN
        RAISE EXCEPTION '% has {LIVE_MAX} witnesses', NEW.organisation USING ERRCODE = 'check_violation';
    END IF;
END IF;
RETURN NULL;
""",  # noqa: S608  our own words
    )


def witness_of_affiliate() -> pgtrigger.Trigger:
    """A witness ends as that of an affiliate only if its organisation is one."""
    return pgtrigger.Trigger(
        name="witness_of_affiliate",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("ended_as_affiliate"),
        func="""
IF NEW.ended_as_affiliate AND NOT EXISTS (
    SELECT FROM public.participants_organisation o WHERE o.public_id = NEW.organisation AND o.operator_affiliate) THEN
    RAISE EXCEPTION '% is no affiliate of the operator: its witness does not end', NEW.organisation
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
""",
    )


def affiliate_without_witness() -> pgtrigger.Trigger:
    """When the transaction ends in which an organisation becomes an affiliate of the operator, no witness of it lives."""
    return pgtrigger.Trigger(
        name="affiliate_without_witness",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update,
        timing=pgtrigger.Deferred,
        condition=pgtrigger.Q(new__operator_affiliate=True),
        func="""
IF EXISTS (SELECT FROM public.participants_organisation o
             JOIN public.evidence_witness w ON w.organisation = o.public_id AND w.until IS NULL
            WHERE o.id = NEW.id AND o.operator_affiliate) THEN
    RAISE EXCEPTION '% is an affiliate of the operator: a witness of it lives', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
""",
    )
