"""The database refuses downloads and vouchers that Python would not write."""

import pytest
from django.db import IntegrityError, connection, transaction

from delivery import queries
from delivery.models import Download, Inspection, SentParts, Voucher
from delivery.services.downloads import finish_download
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all
from tests.roles import unguarded

from . import rows
from .test_guards import DISPUTE, refused, run

pytestmark = pytest.mark.django_db

FINISH = (
    "UPDATE delivery_download SET state = 'sent', ended_at = now(), sent_bytes = %s, sent_sha256 = %s,"
    " sent_sha512 = %s"
)

ABORT = (
    "UPDATE delivery_download SET state = 'aborted', ended_at = now(), abort_reason = 'broken_off', sent_bytes = %s,"
    " sent_sha256 = %s, sent_sha512 = %s"
)


def test_only_what_was_sold_is_sent():
    rows.sending(rows.started())
    size = len(rows.CONTENT)
    for sent in (
        (size - 1, rows.SHA256, rows.SHA512),
        (size, rows.OTHER_SHA256, rows.SHA512),
        (size, rows.SHA256, rows.OTHER_SHA512),
        (size, None, rows.SHA512),
    ):
        refused("what was sent is not what was sold", FINISH, *sent)
    refused("download_ended_when", FINISH, size + 1, rows.SHA256, rows.SHA512)
    refused("download_sent_within_length", "UPDATE delivery_download SET sent_bytes = %s", size + 1)
    refused("download_ended_when", FINISH, size - 1, None, None)
    assert Download.objects.get().state == "sending"
    run(FINISH, size, rows.SHA256, rows.SHA512)
    refused(
        "what was recorded cannot be changed",
        "UPDATE delivery_download SET ended_at = now() + interval '1 s'",
    )
    refused("what was sent is not", "UPDATE delivery_download SET sent_sha256 = %s", rows.OTHER_SHA256)
    refused("what was recorded cannot", "UPDATE delivery_download SET sent_sha256 = NULL, sent_sha512 = NULL")
    refused("does not lead to", "UPDATE delivery_download SET state = 'aborted', abort_reason = 'broken_off'")


def test_a_whole_that_was_sent_in_parts_has_hashes():
    entitlement = rows.started()
    size = len(rows.CONTENT)
    first = rows.sending(entitlement)
    rest = rows.sending(entitlement, first_byte=5, length_bytes=size - 5)
    run(ABORT + f" WHERE id = {first.pk}", 4, None, None)
    # The byte at position 4 is missing.
    refused(
        "what was sent is not what was sold",
        FINISH + f" WHERE id = {rest.pk}",
        size - 5,
        rows.SHA256,
        rows.SHA512,
    )
    again = rows.sending(entitlement, length_bytes=5)
    run(FINISH + f" WHERE id = {again.pk}", 5, None, None)
    run(FINISH + f" WHERE id = {rest.pk}", size - 5, rows.SHA256, rows.SHA512)
    assert list(Download.objects.order_by("id").values_list("sent_sha256", flat=True)) == [
        None,
        rows.SHA256,
        None,
    ]


def test_parts_of_another_round_and_damaged_ones_do_not_count():
    entitlement = rows.started()
    size = len(rows.CONTENT)
    damaged = rows.sending(entitlement)
    run(ABORT.replace("broken_off", "damaged"), size - 1, None, None)
    last = rows.sending(entitlement, first_byte=size - 1, length_bytes=1)
    refused("what was sent is not", FINISH + f" WHERE id = {last.pk}", 1, rows.SHA256, rows.SHA512)
    refused(
        "what was recorded|what was sent is not",
        f"UPDATE delivery_download SET sent_sha256 = %s, sent_sha512 = %s WHERE id = {damaged.pk}",
        rows.SHA256,
        rows.SHA512,
    )
    run(FINISH + f" WHERE id = {last.pk}", 1, None, None)
    run(DISPUTE)
    run("UPDATE delivery_inspection SET state = 'repeated'")
    Inspection.objects.create(entitlement=entitlement, round=2, opened_at=clock.now())
    following = rows.sending(entitlement, length_bytes=size - 1)
    refused(
        "what was sent is not", FINISH + f" WHERE id = {following.pk}", size - 1, rows.SHA256, rows.SHA512
    )


@pytest.mark.parametrize(
    ("parts", "is_whole"),
    [
        ([(0, 20)], True),
        ([(10, 10), (0, 10)], True),
        ([(0, 14), (4, 16)], True),
        ([(0, 8), (10, 10)], False),
        ([(0, 18)], False),
        ([(2, 18)], False),
        ([(0, 20), (6, 4), (6, 0)], True),
        ([(4, 4), (12, 8), (0, 4), (8, 4)], True),
    ],
)
def test_parts_cover_the_whole_or_leave_a_gap(parts, is_whole):
    entitlement = rows.started()
    *before, (first, length) = parts
    for earlier, sent in before:
        row = rows.sending(entitlement, first_byte=earlier, length_bytes=sent)
        run(FINISH + f" WHERE id = {row.pk}", sent, None, None)
    last = rows.sending(entitlement, first_byte=first, length_bytes=length)
    assert queries.is_whole_with(last, length) is is_whole
    finish_download(last)
    assert (Download.objects.get(pk=last.pk).sent_sha256 == rows.SHA256) is is_whole
    assert breaches() == set()


def test_an_empty_file_is_whole_from_the_beginning():
    entitlement = rows.requested()
    empty = rows.distribution(entitlement, size_bytes=0)
    Inspection.objects.create(entitlement=entitlement, opened_at=clock.now())
    run("UPDATE delivery_entitlement SET state = 'started'")
    row = rows.sending(entitlement, length_bytes=0)
    assert (row.distribution_id, queries.is_whole_with(row, 0)) == (empty.pk, True)
    finish_download(row)
    assert Download.objects.get().sent_sha256 == rows.SHA256
    assert (SentParts.objects.count(), breaches()) == (0, set())


def breaches():
    return {name for name, found in verify_all("delivery").items() if found}


def merged() -> str | None:
    """What counts as sent, as PostgreSQL writes it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT parts::text FROM delivery_sentparts")
        found = cursor.fetchone()
    return found and found[0]


def test_only_what_was_sent_counts_as_sent():
    entitlement = rows.started()
    other = rows.sending(entitlement, first_byte=10, length_bytes=10)
    first = rows.sending(entitlement, length_bytes=5)
    insert = (
        "INSERT INTO delivery_sentparts (inspection_id, distribution_id, download_id, parts)"
        " SELECT inspection_id, distribution_id, id, '{%s}' FROM delivery_download"
    )
    refused("counts as sent only once", insert % "[10,20)" + f" WHERE id = {other.pk}")
    run(FINISH + f" WHERE id = {first.pk}", 5, None, None)
    assert merged() == "{[0,5)}"
    for attack, because in (
        ("UPDATE delivery_sentparts SET parts = '{[0,20)}'", "counts as sent only once"),
        ("UPDATE delivery_sentparts SET parts = '{}'", "counts as sent only once"),
        (
            f"UPDATE delivery_sentparts SET parts = '{{[0,5),[10,20)}}', download_id = {other.pk}",
            "counts as sent only once",
        ),
        (
            "UPDATE delivery_sentparts SET inspection_id = inspection_id + 1",
            "cannot be changed|counts as sent",
        ),
        ("DELETE FROM delivery_sentparts", "are kept"),
        (insert % "[0,5)" + f" WHERE id = {first.pk}", "sent_parts_once"),
    ):
        refused(because, attack)
    assert (merged(), breaches()) == ("{[0,5)}", set())
    for forced in ("UPDATE delivery_sentparts SET parts = '{[0,20)}'", "DELETE FROM delivery_sentparts"):
        with unguarded("delivery_sentparts"):
            run(forced)
        assert breaches() == {"delivery.sent_parts_add_up"}


def test_what_a_damaged_file_or_nobody_was_sent_does_not_count():
    entitlement = rows.started()
    damaged, nothing = rows.sending(entitlement), rows.sending(entitlement)
    run(ABORT.replace("broken_off", "damaged") + f" WHERE id = {damaged.pk}", 7, None, None)
    run(ABORT + f" WHERE id = {nothing.pk}", 0, None, None)
    assert (merged(), breaches()) == (None, set())


def rows_read() -> int:
    """Rows of downloads that this transaction has read so far."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'delivery_download'"
        )
        return int(cursor.fetchone()[0])


def test_the_end_of_a_download_reads_no_earlier_ones():
    entitlement = rows.started()
    run("SET LOCAL enable_seqscan = off")
    read = []
    for count in (1, 60):
        for _ in range(count):
            finish_download(rows.sending(entitlement, length_bytes=3))
        last = rows.sending(entitlement, first_byte=1, length_bytes=1)
        before = rows_read()
        finish_download(last)
        read.append(rows_read() - before)
    assert read[0] == read[1]


def test_what_was_sent_only_grows_and_is_final():
    rows.sending(rows.started())
    run("UPDATE delivery_download SET sent_bytes = 3")
    refused("what was sent only grows", "UPDATE delivery_download SET sent_bytes = 2")
    run(ABORT, 4, None, None)
    refused("what was sent only grows", "UPDATE delivery_download SET sent_bytes = 5")
    refused("cannot be changed", "UPDATE delivery_download SET first_byte = 1")
    refused("cannot be changed", "UPDATE delivery_download SET length_bytes = 6")
    assert Download.objects.get().sent_bytes == 4


def test_a_download_that_was_broken_off_has_no_hash():
    rows.sending(rows.started())
    refused("download_ended_when", "UPDATE delivery_download SET state = 'aborted', ended_at = now()")
    refused("what was sent is not", ABORT, 3, rows.SHA256, rows.SHA512)
    refused(
        "what was sent is not",
        ABORT.replace("broken_off", "damaged"),
        len(rows.CONTENT),
        rows.SHA256,
        rows.SHA512,
    )
    refused("download_both_hashes|what was sent is not", ABORT, 3, rows.SHA256, None)
    refused(
        "download_ended_when|what was sent is not",
        "UPDATE delivery_download SET sent_sha256 = %s, sent_sha512 = %s",
        rows.SHA256,
        rows.SHA512,
    )
    assert Download.objects.get().state == "sending"


VOUCHER = (
    "INSERT INTO delivery_voucher (public_id, entitlement_id, inspection_id, distribution_id, download_id, sent_sha256,"
    " sent_sha512, received_sha256, received_sha512, matched, reported_by, reported_at)"
    " SELECT 'vou_raw', entitlement_id, inspection_id, distribution_id, id, %s, %s, %s, %s, %s, 'app_test', now()"
    " FROM delivery_download"
)


def test_a_voucher_compares_what_was_sent():
    entitlement = rows.started()
    rows.sending(entitlement)
    agreed = (rows.SHA256, rows.SHA512, rows.SHA256, None, True)
    refused("a voucher is for what was sent", VOUCHER, *agreed)
    run(FINISH, len(rows.CONTENT), rows.SHA256, rows.SHA512)
    refused("a voucher is for what was sent", VOUCHER, rows.OTHER_SHA256, *agreed[1:])
    refused("a voucher is for what was sent", VOUCHER, rows.SHA256, rows.OTHER_SHA512, *agreed[2:])
    for received_sha256, received_sha512, matched in (
        (rows.OTHER_SHA256, None, True),
        (None, rows.OTHER_SHA512, True),
        (rows.SHA256, rows.OTHER_SHA512, True),
        (rows.SHA256, None, False),
        (None, rows.SHA512, False),
        (rows.SHA256, rows.SHA512, False),
    ):
        refused(
            "voucher_matched_when_equal",
            VOUCHER, rows.SHA256, rows.SHA512, received_sha256, received_sha512, matched,
        )  # fmt: skip
    refused("voucher_reports_a_hash", VOUCHER, rows.SHA256, rows.SHA512, None, None, True)
    assert Voucher.objects.count() == 0
    run(VOUCHER, *agreed)
    refused("voucher_matched_once", VOUCHER.replace("'vou_raw'", "'vou_two'"), *agreed)
    assert Voucher.objects.count() == 1


def test_a_voucher_belongs_to_the_round_of_its_download():
    entitlement = rows.started()
    first = rows.sent(entitlement)
    run(DISPUTE)
    run("UPDATE delivery_inspection SET state = 'repeated'")
    second = Inspection.objects.create(entitlement=entitlement, round=2, opened_at=clock.now())
    with pytest.raises(IntegrityError, match="a voucher is for what was sent"), transaction.atomic():
        rows.voucher(first, inspection_id=second.pk)
    assert Voucher.objects.count() == 0


WAIT = (
    "INSERT INTO delivery_voucher (public_id, entitlement_id, inspection_id, distribution_id, received_sha256,"
    " reported_by, reported_at)"
    " SELECT %s, entitlement_id, inspection_id, distribution_id, %s, 'app_test', now() FROM delivery_download"
)
COMPARE = (
    "UPDATE delivery_voucher SET download_id = (SELECT id FROM delivery_download), sent_sha256 = %s, sent_sha512 = %s,"
    " matched = %s"
)


def test_a_report_waits_only_during_the_sending():
    rows.sending(rows.started())
    run(WAIT, "vou_raw", rows.SHA256)
    refused("voucher_waits_once", WAIT, "vou_two", rows.OTHER_SHA256)
    refused("a voucher is for what was sent", COMPARE, rows.SHA256, rows.SHA512, True)
    refused("voucher_compared_as_a_whole", "UPDATE delivery_voucher SET sent_sha256 = %s", rows.SHA256)
    refused("cannot be changed", "UPDATE delivery_voucher SET received_sha256 = %s", rows.OTHER_SHA256)
    run(FINISH, len(rows.CONTENT), rows.SHA256, rows.SHA512)
    refused("voucher_matched_when_equal", COMPARE, rows.SHA256, rows.SHA512, False)
    run(COMPARE, rows.SHA256, rows.SHA512, True)
    refused("cannot be changed", "UPDATE delivery_voucher SET matched = false")
    refused("cannot be changed|a report waits only", WAIT, "vou_two", rows.SHA256)
    assert list(Voucher.objects.values_list("public_id", "matched")) == [("vou_raw", True)]
