"""Large amounts take two people: asked by one, carried out by another, once, in time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from clearing.approvals.services import require_second_person
from clearing.bank.services import allocate_pay_in
from clearing.ledger.errors import InsufficientFunds
from clearing.models import (
    BankAllocation,
    Entry,
    Obligation,
    SettlementInstruction,
    TransferFile,
)
from clearing.run.services.cycles import pause_cycle, resume_cycle
from clearing.settlement.services.payments import report_failed_payment, retry_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from clearing.shortfalls.services.claims import write_off_claim
from clearing.shortfalls.services.deposits import pay_deposit, release_deposit
from clearing.trades.errors import BeyondCaptured
from clearing.trades.obligation_reference import obligation_reference
from clearing.trades.services.corrections import penalise_trade, refund_trade, reverse_obligation
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.approvals.services import expire_approvals, withdraw_approval
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor, Role
from marketplace.kernel.errors import Forbidden, IllegalTransition, Missing
from marketplace.kernel.refusals import record_refusals
from tests.participants.accounts import OTHER_ACCOUNT, use_account
from tests.participants.factories import actor_for, client_of, person_of, program_of
from tests.standing import made_once

from .. import factories
from ..raw import refused
from ..test_invariants import broken

LARGE_MINOR = 1_000_000
PARTICIPANT = Actor("somebody", Role.PARTICIPANT, 1, "org_1")


@made_once
def cleared(market):
    """A cycle that pays out 2,200,000 in all."""
    factories.accepted(market, "buyer", "seller", 2_000_000)
    return factories.clear(market)


def test_what_cannot_be_carried_out_asks_for_no_second_person(market, first):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    seller = market.party("seller").public_id
    amount = {"actor": first, "amount_minor": 2 * LARGE_MINOR, "reason": "試験"}
    with pytest.raises(BeyondCaptured):
        refund_trade(trade=trade.public_id, **amount)
    for command in (write_off_claim, release_deposit):
        with pytest.raises(InsufficientFunds):
            command(organisation=seller, **amount)
    assert not factories.approvals().exists()
    assert broken() == {}


def ask(
    actor: Actor, *, subject: str = "sub_1", amount: int = LARGE_MINOR, **payload: str
) -> Approval | None:
    """A command on money that does nothing but ask for a second person."""
    with record_refusals():
        return require_second_person(
            actor=actor,
            command="clearing.test",
            subject=subject,
            payee="org_payee",
            amount_minor=amount,
            currency="JPY",
            payload=payload,
        )


def test_an_approval_is_dated_by_the_clock(market, first, second):
    with pytest.raises(SecondPersonNeeded):
        ask(first)
    pending = factories.approvals().get()
    for moment in (pending.asked_at - timedelta(hours=1), pending.expires_at - timedelta(hours=1)):
        refused(
            "UPDATE approvals_approval SET state = 'approved', ended_by = %s, ended_at = %s WHERE id = %s",
            second.identifier,
            moment,
            pending.pk,
            because="a moment is not that of the clock",
        )
    refused(
        "INSERT INTO approvals_approval (public_id, organisation, permission, command, subject, digest, payload, currency, state,"
        " first_person, first_responsible, asked_at, expires_at) SELECT 'apv_raw', organisation, permission, command,"
        " 'another', digest, payload, '', 'pending', first_person, first_responsible, asked_at - interval '1 hour', expires_at"
        " FROM approvals_approval WHERE id = %s",
        pending.pk,
        because="a moment is not that of the clock",
    )
    assert factories.approvals().get().state == "pending"


def test_a_program_of_the_operator_asks_and_approves_nothing(market, first):
    with pytest.raises(Forbidden):
        ask(market.program)
    assert states() == []
    with pytest.raises(SecondPersonNeeded):
        ask(first)
    with pytest.raises(Forbidden):
        ask(market.program)
    assert states() == ["pending"]
    assert broken() == {}


def states() -> list[str]:
    return list(factories.approvals().values_list("state", flat=True))


def test_an_amount_below_the_limit_needs_nobody(market, first):
    assert ask(first, amount=LARGE_MINOR - 1) is None
    assert ask(SYSTEM, amount=LARGE_MINOR * 100) is None
    assert states() == []


def test_the_limit_and_the_time_are_parameters_of_the_rulebook(db):
    market = factories.market(
        factories.RULEBOOK | {"parameters": {"second_person_minor": 500, "second_person_hours": 2}}
    )
    person = actor_for(market.operator, "usr_first")
    assert ask(person, amount=499) is None
    with pytest.raises(SecondPersonNeeded):
        ask(person, amount=500)
    (pending,) = factories.approvals()
    assert pending.expires_at - pending.asked_at == timedelta(hours=2)


def test_a_large_amount_waits_for_another_person(market, first, second):
    with pytest.raises(SecondPersonNeeded) as needed:
        ask(first)
    (pending,) = factories.approvals()
    assert (pending.state, pending.first_person, pending.amount_minor) == (
        "pending",
        "usr_first",
        LARGE_MINOR,
    )
    assert needed.value.fields["approval"] == pending.public_id
    assert needed.value.fields["expires_at"] == pending.expires_at.isoformat()
    done = ask(second)
    assert done == pending
    done.refresh_from_db()
    assert (done.state, done.ended_by) == ("approved", "usr_second")
    told = EvidenceRecord.objects.filter(subject=pending.public_id).order_by("pk")
    assert [(row.kind, row.actor) for row in told] == [
        ("approvals.asked", "usr_first"),
        ("approvals.approved", "usr_second"),
    ]
    events = OutboxEvent.objects.filter(subject=pending.public_id, type__startswith="approval.").order_by(
        "pk"
    )
    assert [row.type for row in events] == ["approval.asked", "approval.ended"]
    assert broken() == {}


def test_one_person_cannot_be_both(market, first):
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded) as needed:
            ask(first)
    (pending,) = factories.approvals()
    assert needed.value.fields["approval"] == pending.public_id
    refused(
        "UPDATE approvals_approval SET state = 'approved', ended_by = first_person, ended_at = asked_at"
        " WHERE state = 'pending'",
        because="approval_two_people",
    )
    refused(
        "UPDATE approvals_approval SET state = 'approved', ended_by = 'usr_x', ended_at = expires_at"
        " WHERE state = 'pending'",
        because="approval_two_people",
    )
    refused(
        "UPDATE approvals_approval SET state = 'approved' WHERE state = 'pending'",
        because="approval_ended_when",
    )
    refused("UPDATE approvals_approval SET first_person = 'usr_x'", because="cannot be changed")
    refused("UPDATE approvals_approval SET amount_minor = 1", because="cannot be changed")
    refused("DELETE FROM approvals_approval", because="are kept")
    assert states() == ["pending"]


@pytest.mark.parametrize("other", [{"subject": "sub_2"}, {"amount": LARGE_MINOR + 1}, {"account": "other"}])
def test_other_content_is_another_request(market, first, second, other):
    with pytest.raises(SecondPersonNeeded):
        ask(first)
    with pytest.raises(SecondPersonNeeded):
        ask(second, **other)
    assert states() == ["pending", "pending"]


def test_what_was_approved_once_is_not_approved_again(market, first, second):
    with pytest.raises(SecondPersonNeeded):
        ask(first)
    ask(second)
    with pytest.raises(SecondPersonNeeded):
        ask(second)
    assert states() == ["approved", "pending"]


def test_a_request_expires_and_is_asked_anew(market, first, second):
    with pytest.raises(SecondPersonNeeded):
        ask(first)
    clock.move_to(clock.now() + timedelta(hours=24), running=False)
    with pytest.raises(SecondPersonNeeded):
        ask(second)
    assert states() == ["expired", "pending"]
    assert factories.approvals().get(state="pending").first_person == "usr_second"
    assert expire_approvals() == 0
    clock.move_to(clock.now() + timedelta(hours=24), running=False)
    assert expire_approvals() == 1
    assert expire_approvals() == 0
    assert states() == ["expired", "expired"]
    assert broken() == {}


def test_a_request_is_withdrawn_by_whoever_will_not_have_it(market, first, second):
    with pytest.raises(SecondPersonNeeded) as needed:
        ask(first)
    identifier = needed.value.fields["approval"]
    with pytest.raises(Missing):
        withdraw_approval(actor=PARTICIPANT, approval=identifier)
    with pytest.raises(Missing):
        withdraw_approval(actor=second, approval="apv_none")
    assert states() == ["pending"]
    assert withdraw_approval(actor=second, approval=identifier).ended_by == "usr_second"
    assert withdraw_approval(actor=first, approval=identifier).ended_by == "usr_second"
    with pytest.raises(SecondPersonNeeded):
        ask(second)
    ask(first)
    with pytest.raises(IllegalTransition):
        withdraw_approval(actor=first, approval=factories.approvals().get(state="approved").public_id)
    assert states() == ["withdrawn", "approved"]


def test_the_record_outlives_every_transaction_around_it(market, first):
    with pytest.raises(SecondPersonNeeded) as needed, record_refusals(), record_refusals():
        ask(first)
    assert [row.public_id for row in factories.approvals()] == [needed.value.fields["approval"]]
    assert EvidenceRecord.objects.filter(
        kind="approvals.asked", subject=needed.value.fields["approval"]
    ).exists()


def test_a_transaction_that_keeps_no_refusals_takes_all_back(market, first):
    with pytest.raises(SecondPersonNeeded), transaction.atomic():
        ask(first)
    assert states() == []


def test_a_large_transfer_file_is_written_by_two(market, cleared, first, second):
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            create_transfer_file(actor=first, cycle=cleared.public_id)
    assert (TransferFile.objects.count(), factories.planned(cleared), states()) == (0, 2, ["pending"])
    made = create_transfer_file(actor=second, cycle=cleared.public_id)
    assert (made.records, made.total_minor, states()) == (2, 2_200_000, ["approved"])
    assert create_transfer_file(actor=first, cycle=cleared.public_id) == made
    assert create_transfer_file(actor=second, cycle=cleared.public_id) == made
    assert states() == ["approved"]
    assert broken() == {}


def test_a_changed_account_is_countersigned_anew(market, cleared, first, second):
    with pytest.raises(SecondPersonNeeded):
        create_transfer_file(actor=first, cycle=cleared.public_id)
    use_account(market.party("seller"), OTHER_ACCOUNT)
    with pytest.raises(SecondPersonNeeded):
        create_transfer_file(actor=second, cycle=cleared.public_id)
    assert (TransferFile.objects.count(), states()) == (0, ["pending", "pending"])


def test_a_large_receipt_is_allocated_by_two(market, first, second):
    factories.receive(market, [factories.booking("credit", LARGE_MINOR, "no reference at all")])
    (entry,) = waiting_entries()
    buyer, other = market.party("buyer").public_id, market.party("other").public_id
    with pytest.raises(SecondPersonNeeded):
        allocate_pay_in(actor=first, bank_entry=entry, organisation=buyer)
    with pytest.raises(SecondPersonNeeded):
        allocate_pay_in(actor=second, bank_entry=entry, organisation=other)
    assert (BankAllocation.objects.count(), factories.available(market, "buyer")) == (0, 0)
    allocate_pay_in(actor=second, bank_entry=entry, organisation=buyer)
    assert (factories.available(market, "buyer"), factories.available(market, "other")) == (LARGE_MINOR, 0)
    assert broken() == {}


def waiting_entries() -> list[str]:
    return list(factories.in_suspense().values_list("public_id", flat=True))


def test_a_large_payment_is_made_again_by_two(market, cleared, first, second):
    with pytest.raises(SecondPersonNeeded):
        create_transfer_file(actor=first, cycle=cleared.public_id)
    create_transfer_file(actor=second, cycle=cleared.public_id)
    payment = factories.instructions(cleared)[0]
    report_failed_payment(actor=first, instruction=payment.public_id, reason="口座該当なし")
    with pytest.raises(SecondPersonNeeded):
        retry_payment(actor=first, instruction=payment.public_id)
    assert SettlementInstruction.objects.count() == 2
    again = retry_payment(actor=second, instruction=payment.public_id)
    assert retry_payment(actor=first, instruction=payment.public_id) == again
    assert (SettlementInstruction.objects.count(), again.state) == (3, "planned")
    assert broken() == {}


@pytest.mark.parametrize("command", ["refund", "penalty", "reversal", "deposit", "write_off", "release"])
def test_every_large_command_on_money_takes_two(market, first, second, command):
    trade = factories.accepted(market, "buyer", "seller", 2_000_000)
    seller = market.party("seller").public_id
    if command == "reversal":
        factories.adjust(market, trade, "seller", "buyer", 1_500_000)
    if command == "write_off":
        factories.fund_reserve(market, 3_000_000)
        paid = factories.clear(market)
        with pytest.raises(SecondPersonNeeded):
            create_transfer_file(actor=first, cycle=paid.public_id)
        create_transfer_file(actor=second, cycle=paid.public_id)
        factories.settle(market, paid)
        factories.adjust(market, trade, "seller", "buyer", 1_500_000)
        factories.clear(market)
    if command == "deposit":
        factories.pay_in(market, "seller", 1_200_000)
        pay_deposit(actor=actor_for(market.party("seller")), amount_minor=1_200_000, currency="JPY")
    cycle = market.cycle
    if command == "release":
        cycle = factories.clear(market, "netted")
        pause_cycle(actor=first, cycle=cycle.public_id, reason="figures are checked")
    correction = Obligation.objects.filter(kind="adjustment").first()

    def give(actor: Actor) -> None:
        {
            "refund": lambda: refund_trade(
                actor=actor, trade=trade.public_id, amount_minor=None, reason="all was missing"
            ),
            "penalty": lambda: penalise_trade(
                actor=actor, trade=trade.public_id, debtor=seller, amount_minor=LARGE_MINOR, reason="late"
            ),
            "reversal": lambda: reverse_obligation(
                actor=actor,
                obligation=obligation_reference(trade.public_id, correction.pk if correction else 0),
                reason="decided anew",
            ),
            "deposit": lambda: release_deposit(
                actor=actor, organisation=seller, amount_minor=1_100_000, reason="it leaves"
            ),
            "write_off": lambda: write_off_claim(
                actor=actor, organisation=seller, amount_minor=1_000_000, reason="it is dissolved"
            ),
            "release": lambda: resume_cycle(actor=actor, cycle=cycle.public_id, reason="checked"),
        }[command]()

    before = (Obligation.objects.count(), Entry.objects.count(), factories.approvals().count())
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            give(first)
    cycle.refresh_from_db()
    asked = (Obligation.objects.count(), Entry.objects.count(), factories.approvals().count())
    assert asked == (before[0], before[1], before[2] + 1)
    assert (cycle.paused_since is not None) == (command == "release")
    give(second)
    assert states()[-1] == "approved"
    assert broken() == {}


def test_over_http_the_request_stays_though_the_command_is_refused(market, cleared):
    one, other = client_of(market.operator), program_of(market.operator)
    two = client_of(market.operator, person=person_of(market.operator))
    buyer = client_of(market.party("buyer"))
    body, key = {"cycle": cleared.public_id}, {"HTTP_IDEMPOTENCY_KEY": "pay-1"}
    refusal = one.post("/api/v1/transfer-files/", body, **key)
    assert (refusal.status_code, refusal.json()["code"]) == (409, "second_person_needed")
    assert one.post("/api/v1/transfer-files/", body, **key).json()["approval"] == refusal.json()["approval"]
    (shown,) = two.get("/api/v1/approvals/?state=pending").json()["results"]
    assert (shown["id"], shown["expires_at"][:19]) == (
        refusal.json()["approval"],
        refusal.json()["expires_at"][:19],
    )
    assert (shown["command"], shown["subject"], shown["amount_minor"]) == (
        "clearing.transfer_file",
        cleared.public_id,
        2_200_000,
    )
    assert buyer.get("/api/v1/approvals/").json()["results"] == []
    assert buyer.post(f"/api/v1/approvals/{shown['id']}/withdraw/").status_code == 404
    assert other.post("/api/v1/transfer-files/", body).status_code == 403
    assert TransferFile.objects.count() == 0
    made = two.post("/api/v1/transfer-files/", body, HTTP_IDEMPOTENCY_KEY="pay-2")
    assert (made.status_code, made.json()["total_minor"]) == (201, 2_200_000)
    shown = one.get(f"/api/v1/approvals/{shown['id']}/").json()
    assert (shown["state"], shown["first_person"] != shown["ended_by"]) == ("approved", True)
    assert one.post(f"/api/v1/approvals/{shown['id']}/withdraw/").status_code == 409
