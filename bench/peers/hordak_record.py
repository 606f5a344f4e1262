"""How many trades a second django-hordak records, with the legs that a cycle posts for them.

Four lines a trade, as a cycle posts them for its participants: what the buyer owes goes to the control account, from
there to the seller, from the seller to fees and to tax. By ``bulk_create`` they are the eight legs of one transaction;
``transfer_to`` makes a transaction of each line. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import time

import django
from django.core.management import call_command

PARTICIPANTS = 300
BATCH = 1_000


def main() -> None:
    """Migrate the database named by the environment, make accounts, record trades both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bulk", type=int, default=10_000, help="trades recorded by bulk_create")
    parser.add_argument("--transfers", type=int, default=300, help="trades recorded by transfer_to")
    arguments = parser.parse_args()
    django.setup()
    call_command("migrate", verbosity=0)
    draw = random.Random(42)
    market, parties = make_accounts()
    trades = [draw_trade(draw, market, parties) for _ in range(arguments.bulk)]
    bulk_seconds = record_in_bulk(trades)
    few = trades[: arguments.transfers]
    transfer_seconds = record_by_transfers(few)
    print(
        json.dumps(
            {
                "hordak_bulk_trades": len(trades),
                "hordak_transfer_trades": len(few),
                "hordak_bulk_per_second": round(len(trades) / bulk_seconds, 1),
                "hordak_transfer_per_second": round(len(few) / transfer_seconds, 1),
            }
        )
    )


def make_accounts():
    """The market's accounts by name, and each participant's two."""
    from hordak.models import Account, AccountType

    def account(name, kind):
        return Account.objects.create(name=name, type=kind, currencies=["JPY"])

    market = {
        "settlement": account("settlement", AccountType.liability),
        "fees": account("fees", AccountType.income),
        "tax": account("tax", AccountType.liability),
    }
    parties = [
        (
            account(f"payable {number}", AccountType.liability),
            account(f"receivable {number}", AccountType.liability),
        )
        for number in range(PARTICIPANTS)
    ]
    return market, parties


def draw_trade(draw, market, parties):
    """The lines of one trade: from, to, and how much."""
    buyer, seller = draw.sample(parties, 2)
    price = 100 + draw.randrange(1_000_000)
    gross, fee = price + price // 10, price // 20
    return (
        (buyer[0], market["settlement"], gross),
        (market["settlement"], seller[1], gross),
        (seller[1], market["fees"], max(fee, 1)),
        (seller[1], market["tax"], max(fee // 10, 1)),
    )


def record_in_bulk(trades) -> float:
    """Seconds to record trades, a batch a database transaction."""
    from django.db import transaction
    from hordak.models import Leg, Transaction
    from moneyed import Money

    begun = time.perf_counter()
    for at in range(0, len(trades), BATCH):
        batch = trades[at : at + BATCH]
        with transaction.atomic():
            made = Transaction.objects.bulk_create(Transaction() for _ in batch)
            legs = []
            for entry, lines in zip(made, batch, strict=True):
                for source, target, minor in lines:
                    amount = Money(minor, "JPY")
                    legs.append(Leg(transaction=entry, account=source, debit=amount))
                    legs.append(Leg(transaction=entry, account=target, credit=amount))
            Leg.objects.bulk_create(legs)
    return time.perf_counter() - begun


def record_by_transfers(trades) -> float:
    """Seconds to record trades by the library's own verb, a trade a database transaction."""
    from django.db import transaction
    from moneyed import Money

    begun = time.perf_counter()
    for lines in trades:
        with transaction.atomic():
            for source, target, minor in lines:
                target.transfer_to(source, Money(minor, "JPY"))
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
