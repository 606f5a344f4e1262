"""Raw SQL against the guards of clearing, and the rows that tests write with it."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

from clearing.models import Account, Balance, Cycle, Entry, Posting, Trade
from tests.roles import as_owner, assert_refused

from . import factories


def run(sql: str, *values: Any) -> None:
    """One statement, as anybody with a database console could send it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def refused(sql: str, *values: Any, because: str) -> None:
    """The statement is refused to both roles, and to the owner by a guard that says why."""
    assert_refused(lambda: run(sql, *values), because=because)


def uncaused() -> None:
    """Until the test ends entries need no cause and no time, and trades no hold: other guards are tried by themselves."""
    connection.check_constraints()
    with as_owner(), connection.cursor() as cursor:
        for model, name in ((Entry, "caused_by_"), (Entry, "entry_booked_now"), (Trade, "money_on_hold")):
            for trigger in model._meta.triggers:
                if trigger.name.startswith(name):
                    cursor.execute(
                        f"ALTER TABLE {model._meta.db_table} DISABLE TRIGGER {trigger.get_pgid(model)}"
                    )


def account(market: factories.Market, name: str, kind: str) -> Account:
    return Account.objects.get(organisation=market.party(name), kind=kind)


ENTRY = (
    "INSERT INTO clearing_entry (public_id, kind, reference, description, business_date, booked_at)"
    " VALUES ('jrn_raw', 'pay_in', 'raw', '', now(), now()) RETURNING id"
)
WHOLE = f"WITH made AS ({ENTRY}) INSERT INTO clearing_posting (entry_id, leg, account_id, amount_minor, currency, line)"


def counts() -> tuple[int, int, int]:
    return Entry.objects.count(), Posting.objects.count(), Balance.objects.count()


ACCEPT = (
    "UPDATE clearing_trade SET state = 'accepted', captured_price_minor = price_minor,"
    " captured_tax_minor = tax_minor, captured_fee_minor = fee_minor, captured_tax_rate_bp = tax_rate_bp,"
    " captured_withholding_minor = 0,"
    " captured_fee_tax_rate_bp = fee_tax_rate_bp, fee_supplied_on = (now() AT TIME ZONE 'Asia/Tokyo')::date,"
    " supplied_on = (now() AT TIME ZONE 'Asia/Tokyo')::date,"
    " cycle_id = (SELECT id FROM clearing_cycle WHERE state = 'open')"
)


OBLIGATION = (
    "INSERT INTO clearing_obligation (trade_id, kind, debtor_id, creditor_id, amount_minor, tax_minor, tax_rate_bp,"
    " currency, cycle_id, legal_basis, source, made_at) VALUES "
)


def base(
    market: factories.Market, trade: Trade, cycle: Cycle, *, price: int | None = None
) -> tuple[str, list[Any]]:
    row = "(%s, %s, %s, %s, %s, %s, 1000, 'JPY', %s, 'market_terms', NULL, now())"
    price = trade.price_minor if price is None else price
    purchase = [trade.pk, "purchase", trade.buyer_id, trade.seller_id, price, trade.tax_minor, cycle.pk]
    fee = [trade.pk, "fee", trade.seller_id, market.operator.pk, trade.fee_minor, 0, cycle.pk]
    return f"{OBLIGATION}{row}, {row}", [*purchase, *fee]
