"""Invariants of limits of authority; ``invariants`` imports them."""

from __future__ import annotations

from typing import Any

from marketplace.kernel import clock
from marketplace.kernel.invariants import BREACHES_SHOWN_MAX, Invariant, by_query
from marketplace.kernel.permissions import Permission

from .acting import acted_at, holders
from .authority import effective_on, in_month, limit_sql
from .authority_guards import MORE, OWNERS, ROLES_OF_ACT
from .models import AuthorityLimit

_NOW = "l.effective_from <= r.stated_at"
_WRONGLY_STATED = (
    "SELECT r.public_id FROM participants_authoritylimit r WHERE NOT {OWNER}"
    " OR r.approval_id IS NOT NULL AND NOT EXISTS (SELECT FROM approvals_approval p WHERE p.id = r.approval_id"
    "  AND p.state = 'approved' AND p.ended_by = r.stated_by AND p.first_person <> r.stated_by)"
    " OR EXISTS (SELECT FROM unnest(CASE WHEN r.role = '' THEN {ROLES_OF_ACT} ELSE ARRAY[r.role::text] END) x(of_role)"
    "  LEFT JOIN LATERAL ({BEFORE}) was ON true LEFT JOIN LATERAL ({AFTER}) is_now ON true WHERE ({MORE})"
    "  AND (r.effective_from = r.stated_at OR r.approval_id IS NULL AND EXISTS ("
    "    SELECT FROM participants_membership m JOIN participants_user u ON u.id = m.user_id"
    "      JOIN participants_rolegrant g ON g.membership_id = m.id AND g.role IN ({OWNERS})"
    "     WHERE m.organisation_id = r.organisation_id AND u.public_id <> r.stated_by AND u.is_active"
    "       AND m.since < r.stated_at AND (m.ended_at IS NULL OR m.ended_at > r.stated_at)"
    "       AND g.granted_at < r.stated_at AND (g.revoked_at IS NULL OR g.revoked_at > r.stated_at))))"
)
for _name, _text in {
    "OWNER": acted_at(
        "r.stated_by",
        "r.stated_at",
        holds=holders(Permission.MEMBERS_WRITE),
        organisation="o.id = r.organisation_id",
    ),
    "ROLES_OF_ACT": ROLES_OF_ACT.replace("NEW.", "r."),
    "BEFORE": limit_sql(row="r", role="x.of_role", standing=f"l.id < r.id AND {_NOW}"),
    "AFTER": limit_sql(row="r", role="x.of_role", standing=f"l.id <= r.id AND (l.id = r.id OR {_NOW})"),
    "MORE": MORE,
    "OWNERS": OWNERS,
}.items():
    _WRONGLY_STATED = _WRONGLY_STATED.replace("{" + _name + "}", _text)


def _raised_too_early() -> list[dict[str, Any]]:
    """Raised limits that hold before a whole business day has passed, or that were stated wrongly otherwise."""
    rows = AuthorityLimit.objects.values_list("public_id", "stated_at", "effective_from")
    early = [
        {"public_id": limit}
        for limit, stated_at, since in rows.iterator()
        if since != stated_at and clock.business_date(since) < effective_on(clock.business_date(stated_at))
    ]
    return (early + by_query(_WRONGLY_STATED)())[:BREACHES_SHOWN_MAX]


Invariant(
    name="participants.limits_stated_rightly",
    promise=9,
    statement="Owners state limits of authority; what allows more takes another owner, if there is one, and a business day.",
    guards=(
        "participants_authoritylimit.limit_rightly_stated",
        "participants_authoritylimit.authority_limit_of_what",
        "participants_authoritylimit.authority_limit_not_before",
        "participants_authoritylimit.authority_limit_approved_once",
        "participants_authoritylimit.append_only",
        "participants_authoritylimit.dated_now",
    ),
    test="tests/participants/test_authority_guards.py::test_the_database_lets_owners_alone_state_limits",
    check=_raised_too_early,
)
Invariant(
    name="participants.acts_within_authority",
    promise=9,
    statement="An act that commits an organisation, with the same month's acts before it, is within its person's limit.",
    guards=(
        "participants_commitment.within_authority",
        "participants_commitment.commitment_of_what",
        "participants_commitment.commitment_once",
        "participants_commitment.append_only",
        "participants_commitment.dated_now",
        "participants_commitment.own_transaction",
    ),
    test="tests/participants/test_authority_guards.py::test_the_database_adds_up_what_a_person_commits_to",
    check=by_query(
        "SELECT c.public_id FROM participants_commitment c"  # noqa: S608  our own words
        f" JOIN LATERAL ({limit_sql(row='c', standing='l.id <= c.last_limit_id AND l.effective_from <= c.committed_at')})"
        " held ON true WHERE c.amount_minor > held.per_act_minor"
        " OR (SELECT sum(b.amount_minor) FROM participants_commitment b WHERE b.organisation_id = c.organisation_id"
        "      AND b.person = c.person AND b.act = c.act AND b.currency = c.currency AND b.id <= c.id"
        f"     AND {in_month('b.committed_at', 'c.committed_at')}) > held.per_month_minor"
    ),
)
