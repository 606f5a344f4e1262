"""A planned payment that was not sent is its payee's own money: it is set off before anybody is short or suspended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from clearing.models import Posting, SetOff, SetOffRestraint, SettlementInstruction, Shortfall
from clearing.run.queries import waiting_of_cycle
from clearing.run.services.cycles import advance_cycle, close_cycle, pause_cycle, resume_cycle
from clearing.safeguarding.services.idle_money import return_idle_money
from clearing.settlement.queries import PaymentReadings
from clearing.settlement.services.restorations import record_restoration
from clearing.settlement.services.transfer_files import create_transfer_file
from clearing.shortfalls.errors import RestraintLifted
from clearing.shortfalls.services.restraints import lift_restraint, record_restraint
from clearing.shortfalls.set_off_rules import RULES, earliest_of
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.clearing import PaymentSetOff
from marketplace.events.schemas.contracts import Beneficiary
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, Forbidden
from marketplace.notices.handlers import on_payment_set_off
from marketplace.notices.models import Notice
from tests.participants.factories import actor_for, client_of, person_of
from tests.standing import made_once

from .. import factories
from ..raw import refused
from ..test_invariants import broken, changed_behind_the_guards
from .test_shortfalls import cover, paid


@made_once
def planned(market):
    """A trade of 10,000, of which 10,450 are planned for the seller and not sent: its cycle and the trade."""
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    return factories.clear(market), trade


def payments(market, name: str) -> list[tuple[int, str]]:
    rows = SettlementInstruction.objects.filter(organisation=market.party(name), direction="out")
    return list(rows.order_by("pk").values_list("amount_minor", "state"))


def restrain(market, name: str, kind: str = "attachment", **facts):
    return record_restraint(
        actor=market.actor,
        organisation=market.party(name).public_id,
        kind=kind,
        reference="令和8年(ル)第1号",
        **{"served_at": clock.now(), **facts},
    )


def test_one_yen_more_than_is_owed_covers_all_of_it(market):
    """57,475 owed beside 57,476 of own proceeds: nobody is short, and 1 yen is paid out."""
    trade = factories.accepted(market, "buyer", "seller", 55_001)
    first = factories.clear(market)
    ((due, _),) = payments(market, "seller")
    assert due == 57_476
    factories.adjust(market, trade, "seller", "buyer", 52_250)
    second = factories.clear(market)
    assert cover(market, "seller") == [("drawn_payment", 57_475)]
    assert payments(market, "seller") == [(57_476, "cancelled"), (1, "planned")]
    assert (Shortfall.objects.count(), paid(second, market)) == (0, {"buyer": 57_475})
    assert OutboxEvent.objects.filter(type="shortfall.occurred").count() == 0
    assert broken() == {}
    for cycle in (first, second):
        factories.settle(market, cycle)
        assert cycle.state == "settled"
    assert factories.balance(market, "seller", "receivable") == 0
    assert broken() == {}


def test_a_payment_that_is_used_up_leaves_none(market, planned):
    first, trade = planned
    factories.adjust(market, trade, "seller", "buyer", 9_500)
    factories.clear(market)
    assert payments(market, "seller") == [(10_450, "cancelled")]
    cancelled = SettlementInstruction.objects.get(state="cancelled")
    assert PaymentReadings([cancelled]).waiting(cancelled) is None
    create_transfer_file(actor=market.actor, cycle=first.public_id)
    assert broken() == {}


def test_available_money_comes_first_and_the_deposit_last(market, planned):
    _, trade = planned
    factories.pay_in(market, "seller", 500)
    factories.adjust(market, trade, "seller", "buyer", 1_000)
    factories.clear(market)
    assert cover(market, "seller") == [("drawn", 500), ("drawn_payment", 600)]
    assert payments(market, "seller") == [(10_450, "cancelled"), (9_850, "planned")]
    assert broken() == {}


def test_what_is_missing_beyond_own_money_is_short(market, planned):
    _, trade = planned
    sold = factories.accepted(market, "other", "seller", 10_000)
    factories.adjust(market, trade, "seller", "buyer", 10_000)
    factories.adjust(market, sold, "seller", "other", 10_000)
    cycle = factories.clear(market)
    # 22,000 are owed, and 10,450 of this cycle and 10,450 of the last are the seller's.
    (short,) = Shortfall.objects.all()
    assert (short.missing_minor, payments(market, "seller")) == (1_100, [(10_450, "cancelled")])
    assert broken() == {}
    factories.settle(market, cycle)
    assert broken() == {}


def test_what_the_bank_has_is_not_set_off(market, planned):
    first, trade = planned
    create_transfer_file(actor=market.actor, cycle=first.public_id)
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.clear(market)
    assert (payments(market, "seller"), Shortfall.objects.get().missing_minor) == ([(10_450, "sending")], 550)
    assert broken() == {}


def test_what_may_have_been_sent_before_a_restoration_is_not_set_off(market, planned):
    _, trade = planned
    record_restoration()
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.clear(market)
    assert (payments(market, "seller"), Shortfall.objects.get().missing_minor) == ([(10_450, "planned")], 550)
    assert broken() == {}


def test_it_is_recorded_shown_and_told(market, planned):
    _, trade = planned
    factories.adjust(market, trade, "seller", "buyer", 500)
    cycle = factories.clear(market)
    (made,) = SetOff.objects.all()
    shown = client_of(market.party("seller")).get("/api/v1/set-offs/").json()["results"]
    assert [(row["amount_minor"], row["remainder_minor"], row["cycle"]) for row in shown] == [
        (550, 9_900, cycle.public_id)
    ]
    assert client_of(market.party("buyer")).get("/api/v1/set-offs/").json()["results"] == []
    record = EvidenceRecord.objects.get(kind="clearing.payment_set_off")
    assert (record.payload["amount_minor"], record.payload["remainder_minor"]) == (550, 9_900)
    event = PaymentSetOff(**OutboxEvent.objects.get(type="payment.set_off").data)
    on_payment_set_off(event, factories.envelope(event))
    notice = Notice.objects.get()
    assert "¥550" in str(notice.title)
    assert "¥9,900" in str(notice.body)
    assert made.instruction.reference in str(notice.body)


def test_shares_and_pay_for_commissioned_data_are_not_set_off(market):
    """The beneficiary owes 330 back; of 2,000 planned for it, all is a share, and of its 1,045 all is commissioned."""
    bene = market.party("bene")
    shares = (Beneficiary(organisation=bene.public_id, share_bp=2_000),)
    factories.accepted(market, "buyer", "seller", 10_000, beneficiaries=shares)
    made = factories.accepted(market, "buyer", "bene", 1_000, commissioned=True)
    plain = factories.accepted(market, "buyer", "bene", 100)
    factories.clear(market)
    # 2,000 of shares, 1,100 and 110 of sales, 110 and 110 of fees with tax.
    assert payments(market, "bene") == [(2_990, "planned")]
    factories.adjust(market, made, "bene", "buyer", 300)
    factories.clear(market)
    assert (payments(market, "bene"), Shortfall.objects.get().missing_minor) == ([(2_990, "planned")], 330)
    assert plain.state == "accepted"
    assert broken() == {}


def test_only_the_part_that_is_its_own_is_set_off(market):
    made = factories.accepted(market, "buyer", "seller", 1_000, commissioned=True)
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.clear(market)
    assert payments(market, "seller") == [(11_440, "planned")]
    factories.adjust(market, made, "seller", "buyer", 1_000)
    factories.owe(market, made, "penalty", "seller", "buyer", 1_100)
    factories.clear(market)
    # 11,440 less 1,100 of commissioned pay are free; 2,200 are owed.
    assert payments(market, "seller") == [(11_440, "cancelled"), (9_240, "planned")]
    assert broken() == {}


def test_an_attached_payment_is_set_off_for_causes_from_before_only(market, planned):
    _, trade = planned
    restrain(market, "seller", served_at=clock.now() - timedelta(days=1))
    factories.adjust(market, trade, "seller", "buyer", 500)
    cycle = factories.clear(market)
    # The trade was concluded after the attachment: its refund is not set off (Civil Code, article 511).
    assert (payments(market, "seller"), Shortfall.objects.get(cycle=cycle).missing_minor) == (
        [(10_450, "planned")],
        550,
    )
    assert broken() == {}


def test_a_claim_caused_before_the_attachment_is_set_off(market, planned):
    _, trade = planned
    restrain(market, "seller")
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.clear(market)
    assert payments(market, "seller") == [(10_450, "cancelled"), (9_900, "planned")]
    assert broken() == {}


def test_beyond_the_attached_amount_set_off_is_free(market, planned):
    _, trade = planned
    restrain(market, "seller", served_at=clock.now() - timedelta(days=1), amount_minor=10_000)
    factories.adjust(market, trade, "seller", "buyer", 1_000)
    factories.clear(market)
    assert payments(market, "seller") == [(10_450, "cancelled"), (10_000, "planned")]
    assert Shortfall.objects.get().missing_minor == 650
    assert broken() == {}


def test_in_an_insolvency_only_older_debts_are_set_off(market, planned):
    """The payment became due after the proceedings opened (Bankruptcy Act, article 71)."""
    first, trade = planned
    netted_at = first.netted_at
    restrain(market, "seller", kind="insolvency", served_at=netted_at)
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.clear(market)
    assert payments(market, "seller") == [(10_450, "planned")]
    assert Shortfall.objects.count() == 1


def test_a_lifted_restraint_limits_nothing(market, planned):
    _, trade = planned
    restraint = restrain(market, "seller", served_at=clock.now() - timedelta(days=1))
    factories.by_two(market, lift_restraint, restraint=restraint.public_id, reason="取下げ")
    with pytest.raises(RestraintLifted):
        lift_restraint(actor=market.actor, restraint=restraint.public_id, reason="取下げ")
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.clear(market)
    assert payments(market, "seller") == [(10_450, "cancelled"), (9_900, "planned")]
    assert SetOffRestraint.objects.count() == 2


def test_who_may_record_a_restraint_and_of_when(market):
    seller = market.party("seller")
    facts = {
        "organisation": seller.public_id,
        "kind": "attachment",
        "reference": "x",
        "served_at": clock.now(),
    }
    with pytest.raises(Forbidden):
        record_restraint(actor=actor_for(seller), **facts)
    for change in (
        {"served_at": clock.now() + timedelta(days=1)},
        {"kind": "gift"},
        {"amount_minor": 0},
        {"reference": " "},
        {"organisation": market.operator.public_id},
        {"kind": "insolvency", "served_at": clock.now().replace(year=2004)},
    ):
        with pytest.raises(FieldInvalid):
            record_restraint(actor=market.actor, **{**facts, **change})
    assert SetOffRestraint.objects.count() == 0


def test_restraints_over_http(market):
    operator, seller = client_of(market.operator), client_of(market.party("seller"))
    body = {
        "organisation": market.party("seller").public_id,
        "kind": "attachment",
        "served_at": clock.now().isoformat(),
        "reference": "令和8年(ル)第1号",
    }
    path = "/api/v1/set-off-restraints/"
    assert seller.post(path, body, format="json").status_code == 403
    made = operator.post(path, body, format="json")
    assert (made.status_code, made.json()["kind_label"]["ja"], made.json()["lifted"]) == (
        201,
        "差押え",
        False,
    )
    lift = f"{path}{made.json()['id']}/lift/"
    asked = operator.post(lift, {"reason": "取下げ"}, format="json")
    assert (asked.json()["code"], operator.get(path).json()["results"][0]["lifted"]) == (
        "second_person_needed",
        False,
    )
    second = client_of(market.operator, person=person_of(market.operator))
    lifted = second.post(lift, {"reason": "取下げ"}, format="json")
    assert (lifted.status_code, lifted.json()["lifted"]) == (200, True)
    assert [row["lifted"] for row in operator.get(path).json()["results"]] == [True]


def test_the_rules_are_dated_and_in_order():
    for kind in {rule.kind for rule in RULES}:
        days = [rule.effective_from for rule in RULES if rule.kind == kind]
        assert (days, days[0]) == (sorted(set(days)), earliest_of(kind))


def test_a_cycle_waits_until_an_earlier_one_has_planned_what_may_cover_it(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    first = factories.clear(market, "posted")
    pause_cycle(actor=market.actor, cycle=first.public_id, reason="figures are checked")
    factories.adjust(market, trade, "seller", "buyer", 500)
    second = factories.advance_to(close_cycle(actor=market.actor, currency="JPY"), "validated")
    assert advance_cycle(cycle=second.public_id) is None
    assert Shortfall.objects.count() == 0
    waiting = waiting_of_cycle(second)
    assert waiting is not None
    assert (waiting.reason.code, first.business_key in str(waiting.as_dict())) == (
        "cycle.earlier_unplanned",
        True,
    )
    resume_cycle(actor=market.second, cycle=first.public_id, reason="checked")
    factories.advance_to(first, "settling")
    factories.advance_to(second, "settling")
    assert payments(market, "seller") == [(10_450, "cancelled"), (9_900, "planned")]
    assert (Shortfall.objects.count(), broken()) == (0, {})


def test_a_return_of_idle_money_is_set_off_too(market, sold):
    clock.move_to(clock.now() + timedelta(days=40), running=False)
    factories.pay_in(market, "seller", 2_000)
    clock.move_to(clock.now() + timedelta(days=40), running=False)
    return_idle_money(actor=market.actor)
    assert payments(market, "seller")[-1] == (2_000, "planned")
    factories.adjust(market, sold, "seller", "buyer", 500)
    factories.clear(market)
    assert payments(market, "seller")[-2:] == [(2_000, "cancelled"), (1_450, "planned")]
    assert broken() == {}


def test_a_payment_is_cancelled_by_a_set_off_only(market, planned):
    cancel = "UPDATE clearing_settlementinstruction SET state = 'cancelled', cancelled_at = now() WHERE direction = 'out'"
    with (
        pytest.raises(IntegrityError, match="without a set-off"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(cancel)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    assert payments(market, "seller") == [(10_450, "planned")]
    changed_behind_the_guards("clearing_settlementinstruction", f"{cancel} AND amount_minor = 10450")
    assert "clearing.set_offs_are_drawn" in broken()


def test_the_database_refuses_a_set_off_of_something_else(market, planned):
    _, trade = planned
    factories.adjust(market, trade, "seller", "buyer", 500)
    second = factories.clear(market)
    done = SetOff.objects.get()
    row = (
        "INSERT INTO clearing_setoff (public_id, cycle_id, organisation_id, currency, instruction_id, remainder_id,"
        " amount_minor, set_off_at) VALUES ('sof_raw', %s, %s, 'JPY', %s, %s, %s, now())"
    )
    planned_now = SettlementInstruction.objects.get(organisation=market.party("seller"), state="planned")
    seller = market.party("seller").pk
    for cycle, instruction, remainder, amount, because in (
        (second.pk, planned_now.pk, None, 9_900, "is of no cancelled payment"),
        (second.pk, done.instruction_id, done.remainder_id, 550, "is in no cycle that is being netted"),
    ):
        refused(row, cycle, seller, instruction, remainder, amount, because=because)
    refused("UPDATE clearing_setoff SET amount_minor = 1", because="append-only")
    refused("DELETE FROM clearing_setoffrestraint", because="append-only")
    assert SetOff.objects.count() == 1


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("clearing_setoff", "UPDATE clearing_setoff SET amount_minor = amount_minor + 1"),
        ("clearing_setoff", "DELETE FROM clearing_setoff"),
        (
            "clearing_posting",
            "UPDATE clearing_posting SET line = 'drawn' WHERE line = 'drawn_payment'",
        ),
        (
            "clearing_settlementinstruction",
            "UPDATE clearing_settlementinstruction SET amount_minor = 9901 WHERE amount_minor = 9900",
        ),
    ],
)
def test_a_set_off_that_does_not_add_up_is_named(market, planned, table, change):
    _, trade = planned
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.clear(market)
    assert Posting.objects.filter(line="drawn_payment").count() == 2
    changed_behind_the_guards(table, change)
    assert "clearing.set_offs_are_drawn" in broken()


def test_a_shortfall_beside_own_money_is_named(market, planned):
    first, trade = planned
    create_transfer_file(actor=market.actor, cycle=first.public_id)
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.clear(market)
    assert (Shortfall.objects.count(), broken()) == (1, {})
    changed_behind_the_guards(
        "clearing_settlementinstruction",
        "UPDATE clearing_settlementinstruction SET state = 'planned', transfer_file_id = NULL, value_date = NULL"
        " WHERE state = 'sending'",
    )
    assert "clearing.own_money_before_shortfalls" in broken()
