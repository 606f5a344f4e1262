"""What is attached is paid to whom the order names, by two people, and never more; the rest stays the participant's."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from clearing.ledger.queries import client_money
from clearing.models import CreditorPayment, Cycle, SetOff, SettlementInstruction, TransferFile
from clearing.settlement.errors import MoreThanAttached
from clearing.settlement.held_by_two import CREDITOR_FIELDS, PAY_CREDITOR
from clearing.settlement.restraint_models import SetOffRestraint
from clearing.settlement.services.payments import report_failed_payment, retry_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from clearing.shortfalls.errors import AttachmentsCompete, NotAttached, RestraintLifted
from clearing.shortfalls.services.attached_payments import pay_creditor
from clearing.shortfalls.services.restraints import lift_restraint, record_restraint
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.notices.handlers import attachments
from marketplace.notices.models import Notice, Task
from tests.participants.factories import client_of
from tests.standing import made_once

from .. import factories
from ..raw import refused
from ..test_invariants import broken, changed_behind_the_guards

PAID = "clearing.creditors_paid_what_is_attached"
ACCOUNT = {
    "bank_code": "0009",
    "branch_code": "009",
    "account_type": "ordinary",
    "account_number": "9999999",
    "account_holder_kana": "ｻｲｹﾝｼﾔ",
}
ORDER = {
    "payee_kind": "creditor",
    "payee_name": "株式会社差押債権者",
    "payee_account": ACCOUNT,
    "document": "令和12年(ル)第1号 差押命令",
    "document_sha256": "a" * 64,
}


@made_once
def cleared(market: factories.Market) -> Cycle:
    """A cycle that pays 10,450 to the seller and the fees to the operator."""
    factories.accepted(market, "buyer", "seller", 10_000)
    return factories.clear(market)


def to_seller(market: factories.Market) -> list[SettlementInstruction]:
    return list(SettlementInstruction.objects.filter(organisation=market.party("seller")).order_by("pk"))


def shown(market: factories.Market) -> list[tuple[int, str, str, str, bool]]:
    return [
        (row.amount_minor, row.purpose, row.state, row.held_back, row.creditor_payment_id is not None)
        for row in to_seller(market)
    ]


def attach(market: factories.Market, amount_minor: int | None = 4_000) -> SetOffRestraint:
    """An attachment of what is due to the seller is served on the market."""
    return record_restraint(
        actor=market.actor,
        organisation=market.party("seller").public_id,
        kind="attachment",
        served_at=clock.now(),
        reference="令和12年(ル)第1号",
        amount_minor=amount_minor,
    )


def order(restraint: SetOffRestraint, payment: SettlementInstruction, amount: int, **changes: Any) -> dict:
    """The content of a command that pays the creditor."""
    named = {"restraint": restraint.public_id, "payment": payment.public_id, "amount_minor": amount}
    return named | ORDER | changes


def pay(market, restraint, payment, amount: int, **changes: Any) -> SettlementInstruction:
    return factories.by_two(market, pay_creditor, **order(restraint, payment, amount, **changes))


def handle(kind: str) -> list[Any]:
    """Have the notices handle the events of a kind."""
    found = [parse(row.type, row.data) for row in OutboxEvent.objects.filter(type=kind).order_by("pk")]
    for event in found:
        getattr(attachments, f"on_{kind.replace('.', '_')}")(event, factories.envelope(event))
    return found


def test_the_creditor_is_paid_what_is_attached_and_the_participant_the_rest(market, cleared):
    restraint = attach(market)
    (held,) = to_seller(market)
    paid = pay(market, restraint, held, 4_000)
    assert (paid.purpose, paid.amount_minor, paid.cycle_id) == ("attachment", 4_000, None)
    assert shown(market) == [
        (10_450, "cycle", "cancelled", "", False),
        (6_450, "cycle", "planned", "", False),
        (4_000, "attachment", "planned", "", True),
    ]
    assert broken() == {}
    made = create_transfer_file(actor=market.actor, currency="JPY")
    content = bytes(TransferFile.objects.get(pk=made.pk).content).decode("shift_jis")
    assert (made.total_minor, "9999999" in content, "ｻｲｹﾝｼﾔ" in content) == (4_000, True, True)
    factories.receive(market, [factories.booking("debit", 4_000, paid.reference)])
    factories.settle(market, cleared)
    money = client_money("JPY")
    assert ([row[2] for row in shown(market)], money.bank_minor) == (
        ["cancelled", "confirmed", "confirmed"],
        0,
    )
    assert broken() == {}
    factories.by_two(market, lift_restraint, restraint=restraint.public_id, reason="取立完了")
    assert broken() == {}


def test_all_of_a_wholly_attached_payment_is_paid_and_later_ones_stay_held(market, cleared):
    restraint = attach(market, None)
    (held,) = to_seller(market)
    pay(market, restraint, held, 10_450)
    factories.accepted(market, "buyer", "seller", 10_000)
    later = factories.clear(market)
    made = create_transfer_file(actor=market.actor, cycle=later.public_id)
    assert [reason["reason"] for reason in made.left_out] == ["attached"]
    assert create_transfer_file(actor=market.actor, currency="JPY").total_minor == 10_450
    assert broken() == {}


def test_everybody_is_told_and_the_operator_has_a_task_until_the_end(market, cleared):
    restraint = attach(market)
    handle("claim.attached")
    task = Task.objects.get(kind="follow_order")
    assert (task.state, task.organisation, restraint.public_id in str(task.title)) == (
        "open",
        market.operator,
        True,
    )
    (held,) = to_seller(market)
    paid = pay(market, restraint, held, 4_000)
    (event,) = handle("attachment.paid")
    assert (event.payment, event.taken_from) == (paid.public_id, held.reference)
    record = EvidenceRecord.objects.get(kind="clearing.creditor_paid")
    assert (record.actor, record.payload["first_person"], record.payload["document"]) == (
        market.second.identifier,
        market.actor.identifier,
        ORDER["document"],
    )
    factories.by_two(market, lift_restraint, restraint=restraint.public_id, reason="取立完了")
    handle("attachment.lifted")
    task.refresh_from_db()
    told = Notice.objects.filter(organisation=market.party("seller"))
    assert (task.state, told.count(), Notice.objects.count()) == ("done", 3, 3)
    assert "¥4,000" in str(told.order_by("pk")[1].title)


def test_one_person_a_program_and_a_participant_pay_no_creditor(market, cleared):
    restraint = attach(market)
    (held,) = to_seller(market)
    command = order(restraint, held, 4_000)
    for actor, refusal in (
        (market.second, SecondPersonNeeded),
        (market.second, SecondPersonNeeded),
        (market.program, Forbidden),
        (Actor("somebody", Role.PARTICIPANT, 1, "org_1"), Forbidden),
    ):
        with pytest.raises(refusal):
            pay_creditor(actor=actor, **command)
    with pytest.raises(SecondPersonNeeded):
        pay_creditor(actor=market.actor, **command | {"document": "another"})
    assert (CreditorPayment.objects.count(), shown(market)) == (
        0,
        [(10_450, "cycle", "planned", "attached", False)],
    )
    assert broken() == {}


def test_never_more_than_is_attached_nor_of_another_payment(market, cleared):
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.accepted(market, "buyer", "other", 10_000)
    factories.clear(market)
    restraint = attach(market)
    first, second = to_seller(market)
    other = SettlementInstruction.objects.get(organisation=market.party("other"))
    before = shown(market)
    for payment, amount, refusal in (
        (first, 4_001, MoreThanAttached),
        (first, 0, FieldInvalid),
        (second, 1, NotAttached),
        (other, 1, Missing),
    ):
        with pytest.raises(refusal):
            pay_creditor(actor=market.actor, **order(restraint, payment, amount))
    for wrong in ({"payee_kind": "friend"}, {"payee_name": " "}, {"document": ""}):
        with pytest.raises(FieldInvalid):
            pay_creditor(actor=market.actor, **order(restraint, first, 1) | wrong)
    with pytest.raises(FieldInvalid):
        pay_creditor(
            actor=market.actor, **order(restraint, first, 1, payee_account=ACCOUNT | {"bank_code": "1"})
        )
    assert shown(market) == before
    pay(market, restraint, first, 3_000)
    remainder = to_seller(market)[2]
    assert (remainder.amount_minor, remainder.held_back, to_seller(market)[1].held_back) == (
        7_450,
        "",
        "attached",
    )
    assert broken() == {}


def test_the_order_of_payments_holds_what_is_still_attached(market, cleared):
    restraint = attach(market)
    (held,) = to_seller(market)
    pay(market, restraint, held, 3_000)
    remainder = to_seller(market)[1]
    assert (remainder.amount_minor, remainder.held_back) == (7_450, "attached")
    with pytest.raises(MoreThanAttached):
        pay_creditor(actor=market.actor, **order(restraint, remainder, 1_001))
    pay(market, restraint, remainder, 1_000)
    assert [row[3] for row in shown(market)] == ["", "", "", "", ""]
    assert broken() == {}


def test_competing_attachments_are_paid_to_the_deposit_office_alone(market, cleared):
    first, second = attach(market, None), attach(market, 4_000)
    (held,) = to_seller(market)
    with pytest.raises(AttachmentsCompete):
        pay_creditor(actor=market.actor, **order(first, held, 10_450))
    assert (CreditorPayment.objects.count(), to_seller(market)) == (0, [held])
    pay(market, first, held, 10_450, payee_kind="deposit_office", payee_name="東京法務局")
    assert broken() == {}
    for restraint in (first, second):
        factories.by_two(market, lift_restraint, restraint=restraint.public_id, reason="供託")
    assert broken() == {}


def test_a_creditor_that_was_not_paid_is_paid_again_or_the_participant_after_the_end(market, cleared):
    restraint = attach(market)
    (held,) = to_seller(market)
    first = pay(market, restraint, held, 4_000)
    create_transfer_file(actor=market.actor, currency="JPY")
    report_failed_payment(actor=market.actor, instruction=first.public_id, reason="口座該当なし")
    again = pay(market, restraint, first, 4_000, payee_account=ACCOUNT | {"account_number": "8888888"})
    assert (again.instead_of, again.creditor_payment.account_number) == (first, "8888888")
    with pytest.raises(NotAttached):
        pay_creditor(actor=market.actor, **order(restraint, first, 4_000))
    create_transfer_file(actor=market.actor, currency="JPY")
    report_failed_payment(actor=market.actor, instruction=again.public_id, reason="口座該当なし")
    third = retry_payment(actor=market.actor, instruction=again.public_id)
    assert third.creditor_payment == again.creditor_payment
    assert broken() == {}
    create_transfer_file(actor=market.actor, currency="JPY")
    report_failed_payment(actor=market.actor, instruction=third.public_id, reason="口座該当なし")
    factories.by_two(market, lift_restraint, restraint=restraint.public_id, reason="取下げ")
    given = retry_payment(actor=market.actor, instruction=third.public_id)
    assert (given.creditor_payment, given.purpose, given.amount_minor) == (None, "attachment", 4_000)
    made = create_transfer_file(actor=market.actor, currency="JPY")
    assert (made.total_minor, b"8888888" in bytes(made.content)) == (4_000, False)
    factories.receive(market, [factories.booking("debit", 4_000, given.reference)])
    factories.settle(market, cleared)
    assert (client_money("JPY").bank_minor, broken()) == (0, {})


def test_what_was_not_sent_to_the_creditor_is_given_back_at_the_end(market, cleared):
    restraint = attach(market)
    (held,) = to_seller(market)
    pay(market, restraint, held, 4_000)
    factories.by_two(market, lift_restraint, restraint=restraint.public_id, reason="取下げ")
    assert shown(market)[2:] == [
        (4_000, "attachment", "cancelled", "", True),
        (4_000, "attachment", "planned", "", False),
    ]
    with pytest.raises(RestraintLifted):
        pay_creditor(actor=market.actor, **order(restraint, to_seller(market)[3], 4_000))
    made = create_transfer_file(actor=market.actor, currency="JPY")
    assert (made.total_minor, b"9999999" in bytes(made.content)) == (4_000, False)
    assert broken() == {}


def test_money_on_its_way_to_a_creditor_is_not_set_off(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    factories.clear(market)
    restraint = attach(market, None)
    (held,) = to_seller(market)
    pay(market, restraint, held, 10_450)
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.clear(market)
    assert (SetOff.objects.count(), shown(market)[1][2]) == (0, "planned")
    assert broken() == {}


def test_creditors_are_paid_over_the_api(market, cleared):
    restraint = attach(market)
    (held,) = to_seller(market)
    path = f"/api/v1/set-off-restraints/{restraint.public_id}/pay-creditor/"
    body = {name: value for name, value in order(restraint, held, 4_000).items() if name != "restraint"}
    operator, seller = client_of(market.operator), client_of(market.party("seller"))
    assert seller.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY="c-0").status_code == 403
    wrong = body | {"document_sha256": "x"}
    assert operator.post(path, wrong, format="json", HTTP_IDEMPOTENCY_KEY="c-1").status_code == 422
    asked = operator.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY="c-2").json()
    assert asked["code"] == "second_person_needed"
    pay_creditor(actor=market.second, **order(restraint, held, 4_000))
    rows = seller.get("/api/v1/settlement-instructions/?purpose=attachment").json()["results"]
    assert [(row["creditor"]["payee_name"], row["creditor"]["restraint"]) for row in rows] == [
        (ORDER["payee_name"], restraint.public_id)
    ]
    assert client_of(market.party("buyer")).get("/api/v1/settlement-instructions/").json()["results"] == []


def approve(market, restraint, payment, amount: int, **changes: Any) -> Approval:
    """What two people approved, and no service carried out."""
    stated = {name: value for name, value in (ORDER | ACCOUNT).items() if name in CREDITOR_FIELDS}
    made = Approval.objects.create(
        command=PAY_CREDITOR,
        subject=restraint.public_id,
        digest=base64.b16encode(payment.public_id[-20:].encode() + b"0" * 12).decode().lower(),
        payload={"payment": payment.public_id, **stated} | changes,
        amount_minor=amount,
        currency="JPY",
        organisation=market.operator.public_id,
        permission="clearing:write",
        first_person=market.actor.identifier,
        first_responsible=market.actor.identifier,
        asked_at=clock.now(),
        expires_at=clock.now() + factories.days(1),
    )
    made.state, made.ended_by, made.ended_at = "approved", market.second.identifier, clock.now()
    made.save()
    return made


CREDITOR = (
    "INSERT INTO clearing_creditorpayment (public_id, restraint_id, payment_id, amount_minor, currency, payee_kind,"
    " payee_name, bank_code, branch_code, account_type, account_number, account_holder_kana, document, document_sha256,"
    " approval_id, decided_by, decided_at) VALUES ('crp_raw', %s, %s, %s, 'JPY', 'creditor', %s, '0009', '009',"
    " 'ordinary', '9999999', 'ｻｲｹﾝｼﾔ', %s, %s, %s, %s, now())"
)
INSTRUCTION = (
    "INSERT INTO clearing_settlementinstruction (public_id, purpose, creditor_payment_id, instead_of_id, organisation_id,"
    " sequence, reference, restoration, direction, amount_minor, currency, state, planned_at, send_by, failure_reason,"
    " held_back) SELECT 'stl_raw', 'attachment', %s, %s, organisation_id, 99, 'RAW', 0, 'out', %s, 'JPY', 'planned', now(),"
    " current_date + 1, '', '' FROM clearing_settlementinstruction WHERE id = %s"
)


def test_the_database_pays_no_creditor_more_than_was_decided(market, cleared):
    restraint = attach(market)
    (held,) = to_seller(market)
    approval = approve(market, restraint, held, 4_000)
    words = (ORDER["payee_name"], ORDER["document"], ORDER["document_sha256"], approval.pk)
    decided = (*words, market.second.identifier)
    refused(
        CREDITOR,
        restraint.pk,
        held.pk,
        4_000,
        *decided,
        because="and the remainder are not an attached payment",
    )
    paid = pay(market, restraint, held, 3_000)
    assert paid.creditor_payment is not None
    key = paid.creditor_payment.pk
    for creditor, instead_of in ((key, "NULL"), (key, paid.pk)):
        refused(
            INSTRUCTION.replace("%s, %s, organisation_id", f"%s, {instead_of}, organisation_id"),
            creditor, 1, held.pk, because="pays more to a creditor than was decided|does not replace",
        )  # fmt: skip
    refused(
        INSTRUCTION.replace("'attachment', %s, %s,", "'attachment', NULL, NULL,"), 1, held.pk,
        because="gives its payee what is attached|instruction_of_attachment",
    )  # fmt: skip
    insolvency = record_restraint(
        actor=market.actor,
        organisation=market.party("seller").public_id,
        kind="insolvency",
        served_at=clock.now(),
        reference="x",
    )
    refused(CREDITOR, insolvency.pk, held.pk, 4_000, *decided, because="is of no attachment in force")
    refused(
        "UPDATE clearing_settlementinstruction SET creditor_payment_id = NULL", because="cannot be changed"
    )
    refused("UPDATE clearing_creditorpayment SET amount_minor = 1", because="append-only")
    assert CreditorPayment.objects.count() == 1


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("clearing_creditorpayment", "UPDATE clearing_creditorpayment SET account_number = '1111111'"),
        ("clearing_creditorpayment", "UPDATE clearing_creditorpayment SET amount_minor = 3999"),
        ("clearing_setoffrestraint", "UPDATE clearing_setoffrestraint SET amount_minor = 3999"),
        (
            "clearing_settlementinstruction",
            (
                "UPDATE clearing_settlementinstruction SET creditor_payment_id = NULL, instead_of_id = NULL, purpose ="
                " 'idle_return' WHERE creditor_payment_id IS NOT NULL"
            ),
        ),
        (
            "clearing_settlementinstruction",
            (
                "UPDATE clearing_settlementinstruction SET creditor_payment_id = NULL, instead_of_id ="
                " (SELECT max(id) FROM clearing_settlementinstruction WHERE cycle_id IS NULL)"
                " WHERE creditor_payment_id IS NOT NULL"
            ),
        ),
    ],
)
def test_a_creditor_that_is_paid_otherwise_is_named(market, cleared, table, change):
    restraint = attach(market)
    (held,) = to_seller(market)
    pay(market, restraint, held, 4_000)
    assert broken() == {}
    changed_behind_the_guards(table, change)
    assert PAID in broken()


def test_the_database_sends_nothing_to_a_creditor_after_the_end(market, cleared):
    restraint = attach(market)
    (held,) = to_seller(market)
    pay(market, restraint, held, 4_000)
    changed_behind_the_guards(
        "clearing_setoffrestraint",
        "INSERT INTO clearing_setoffrestraint (public_id, organisation_id, currency, kind, amount_minor, served_at,"
        " reference, lifts_id, approval_id, noted_at, recorded_by) SELECT 'sor_raw', organisation_id, currency, kind,"
        " amount_minor, served_at, 'x', id, (SELECT max(id) FROM approvals_approval), now(), recorded_by"
        " FROM clearing_setoffrestraint",
    )
    assert PAID in broken()
    create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    refused(
        "UPDATE clearing_settlementinstruction SET state = 'sending', value_date = now(), transfer_file_id ="
        " (SELECT max(id) FROM clearing_transferfile) WHERE creditor_payment_id IS NOT NULL",
        because="is attached and cannot be sent",
    )
