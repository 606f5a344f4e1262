"""Have the renewal of an agreement follow what was signed last; the caller has written the agreement, or locked it, in its transaction."""

from __future__ import annotations

from typing import Any

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.states import advance
from marketplace.notices import services as notices

from ..amending.queries import signed_versions
from ..models import Agreement
from ..terms import parse_terms
from .models import Renewal
from .states import RENEWAL, DropReason, RenewalState
from .terms import notice_day


def follow_renewal(agreement: Agreement) -> Renewal | None:
    """Have what the last version states of its renewal stand, in place of what stood; None where nothing stands.

    Nothing stands once it was renewed as often as was signed, after its day of notice, or where a party refused the same.
    """
    versions = {row.number: row.said["terms"] for row in signed_versions(agreement)}
    number = max(versions)
    terms, rows = parse_terms(versions[number]), list(agreement.renewals.order_by("version"))
    standing = next((row for row in rows if row.state == RenewalState.STANDING), None)
    if standing is not None:
        if _is_same(versions[standing.version], versions[number]):
            return standing
        drop_renewal(standing, agreement, DropReason.AMENDED)
    notice_by = notice_day(terms, agreement.concluded_at, clock.market_zone())
    if terms.renewal is None or notice_by is None or notice_by <= clock.now():
        return None
    turn = 1 + sum(row.state == RenewalState.RENEWED for row in rows)
    if turn > terms.renewal.get("times_max", turn):
        return None
    if any(
        row.state == RenewalState.REFUSED and _is_same(versions[row.version], versions[number])
        for row in rows
    ):
        return None
    return Renewal.objects.create(
        agreement=agreement, version=number, kind=terms.renewal["kind"], turn=turn, notice_by=notice_by
    )


def _is_same(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether both terms state one renewal, of one term."""
    stated = [
        (terms.get("renewal"), terms["rights"].get("duration"), terms["rights"].get("valid_until"))
        for terms in (before, after)
    ]
    return stated[0] == stated[1]


def drop_renewals(agreement: Agreement) -> None:
    """Drop the renewal that stands of an agreement that has ended."""
    for row in agreement.renewals.select_for_update().filter(state=RenewalState.STANDING):
        drop_renewal(row, agreement, DropReason.AGREEMENT_ENDED)


def drop_renewal(renewal: Renewal, agreement: Agreement, reason: DropReason) -> None:
    """Have a standing renewal come to nothing, and record why."""
    advance(renewal, RENEWAL, command="drop", role="system", reason_code=reason.value, closed_at=clock.now())
    record(
        kind="contracts.renewal_dropped",
        subject=renewal.public_id,
        actor=SYSTEM,
        payload={"agreement": agreement.public_id, "reason_code": reason.value},
    )
    notices.close_tasks(thread=renewal.public_id)
