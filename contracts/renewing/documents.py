"""Draws up what the market signs of a renewal: the next version, with the terms of one renewal more and nothing else changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from marketplace.evidence.signatures import sign
from marketplace.kernel import clock
from marketplace.rules import queries as rules

from .. import signed_object
from ..amending.compiling import Amended, classes_of, end_as_amended
from ..amending.models import AgreementVersion
from ..amending.queries import amended_of, signed_versions
from ..amending.states import VersionKind
from ..models import Agreement, Template
from ..terms import Terms
from .claims import renewal_claims
from .models import Renewal, RenewalDocument
from .terms import renewed

KEPT = ("market", "agreement", "negotiation", "reference", "provider", "consumer", "dataset", "template")
"""What the next version repeats of the one before, beside its annexes."""


def first_day(amended: Amended) -> date:
    """The day (Japan) on which the first charge of the renewal falls due: the last of the term."""
    terms = renewed(amended.terms)
    concluded_on = amended.concluded_at.astimezone(clock.market_zone()).date()
    return terms.charging.parts(terms.price_minor, concluded_on)[amended.terms.charging.charges].due_on


def make_renewed(renewal: Renewal, agreement: Agreement, decision: str) -> AgreementVersion:
    """Sign and write the version that a renewal makes; the agreement is locked, and may be renewed now."""
    amended, zone = amended_of(agreement), clock.market_zone()
    # From now on, so that it may be amended meanwhile, but not before the version that it replaces.
    terms, effective_on = renewed(amended.terms), max(clock.today(), amended.effective_on or date.min)
    amends: dict[str, Any] = {
        "agreement": agreement.public_id,
        "version": amended.number + 1,
        "replaces": amended.signed_hash,
        "effective_on": effective_on.isoformat(),
        "from_charge": amended.terms.charging.charges + 1,
        "renewal": renewal.public_id,
    }
    document = _drawn(renewal, agreement, terms, amends)
    ends_at = end_as_amended(amended, terms.rights, zone)
    return AgreementVersion.objects.create(
        agreement=agreement,
        number=amends["version"],
        kind=VersionKind.RENEWED,
        renewal=document,
        signed_hash=document.signed_hash,
        effective_on=effective_on,
        effective_at=datetime.combine(effective_on, time.min, zone).astimezone(UTC),
        from_charge=amends["from_charge"],
        ends_at=ends_at,
        classes=classes_of(amended, terms, ends_at, zone),
        decision=decision,
        made_at=clock.now(),
    )


def _drawn(renewal: Renewal, agreement: Agreement, terms: Terms, amends: dict[str, Any]) -> RenewalDocument:
    before = signed_versions(agreement)[-1].said
    said = signed_object.compose(
        **{name: before[name] for name in KEPT},
        terms=terms,
        tax_rate_bp=rules.tax_rate_bp(terms.tax_category, on=clock.today()),
        annexes=before["annexes"],
        amends=amends,
    )
    template = Template.objects.get(public_id=before["template"]["id"])
    drawn = signed_object.draw_up(said, template.clauses)
    return RenewalDocument.objects.create(
        renewal=renewal,
        content=drawn.content,
        text_ja=drawn.text_ja,
        text_en=drawn.text_en,
        signed_hash=drawn.signed_hash,
        jws=sign(renewal_claims(renewal.public_id, amends, drawn.signed_hash)),
        drawn_at=clock.now(),
    )
