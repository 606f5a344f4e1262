"""An attached payment stays with the market: no transfer file has it while the court's order stands."""

from __future__ import annotations

from typing import Any

import pytest

from clearing.models import Cycle, SettlementInstruction, TransferFile
from clearing.settlement.restraint_models import SetOffRestraint
from clearing.settlement.services.transfer_files import create_transfer_file
from clearing.shortfalls.services.restraints import lift_restraint, record_restraint
from marketplace.kernel import clock
from tests.participants.factories import client_of
from tests.standing import made_once

from .. import factories
from ..raw import refused
from ..test_invariants import broken, changed_behind_the_guards


@made_once
def cleared(market: factories.Market) -> Cycle:
    """A cycle that pays 10,450 to the seller, 4,750 to another and the fees to the operator."""
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.accepted(market, "buyer", "other", 5_000)
    return factories.clear(market)


def to_seller(market: factories.Market) -> list[SettlementInstruction]:
    return list(SettlementInstruction.objects.filter(organisation=market.party("seller")).order_by("pk"))


def attach(market: factories.Market, **changes: Any) -> SetOffRestraint:
    """An attachment of what is due to the seller is served on the market."""
    stated = {"kind": "attachment", "served_at": clock.now(), "reference": "令和12年(ル)第1号"} | changes
    return record_restraint(actor=market.actor, organisation=market.party("seller").public_id, **stated)


def test_an_attached_payment_is_left_out_of_the_file_until_the_order_ends(market, cleared):
    restraint = attach(market)
    (payment,) = to_seller(market)
    assert (payment.state, payment.held_back) == ("planned", "attached")
    made = create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    assert (made.records, made.left_out) == (2, [{"reference": payment.reference, "reason": "attached"}])
    assert create_transfer_file(actor=market.actor, cycle=cleared.public_id) == made
    (shown,) = (
        client_of(market.party("seller")).get("/api/v1/settlement-instructions/?held_back=attached").json()
    )["results"]
    assert (shown["id"], shown["waiting"]["code"]) == (payment.public_id, "payment.attached")
    assert broken() == {}
    factories.by_two(market, lift_restraint, restraint=restraint.public_id, reason="取下げ")
    assert [row.held_back for row in to_seller(market)] == [""]
    sent = create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    assert (sent.records, sent.total_minor, to_seller(market)[0].state) == (1, 10_450, "sending")
    assert broken() == {}


def test_a_payment_planned_after_the_attachment_is_held_back_too(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    attach(market)
    cycle = factories.clear(market)
    made = create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    assert (made.records, [row.held_back for row in to_seller(market)]) == (1, ["attached"])
    assert broken() == {}


def test_only_as_much_as_is_attached_is_held_back(market):
    cycles = []
    for _ in range(2):
        factories.accepted(market, "buyer", "seller", 10_000)
        cycles.append(factories.clear(market))
    attach(market, amount_minor=10_450)
    assert [row.held_back for row in to_seller(market)] == ["attached", ""]
    records = [create_transfer_file(actor=market.actor, cycle=cycle.public_id).records for cycle in cycles]
    assert (records, [row.state for row in to_seller(market)]) == ([1, 2], ["planned", "sending"])
    assert broken() == {}
    attach(market, amount_minor=1)
    assert [row.held_back for row in to_seller(market)] == ["attached", ""]


def test_what_was_sent_before_the_attachment_stays_sent(market, cleared):
    create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    attach(market)
    assert [(row.state, row.held_back) for row in to_seller(market)] == [("sending", "")]
    factories.receive(
        market, [factories.booking("debit", row.amount_minor, row.reference) for row in to_seller(market)]
    )
    assert ([row.state for row in to_seller(market)], broken()) == (["confirmed"], {})


def test_an_insolvency_limits_set_off_and_holds_no_payment_back(market, cleared):
    attach(market, kind="insolvency")
    assert create_transfer_file(actor=market.actor, cycle=cleared.public_id).records == 3


SEND = (
    "UPDATE clearing_settlementinstruction SET state = 'sending', held_back = '', transfer_file_id ="
    " (SELECT max(id) FROM clearing_transferfile), value_date = now() WHERE organisation_id = %s"
)


def test_the_database_sends_no_attached_payment(market, cleared):
    create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.accepted(market, "buyer", "other", 5_000)
    later = factories.clear(market)
    seller = market.party("seller").pk
    attach(market, amount_minor=1)
    send = SEND + " AND state = 'planned'"
    refused(send, seller, because="is attached and cannot be sent")
    attach(market)
    refused(send, seller, because="is attached and cannot be sent")
    assert [row.state for row in to_seller(market)] == ["sending", "planned"]
    assert create_transfer_file(actor=market.actor, cycle=later.public_id).records == 2


@pytest.mark.parametrize("amount_minor", [None, 10_450])
def test_an_attached_payment_that_was_sent_is_named(market, cleared, amount_minor):
    clock.move_to(clock.now() + factories.days(1), running=False)
    attach(market, amount_minor=amount_minor)
    clock.move_to(clock.now() + factories.days(1), running=False)
    create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    assert (TransferFile.objects.count(), broken()) == (1, {})
    changed_behind_the_guards(
        "clearing_settlementinstruction",
        "UPDATE clearing_settlementinstruction SET state = 'sending', held_back = '', transfer_file_id ="
        " (SELECT max(id) FROM clearing_transferfile), value_date = now() WHERE held_back = 'attached'",
    )
    assert "clearing.attached_payments_held_back" in broken()
