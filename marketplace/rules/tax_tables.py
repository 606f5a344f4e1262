"""Dated tables of consumption tax and withholding that a rulebook may set: tax points, classes of supply, withholding.

Pure and public. A rulebook that has a table replaces the one here as a whole; every row has the first day on which it
applies, and of rows with one key the latest that has begun applies. The rows here are those of the law as published:
``source`` names it, and whoever operates the market has its accountant confirm them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.money import BASIS_POINTS

from .errors import NoTaxRate, NoTaxTableRow
from .tax_rates import highest_rate_since, rate_on


class ChargeKind(TextChoices):
    """The kinds of charge that have a tax point of their own."""

    DATA = "data", Label("data handed over once", "データの一括提供")
    RIGHTS = "rights", Label("grant of rights", "権利の設定・許諾")
    SUBSCRIPTION = "subscription", Label("use, a price a period", "定期の利用")
    METERED = "metered", Label("use, by quantity", "従量の利用")
    FEE = "fee", Label("market fee", "市場手数料")


class TaxPoint(TextChoices):
    """The events on whose day a supply counts as made."""

    DELIVERY_ACCEPTED = "delivery_accepted", Label("the delivery is accepted", "検収")
    CONTRACT_EFFECTIVE = "contract_effective", Label("the contract takes effect", "契約の効力発生")
    DUE_DATE = "due_date", Label("the charge falls due", "支払期日の到来")


class Supply(TextChoices):
    """What a seller supplies. Data by wire is an electronic service (電気通信利用役務の提供)."""

    DATA = "data", Label("data by wire", "電気通信利用役務（データの提供）")
    RIGHTS = "rights", Label("use of a copyright or of know-how", "著作権・ノウハウ等の使用許諾")


class SupplyClass(TextChoices):
    """How consumption tax treats a supply."""

    DOMESTIC = "domestic", Label("domestic, taxed", "国内取引（課税）")
    CONSUMER_FROM_ABROAD = (
        "consumer_from_abroad",
        Label("electronic service from abroad to a consumer, taxed", "消費者向け電気通信利用役務（課税）"),
    )
    REVERSE_CHARGE = (
        "reverse_charge",
        Label(
            "electronic service from abroad to a business, reverse charge",
            "事業者向け電気通信利用役務（リバースチャージ）",
        ),
    )
    EXPORT_EXEMPT = "export_exempt", Label("export, exempt", "輸出免税")
    OUTSIDE_SCOPE = "outside_scope", Label("supplied abroad, outside the tax", "国外取引（不課税）")


TAXED_CLASSES = (SupplyClass.DOMESTIC, SupplyClass.CONSUMER_FROM_ABROAD)
"""Classes whose seller adds tax to the price; of all others the rate is zero."""

DEFAULTS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "tax_points": tuple(
        {"charge": charge.value, "point": point.value, "from": "1989-04-01", "source": source}
        for charge, point, source in (
            (ChargeKind.DATA, TaxPoint.DELIVERY_ACCEPTED, "消費税法基本通達9-1-16（準用）"),
            (ChargeKind.RIGHTS, TaxPoint.CONTRACT_EFFECTIVE, "消費税法基本通達9-1-15（準用）"),
            (ChargeKind.SUBSCRIPTION, TaxPoint.DUE_DATE, "消費税法基本通達9-1-20（準用）"),
            (ChargeKind.METERED, TaxPoint.DUE_DATE, "消費税法基本通達9-1-20（準用）"),
            (ChargeKind.FEE, TaxPoint.DELIVERY_ACCEPTED, "消費税法基本通達9-1-5（役務の完了の日）"),
        )
    ),
    "supply_classes": tuple(
        {
            "supply": supply.value,
            "seller": seller,
            "buyer": buyer,
            "recipient": recipient,
            "class": outcome.value,
            "from": "2015-10-01",
            "source": source,
        }
        for supply, seller, buyer, recipient, outcome, source in (
            (Supply.DATA, "home", "home", "any", SupplyClass.DOMESTIC, "消費税法4条3項3号"),
            (Supply.DATA, "home", "abroad", "any", SupplyClass.OUTSIDE_SCOPE, "消費税法4条3項3号"),
            (Supply.DATA, "abroad", "home", "business", SupplyClass.REVERSE_CHARGE, "消費税法5条1項"),
            (
                Supply.DATA,
                "abroad",
                "home",
                "consumer",
                SupplyClass.CONSUMER_FROM_ABROAD,
                "消費税法4条3項3号",
            ),
            (Supply.DATA, "abroad", "abroad", "any", SupplyClass.OUTSIDE_SCOPE, "消費税法4条3項3号"),
            (Supply.RIGHTS, "home", "home", "any", SupplyClass.DOMESTIC, "消費税法施行令6条1項7号"),
            (Supply.RIGHTS, "home", "abroad", "any", SupplyClass.EXPORT_EXEMPT, "消費税法施行令17条2項6号"),
            (Supply.RIGHTS, "abroad", "home", "any", SupplyClass.OUTSIDE_SCOPE, "消費税法施行令6条1項7号"),
            (Supply.RIGHTS, "abroad", "abroad", "any", SupplyClass.OUTSIDE_SCOPE, "消費税法施行令6条1項7号"),
        )
    ),
    "withholding": (
        {
            "supply": Supply.RIGHTS.value,
            "seller": "individual",
            "rate_bp": 1_021,
            "above_minor": 1_000_000,
            "above_rate_bp": 2_042,
            "from": "2013-01-01",
            "source": "所得税法204条1項1号・205条、復興財源確保法28条",
        },
        {
            "supply": Supply.RIGHTS.value,
            "seller": "abroad",
            "rate_bp": 2_042,
            "above_minor": None,
            "above_rate_bp": 2_042,
            "from": "2013-01-01",
            "source": "所得税法161条1項11号・212条・213条、復興財源確保法28条",
        },
    ),
}
"""The tables that apply where a rulebook has none of its own."""

KEYS: Mapping[str, tuple[str, ...]] = {
    "tax_points": ("charge",),
    "supply_classes": ("supply", "seller", "buyer", "recipient"),
    "withholding": ("supply", "seller"),
}
"""The members by which a row of each table is found."""


def row_on(rows: Iterable[Mapping[str, Any]], on: date, **key: str) -> Mapping[str, Any] | None:
    """The row of ``key`` in force on a day: the latest that has begun; None if there is none.

    A row that says ``any`` applies to every value of that member.
    """
    begun = [
        row
        for row in rows
        if date.fromisoformat(row["from"]) <= on
        and all(row[name] in (value, "any") for name, value in key.items())
    ]
    return max(begun, key=lambda row: date.fromisoformat(row["from"]), default=None)


@dataclass(frozen=True, slots=True)
class Withholding:
    """Income tax that the buyer withholds from a royalty: ``rate_bp`` of a price up to ``above_minor``.

    ``above_rate_bp`` of the part above it; ``above_minor`` is None where one rate applies to all.
    """

    rate_bp: int = 0
    above_minor: int | None = None
    above_rate_bp: int = 0

    def amount_minor(self, price_minor: int) -> int:
        """The tax withheld from a price without consumption tax, rounded down to whole units."""
        below = price_minor if self.above_minor is None else min(price_minor, self.above_minor)
        return (below * self.rate_bp + (price_minor - below) * self.above_rate_bp) // BASIS_POINTS


NOTHING_WITHHELD = Withholding()


@dataclass(frozen=True, slots=True)
class TaxTables:
    """The tax rates and tables of one rulebook: ``tables`` is name → rows."""

    rates: Sequence[Mapping[str, Any]]
    tables: Mapping[str, Sequence[Mapping[str, Any]]]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> TaxTables:
        """The tables of a rulebook's document; those it does not have are ``DEFAULTS``."""
        tables = {table: document.get(table, rows) for table, rows in DEFAULTS.items()}
        return cls(document.get("tax_rates", []), tables)

    def rate_bp(self, category: str, *, on: date) -> int:
        """The rate on a day in hundredths of a percent; raises NoTaxRate."""
        return self._stated(rate_on(self.rates, category, on), category, on)

    def highest_rate_bp(self, category: str, *, since: date) -> int:
        """The highest published rate that can apply on ``since`` or later; raises NoTaxRate."""
        return self._stated(highest_rate_since(self.rates, category, since), category, since)

    def point(self, charge: str, *, on: date) -> TaxPoint:
        """The event on whose day a charge of a contract concluded on ``on`` counts as supplied; raises NoTaxTableRow."""
        return TaxPoint(self._row("tax_points", on, charge=charge)["point"])

    def supply_class(self, *, supply: str, seller: str, buyer: str, recipient: str, on: date) -> SupplyClass:
        """How consumption tax treats a supply: parties are ``home`` or ``abroad``, the recipient ``business`` or ``consumer``.

        Raises NoTaxTableRow.
        """
        found = self._row(
            "supply_classes", on, supply=supply, seller=seller, buyer=buyer, recipient=recipient
        )
        return SupplyClass(found["class"])

    def withholding(self, *, supply: str, seller: str, on: date) -> Withholding:
        """What a business in Japan withholds from a seller that is ``abroad`` or an ``individual``; nothing without a row."""
        found = row_on(self.tables["withholding"], on, supply=supply, seller=seller)
        if found is None:
            return NOTHING_WITHHELD
        return Withholding(found["rate_bp"], found["above_minor"], found["above_rate_bp"])

    def _row(self, table: str, on: date, **key: str) -> Mapping[str, Any]:
        found = row_on(self.tables[table], on, **key)
        if found is None:
            raise NoTaxTableRow(table=table, key=", ".join(key.values()), on=on.isoformat())
        return found

    @staticmethod
    def _stated(rate_bp: int | None, category: str, on: date) -> int:
        if rate_bp is None:
            raise NoTaxRate(tax_category=category, on=on.isoformat())
        return rate_bp
