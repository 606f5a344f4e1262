"""Participants' own money that can cover a shortfall, locked until the shortfall is decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db import connection

from ..cycles.models import Cycle
from ..ground.parameters import reserve_cap_minor
from ..guarantees.queries import lock_guarantees, used_of_limits
from ..ledger.accounts import market_accounts, participant_accounts
from ..ledger.locking import lock_balances
from ..ledger.states import AccountKind
from ..settlement.models import SettlementInstruction
from ..settlement.planning import UNPLANNED
from ..settlement.services.cancelling import lock_planned_payments
from .clearing_vector import Resources
from .set_offs import free_parts, free_unclaimed

OWN_KINDS = (AccountKind.RECEIVABLE, AccountKind.AVAILABLE, AccountKind.DEPOSIT)

_ON_ITS_WAY = f"""
    WITH promised AS (
        SELECT u.organisation_id, u.minor FROM ({UNPLANNED}) u
         WHERE u.currency = %(currency)s AND u.organisation_id = ANY(%(parties)s)
        UNION ALL
        SELECT organisation_id, amount_minor FROM clearing_settlementinstruction
         WHERE organisation_id = ANY(%(parties)s) AND currency = %(currency)s AND direction = 'out'
           AND state IN ('planned', 'sending', 'unknown')
    )
    SELECT organisation_id, sum(minor)::bigint FROM promised GROUP BY 1
"""  # noqa: S608  our own words

_AWAITED = """
    SELECT EXISTS (
        SELECT FROM clearing_cycle c JOIN clearing_netposition n ON n.cycle_id = c.id
         WHERE c.currency = %(currency)s AND c.id < %(cycle)s AND c.state IN ('netted', 'posted')
           AND n.organisation_id = ANY(%(parties)s)
           AND n.net_minor - n.purchases_minor - n.purchase_tax_minor > 0)
"""

_SET_ASIDE = """
    SELECT e.organisation_id, sum(p.amount_minor)::bigint
      FROM clearing_entry e JOIN clearing_posting p ON p.entry_id = e.id AND p.amount_minor > 0
     WHERE e.cycle_id = %(cycle)s AND e.kind = 'cover' AND e.organisation_id = ANY(%(parties)s) GROUP BY 1
"""


class OwnMoney:
    """Own money of participants for one cycle, read once and locked for the rest of the transaction.

    Includes what an earlier chunk of the same step has set aside for the cycle, and of payments that are planned and not
    sent, or failed, the part that may be set off (``payments``: the planned ones with that part, oldest first). What a deposit backs of limits in use is
    not in it.

    Lock order: the caller holds ``MOVER_LOCK``; cycles with planned payments, the payments, guarantees, then balances. All others
    lock the balances of one participant only, so locking further participants later cannot deadlock.
    """

    def __init__(self, cycle: Cycle) -> None:
        self._cycle = cycle
        self._known: dict[int, Resources] = {}
        self.accounts: dict[int, dict[str, int]] = {}
        self.payments: dict[int, list[tuple[SettlementInstruction, int]]] = defaultdict(list)

    def of(self, organisation_id: int) -> Resources:
        """The own money of a participant, which must have been locked."""
        return self._known[organisation_id]

    def lock(self, organisation_ids: Iterable[int]) -> None:
        """Lock and read the planned payments and balances of participants that are not locked yet."""
        wanted = sorted(set(organisation_ids) - set(self._known))
        if not wanted:
            return
        planned = lock_planned_payments(wanted, self._cycle.currency)
        parts = free_parts(planned, self._cycle)
        for payment, free_minor in parts:
            self.payments[payment.organisation_id].append((payment, free_minor))
        accounts = participant_accounts(wanted, self._cycle.currency)
        self.accounts |= accounts
        lock_guarantees(wanted, self._cycle.currency)
        balances = lock_balances(accounts[key][kind] for key in wanted for kind in OWN_KINDS)
        promised = on_its_way(wanted, self._cycle.currency)
        covered = self._set_aside(wanted)
        backing = used_of_limits(wanted, self._cycle.currency)
        due = {key: -balances[accounts[key][AccountKind.RECEIVABLE]] - promised.get(key, 0) for key in wanted}
        unclaimed = free_unclaimed(due, planned, parts, self._cycle)
        for key in wanted:
            available, deposit = (
                -balances[accounts[key][kind]] for kind in (AccountKind.AVAILABLE, AccountKind.DEPOSIT)
            )
            self._known[key] = Resources(
                receivable_minor=unclaimed.get(key, 0),
                available_minor=available,
                planned_minor=sum(free_minor for _, free_minor in self.payments[key]),
                deposit_minor=max(deposit - backing.get(key, 0), 0),
                set_aside_minor=covered.get(key, 0),
            )

    def _set_aside(self, organisation_ids: list[int]) -> dict[int, int]:
        """What the cycle has set aside already, by participant."""
        with connection.cursor() as cursor:
            cursor.execute(_SET_ASIDE, {"cycle": self._cycle.pk, "parties": organisation_ids})
            return dict(cursor.fetchall())


def awaits_planning(cycle: Cycle, organisation_ids: Iterable[int]) -> bool:
    """Whether an earlier cycle of the currency leaves money to one of the participants and has not planned it yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            _AWAITED, {"cycle": cycle.pk, "currency": cycle.currency, "parties": list(organisation_ids)}
        )
        return bool(cursor.fetchone()[0])


def on_its_way(organisation_ids: Iterable[int], currency: str) -> dict[int, int]:
    """Parts of participants' receivables that a planned or still unplanned payment will pay out, in one read."""
    with connection.cursor() as cursor:
        cursor.execute(_ON_ITS_WAY, {"parties": list(organisation_ids), "currency": currency})
        return dict(cursor.fetchall())


def lendable_minor(currency: str) -> int:
    """What the reserve may lend in one cycle: its balance less open claims, up to the rulebook's cap.

    Locks the reserve until the transaction ends.
    """
    reserve = market_accounts(currency)[AccountKind.RESERVE]
    balance_minor = -lock_balances([reserve]).get(reserve, 0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(b.balance_minor), 0)::bigint FROM clearing_account a"
            " JOIN clearing_balance b ON b.account_id = a.id WHERE a.kind = 'claim' AND a.currency = %s",
            [currency],
        )
        lent = int(cursor.fetchone()[0])
    return max(min(balance_minor - lent, reserve_cap_minor()), 0)
