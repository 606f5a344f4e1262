"""What the tests of delivery share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import override_settings
from rest_framework.test import APIClient

from delivery import services
from delivery.models import Download, EntitledDistribution, Entitlement, Inspection, Voucher
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from tests.standing import made_once

from . import factories

LARGE = bytes(range(256)) * 4096 * 3 + b"the end"
TUESDAY = datetime(2037, 12, 1, 14, 0, tzinfo=ZoneInfo("Asia/Tokyo"))


@made_once
def tuesday() -> datetime:
    """Business time stands still on a Tuesday afternoon."""
    clock.move_to(TUESDAY, running=False)
    return TUESDAY


@made_once
def granted(tuesday: datetime) -> factories.Granted:
    """A delivery of one file to which access was granted."""
    return factories.granted()


@made_once
def matched(granted: factories.Granted) -> factories.Granted:
    """A delivery that matched, and is under inspection."""
    granted.receive()
    return granted


def everything() -> dict[str, list[Any]]:
    """All that delivery, the outbox and the evidence hold, to see that a refusal left it as it was."""
    models = (Entitlement, EntitledDistribution, Inspection, Download, Voucher, OutboxEvent, EvidenceRecord)
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


@pytest.fixture
def unchanged() -> Callable[[], bool]:
    """Say, when called, whether nothing changed since the last call (the first says nothing)."""
    seen: list[dict[str, list[Any]]] = []

    def check() -> bool:
        seen.append(everything())
        return len(seen) < 2 or seen[-1] == seen[-2]

    return check


def told(event_type: str) -> list[dict[str, Any]]:
    """Data of every event of a type, in the order they were emitted."""
    return list(OutboxEvent.objects.filter(type=event_type).order_by("id").values_list("data", flat=True))


def recorded(subject: str) -> list[str]:
    """Kinds of the evidence about a subject, in the order they were written."""
    return list(EvidenceRecord.objects.filter(subject=subject).order_by("id").values_list("kind", flat=True))


def ask_downloads(client: APIClient, path: str, method: str = "get", **fields: str) -> Any:
    """Ask the routes of the downloads process; ``fields`` are header fields as Django's client names them."""
    with override_settings(ROOT_URLCONF="marketplace.downloads_urls"):
        return getattr(client, method)(path, **fields)


def begin(granted, at=0):
    return services.download(
        actor=granted.buyer_actor, entitlement=granted.entitlement, distribution=granted.distributions[at]
    )


def report(granted):
    """Report the right hash of the only file."""
    return services.report_receipt(
        actor=granted.buyer_actor,
        entitlement=granted.entitlement,
        distribution=granted.distributions[0],
        sha256=factories.sha256(granted.contents[0]),
    )


def stored_file(content):
    """Where the market keeps a content."""
    digest = factories.sha256(content)
    return Path(settings.STORAGE_DIRECTORY) / digest[:2] / digest


@pytest.fixture
def large(tuesday):
    """A delivery of a file of several chunks."""
    stored_file(LARGE).unlink(missing_ok=True)
    return factories.granted(contents=(LARGE,))
