"""Accesses of staff, opened as the market lets them be opened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from marketplace.access import services
from marketplace.access.models import StaffAccess
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.participants.models import Organisation
from tests.client import KeyedClient

PATH = "/api/v1/staff-accesses/"
STATED: dict[str, Any] = {
    "kind": "metadata",
    "ground": "support",
    "reason": "納品ファイルを取得できないとの問合せの調査",
    "reference": "SUP-2026-0117",
    "hours": 4,
}
BY_LAW: dict[str, Any] = {"ground": "law", "reference": "令和8年(ら)第12号", "deferred_days": 30}


def opened(actor: Actor, subject: Organisation, **changes: Any) -> StaffAccess:
    """An access of ``actor`` to what is ``subject``'s."""
    return services.open_access(actor=actor, organisation=subject.public_id, **(STATED | changes))


def deferred(first: Actor, second: Actor, subject: Organisation, **changes: Any) -> StaffAccess:
    """An access of ``first`` of which ``subject`` is told later, as ``second`` agreed."""
    with pytest.raises(SecondPersonNeeded):
        opened(first, subject, **(BY_LAW | changes))
    return opened(second, subject, **(BY_LAW | changes))


def later(delay: timedelta) -> None:
    """Business time goes on."""
    clock.move_to(clock.now() + delay)


def open_over_http(client: KeyedClient, subject: Organisation, kind: str = "metadata") -> str:
    """The person of ``client`` opens what is ``subject``'s; returns the access."""
    answer = client.post(PATH, {**STATED, "kind": kind, "organisation": subject.public_id}, format="json")
    assert answer.status_code == 201, answer.json()
    return str(answer.json()["id"])


def recorded(access: StaffAccess) -> list[str]:
    """The kinds of evidence about an access, oldest first."""
    rows = EvidenceRecord.objects.filter(subject=access.public_id).order_by("pk")
    return list(rows.values_list("kind", flat=True))
