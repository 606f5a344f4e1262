"""Settlement: the account payments leave from, files for the bank, and payments that went wrong."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.calendars import BusinessCalendar
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.states import advance
from marketplace.participants.payout_accounts import PayoutAccount
from marketplace.participants.queries import operator_organisation, organisations_by_id

from ..errors import ClientAccountMissing, ClientMoneyShort, NothingToTransfer, TransferNotPossible
from ..ledger.accounts import participant_accounts
from ..ledger.locking import lock_balances
from ..models import ClientAccount, Cycle, SettlementInstruction, TransferFile
from ..queries.ledger import client_money
from ..states import (
    FINAL_STATES,
    INSTRUCTION,
    AccountKind,
    CycleState,
    InstructionState,
    PaymentDirection,
)
from ..transfer_file import Originator, Payment, Unwritable, write_transfer_file
from .instructions import instruction_for, next_sequence
from .resources import on_its_way

TRANSFER_CURRENCY = "JPY"
PAYING_STATES = (CycleState.SETTLING, *FINAL_STATES)
SAMPLE = Payment("JPY00001-000001", "0001", "001", "ordinary", "0000001", "A", 1)


@transaction.atomic
def register_client_account(
    *,
    actor: Actor,
    currency: str,
    requester_code: str,
    requester_name: str,
    bank_code: str,
    branch_code: str,
    account_type: str,
    account_number: str,
    bank_name: str = "",
    branch_name: str = "",
) -> ClientAccount:
    """State the bank account that holds participants' money in ``currency``; the newest statement counts.

    Codes in digits (requester 10, bank 4, branch 3, account 7), names in half-width katakana, capitals and digits;
    ``account_type`` is ``ordinary`` or ``current``. Raises FieldInvalid, Forbidden.
    """
    actor.require_operator()
    stated = {
        "requester_code": requester_code,
        "requester_name": requester_name,
        "bank_code": bank_code,
        "bank_name": bank_name,
        "branch_code": branch_code,
        "branch_name": branch_name,
        "account_type": account_type,
        "account_number": account_number,
    }
    if account_type not in ("ordinary", "current"):
        raise FieldInvalid(
            "account_type", Label("choose ordinary or current", "ordinary か current を選んでください")
        )
    try:
        write_transfer_file(originator=Originator(**stated), payments=[SAMPLE], value_date=clock.today())
    except Unwritable as error:
        raise FieldInvalid(
            error.field,
            Label(
                "write codes in full digits and names in half-width katakana",
                "コードは所定の桁数の数字、名称は半角カナで指定してください",
            ),
        ) from error
    account = ClientAccount.objects.create(currency=currency, registered_at=clock.now(), **stated)
    record(
        kind="clearing.client_account_registered",
        subject=account.public_id,
        actor=actor,
        payload={"currency": currency, "bank_code": bank_code, "branch_code": branch_code},
    )
    return account


@transaction.atomic
def create_transfer_file(*, actor: Actor, cycle: str) -> TransferFile:
    """Write the planned payments of a cycle into a file for the bank; from then on they count as being sent.

    Payments to whoever has stated no account stay planned. When nothing is left to write, the last file is
    returned, so repeating it makes no second payment. Raises NothingToTransfer, ClientAccountMissing,
    ClientMoneyShort, TransferNotPossible, Missing, Forbidden.
    """
    actor.require_operator()
    subject = Cycle.objects.select_for_update(no_key=True).filter(public_id=cycle).first()
    if subject is None:
        raise Missing(kind="cycle", identifier=cycle)
    planned = _sendable(subject) if subject.state in PAYING_STATES else []
    if not planned:
        last = TransferFile.objects.filter(cycle=subject).order_by("-pk").first()
        if last is None:
            raise NothingToTransfer(cycle=subject.business_key, state=subject.state)
        return last
    _require_client_money(subject.currency)
    value_date = BusinessCalendar().after(clock.today(), 1)
    content = _file_content(subject.currency, planned, value_date)
    made = TransferFile.objects.create(
        cycle=subject,
        content=content,
        sha256=sha256_hex(content),
        records=len(planned),
        total_minor=sum(instruction.amount_minor for instruction, _ in planned),
        currency=subject.currency,
        value_date=value_date,
        made_at=clock.now(),
    )
    for instruction, _ in planned:
        advance(
            instruction,
            INSTRUCTION,
            command="send",
            role="operator",
            transfer_file=made,
            value_date=value_date,
        )
    record(
        kind="clearing.transfer_file_made",
        subject=made.public_id,
        actor=actor,
        payload={
            "cycle": subject.business_key,
            "sha256": made.sha256,
            "records": made.records,
            "total_minor": made.total_minor,
        },
    )
    return made


def _sendable(cycle: Cycle) -> list[tuple[SettlementInstruction, PayoutAccount]]:
    """Planned payments out of a cycle with the account each goes to, locked in key order."""
    instructions = list(
        SettlementInstruction.objects.select_for_update(no_key=True)
        .filter(cycle=cycle, state=InstructionState.PLANNED, direction=PaymentDirection.OUT)
        .order_by("pk")
    )
    payees = organisations_by_id(instruction.organisation_id for instruction in instructions)
    return [
        (instruction, account)
        for instruction in instructions
        if (account := payees[instruction.organisation_id].payout_account)
    ]


def _require_client_money(currency: str) -> None:
    money = client_money(currency)
    if money.bank_minor < money.owed_minor:
        raise ClientMoneyShort(missing_minor=money.owed_minor - money.bank_minor, currency=currency)


def _file_content(
    currency: str, planned: list[tuple[SettlementInstruction, PayoutAccount]], value_date: date
) -> bytes:
    if currency != TRANSFER_CURRENCY:
        raise TransferNotPossible(reference=planned[0][0].reference, what=currency)
    account = ClientAccount.objects.filter(currency=currency).order_by("-pk").first()
    if account is None:
        raise ClientAccountMissing(currency=currency)
    originator = Originator(
        requester_code=account.requester_code,
        requester_name=account.requester_name,
        bank_code=account.bank_code,
        bank_name=account.bank_name,
        branch_code=account.branch_code,
        branch_name=account.branch_name,
        account_type=account.account_type,
        account_number=account.account_number,
    )
    payments = [_payment(instruction, account) for instruction, account in planned]
    try:
        return write_transfer_file(originator=originator, payments=payments, value_date=value_date)
    except Unwritable as error:
        raise TransferNotPossible(reference=payments[0].reference, what=error.field) from error


def _payment(instruction: SettlementInstruction, account: PayoutAccount) -> Payment:
    return Payment(
        reference=instruction.reference,
        bank_code=account.bank_code,
        branch_code=account.branch_code,
        account_type=account.account_type,
        account_number=account.account_number,
        holder=account.account_holder_kana,
        amount_minor=instruction.amount_minor,
    )


@transaction.atomic
def report_failed_payment(*, actor: Actor, instruction: str, reason: str) -> SettlementInstruction:
    """Record the bank's notice that it did not carry a payment out. The money stays owed to the payee.

    Raises IllegalTransition where the payment is not on its way, Missing, FieldInvalid, Forbidden.
    """
    actor.require_operator()
    if not reason.strip():
        raise FieldInvalid("reason", Label("say what the bank told", "銀行からの通知内容を入力してください"))
    subject = _locked(instruction)
    advance(
        subject,
        INSTRUCTION,
        command="fail",
        role="operator",
        failed_at=clock.now(),
        failure_reason=reason.strip()[:200],
    )
    record(
        kind="clearing.payment_failed",
        subject=subject.public_id,
        actor=actor,
        payload={"reference": subject.reference, "reason": subject.failure_reason},
    )
    return subject


@transaction.atomic
def retry_payment(*, actor: Actor, instruction: str) -> SettlementInstruction:
    """Plan a payment that failed once more, under a reference of its own; the new instruction.

    Repeating it returns the payment that stands in its place. What a later cycle took of the money to cover a
    shortfall is not paid again. Raises NothingToTransfer unless it has failed and something is left of it, Missing,
    Forbidden.
    """
    actor.require_operator()
    cycle = (
        Cycle.objects.select_for_update(no_key=True)
        .filter(pk__in=SettlementInstruction.objects.filter(public_id=instruction).values("cycle"))
        .first()
    )
    if cycle is None:
        raise Missing(kind="settlement instruction", identifier=instruction)
    failed = _locked(instruction)
    if failed.state != InstructionState.FAILED:
        raise NothingToTransfer(cycle=failed.reference, state=failed.state)
    alive = (
        SettlementInstruction.objects.filter(cycle=cycle, organisation_id=failed.organisation_id)
        .exclude(state=InstructionState.FAILED)
        .first()
    )
    if alive is not None:
        return alive
    planned = instruction_for(cycle, failed.organisation_id, _still_to_pay(failed), next_sequence(cycle))
    planned.save()
    record(
        kind="clearing.payment_planned_again",
        subject=planned.public_id,
        actor=actor,
        payload={"reference": planned.reference, "instead_of": failed.reference},
    )
    return planned


def _still_to_pay(failed: SettlementInstruction) -> int:
    """What of a failed payment can be made again, signed: a payee's money may have covered a shortfall meanwhile."""
    if failed.direction == PaymentDirection.IN:
        return -failed.amount_minor
    if failed.organisation_id == operator_organisation().id:
        return failed.amount_minor
    accounts = participant_accounts([failed.organisation_id], failed.currency)
    receivable = accounts[failed.organisation_id][AccountKind.RECEIVABLE]
    due = -lock_balances([receivable])[receivable]
    promised = on_its_way([failed.organisation_id], failed.currency)
    left = min(failed.amount_minor, due - promised.get(failed.organisation_id, 0))
    if left <= 0:
        raise NothingToTransfer(cycle=failed.reference, state=failed.state)
    return left


@transaction.atomic
def mark_overdue_payments(*, actor: Actor = SYSTEM) -> int:
    """Payments whose value date passed without a word of the bank are unknown: never failed. Returns how many."""
    overdue = SettlementInstruction.objects.select_for_update(no_key=True, skip_locked=True).filter(
        state=InstructionState.SENDING, value_date__lt=clock.today()
    )
    count = 0
    for instruction in overdue.order_by("pk"):
        advance(instruction, INSTRUCTION, command="lose_sight", role="system")
        record(
            kind="clearing.payment_unknown",
            subject=instruction.public_id,
            actor=actor,
            payload={"reference": instruction.reference},
        )
        count += 1
    return count


def _locked(public_id: str) -> SettlementInstruction:
    instruction = (
        SettlementInstruction.objects.select_for_update(no_key=True).filter(public_id=public_id).first()
    )
    if instruction is None:
        raise Missing(kind="settlement instruction", identifier=public_id)
    return instruction
