"""The fees of a period, and what was returned by volume, as a bundle shows them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from ..errors import NoTariff, TariffUndecidable
from ..models import Rulebook
from ..queries import TRADE_FEE
from ..tariffs import Tariff
from .contributions import FEES, REBATES, ChargedFee, VolumeRebate
from .decisions import Rules
from .disclosure import Disclosure, Groups, disclose
from .parts import Part, Withheld
from .periods import Period
from .sealing import Seal

PRICE = "trade.price_minor"


def show_fees(period: Period, seal: Seal) -> Part:
    """The fee of each trade of a period, on the facts that the tariffs read and its price."""
    fees = [fee for read in FEES for fee in read(period)]
    found = Rulebook.objects.filter(public_id__in={fee.rulebook for fee in fees})
    rules = {rulebook.public_id: Rules(rulebook) for rulebook in found}
    part, groups, read = Part("fees", seal), Groups(), []
    for fee in fees:
        shown = _disclose(fee, rules[fee.rulebook], seal)
        is_alike = _charges_the_same(fee, shown, rules[fee.rulebook])
        if is_alike:
            groups.add(_group(fee, shown), {"seller": fee.seller, "buyer": fee.buyer})
        read.append((fee, shown, is_alike))
    for fee, shown, is_alike in read:
        why = None
        if not is_alike:
            why = Withheld.NOT_PSEUDONYMOUS
        elif not groups.is_large(_group(fee, shown)):
            why = Withheld.FEW_PARTIES
        part.add(fee.item, _row(fee, shown), _content(fee), why)
    part.sort()
    return part


def show_rebates(period: Period, seal: Seal) -> Part:
    """What payers got back for their volume in the cycles of a period."""
    part, groups = Part("rebates", seal), Groups()
    rebates = [rebate for read in REBATES for rebate in read(period)]
    for rebate in rebates:
        groups.add(_look(rebate), {"payer": rebate.payer})
    for rebate in rebates:
        amounts = {
            "volume_minor": rebate.volume_minor,
            "charged_minor": rebate.charged_minor,
            "rebate_minor": rebate.rebate_minor,
        }
        row = {"rulebook": rebate.rulebook, "tariff": rebate.tariff, **amounts}
        why = None if groups.is_large(_look(rebate)) else Withheld.FEW_PARTIES
        part.add(
            f"{rebate.cycle}/{rebate.rulebook}/{rebate.tariff}/{rebate.payer}",
            row,
            {**row, "cycle": rebate.cycle, "payer": rebate.payer},
            why,
        )
    part.sort()
    return part


def _look(rebate: VolumeRebate) -> Hashable:
    """All that a row shows: the volume of a payer is told only where enough payers have the same."""
    amounts = (rebate.volume_minor, rebate.charged_minor, rebate.rebate_minor)
    return rebate.rulebook, rebate.tariff, amounts


def _facts(fee: ChargedFee) -> dict[str, Any]:
    return {"trade.segment": fee.segment, PRICE: fee.price_minor, "trade.currency": fee.currency}


def _disclose(fee: ChargedFee, rules: Rules, seal: Seal) -> Disclosure:
    return disclose(
        _facts(fee),
        types=rules.points[TRADE_FEE]["facts"],
        # The fee is a share of the price, whether or not a condition reads it.
        reads=rules.reads(TRADE_FEE) | {PRICE},
        named=rules.named(TRADE_FEE),
        seal=seal,
        item=seal.item("fees", fee.item),
        exact={PRICE},
    )


def _group(fee: ChargedFee, shown: Disclosure) -> Hashable:
    """All that a row shows. The catalogue has prices: one that few sellers were paid on a day would say which of them sold."""
    return fee.rulebook, fee.tariff, fee.concluded_on, fee.fee_minor, shown.looks


def _charges_the_same(fee: ChargedFee, shown: Disclosure, rules: Rules) -> bool:
    """Whether the tariffs choose alike on the facts as shown and on the facts as they are."""
    return _tariff(rules, _facts(fee)) == _tariff(rules, shown.facts)


def _tariff(rules: Rules, facts: dict[str, Any]) -> Tariff | None:
    given = {name.removeprefix("trade."): value for name, value in facts.items()}
    try:
        return rules.compiled.tariff(TRADE_FEE, given)
    except (NoTariff, TariffUndecidable):
        return None


def _row(fee: ChargedFee, shown: Disclosure) -> dict[str, Any]:
    return {
        "rulebook": fee.rulebook,
        "concluded_on": fee.concluded_on,
        "facts": shown.facts,
        "committed": shown.committed,
        "tariff": fee.tariff,
        "fee_minor": fee.fee_minor,
    }


def _content(fee: ChargedFee) -> dict[str, Any]:
    parties = {"seller": fee.seller, "buyer": fee.buyer}
    stated = {"rulebook": fee.rulebook, "concluded_on": fee.concluded_on, "facts": _facts(fee), **parties}
    return {**stated, "tariff": fee.tariff, "fee_minor": fee.fee_minor}
