"""Plans the payments of a posted cycle, and payments that belong to no cycle."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import Max

from marketplace.kernel import clock
from marketplace.participants.queries import operator_organisation, organisations_by_id

from ..cycles.models import Cycle
from ..ground.parties import party_key
from ..ledger.queries import may_pay_abroad
from .locks import PAYMENT_SEQUENCE_LOCK
from .models import SettlementInstruction
from .payability import hindrance_of
from .restorations import restoration_number
from .routes import route_for
from .states import PaymentDirection, PaymentPurpose

_PAYOUTS = """
    SELECT e.organisation_id, -sum(p.amount_minor)::bigint
      FROM clearing_entry e JOIN clearing_posting p ON p.entry_id = e.id JOIN clearing_account a ON a.id = p.account_id
     WHERE e.cycle_id = %s AND e.kind = 'cycle' AND a.kind = 'receivable'
     GROUP BY 1 HAVING sum(p.amount_minor) <> 0
"""
_EARNED = """
    SELECT coalesce(-sum(p.amount_minor), 0)::bigint
      FROM clearing_entry e JOIN clearing_posting p ON p.entry_id = e.id JOIN clearing_account a ON a.id = p.account_id
     WHERE e.cycle_id = %s AND e.kind = 'cycle' AND a.kind IN ('fee_revenue', 'tax_payable')
"""
_UNCLAIMED = """
    SELECT (coalesce((SELECT -b.balance_minor FROM clearing_account a JOIN clearing_balance b ON b.account_id = a.id
                       WHERE a.organisation_id = %(organisation)s AND a.currency = %(currency)s
                         AND a.kind = 'receivable'), 0)
          - coalesce((SELECT sum(i.amount_minor) FROM clearing_settlementinstruction i
                       WHERE i.organisation_id = %(organisation)s AND i.currency = %(currency)s
                         AND i.direction = 'out' AND i.state IN ('planned', 'sending', 'unknown')), 0)
          + coalesce((SELECT sum(p.amount_minor) FROM clearing_cycle c JOIN clearing_entry e ON e.cycle_id = c.id
                        JOIN clearing_posting p ON p.entry_id = e.id JOIN clearing_account a ON a.id = p.account_id
                       WHERE c.state = 'posted' AND c.currency = %(currency)s AND e.kind = 'cycle'
                         AND e.organisation_id = %(organisation)s AND a.kind = 'receivable'), 0))::bigint
"""


def plan_payments(cycle: Cycle) -> int:
    """Plan one payment for each participant that the cycle leaves money to, and one for the operator.

    The operator takes out what it earned in the cycle, or pays in the difference if it refunded more fees. Money that
    its reserve lent stays in the client account until the claim is collected. Amounts come from the postings. Returns
    how many payments.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PAYOUTS, [cycle.pk])
        payouts = dict(cursor.fetchall())
        cursor.execute(_EARNED, [cycle.pk])
        earned = int(cursor.fetchone()[0])
    payees = organisations_by_id(payouts)
    ordered = sorted(payouts, key=lambda key: party_key(payees[key]))
    amounts = [(key, payouts[key]) for key in ordered]
    if earned:
        amounts.append((operator_organisation().id, earned))
    abroad = may_pay_abroad(cycle.currency)
    hindrances = {
        key: hindrance_of(view, currency=cycle.currency, cross_border_allowed=abroad)
        for key, view in payees.items()
    }
    restoration = restoration_number()
    SettlementInstruction.objects.bulk_create(
        cycle_instruction(
            cycle,
            organisation_id,
            amount,
            sequence,
            restoration=restoration,
            held_back=hindrances.get(organisation_id, ""),
        )
        for sequence, (organisation_id, amount) in enumerate(amounts, start=1)
    )
    return len(amounts)


def cycle_instruction(
    cycle: Cycle,
    organisation_id: int,
    amount_minor: int,
    sequence: int,
    *,
    restoration: int,
    held_back: str = "",
) -> SettlementInstruction:
    """A planned payment, not yet saved: out for a positive amount, in for a negative one.

    ``restoration`` is the number of the newest restoration, ``held_back`` why its payee cannot be paid now.
    """
    return SettlementInstruction(
        cycle=cycle,
        organisation_id=organisation_id,
        sequence=sequence,
        reference=route_for(cycle.currency).reference(
            currency=cycle.currency, cycle_number=cycle.number, sequence=sequence, restoration=restoration
        ),
        restoration=restoration,
        direction=PaymentDirection.OUT if amount_minor > 0 else PaymentDirection.IN,
        amount_minor=abs(amount_minor),
        currency=cycle.currency,
        planned_at=clock.now(),
        held_back=held_back,
    )


def instruction_without_cycle(
    *, currency: str, organisation_id: int, amount_minor: int, purpose: PaymentPurpose, **values: Any
) -> SettlementInstruction:
    """A planned payment to a participant that belongs to no cycle, not yet saved; its number is taken until the end
    of the transaction."""
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
        direction=PaymentDirection.OUT,
        amount_minor=amount_minor,
        currency=currency,
        planned_at=clock.now(),
        **values,
    )


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
