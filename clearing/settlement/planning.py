"""Plans the payments of a posted cycle, and payments that belong to no cycle."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Max

from marketplace.kernel import clock
from marketplace.participants.queries import operator_organisation, organisations_by_id

from ..cycles.models import Cycle, CyclePart
from ..cycles.parts import part_of, record_chunk
from ..cycles.queries import sending_day
from ..cycles.states import StepPart
from ..ledger.queries import may_pay_abroad
from ..netting.models import NetPosition
from .attachments import attached_payments
from .locks import PAYMENT_SEQUENCE_LOCK
from .models import SettlementInstruction
from .operator_money import free_operator_money
from .payability import hindrances_of
from .restorations import restoration_number
from .restraint_models import CreditorPayment
from .routes import route_for
from .states import Hindrance, PaymentDirection, PaymentPurpose

PARTICIPANTS_A_CHUNK = 2_000

_PAYOUTS = """
    SELECT n.party_key, n.organisation_id, coalesce((
        SELECT -sum(p.amount_minor) FROM clearing_entry e JOIN clearing_posting p ON p.entry_id = e.id
          JOIN clearing_account a ON a.id = p.account_id
         WHERE e.reference = 'cycle:' || n.public_id AND a.kind = 'receivable'), 0)::bigint
      FROM (SELECT * FROM clearing_netposition WHERE cycle_id = %s AND party_key > %s
             ORDER BY party_key LIMIT %s) n
     ORDER BY n.party_key
"""
"""What the cycle leaves to each of the next parties: the entry of a position is found by its reference."""
_EARNED = """
    SELECT coalesce(-sum(p.amount_minor), 0)::bigint
      FROM clearing_entry e JOIN clearing_posting p ON p.entry_id = e.id JOIN clearing_account a ON a.id = p.account_id
     WHERE e.cycle_id = %s AND e.kind = 'cycle' AND a.kind IN ('fee_revenue', 'fees_receivable', 'tax_payable', 'write_off')
"""
UNPLANNED = """
    SELECT e.organisation_id, c.currency, -sum(p.amount_minor)::bigint AS minor
      FROM public.clearing_cycle c JOIN public.clearing_entry e ON e.cycle_id = c.id AND e.kind = 'cycle'
      JOIN public.clearing_posting p ON p.entry_id = e.id
      JOIN public.clearing_account a ON a.id = p.account_id AND a.kind = 'receivable'
     WHERE c.state IN ('netted', 'posted') AND NOT EXISTS (
        SELECT FROM public.clearing_settlementinstruction i
         WHERE i.cycle_id = c.id AND i.organisation_id = e.organisation_id)
     GROUP BY 1, 2
"""
"""What a cycle has posted as receivable, per participant, and not planned a payment of yet. A cycle posts and plans
in chunks, so the state alone does not say whose payment is planned."""
UNCLAIMED = f"""(
           coalesce((SELECT -b.balance_minor FROM public.clearing_account a
                       JOIN public.clearing_balance b ON b.account_id = a.id
                      WHERE a.organisation_id = {{organisation}} AND a.currency = {{currency}}
                        AND a.kind = 'receivable'), 0)
         - coalesce((SELECT sum(i.amount_minor) FROM public.clearing_settlementinstruction i
                      WHERE i.organisation_id = {{organisation}} AND i.currency = {{currency}}
                        AND i.direction = 'out' AND i.state IN ('planned', 'sending', 'unknown')), 0)
         - coalesce((SELECT sum(u.minor) FROM ({UNPLANNED}) u
                      WHERE u.organisation_id = {{organisation}} AND u.currency = {{currency}}), 0))::bigint"""  # noqa: S608  our own words
"""What is due to ``organisation`` in ``currency`` (SQL expressions) without a payment: its payment failed, and was not made again."""
_UNCLAIMED = "SELECT " + UNCLAIMED.format(organisation="%(organisation)s", currency="%(currency)s")


def plan_some_payments(cycle: Cycle) -> CyclePart:
    """Plan a payment for each of the next participants that the cycle leaves money to; the part, ended by the last.

    Payments are numbered in the order of party keys. The last chunk also plans the operator's: it takes out what it
    earned in the cycle, as far as nothing else needs it (``operator_money``); fees that it refunded beyond are its own money
    already. Money that its reserve lent stays in the client account until the claim is collected. Amounts come from the
    postings.
    """
    part = part_of(cycle, StepPart.PAYMENTS, count=NetPosition.objects.filter(cycle=cycle).count)
    with connection.cursor() as cursor:
        cursor.execute(_PAYOUTS, [cycle.pk, part.reached, PARTICIPANTS_A_CHUNK])
        rows = cursor.fetchall()
    amounts = [(organisation_id, minor) for _, organisation_id, minor in rows if minor]
    payees = organisations_by_id(organisation_id for organisation_id, _ in amounts)
    ended = len(rows) < PARTICIPANTS_A_CHUNK
    if ended and (earned := min(_earned_minor(cycle), free_operator_money(cycle.currency))) > 0:
        amounts.append((operator_organisation().id, earned))
    abroad, planned_at = may_pay_abroad(cycle.currency), clock.now()
    hindrances = hindrances_of(payees.values(), currency=cycle.currency, cross_border_allowed=abroad)
    restoration, send_by = restoration_number(), sending_day(cycle.currency)
    planned = SettlementInstruction.objects.bulk_create(
        cycle_instruction(
            cycle,
            organisation_id,
            amount,
            sequence,
            restoration=restoration,
            planned_at=planned_at,
            send_by=send_by,
            held_back=hindrances.get(organisation_id, ""),
        )
        for sequence, (organisation_id, amount) in enumerate(amounts, start=next_sequence(cycle))
    )
    held = attached_payments(payees, cycle.currency)
    attached = SettlementInstruction.objects.filter(pk__in=held.intersection(row.pk for row in planned))
    if held:
        attached.exclude(held_back=Hindrance.SANCTIONED).update(held_back=Hindrance.ATTACHED)
    record_chunk(part, done=len(rows), reached=rows[-1][0] if rows else "", ended=ended)
    return part


def _earned_minor(cycle: Cycle) -> int:
    """What the operator earned in the cycle; negative if it refunded more, from its own money."""
    with connection.cursor() as cursor:
        cursor.execute(_EARNED, [cycle.pk])
        return int(cursor.fetchone()[0])


def cycle_instruction(
    cycle: Cycle,
    organisation_id: int,
    amount_minor: int,
    sequence: int,
    *,
    restoration: int,
    send_by: date,
    planned_at: datetime | None = None,
    held_back: str = "",
) -> SettlementInstruction:
    """A planned payment, not yet saved.

    ``restoration`` is the number of the newest restoration, ``send_by`` the day by which it leaves, ``held_back`` why its
    payee cannot be paid now.
    """
    return SettlementInstruction(
        cycle=cycle,
        organisation_id=organisation_id,
        sequence=sequence,
        reference=route_for(cycle.currency).reference(
            currency=cycle.currency, cycle_number=cycle.number, sequence=sequence, restoration=restoration
        ),
        restoration=restoration,
        direction=PaymentDirection.OUT,
        amount_minor=amount_minor,
        currency=cycle.currency,
        planned_at=planned_at or clock.now(),
        send_by=send_by,
        held_back=held_back,
    )


def instruction_without_cycle(
    *, currency: str, organisation_id: int, amount_minor: int, purpose: PaymentPurpose, **values: Any
) -> SettlementInstruction:
    """A planned payment that belongs to no cycle, not yet saved; its number is taken until the end of the transaction.

    ``values``: further columns. Own money of the operator that is paid in comes in, everything else goes out.
    """
    PAYMENT_SEQUENCE_LOCK.acquire()
    rows = SettlementInstruction.objects.filter(cycle=None, currency=currency)
    sequence = (rows.aggregate(last=Max("sequence"))["last"] or 0) + 1
    restoration = restoration_number()
    return SettlementInstruction(
        purpose=purpose,
        organisation_id=organisation_id,
        sequence=sequence,
        reference=route_for(currency).reference(
            currency=currency, cycle_number=None, sequence=sequence, restoration=restoration
        ),
        restoration=restoration,
        direction=PaymentDirection.IN if purpose == PaymentPurpose.OWN_MONEY else PaymentDirection.OUT,
        amount_minor=amount_minor,
        currency=currency,
        planned_at=clock.now(),
        send_by=sending_day(currency),
        **values,
    )


def replacement_payment(replaced: SettlementInstruction, amount_minor: int) -> SettlementInstruction:
    """An unsaved payment that replaces a failed or cancelled one; the caller has locked the cycle of ``replaced``.

    One that replaces a payment to a creditor goes to the creditor while the attachment is in force, else to the participant.
    """
    if replaced.cycle is None:
        replacement = instruction_without_cycle(
            currency=replaced.currency,
            organisation_id=replaced.organisation_id,
            amount_minor=amount_minor,
            purpose=PaymentPurpose(replaced.purpose),
            creditor_payment=creditor_to_pay(replaced),
            approval=replaced.approval,
        )
    else:
        replacement = cycle_instruction(
            replaced.cycle,
            replaced.organisation_id,
            amount_minor,
            next_sequence(replaced.cycle),
            restoration=restoration_number(),
            send_by=sending_day(replaced.currency),
        )
    replacement.instead_of = replaced
    return replacement


def creditor_to_pay(replaced: SettlementInstruction) -> CreditorPayment | None:
    """Whom a payment goes to that replaces one to a creditor; None, for the participant, once the attachment ended."""
    creditor = replaced.creditor_payment
    return None if creditor is None or hasattr(creditor.restraint, "lifted_by") else creditor


def next_sequence(cycle: Cycle) -> int:
    """The number of the next payment of a cycle."""
    last = SettlementInstruction.objects.filter(cycle=cycle).aggregate(last=Max("sequence"))["last"]
    return (last or 0) + 1


def unclaimed_minor(organisation_id: int, currency: str) -> int:
    """The amount due to a participant without a payment: its payment failed and was not made again.

    Excludes amounts for which a posted cycle has still to plan payments.
    """
    with connection.cursor() as cursor:
        cursor.execute(_UNCLAIMED, {"organisation": organisation_id, "currency": currency})
        return int(cursor.fetchone()[0])
