"""The invariant of authority over trades; ``invariants`` imports it."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query
from marketplace.participants.authority import APPOINTED

Invariant(
    name="clearing.ordered_with_authority",
    promise=9,
    statement=(
        "As soon as a buyer has stated limits of authority, what its people secure by guarantees are commitments of theirs;"
        " a court's trustee is bound by none."
    ),
    guards=("clearing_guaranteedpart.ordered_with_authority",),
    test="tests/clearing/guarantees/test_authority.py::test_the_database_takes_no_order_without_authority",
    check=by_query(
        "SELECT g.public_id, g.ordered_by FROM clearing_guaranteedpart g JOIN clearing_trade t ON t.id = g.trade_id"  # noqa: S608
        " WHERE g.ordered_by IS NOT NULL AND g.reserved_at > (SELECT min(l.stated_at) FROM participants_authoritylimit l"
        "  WHERE l.organisation_id = t.buyer_id)"
        " AND NOT EXISTS (SELECT FROM participants_commitment c WHERE c.organisation_id = t.buyer_id AND c.act = 'buy'"
        "  AND c.subject = t.public_id AND c.given_by = g.ordered_by AND c.currency = t.currency"
        "  AND c.amount_minor = t.gross_minor)"
        " AND NOT EXISTS (SELECT FROM participants_membership m JOIN participants_user u ON u.id = m.user_id"
        f"  JOIN participants_rolegrant r ON r.membership_id = m.id AND r.role = '{APPOINTED}'"
        "  LEFT JOIN participants_application p ON p.responsible_id = u.id AND p.organisation_id = t.buyer_id"
        "  WHERE m.organisation_id = t.buyer_id AND g.ordered_by IN (u.public_id, p.public_id))"
    ),
)
