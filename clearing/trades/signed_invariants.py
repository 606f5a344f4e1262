"""The invariant of what was signed: it is what is charged."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from .amended import HOLDS
from .signed_guards import (
    clause_departs,
    plan_departs,
    shares_depart,
    trade_departs,
    use_departs,
    volume_departs,
)

_SIGNED = (
    " JOIN contracts_agreement a ON a.public_id = {row}.agreement"
    " CROSS JOIN LATERAL (SELECT public.plan_of_charge(a.public_id, {charge}) AS plan, (a.concluded_at AT TIME ZONE 'Asia/Tokyo')::date AS concluded_on) said"
    " WHERE said.plan IS NOT NULL AND "
)

Invariant(
    name="clearing.charged_as_signed",
    promise=6,
    statement="Every charge of a signed agreement is a charge of its plan: its price, its rhythm, and the day on which it falls due.",
    guards=(
        "clearing_trade.charged_as_signed",
        "clearing_chargeplan.charged_as_signed",
        "clearing_chargeamendment.amended_as_signed",
        "clearing_chargeamendment.charge_amendment_once",
        "clearing_chargeamendment.charge_amendment_stated",
        "clearing_chargeamendment.append_only",
    ),
    test="tests/clearing/trades/test_charged_as_signed.py::test_what_is_charged_otherwise_than_signed_is_named",
    check=by_query(
        "SELECT t.agreement, t.charge FROM clearing_trade t"  # noqa: S608  our own words
        + _SIGNED.format(row="t", charge="t.charge::integer")
        + trade_departs("t", "said.plan")
        + " UNION ALL SELECT p.agreement, 0 FROM clearing_chargeplan p"
        + _SIGNED.format(row="p", charge="1")
        + plan_departs("p", "said.plan")
        + " UNION ALL SELECT p.agreement, c.charge FROM clearing_chargeplan p"  # noqa: S608  our own words
        f" JOIN clearing_plannedcharge c ON c.plan_id = p.id AND c.charge > 1 AND {HOLDS}"
        + _SIGNED.format(row="p", charge="c.charge::integer")
        + " c.due_on IS DISTINCT FROM coalesce("
        "  (said.plan #> '{money,charges}' -> (c.charge - 1) ->> 'due_on')::date,"
        "  (said.concluded_on + make_interval(months =>"
        "    (said.plan #> '{money,charges}' -> (c.charge - 1) ->> 'months')::integer))::date)"
    ),
)
Invariant(
    name="clearing.used_as_signed",
    promise=6,
    statement="Metered use of a signed agreement is priced as its plan says: by tiers, after the trial and the free uses of its period.",
    guards=(
        "clearing_usagerecord.used_as_signed",
        "clearing_usagerecord.usage_trial",
        "clearing_usagerecord.append_only",
    ),
    test="tests/clearing/trades/test_used_as_signed.py::test_use_that_is_priced_otherwise_is_named",
    check=by_query(
        "SELECT u.usage, u.agreement FROM clearing_usagerecord u"  # noqa: S608  our own words
        + _SIGNED.format(row="u", charge="1")
        + " u.planned_id IS NOT NULL AND said.plan #>> '{money,unit_price_minor}' IS NOT NULL AND "
        + use_departs("u", "said.plan", "said.concluded_on")
    ),
)
Invariant(
    name="clearing.shared_as_signed",
    promise=6,
    statement="The proceeds of a signed agreement are shared with the beneficiaries of its plan, and with nobody else.",
    guards=(
        "clearing_plannedshare.shared_as_signed",
        "clearing_chargeplan.shared_as_signed",
        "clearing_trade.charged_as_signed",
        "clearing_plannedshare.append_only",
    ),
    test="tests/clearing/trades/test_shared_as_signed.py::test_shares_otherwise_than_signed_are_named",
    check=by_query(
        "SELECT t.agreement FROM clearing_trade t"  # noqa: S608  our own words
        + _SIGNED.format(row="t", charge="1")
        + "t.charge = 1 AND "
        + shares_depart("t.agreement", "said.plan")
    ),
)
Invariant(
    name="clearing.adjusted_by_clause",
    promise=6,
    statement="What a clause adjusted is a correction of its charge within a day, or waits for a bill, or came to nothing on the record; one"
    " about the volume of use read what was charged.",
    guards=("clearing_obligation.adjusted_by_clause", "clearing_obligation.append_only"),
    test="tests/clearing/trades/test_adjusted_by_clause.py::test_a_correction_that_departs_from_its_clause_is_named",
    check=by_query(
        "SELECT o.source FROM clearing_obligation o WHERE o.kind = 'adjustment' AND o.deferred_from_id IS NULL"  # noqa: S608  our own words
        " AND o.reverses_id IS NULL AND "
        + clause_departs("o")
        + " UNION ALL SELECT d.public_id FROM contracts_firedadjustment f JOIN contracts_adjustment d ON d.id = f.adjustment_id"
        " WHERE f.fired_at < public.business_now() - interval '1 day'"
        " AND NOT EXISTS (SELECT FROM clearing_obligation o WHERE o.source = d.public_id)"
        " AND NOT EXISTS (SELECT FROM clearing_putoffcorrection p WHERE p.source = d.public_id)"
        " AND NOT EXISTS (SELECT FROM evidence_evidencerecord e WHERE e.kind = 'clearing.trade_adjustment_void'"
        "  AND e.payload ->> 'adjustment' = d.public_id)"
        " UNION SELECT d.public_id FROM contracts_firedadjustment f JOIN contracts_adjustment d ON d.id = f.adjustment_id"
        " JOIN contracts_agreement a ON a.id = f.agreement_id"
        " LEFT JOIN clearing_trade t ON t.agreement = a.public_id AND t.charge = f.charge WHERE "
        + volume_departs("f", "t")
    ),
)
