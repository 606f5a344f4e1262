"""What access is granted from: the last version of an agreement that was signed, and how a version moves the end of access. Public."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from marketplace.kernel import clock
from marketplace.kernel.errors import Missing

from ..models import Agreement
from ..plan import Plan, plan_of
from ..terms import parse_terms
from .compiling import Amended, end_as_amended
from .queries import Signed, amended_of, signed_versions


@dataclass(frozen=True, slots=True)
class LastSigned:
    """The plan of the last version that was signed, with its number, and when the agreement was concluded. A version ends access after it
    takes effect, as the one before does, so access may follow it from its signature on."""

    number: int
    plan: Plan
    concluded_at: datetime


def last_signed(agreement: str) -> LastSigned:
    """The last version of an agreement (public identifier) that was signed; raises Missing."""
    found = _found(agreement)
    last = signed_versions(found)[-1]
    return LastSigned(last.number, plan_of(last.said), found.concluded_at)


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
