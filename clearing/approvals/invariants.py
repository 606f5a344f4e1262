"""Invariants of approvals by a second person."""

from __future__ import annotations

from marketplace.kernel.guards import sql_list
from marketplace.kernel.invariants import Invariant, by_query
from marketplace.rules.parameters import PARAMETERS

from .permissions import CONCERNED, DEFAULT, PERMISSIONS, PREFIX, UNRELATED

_PERMISSION = " ".join(f"WHEN '{command}' THEN '{needed}'" for command, needed in sorted(PERMISSIONS.items()))

Invariant(
    name="clearing.commanded_by_right",
    promise=9,
    statement="Whoever approves a command of clearing acts for the operator with the permission that the command takes.",
    guards=("approvals_approval.commanded_by_right",),
    test="tests/clearing/approvals/test_permissions.py::test_a_command_takes_its_own_permission",
    check=by_query(
        "SELECT a.public_id, a.command, a.permission FROM approvals_approval a"  # noqa: S608  our own words
        " LEFT JOIN participants_organisation o ON o.public_id = a.organisation"
        f" WHERE starts_with(a.command, '{PREFIX}')"
        f" AND (o.is_operator IS NOT TRUE OR a.permission <> CASE a.command {_PERMISSION} ELSE '{DEFAULT}' END)"
    ),
)


def _related(row: str, person: str, moment: str, payload: str) -> str:
    """The command of a row whose ``person`` had declared an interest in one whom it is about, in SQL up to its rows."""
    concerned = CONCERNED.format(payload=payload, subject=f"{row}.subject")
    return (
        f" JOIN participants_staffinterest i ON i.person {person} AND i.declared_at < {moment}"  # noqa: S608  our own words
        f"  AND (i.ended_at IS NULL OR i.ended_at > {moment}) WHERE {row}.command IN ({sql_list(sorted(UNRELATED))})"
        f"  AND i.organisation_id IN (SELECT c.id FROM {concerned} c)"
    )


Invariant(
    name="clearing.commanded_by_unrelated",
    promise=5,
    statement="Nobody gave a command about a participant in which it had declared an interest that stood.",
    guards=(
        "approvals_approval.commanded_by_unrelated",
        "clearing_moneycommand.commanded_by_unrelated",
    ),
    test="tests/clearing/approvals/test_unrelated.py::test_the_database_recuses_who_is_related_from_commands",
    check=by_query(
        "SELECT a.public_id, i.person FROM approvals_approval a"  # noqa: S608  our own words
        + _related(
            "a",
            "IN (a.first_person, a.ended_by) AND a.state = 'approved'",
            "a.ended_at",
            "a.payload",
        )
        + " UNION ALL SELECT m.subject, i.person FROM clearing_moneycommand m"
        + _related("m", "= m.given_by", "m.given_at", "jsonb_build_object('payee', m.payee)")
    ),
)

Invariant(
    name="clearing.events_abandoned_by_two_people",
    promise=9,
    statement="Who is on record as the two people that gave up an event gave the same command, and it is in the evidence.",
    guards=(
        "events_abandonment.abandonment_two_people",
        "events_abandonment.acted_by_person",
        "approvals_approval.approval_two_people",
    ),
    test="tests/clearing/approvals/test_parked_events.py::test_two_people_who_never_asked_are_named",
    check=by_query(
        "SELECT a.event, a.handler, a.abandoned_by FROM events_abandonment a WHERE NOT EXISTS ("
        " SELECT FROM evidence_evidencerecord r WHERE r.subject = a.event AND r.kind = 'events.abandoned'"
        " AND r.actor = a.abandoned_by AND (r.payload ->> 'entry')::bigint = a.entry_key)"
        " OR a.first_person <> '' AND NOT EXISTS ("
        " SELECT FROM approvals_approval p WHERE p.command = 'clearing.abandon_event' AND p.subject = a.event"
        " AND p.state = 'approved' AND (p.first_person, p.ended_by) = (a.first_person, a.abandoned_by)"
        " AND (p.payload ->> 'entry')::bigint = a.entry_key)"
    ),
)

Invariant(
    name="clearing.released_by_two_people",
    promise=9,
    statement=(
        "Who is on record as the two people that lifted a halt or reinstated a participant gave the same command, and each"
        " suspension that ended has such a reinstatement."
    ),
    guards=(
        "rules_halt.halt_lifted_by_two",
        "rules_halt.set_once",
        "rules_halt.dated_now",
        "rules_halt.set_now",
        "participants_organisation.suspended_while_one_stands",
        "participants_organisation.state_guard",
        "participants_reinstatement.reinstatement_two_people",
        "participants_reinstatement.acted_by_person",
        "participants_reinstatement.append_only",
        "participants_reinstatement.own_transaction",
        "approvals_approval.approval_two_people",
    ),
    test="tests/clearing/approvals/test_releases.py::test_two_people_who_never_asked_are_named",
    check=by_query(
        "SELECT h.public_id, h.lifted_by AS person FROM rules_halt h WHERE h.lifted_at IS NOT NULL AND NOT EXISTS ("
        " SELECT FROM approvals_approval a WHERE a.command = 'clearing.lift_halt' AND a.subject = h.public_id"
        " AND a.state = 'approved' AND (a.first_person, a.ended_by) = (h.lift_first_person, h.lifted_by)"
        " AND a.payload -> 'reason' = h.lift_reason)"
        " UNION ALL SELECT o.public_id, r.reinstated_by FROM participants_reinstatement r"
        " JOIN participants_organisation o ON o.id = r.organisation_id WHERE NOT EXISTS ("
        " SELECT FROM approvals_approval a WHERE a.command = 'clearing.reinstate_participant' AND a.subject = o.public_id"
        " AND a.state = 'approved' AND (a.first_person, a.ended_by) = (r.first_person, r.reinstated_by)"
        " AND (a.payload ->> 'reinstated_before')::bigint = (SELECT count(*) FROM participants_reinstatement b"
        "  WHERE b.organisation_id = r.organisation_id AND b.id < r.id))"
        " UNION ALL SELECT o.public_id, o.state FROM participants_organisation o"
        "  JOIN (SELECT e.subject, count(*) AS times FROM evidence_evidencerecord e"
        "   WHERE e.kind = 'participants.participant_suspended' GROUP BY 1) s ON s.subject = o.public_id"
        "  WHERE o.state = 'active' AND s.times > (SELECT count(*) FROM participants_reinstatement r"
        "   WHERE r.organisation_id = o.id)"
    ),
)

_RECORDED_AS = {
    "clearing.refund": "clearing.trade_refund_ordered",
    "clearing.penalty": "clearing.trade_penalised",
    "clearing.reversal": "clearing.obligation_reversed",
    "clearing.allocate_pay_in": "clearing.pay_in_allocated",
    "clearing.write_off": "clearing.claim_written_off",
    "clearing.deposit_release": "clearing.deposit_released",
    "clearing.retry_payment": "clearing.payment_planned_again",
    "clearing.transfer_file": "clearing.transfer_file_made",
    "clearing.cycle_resume": "clearing.cycle_resumed",
    "clearing.open_sending": "clearing.sending_opened",
    "clearing.book_debit": "clearing.debit_booked",
    "clearing.recoup_debit": "clearing.debit_recouped",
    "clearing.claw_back": "clearing.trade_share_clawed_back",
    "clearing.write_off_fee": "clearing.fee_written_off",
    "clearing.pay_creditor": "clearing.creditor_paid",
    "clearing.take_out_own_money": "clearing.own_money_taken_out",
    "clearing.lower_reserve": "clearing.reserve_reduction_announced",
    "clearing.relieve_tax": "clearing.bad_debt_tax_relieved",
    "clearing.adjustment": "contracts.price_adjusted",
    "clearing.resolution": "contracts.dispute_resolved",
}
"""The evidence that each command on money leaves."""

Invariant(
    name="clearing.one_persons_limit",
    promise=9,
    statement=(
        "What one person gives alone stays, added up by command, payee and business day, below the limit in force, and"
        " every command on money that somebody gave is counted."
    ),
    guards=(
        "clearing_moneycommand.within_one_persons_limit",
        "clearing_moneycommand.append_only",
        "clearing_moneycommand.money_command_amount",
        "clearing_moneycommand.money_command_day",
        "clearing_moneycommand.money_command_currency",
    ),
    test="tests/clearing/approvals/test_limits.py::test_raw_commands_that_pass_the_limit_are_refused",
    check=by_query(
        (
            "SELECT c.command, c.payee, c.given_by, c.total_minor FROM (SELECT *, sum(amount_minor) OVER (PARTITION BY"
            "  command, payee, currency, given_on ORDER BY id) AS total_minor FROM clearing_moneycommand"
            "  WHERE approval_id IS NULL) c WHERE c.total_minor >= coalesce((SELECT"
            "  (r.document -> 'parameters' ->> 'second_person_minor')::numeric FROM rules_rulebook r"
            "  WHERE r.effective_from <= c.given_at ORDER BY r.number DESC LIMIT 1), {LIMIT_DEFAULT})"
            " UNION ALL SELECT c.command, c.payee, c.given_by, c.amount_minor FROM clearing_moneycommand c"
            "  JOIN approvals_approval a ON a.id = c.approval_id WHERE a.state <> 'approved' OR a.ended_by <> c.given_by"
            "   OR (a.command, a.subject, a.amount_minor, a.currency)"
            "    IS DISTINCT FROM (c.command, c.subject, c.amount_minor, c.currency)"
            " UNION ALL SELECT coalesce(e.command, c.command), '', coalesce(e.actor, c.given_by), NULL FROM"
            "  (SELECT k.command, r.actor, count(*) AS times FROM evidence_evidencerecord r"
            "   JOIN (VALUES {KINDS}) AS k (command, kind) ON k.kind = r.kind WHERE r.actor <> 'system'"
            "    AND (r.kind <> 'clearing.trade_refund_ordered' OR starts_with(r.payload ->> 'source', 'cor_'))"
            "    AND (r.kind <> 'contracts.dispute_resolved' OR r.payload ->> 'outcome' <> 'redelivery') GROUP BY 1, 2) e"
            "  FULL JOIN (SELECT command, given_by, count(*) AS times FROM clearing_moneycommand"
            "   WHERE command IN ({COMMANDS}) GROUP BY 1, 2) c ON c.command = e.command AND c.given_by = e.actor"
            "  WHERE c.times IS DISTINCT FROM e.times"
        )
        .replace("{LIMIT_DEFAULT}", str(PARAMETERS["second_person_minor"].default))
        .replace("{KINDS}", ", ".join(f"('{command}', '{kind}')" for command, kind in _RECORDED_AS.items()))
        .replace("{COMMANDS}", sql_list(_RECORDED_AS))
    ),
)
