"""Invariants of contracts."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch

from marketplace.kernel.guards import sql_list
from marketplace.kernel.invariants import (
    BREACHES_SHOWN_MAX,
    Invariant,
    amounts_within_ceiling,
    by_query,
    declare_readable,
)
from marketplace.participants.interest_guards import recused_then

from .guards import held_unallowed, price_of_charge
from .models import Instrument
from .queries import signatures_shown, verify_instrument
from .states import CLAUSE_REASON, RESERVED_GROUNDS


def _unverified_instruments() -> list[dict[str, Any]]:
    """Instruments with a hash or a signature that does not verify; all are recomputed."""
    rows = Instrument.objects.select_related("negotiation__amends").prefetch_related(
        Prefetch("signatures", signatures_shown())
    )
    breaches: list[dict[str, Any]] = []
    for row in rows.order_by("pk").iterator(chunk_size=500):
        faults = verify_instrument(row, row.negotiation.contract_identifier)
        if faults:
            breaches.append({"instrument": row.public_id, "faults": faults})
        if len(breaches) >= BREACHES_SHOWN_MAX:
            break
    return breaches


Invariant(
    name="contracts.rights_usable",
    promise=3,
    statement="The rights that a party proposes permit what they sell: a transfer with the right to sell, a period longer than zero. What is agreed can be paid for before it ends, and lasts until its last charge has run.",
    guards=(
        "contracts_proposal.proposal_rights_usable",
        "contracts_proposal.proposal_in_turn",
        "contracts_proposal.append_only",
        "contracts_agreement.agreed_as_signed",
    ),
    test="tests/contracts/test_guards.py::test_rights_that_never_permit_what_they_sell_are_refused",
    check=by_query(
        "SELECT negotiation_id, number FROM contracts_proposal CROSS JOIN LATERAL (SELECT coalesce(("
        "  SELECT g.concluded_at FROM contracts_negotiation n JOIN contracts_agreement g ON g.id = n.amends_id"
        "   WHERE n.id = negotiation_id), made_at) AS since) counted"
        " WHERE (terms#>>'{rights,contract_type}' = 'transfer' AND terms#>>'{rights,onward_transfer}' = 'prohibited')"
        " OR terms#>>'{rights,duration}' !~ '[1-9]'"
        " OR NOT public.is_paid_in_time(terms -> 'rights', since, (terms ->> 'funding_days')::integer)"
        " OR NOT public.is_charged_in_time(terms -> 'charging', terms -> 'rights', since)"
        " OR NOT public.is_priced(terms -> 'charging', (terms ->> 'price_minor')::bigint)"
        " OR NOT public.is_paid_within_periods(terms -> 'charging', since, (terms ->> 'funding_days')::integer)"
        " UNION ALL SELECT a.negotiation_id, 0 FROM contracts_agreement a JOIN contracts_instrument i ON i.id = a.instrument_id"
        " WHERE NOT public.is_paid_in_time(i.content::jsonb #> '{terms,rights}', a.concluded_at, a.funding_days)"
        " OR NOT public.is_charged_in_time(i.content::jsonb #> '{terms,charging}', i.content::jsonb #> '{terms,rights}', a.concluded_at)"
        " OR NOT public.is_paid_within_periods(i.content::jsonb #> '{terms,charging}', a.concluded_at, a.funding_days)"
    ),
)
Invariant(
    name="contracts.agreed_is_signed",
    promise=6,
    statement="An agreement has the signatures of both parties over one hash, and its columns match the signed content.",
    guards=(
        "contracts_agreement.agreed_as_signed",
        "contracts_agreement.immutable",
        "contracts_agreement.set_once",
        "contracts_agreement.no_delete",
        "contracts_agreement.agreement_hash_once",
        "contracts_signature.signature_of_instrument",
        "contracts_signature.signature_party_once",
        "contracts_signature.append_only",
    ),
    test="tests/contracts/signing/test_signature_guards.py::test_an_agreement_without_both_signatures_is_refused",
    check=by_query(
        "SELECT a.public_id FROM contracts_agreement a"
        " JOIN contracts_instrument i ON i.id = a.instrument_id"
        " WHERE a.signed_hash <> i.signed_hash OR a.negotiation_id <> i.negotiation_id"
        " OR a.price_minor::text <> i.content::jsonb#>>'{terms,price_minor}'"
        " OR a.listing_version <> i.content::jsonb#>>'{dataset,version}'"
        " OR a.public_id <> i.content::jsonb->>'agreement'"
        " OR (SELECT array_agg(s.party::text ORDER BY s.party) FROM contracts_signature s"
        "     WHERE s.instrument_id = i.id AND s.signed_hash = a.signed_hash)"
        "    IS DISTINCT FROM ARRAY['buyer', 'seller']"
    ),
)
Invariant(
    name="contracts.signed_verifies",
    promise=6,
    statement="Text, policy and terms match the signed hash, and every signature verifies under the market's key or a live key of the party.",
    guards=(
        "contracts_instrument.instrument_whole",
        "contracts_instrument.append_only",
        "contracts_instrument.instrument_hash_once",
        "contracts_signature.append_only",
        "contracts_signature.signature_method",
        "contracts_signature.signature_key",
        "contracts_signature.signature_of_instrument",
    ),
    test="tests/contracts/signing/test_signature_guards.py::test_an_instrument_with_another_hash_is_refused",
    check=_unverified_instruments,
)
Invariant(
    name="contracts.signed_at_level",
    promise=6,
    statement="Where the terms demand that parties sign with their own keys, each signature was made with the party's own key.",
    guards=(
        "contracts_signature.signature_of_instrument",
        "contracts_signature.append_only",
        "contracts_proposal.proposal_in_turn",
    ),
    test="tests/contracts/signing/test_signature_levels.py::test_the_database_takes_no_signature_below_the_level",
    check=by_query(
        "SELECT s.public_id, s.method FROM contracts_signature s JOIN contracts_instrument i ON i.id = s.instrument_id"
        " WHERE s.method <> 'own_key' AND i.content::jsonb #>> '{terms,signature_level}' = 'own_key'"
    ),
)
Invariant(
    name="contracts.proposals_kept",
    promise=6,
    statement="Proposals and templates are numbered without a gap, are made in turn, and never change.",
    guards=(
        "contracts_proposal.append_only",
        "contracts_proposal.proposal_in_turn",
        "contracts_proposal.proposal_number_once",
        "contracts_template.append_only",
        "contracts_template.template_version_once",
        "contracts_negotiation.begins_with_proposal",
    ),
    test="tests/contracts/test_guards.py::test_a_proposal_out_of_turn_is_refused",
    check=by_query(
        "SELECT n.public_id FROM contracts_negotiation n"
        " LEFT JOIN contracts_proposal p ON p.negotiation_id = n.id"
        " GROUP BY n.id HAVING count(p.id) = 0 OR max(p.number) <> count(p.id) OR min(p.number) <> 1"
    ),
)
Invariant(
    name="contracts.steps_signed",
    promise=6,
    statement="A negotiation is agreed with the seller's signature, and finalized exactly when it has an agreement, or made a version of one.",
    guards=(
        "contracts_negotiation.steps_signed",
        "contracts_negotiation.state_guard",
        "contracts_negotiation.no_delete",
        "contracts_agreement.concluded_whole",
    ),
    test="tests/contracts/signing/test_signature_guards.py::test_a_negotiation_is_not_agreed_without_a_signature",
    check=by_query(
        "SELECT n.public_id FROM contracts_negotiation n"
        " LEFT JOIN contracts_agreement a ON a.negotiation_id = n.id"
        " LEFT JOIN contracts_agreementversion v ON v.negotiation_id = n.id"
        " LEFT JOIN contracts_instrument i ON i.negotiation_id = n.id"
        " WHERE (n.state = 'finalized') <> (coalesce(a.id, v.id) IS NOT NULL) OR n.state = 'verified'"
        " OR (n.state IN ('agreed', 'finalized') AND i.id IS NULL)"
    ),
)
Invariant(
    name="contracts.held_is_a_case",
    promise=10,
    statement=(
        "What the rules held was concluded only as two people allowed it in its case; a negotiation whose conclusion they hold has an"
        " open case, no other has one, and one that its case denied is over."
    ),
    guards=(
        "contracts_agreement.concluded_as_decided",
        "contracts_agreement.concluded_whole",
        "cases_case.case_open_once",
        "cases_case.case_of_two_parties",
    ),
    test="tests/contracts/standing/test_holds.py::test_nothing_on_hold_is_concluded_without_its_case",
    check=by_query(
        "SELECT a.public_id, n.public_id AS negotiation FROM contracts_agreement a"  # noqa: S608  our own words
        f"  JOIN contracts_negotiation n ON n.id = a.negotiation_id WHERE {held_unallowed('n.public_id')}"
        " UNION ALL SELECT d.public_id, n.public_id FROM contracts_negotiation n JOIN LATERAL ("
        "  SELECT d.public_id, d.outcome FROM rules_decision d WHERE d.subject = n.public_id ORDER BY d.id DESC LIMIT 1) d"
        "  ON d.outcome = 'hold' WHERE n.state = 'agreed' AND NOT EXISTS ("
        "   SELECT FROM cases_case c WHERE c.kind = 'conclusion' AND c.subject = n.public_id AND c.state = 'open')"
        f"  AND {held_unallowed('n.public_id')}"
        " UNION ALL SELECT c.public_id, c.subject FROM cases_case c LEFT JOIN contracts_negotiation n ON n.public_id = c.subject"
        "  WHERE c.kind = 'conclusion' AND (n.id IS NULL OR c.state = 'open' AND n.state <> 'agreed'"
        "   OR c.outcome = 'deny' AND n.state <> 'terminated'"
        "   OR (c.organisation_id, c.counterparty_id) <> (n.buyer_id, n.seller_id))"
    ),
)
Invariant(
    name="contracts.independent_parties",
    promise=5,
    statement="Buyer and seller are two organisations, and never the operator or an affiliate.",
    guards=(
        "contracts_negotiation.independent_parties",
        "contracts_negotiation.negotiation_two_parties",
        "contracts_negotiation.immutable",
        "contracts_agreement.independent_parties",
    ),
    test="tests/contracts/test_guards.py::test_the_operator_is_never_a_party",
    check=by_query(
        "SELECT n.public_id FROM contracts_negotiation n"
        " JOIN participants_organisation b ON b.id = n.buyer_id"
        " JOIN participants_organisation s ON s.id = n.seller_id"
        " WHERE n.buyer_id = n.seller_id OR b.public_id <> n.buyer_identifier"
        " OR s.public_id <> n.seller_identifier OR b.is_operator OR s.is_operator"
        " UNION ALL SELECT a.public_id FROM contracts_agreement a"
        " JOIN contracts_negotiation n ON n.id = a.negotiation_id"
        " WHERE (a.buyer_id, a.seller_id) <> (n.buyer_id, n.seller_id)"
    ),
)
Invariant(
    name="contracts.begun_while_admitted",
    promise=5,
    statement="No negotiation was begun by a buyer, and no agreement concluded by a party, whose admission had ended by its last day.",
    guards=("contracts_negotiation.admission_ran_out", "contracts_agreement.admission_ran_out"),
    test="tests/contracts/standing/test_admissions.py::test_the_database_begins_nothing_under_an_admission_that_ended",
    check=by_query(
        "SELECT b.public_id, b.capacity FROM ("
        "  SELECT public_id, buyer_id AS party, 'buyer' AS capacity, segment, opened_at AS at FROM contracts_negotiation"
        "  UNION ALL SELECT public_id, buyer_id, 'buyer', segment, concluded_at FROM contracts_agreement"
        "  UNION ALL SELECT public_id, seller_id, 'seller', segment, concluded_at FROM contracts_agreement) b"
        " JOIN participants_admission a ON a.organisation_id = b.party AND a.capacity = b.capacity AND a.decided_at <= b.at"
        " JOIN participants_segment s ON s.id = a.segment_id AND s.code = b.segment"
        " WHERE a.state NOT IN ('on_hold', 'refused') GROUP BY 1, 2, b.at"
        " HAVING bool_and(a.expires_on IS NOT NULL AND a.expires_on < (b.at AT TIME ZONE 'Asia/Tokyo')::date)"
    ),
)
Invariant(
    name="contracts.reference_once",
    promise=2,
    statement="A buyer's reference names one negotiation, and what amends its agreement.",
    guards=(
        "contracts_negotiation.negotiation_reference_once",
        "contracts_negotiation.negotiation_reference_given",
    ),
    test="tests/contracts/test_guards.py::test_a_reference_is_used_once_a_buyer",
    check=by_query(
        "SELECT buyer_id, reference FROM contracts_negotiation WHERE amends_id IS NULL GROUP BY 1, 2 HAVING count(*) > 1"
    ),
)
Invariant(
    name="contracts.ends_explained",
    promise=7,
    statement="An open negotiation has a deadline for the answer; one that ended early has a time and a reason.",
    guards=(
        "contracts_negotiation.negotiation_respond_by",
        "contracts_negotiation.extended_as_halted",
        "contracts_negotiation.negotiation_ended_why",
        "contracts_agreement.agreement_terminated_why",
        "contracts_agreement.state_guard",
    ),
    test="tests/contracts/test_guards.py::test_an_end_is_explained",
    check=by_query(
        "SELECT public_id FROM contracts_negotiation"
        " WHERE (state IN ('finalized', 'terminated')) <> (respond_by IS NULL)"
        " OR (state = 'terminated') <> (ended_at IS NOT NULL)"
        " OR (state = 'terminated') <> (end_reason_code <> '')"
        " UNION ALL SELECT public_id FROM contracts_agreement"
        " WHERE (state = 'terminated') <> (termination_reason IS NOT NULL)"
    ),
)
Invariant(
    name="contracts.corrections_within_price",
    promise=1,
    statement="The amounts that a seller returns of a charge, less what the buyer pays in addition, never exceed its price; what a clause adjusts follows the clause.",
    guards=(
        "contracts_adjustment.within_price",
        "contracts_adjustment.adjustment_positive",
        "contracts_adjustment.adjustment_debtor",
        "contracts_adjustment.adjustment_unmoved",
        "contracts_adjustment.unmoved_as_recorded",
        "contracts_adjustment.immutable",
        "contracts_adjustment.set_once",
        "contracts_adjustment.set_now",
        "contracts_adjustment.no_delete",
        "contracts_agreement.agreement_price",
    ),
    test="tests/contracts/test_guards.py::test_corrections_never_pass_the_price",
    check=by_query(
        "SELECT a.public_id, d.charge FROM contracts_agreement a JOIN contracts_adjustment d ON d.agreement_id = a.id"  # noqa: S608  our own words
        f" WHERE NOT starts_with(d.reason_code, '{CLAUSE_REASON}') GROUP BY a.id, d.charge"
        " HAVING sum((CASE d.debtor WHEN 'seller' THEN 1 ELSE -1 END) * (d.amount_minor - coalesce(d.unmoved_minor, 0)))"
        f" > coalesce({price_of_charge('a', 'd.charge')}, 0)"
    ),
)
Invariant(
    name="contracts.unrelated_resolve_disputes",
    promise=5,
    statement="Nobody resolved a dispute of a party in which it had declared an interest that stood.",
    guards=("contracts_dispute.recused",),
    test="tests/contracts/test_disputes.py::test_the_database_recuses_who_is_related_to_a_party",
    check=by_query(
        "SELECT d.public_id, d.resolved_by FROM contracts_dispute d JOIN contracts_agreement a ON a.id = d.agreement_id"  # noqa: S608
        f" WHERE {recused_then('d.resolved_by', 'a.buyer_id', 'd.resolved_at')}"
        f"  OR {recused_then('d.resolved_by', 'a.seller_id', 'd.resolved_at')}"
        f"  OR {recused_then('d.resolved_by', 'd.third_party_id', 'd.resolved_at')}"
    ),
)
Invariant(
    name="contracts.none_while_halted",
    promise=5,
    statement="While a halt is in force, no negotiation begins and no agreement is concluded within its scope.",
    guards=("contracts_agreement.not_halted", "contracts_negotiation.not_halted"),
    test="tests/contracts/signing/test_signature_guards.py::test_nothing_begins_or_is_concluded_while_trading_is_halted",
    # Business time never goes back, and both sides read it while they hold the lock; it may be stopped.
    check=by_query(
        "SELECT made.public_id, h.public_id AS halt FROM rules_halt h JOIN ("
        "  SELECT public_id, listing, segment, concluded_at AS made_at FROM contracts_agreement"
        "  UNION ALL SELECT public_id, listing, segment, opened_at FROM contracts_negotiation) made"
        " ON made.made_at > h.started_at AND (h.lifted_at IS NULL OR made.made_at < h.lifted_at)"
        " AND (h.scope = 'market' OR h.scope = 'segment' AND h.subject = made.segment"
        "  OR h.scope = 'listing' AND h.subject = made.listing)"
    ),
)
Invariant(
    name="contracts.open_as_signed",
    promise=6,
    statement="A proposal that its seller signed stayed open until the day that it states, unless it was withdrawn on a reserved ground.",
    guards=(
        "contracts_negotiation.open_as_signed",
        "contracts_proposal.proposal_in_turn",
        "contracts_proposal.append_only",
    ),
    test="tests/contracts/negotiating/test_open_proposals.py::test_the_database_keeps_a_signed_proposal_open_as_it_says",
    check=by_query(
        "SELECT n.public_id, n.ended_at FROM contracts_negotiation n JOIN contracts_instrument i ON i.negotiation_id = n.id"  # noqa: S608
        " JOIN contracts_proposal p ON p.id = i.proposal_id"
        " JOIN contracts_signature s ON s.instrument_id = i.id AND s.party = 'seller'"
        " CROSS JOIN LATERAL (SELECT public.end_of_period(s.signed_at, 'P' || (p.terms ->> 'open_days') || 'D') AS until) o"
        " WHERE n.ended_at < o.until AND n.ended_by = 'seller' AND NOT (p.terms ->> 'withdrawal_reserved')::boolean"
        f"  AND (n.end_reason_code NOT IN ({sql_list(RESERVED_GROUNDS)}) OR n.end_reason = '')"
        " OR n.state = 'agreed' AND n.respond_by < o.until OR n.ended_by = 'system' AND n.end_reason_code = 'expired' AND n.ended_at < o.until"
    ),
)
Invariant(
    name="contracts.exclusive_alone",
    promise=6,
    statement="Where an agreement in force grants a listing exclusively, as was signed, no other agreement over it is in force.",
    guards=(
        "contracts_agreement.agreement_exclusive_once",
        "contracts_agreement.agreement_exclusive_alone",
        "contracts_agreement.agreed_as_signed",
        "contracts_agreement.immutable",
    ),
    test="tests/contracts/negotiating/test_exclusivity.py::test_the_database_takes_nothing_beside_an_exclusive_grant",
    check=by_query(
        "SELECT a.public_id, a.listing FROM contracts_agreement a WHERE a.state = 'in_force' AND a.exclusive"
        " AND EXISTS (SELECT FROM contracts_agreement b WHERE b.listing = a.listing AND b.state = 'in_force' AND b.id <> a.id)"
        " UNION SELECT a.public_id, a.listing FROM contracts_agreement a JOIN contracts_instrument i ON i.id = a.instrument_id"
        " WHERE a.exclusive <> coalesce((i.content::jsonb #>> '{terms,rights,exclusive}')::boolean, false)"
    ),
)
Invariant(
    name="contracts.none_after_withdrawal",
    promise=6,
    statement="Nothing is signed over a listing after it was withdrawn, and once that was handled no negotiation over it is open.",
    guards=("contracts_signature.not_withdrawn",),
    test="tests/contracts/negotiating/test_withdrawals.py::test_the_database_takes_no_signature_after_a_withdrawal",
    check=by_query(
        "SELECT n.public_id, n.listing FROM evidence_evidencerecord w JOIN contracts_negotiation n ON n.listing = w.subject"
        " JOIN contracts_instrument i ON i.negotiation_id = n.id JOIN contracts_signature s ON s.instrument_id = i.id"
        " WHERE w.kind = 'listings.listing_withdrawn' AND s.signed_at > w.occurred_at"
        " UNION SELECT n.public_id, n.listing FROM events_outboxevent e"
        " JOIN events_inboxentry x ON x.event_id = e.id AND x.subscriber = 'contracts' AND x.state = 'handled'"
        " JOIN contracts_negotiation n ON n.listing = e.data->>'listing' AND n.ended_at IS NULL AND n.state <> 'finalized'"
        " WHERE e.type = 'listing.withdrawn'"
    ),
)

Invariant(
    name="contracts.amounts_within_ceiling",
    promise=1,
    statement="No column of an amount holds more than the published ceiling of sums.",
    guards=("contracts_agreement.contracts_agreement_price_minor_check",),
    test="tests/kernel/test_amounts.py::test_no_column_takes_an_amount_beyond_the_ceiling",
    check=amounts_within_ceiling("contracts"),
)

declare_readable("contracts")
