"""Database guards of how agreements end: when their rights of use end, and what comes before."""

from __future__ import annotations

from pathlib import Path

import pgtrigger
from django.db import models
from django.db.models import F, Q

from listings.ending import DIVISIBLE
from marketplace.kernel.guards import sql_body, sql_list
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acts_now, holders
from marketplace.participants.interest_guards import RECUSED

from ..guards import adjusted_of_charge, price_of_charge
from ..states import CLAUSE_REASON, AgreementState
from .states import OPEN_ENDINGS, EndingGround

_SQL = Path(__file__).parent / "sql"


def expired_after_its_end() -> models.CheckConstraint:
    """What is expired says when, and that was not before its end; what is in force is not."""
    return models.CheckConstraint(
        condition=Q(expired_at=None) & ~Q(state=AgreementState.EXPIRED)
        | Q(expired_at__isnull=False, ends_at__isnull=False, expired_at__gte=F("ends_at"))
        & ~Q(state=AgreementState.IN_FORCE),
        name="agreement_expired_after_its_end",
    )


def ends_as_signed() -> pgtrigger.Trigger:
    """An agreement ends when the signed rights end; the end moves later only while it is in force, and not past a signed last day."""
    return pgtrigger.Trigger(
        name="ends_as_signed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("ends_at", "state", "expired_at"),
        declare=[("rights", "jsonb")],
        func=sql_body(_SQL / "ends_as_signed.sql"),
    )


def ends_lawfully() -> pgtrigger.Trigger:
    """A new ending is of an agreement in force, from today on and before its term, on a ground that the contract or the law gives.

    The agreement's row is locked until the transaction ends: of its expiry, its termination and this, one comes first.
    """
    return pgtrigger.Trigger(
        name="ends_lawfully",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[
            ("a", "record"),
            ("terms", "jsonb"),
            ("returned", "numeric"),
            ("price", "numeric"),
            ("adjusted", "bigint"),
            ("today", "date"),
        ],
        func=sql_body(
            _SQL / "ends_lawfully.sql",
            CLAUSE_REASON=CLAUSE_REASON,
            DIVISIBLE=sql_list(DIVISIBLE),
            PRICE=price_of_charge("a", "(NEW.consequences ->> 'charge')::integer"),
            ADJUSTED=adjusted_of_charge("a.id", "(NEW.consequences ->> 'charge')::integer"),
            ACTS=acts_now(
                "NEW.proposed_by",
                holds=holders(Permission.CONTRACTS_SIGN),
                organisation="o.id = (CASE NEW.party WHEN 'buyer' THEN a.buyer_id ELSE a.seller_id END)",
            ),
        ),
    )


def ending_moves_in_time() -> pgtrigger.Trigger:
    """The other party accepts by its signatory, in time; a proposal lapses after its time; what is scheduled is carried out after its last day."""
    return pgtrigger.Trigger(
        name="ending_moves_in_time",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        declare=[("a", "record")],
        func=sql_body(
            _SQL / "ending_moves_in_time.sql",
            ACTS=acts_now(
                "NEW.answered_by",
                holds=holders(Permission.CONTRACTS_SIGN),
                organisation="o.id = (CASE NEW.party WHEN 'buyer' THEN a.seller_id ELSE a.buyer_id END)",
            ),
        ),
    )


def ended_by_unrelated() -> pgtrigger.Trigger:
    """Nobody orders the end of an agreement by law who has declared an interest in one of its parties."""
    return pgtrigger.Trigger(
        name=RECUSED,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func=f"""
IF NEW.ground = 'law' AND EXISTS (
    SELECT FROM public.contracts_agreement a, unnest(ARRAY[NEW.proposed_by::text, NEW.first_person::text]) AS who
     WHERE a.id = NEW.agreement_id AND (public.is_recused(who, a.buyer_id) OR public.is_recused(who, a.seller_id))) THEN
    RAISE EXCEPTION 'who has declared an interest in a party ends no agreement of it'
        USING ERRCODE = 'check_violation', CONSTRAINT = '{RECUSED}';
END IF;
RETURN NULL;
""",
    )


def redelivered_in_time() -> pgtrigger.Trigger:
    """No dispute ends in a delivery once access is over: by an ending, by a signed last day, or with the agreement."""
    return pgtrigger.Trigger(
        name="redelivered_in_time",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("outcome"),
        func=sql_body(_SQL / "redelivered_in_time.sql"),
    )


def terminated_as_ended() -> pgtrigger.Trigger:
    """An agreement is terminated on a ground of its endings by one that was carried out, and for the seller's breach by a dispute."""
    return pgtrigger.Trigger(
        name="terminated_as_ended",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        func=sql_body(_SQL / "terminated_as_ended.sql", GROUNDS=sql_list(EndingGround.values)),
    )


def ends_whole() -> pgtrigger.Trigger:
    """At the end of the transaction that ends an agreement, nothing that would end or renew it is open."""
    return pgtrigger.Trigger(
        name="ends_whole",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        timing=pgtrigger.Deferred,
        func=f"""
IF NEW.state <> 'in_force' AND EXISTS (
    SELECT FROM public.contracts_ending e WHERE e.agreement_id = NEW.id AND e.state IN ({sql_list(OPEN_ENDINGS)}))
   OR NEW.state <> 'in_force' AND EXISTS (
    SELECT FROM public.contracts_renewal r WHERE r.agreement_id = NEW.id AND r.state = 'standing') THEN
    RAISE EXCEPTION '% has ended: nothing that would end or renew it stays open', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ends_whole';
END IF;
RETURN NULL;
""",  # noqa: S608  our own words
    )


def dropped_for_another() -> pgtrigger.Trigger:
    """At the end of the transaction that drops what was scheduled, its agreement is over, or another ends it: earlier, or by law."""
    return pgtrigger.Trigger(
        name="dropped_for_another",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        timing=pgtrigger.Deferred,
        func="""
IF OLD.state = 'scheduled' AND NEW.state = 'dropped' AND EXISTS (
    SELECT FROM public.contracts_agreement a WHERE a.id = NEW.agreement_id AND a.state = 'in_force') AND NOT EXISTS (
    SELECT FROM public.contracts_ending e
     WHERE e.agreement_id = NEW.agreement_id AND e.id <> NEW.id
       AND (e.ground = 'law' OR e.access_until < NEW.access_until)
       AND (e.state = 'scheduled' OR e.state = 'dropped' AND e.closed_at >= NEW.closed_at)) THEN
    RAISE EXCEPTION '% is dropped only for another that ends its agreement', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'dropped_for_another';
END IF;
RETURN NULL;
""",
    )


_ADDED = adjusted_of_charge("{ending}.agreement_id", "({ending}.consequences ->> 'charge')::integer")
RETURNED_AT_LEAST = f"""(CASE WHEN {{ending}}.refund = 'pro_rata' AND {{ending}}.consequences ? 'adjusted_minor' AND {{ending}}.consequences ->> 'charge' IS NOT NULL THEN
    greatest(({{ending}}.consequences ->> 'refund_minor')::bigint + ({{ending}}.consequences ->> 'kept_minor')::bigint
             + {_ADDED} - ({{ending}}.consequences ->> 'adjusted_minor')::bigint, 0)
    * ({{ending}}.consequences #>> '{{{{period,unused_days}}}}')::bigint / ({{ending}}.consequences #>> '{{{{period,days}}}}')::bigint
    ELSE {{ending}}.refund_minor END)"""
"""What comes back of the charge of an ending (a row in SQL) at least: as shown, of the price as clauses have adjusted it since."""
RETURN_MISSING = f"""{RETURNED_AT_LEAST} > coalesce((SELECT sum(d.amount_minor) FROM public.contracts_adjustment d
    WHERE d.agreement_id = {{ending}}.agreement_id AND d.debtor = 'seller' AND NOT starts_with(d.reason_code, '{CLAUSE_REASON}')
      AND d.charge = ({{ending}}.consequences ->> 'charge')::integer), 0)"""  # noqa: S608  our own words
"""Whether less was returned of the charge of an ending than was shown of it, with what was returned before and since."""


def ended_whole() -> pgtrigger.Trigger:
    """At the end of the transaction that carries out an ending, its agreement is terminated on its ground, and what was shown is
    returned."""
    return pgtrigger.Trigger(
        name="ended_whole",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        timing=pgtrigger.Deferred,
        func=f"""
IF NEW.state = 'done' AND NOT EXISTS (
    SELECT FROM public.contracts_agreement a
     WHERE a.id = NEW.agreement_id AND a.state = 'terminated' AND a.termination_reason = NEW.ground) THEN
    RAISE EXCEPTION '% is carried out when its agreement is terminated', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ended_whole';
END IF;
IF NEW.state = 'done' AND {RETURN_MISSING.format(ending="NEW")} THEN
    RAISE EXCEPTION '% returns what was shown of it', NEW.public_id USING ERRCODE = 'check_violation', CONSTRAINT = 'ended_whole';
END IF;
RETURN NULL;
""",
    )
