"""The database refuses what Python would not do."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from delivery.models import Download, EntitledDistribution, Entitlement, Inspection, Voucher
from marketplace.kernel import clock
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.invariants import REGISTER
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded

from . import rows

pytestmark = pytest.mark.django_db


def run(statement, *parameters):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def refused(match, statement, *parameters):
    assert_refused(lambda: run(statement, *parameters), because=match)


COLUMNS = (
    "public_id, agreement, trade, listing, listing_version, buyer_id, seller_id, buyer_identifier,"
    " seller_identifier, secured_event, inspection_days, state, granted_at, suspension_reason"
)
COPY = f"INSERT INTO delivery_entitlement ({COLUMNS}) SELECT {COLUMNS} FROM delivery_entitlement"


def insert_entitlement(**changes):
    """Insert an entitlement by raw SQL for a trade that was secured, with ``changes`` to its columns."""
    identifier, event = rows.secured()
    parties = participants.queries.organisations_by_public_id([event.buyer, event.seller])
    columns = {
        "public_id": new_identifier("ent"),
        "agreement": event.agreement,
        "trade": event.trade,
        "listing": event.listing,
        "listing_version": event.listing_version,
        "buyer_id": parties[event.buyer].id,
        "seller_id": parties[event.seller].id,
        "buyer_identifier": event.buyer,
        "seller_identifier": event.seller,
        "secured_event": identifier,
        "inspection_days": 2,
        "state": "requested",
        "granted_at": clock.now(),
        "suspension_reason": "",
    } | changes
    places = ", ".join(["%s"] * len(columns))
    run(f"INSERT INTO delivery_entitlement ({', '.join(columns)}) VALUES ({places})", *columns.values())


def test_access_needs_the_event_that_the_trade_was_secured():
    other_event, other = rows.secured()
    for changes in (
        {"secured_event": new_identifier("evt")},
        {"secured_event": other_event},
        {"trade": other.trade},
        {"agreement": other.agreement},
        {"listing_version": other.listing_version},
        {"buyer_identifier": other.buyer},
        {"seller_identifier": other.seller},
    ):
        with pytest.raises(IntegrityError, match="access implies that payment is secured"):
            insert_entitlement(**changes)
    assert Entitlement.objects.count() == 0
    insert_entitlement()
    assert Entitlement.objects.count() == 1


def test_the_parties_are_those_of_the_trade():
    stranger = participants.organisation("stranger")
    for column in ("buyer_id", "seller_id"):
        with pytest.raises(IntegrityError, match="those of its trade"):
            insert_entitlement(**{column: stranger.pk})
    assert Entitlement.objects.count() == 0


def test_there_is_one_entitlement_a_trade():
    first = rows.requested()
    statement = COPY.replace("SELECT public_id", "SELECT 'ent_copy'")
    refused(r"entitlement_one_a_trade|entitlement_one_an_event", statement)
    assert list(Entitlement.objects.all()) == [first]


def test_buyer_and_seller_are_two():
    one = participants.organisation("one")
    identifier, event = rows.secured(buyer=one.public_id, seller=one.public_id)
    with pytest.raises(IntegrityError, match="entitlement_two_parties"):
        insert_entitlement(
            secured_event=identifier,
            trade=event.trade,
            agreement=event.agreement,
            listing_version=event.listing_version,
            buyer_id=one.pk,
            seller_id=one.pk,
            buyer_identifier=one.public_id,
            seller_identifier=one.public_id,
        )


@pytest.mark.parametrize("state", ["started", "suspended", "completed", "terminated"])
def test_an_entitlement_begins_as_requested(state):
    reason = "why" if state == "suspended" else ""
    with pytest.raises(IntegrityError, match="a row cannot begin"):
        insert_entitlement(state=state, suspension_reason=reason)


@pytest.mark.parametrize(
    "change",
    [
        "public_id = 'ent_other'", "agreement = 'agr_other'", "trade = 'trd_other'", "listing = 'lst_other'",
        "listing_version = 'lsv_other'", "buyer_id = seller_id", "buyer_identifier = seller_identifier",
        "secured_event = 'evt_other'", "inspection_days = 99", "granted_at = now() + interval '1 day'",
    ],
)  # fmt: skip
def test_what_was_granted_never_changes(change):
    rows.started()
    refused("what was agreed cannot be changed", f"UPDATE delivery_entitlement SET {change}")


def test_the_last_day_moves_with_a_version_alone():
    rows.started()
    later = "UPDATE delivery_entitlement SET expires_latest = now() + interval '9 years'"
    refused("the last day of access moves with a version", later)
    refused("access follows a later version of its agreement", f"{later}, version = version + 1")


def test_access_starts_within_its_term():
    entitlement = rows.requested(expires_at=clock.now() - timedelta(days=1))
    rows.distribution(entitlement)
    rows.Inspection.objects.create(entitlement=entitlement, opened_at=clock.now())
    refused("entitlement_expires_after_grant", "UPDATE delivery_entitlement SET state = 'started'")


def test_access_starts_with_something_to_fetch_and_to_inspect():
    entitlement = rows.requested()
    start = "UPDATE delivery_entitlement SET state = 'started'"
    refused("access starts with something", start)
    Inspection.objects.create(entitlement=entitlement, opened_at=clock.now())
    refused("access starts with something", start)
    rows.distribution(entitlement)
    run(start)
    assert Entitlement.objects.get().state == "started"


def test_access_is_terminated_only_with_its_inspection():
    rows.started()
    end = "UPDATE delivery_entitlement SET state = 'terminated', ended_at = now(), ended_reason = 'refunded'"
    refused("while its inspection is open", end)
    run("UPDATE delivery_inspection SET state = 'undone'")
    run(end)
    refused("does not lead to", "UPDATE delivery_entitlement SET state = 'started'")
    refused("what was recorded cannot be changed", "UPDATE delivery_entitlement SET ended_at = NULL")


def test_an_end_says_when_and_why():
    rows.started()
    run("UPDATE delivery_inspection SET state = 'undone'")
    for change in (
        "state = 'terminated'",
        "state = 'terminated', ended_at = now()",
        "state = 'terminated', ended_at = now(), ended_reason = 'expired'",
        "ended_at = now(), ended_reason = 'refunded'",
    ):
        refused("entitlement_ended_when", f"UPDATE delivery_entitlement SET {change}")
    for change in (
        "state = 'completed', ended_at = now(), ended_reason = 'refunded'",
        "state = 'completed', ended_reason = 'expired'",
        "state = 'completed', ended_at = now(), ended_reason = 'expired'",
    ):
        refused(
            "entitlement_completed_after_term|entitlement_ended_when",
            f"UPDATE delivery_entitlement SET {change}",
        )
    assert Entitlement.objects.get().state == "started"


def test_a_suspension_says_why():
    rows.started()
    since = "suspended_at = public.business_now()"
    refused("entitlement_suspension_reason", f"UPDATE delivery_entitlement SET state = 'suspended', {since}")
    refused(
        "entitlement_suspended_since",
        "UPDATE delivery_entitlement SET state = 'suspended', suspension_reason = 'why'",
    )
    refused("entitlement_suspension_reason", "UPDATE delivery_entitlement SET suspension_reason = 'why'")


def test_nothing_is_added_after_access_started():
    entitlement = rows.started()
    with pytest.raises(IntegrityError, match="after access started"), transaction.atomic():
        rows.distribution(entitlement)
    assert EntitledDistribution.objects.count() == 1


def test_a_file_is_covered_once_with_its_hashes():
    rows.distribution(rows.requested())
    insert = (
        "INSERT INTO delivery_entitleddistribution"
        " (entitlement_id, distribution, file_name, media_type, size_bytes, sha256, sha512)"
        " SELECT entitlement_id, {}, file_name, media_type, size_bytes, {}, {} FROM delivery_entitleddistribution"
    )
    refused("entitled_once", insert.format("distribution", "sha256", "sha512"))
    refused("entitled_hashes", insert.format("'dst_2'", "upper(sha256)", "sha512"))
    refused("entitled_hashes", insert.format("'dst_2'", "sha256", "sha256"))
    assert EntitledDistribution.objects.count() == 1


@pytest.mark.parametrize(
    "table", ["entitlement", "entitleddistribution", "inspection", "download", "voucher"]
)
def test_no_row_of_delivery_is_removed(table):
    rows.voucher(rows.sent(rows.started()))
    for statement in (f"DELETE FROM delivery_{table}", f"TRUNCATE delivery_{table} CASCADE"):
        with pytest.raises(DatabaseError), transaction.atomic():
            run(statement)
    counts = [
        model.objects.count() for model in (Entitlement, EntitledDistribution, Inspection, Download, Voucher)
    ]
    assert counts == [1, 1, 1, 1, 1]


def test_what_is_append_only_is_not_changed():
    rows.started()
    refused("append-only", "UPDATE delivery_entitleddistribution SET sha256 = sha256")


@pytest.mark.parametrize("change", ["matched = false", "received_sha256 = NULL", "reported_at = now()"])
def test_a_voucher_is_not_changed(change):
    rows.voucher(rows.sent(rows.started()))
    refused("cannot be changed", f"UPDATE delivery_voucher SET {change}")


MATCH = "UPDATE delivery_inspection SET state = 'running', matched_at = now(), inspect_by = now() + interval '1 day'"
ACCEPT = "UPDATE delivery_inspection SET state = 'accepted', accepted_at = now(), accepted_by = 'buyer'"
LAPSE = ACCEPT.replace("'buyer'", "'lapse'")
DISMISS = ACCEPT.replace("'buyer'", "'dismissal'")
DISPUTE = "UPDATE delivery_inspection SET state = 'disputed', dispute = 'dsp_1', disputed_at = now()"


def test_an_inspection_begins_only_when_all_was_sent():
    entitlement = rows.started(files=2)
    refused("every distribution was sent as a whole", MATCH)
    rows.sent(entitlement, 0)
    refused("every distribution was sent as a whole", MATCH)
    rows.sent(entitlement, 1)
    run(MATCH)
    assert Inspection.objects.get().state == "running"


def test_a_mismatch_is_a_dispute():
    entitlement = rows.started()
    with pytest.raises(IntegrityError, match="is disputed in the same transaction"), transaction.atomic():
        rows.voucher(rows.sent(entitlement), received_sha256=rows.OTHER_SHA256, matched=False)
        connection.check_constraints()
    rows.voucher(rows.sent(entitlement), received_sha256=rows.OTHER_SHA256, matched=False)
    run(DISPUTE)
    connection.check_constraints()
    with unguarded("delivery_inspection", "delivery_voucher"):
        run("UPDATE delivery_inspection SET state = 'awaiting', dispute = NULL, disputed_at = NULL")
    assert len(REGISTER["delivery.mismatch_is_disputed"].check()) == 1


def test_a_match_of_an_earlier_round_does_not_count():
    entitlement = rows.started()
    rows.voucher(rows.sent(entitlement))
    run(MATCH)
    run(DISPUTE)
    run("UPDATE delivery_inspection SET state = 'repeated'")
    second = Inspection.objects.create(entitlement=entitlement, round=2, opened_at=clock.now())
    refused("every distribution was sent as a whole", MATCH + " WHERE round = 2")
    rows.voucher(rows.sent(entitlement))
    run(MATCH + " WHERE round = 2")
    second.refresh_from_db()
    assert second.state == "running"


def test_nothing_is_accepted_before_it_matched():
    entitlement = rows.started()
    refused("awaiting does not lead to accepted", ACCEPT)
    refused("inspection_runs_once_matched", "UPDATE delivery_inspection SET state = 'running'")
    rows.voucher(rows.sent(entitlement))
    run(MATCH)
    refused("accepted_after_match", LAPSE)
    refused("accepted_after_match", DISMISS)
    refused("inspection_accepted_when", "UPDATE delivery_inspection SET state = 'accepted'")
    refused("inspection_accepted_when", ACCEPT.replace("state = 'accepted', ", ""))
    assert Inspection.objects.get().state == "running"
    run(ACCEPT)
    assert Inspection.objects.get().accepted_by == "buyer"


def test_silence_accepts_when_the_period_has_ended():
    rows.voucher(rows.sent(rows.started()))
    run(MATCH.replace("now() + interval '1 day'", "now()"))
    run(LAPSE)
    assert Inspection.objects.get().accepted_by == "lapse"


def test_a_disputed_delivery_is_accepted_by_dismissal_only():
    rows.voucher(rows.sent(rows.started()))
    run(MATCH)
    run(DISPUTE)
    refused("accepted_after_match", ACCEPT)
    refused(
        "accepted_after_match",
        LAPSE.replace("accepted_at = now()", "accepted_at = now() + interval '2 days'"),
    )
    run(DISMISS)
    assert Inspection.objects.get().state == "accepted"


@pytest.mark.parametrize(
    "change",
    [
        "matched_at = now() - interval '1 hour'", "inspect_by = now() + interval '9 days'", "dispute = 'dsp_2'",
        "disputed_at = now() - interval '1 hour'", "matched_at = NULL, inspect_by = NULL",
    ],
)  # fmt: skip
def test_what_was_recorded_of_an_inspection_is_kept(change):
    rows.voucher(rows.sent(rows.started()))
    run(MATCH)
    run(DISPUTE)
    refused(
        "what was recorded cannot be changed|trading was halted", f"UPDATE delivery_inspection SET {change}"
    )


def test_a_dispute_is_named():
    rows.started()
    refused("inspection_disputed_when", "UPDATE delivery_inspection SET state = 'disputed'")
    refused(
        "inspection_disputed_when", "UPDATE delivery_inspection SET dispute = 'dsp_1', disputed_at = now()"
    )
    refused("inspection_disputed_when", DISPUTE.replace(", disputed_at = now()", ""))


def test_a_match_sets_when_silence_accepts():
    rows.voucher(rows.sent(rows.started()))
    refused("inspection_matched_when", "UPDATE delivery_inspection SET state = 'running', matched_at = now()")
    refused("inspection_matched_when", MATCH.replace("+ interval", "- interval"))


def test_a_delivery_is_decided_once():
    entitlement = rows.started()
    insert = "INSERT INTO delivery_inspection (entitlement_id, round, state, opened_at) VALUES (%s, %s, 'awaiting', now())"
    refused("inspection_round_once", insert, entitlement.pk, 1)
    rows.voucher(rows.sent(entitlement))
    run(MATCH)
    run(ACCEPT)
    for change in ("state = 'running'", "state = 'disputed'", "state = 'undone'"):
        refused("does not lead to", f"UPDATE delivery_inspection SET {change}")
    refused("an inspection follows a round", insert, entitlement.pk, 2)
    assert [row.state for row in Inspection.objects.all()] == ["accepted"]


def test_a_round_follows_one_to_be_delivered_again():
    entitlement = rows.started()
    insert = "INSERT INTO delivery_inspection (entitlement_id, round, state, opened_at) VALUES (%s, %s, 'awaiting', now())"
    refused("inspection_round_from_one", insert, entitlement.pk, 0)
    for number in (2, 3):
        refused("an inspection follows a round", insert, entitlement.pk, number)
    run(DISPUTE)
    run("UPDATE delivery_inspection SET state = 'repeated'")
    refused("an inspection follows a round", insert, entitlement.pk, 3)
    run(insert, entitlement.pk, 2)
    assert [row.round for row in Inspection.objects.order_by("round")] == [1, 2]


def test_no_round_begins_once_access_is_over():
    entitlement = rows.started()
    run(DISPUTE)
    run("UPDATE delivery_inspection SET state = 'repeated'")
    run("UPDATE delivery_entitlement SET state = 'terminated', ended_at = now(), ended_reason = 'refunded'")
    with pytest.raises(IntegrityError, match="once access is over"), transaction.atomic():
        Inspection.objects.create(entitlement=entitlement, round=2, opened_at=clock.now())


@pytest.mark.parametrize(
    "closing",
    [
        (
            "UPDATE delivery_entitlement SET state = 'suspended', suspension_reason = 'why',"
            " suspended_at = public.business_now()"
        ),
        "UPDATE delivery_entitlement SET state = 'completed', ended_at = expires_at, ended_reason = 'expired'",
        DISPUTE,
        "UPDATE delivery_inspection SET state = 'undone'",
    ],
)
def test_nothing_is_sent_without_open_access(closing):
    entitlement = rows.started(expires_at=clock.now() + timedelta(days=1))
    run(closing)
    with pytest.raises(IntegrityError, match="without open access"), transaction.atomic():
        rows.sending(entitlement)
    assert Download.objects.count() == 0


def test_nothing_is_sent_before_access_started():
    entitlement = rows.requested()
    rows.distribution(entitlement)
    Inspection.objects.create(entitlement=entitlement, opened_at=clock.now())
    with pytest.raises(IntegrityError, match="without open access"), transaction.atomic():
        rows.sending(entitlement)


def test_only_what_is_covered_is_sent():
    mine, other = rows.started(), rows.started()
    covered = EntitledDistribution.objects.get(entitlement=other)
    too_long = {"length_bytes": len(rows.CONTENT), "first_byte": 1}
    for changes in ({"distribution": covered}, {"inspection": rows.inspection_of(other)}, too_long):
        columns = {
            "entitlement": mine,
            "inspection": rows.inspection_of(mine),
            "distribution": EntitledDistribution.objects.get(entitlement=mine),
            "requested_by": "app_test",
            "length_bytes": len(rows.CONTENT),
            "started_at": clock.now(),
        } | changes
        with pytest.raises(IntegrityError, match=r"does not cover|without open access"), transaction.atomic():
            Download.objects.create(**columns)
    assert Download.objects.count() == 0
