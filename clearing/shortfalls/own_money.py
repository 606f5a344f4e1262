"""Participants' own money that can cover a shortfall, locked until the shortfall is decided."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from ..ground.parameters import reserve_cap_minor
from ..ledger.accounts import market_accounts, participant_accounts
from ..ledger.locking import lock_balances
from ..ledger.states import AccountKind
from .clearing_vector import Resources

OWN_KINDS = (AccountKind.RECEIVABLE, AccountKind.AVAILABLE, AccountKind.DEPOSIT)

_ON_ITS_WAY = """
    WITH posted AS (
        SELECT e.organisation_id, p.amount_minor FROM clearing_cycle c
          JOIN clearing_entry e ON e.cycle_id = c.id AND e.kind = 'cycle'
          JOIN clearing_posting p ON p.entry_id = e.id
          JOIN clearing_account a ON a.id = p.account_id AND a.kind = 'receivable'
         WHERE c.state = 'posted' AND c.currency = %(currency)s AND e.organisation_id = ANY(%(parties)s)
    ), promised AS (
        SELECT organisation_id, -amount_minor AS minor FROM posted
        UNION ALL
        SELECT organisation_id, amount_minor FROM clearing_settlementinstruction
         WHERE organisation_id = ANY(%(parties)s) AND currency = %(currency)s AND direction = 'out'
           AND state IN ('planned', 'sending', 'unknown')
    )
    SELECT organisation_id, sum(minor)::bigint FROM promised GROUP BY 1
"""


class OwnMoney:
    """Own money of participants in one currency, read once and locked for the rest of the transaction.

    Lock order: the caller holds ``MOVER_LOCK``. All others lock the balances of one
    participant only, so locking further participants later cannot deadlock.
    """

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._known: dict[int, Resources] = {}
        self.accounts: dict[int, dict[str, int]] = {}

    def of(self, organisation_id: int) -> Resources:
        """The own money of a participant, which must have been locked."""
        return self._known[organisation_id]

    def lock(self, organisation_ids: Iterable[int]) -> None:
        """Lock and read the balances of participants that are not locked yet."""
        wanted = sorted(set(organisation_ids) - set(self._known))
        if not wanted:
            return
        accounts = participant_accounts(wanted, self._currency)
        self.accounts |= accounts
        balances = lock_balances(accounts[key][kind] for key in wanted for kind in OWN_KINDS)
        promised = on_its_way(wanted, self._currency)
        for key in wanted:
            receivable, available, deposit = (-balances[accounts[key][kind]] for kind in OWN_KINDS)
            self._known[key] = Resources(
                receivable_minor=max(receivable - promised.get(key, 0), 0),
                available_minor=available,
                deposit_minor=deposit,
            )


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
