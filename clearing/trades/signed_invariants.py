"""The invariant of what was signed: it is what is charged."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from .amended import HOLDS
from .signed_guards import plan_departs, trade_departs

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
