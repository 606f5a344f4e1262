"""What one person gives alone is added up over a day, a payee and a command."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from clearing.approvals.services import require_second_person
from clearing.bank.services import allocate_pay_in
from clearing.models import BankAllocation, MoneyCommand
from clearing.trades.services.corrections import refund_trade
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Forbidden
from marketplace.kernel.invariants import REGISTER
from marketplace.kernel.refusals import record_refusals
from tests.participants.factories import actor_for
from tests.roles import unguarded
from tests.rules.factories import publish as publish_rulebook

from .. import factories
from ..raw import refused, run
from ..test_invariants import broken

ALMOST_MINOR = 999_999
RAW = (
    "INSERT INTO clearing_moneycommand (command, subject, payee, amount_minor, currency, given_by, approval_id, given_on,"
    " given_at) SELECT %s, subject, payee, %s, currency, given_by, approval_id, given_on, given_at FROM"
    " clearing_moneycommand ORDER BY id LIMIT 1"
)


def give(actor: Actor, amount_minor: int, **changes: str) -> Approval | None:
    """A command on money that does nothing but ask whether one person may give it."""
    facts: dict[str, Any] = {
        "command": "clearing.test",
        "subject": "sub_1",
        "payee": "org_1",
        "currency": "JPY",
    }
    with record_refusals():
        return require_second_person(actor=actor, amount_minor=amount_minor, payload={}, **(facts | changes))


def given() -> list[tuple[int, bool]]:
    """Amount of each command that was carried out, and whether it has a second person."""
    return [(row.amount_minor, row.approval_id is not None) for row in MoneyCommand.objects.order_by("pk")]


def test_two_amounts_below_the_limit_are_one_above_it(market, first, second):
    assert give(first, ALMOST_MINOR) is None
    with pytest.raises(SecondPersonNeeded):
        give(first, ALMOST_MINOR)
    with pytest.raises(SecondPersonNeeded):
        give(second, 1, subject="sub_2")
    assert given() == [(ALMOST_MINOR, False)]
    approval = give(second, ALMOST_MINOR)
    assert approval is not None
    assert given() == [(ALMOST_MINOR, False), (ALMOST_MINOR, True)]
    assert MoneyCommand.objects.get(approval=approval).given_by == "usr_second"
    assert broken() == {}


@pytest.mark.parametrize("other", [{"payee": "org_2"}, {"command": "clearing.other"}, {"currency": "USD"}])
def test_other_payees_commands_and_currencies_add_up_apart(market, first, other):
    give(first, ALMOST_MINOR)
    give(first, ALMOST_MINOR, **other)
    assert given() == [(ALMOST_MINOR, False)] * 2


def test_the_next_day_begins_at_nothing(market, first):
    give(first, ALMOST_MINOR)
    clock.move_to(clock.now() + timedelta(days=1), running=False)
    give(first, ALMOST_MINOR)
    assert given() == [(ALMOST_MINOR, False)] * 2
    assert broken() == {}


def test_what_two_gave_leaves_what_one_may_give(market, first, second):
    with pytest.raises(SecondPersonNeeded):
        give(first, 5_000_000)
    give(second, 5_000_000)
    assert give(first, ALMOST_MINOR) is None
    assert given() == [(5_000_000, True), (ALMOST_MINOR, False)]


def test_refunds_of_one_buyer_add_up(market, first, second):
    trades = [factories.accepted(market, "buyer", "seller", 2_000_000) for _ in range(2)]
    refund_trade(actor=first, trade=trades[0].public_id, amount_minor=600_000, reason="half")
    with pytest.raises(SecondPersonNeeded):
        refund_trade(actor=first, trade=trades[1].public_id, amount_minor=600_000, reason="half")
    assert given() == [(600_000, False)]
    refund_trade(actor=second, trade=trades[1].public_id, amount_minor=600_000, reason="half")
    assert given() == [(600_000, False), (600_000, True)]
    assert set(MoneyCommand.objects.values_list("payee", flat=True)) == {market.party("buyer").public_id}
    assert broken() == {}


def test_receipts_given_to_one_participant_add_up(market, first):
    factories.receive(market, [factories.booking("credit", 400_000, f"no reference {n}") for n in range(2)])
    entries = list(factories.in_suspense().order_by("pk").values_list("public_id", flat=True))
    buyer = market.party("buyer").public_id
    allocate_pay_in(actor=first, bank_entry=entries[0], organisation=buyer)
    publish_rulebook(factories.RULEBOOK | {"parameters": {"second_person_minor": 500_000}})
    with pytest.raises(SecondPersonNeeded):
        allocate_pay_in(actor=first, bank_entry=entries[1], organisation=buyer)
    assert BankAllocation.objects.count() == 1
    assert broken() == {}


def test_a_program_is_never_the_second(market, first):
    with pytest.raises(SecondPersonNeeded):
        give(first, 2_000_000)
    with pytest.raises(Forbidden):
        give(actor_for(market.operator, "app_program"), 2_000_000)
    assert [row.state for row in factories.approvals()] == ["pending"]
    refused(
        "UPDATE approvals_approval SET state = 'approved', ended_by = 'app_program', ended_at = asked_at"
        " WHERE state = 'pending'",
        because="approval_two_people",
    )
    with unguarded("approvals_approval"), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE approvals_approval DROP CONSTRAINT approval_two_people")
        cursor.execute(
            "UPDATE approvals_approval SET state = 'approved', ended_by = 'app_program', ended_at = asked_at"
            " WHERE state = 'pending'"
        )
    assert REGISTER["approvals.by_two_people"].check() != []
    assert REGISTER["participants.approvals_by_members"].check() != []


def test_raw_commands_that_pass_the_limit_are_refused(market, first, second):
    give(first, ALMOST_MINOR)
    refused(RAW, "clearing.test", 1, because="what one person gave")
    refused(RAW, "clearing.test", 0, because="money_command_amount")
    refused("UPDATE clearing_moneycommand SET amount_minor = 1", because="append-only")
    refused("DELETE FROM clearing_moneycommand", because="append-only")
    refused(
        RAW.replace("approval_id, given_on, given_at FROM", "approval_id, given_on + 2, given_at FROM"),
        "clearing.test",
        1,
        because="money_command_day",
    )
    assert given() == [(ALMOST_MINOR, False)]
    with unguarded("clearing_moneycommand"):
        run(RAW, "clearing.test", 1)
    assert [row["total_minor"] for row in broken()["clearing.one_persons_limit"]] == [1_000_000]


def test_an_approval_is_of_its_own_command_alone(market, first, second):
    with pytest.raises(SecondPersonNeeded):
        give(first, 2_000_000)
    approval = give(second, 2_000_000)
    give(first, 1)
    borrowed = (
        "INSERT INTO clearing_moneycommand (command, subject, payee, amount_minor, currency, given_by, approval_id,"
        " given_on, given_at) SELECT command, subject, payee, %s, currency, given_by, %s, given_on, given_at"
        " FROM clearing_moneycommand ORDER BY id DESC LIMIT 1"
    )
    refused(borrowed, 3_000_000, approval.pk, because="approval of another command")
    assert given() == [(2_000_000, True), (1, False)]
    assert broken() == {}


def test_a_command_that_nobody_counted_is_named(market, first):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    refund_trade(actor=first, trade=trade.public_id, amount_minor=1_000, reason="a part")
    with unguarded("clearing_moneycommand"):
        run("DELETE FROM clearing_moneycommand")
    (breach,) = broken()["clearing.one_persons_limit"]
    assert (breach["command"], breach["given_by"]) == ("clearing.refund", first.identifier)
