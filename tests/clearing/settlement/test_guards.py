"""The database's guards of settlement instructions, tried by raw SQL."""

from __future__ import annotations

from datetime import timedelta

from clearing.models import SettlementInstruction
from clearing.safeguarding.services.idle_money import return_idle_money
from clearing.settlement.services.payments import report_failed_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from marketplace.kernel import clock

from .. import factories
from ..raw import refused, run

INSTRUCTION = (
    "INSERT INTO clearing_settlementinstruction (public_id, cycle_id, organisation_id, sequence, reference, direction,"
    " amount_minor, currency, state, planned_at, send_by, failure_reason, purpose, instead_of_id) SELECT 'stl_raw', cycle_id,"
    " organisation_id, 99, 'JPY00099-000001', direction, {amount}, currency, 'planned', now(), current_date + 1, '', purpose, {instead_of}"
    " FROM clearing_settlementinstruction WHERE id = %s"
)


def test_no_more_is_paid_than_is_due(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    payment = factories.instructions(cycle)[0]
    own = INSTRUCTION.format(amount="1", instead_of="NULL").replace("'stl_raw', cycle_id", "'stl_raw', NULL")
    refused(
        own.replace("'', purpose", "'', 'idle_return'"), payment.pk, because="exceed the amount due to it"
    )
    refused(own, payment.pk, because="instruction_purpose")
    refused(
        INSTRUCTION.format(amount="1", instead_of="NULL").replace("'', purpose", "'', 'idle_return'"),
        payment.pk,
        because="instruction_purpose|instruction_one_alive",
    )
    assert SettlementInstruction.objects.count() == 2


def test_only_what_failed_is_made_again(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    payment = factories.instructions(cycle)[0]
    again = INSTRUCTION.format(amount="amount_minor", instead_of="id")
    refused(again, payment.pk, because="does not replace a failed or cancelled payment")
    run("UPDATE clearing_settlementinstruction SET state = 'unknown' WHERE id = %s", payment.pk)
    refused(again, payment.pk, because="does not replace a failed or cancelled payment")
    report_failed_payment(actor=market.actor, instruction=payment.public_id, reason="口座該当なし")
    refused(
        INSTRUCTION.format(amount="amount_minor + 1", instead_of="id"),
        payment.pk,
        because="does not replace a failed or cancelled payment",
    )
    run(again, payment.pk)
    refused(
        again.replace("stl_raw", "stl_raw2").replace("00099", "00098").replace(", 99,", ", 98,"),
        payment.pk,
        because="instead_of|instruction_one_alive",
    )
    refused("UPDATE clearing_settlementinstruction SET instead_of_id = NULL", because="cannot be changed")
    refused("UPDATE clearing_settlementinstruction SET purpose = 'idle_return'", because="cannot be changed")
    refused(
        "UPDATE clearing_settlementinstruction SET held_back = 'abroad' WHERE state = 'failed'",
        because="instruction_held_back",
    )
    assert SettlementInstruction.objects.count() == 3


def test_one_return_is_under_way(market):
    factories.pay_in(market, "buyer", 5_000)
    clock.move_to(clock.now() + timedelta(days=5), running=False)
    return_idle_money()
    (payment,) = SettlementInstruction.objects.all()
    second = INSTRUCTION.format(amount="1", instead_of="NULL")
    refused(second, payment.pk, because="instruction_one_under_way")
    refused(
        second.replace(", 99,", ", 1,"), payment.pk, because="instruction_own_sequence_once|one_under_way"
    )
    assert SettlementInstruction.objects.count() == 1


def test_a_payment_on_its_way_is_not_planned_twice(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    first = factories.instructions(cycle)[0]
    refused(
        "INSERT INTO clearing_settlementinstruction (public_id, cycle_id, organisation_id, sequence, reference, direction,"
        " amount_minor, currency, state, planned_at, send_by, failure_reason) SELECT 'stl_raw', cycle_id, organisation_id, 99,"
        " 'JPY99999-000001', direction, amount_minor, currency, 'planned', now(), current_date + 1, ''"
        " FROM clearing_settlementinstruction WHERE id = %s",
        first.pk, because="instruction_one_alive",
    )  # fmt: skip
    refused("UPDATE clearing_settlementinstruction SET amount_minor = 1", because="cannot be changed")
    refused(
        "UPDATE clearing_settlementinstruction SET state = 'failed', failed_at = now()",
        because="does not lead",
    )
    refused(
        "UPDATE clearing_settlementinstruction SET state = 'confirmed'", because="instruction_confirmed_when"
    )
    refused("DELETE FROM clearing_settlementinstruction", because="are kept")
    assert [row.state for row in factories.instructions(cycle)] == ["planned", "planned"]
