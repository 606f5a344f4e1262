"""What the buyer received is compared with what the market sent."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from contracts.models import Dispute
from delivery import services
from delivery.errors import (
    AccessPaused,
    InspectionOver,
    NothingSent,
    NotTheBuyer,
    ReceiptWaits,
    UnderDispute,
)
from delivery.inspection_period import end_of_inspection
from delivery.manifest import manifest_digest
from delivery.models import Voucher
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import FieldInvalid, Missing, PermissionNeeded
from marketplace.kernel.invariants import verify_all
from tests.participants import factories as participants

from . import factories
from .conftest import TUESDAY, recorded, told

pytestmark = pytest.mark.django_db

TWO = (b"a,b\n1,2\n", b"c,d\n3,4\n")
END_OF_THURSDAY = datetime(2037, 12, 3, 15, 0, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")
OTHER = b"something else"


def report(granted, at=0, **hashes):
    return services.report_receipt(
        actor=granted.buyer_actor,
        entitlement=granted.entitlement,
        distribution=granted.distributions[at],
        **hashes,
    )


@pytest.mark.parametrize("algorithms", [("sha256",), ("sha512",), ("sha256", "sha512")])
def test_a_matching_hash_makes_a_voucher_and_begins_the_inspection(granted, algorithms):
    content = granted.fetch()
    hashes = {name: getattr(factories, name)(content) for name in algorithms}
    voucher = report(granted, **{name: value.upper() for name, value in hashes.items()})
    assert voucher.matched is True
    assert (voucher.sent_sha256, voucher.sent_sha512) == (
        factories.sha256(content),
        factories.sha512(content),
    )
    assert (voucher.received_sha256, voucher.received_sha512) == (hashes.get("sha256"), hashes.get("sha512"))
    assert (voucher.reported_by, voucher.reported_at) == ("app_buyer", TUESDAY)
    inspection = granted.inspection
    assert (inspection.state, inspection.matched_at, inspection.inspect_by) == (
        "running", TUESDAY, END_OF_THURSDAY,
    )  # fmt: skip
    assert told("delivery.matched") == [
        {
            "entitlement": granted.entitlement,
            "agreement": granted.agreement,
            "trade": granted.trade,
            "buyer": granted.buyer.public_id,
            "seller": granted.seller.public_id,
            "sha256": manifest_digest({granted.distributions[0]: factories.sha256(content)}),
            "inspect_by": END_OF_THURSDAY.isoformat(),
        }
    ]
    assert recorded(granted.entitlement) == [
        "delivery.granted", "delivery.sent", "delivery.received", "delivery.matched",
    ]  # fmt: skip


def test_the_inspection_begins_when_every_file_has_matched(tuesday):
    granted = factories.granted(contents=TWO)
    report(granted, 0, sha256=factories.sha256(granted.fetch(0)))
    assert granted.inspection.state == "awaiting"
    assert told("delivery.matched") == []
    report(granted, 1, sha256=factories.sha256(granted.fetch(1)))
    assert granted.inspection.state == "running"
    assert len(told("delivery.matched")) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"sha256": factories.sha256(OTHER)},
        {"sha512": factories.sha512(OTHER)},
        {"sha256": factories.sha256(factories.CONTENTS[0]), "sha512": factories.sha512(OTHER)},
        {"sha256": factories.sha256(OTHER), "sha512": factories.sha512(factories.CONTENTS[0])},
    ],
)
def test_a_hash_that_does_not_agree_opens_a_dispute_with_its_evidence(granted, wrong):
    granted.fetch()
    voucher = report(granted, **wrong)
    assert voucher.matched is False
    assert granted.inspection.state == "disputed"
    assert told("delivery.matched") == []
    evidence = EvidenceRecord.objects.get(kind="delivery.received")
    assert evidence.payload["matched"] is False
    assert evidence.payload["received"] == {"sha256": None, "sha512": None} | wrong
    dispute = Dispute.objects.get(public_id=granted.inspection.dispute)
    assert (dispute.reason_code, dispute.opened_by) == ("damaged", "app_buyer")
    assert voucher.public_id in dispute.text
    assert recorded(granted.entitlement)[-1] == "delivery.disputed"
    assert services.deem_receipts() == 0


def test_the_same_report_again_changes_nothing(granted, unchanged):
    content = granted.fetch()
    right = report(granted, sha256=factories.sha256(content))
    unchanged()
    assert report(granted, sha256=factories.sha256(content)) == right
    assert report(granted, sha512=factories.sha512(content)) == right
    assert unchanged()


def test_the_same_report_again_after_acceptance_changes_nothing(matched, unchanged):
    services.accept_delivery(actor=matched.buyer_actor, entitlement=matched.entitlement)
    voucher = Voucher.objects.get()
    unchanged()
    assert report(matched, sha256=factories.sha256(matched.contents[0])) == voucher
    assert unchanged()


def test_the_same_mismatch_again_opens_no_second_dispute(granted, unchanged):
    granted.fetch()
    wrong = report(granted, sha256=factories.sha256(OTHER))
    unchanged()
    assert report(granted, sha256=factories.sha256(OTHER)) == wrong
    assert unchanged()


def test_a_later_mismatch_during_the_inspection_opens_a_dispute(matched):
    matched.fetch()
    assert report(matched, sha256=factories.sha256(OTHER)).matched is False
    assert (matched.inspection.state, matched.inspection.inspect_by) == ("disputed", END_OF_THURSDAY)


def test_a_mismatch_after_the_inspection_stands_alone(matched):
    matched.fetch()
    clock.move_to(END_OF_THURSDAY, running=False)
    assert report(matched, sha256=factories.sha256(OTHER)).matched is False
    assert matched.inspection.state == "running"


def test_receipt_is_deemed_when_the_market_has_sent_every_byte(tuesday):
    granted = factories.granted(contents=TWO)
    granted.fetch(0)
    clock.move_to(tuesday + timedelta(days=3), running=False)
    assert services.deem_receipts() == 0
    granted.fetch(1)
    sent_at = clock.now()
    clock.move_to(sent_at + timedelta(minutes=10) - timedelta(seconds=1), running=False)
    assert services.deem_receipts() == 0
    clock.move_to(sent_at + timedelta(minutes=10), running=False)
    assert (services.deem_receipts(), services.deem_receipts()) == (1, 0)
    inspection = granted.inspection
    assert (inspection.state, inspection.matched_at) == ("running", sent_at)
    assert inspection.inspect_by == end_of_inspection(sent_at.astimezone(TOKYO).date(), 2, TOKYO)
    assert len(told("delivery.matched")) == 1
    assert EvidenceRecord.objects.get(kind="delivery.matched").payload["deemed"] is True
    clock.move_to(inspection.inspect_by, running=False)
    assert services.lapse_inspections() == 1
    assert {name: found for name, found in verify_all("delivery").items() if found} == {}


def test_a_report_after_receipt_was_deemed_is_kept_and_begins_nothing(granted):
    content = granted.fetch()
    clock.move_to(clock.now() + timedelta(minutes=10), running=False)
    assert services.deem_receipts() == 1
    end = granted.inspection.inspect_by
    assert report(granted, sha256=factories.sha256(content)).matched is True
    assert (granted.inspection.state, granted.inspection.inspect_by) == ("running", end)
    assert len(told("delivery.matched")) == 1


def test_nothing_is_deemed_received_while_the_operator_suspends_access(granted):
    granted.fetch()
    services.suspend_access(
        actor=factories.operator_actor(), entitlement=granted.entitlement, reason="Looked into."
    )
    clock.move_to(clock.now() + timedelta(days=1), running=False)
    assert services.deem_receipts() == 0
    factories.resume_access(granted.entitlement)
    assert services.deem_receipts() == 1


def test_nothing_is_compared_before_it_was_sent(granted, unchanged):
    unchanged()
    with pytest.raises(NothingSent) as refusal:
        report(granted, sha256=factories.sha256(granted.contents[0]))
    assert refusal.value.fields == {"distribution": granted.distributions[0], "round": 1}
    assert unchanged()


def waiting(granted):
    """A download whose last byte was taken but whose end is not recorded, and the report that came meanwhile."""
    transmission = services.download(
        actor=granted.buyer_actor, entitlement=granted.entitlement, distribution=granted.distributions[0]
    )
    content = next(transmission)
    assert content == granted.contents[0]
    return transmission, report(granted, sha256=factories.sha256(content))


def test_a_report_before_the_end_is_recorded_waits_and_is_matched_then(granted, unchanged):
    transmission, voucher = waiting(granted)
    assert (voucher.matched, voucher.download, voucher.sent_sha256) == (None, None, None)
    unchanged()
    assert report(granted, sha256=factories.sha256(granted.contents[0])) == voucher
    assert unchanged()
    assert granted.inspection.state == "awaiting"
    assert list(transmission) == []
    transmission.close()
    voucher.refresh_from_db()
    assert (voucher.matched, voucher.download) == (True, transmission.download)
    assert voucher.sent_sha512 == factories.sha512(granted.contents[0])
    assert (voucher.reported_by, granted.inspection.state) == ("app_buyer", "running")
    assert len(told("delivery.matched")) == 1
    assert recorded(granted.entitlement) == [
        "delivery.granted", "delivery.sent", "delivery.received", "delivery.matched",
    ]  # fmt: skip
    assert report(granted, sha256=factories.sha256(granted.contents[0])) == voucher


def test_a_wrong_report_that_waited_opens_a_dispute(granted):
    transmission = services.download(
        actor=granted.buyer_actor, entitlement=granted.entitlement, distribution=granted.distributions[0]
    )
    next(transmission)
    voucher = report(granted, sha512=factories.sha512(OTHER))
    list(transmission)
    voucher.refresh_from_db()
    assert (voucher.matched, granted.inspection.state) == (False, "disputed")
    assert Dispute.objects.get().opened_by == "system"


def test_another_hash_is_refused_while_a_report_waits(granted, unchanged):
    transmission, voucher = waiting(granted)
    unchanged()
    with pytest.raises(ReceiptWaits) as refusal:
        report(granted, sha256=factories.sha256(OTHER))
    assert refusal.value.fields == {"distribution": granted.distributions[0], "voucher": voucher.public_id}
    assert unchanged()
    transmission.close()


def test_a_report_whose_sending_broke_off_waits_for_the_next_download(granted, unchanged):
    transmission, voucher = waiting(granted)
    transmission.close()
    voucher.refresh_from_db()
    assert voucher.matched is None
    unchanged()
    with pytest.raises(NothingSent):
        report(granted, sha256=factories.sha256(granted.contents[0]))
    assert unchanged()
    granted.fetch()
    voucher.refresh_from_db()
    assert (voucher.matched, granted.inspection.state) == (True, "running")


def test_a_report_that_waits_is_left_by_a_dispute(granted):
    transmission, voucher = waiting(granted)
    granted.dispute()
    with pytest.raises(AccessPaused):
        next(transmission)
    voucher.refresh_from_db()
    assert (voucher.matched, granted.inspection.state) == (None, "disputed")


def test_what_was_sent_in_an_earlier_round_is_not_compared_in_the_next(matched, unchanged):
    services.apply_dispute_outcome(actor=SYSTEM, dispute=matched.dispute(), outcome="redelivery")
    unchanged()
    with pytest.raises(NothingSent) as refusal:
        report(matched, sha256=factories.sha256(matched.contents[0]))
    assert refusal.value.fields["round"] == 2
    assert unchanged()


@pytest.mark.parametrize(
    ("hashes", "field"),
    [
        ({}, "sha256"),
        ({"sha256": ""}, "sha256"),
        ({"sha256": "abc"}, "sha256"),
        ({"sha256": "z" * 64}, "sha256"),
        ({"sha256": factories.sha512(OTHER)}, "sha256"),
        ({"sha512": factories.sha256(OTHER)}, "sha512"),
        ({"sha256": factories.sha256(OTHER) + "\n"}, "sha256"),
    ],
)
def test_what_is_no_hash_is_refused_by_name(granted, unchanged, hashes, field):
    granted.fetch()
    unchanged()
    with pytest.raises(FieldInvalid) as refusal:
        report(granted, **hashes)
    assert refusal.value.name == field
    assert unchanged()


def test_a_mismatch_is_not_reported_while_disputed_or_after_the_end(matched, unchanged):
    dispute = matched.dispute()
    unchanged()
    with pytest.raises(UnderDispute):
        report(matched, sha256=factories.sha256(OTHER))
    assert unchanged()
    services.apply_dispute_outcome(actor=SYSTEM, dispute=dispute, outcome="dismissed")
    unchanged()
    with pytest.raises(InspectionOver):
        report(matched, sha256=factories.sha256(OTHER))
    assert unchanged()


def test_only_the_buyer_reports(granted, unchanged):
    granted.fetch()
    operator = factories.operator_actor()
    stranger = participants.actor_for(participants.organisation("stranger"))
    unchanged()
    for actor, refusal in (
        (granted.seller_actor, NotTheBuyer),
        (operator, PermissionNeeded),
        (SYSTEM, NotTheBuyer),
        (stranger, Missing),
    ):
        with pytest.raises(refusal):
            services.report_receipt(
                actor=actor,
                entitlement=granted.entitlement,
                distribution=granted.distributions[0],
                sha256=factories.sha256(granted.contents[0]),
            )
    assert unchanged()


def test_an_unknown_file_is_missing(granted, unchanged):
    unchanged()
    with pytest.raises(Missing):
        services.report_receipt(
            actor=granted.buyer_actor,
            entitlement=granted.entitlement,
            distribution="dst_unknown",
            sha256=factories.sha256(OTHER),
        )
    assert unchanged()
