"""What access is granted from: the last version of an agreement that was signed, and how a version moves the end of access. Public."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.db import connection

from marketplace.kernel import clock
from marketplace.kernel.errors import Missing
from marketplace.kernel.prepared import fetch_prepared

from ..models import Agreement
from ..plan import Plan, plan_of, read_plan
from ..terms import parse_terms
from .compiling import Amended, end_as_amended
from .queries import Signed, amended_of, signed_versions

_HOLD = "SELECT id FROM contracts_agreement WHERE public_id = %s FOR SHARE"
_LAST_SIGNED = """
    SELECT v.number, (v.said -> 'plan')::text, a.concluded_at,
           (SELECT e.access_until FROM contracts_ending e WHERE e.agreement_id = a.id AND e.state IN ('scheduled', 'done') LIMIT 1)
      FROM contracts_agreement a CROSS JOIN LATERAL public.signed_versions(a.id) v
     WHERE a.public_id = %s ORDER BY v.number DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class LastSigned:
    """The plan of the last version that was signed, with its number, and when the agreement was concluded; ``closes_at``: when access
    closes before its term, because the end of the agreement is scheduled or was carried out, or None. A version ends access after it
    takes effect, as the one before does, so access may follow it from its signature on."""

    number: int
    plan: Plan
    concluded_at: datetime
    closes_at: datetime | None


def last_signed(agreement: str) -> LastSigned:
    """The last version of an agreement (public identifier) that was signed; raises Missing.

    The agreement is held in share mode until the transaction ends, so that neither an ending nor a version begins before the caller has
    acted on it.
    """
    fetch_prepared(_HOLD, [agreement])
    with connection.cursor() as cursor:
        cursor.execute(_LAST_SIGNED, [agreement])
        row = cursor.fetchone()
    if row is None:
        raise Missing(kind="agreement", identifier=agreement)
    number, plan, concluded_at, closes_at = row
    return LastSigned(number, read_plan(json.loads(plan)), concluded_at, closes_at)


@dataclass(frozen=True, slots=True)
class EndsOfVersions:
    """The ends of access by the versions of an agreement."""

    amended: Amended
    versions: dict[int, Signed]

    def moved(
        self, before: int, after: int, expires_at: datetime | None
    ) -> tuple[datetime | None, datetime | None]:
        """The end of access that ends at ``expires_at`` by version ``before``, and its last day, once it follows version ``after``; UTC."""
        standing = replace(
            self.amended, terms=parse_terms(self.versions[before].said["terms"]), ends_at=expires_at
        )
        wanted = self.versions[after].said
        zone = clock.market_zone()
        latest = plan_of(wanted).access.ends_latest(self.amended.concluded_at, zone)
        return end_as_amended(
            standing, parse_terms(wanted["terms"]).rights, zone
        ), latest and latest.astimezone(UTC)


def ends_of_versions(agreement: str) -> EndsOfVersions:
    """The ends of access by the versions of an agreement (public identifier); raises Missing."""
    found = _found(agreement)
    return EndsOfVersions(amended_of(found), {row.number: row for row in signed_versions(found)})


def _found(agreement: str) -> Agreement:
    found = Agreement.objects.select_related("instrument").filter(public_id=agreement).first()
    if found is None:
        raise Missing(kind="agreement", identifier=agreement)
    return found
