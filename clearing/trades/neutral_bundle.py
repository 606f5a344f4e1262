"""What trades contribute to a neutrality bundle: fees, rebates by volume, the order of clearing, and the size of participants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from django.db import connection
from django.db.models import Count

from marketplace.kernel.clock import business_date
from marketplace.participants.queries import identifiers_of
from marketplace.rules import queries as rules
from marketplace.rules.neutrality.contributions import ChargedFee, Processed, VolumeRebate
from marketplace.rules.neutrality.periods import Period
from marketplace.rules.tariffs import Tariff

from ..cycles.models import Cycle
from .fee_rebates import fee_volumes
from .models import Trade

_REBATED = """
    SELECT o.creditor_id, t.rulebook, t.tariff, sum(o.amount_minor)::bigint
      FROM clearing_obligation o JOIN clearing_trade t ON t.id = o.trade_id
     WHERE o.cycle_id = %s AND o.kind = 'fee_refund' AND o.source = 'tier:' || t.public_id GROUP BY 1, 2, 3
"""


def _names(keys: set[int]) -> dict[int, str]:
    return {key: public_id for key, public_id, _ in identifiers_of(keys)}


def charged_fees(period: Period) -> Iterator[ChargedFee]:
    """The fee of each trade that was concluded in a period, under the published tariff that it names."""
    trades = Trade.objects.filter(**period.window("concluded_at"), rulebook__isnull=False).order_by("pk")
    columns = (
        "public_id", "rulebook", "concluded_at", "segment", "price_minor", "currency", "tariff", "fee_minor", "seller_id",
        "buyer_id",
    )  # fmt: skip
    rows = list(trades.values_list(*columns))
    names = _names({key for row in rows for key in row[-2:]})
    for item, rulebook, concluded_at, segment, price, currency, tariff, fee, seller, buyer in rows:
        day = business_date(concluded_at).isoformat()
        yield ChargedFee(
            item, rulebook, day, segment, price, currency, tariff, fee, names[seller], names[buyer]
        )


def volume_rebates(period: Period) -> Iterator[VolumeRebate]:
    """What each payer got back in the cycles that were validated and closed in a period, by tariff."""
    tariffs = rules.tiered_tariffs()
    for cycle in Cycle.objects.filter(**period.window("closed_at"), input_hash__isnull=False).order_by("pk"):
        sums: dict[tuple[int, Tariff], list[int]] = defaultdict(lambda: [0, 0, 0])
        stated: dict[Tariff, str] = {}
        volumes = [(*row, 0) for row in fee_volumes(cycle)]
        with connection.cursor() as cursor:
            cursor.execute(_REBATED, [cycle.pk])
            rebated = [
                (payer, rulebook, code, 0, 0, rebate) for payer, rulebook, code, rebate in cursor.fetchall()
            ]
        for payer, rulebook, code, *amounts in (*volumes, *rebated):
            terms = replace(tariffs[(rulebook, code)], rulebook=None)
            stated.setdefault(terms, rulebook)
            sums[(payer, terms)] = [a + b for a, b in zip(sums[(payer, terms)], amounts, strict=True)]
        names = _names({payer for payer, _ in sums})
        for (payer, tariff), (volume, charged, rebate) in sums.items():
            yield VolumeRebate(
                cycle.public_id, names[payer], stated[tariff], tariff.code, volume, charged, rebate
            )


def order_of_clearing(period: Period) -> Iterator[Processed]:
    """The trades that were accepted in a period: received when accepted, processed when their cycle was final."""
    trades = Trade.objects.filter(**period.window("accepted_at"), cycle__netted_at__isnull=False)
    columns = ("public_id", "currency", "accepted_at", "cycle__netted_at", "buyer_id", "seller_id")
    rows = list(trades.order_by("pk").values_list(*columns))
    names = _names({key for row in rows for key in row[-2:]})
    for item, currency, accepted_at, netted_at, buyer, seller in rows:
        moments = (accepted_at.isoformat(), netted_at.isoformat())
        yield Processed(f"clearing {currency}", item, *moments, (names[buyer], names[seller]))


def trades_by_organisation(period: Period) -> dict[str, int]:
    """How many trades of a period each organisation was a party of."""
    counted: dict[int, int] = defaultdict(int)
    trades = Trade.objects.filter(**period.window("concluded_at"))
    for side in ("buyer_id", "seller_id"):
        for key, count in trades.values_list(side).annotate(count=Count("pk")).order_by(side):
            counted[key] += count
    names = _names(set(counted))
    return {names[key]: count for key, count in counted.items()}
