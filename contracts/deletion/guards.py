"""Database guards of the duty to delete and of its certificate."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acts_now, holders

from ..ending.states import CERTIFICATE_DAYS

_SQL = Path(__file__).parent / "sql"
DUE = """(a.state <> 'in_force' AND public.copies_sent(a.public_id) AND (
    SELECT CASE WHEN said.one ? 'plan' THEN EXISTS (
        SELECT FROM jsonb_array_elements(said.one #> '{plan,endings}') AS planned
         WHERE planned ->> 'copies' = 'deleted' AND (planned ->> 'of', planned ->> 'reason') = (
               CASE WHEN a.termination_reason IS NULL THEN 'access' ELSE 'agreement' END, coalesce(a.termination_reason, 'expired')))
    ELSE a.termination_reason IS DISTINCT FROM 'payment_failed' AND said.one #> '{terms,rights,delete_at_end}' = 'true' END
      FROM (SELECT public.signed_in_force(a.id, coalesce(a.terminated_at, a.expired_at))) AS said(one)))"""
"""Whether an agreement ``a`` obliges its buyer to delete: the signed plan in force at its end says so of how it ended, or the rights of
what was signed without a plan; and something was sent."""


def due_as_signed() -> pgtrigger.Trigger:
    """A duty is of an agreement whose plan demands it of how it ended, due when the days say, and overdue only then."""
    return pgtrigger.Trigger(
        name="due_as_signed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
        func=sql_body(_SQL / "due_as_signed.sql", DUE=DUE, DAYS=CERTIFICATE_DAYS),
    )


def certified_whole() -> pgtrigger.Trigger:
    """At the end of the transaction that certifies a duty, its certificate is there."""
    return pgtrigger.Trigger(
        name="certified_whole",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        timing=pgtrigger.Deferred,
        func="""
IF NEW.state = 'certified' AND NOT EXISTS (SELECT FROM public.contracts_deletioncertificate c WHERE c.duty_id = NEW.id) THEN
    RAISE EXCEPTION '% is certified by its certificate', NEW.public_id USING ERRCODE = 'check_violation', CONSTRAINT = 'certified_whole';
END IF;
RETURN NULL;
""",
    )


def certified_by_buyer() -> pgtrigger.Trigger:
    """A signatory of the buyer certifies, with a fresh proof, a day that has come and was not before access began; the duty is
    certified with it."""
    acts = acts_now(
        "NEW.certified_by", holds=holders(Permission.CONTRACTS_SIGN), organisation="o.id = d.buyer_id"
    )
    return pgtrigger.Trigger(
        name="certified_by_buyer",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("d", "record")],
        func=f"""
SELECT y.state, a.buyer_id, (coalesce(public.access_began(a.public_id), a.concluded_at) AT TIME ZONE 'Asia/Tokyo')::date AS began
  INTO d FROM public.contracts_deletionduty y JOIN public.contracts_agreement a ON a.id = y.agreement_id
 WHERE y.id = NEW.duty_id FOR UPDATE OF y;
IF d.state IS DISTINCT FROM 'certified' OR NOT coalesce(
   NEW.deleted_on BETWEEN d.began AND (public.business_now() AT TIME ZONE 'Asia/Tokyo')::date, false) OR NOT {acts} THEN
    RAISE EXCEPTION 'a signatory of the buyer certifies a deletion that was done' USING ERRCODE = 'check_violation', CONSTRAINT = 'certified_by_buyer';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )


def ended_with_duty() -> pgtrigger.Trigger:
    """At the end of the transaction that ends an agreement, its buyer has the duty to delete that the signed plan demands."""
    return pgtrigger.Trigger(
        name="ended_with_duty",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        timing=pgtrigger.Deferred,
        func=f"""
IF OLD.state <> NEW.state AND EXISTS (
    SELECT FROM public.contracts_agreement a JOIN public.contracts_instrument i ON i.id = a.instrument_id
     WHERE a.id = NEW.id AND {DUE}
       AND NOT EXISTS (SELECT FROM public.contracts_deletionduty y WHERE y.agreement_id = a.id)) THEN
    RAISE EXCEPTION '% ended without the duty to delete', NEW.public_id USING ERRCODE = 'check_violation', CONSTRAINT = 'ended_with_duty';
END IF;
RETURN NULL;
""",  # noqa: S608  our own words
    )
