"""A restoration that nobody counted, and a move to another server, shut planning and sending by themselves."""

from __future__ import annotations

import pytest
from django.db import connection

from clearing.bank.reopening import open_sending
from clearing.models import CountedTimeline, Restoration, SendingOpening, SettlementInstruction, TransferFile
from clearing.settlement.errors import RestorationUncounted, SendingIsShut
from clearing.settlement.queries import PaymentReadings
from clearing.settlement.restorations import (
    is_restoration_counted,
    next_restoration_number,
    server_timeline,
    shut_currencies,
)
from clearing.settlement.services.cancelling import planned_payments
from clearing.settlement.services.payments import report_failed_payment, retry_payment
from clearing.settlement.services.restorations import record_restoration
from clearing.settlement.services.transfer_files import create_transfer_file
from marketplace.kernel.invariants import REGISTER
from marketplace.kernel.metrics import GAUGES
from marketplace.observability.readiness import verify_readiness
from tests.participants.factories import client_of
from tests.roles import as_owner, assert_refused, unguarded
from tests.standing import made_once

from .. import factories
from ..raw import run
from ..test_invariants import broken

COUNTED = "clearing.restorations_counted"


@made_once
def cleared(market):
    """A cycle that waits for its payments: 10,450 to the seller, 550 to the operator."""
    factories.accepted(market, "buyer", "seller", 10_000)
    return factories.clear(market)


def stand_on_another(*, timeline: int = 0, server: str | None = None) -> None:
    """The server is ``timeline`` timelines beyond the counted one, or another one than the counted ``server``.

    A test cannot restore its server, so it changes what was counted instead.
    """
    with unguarded("clearing_countedtimeline"):
        run(
            "UPDATE clearing_countedtimeline SET timeline = timeline - %s, server = coalesce(%s, server)",
            *(timeline, server),
        )


def without(guard: str) -> None:
    """Another guard of payments refuses nothing until the test ends."""
    (trigger,) = (each for each in SettlementInstruction._meta.triggers if each.name == guard)
    with as_owner(), connection.cursor() as cursor:
        connection.check_constraints()
        cursor.execute(
            "ALTER TABLE clearing_settlementinstruction DISABLE TRIGGER"
            f" {trigger.get_pgid(SettlementInstruction)}"
        )


def restoration_check() -> str:
    (lacks,) = (result.lacks for result in verify_readiness() if result.name == "restoration")
    return lacks


def test_a_market_that_was_just_set_up_is_counted(market):
    row = CountedTimeline.objects.get()
    assert ((row.server, row.timeline), row.restoration) == (server_timeline(), 0)
    assert (is_restoration_counted(), restoration_check()) == (True, "")
    assert GAUGES["clearing_uncounted_restorations"].samples() == {(): 0.0}


@pytest.mark.parametrize("moved", [{"timeline": 1}, {"timeline": -1}, {"server": "7000000000000000001"}])
def test_a_restoration_that_nobody_counted_shuts_sending(market, cleared, first, moved):
    payment = factories.instructions(cleared)[0]
    stand_on_another(**moved)

    with pytest.raises(RestorationUncounted):
        create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    assert (TransferFile.objects.count(), factories.planned(cleared)) == (0, 2)
    assert {currency: by.restoration for currency, by in shut_currencies(["JPY"]).items()} == {"JPY": None}
    assert list(planned_payments([payment.organisation_id], "JPY")) == []
    waiting = PaymentReadings([payment]).waiting(payment)
    assert waiting is not None
    assert waiting.reason.code == "payment.restoration_uncounted"
    with pytest.raises(RestorationUncounted):
        open_sending(actor=first, restoration="rst_none", currency="JPY")
    assert SendingOpening.objects.count() == 0
    assert "record_restoration" in restoration_check()
    assert GAUGES["clearing_uncounted_restorations"].samples() == {(): 1.0}
    assert GAUGES["clearing_sending_shut_currencies"].samples() == {(): 1.0}
    here = server_timeline()
    assert REGISTER[COUNTED].check() == [{"server": here.server, "timeline": here.timeline}]

    made = record_restoration()

    assert (is_restoration_counted(), restoration_check(), broken()) == (True, "", {})
    with pytest.raises(SendingIsShut) as refusal:
        create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    assert refusal.value.fields == {"currency": "JPY", "restoration": made.public_id}


def test_a_payment_is_not_planned_under_a_number_that_was_used(market, cleared):
    create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    failed = factories.instructions(cleared)[0]
    report_failed_payment(actor=market.actor, instruction=failed.public_id, reason="口座該当なし")
    stand_on_another(timeline=1)
    client = client_of(market.operator)
    answer = client.post(f"/api/v1/settlement-instructions/{failed.public_id}/retry/", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "restoration_uncounted")
    assert SettlementInstruction.objects.count() == 2
    record_restoration()
    again = retry_payment(actor=market.actor, instruction=failed.public_id)
    assert again.reference == f"JPY{cleared.number:05d}R1-000003"


def test_a_sending_that_was_opened_shuts_again_on_another_server(market, cleared):
    """`pg_upgrade` makes a new server and begins its timelines anew."""
    restoration = record_restoration()
    with unguarded("clearing_sendingopening"):
        run(
            "INSERT INTO clearing_sendingopening (restoration_id, currency, statement, first_person, opened_by, opened_at)"
            " VALUES (%s, 'JPY', 'bst_x', 'a', 'b', now())",
            restoration.pk,
        )
    assert shut_currencies(["JPY"]) == {}
    stand_on_another(server="7000000000000000001")
    assert list(shut_currencies(["JPY"])) == ["JPY"]
    with pytest.raises(RestorationUncounted):
        create_transfer_file(actor=market.actor, cycle=cleared.public_id)


def test_the_next_number_passes_all_that_the_server_has_forgotten(market):
    """The row of the second restoration is lost, its timeline is not."""
    assert next_restoration_number() == 1
    stand_on_another(timeline=1)
    with unguarded("clearing_countedtimeline"):
        run("UPDATE clearing_countedtimeline SET restoration = 2")
    assert (record_restoration().number, next_restoration_number()) == (3, 4)


def test_restorations_on_a_new_server_are_numbered_on(market):
    for _ in range(2):
        record_restoration()
    with unguarded("clearing_countedtimeline"):
        run("UPDATE clearing_countedtimeline SET server = '7' || id")
    # Its own timelines begin anew, and say nothing of the restorations before.
    assert record_restoration().number == 3
    assert CountedTimeline.objects.filter(server=server_timeline().server).count() == 1
    stand_on_another(timeline=1)
    assert next_restoration_number() == 4


def test_the_database_plans_and_sends_nothing_uncounted(market, cleared):
    payment = factories.instructions(cleared)[0]
    stand_on_another(timeline=1)
    here = server_timeline()
    assert_refused(
        lambda: run("UPDATE clearing_settlementinstruction SET state = 'sending' WHERE id = %s", payment.pk),
        because="cannot be sent: the restoration of the database is not counted",
    )
    without("payments_covered")
    columns = ", ".join(
        field.column
        for field in SettlementInstruction._meta.concrete_fields
        if field.column not in ("id", "public_id", "sequence", "reference", "cycle_id", "purpose")
    )
    assert_refused(
        lambda: run(
            f"INSERT INTO clearing_settlementinstruction ({columns}, public_id, sequence, reference, purpose)"
            f" SELECT {columns}, 'stl_raw', 99, 'JPY00000-000099', 'idle_return'"
            " FROM clearing_settlementinstruction WHERE id = %s",
            payment.pk,
        ),
        because="no payment can be planned: the restoration",
    )
    insert = "INSERT INTO clearing_countedtimeline (server, timeline, restoration) VALUES (%s, %s, %s)"
    # No restoration is recorded that would shut sending; or it is another server's.
    for row in ((here.server, here.timeline, 0), (here.server, here.timeline, 1), (here.server, 9, 0)):
        assert_refused(lambda row=row: run(insert, *row), because="is not that of this server")
    for change in (
        "DELETE FROM clearing_countedtimeline",
        f"UPDATE clearing_countedtimeline SET timeline = {here.timeline}",
    ):
        assert_refused(lambda change=change: run(change), because="append-only")
    assert (CountedTimeline.objects.count(), Restoration.objects.count()) == (1, 0)
    assert SettlementInstruction.objects.filter(state="planned").count() == 2


def test_a_timeline_that_belongs_to_no_restoration_is_found(market):
    with unguarded("clearing_countedtimeline"):
        run(
            "INSERT INTO clearing_countedtimeline (server, timeline, restoration)"
            " SELECT server, timeline, 4 FROM public.server_timeline()"
        )
    here = server_timeline()
    assert REGISTER[COUNTED].check() == [{"server": here.server, "timeline": here.timeline}]


def test_the_application_reads_the_timeline_of_its_server(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, timeline > 0 FROM public.server_timeline()")
        assert cursor.fetchone() == ("sanpo_app", True)
