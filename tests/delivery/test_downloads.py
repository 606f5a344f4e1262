"""Files are sent in bounded memory, hashed as they go out, and count only when the last byte is out."""

import tracemalloc
from datetime import timedelta

import pytest
from django.db.models import F

from delivery import services
from delivery.collection import collection_period
from delivery.errors import (
    AccessEnded,
    AccessExpired,
    AccessPaused,
    AccessSuspended,
    ContentDamaged,
    InspectionOver,
    NothingSent,
    NotTheBuyer,
    TooManyDownloads,
)
from delivery.models import Download, DownloadWatch
from delivery.queries import PROGRESS_LOST_SECONDS
from delivery.services.downloads import abort_download
from delivery.services.transmissions import CHUNK_BYTES
from delivery.states import AbortReason
from listings.errors import StoredFileDamaged
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import Missing, PermissionNeeded, StaleState
from tests.participants import factories as participants

from . import factories
from .conftest import LARGE, TUESDAY, begin, recorded, stored_file

pytestmark = pytest.mark.django_db

CHUNKS = -(-len(LARGE) // CHUNK_BYTES)
PROGRESS_QUERIES = 4


def test_what_is_sent_is_written_down_with_its_hashes(granted):
    content = granted.contents[0]
    transmission = begin(granted)
    row = Download.objects.get()
    assert (row.state, row.started_at, row.requested_by) == ("sending", TUESDAY, "app_buyer")
    assert b"".join(transmission) == content
    transmission.close()
    row.refresh_from_db()
    assert (row.state, row.ended_at, row.sent_bytes) == ("sent", TUESDAY, len(content))
    assert (row.sent_sha256, row.sent_sha512) == (factories.sha256(content), factories.sha512(content))
    assert row.inspection == granted.inspection
    assert recorded(granted.entitlement) == ["delivery.granted", "delivery.sent"]


def test_a_transmission_says_what_it_carries(granted):
    content = granted.contents[0]
    transmission = begin(granted)
    covered = transmission.covered
    assert (covered.file_name, covered.media_type) == ("readings 1.csv", "text/csv")
    assert (covered.size_bytes, covered.sha256) == (len(content), factories.sha256(content))
    assert (covered.sha512, transmission.length_bytes) == (factories.sha512(content), len(content))
    transmission.close()


def test_a_large_file_goes_out_in_chunks(large):
    transmission = begin(large)
    sizes = [len(chunk) for chunk in transmission]
    assert len(sizes) == CHUNKS
    assert sizes[:-1] == [CHUNK_BYTES] * (CHUNKS - 1)
    assert sum(sizes) == len(LARGE)
    assert Download.objects.get().state == "sent"


def test_memory_does_not_grow_with_the_file(large):
    transmission = begin(large)
    tracemalloc.start()
    for _ in transmission:
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * CHUNK_BYTES < len(LARGE)


def test_it_is_finished_when_the_iterator_ends_and_not_before(large):
    transmission = begin(large)
    for _ in range(CHUNKS):
        next(transmission)
        assert Download.objects.get().state == "sending"
    with pytest.raises(StopIteration):
        next(transmission)
    assert Download.objects.get().state == "sent"
    with pytest.raises(StopIteration):
        next(transmission)
    transmission.close()
    assert Download.objects.get().state == "sent"


@pytest.mark.parametrize("chunks", [0, 1, CHUNKS - 1, CHUNKS])
def test_a_download_that_was_broken_off_never_counts(large, chunks):
    transmission = begin(large)
    taken = [len(next(transmission)) for _ in range(chunks)]
    transmission.close()
    row = Download.objects.get()
    assert (row.state, row.abort_reason, row.sent_sha256) == ("aborted", "broken_off", None)
    assert row.sent_bytes == sum(taken[:-1])
    assert recorded(large.entitlement) == ["delivery.granted"]
    with pytest.raises(NothingSent):
        services.report_receipt(
            actor=large.buyer_actor,
            entitlement=large.entitlement,
            distribution=large.distributions[0],
            sha256=factories.sha256(LARGE),
        )
    assert large.inspection.state == "awaiting"


def test_after_a_broken_download_another_one_counts(large):
    broken = begin(large)
    next(broken)
    broken.close()
    large.receive()
    assert sorted(Download.objects.values_list("state", flat=True)) == ["aborted", "sent"]
    assert large.inspection.state == "running"


def test_a_file_that_is_damaged_in_store_is_not_begun(large):
    path = stored_file(LARGE)
    path.write_bytes(LARGE[:-1] + b"!")
    with pytest.raises(StoredFileDamaged):
        begin(large)
    row = Download.objects.get()
    assert (row.state, row.abort_reason) == ("aborted", "damaged")
    assert recorded(large.entitlement) == ["delivery.granted", "delivery.damaged"]


def test_a_file_that_is_damaged_on_the_way_is_cut_before_its_end(large):
    transmission = begin(large)
    first = next(transmission)
    stored_file(LARGE).write_bytes(LARGE[:-1] + b"!")
    received = [first]
    with pytest.raises(ContentDamaged):
        for chunk in transmission:
            received.append(chunk)  # noqa: PERF402  the chunks before the refusal are kept
    transmission.close()
    assert len(received) == CHUNKS - 1
    row = Download.objects.get()
    assert (row.state, row.abort_reason, row.sent_sha512) == ("aborted", "damaged", None)
    assert recorded(large.entitlement) == ["delivery.granted", "delivery.damaged"]
    stored_file(LARGE).unlink()


def test_access_that_ends_meanwhile_cuts_the_transfer(large):
    transmission = begin(large)
    next(transmission)
    services.suspend_access(
        actor=factories.operator_actor(), entitlement=large.entitlement, reason="Misuse was reported."
    )
    received = 1
    with pytest.raises(AccessSuspended):
        for _ in transmission:
            received += 1
    transmission.close()
    assert received == CHUNKS - 1
    row = Download.objects.get()
    assert (row.state, row.abort_reason) == ("aborted", "access_ended")


def test_access_that_ends_after_the_last_chunk_still_cuts_the_transfer(large):
    transmission = begin(large)
    for _ in range(CHUNKS):
        next(transmission)
    large.dispute()
    with pytest.raises(AccessPaused):
        next(transmission)
    transmission.close()
    assert Download.objects.get().abort_reason == "access_ended"


def test_a_download_of_an_earlier_round_does_not_finish_in_the_next(large):
    transmission = begin(large)
    next(transmission)
    services.apply_dispute_outcome(actor=SYSTEM, dispute=large.dispute(), outcome="redelivery")
    with pytest.raises(InspectionOver):
        for _ in transmission:
            pass
    assert Download.objects.get().abort_reason == "access_ended"


def test_a_download_that_was_given_up_does_not_finish(granted):
    transmission = begin(granted)
    next(transmission)
    abort_download(Download.objects.get(), reason=AbortReason.ABANDONED)
    with pytest.raises(StaleState):
        next(transmission)
    transmission.close()
    assert Download.objects.get().abort_reason == "abandoned"


def lose_progress(download, seconds=PROGRESS_LOST_SECONDS + 1):
    """Make it so long since the download's process was heard of."""
    Download.objects.filter(pk=download.pk).update(
        progressed_at=clock.real_now() - timedelta(seconds=seconds)
    )


def test_downloads_whose_process_is_silent_are_given_up(granted):
    recent, silent = begin(granted), begin(granted)
    lose_progress(silent.download)
    assert services.abandon_downloads() == 1
    assert services.abandon_downloads() == 0
    states = dict(Download.objects.values_list("pk", "abort_reason"))
    assert states == {recent.download.pk: None, silent.download.pk: "abandoned"}
    assert b"".join(recent) == granted.contents[0]
    assert Download.objects.get(pk=recent.download.pk).state == "sent"
    silent.close()


def test_a_reader_that_is_slow_is_not_given_up_while_its_process_is_heard_of(large):
    transmission = begin(large)
    next(transmission)
    transmission.note_taken(1000)
    lose_progress(transmission.download)
    assert services.record_progress() == 1
    assert services.abandon_downloads() == 0
    row = Download.objects.get()
    assert (row.state, row.sent_bytes) == ("sending", 1000)
    transmission.close()
    assert services.record_progress() == 0
    row.refresh_from_db()
    assert (row.state, row.abort_reason, row.sent_bytes) == ("aborted", "broken_off", 1000)


def let_pass(seconds):
    """Make it so much longer since silent downloads were looked for, and since that began again."""
    DownloadWatch.objects.update(
        looked_at=F("looked_at") - timedelta(seconds=seconds),
        resumed_at=F("resumed_at") - timedelta(seconds=seconds),
    )


def test_after_an_outage_readers_are_not_given_up_before_their_process_could_be_heard_of(granted):
    alive, dead = begin(granted), begin(granted)
    assert services.abandon_downloads() == 0
    # The database is away: nothing is recorded and nothing is swept.
    let_pass(PROGRESS_LOST_SECONDS + 1)
    lose_progress(alive.download)
    lose_progress(dead.download)
    assert services.abandon_downloads() == 0
    # The process of one is heard of again, that of the other has ended.
    Download.objects.filter(pk=alive.download.pk).update(progressed_at=clock.real_now())
    for _ in range(3):
        let_pass(30)
        assert services.abandon_downloads() == 0
    let_pass(31)
    assert services.abandon_downloads() == 1
    assert dict(Download.objects.values_list("pk", "abort_reason")) == {
        alive.download.pk: None,
        dead.download.pk: "abandoned",
    }
    for transmission in (alive, dead):
        transmission.close()


def test_what_was_given_up_or_closed_elsewhere_is_cut_at_the_next_report(large, django_assert_num_queries):
    given_up, closed = begin(large), begin(factories.granted(buyer=large.buyer, contents=(LARGE + b"!",)))
    for transmission in (given_up, closed):
        next(transmission)
    abort_download(Download.objects.get(pk=given_up.download.pk), reason=AbortReason.ABANDONED)
    services.suspend_access(
        actor=factories.operator_actor(), entitlement=closed.download.entitlement.public_id, reason="Misuse."
    )
    with django_assert_num_queries(PROGRESS_QUERIES):
        assert services.record_progress() == 2
    with pytest.raises(StaleState):
        next(given_up)
    with pytest.raises(AccessSuspended):
        next(closed)
    for transmission in (given_up, closed):
        transmission.close()
    assert list(Download.objects.order_by("pk").values_list("abort_reason", flat=True)) == [
        "abandoned",
        "access_ended",
    ]


def test_an_abandoned_download_counts_as_collected(granted):
    transmission = begin(granted)
    lose_progress(transmission.download)
    services.abandon_downloads()
    clock.move_to(TUESDAY + collection_period(TUESDAY), running=False)
    assert services.end_uncollected() == 0
    transmission.close()


def test_a_buyer_has_so_many_downloads_at_once(granted, settings, unchanged):
    settings.DOWNLOADS_PER_BUYER_MAX = 2
    other = factories.granted(buyer=granted.buyer, seller=granted.seller)
    running = [begin(granted), begin(other)]
    unchanged()
    with pytest.raises(TooManyDownloads) as refusal:
        begin(granted)
    assert refusal.value.fields == {"running": 2, "running_max": 2, "retry_after_seconds": 15}
    assert unchanged()
    lose_progress(running[0].download)
    begin(granted).close()
    running[1].close()
    for transmission in [begin(granted), running[0]]:
        transmission.close()


def test_all_buyers_together_have_so_many_downloads_at_once(granted, settings):
    settings.DOWNLOADS_MAX = 1
    other = factories.granted(seller=granted.seller, contents=(b"x,y\n7,8\n",))
    running = begin(granted)
    with pytest.raises(TooManyDownloads) as refusal:
        begin(other)
    assert refusal.value.fields["running_max"] == 1
    running.close()
    assert other.fetch() == other.contents[0]


def test_what_was_accepted_can_be_fetched_again(matched):
    services.accept_delivery(actor=matched.buyer_actor, entitlement=matched.entitlement)
    assert matched.fetch() == matched.contents[0]
    assert Download.objects.filter(state="sent").count() == 2


def test_only_the_buyer_fetches(granted, unchanged):
    operator = factories.operator_actor()
    unchanged()
    for actor, refusal in (
        (granted.seller_actor, NotTheBuyer),
        (operator, PermissionNeeded),
        (SYSTEM, NotTheBuyer),
    ):
        with pytest.raises(refusal):
            services.download(
                actor=actor, entitlement=granted.entitlement, distribution=granted.distributions[0]
            )
    assert unchanged()


def test_what_belongs_to_others_is_missing(granted, unchanged):
    stranger = participants.actor_for(participants.organisation("stranger"))
    unchanged()
    with pytest.raises(Missing):
        services.download(
            actor=stranger, entitlement=granted.entitlement, distribution=granted.distributions[0]
        )
    for entitlement, distribution in (
        (granted.entitlement, "dst_unknown"),
        ("ent_unknown", granted.distributions[0]),
    ):
        with pytest.raises(Missing):
            services.download(actor=granted.buyer_actor, entitlement=entitlement, distribution=distribution)
    assert unchanged()


def test_a_file_of_another_delivery_is_missing(granted, unchanged):
    other = factories.granted(buyer=granted.buyer, seller=granted.seller, contents=(b"x,y\n5,6\n",))
    unchanged()
    with pytest.raises(Missing):
        services.download(
            actor=granted.buyer_actor, entitlement=granted.entitlement, distribution=other.distributions[0]
        )
    assert unchanged()


def suspended(granted):
    services.suspend_access(
        actor=factories.operator_actor(), entitlement=granted.entitlement, reason="Misuse was reported."
    )


def disputed(granted):
    granted.dispute()


def refunded(granted):
    services.withdraw_access(actor=SYSTEM, trade=granted.trade, reason_code="refunded")


def undone(granted):
    services.apply_dispute_outcome(actor=SYSTEM, dispute=granted.dispute(), outcome="refund")


@pytest.mark.parametrize(
    ("closing", "refusal"),
    [
        (suspended, AccessSuspended),
        (disputed, AccessPaused),
        (refunded, AccessEnded),
        (undone, AccessEnded),
    ],
)
def test_nothing_is_sent_without_open_access(granted, unchanged, closing, refusal):
    closing(granted)
    unchanged()
    with pytest.raises(refusal):
        begin(granted)
    assert unchanged()


def test_nothing_is_sent_after_the_term_whether_swept_or_not(tuesday, unchanged):
    granted = factories.granted(rights={**factories.RIGHTS, "valid_until": "2037-12-31"})
    clock.move_to(granted.row.expires_at, running=False)
    assert granted.row.state == "started"
    unchanged()
    with pytest.raises(AccessExpired):
        begin(granted)
    assert unchanged()
    assert services.expire_access() == 1
    with pytest.raises(AccessEnded) as refused:
        begin(granted)
    assert "not_collected" in str(refused.value)
    assert Download.objects.count() == 0
