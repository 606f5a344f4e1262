"""What may be set off of what is due to a participant against what it owes in a cycle. Reads only.

A planned payment that was not sent is the payee's own money, and so is the amount of a failed one, except:

* what it receives as a beneficiary: the shares of the cycle are owed through others and stay whole;
* the pay for commissioned data, which the law protects from any reduction (取適法, article 5);
* what sanctions hold back: a set-off is a payment, and needs the permission of the authority like any other;
* what an attachment or an insolvency takes out of reach (``set_off_rules``): then only what the payee owes by causes from
  before the event can be set off, and in an insolvency only against what the market owed before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from marketplace.kernel.guards import sql_list
from marketplace.kernel.money import BASIS_POINTS
from marketplace.participants.suspension_queries import held_from_payment

from ..cycles.models import Cycle
from ..settlement.guards import UNPAID
from ..settlement.models import SettlementInstruction
from ..settlement.sanctions import sanctioned_payments
from ..settlement.still_due import NOT_MADE_AGAIN, OWED_AT
from ..trades.obligation_kinds import TAXED_PER_CYCLE, UNSECURED
from .set_off_rules import RULES_SQL

PROTECTED = """
    SELECT coalesce((SELECT sum(t.captured_price_minor + t.captured_tax_minor) FROM public.clearing_trade t
                      WHERE t.cycle_id = i.cycle_id AND t.seller_id = i.organisation_id AND t.commissioned), 0)
         + coalesce((SELECT sum(n.shares_received_minor) FROM public.clearing_netposition n
                      WHERE n.cycle_id = i.cycle_id AND n.organisation_id = i.organisation_id), 0) AS minor
"""
"""What payment ``i`` contains of shares and pay for commissioned data; none in a payment of no cycle."""

CLAIMS = f"""(
           SELECT coalesce(sum(o.amount_minor + CASE WHEN o.kind IN ({sql_list(TAXED_PER_CYCLE)})
                      THEN div(o.amount_minor::numeric * o.tax_rate_bp, {BASIS_POINTS}) ELSE o.tax_minor END), 0)
             FROM public.clearing_obligation o JOIN public.clearing_trade t ON t.id = o.trade_id
            WHERE o.cycle_id = named.cycle_id AND o.debtor_id = r.organisation_id AND o.kind IN ({sql_list(UNSECURED)})
              AND CASE WHEN rule.by_cause THEN t.concluded_at ELSE o.made_at END < r.served_at)"""  # noqa: S608  our own words
"""What the participant of restraint ``r``, of law ``rule``, owes in cycle ``named`` by causes from before it."""

RULE = f"""
    SELECT v.by_cause, v.debts_before FROM (VALUES {RULES_SQL}) AS v(kind, effective_from, by_cause, debts_before)
     WHERE v.kind = r.kind AND v.effective_from <= (r.served_at AT TIME ZONE 'Asia/Tokyo')::date
     ORDER BY v.effective_from DESC LIMIT 1"""  # noqa: S608  our own words
"""The law of restraint ``r``."""

DONE = """(
           coalesce((SELECT sum(s.amount_minor) FROM public.clearing_setoff s
                      WHERE s.cycle_id = named.cycle_id AND s.organisation_id = r.organisation_id), 0)
         + coalesce((SELECT sum(p.amount_minor) FROM public.clearing_entry e
                       JOIN public.clearing_posting p ON p.entry_id = e.id
                      WHERE e.cycle_id = named.cycle_id AND e.organisation_id = r.organisation_id AND e.kind = 'cover'
                        AND p.line = 'drawn_receivable' AND p.amount_minor > 0), 0))"""
"""What cycle ``named`` has set off already of payments to the participant of ``r``: planned ones, and ones that failed."""

RESTRAINTS = f"""
    SELECT r.organisation_id, r.currency, {UNPAID}::bigint AS amount_minor, r.served_at, rule.debts_before,
           {CLAIMS} AS claims_minor, {DONE} AS done_minor,
           CASE WHEN rule.debts_before THEN coalesce((
               SELECT sum(f.amount_minor) FROM public.clearing_settlementinstruction f
                WHERE f.organisation_id = r.organisation_id AND f.currency = r.currency AND {NOT_MADE_AGAIN}
                  AND {OWED_AT} >= r.served_at), 0) ELSE 0 END AS owed_after_minor
      FROM public.clearing_setoffrestraint r
     CROSS JOIN LATERAL ({RULE}) rule
     WHERE r.lifts_id IS NULL AND NOT EXISTS (
           SELECT FROM public.clearing_setoffrestraint l WHERE l.lifts_id = r.id)
"""  # noqa: S608  our own words
"""The restraints in force, each with the attached amount that no payment to a creditor pays yet, with what its participant
owes in cycle ``named`` by causes from before it, with what the cycle has set off already, and with the failed payments that
it puts out of reach because they were owed later."""

PASSES = """{total} > held.claims_minor + coalesce(greatest({total} + {due} - held.amount_minor, 0), 0)"""
"""Whether ``total``, set off in a cycle, passes restraint ``held`` of ``RESTRAINTS``; ``due`` is what stays due."""

_PROTECTED = f"""
    SELECT i.id, least(protected.minor, i.amount_minor)::bigint
      FROM clearing_settlementinstruction i CROSS JOIN LATERAL ({PROTECTED}) protected WHERE i.id = ANY(%s)
"""  # noqa: S608  our own words
_RESTRAINED = f"""
    SELECT found.organisation_id, found.amount_minor, found.served_at, found.debts_before, found.claims_minor::bigint,
           found.done_minor::bigint, found.owed_after_minor::bigint
      FROM (SELECT %(cycle)s::bigint AS cycle_id) named CROSS JOIN LATERAL ({RESTRAINTS}) found
     WHERE found.organisation_id = ANY(%(parties)s) AND found.currency = %(currency)s
"""  # noqa: S608  our own words


class _Restraint(NamedTuple):
    """A restraint in force on one participant; ``amount_minor`` None if it takes the whole of its payments."""

    organisation_id: int
    amount_minor: int | None
    served_at: datetime
    debts_before: bool
    claims_minor: int
    done_minor: int
    owed_after_minor: int


def free_parts(
    payments: Sequence[SettlementInstruction], cycle: Cycle
) -> list[tuple[SettlementInstruction, int]]:
    """Each of the locked planned ``payments`` with the part that may be set off in ``cycle``, where there is one."""
    if not payments:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_PROTECTED, [[payment.pk for payment in payments]])
        protected = dict(cursor.fetchall())
    planned = _sums(payments)
    restraints, sanctioned = _restraints_on(planned, cycle), sanctioned_payments(payments)
    left = {key: _bound(restraints[key], planned[key]) for key in planned}
    found = []
    for payment in payments:
        key = payment.organisation_id
        free_minor = min(payment.amount_minor - protected[payment.pk], left[key])
        if free_minor > 0 and payment.pk not in sanctioned and _owed_before(payment, restraints[key]):
            left[key] -= free_minor
            found.append((payment, free_minor))
    return found


def free_unclaimed(
    unclaimed: Mapping[int, int],
    planned: Sequence[SettlementInstruction],
    parts: Sequence[tuple[SettlementInstruction, int]],
    cycle: Cycle,
) -> dict[int, int]:
    """What may be set off in ``cycle`` of the amounts due to participants that no payment pays, because one failed.

    Restraints bind them as they bind the ``planned`` payments, of which ``parts`` may be set off besides.
    """
    free = {key: minor for key, minor in unclaimed.items() if minor > 0}
    free = {key: free[key] for key in free.keys() - held_from_payment(free)} if free else {}
    if not free:
        return {}
    restraints = _restraints_on(free, cycle)
    planned_minor = _sums(planned)
    parts_minor: dict[int, int] = defaultdict(int)
    for payment, free_minor in parts:
        parts_minor[payment.organisation_id] += free_minor
    for key in [key for key in free if restraints[key]]:
        bound = _bound(restraints[key], planned_minor[key] + free[key]) - parts_minor[key]
        owed_before = free[key] - max(restraint.owed_after_minor for restraint in restraints[key])
        free[key] = max(min(free[key], bound, owed_before), 0)
    return free


def _sums(payments: Sequence[SettlementInstruction]) -> dict[int, int]:
    """The amounts of payments by participant."""
    sums: dict[int, int] = defaultdict(int)
    for payment in payments:
        sums[payment.organisation_id] += payment.amount_minor
    return sums


def _restraints_on(parties: Iterable[int], cycle: Cycle) -> dict[int, list[_Restraint]]:
    """The restraints in force on some participants."""
    restraints: dict[int, list[_Restraint]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            _RESTRAINED, {"cycle": cycle.pk, "parties": sorted(parties), "currency": cycle.currency}
        )
        for row in cursor.fetchall():
            restraints[row[0]].append(_Restraint(*row))
    return restraints


def _bound(restraints: list[_Restraint], due_minor: int) -> int:
    """The most that can still be set off against all that is due to one participant together (the guards: ``PASSES``)."""
    bounds = [
        restraint.claims_minor
        - restraint.done_minor
        + (
            0
            if restraint.amount_minor is None
            else max(restraint.done_minor + due_minor - restraint.amount_minor, 0)
        )
        for restraint in restraints
    ]
    return min(bounds, default=due_minor)


def _owed_before(payment: SettlementInstruction, restraints: list[_Restraint]) -> bool:
    """Whether the market owed the payment before every event that limits set-off to such debts."""
    owed_at = (payment.cycle.netted_at if payment.cycle else None) or payment.planned_at
    return all(owed_at < restraint.served_at for restraint in restraints if restraint.debts_before)
