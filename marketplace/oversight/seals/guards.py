"""Database guards of seals."""

from __future__ import annotations

import pgtrigger

from marketplace.participants.interest_guards import RECUSED

from ..locks import SEAL_LOCK
from .states import DAYS_MAX, LONGER_BY, TOTAL_DAYS_MAX


def seal_fits_record() -> pgtrigger.Trigger:
    """A seal names the parties of its record, ends within its terms, begins in force, and ends once; on the same ground and basis,
    it is longer than those in force.
    """
    return pgtrigger.Trigger(
        name="seal_fits_record",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        declare=[("happened_at", "timestamptz"), ("named", "text[]")],
        func=f"""
IF TG_OP = 'UPDATE' THEN
    IF OLD.ended_at IS NOT NULL AND (NEW.ended_at, NEW.ended_by, NEW.ended_first, NEW.ended_reason)
            IS DISTINCT FROM (OLD.ended_at, OLD.ended_by, OLD.ended_first, OLD.ended_reason) THEN
        RAISE EXCEPTION 'a seal ends once' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END IF;
SELECT e.occurred_at, array_agg(p.organisation::text ORDER BY p.organisation COLLATE "C") INTO happened_at, named
  FROM public.evidence_evidencerecord e JOIN public.evidence_recordparty p ON p.record_id = e.id
 WHERE e.public_id = NEW.record GROUP BY e.occurred_at;
IF named IS NULL OR named <> NEW.parties::text[] THEN
    RAISE EXCEPTION 'seal: record % has other parties, or none', NEW.record USING ERRCODE = 'check_violation';
END IF;
IF NEW.review_at <= NEW.sealed_at OR NEW.review_at > NEW.sealed_at + interval '{DAYS_MAX} days'
        OR NEW.review_at > happened_at + interval '{TOTAL_DAYS_MAX} days' THEN
    RAISE EXCEPTION 'seal: a record is not sealed until %', NEW.review_at USING ERRCODE = 'check_violation';
END IF;
IF NEW.ended_at IS NOT NULL THEN
    RAISE EXCEPTION 'a seal begins in force' USING ERRCODE = 'check_violation';
END IF;
{SEAL_LOCK.acquire_for_in_guard("NEW.record")}
IF EXISTS (
    SELECT FROM public.oversight_recordseal s
     WHERE s.record = NEW.record AND s.ended_at IS NULL AND (s.ground, s.legal_basis) = (NEW.ground, NEW.legal_basis)
       AND s.review_at > NEW.review_at - interval '{LONGER_BY.days} day') THEN
    RAISE EXCEPTION 'seal: record % is sealed on this ground for as long already', NEW.record
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )


def over_in_time() -> pgtrigger.Trigger:
    """The market ends a seal by itself at its review date, not before; people end it in two."""
    return pgtrigger.Trigger(
        name="over_in_time",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("ended_at"),
        func="""
IF NEW.ended_at IS NOT NULL AND NEW.ended_by = 'system' AND public.business_now() < NEW.review_at THEN
    RAISE EXCEPTION 'seal % is in force until its review date', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
""",
    )


def decided_by_unrelated() -> pgtrigger.Trigger:
    """Nobody seals, or ends a seal, who has declared an interest in one of the parties."""
    people = ("first_person", "sealed_by", "ended_first", "ended_by")
    recused = " OR ".join(
        f"(NEW.{column} <> '' AND NEW.{column} IS DISTINCT FROM OLD.{column} AND public.is_recused(NEW.{column}, o.id))"
        for column in people
    )
    return pgtrigger.Trigger(
        name=RECUSED,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf(*people),
        func=f"""
IF EXISTS (
    SELECT FROM public.participants_organisation o WHERE o.public_id = ANY (NEW.parties) AND ({recused})) THEN
    RAISE EXCEPTION 'who has declared an interest in a party seals no record of it, and ends no seal'
        USING ERRCODE = 'check_violation', CONSTRAINT = '{RECUSED}';
END IF;
RETURN NULL;
""",
    )
