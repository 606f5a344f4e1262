"""Invariants of how agreements end."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

Invariant(
    name="contracts.ends_as_signed",
    promise=6,
    statement="An agreement ends when its signed rights end, or later by the access that was given back; it expires not before, and says when.",
    guards=(
        "contracts_agreement.ends_as_signed",
        "contracts_agreement.agreement_expired_after_its_end",
        "contracts_agreement.state_guard",
        "contracts_agreement.set_once",
        "contracts_agreement.set_now",
    ),
    test="tests/contracts/test_expiries.py::test_the_database_lets_no_agreement_expire_before_its_end",
    check=by_query(
        "SELECT a.public_id, a.ends_at FROM contracts_agreement a JOIN contracts_instrument i ON i.id = a.instrument_id"
        " CROSS JOIN LATERAL (SELECT i.content::jsonb #> '{terms,rights}' AS rights) r"
        " WHERE (a.ends_at IS NULL) <> (public.end_of_rights(r.rights, a.concluded_at) IS NULL)"
        "  OR a.ends_at < public.end_of_rights(r.rights, a.concluded_at)"
        "  OR a.ends_at > ((r.rights ->> 'valid_until')::date + 1)::timestamp AT TIME ZONE 'Asia/Tokyo'"
        "  OR a.state = 'expired' AND coalesce(a.expired_at < a.ends_at, true) OR a.state = 'in_force' AND a.expired_at IS NOT NULL"
    ),
)
