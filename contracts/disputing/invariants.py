"""Invariants of disputes."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_at, holders
from marketplace.participants.interest_guards import recused_then

from .guards import EXPULSION_MISSING, JUDGED, PAIRS_EXPELLED, cannot_mediate, days_depart, unremedied
from .rules import OUTCOMES, REASONS, REMEDY_DAYS, REPLY_DAYS, SETTLEMENT_DAYS, SETTLEMENTS

_A_DAY_AGO = "public.business_now() - interval '1 day'"
_TESTS = "tests/contracts/disputing/test_guards.py::"
_REASONS = ", ".join(
    f"('{party}', '{reason}')" for reason, (_, parties) in REASONS.items() for party in parties
)
_DECIDED = ", ".join(f"('{party}', '{outcome}')" for party, found in OUTCOMES.items() for outcome in found)
_SETTLED = ", ".join(f"('{party}', '{outcome}')" for party, found in SETTLEMENTS.items() for outcome in found)
_ANSWERED = "EXISTS (SELECT FROM contracts_statement s WHERE s.dispute_id = d.id AND s.kind = 'answer')"
_MEDIATED = (
    "EXISTS (SELECT FROM contracts_mediator m WHERE m.dispute_id = d.id AND m.person IN (d.resolved_by, d.resolved_first)"
    " AND m.assigned_at <= d.resolved_at AND coalesce(m.objected_at > d.resolved_at, true)"
    " AND coalesce(m.relieved_at > d.resolved_at, true))"
)

Invariant(
    name="contracts.one_open_dispute",
    promise=3,
    statement="An agreement has at most one open dispute by who opens it, and how a dispute ended never changes.",
    guards=(
        "contracts_dispute.dispute_one_open",
        "contracts_dispute.dispute_reason",
        "contracts_dispute.dispute_resolved_how",
        "contracts_dispute.state_guard",
        "contracts_dispute.immutable",
        "contracts_dispute.set_once",
        "contracts_dispute.no_delete",
    ),
    test="tests/contracts/test_guards.py::test_a_second_open_dispute_is_refused",
    check=by_query(
        "SELECT agreement_id FROM contracts_dispute WHERE state = 'open' GROUP BY agreement_id, opened_as, third_party_id"
        " HAVING count(*) > 1"
    ),
)
Invariant(
    name="contracts.disputed_lawfully",
    promise=3,
    statement=(
        "Who opens a dispute may state its reason: the buyer, of what was accepted within the days of the plan; the seller; or a third party"
        " with a stake of its own in the listing. Its days are those of the rules, counted from its opening. What was accepted is disputed once for each reason."
    ),
    guards=(
        "contracts_dispute.disputed_lawfully",
        "contracts_dispute.dispute_opened_as",
        "contracts_dispute.dated_now",
    ),
    test=_TESTS + "test_the_database_takes_no_dispute_of_another_side",
    check=by_query(
        "SELECT d.public_id, d.opened_as, d.reason_code FROM contracts_dispute d JOIN contracts_agreement a ON a.id = d.agreement_id"  # noqa: S608
        f" WHERE (d.opened_as, d.reason_code) NOT IN ({_REASONS}) OR d.third_party_id IN (a.buyer_id, a.seller_id)"
        f"  OR {days_depart('d')} OR d.accepted_at < a.concluded_at"
        "  OR EXISTS (SELECT FROM contracts_dispute e WHERE e.agreement_id = d.agreement_id AND e.opened_as = d.opened_as AND e.id < d.id"
        "   AND e.reason_code = d.reason_code AND e.accepted_at = d.accepted_at)"
        "  OR d.accepted_at IS NOT NULL AND (d.opened_as <> 'buyer' OR d.opened_at < d.accepted_at OR NOT EXISTS ("
        "   SELECT FROM contracts_instrument i CROSS JOIN LATERAL jsonb_array_elements(i.content::jsonb #> '{plan,deadlines}') AS p(value)"
        "    WHERE i.id = a.instrument_id AND p.value ->> 'what' = 'dispute'"
        "     AND d.opened_at < public.end_of_period(d.accepted_at, 'P' || (p.value ->> 'amount') || 'D')))"
        "  OR d.opened_as = 'third_party' AND NOT EXISTS (SELECT FROM listings_stake s"
        "   JOIN listings_listing l ON l.id = s.listing_id JOIN participants_organisation o ON o.public_id = s.holder"
        "   WHERE s.public_id = d.stake AND l.public_id = a.listing AND o.id = d.third_party_id"
        "    AND coalesce(s.ended_at >= d.opened_at, true))"
    ),
)
Invariant(
    name="contracts.decided_by_mediators",
    promise=5,
    statement=(
        "A dispute was decided by its mediator, to whom no side objected and who decided no other over the agreement, after the answer or its"
        " time unless it was dismissed; it was settled as was accepted."
    ),
    guards=(
        "contracts_dispute.ended_lawfully",
        "contracts_dispute.dispute_amount",
        "contracts_dispute.set_now",
        "contracts_mediator.mediator_one",
        "contracts_mediator.mediator_once",
        "contracts_mediator.mediator_objected_once",
        "contracts_mediator.mediator_objected_how",
        "contracts_mediator.mediator_relieved_how",
        "contracts_mediator.relieved_lawfully",
        "contracts_mediator.relieved_by_person",
        "contracts_mediator.immutable",
        "contracts_mediator.set_once",
        "contracts_mediator.set_now",
        "contracts_mediator.dated_now",
        "contracts_mediator.no_delete",
        "contracts_mediator.acted_by_person",
        "contracts_mediator.assigned_by_person",
    ),
    test=_TESTS + "test_the_database_lets_nobody_else_decide",
    check=by_query(
        f"SELECT d.public_id, d.state FROM contracts_dispute d WHERE d.state = 'resolved' AND (NOT {_MEDIATED}"  # noqa: S608
        f"  OR (d.opened_as, d.outcome) NOT IN ({_DECIDED})"
        f"  OR d.outcome <> 'dismissed' AND d.unanswered_at IS NULL AND NOT {_ANSWERED})"
        f"  OR d.unanswered_at < d.answer_by OR d.unanswered_at IS NOT NULL AND {_ANSWERED}"
        "  OR d.state = 'withdrawn' AND d.outcome <> 'withdrawn'"
        "  OR d.state = 'settled' AND NOT EXISTS (SELECT FROM contracts_settlement s WHERE s.dispute_id = d.id"
        "   AND s.state = 'accepted' AND s.outcome = d.outcome AND s.amount_minor IS NOT DISTINCT FROM d.amount_minor)"
    ),
)
Invariant(
    name="contracts.unrelated_mediate",
    promise=5,
    statement="No mediator had declared an interest in a side of its dispute that stood.",
    guards=("contracts_mediator.recused",),
    test=_TESTS + "test_the_database_takes_no_mediator_with_an_interest",
    check=by_query(
        "SELECT d.public_id, m.person FROM contracts_mediator m JOIN contracts_dispute d ON d.id = m.dispute_id"  # noqa: S608
        " JOIN contracts_agreement a ON a.id = d.agreement_id"
        f" WHERE {recused_then('m.person', 'a.buyer_id', 'm.assigned_at')}"
        f"  OR {recused_then('m.person', 'a.seller_id', 'm.assigned_at')}"
        f"  OR {recused_then('m.person', 'd.third_party_id', 'm.assigned_at')}"
    ),
)
Invariant(
    name="contracts.stated_in_turn",
    promise=6,
    statement="Each side answered or replied once, in time; what it stated and handed in is kept as it was.",
    guards=(
        "contracts_statement.stated_in_time",
        "contracts_statement.dispute_statement_once",
        "contracts_statement.dispute_statement_stated",
        "contracts_statement.append_only",
        "contracts_statement.dated_now",
        "contracts_disputefile.filed_while_open",
        "contracts_disputefile.dispute_file_once",
        "contracts_disputefile.dispute_file_kind",
        "contracts_disputefile.dispute_file_size",
        "contracts_disputefile.dispute_file_hash",
        "contracts_disputefile.append_only",
        "contracts_disputefile.dated_now",
    ),
    test=_TESTS + "test_the_database_takes_no_statement_out_of_turn",
    check=by_query(
        "SELECT t.public_id, d.public_id AS dispute FROM contracts_statement t JOIN contracts_dispute d ON d.id = t.dispute_id"  # noqa: S608
        " WHERE t.kind = 'answer' AND (t.party = d.opened_as OR t.stated_at >= d.answer_by)"
        "  OR t.party = 'third_party' AND d.third_party_id IS NULL OR t.stated_at > d.resolved_at"
        f"  OR t.kind = 'reply' AND coalesce(t.stated_at >= public.end_of_period((SELECT max(s.stated_at) FROM contracts_statement s"
        f"   WHERE s.dispute_id = d.id AND s.kind = 'answer' AND s.id < t.id), 'P{REPLY_DAYS}D'), true)"
    ),
)
Invariant(
    name="contracts.settled_by_both",
    promise=6,
    statement="A settlement was proposed by a side and accepted by the other in time, with consequences that both read; nothing stays open after.",
    guards=(
        "contracts_settlement.settles_lawfully",
        "contracts_settlement.settled_whole",
        "contracts_settlement.settlement_one_open",
        "contracts_settlement.settlement_stated",
        "contracts_settlement.settlement_closed_when",
        "contracts_settlement.settlement_answered_by",
        "contracts_settlement.state_guard",
        "contracts_settlement.immutable",
        "contracts_settlement.set_once",
        "contracts_settlement.set_now",
        "contracts_settlement.dated_now",
        "contracts_settlement.no_delete",
    ),
    test=_TESTS + "test_the_database_takes_no_settlement_of_one_side",
    check=by_query(
        "SELECT s.public_id, d.public_id AS dispute FROM contracts_settlement s JOIN contracts_dispute d ON d.id = s.dispute_id"  # noqa: S608
        f" WHERE (d.opened_as, s.outcome) NOT IN ({_SETTLED}) OR s.respond_by <> public.end_of_period(s.proposed_at, 'P{SETTLEMENT_DAYS}D')"
        "  OR s.state = 'proposed' AND d.state <> 'open'"
        "  OR s.state = 'accepted' AND (d.state <> 'settled' OR s.closed_at >= s.respond_by OR s.answered_by = s.proposed_by)"
        "  OR s.state = 'lapsed' AND s.closed_at < s.respond_by"
        "  OR (s.consequences ->> 'outcome') <> s.outcome OR (s.consequences ->> 'amount_minor')::bigint IS DISTINCT FROM s.amount_minor"
    ),
)
Invariant(
    name="contracts.expelled_in_case",
    promise=5,
    statement="Whom a dispute proposes to expel has its case, which nobody decided who mediated or decided the dispute; no other case is of an expulsion.",
    guards=(
        "contracts_dispute.expelled_in_case",
        "contracts_dispute.dispute_expels",
        "cases_case.expelled_by_others",
    ),
    test="tests/contracts/disputing/test_expulsions.py::test_an_expulsion_without_its_case_is_named",
    check=by_query(
        f"SELECT d.public_id, d.expels FROM contracts_dispute d WHERE d.expels <> '' AND ({EXPULSION_MISSING.format(dispute='d')}"  # noqa: S608
        f"  OR d.state <> 'resolved' OR d.outcome = 'dismissed' OR (d.opened_as, d.expels) NOT IN ({PAIRS_EXPELLED}))"
        " UNION ALL SELECT c.public_id, c.subject FROM cases_case c LEFT JOIN contracts_dispute d ON d.public_id = c.subject"
        f"  WHERE c.kind = 'expulsion' AND (coalesce(d.expels, '') = '' OR c.first_person IN {JUDGED.format(case='c')}"
        f"   OR c.resolved_by IN {JUDGED.format(case='c')})"
    ),
)
Invariant(
    name="contracts.remedies_carried_out",
    promise=3,
    statement=(
        "What the end of a dispute orders, and nothing else, was ordered within the days of the rules, and was carried out, ended with what"
        " replaces it, has its day before it, or people of the operator have an open task to carry it out."
    ),
    guards=(
        "contracts_dispute.remedied_whole",
        "contracts_remedy.remedy_impossible_how",
        "contracts_remedy.impossible_lawfully",
        "contracts_remedy.acted_by_person",
        "contracts_remedy.recused",
        "contracts_remedy.remedy_of_outcome",
        "contracts_remedy.remedy_once",
        "contracts_remedy.remedy_stated",
        "contracts_remedy.immutable",
        "contracts_remedy.set_once",
        "contracts_remedy.set_now",
        "contracts_remedy.dated_now",
        "contracts_remedy.no_delete",
    ),
    test=_TESTS + "test_a_remedy_that_nobody_carries_out_is_named",
    # The sweep runs every minute; a day is for a market that stood still.
    check=by_query(
        "SELECT d.public_id, r.kind, r.due_by FROM contracts_remedy r JOIN contracts_dispute d ON d.id = r.dispute_id"  # noqa: S608
        f" WHERE r.due_by <> public.end_of_period(r.ordered_at, 'P{REMEDY_DAYS}D')"
        "  OR r.done_at IS NULL AND r.impossible_at IS NULL AND r.due_by < public.business_now() - interval '1 day' AND NOT EXISTS ("
        "   SELECT FROM notices_task t WHERE t.subject = d.public_id AND t.kind = 'look_into' AND t.state = 'open')"
        "  OR r.because = 'came_back' AND NOT EXISTS (SELECT FROM contracts_adjustment j WHERE j.public_id = r.reference"
        "   AND j.debtor = 'seller' AND j.unmoved_minor = j.amount_minor)"
        " UNION ALL SELECT d.public_id, d.outcome, d.resolved_at FROM contracts_dispute d"
        f" WHERE d.state IN ('resolved', 'settled') AND {unremedied('d')}"
    ),
)
Invariant(
    name="contracts.mediators_can_act",
    promise=5,
    statement=(
        "Within a day the mediator of an open dispute who may not decide it any more is relieved, and who stepped back, was relieved or met"
        " an objection is replaced or stands in an open task of the operator's people."
    ),
    guards=("contracts_mediator.recused", "contracts_mediator.acted_by_person"),
    test="tests/contracts/disputing/test_stranding.py::test_a_mediator_who_cannot_act_is_named",
    check=by_query(
        "SELECT d.public_id, med.person FROM contracts_mediator med JOIN contracts_dispute d ON d.id = med.dispute_id"  # noqa: S608  our own words
        f" WHERE d.state = 'open' AND med.objected_at IS NULL AND med.relieved_at IS NULL AND {cannot_mediate('med.person', 'd')}"
        f"  AND NOT {acted_at('med.person', _A_DAY_AGO, holds=holders(Permission.DISPUTES_WRITE))}"
        f"  AND med.assigned_at < {_A_DAY_AGO}"
        " UNION ALL SELECT d.public_id, med.person FROM contracts_dispute d CROSS JOIN LATERAL (SELECT l.* FROM contracts_mediator l"
        "   WHERE l.dispute_id = d.id ORDER BY l.id DESC LIMIT 1) med"
        " WHERE d.state = 'open' AND (med.objected_at IS NOT NULL OR med.relieved_at IS NOT NULL) AND NOT EXISTS ("
        "  SELECT FROM notices_task t WHERE t.subject = med.public_id AND t.kind = 'look_into' AND t.state = 'open')"
    ),
)
