"""The invariant of reminders."""

from __future__ import annotations

from marketplace.kernel.guards import sql_list
from marketplace.kernel.invariants import Invariant, by_query

from ..states import WAITS_FOR

Invariant(
    name="contracts.reminded_in_turn",
    promise=10,
    statement="Who is reminded to answer was to answer: nobody is after the negotiation ended, or while a halt covered it.",
    guards=(
        "contracts_reminder.reminded_in_turn",
        "contracts_reminder.reminder_once",
        "contracts_reminder.append_only",
    ),
    test="tests/contracts/negotiating/test_reminders.py::test_the_database_takes_no_other_reminder",
    check=by_query(
        "SELECT n.public_id, r.days, r.reminded_at FROM contracts_reminder r JOIN contracts_proposal p ON p.id = r.proposal_id"  # noqa: S608
        " JOIN contracts_negotiation n ON n.id = p.negotiation_id"
        f" WHERE r.state NOT IN ({sql_list(WAITS_FOR)}) OR r.reminded_at < p.made_at OR r.reminded_at > n.ended_at"
        " OR EXISTS (SELECT FROM contracts_proposal later WHERE later.negotiation_id = n.id AND later.number > p.number"
        "   AND later.made_at < r.reminded_at)"
        " OR EXISTS (SELECT FROM rules_halt h WHERE h.started_at < r.reminded_at"
        "   AND (h.lifted_at IS NULL OR r.reminded_at < h.lifted_at) AND (h.scope = 'market'"
        "   OR h.scope = 'segment' AND h.subject = n.segment OR h.scope = 'listing' AND h.subject = n.listing))"
    ),
)
