"""The versions of an agreement as both parties read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marketplace.kernel import clock

from ..models import Agreement
from ..negotiating.changed_terms import changed_terms
from ..terms import Terms, parse_terms
from .queries import signed_versions, version_in_force


@dataclass(frozen=True, slots=True)
class ShownVersion:
    """A version, its terms, plan and policy as signed, and what it changes in words."""

    id: str | None
    number: int
    kind: str | None
    negotiation: str
    signed_hash: str
    effective_at: datetime
    from_charge: int
    in_force: bool
    classes: dict[str, Any] | None
    changes: list[dict[str, Any]]
    terms: dict[str, Any]
    plan: dict[str, Any]
    policy: dict[str, Any]


def versions_shown(agreement: Agreement) -> list[ShownVersion]:
    """Every version of an agreement, first to last."""
    present, zone = version_in_force(agreement).number, clock.market_zone()
    shown: list[ShownVersion] = []
    before: Terms | None = None
    for signed in signed_versions(agreement):
        terms, row = parse_terms(signed.said["terms"]), signed.version
        shown.append(
            ShownVersion(
                id=row.public_id if row else None,
                number=signed.number,
                kind=row.kind if row else None,
                negotiation=signed.said["negotiation"],
                signed_hash=signed.instrument.signed_hash,
                effective_at=signed.effective_at,
                from_charge=signed.from_charge,
                in_force=signed.number == present,
                classes=row.classes if row else None,
                changes=[] if before is None else changed_terms(before, terms, zone),
                terms=signed.said["terms"],
                plan=signed.said["plan"],
                policy=signed.said["policy"],
            )
        )
        before = terms
    return shown
