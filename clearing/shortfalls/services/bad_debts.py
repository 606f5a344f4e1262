"""Writes off fees that were put off, and records when the law relieves their output tax. Each takes two people."""

from __future__ import annotations

from datetime import date

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.labels import Label
from marketplace.kernel.money import BASIS_POINTS
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.participants.queries import organisations_by_id

from ...approvals.services import require_second_person
from ...cycles.models import Cycle
from ...cycles.states import CycleState
from ...ledger.accounts import market_accounts
from ...ledger.journal import Draft, Line, post
from ...ledger.states import AccountKind, EntryKind, LineKind
from ...trades.models import Obligation
from ...trades.obligation_reference import parse_obligation_reference
from ...trades.services.holds import locked_trade
from ...trades.states import ObligationKind
from ..bad_debt_models import FeeWriteOff, TaxRelief
from ..errors import NotPutOff, TaxRelieved
from .deposits import stated_reason


@record_refusals()
def write_off_fee(*, actor: Actor, obligation: str, reason: str) -> FeeWriteOff:
    """Write off a fee that was put off into the open cycle, by two people for any amount.

    The loss is the operator's; its income and its output tax stay as they are. The debt stays too: later cycles collect it
    where they can, and lessen the loss. Raises SecondPersonNeeded, NotPutOff, FieldInvalid, Missing, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    why = stated_reason(reason)
    fee = _put_off(obligation)
    approval = require_second_person(
        actor=actor,
        command="clearing.write_off_fee",
        subject=obligation,
        payee=organisations_by_id([fee.debtor_id])[fee.debtor_id].public_id,
        amount_minor=fee.amount_minor,
        currency=fee.currency,
        payload={"amount_minor": fee.amount_minor},
        always=True,
    )
    made = FeeWriteOff.objects.create(
        public_id=new_identifier("fwo"),
        trade_id=fee.trade_id,
        obligation=fee,
        organisation_id=fee.debtor_id,
        amount_minor=fee.amount_minor,
        currency=fee.currency,
        reason=why,
        first_person=approval.first_person if approval else "",
        decided_by=actor.identifier,
        decided_at=clock.now(),
    )
    _post(
        made.public_id,
        made,
        AccountKind.WRITE_OFF,
        AccountKind.FEES_RECEIVABLE,
        LineKind.WRITTEN_OFF,
        made.amount_minor,
    )
    record(
        kind="clearing.fee_written_off",
        subject=made.public_id,
        actor=actor,
        payload={
            "obligation": obligation,
            "amount_minor": made.amount_minor,
            "currency": made.currency,
            "first_person": made.first_person,
            "reason": why,
        },
    )
    return made


@record_refusals()
def record_tax_relief(
    *, actor: Actor, write_off: str, ground: str, document_sha256: str, met_on: date
) -> TaxRelief:
    """Record that article 39 of the Consumption Tax Act is met for a written-off fee, by two people.

    The tax in the written-off amount is taken from output tax. Raises SecondPersonNeeded, TaxRelieved, FieldInvalid,
    Missing, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    why = stated_reason(ground)
    if met_on > clock.today():
        raise FieldInvalid(
            "met_on", Label("choose today or an earlier day", "本日以前の日付を指定してください")
        )
    subject = FeeWriteOff.objects.filter(public_id=write_off).first()
    if subject is None:
        raise Missing(kind="fee write-off", identifier=write_off)
    rate_bp = locked_trade(pk=subject.trade_id).captured_fee_tax_rate_bp or 0
    tax_minor = subject.amount_minor * rate_bp // (BASIS_POINTS + rate_bp)
    if not tax_minor or TaxRelief.objects.filter(write_off=subject).exists():
        raise TaxRelieved(write_off=write_off)
    approval = require_second_person(
        actor=actor,
        command="clearing.relieve_tax",
        subject=write_off,
        payee="",
        amount_minor=tax_minor,
        currency=subject.currency,
        payload={"ground": why, "document_sha256": document_sha256, "met_on": met_on.isoformat()},
        always=True,
    )
    made = TaxRelief.objects.create(
        public_id=new_identifier("txr"),
        write_off=subject,
        tax_minor=tax_minor,
        ground=why,
        document_sha256=document_sha256,
        met_on=met_on,
        first_person=approval.first_person if approval else "",
        decided_by=actor.identifier,
        decided_at=clock.now(),
    )
    _post(
        made.public_id,
        subject,
        AccountKind.TAX_PAYABLE,
        AccountKind.WRITE_OFF,
        LineKind.BAD_DEBT_TAX,
        tax_minor,
    )
    record(
        kind="clearing.bad_debt_tax_relieved",
        subject=made.public_id,
        actor=actor,
        payload={
            "write_off": write_off,
            "tax_minor": tax_minor,
            "ground": why,
            "document_sha256": document_sha256,
            "met_on": met_on.isoformat(),
            "first_person": made.first_person,
        },
    )
    return made


def _put_off(reference: str) -> Obligation:
    """The fee that was put off into an open cycle, which stays as it is until this transaction ends.

    Raises Missing, NotPutOff.
    """
    named = parse_obligation_reference(reference)
    fee = (
        Obligation.objects.filter(
            pk=named[1], trade__public_id=named[0], kind=ObligationKind.FEE, deferred_from__isnull=False
        ).first()
        if named
        else None
    )
    if fee is None:
        raise Missing(kind="fee that was put off", identifier=reference)
    # In share mode: no step of the cycle passes between this check and the commit.
    cycle = Cycle.objects.raw("SELECT * FROM clearing_cycle WHERE id = %s FOR SHARE", [fee.cycle_id])[0]
    if cycle.state != CycleState.OPEN or FeeWriteOff.objects.filter(trade=fee.trade_id).exists():
        raise NotPutOff(obligation=reference)
    return fee


def _post(
    public_id: str,
    write_off: FeeWriteOff,
    debit: AccountKind,
    credit: AccountKind,
    line: LineKind,
    amount_minor: int,
) -> None:
    market = market_accounts(write_off.currency)
    draft = Draft(
        kind=EntryKind.WRITE_OFF,
        reference=f"write_off:{public_id}",
        lines=[Line(line, market[debit], market[credit], amount_minor)],
        organisation_id=write_off.organisation_id,
        description=write_off.reason,
    )
    post([draft], currency=write_off.currency, purpose=public_id)
