"""Invariants of commissioned work."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from ..states import PRICE_TALK
from .guards import UNRAISED
from .reducing_guards import FAULT_FOUND
from .states import ANSWER_DAYS

Invariant(
    name="contracts.reduced_for_fault",
    promise=6,
    statement="The price of commissioned work that a law protects is reduced only once a fault of its seller is recorded.",
    guards=(
        "contracts_adjustment.reduced_for_fault",
        "contracts_sellerfault.append_only",
        "contracts_sellerfault.dated_now",
        "contracts_sellerfault.admitted_by_seller",
        "contracts_sellerfault.seller_fault_stated",
    ),
    test="tests/contracts/commissions/test_faults.py::test_a_reduction_that_was_forced_in_is_named",
    check=by_query(
        "SELECT j.public_id, a.public_id AS agreement FROM contracts_adjustment j JOIN contracts_agreement a ON a.id = j.agreement_id"  # noqa: S608  our own words
        " JOIN contracts_instrument i ON i.id = a.instrument_id"
        " WHERE j.debtor = 'seller' AND i.content::jsonb #> '{plan,commission}' IS NOT NULL"
        "  AND NOT EXISTS (SELECT FROM contracts_sellerfault f WHERE f.agreement_id = a.id AND f.admitted_at <= j.ordered_at)"
        "  AND NOT EXISTS (SELECT FROM contracts_dispute d WHERE d.agreement_id = a.id AND d.resolved_at <= j.ordered_at"
        f"   AND {FAULT_FOUND})"
        " UNION SELECT f.public_id, a.public_id FROM contracts_sellerfault f JOIN contracts_agreement a ON a.id = f.agreement_id"
        " JOIN contracts_instrument i ON i.id = a.instrument_id WHERE i.content::jsonb #> '{plan,commission}' IS NULL"
    ),
)
Invariant(
    name="contracts.price_talks_answered",
    promise=10,
    statement=(
        "A talk about the price of commissioned work has an answer, an open deadline, or is flagged with an open task of the operator's people;"
        " a refusal without reasons is flagged; what is agreed while the agreement is in force is owed."
    ),
    guards=(
        "contracts_pricetalk.talked_in_time",
        "contracts_pricetalk.state_guard",
        "contracts_pricetalk.immutable",
        "contracts_pricetalk.set_once",
        "contracts_pricetalk.set_now",
        "contracts_pricetalk.dated_now",
        "contracts_pricetalk.no_delete",
        "contracts_pricetalk.price_talk_one_open",
        "contracts_pricetalk.price_talk_answered",
        "contracts_pricetalk.price_talk_flagged",
        "contracts_pricetalk.price_talk_added",
        "contracts_pricetalk.raised_as_agreed",
        "contracts_adjustment.raised_by_talk",
    ),
    test="tests/contracts/commissions/test_talks.py::test_the_database_flags_what_is_forbidden",
    check=by_query(
        "SELECT k.public_id, k.state FROM contracts_pricetalk k"  # noqa: S608  our own words
        f" WHERE k.answer_by <> public.end_of_period(k.asked_at, 'P{ANSWER_DAYS}D')"
        "  OR k.state = 'open' AND k.answer_by < public.business_now() - interval '1 day'"
        "  OR k.answer = 'refused' AND k.answer_reason = '' AND k.flag IS NULL"
        "  OR k.flag = 'silence' AND k.flagged_at < k.answer_by"
        "  OR k.state = 'unanswered' AND NOT EXISTS (SELECT FROM notices_task t"
        "   WHERE t.subject = k.public_id AND t.kind = 'look_into' AND t.state = 'open')"
        f" OR {UNRAISED}"
        f" UNION SELECT d.public_id, d.reason_code FROM contracts_adjustment d WHERE d.reason_code = '{PRICE_TALK}'"
        "  AND NOT EXISTS (SELECT FROM contracts_pricetalk k WHERE k.adjustment_id = d.id)"
    ),
)
