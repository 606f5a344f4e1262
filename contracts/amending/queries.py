"""Queries on the versions of agreements: what was signed, and which of it is in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Max, QuerySet

from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH
from marketplace.kernel.labels import Label

from ..law.in_force import law_of
from ..models import Agreement, AgreementVersion, Instrument, Negotiation, Proposal
from ..plan import Money, plan_of
from ..plan.model import Charge
from ..renewing.models import RenewalDocument
from ..terms import Terms, parse_terms
from .compiling import Amended, Amendment, compile_amendment

NO_DAY = Label("state from which day on the amendment holds, as YYYY-MM-DD", "変更の効力発生日を YYYY-MM-DD で指定してください")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signed:
    """One version of an agreement: its number from 1, what was signed, from when it is in force, and the first charge that follows it.

    ``version`` is its row; the first has none."""

    number: int
    instrument: Instrument | RenewalDocument
    effective_at: datetime
    from_charge: int
    version: AgreementVersion | None

    @property
    def in_force_at(self) -> datetime:
        """From when on it is in force: the beginning of its day, or its last signature if that came later."""
        return max(self.effective_at, self.made_at)

    @property
    def made_at(self) -> datetime:
        """When both had signed it."""
        return self.version.made_at if self.version else self.effective_at

    @property
    def said(self) -> dict[str, Any]:
        """The signed content."""
        return self.instrument.said


def later_versions() -> QuerySet[AgreementVersion]:
    """The versions after the first, in order, with what was signed, but for its texts."""
    rows = AgreementVersion.objects.select_related("instrument", "renewal").order_by("number")
    return rows.defer("instrument__text_ja", "instrument__text_en", "renewal__text_ja", "renewal__text_en")


def signed_versions(agreement: Agreement) -> list[Signed]:
    """Every version of an agreement, in order."""
    first = Signed(1, agreement.instrument, agreement.concluded_at, 1, None)
    later = agreement.versions.all()
    if "versions" not in getattr(agreement, "_prefetched_objects_cache", {}):
        later = later.select_related("instrument", "renewal").order_by("number")
    rest = (Signed(row.number, row.document, row.effective_at, row.from_charge, row) for row in later)
    return [first, *rest]


def version_in_force(agreement: Agreement, at: datetime | None = None) -> Signed:
    """The version of an agreement that is in force at a moment, now without one."""
    first, *later = signed_versions(agreement)
    if not later:
        return first
    moment = at or clock.now()
    return [first, *(row for row in later if row.in_force_at <= moment)][-1]


def last_version(agreement: str) -> int:
    """The number of the last version of an agreement (public identifier) that was signed."""
    found = AgreementVersion.objects.filter(agreement__public_id=agreement).aggregate(last=Max("number"))
    return int(found["last"] or 1)


def version_asked(agreement: Agreement, asked: str | None) -> Signed:
    """The version of a number as a request states it, the one in force without; raises Missing."""
    if asked is None:
        return version_in_force(agreement)
    found = next((row for row in signed_versions(agreement) if str(row.number) == asked), None)
    if found is None:
        raise Missing(kind="version", identifier=asked[:IDENTIFIER_LENGTH])
    return found


def last_rights(agreement: Agreement) -> dict[str, Any]:
    """The rights of the last version of an agreement that was signed, which its end and the end of access follow."""
    rights: dict[str, Any] = signed_versions(agreement)[-1].said["terms"]["rights"]
    return rights


def money_signed(agreement: Agreement) -> Money:
    """The charges of an agreement as its versions together state them (PostgreSQL: ``plan_of_charge``); the rest is of the last."""
    charges: tuple[Charge, ...] = ()
    for signed in signed_versions(agreement):
        money = plan_of(signed.said).money
        charges = (*charges[: signed.from_charge - 1], *money.charges[signed.from_charge - 1 :])
    return replace(money, charges=charges)


def highest_price(agreement: Agreement) -> int:
    """The highest price that a version of the agreement states, without tax: no more of it comes back."""
    return max(int(row.said["terms"]["price_minor"]) for row in signed_versions(agreement))


def amended_of(agreement: Agreement) -> Amended:
    """What an amendment of the agreement would change: its last version, and where the agreement stands."""
    last = signed_versions(agreement)[-1]
    return Amended(
        agreement=agreement.public_id,
        number=last.number,
        signed_hash=last.instrument.signed_hash,
        terms=parse_terms(last.said["terms"]),
        effective_on=last.version.effective_on if last.version else None,
        concluded_at=agreement.concluded_at,
        ends_at=agreement.ends_at,
    )


def amendment_of(negotiation: Negotiation, terms: Terms, effective_on: date | None) -> Amendment:
    """The version that a negotiation makes on these terms now; raises FieldInvalid where it cannot be carried out."""
    if negotiation.amends is None or effective_on is None:
        raise FieldInvalid("terms.effective_on", NO_DAY)
    return compile_amendment(
        amended_of(negotiation.amends),
        terms,
        effective_on,
        now=clock.now(),
        zone=clock.market_zone(),
        law=law_of(negotiation.segment),
    )


def split_day(changes: Mapping[str, Any] | None) -> tuple[dict[str, Any], date | None]:
    """The terms that change, and apart ``effective_on``, which only an amendment states; raises FieldInvalid."""
    rest = dict(changes or {})
    stated = rest.pop("effective_on", None)
    if stated is None or isinstance(stated, date):
        return rest, stated
    try:
        return rest, date.fromisoformat(stated)
    except (TypeError, ValueError):
        raise FieldInvalid("terms.effective_on", NO_DAY) from None


def terms_amended(negotiation: Negotiation, agreement: Agreement) -> Terms:
    """The terms of the version of an agreement that a negotiation over its amendment would replace, or has replaced."""
    before, *later = signed_versions(agreement)
    for row in later:
        is_its_own = row.version is not None and row.version.negotiation_id == negotiation.pk
        if is_its_own or row.made_at > negotiation.opened_at:
            break
        before = row
    return parse_terms(before.said["terms"])


def amends_of(negotiation: Negotiation, proposal: Proposal, terms: Terms) -> dict[str, Any] | None:
    """What the signed object says of what it amends; None of what amends nothing."""
    if negotiation.amends is None:
        return None
    amendment = amendment_of(negotiation, terms, proposal.effective_on)
    return amendment.as_dict(negotiation.amends.public_id)


def amendment_counts() -> dict[str, int]:
    """Agreements that were amended, and the versions that both sides signed after the first."""
    return AgreementVersion.objects.aggregate(
        agreements=Count("agreement", distinct=True), versions=Count("pk")
    )
