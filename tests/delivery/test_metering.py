"""What is sent of metered data is use, counted by the bytes that were sent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from delivery import services
from delivery.models import Download
from delivery.ranges import ByteRange
from delivery.services.downloads import abort_download
from delivery.states import AbortReason
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM

from . import factories
from .conftest import begin, told

pytestmark = pytest.mark.django_db
CONTENT = factories.CONTENTS[0]
METERED = {"kind": "metered", "charges": 12, "unit_price_minor": 700}


@pytest.fixture
def metered(tuesday):
    """A delivery whose buyer pays for each use."""
    return factories.granted(rights={**factories.RIGHTS, "duration": "P1Y"}, charging=METERED)


def fetch_part(granted, first, length):
    transmission = services.download(
        actor=granted.buyer_actor,
        entitlement=granted.entitlement,
        distribution=granted.distributions[0],
        part=ByteRange(first, length),
    )
    try:
        return b"".join(transmission)
    finally:
        transmission.close()


def uses():
    return [(row["quantity"], row["amount_minor"]) for row in told("usage.recorded")]


def test_each_download_of_a_whole_file_is_a_use(metered):
    metered.fetch()
    metered.fetch()
    assert uses() == [(1, 700), (1, 700)]
    first, second = told("usage.recorded")
    assert (first["agreement"], first["currency"]) == (metered.agreement, "JPY")
    downloads = list(Download.objects.order_by("pk").values_list("public_id", flat=True))
    assert [first["usage"], second["usage"]] == downloads


def test_a_use_is_of_the_moment_at_which_its_sending_began(metered):
    transmission = begin(metered)
    row = Download.objects.latest("pk")
    clock.move_to(clock.now() + timedelta(hours=1), running=False)
    abort_download(row, reason=AbortReason.BROKEN_OFF, sent_bytes=len(CONTENT))
    transmission.close()
    row.refresh_from_db()
    (used,) = told("usage.recorded")
    assert (used["used_at"], row.ended_at > row.started_at) == (row.started_at.isoformat(), True)


def test_the_parts_of_a_file_are_one_use(metered):
    half = len(CONTENT) // 2
    fetch_part(metered, 0, half)
    assert uses() == []
    fetch_part(metered, half, len(CONTENT) - half)
    assert uses() == [(1, 700)]
    fetch_part(metered, 0, 1)
    assert uses() == [(1, 700)]


def test_what_was_sent_before_a_download_broke_off_counts(metered):
    transmission = begin(metered)
    row = Download.objects.latest("pk")
    abort_download(row, reason=AbortReason.BROKEN_OFF, sent_bytes=len(CONTENT))
    transmission.close()
    assert uses() == [(1, 700)]


def test_a_damaged_file_is_no_use(metered):
    transmission = begin(metered)
    row = Download.objects.latest("pk")
    abort_download(row, reason=AbortReason.DAMAGED, sent_bytes=len(CONTENT))
    transmission.close()
    assert uses() == []


def test_the_bytes_of_a_damaged_file_complete_no_use(metered):
    half = len(CONTENT) // 2
    transmission = begin(metered)
    abort_download(Download.objects.latest("pk"), reason=AbortReason.DAMAGED, sent_bytes=len(CONTENT) - half)
    transmission.close()
    fetch_part(metered, 0, half)
    assert uses() == []
    fetch_part(metered, half, len(CONTENT) - half)
    assert uses() == [(1, 700)]


def test_data_that_is_delivered_again_is_not_counted_once_more(metered):
    metered.receive()
    dispute = metered.dispute()
    services.apply_dispute_outcome(actor=SYSTEM, dispute=dispute, outcome="redelivery")
    metered.fetch()
    assert uses() == [(1, 700)]
    metered.fetch()
    assert uses() == [(1, 700), (1, 700)]


def test_what_is_not_metered_has_no_use(tuesday):
    factories.granted().fetch()
    assert uses() == []
