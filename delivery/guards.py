"""Database guards of this application: no access without secured payment, no acceptance without matching hashes."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from listings.states import PERIODIC
from marketplace.kernel.guards import sql_body, sql_list
from marketplace.rules.halt_time import extended_as_halted

_SQL = Path(__file__).parent / "sql"


UNSENT = """EXISTS (
    SELECT FROM public.delivery_entitleddistribution f
     WHERE f.entitlement_id = {inspection}.entitlement_id AND NOT EXISTS (
        SELECT FROM public.delivery_download l
         WHERE l.inspection_id = {inspection}.id AND l.distribution_id = f.id AND l.sent_sha256 IS NOT NULL))"""
"""Whether a file was not sent as a whole in the round of an inspection (a row in SQL)."""
IN_PART = f"""(EXISTS (
    SELECT FROM public.delivery_download l
     WHERE l.inspection_id = {{inspection}}.id AND l.sent_bytes > 0 AND l.abort_reason IS DISTINCT FROM 'damaged')
  AND EXISTS (
    SELECT FROM public.delivery_entitlement d JOIN public.contracts_agreement a ON a.public_id = d.agreement
      JOIN public.contracts_instrument i ON i.id = a.instrument_id
     WHERE d.id = {{inspection}}.entitlement_id AND i.content::jsonb #>> '{{{{plan,money,charging}}}}' IN ({sql_list(PERIODIC)})))"""  # noqa: S608  our own words
"""Whether of an inspection something was sent, and the price is one by periods: at the end of access that is received in part."""


def secured_first() -> pgtrigger.Trigger:
    """An entitlement is created only if the outbox has the trade.secured event of its trade, with the same parties."""
    return pgtrigger.Trigger(
        name="secured_first",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "secured_first.sql"),
    )


def term_as_signed() -> pgtrigger.Trigger:
    """Access is granted until the end that the signed plan states, by the count of days of the contract's text, and inspected as long as it says."""
    return pgtrigger.Trigger(
        name="term_as_signed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("signed", "record")],
        func=sql_body(_SQL / "term_as_signed.sql"),
    )


def closes_as_ended() -> pgtrigger.Trigger:
    """Access closes before its term exactly with the last day of the ending that is scheduled or was carried out.

    Access that is granted waits for what begins to end its agreement, and holds off what would."""
    return pgtrigger.Trigger(
        name="closes_as_ended",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("closes_at"),
        func="""
IF TG_OP = 'INSERT' THEN
    PERFORM 1 FROM public.contracts_agreement WHERE public_id = NEW.agreement FOR SHARE;
END IF;
IF NEW.closes_at IS DISTINCT FROM (
    SELECT e.access_until FROM public.contracts_ending e JOIN public.contracts_agreement a ON a.id = e.agreement_id
     WHERE a.public_id = NEW.agreement AND e.state IN ('scheduled', 'done')) THEN
    RAISE EXCEPTION 'nothing ends % then', NEW.agreement USING ERRCODE = 'check_violation', CONSTRAINT = 'closes_as_ended';
END IF;
RETURN NEW;
""",
    )


def access_is_whole() -> pgtrigger.Trigger:
    """Access starts with a file and an inspection; it is terminated without an open inspection, but that of what was received before
    its agreement ended."""
    return pgtrigger.Trigger(
        name="access_is_whole",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        func=sql_body(_SQL / "access_is_whole.sql"),
    )


def fixed_once_started() -> pgtrigger.Trigger:
    """The files of an entitlement are added before access starts, and never afterwards."""
    return pgtrigger.Trigger(
        name="fixed_once_started",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("present", "text")],
        func=sql_body(_SQL / "fixed_once_started.sql"),
    )


def inspection_follows() -> pgtrigger.Trigger:
    """The first inspection has round 1; a further one follows a round that is delivered again."""
    return pgtrigger.Trigger(
        name="inspection_follows",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("present", "text")],
        func=sql_body(_SQL / "inspection_follows.sql"),
    )


def matched_in_full() -> pgtrigger.Trigger:
    """An inspection begins only if every distribution was sent as a whole in the same round, or something was and the price is one by periods."""
    return pgtrigger.Trigger(
        name="matched_in_full",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=sql_body(
            _SQL / "matched_in_full.sql",
            UNSENT=UNSENT.format(inspection="NEW"),
            IN_PART=IN_PART.format(inspection="NEW"),
        ),
    )


def received_in_part_at_the_end() -> pgtrigger.Trigger:
    """What was sent in part is received at the end of access, and not before."""
    return pgtrigger.Trigger(
        name="received_in_part_at_the_end",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        timing=pgtrigger.Deferred,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("matched_at"),
        func=f"""
IF NEW.matched_at IS NOT NULL AND EXISTS (
    SELECT FROM public.delivery_entitlement d WHERE d.id = NEW.entitlement_id AND d.ended_at IS NULL) AND {UNSENT.format(inspection="NEW")} THEN
    RAISE EXCEPTION 'what was sent in part is received when access ends'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'received_in_part_at_the_end';
END IF;
RETURN NULL;
""",
    )


def mismatch_is_disputed() -> pgtrigger.Trigger:
    """At commit, a reported hash that is not that of what was sent has opened a dispute, unless the delivery is decided or its inspection over."""
    return pgtrigger.Trigger(
        name="mismatch_is_disputed",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        timing=pgtrigger.Deferred,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("matched"),
        func="""
IF NOT NEW.matched AND EXISTS (
    SELECT FROM public.delivery_inspection n WHERE n.id = NEW.inspection_id
       AND (n.state = 'awaiting' OR n.state = 'running' AND public.business_now() < n.inspect_by)
) THEN
    RAISE EXCEPTION 'a hash that does not match is disputed in the same transaction'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'mismatch_is_disputed';
END IF;
RETURN NULL;
""",
    )


def access_open() -> pgtrigger.Trigger:
    """A download begins only while access is open, not during a dispute, and within the file."""
    return pgtrigger.Trigger(
        name="access_open",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("present", "text"), ("inspected", "text")],
        func=sql_body(_SQL / "access_open.sql"),
    )


def refusals_counted() -> pgtrigger.Trigger:
    """Refused downloads are counted one by one, of access that was granted to the buyer."""
    return pgtrigger.Trigger(
        name="refusals_counted",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=sql_body(_SQL / "refusals_counted.sql"),
    )


def sent_grows() -> pgtrigger.Trigger:
    """What was sent only grows, and is final once the download has ended."""
    return pgtrigger.Trigger(
        name="sent_grows",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=sql_body(_SQL / "sent_grows.sql"),
    )


def sent_as_sold() -> pgtrigger.Trigger:
    """A download has the hashes of the file that was sold only once ended downloads of the round cover all of it."""
    return pgtrigger.Trigger(
        name="sent_as_sold",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=sql_body(_SQL / "sent_as_sold.sql"),
    )


def sent_parts_kept() -> pgtrigger.Trigger:
    """When a download ends, what it sent is added to what its round has sent of the file."""
    return pgtrigger.Trigger(
        name="sent_parts_kept",
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        condition=pgtrigger.Q(old__state="sending") & ~pgtrigger.Q(new__state="sending"),
        func=sql_body(_SQL / "sent_parts_kept.sql"),
    )


def parts_were_sent() -> pgtrigger.Trigger:
    """To the parts of a file that were sent, nothing is added but what an ended download of the round has sent of it."""
    return pgtrigger.Trigger(
        name="parts_were_sent",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=sql_body(_SQL / "parts_were_sent.sql"),
    )


def voucher_of_sent() -> pgtrigger.Trigger:
    """A voucher repeats the hashes of a download that completed the file; one that waits begins during the sending."""
    return pgtrigger.Trigger(
        name="voucher_of_sent",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=sql_body(_SQL / "voucher_of_sent.sql"),
    )


def extended_as_told() -> pgtrigger.Trigger:
    """The deadline of a later charge moves only to the one of its event trade.funding_extended."""
    return pgtrigger.Trigger(
        name="extended_as_told",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("secure_by", "halts_counted_until"),
        func=sql_body(_SQL / "extended_as_told.sql"),
    )


def inspection_extended_as_halted() -> pgtrigger.Trigger:
    """The end of the inspection period is set once, and then moves only by what halts of trading and restitutions took."""
    return pgtrigger.Trigger(
        name="extended_as_halted",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("inspect_by", "halts_counted_until"),
        func="IF NEW.inspect_by > OLD.inspect_by AND pg_trigger_depth() > 1 THEN\n"
        "    RETURN NEW;  -- a restitution moves it, in its trigger prolongs\nEND IF;\n"
        "IF NEW.state <> OLD.state AND OLD.inspect_by IS NOT NULL AND NEW.inspect_by IS DISTINCT FROM OLD.inspect_by THEN\n"
        "    RAISE EXCEPTION 'the end of an inspection period does not move with its state'"
        " USING ERRCODE = 'check_violation';\nEND IF;\n"
        + extended_as_halted(
            "inspect_by",
            "halts_counted_until",
            "OLD.matched_at",
            listing="e.listing",
            segment="a.segment",
            joins="FROM public.delivery_entitlement e"
            " JOIN public.contracts_agreement a ON a.public_id = e.agreement WHERE e.id = NEW.entitlement_id",
        ),
    )
