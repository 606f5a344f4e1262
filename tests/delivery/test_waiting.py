"""What holds a delivery back: one reason at a time, from access to acceptance, and who must act."""

from datetime import timedelta

import pytest

from delivery import queries, services
from delivery.collection import collection_period
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.waiting import REASONS
from tests.contracts import factories as trading
from tests.contracts.standing.test_halt_time import halt, later, lift
from tests.participants import factories as participants

from . import factories
from .conftest import TUESDAY

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
ENDS_SOON = {**factories.RIGHTS, "valid_until": "2037-12-02"}


def waiting(granted):
    """The wait of a delivery as its buyer reads it, or None."""
    delivery = queries.visible_deliveries(granted.buyer_actor).get(public_id=granted.entitlement)
    now = clock.now()
    return queries.waiting_of(delivery, now=now, collection_period=collection_period(now))


def facts(granted):
    """Code, who must act, since and until of the wait."""
    found = waiting(granted)
    return (found.reason.code, found.reason.waits_for.value, found.since, found.until)


def suspend(granted):
    services.suspend_access(
        actor=factories.operator_actor(), entitlement=granted.entitlement, reason="Seen outside its scope."
    )


def resolve(granted, dispute, outcome):
    trading.resolve(dispute, factories.operator_actor(), outcome=outcome, reason="Looked into.")
    services.apply_dispute_outcome(actor=SYSTEM, dispute=dispute, outcome=outcome)


def test_it_waits_until_the_buyer_has_collected_something(granted):
    assert facts(granted) == (
        "delivery.not_collected", "participant", TUESDAY, TUESDAY + collection_period(TUESDAY),
    )  # fmt: skip
    clock.move_to(TUESDAY + collection_period(TUESDAY), running=False)
    assert services.end_uncollected() == 1
    assert waiting(granted) is None


def test_it_waits_as_long_as_the_sweep_does_over_a_halt_and_a_suspension(granted):
    halted = halt("market")
    later(1)
    suspend(granted)
    later(1)
    lift(halted)
    later(1)
    factories.resume_access(granted.entitlement)
    # Of the halt and the suspension, two days each, one was of both.
    until = TUESDAY + collection_period(TUESDAY) + 3 * DAY
    assert facts(granted)[3] == until
    clock.move_to(until - timedelta(seconds=1), running=False)
    assert (services.end_uncollected(), facts(granted)[3]) == (0, until)
    clock.move_to(until, running=False)
    assert services.end_uncollected() == 1


def test_what_was_collected_waits_for_its_receipts(tuesday):
    granted = factories.granted(contents=(b"a\n1\n", b"b\n2\n"))
    granted.fetch()
    clock.move_to(TUESDAY + DAY, running=False)
    granted.fetch(1)
    assert facts(granted) == ("delivery.receipts_missing", "participant", TUESDAY, None)


def test_a_download_that_sent_nothing_collected_nothing(granted):
    services.download(
        actor=granted.buyer_actor, entitlement=granted.entitlement, distribution=granted.distributions[0]
    ).close()
    assert facts(granted)[0] == "delivery.not_collected"


def test_what_matched_waits_for_the_end_of_its_inspection_period(matched):
    inspect_by = matched.inspection.inspect_by
    assert facts(matched) == ("delivery.inspection_period", "nobody", TUESDAY, inspect_by)
    clock.move_to(inspect_by, running=False)
    assert services.lapse_inspections() == 1
    assert waiting(matched) is None


def test_an_accepted_delivery_waits_for_nothing(matched):
    services.accept_delivery(actor=matched.buyer_actor, entitlement=matched.entitlement)
    assert waiting(matched) is None


def test_a_disputed_delivery_waits_for_the_operator_whatever_else_holds_it(matched):
    dispute = matched.dispute()
    suspend(matched)
    assert facts(matched) == ("delivery.in_dispute", "operator", TUESDAY, None)
    assert waiting(matched).label.as_dict() == {
        "en": f"dispute {dispute} is open",
        "ja": f"異議 {dispute} の判断を待っています",
    }


def test_a_repeated_delivery_waits_to_be_collected_again_without_an_end(matched):
    dispute = matched.dispute()
    clock.move_to(TUESDAY + DAY, running=False)
    resolve(matched, dispute, "redelivery")
    assert facts(matched) == ("delivery.not_collected", "participant", TUESDAY + DAY, None)


def test_a_suspended_delivery_waits_for_the_operator(tuesday):
    granted = factories.granted(rights=ENDS_SOON)
    suspend(granted)
    assert facts(granted) == ("delivery.suspended", "operator", TUESDAY, None)
    factories.resume_access(granted.entitlement)
    assert facts(granted)[0] == "delivery.not_collected"


def test_an_accepted_delivery_waits_while_a_charge_is_overdue(matched):
    services.accept_delivery(actor=matched.buyer_actor, entitlement=matched.entitlement)
    charge = {"trade": "trd_2", "agreement": matched.agreement}
    services.await_payment(actor=SYSTEM, **charge, secure_by=TUESDAY + DAY, made_at=TUESDAY)
    assert waiting(matched) is None
    clock.move_to(TUESDAY + DAY, running=False)
    assert facts(matched) == ("delivery.payment_overdue", "participant", TUESDAY + DAY, None)
    services.record_payment(actor=SYSTEM, **charge)
    assert waiting(matched) is None


def test_what_expired_unmatched_waits_for_the_buyer_who_can_still_act(tuesday):
    granted = factories.granted(rights=ENDS_SOON)
    granted.fetch()
    end = granted.row.expires_at
    clock.move_to(end, running=False)
    for _ in ("before the sweep", "after it"):
        assert facts(granted) == ("delivery.expired_unmatched", "participant", end, None)
        services.expire_access()
    services.report_receipt(
        actor=granted.buyer_actor,
        entitlement=granted.entitlement,
        distribution=granted.distributions[0],
        sha256=factories.sha256(granted.contents[0]),
    )
    assert facts(granted) == ("delivery.inspection_period", "nobody", end, granted.inspection.inspect_by)


def test_what_ended_before_its_term_waits_for_nothing(matched):
    services.withdraw_access(actor=SYSTEM, trade=matched.trade, reason_code="refunded")
    assert waiting(matched) is None


def test_both_parties_read_why_it_waits(granted):
    for party in (granted.buyer, granted.seller):
        answer = participants.client_of(party).get(f"/api/v1/deliveries/{granted.entitlement}/")
        assert answer.json()["waiting"] == {
            "code": "delivery.not_collected",
            "label": {
                "en": "the buyer has not downloaded anything yet",
                "ja": "利用者がまだデータを取得していません",
            },
            "waits_for": "participant",
            "action": {
                "en": "The buyer downloads the files.",
                "ja": "利用者がファイルを取得してください。",
            },
            "since": "2037-12-01T05:00:00Z",
            "until": "2037-12-31T05:00:00Z",
        }


def test_where_nothing_holds_it_back_null_is_answered(matched):
    answer = participants.client_of(matched.buyer).post(
        f"/api/v1/deliveries/{matched.entitlement}/accept/", {}, format="json"
    )
    assert (answer.status_code, answer.json()["waiting"]) == (200, None)


def test_delivery_declares_its_reasons():
    assert sorted(code for code in REASONS if code.startswith("delivery.")) == [
        "delivery.expired_unmatched",
        "delivery.in_dispute",
        "delivery.in_preparation",
        "delivery.inspection_period",
        "delivery.not_collected",
        "delivery.payment_overdue",
        "delivery.receipts_missing",
        "delivery.suspended",
    ]
