"""The register of delivery's invariants: they hold after a whole life, they find breaches, and their guards exist."""

import pytest
from django.apps import apps
from django.db import connection

from delivery import services
from delivery.models import Entitlement
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import REGISTER, verify_all
from marketplace.kernel.states import MACHINES
from tests.roles import unguarded

from . import factories, rows

pytestmark = pytest.mark.django_db

OWN = sorted(name for name in REGISTER if name.startswith("delivery."))


def test_all_hold_after_every_kind_of_outcome(tuesday):
    accepted = factories.granted()
    accepted.receive()
    services.accept_delivery(actor=accepted.buyer_actor, entitlement=accepted.entitlement)
    parties = {"buyer": accepted.buyer, "seller": accepted.seller}
    repeated = factories.granted(**parties)
    services.apply_dispute_outcome(actor=SYSTEM, dispute=repeated.dispute(), outcome="redelivery")
    repeated.receive()
    refunded = factories.granted(**parties)
    refunded.receive()
    services.apply_dispute_outcome(actor=SYSTEM, dispute=refunded.dispute(), outcome="refund")
    dismissed = factories.granted(**parties)
    services.apply_dispute_outcome(actor=SYSTEM, dispute=dismissed.dispute(), outcome="dismissed")
    assert Entitlement.objects.count() == 4
    assert verify_all("delivery") == {name: [] for name in OWN}


ACCEPTED_UNMATCHED = (
    "UPDATE delivery_inspection SET state = 'accepted', accepted_at = matched_at, accepted_by = 'buyer',"
    " matched_at = NULL, inspect_by = NULL"
)


@pytest.mark.parametrize(
    ("table", "breach", "broken"),
    [
        ("entitlement", "UPDATE delivery_entitlement SET trade = 'trd_forged'", "delivery.access_was_secured"),
        ("inspection", "UPDATE delivery_inspection SET round = 3", "delivery.rounds_follow"),
        ("download", "UPDATE delivery_download SET sent_bytes = 1", "delivery.sent_as_sold"),
        ("download", "UPDATE delivery_download SET sent_sha512 = repeat('0', 128)", "delivery.vouchers_compare_what_was_sent"),
        ("inspection", ACCEPTED_UNMATCHED, "delivery.accepted_after_match"),
    ],
)  # fmt: skip
def test_a_breach_is_found_where_the_guards_are_off(matched, table, breach, broken):
    with unguarded(f"delivery_{table}"), connection.cursor() as cursor:
        for constraint in ("accepted_after_match", "download_ended_when"):
            cursor.execute(f"ALTER TABLE delivery_{table} DROP CONSTRAINT IF EXISTS {constraint}")
        cursor.execute(breach)
    results = verify_all("delivery")
    assert results[broken] != []


def test_a_refunded_trade_with_access_is_found(matched):
    assert REGISTER["delivery.refunded_has_no_access"].check() == []
    _, event = rows.secured()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_outboxevent (public_id, type, version, subject, data, occurred_at)"
            " VALUES ('evt_refund', 'trade.refunded', 1, %s, jsonb_build_object('trade', %s::text), now())"
            " RETURNING id",
            [matched.agreement, matched.trade],
        )
        (refund,) = cursor.fetchone()
        cursor.execute("SELECT id FROM events_outboxevent WHERE data->>'trade' = %s", [event.trade])
        (secured,) = cursor.fetchone()
        for event_id in (refund, secured):
            cursor.execute(
                "INSERT INTO events_inboxentry (event_id, handler, subscriber, subject, state, attempts, error)"
                " VALUES (%s, 'delivery.handlers.x', 'delivery', 'agr', 'pending', 0, '')",
                [event_id],
            )
        cursor.execute("UPDATE events_inboxentry SET state = 'handled', handled_at = now()")
    assert [row["trade"] for row in REGISTER["delivery.refunded_has_no_access"].check()] == [matched.trade]
    assert [row["trade"] for row in REGISTER["delivery.secured_has_access"].check()] == [event.trade]


def test_a_receipt_that_was_forgotten_is_found(matched):
    assert REGISTER["delivery.receipts_wait_for_the_end"].check() == []
    with unguarded("delivery_voucher"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE delivery_voucher SET matched = NULL, download_id = NULL, sent_sha256 = NULL, sent_sha512 = NULL"
            " RETURNING public_id"
        )
        (voucher,) = cursor.fetchone()
    assert REGISTER["delivery.receipts_wait_for_the_end"].check() == [{"public_id": voucher}]


def test_two_outcomes_of_one_delivery_are_found(matched):
    assert REGISTER["delivery.one_outcome"].check() == []
    with unguarded("delivery_inspection"), connection.cursor() as cursor:
        cursor.execute("DROP INDEX inspection_one_open")
        cursor.execute(
            "INSERT INTO delivery_inspection (entitlement_id, round, state, opened_at)"
            " SELECT entitlement_id, 2, 'awaiting', now() FROM delivery_inspection"
        )
    assert [row["public_id"] for row in REGISTER["delivery.one_outcome"].check()] == [matched.entitlement]


def test_every_guard_that_is_named_exists():
    declared = {
        f"{model._meta.db_table}.{guard.name}"
        for model in apps.get_models()
        for guard in [*model._meta.constraints, *getattr(model._meta, "triggers", [])]
    }
    named = {
        guard for name in OWN if name != "delivery.columns_within_bounds" for guard in REGISTER[name].guards
    }
    assert named - declared == set()
    assert len(OWN) == 23


def test_terminal_states_have_no_way_out():
    assert MACHINES["delivery.entitlement"].terminal() == ["completed", "terminated"]
    assert MACHINES["delivery.inspection"].terminal() == ["accepted", "repeated", "undone"]
    assert MACHINES["delivery.download"].terminal() == ["aborted", "sent"]
