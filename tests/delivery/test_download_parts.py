"""A file counts when its parts together are the whole, in whatever order and however often they were broken off."""

import pytest

from delivery import services
from delivery.errors import NothingSent, TooScattered
from delivery.models import Download
from delivery.ranges import ByteRange
from delivery.services import downloads
from delivery.services.transmissions import CHUNK_BYTES

from . import factories
from .conftest import LARGE, begin, recorded, report

pytestmark = pytest.mark.django_db


def fetch_part(granted, first, length):
    """Receive a part of the only file."""
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


def test_parts_make_a_whole_in_any_order(large):
    third = len(LARGE) // 3
    assert fetch_part(large, 2 * third, len(LARGE) - 2 * third) == LARGE[2 * third :]
    assert fetch_part(large, 0, third + 5) == LARGE[: third + 5]
    assert Download.objects.filter(sent_sha256__isnull=False).count() == 0
    with pytest.raises(NothingSent):
        report(large)
    assert fetch_part(large, third, third) == LARGE[third : 2 * third]
    whole = Download.objects.get(sent_sha256__isnull=False)
    assert (whole.first_byte, whole.sent_bytes, whole.sent_sha512) == (third, third, factories.sha512(LARGE))
    assert report(large).matched is True
    assert large.inspection.state == "running"
    assert recorded(large.entitlement)[-3:] == ["delivery.sent", "delivery.received", "delivery.matched"]


def test_what_arrived_of_a_broken_download_need_not_be_sent_again(large):
    broken = begin(large)
    for _ in range(3):
        next(broken)
    arrived = 2 * CHUNK_BYTES + 17
    broken.note_taken(arrived)
    broken.close()
    assert fetch_part(large, arrived, len(LARGE) - arrived) == LARGE[arrived:]
    assert report(large).matched is True


def test_a_byte_that_never_arrived_keeps_the_file_from_being_whole(large):
    broken = begin(large)
    for _ in range(3):
        next(broken)
    broken.note_taken(1000)
    broken.close()
    fetch_part(large, 1001, len(LARGE) - 1001)
    assert Download.objects.filter(sent_sha256__isnull=False).count() == 0
    with pytest.raises(NothingSent):
        report(large)


def test_the_last_part_may_be_one_that_was_broken_off(large):
    broken = begin(large)
    next(broken)
    next(broken)
    fetch_part(large, CHUNK_BYTES, len(LARGE) - CHUNK_BYTES)
    broken.close()
    row = Download.objects.get(sent_sha256__isnull=False)
    assert (row.state, row.sent_bytes) == ("aborted", CHUNK_BYTES)
    assert report(large).matched is True


def test_parts_that_lie_apart_are_limited_and_those_that_join_are_not(large, monkeypatch):
    monkeypatch.setattr(downloads, "SENT_PARTS_MAX", 2)
    for first in (1000, 3000):
        fetch_part(large, first, 10)
    with pytest.raises(TooScattered) as refusal:
        fetch_part(large, 5000, 10)
    assert (refusal.value.fields["parts"], Download.objects.count()) == (2, 2)
    for first in (1010, 3005, 0):
        fetch_part(large, first, 10)
    whole = begin(large)
    assert whole.length_bytes == len(LARGE)
    whole.close()
    assert Download.objects.count() == 6
