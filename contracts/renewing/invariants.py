"""Invariants of renewals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from marketplace.kernel import clock
from marketplace.kernel.invariants import BREACHES_SHOWN_MAX, Invariant, by_query
from marketplace.rules.halt_time import covered_by_halts

from ..ending.lost_time import without_access
from ..ending.states import EndingState
from ..models import Agreement
from ..queries import verify_renewal
from ..states import AgreementState
from .models import Renewal, RenewalDocument
from .states import RenewalKind, RenewalState

SWEPT_WITHIN: Final = timedelta(days=1)


def _unverified() -> list[dict[str, Any]]:
    """Renewals whose hashes or signature do not verify."""
    breaches: list[dict[str, Any]] = []
    rows = RenewalDocument.objects.select_related("renewal").order_by("pk")
    for row in rows.iterator(chunk_size=200):
        if faults := verify_renewal(row):
            breaches.append({"agreement": row.said["agreement"], "faults": faults})
        if len(breaches) >= BREACHES_SHOWN_MAX:
            break
    return breaches


def _overdue() -> list[dict[str, Any]]:
    """Agreements past their end under which no access is open, and renewals past their day of notice, that no sweep has attended to."""
    since = clock.now() - SWEPT_WITHIN
    ended = without_access(Agreement.objects.filter(state=AgreementState.IN_FORCE, ends_at__lte=since))
    ended = ended.exclude(endings__state=EndingState.SCHEDULED)
    standing = Renewal.objects.filter(
        state=RenewalState.STANDING, kind=RenewalKind.AUTOMATIC, notice_by__lte=since
    ).exclude(covered_by_halts(listing="agreement__listing", segment="agreement__segment"))
    found = [*ended.order_by("pk").values_list("public_id", flat=True)[:BREACHES_SHOWN_MAX]]
    found += standing.order_by("pk").values_list("agreement__public_id", flat=True)[:BREACHES_SHOWN_MAX]
    return [{"agreement": public_id} for public_id in dict.fromkeys(found)][:BREACHES_SHOWN_MAX]


Invariant(
    name="contracts.renewals_signed",
    promise=6,
    statement="What the market records of a renewal verifies: its hashes, and its signature over the version, what it replaces, and the clause that is its ground.",
    guards=(
        "contracts_renewaldocument.document_whole",
        "contracts_renewaldocument.plan_of_terms",
        "contracts_renewaldocument.append_only",
        "contracts_renewaldocument.dated_now",
    ),
    test="tests/contracts/renewing/test_renewal_guards.py::test_a_renewal_that_the_market_did_not_sign_is_named",
    check=_unverified,
)
Invariant(
    name="contracts.renewed_as_signed",
    promise=6,
    statement=(
        "An agreement is renewed by the clause that both signed, as often as that says, each time for exactly its months and their charges, and never before its day"
        " of notice or after a party refused."
    ),
    guards=(
        "contracts_renewal.renewal_as_signed",
        "contracts_renewal.renewal_once",
        "contracts_renewal.renewal_one_standing",
        "contracts_renewal.renewal_stated",
        "contracts_renewal.renewal_closed_when",
        "contracts_renewal.renewal_refused_by_party",
        "contracts_renewal.renewal_dropped_why",
        "contracts_renewal.renewal_automatic",
        "contracts_renewal.renewal_after_its_notice",
        "contracts_renewal.state_guard",
        "contracts_renewal.immutable",
        "contracts_renewal.no_delete",
        "contracts_renewal.set_once",
        "contracts_renewal.set_now",
        "contracts_agreementversion.version_as_signed",
        "contracts_agreementversion.version_made_by",
        "contracts_agreementversion.version_whole",
        "contracts_agreement.ends_whole",
    ),
    test="tests/contracts/renewing/test_renewal_guards.py::test_a_renewal_that_was_not_signed_so_is_named",
    check=by_query(
        "SELECT r.public_id, a.public_id AS agreement FROM contracts_renewal r JOIN contracts_agreement a ON a.id = r.agreement_id"
        " LEFT JOIN LATERAL (SELECT v.said FROM public.signed_versions(a.id) v WHERE v.number = r.version) stated ON true"
        " LEFT JOIN contracts_renewaldocument d ON d.renewal_id = r.id"
        " LEFT JOIN contracts_agreementversion v ON v.renewal_id = d.id"
        " LEFT JOIN LATERAL (SELECT b.said FROM public.signed_versions(a.id) b WHERE b.number = v.number - 1) before ON true"
        " WHERE r.kind IS DISTINCT FROM stated.said #>> '{terms,renewal,kind}'"
        "  OR r.notice_by IS DISTINCT FROM public.notice_of_renewal(stated.said, a.concluded_at)"
        "  OR r.turn > coalesce((stated.said #>> '{terms,renewal,times_max}')::integer, r.turn)"
        "  OR r.state = 'standing' AND a.state <> 'in_force'"
        "  OR (r.state = 'renewed') <> (v.id IS NOT NULL) OR (d.id IS NULL) <> (v.id IS NULL)"
        "  OR v.id IS NOT NULL AND (v.agreement_id <> a.id OR v.number <= r.version OR v.made_at < r.notice_by"
        "   OR (d.content::jsonb #>> '{terms,charging,charges}')::integer * (before.said #>> '{terms,charging,period_months}')::integer"
        "      <> (before.said #>> '{terms,charging,charges}')::integer * (before.said #>> '{terms,charging,period_months}')::integer"
        "         + (before.said #>> '{terms,renewal,months}')::integer"
        "   OR d.content::jsonb #>> '{terms,rights,duration}'"
        "      IS DISTINCT FROM public.lasting_renewed(before.said))"
        "  OR r.state = 'refused' AND r.closed_at >= r.notice_by"
    ),
)
Invariant(
    name="contracts.renewed_or_expired",
    promise=10,
    statement="An agreement past its end, under which no access is open, has expired within a day, and a renewal past its day of notice was made, or came to nothing.",
    guards=("contracts_agreement.agreement_expired_after_its_end", "contracts_renewal.renewal_one_standing"),
    test="tests/contracts/renewing/test_renewals.py::test_what_no_sweep_attends_to_is_named",
    check=_overdue,
)
