"""Database guards of this application: an agreement is what two independent parties signed."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from listings.ending import DIVISIBLE, NOTICE_DAYS, RefundRule
from listings.states import SignatureLevel
from marketplace.kernel.guards import sql_body, sql_list
from marketplace.kernel.permissions import RULES, Permission
from marketplace.rules.halt_time import extended_as_halted

from .states import CLAUSE_REASON, ENDED_EARLY, INSPECTED_ON, LATE_REASON, OPEN_DAYS, RESERVED_GROUNDS

_SQL = Path(__file__).parent / "sql"


def adjusted_of_charge(agreement: str, charge: str) -> str:
    """What clauses have added to the price of a charge of an agreement (its key and a number in SQL); negative for what they took off.

    What is settled late is of the charge before."""
    return f"""(SELECT coalesce(sum(CASE c.debtor WHEN 'buyer' THEN c.amount_minor ELSE -c.amount_minor END), 0)::bigint
  FROM public.contracts_adjustment c
 WHERE c.agreement_id = {agreement} AND c.charge = {charge} AND starts_with(c.reason_code, '{CLAUSE_REASON}')
   AND c.reason_code <> '{LATE_REASON}')"""  # noqa: S608  our own words


def price_of_charge(agreement: str, charge: str) -> str:
    """The price of a charge (its number in SQL) of an agreement (a row in SQL) by the version that states it; null if none does."""
    plan = f"public.plan_of_charge({agreement}.public_id, {charge}::integer)"
    return f"({plan} #> '{{money,charges}}' -> (nullif({charge}, 0)::integer - 1) ->> 'price_minor')::numeric"


def independent_parties() -> pgtrigger.Trigger:
    """Parties are active, have their own identifiers, and neither is the operator or its affiliate.

    Their rows are locked until the transaction ends, so neither is suspended or becomes an affiliate meanwhile: a
    suspension waits for this transaction and then finds its rows.
    """
    return pgtrigger.Trigger(
        name="independent_parties",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("independent", "integer")],
        func=sql_body(_SQL / "independent_parties.sql"),
    )


def begins_with_proposal() -> pgtrigger.Trigger:
    """At the end of the transaction that creates it, a negotiation has a proposal."""
    return pgtrigger.Trigger(
        name="begins_with_proposal",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=sql_body(_SQL / "begins_with_proposal.sql"),
    )


def steps_signed() -> pgtrigger.Trigger:
    """A negotiation is agreed with the seller's signature, verified with both, finalized with its agreement."""
    return pgtrigger.Trigger(
        name="steps_signed",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        declare=[("signers", "text[]")],
        func=sql_body(_SQL / "steps_signed.sql"),
    )


def proposal_in_turn() -> pgtrigger.Trigger:
    """A proposal follows the previous one, its party is the one whose request or offer the state says it is, and it states how long it is open and how it ends early."""
    return pgtrigger.Trigger(
        name="proposal_in_turn",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("present", "text"), ("latest", "integer"), ("n", "record"), ("since", "timestamptz")],
        func=sql_body(
            _SQL / "proposal_in_turn.sql",
            LOWEST=OPEN_DAYS[0],
            HIGHEST=OPEN_DAYS[1],
            REFUNDS=sql_list(RefundRule.values),
            NOTICE_LOWEST=NOTICE_DAYS[0],
            NOTICE_HIGHEST=NOTICE_DAYS[1],
            PRO_RATA=RefundRule.PRO_RATA.value,
            DIVISIBLE=sql_list(DIVISIBLE),
            LEVELS=sql_list(SignatureLevel.values),
        ),
    )


def instrument_whole() -> pgtrigger.Trigger:
    """An instrument is drawn up over the latest proposal, with its terms, and its hashes match its content.

    The database computes the hashes itself: SHA-256 of the content, and of each text.
    """
    return pgtrigger.Trigger(
        name="instrument_whole",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("said", "jsonb"), ("n", "record"), ("p", "record")],
        func=sql_body(_SQL / "instrument_whole.sql"),
    )


def signature_of_instrument() -> pgtrigger.Trigger:
    """A party of the negotiation signs the instrument's hash, the seller first, by a signatory of its or by a program; with a live key.

    The market signs for a signatory only who proved a second factor just before. The name of the person is that of its account.
    Where the terms demand that parties sign with their own keys, no other signature is taken.

    The key's row is locked until the transaction ends: its revocation waits, or is seen.
    """
    return pgtrigger.Trigger(
        name="signature_of_instrument",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("hash", "text"), ("level", "text"), ("n", "record"), ("k", "record")],
        func=sql_body(
            _SQL / "signature_of_instrument.sql",
            ROLES=sql_list(sorted(RULES[Permission.CONTRACTS_SIGN].participant)),
        ),
    )


def not_withdrawn() -> pgtrigger.Trigger:
    """Nothing is signed over a listing that was withdrawn; its row is locked until the transaction ends, so a withdrawal waits."""
    return pgtrigger.Trigger(
        name="not_withdrawn",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("sold", "record")],
        func="""
SELECT l.public_id, l.state INTO sold FROM public.contracts_instrument i
  JOIN public.contracts_negotiation n ON n.id = i.negotiation_id
  JOIN public.listings_listing l ON l.public_id = n.listing
 WHERE i.id = NEW.instrument_id FOR SHARE OF l;
IF sold.state = 'withdrawn' THEN
    RAISE EXCEPTION '% was withdrawn: nothing more is signed over it', sold.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'not_withdrawn';
END IF;
RETURN NEW;
""",
    )


def open_as_signed() -> pgtrigger.Trigger:
    """What the seller has signed is open to the buyer until the day that it states, and no longer.

    Meanwhile the seller withdraws it only on a reserved ground, with its reason, or if it reserved that; the market, the operator and the
    buyer may end the negotiation.
    """
    return pgtrigger.Trigger(
        name="open_as_signed",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        declare=[("terms", "jsonb"), ("signed", "timestamptz")],
        func=sql_body(_SQL / "open_as_signed.sql", GROUNDS=sql_list(RESERVED_GROUNDS)),
    )


def agreed_as_signed() -> pgtrigger.Trigger:
    """An agreement comes from a verified negotiation with two signatures over one hash, and repeats the signed content."""
    return pgtrigger.Trigger(
        name="agreed_as_signed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("said", "jsonb"), ("n", "record"), ("signers", "text[]")],
        func=sql_body(_SQL / "agreed_as_signed.sql"),
    )


def concluded_whole() -> pgtrigger.Trigger:
    """At the end of the transaction that creates an agreement, its negotiation is finalized, and the case of its conclusion over."""
    return pgtrigger.Trigger(
        name="concluded_whole",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=sql_body(_SQL / "concluded_whole.sql"),
    )


def within_price() -> pgtrigger.Trigger:
    """Adjustments are in the agreement's currency, made before it is terminated (by a clause, also after an end at which no price goes
    back), and never return more than the price of their charge."""
    return pgtrigger.Trigger(
        name="within_price",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("a", "record"), ("returned", "numeric"), ("price", "numeric")],
        func=sql_body(
            _SQL / "within_price.sql",
            CLAUSE_REASON=CLAUSE_REASON,
            ENDED_EARLY=ENDED_EARLY,
            INSPECTED_ON=sql_list(INSPECTED_ON),
            ADJUSTED=adjusted_of_charge("NEW.agreement_id", "NEW.charge"),
            PRICE=price_of_charge("a", "NEW.charge"),
        ),
    )


def held_unallowed(negotiation: str) -> str:
    """Whether the rules, asked last about a negotiation (its public identifier in SQL), did not let it be concluded.

    They deny it, or a rule of theirs holds it which did so in no decision that two people allowed in the case of it: the rule
    as the rulebook of that decision states it, condition and text, for the same reason.
    """
    return f"""EXISTS (
    SELECT FROM (
        SELECT DISTINCT ON (d.point) d.point, d.outcome, d.reasons, d.rulebook_id FROM public.rules_decision d
         WHERE d.subject = {negotiation} AND d.point IN ('conclusion', 'trading') ORDER BY d.point, d.id DESC) latest
     WHERE latest.outcome = 'deny' OR latest.outcome = 'hold' AND EXISTS (
        SELECT FROM jsonb_array_elements(latest.reasons) AS why
         WHERE why ->> 'outcome' = 'hold' AND NOT EXISTS (
            SELECT FROM public.cases_case c JOIN public.rules_decision h ON h.public_id = c.decision
              CROSS JOIN LATERAL jsonb_array_elements(h.reasons) AS cleared
             WHERE c.kind = 'conclusion' AND c.subject = {negotiation} AND c.state = 'resolved' AND c.outcome = 'allow'
               AND (h.subject, h.point) = (c.subject, latest.point)
               AND cleared = why
               AND {_stated_rule("h", "cleared")} IS NOT DISTINCT FROM {_stated_rule("latest", "why")})))"""  # noqa: S608  our own words


def _stated_rule(decision: str, reason: str) -> str:
    """The rule that a reason of a decision names, as the decision's rulebook states it; NULL where no rule applied."""
    return (
        "(SELECT stated FROM public.rules_rulebook b CROSS JOIN LATERAL jsonb_array_elements(b.document -> 'rules') AS stated"  # noqa: S608
        f" WHERE b.id = {decision}.rulebook_id AND stated ->> 'code' = {reason} ->> 'rule')"
    )


def concluded_as_decided() -> pgtrigger.Trigger:
    """No agreement is concluded that the rules deny, or hold without two people who allowed it."""
    return pgtrigger.Trigger(
        name="concluded_as_decided",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("about", "text")],
        func=f"""
SELECT n.public_id INTO about FROM public.contracts_negotiation n WHERE n.id = NEW.negotiation_id;
IF {held_unallowed("about")} THEN
    RAISE EXCEPTION 'the rules do not let % be concluded: two people decide the case of what is on hold', about
        USING ERRCODE = 'check_violation', CONSTRAINT = 'concluded_as_decided';
END IF;
RETURN NEW;
""",  # noqa: S608  our own words
    )


def answer_extended_as_halted(response_days: int) -> pgtrigger.Trigger:
    """The time to answer moves with the state, or by the time that trading was halted.

    It begins anew in the transaction in which two people allow a conclusion that was on hold.
    """
    return pgtrigger.Trigger(
        name="extended_as_halted",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("respond_by", "halts_counted_until"),
        func=f"""
IF NEW.state = 'agreed' AND OLD.state = 'agreed' AND NEW.halts_counted_until IS NULL
   AND NEW.respond_by <= public.business_now() + interval '{response_days} days' AND EXISTS (
    SELECT FROM public.cases_case c WHERE c.kind = 'conclusion' AND c.subject = NEW.public_id
       AND c.outcome = 'allow' AND c.resolved_in = pg_current_xact_id()) THEN
    RETURN NEW;
END IF;
"""
        + extended_as_halted(
            "respond_by",
            "halts_counted_until",
            f"OLD.respond_by - interval '{response_days} days'",
            listing="NEW.listing",
            segment="NEW.segment",
        ),
    )
