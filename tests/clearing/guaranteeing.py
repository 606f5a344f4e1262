"""Guarantees in tests of clearing, registered by two people of the operator."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from clearing.guarantees.services import reduce_guarantee, register_guarantee
from clearing.models import Guarantee, GuaranteedPart, Trade
from clearing.shortfalls.services.deposits import pay_deposit
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import sha256_hex
from tests.participants.factories import actor_for

from . import factories


def people(market: factories.Market) -> tuple[Actor, Actor]:
    """Two people of the operator."""
    return actor_for(market.operator, "usr_first"), actor_for(market.operator, "usr_second")


def terms(market: factories.Market, name: str, amount_minor: int, **changes: Any) -> dict[str, Any]:
    """The terms of a bank's guarantee for a participant, valid for a year, on the next document."""
    now = clock.now()
    return {
        "organisation": market.party(name).public_id,
        "kind": "undertaking",
        "issuer": "三方銀行",
        "amount_minor": amount_minor,
        "valid_from": now - timedelta(days=1),
        "expires_at": now + timedelta(days=365),
        "document_sha256": sha256_hex(f"{name} {Guarantee.objects.count()}".encode()),
    } | changes


def register(market: factories.Market, name: str, amount_minor: int, **changes: Any) -> Guarantee:
    """A guarantee that two people registered."""
    stated = terms(market, name, amount_minor, **changes)
    first, second = people(market)
    with pytest.raises(SecondPersonNeeded):
        register_guarantee(actor=first, **stated)
    return register_guarantee(actor=second, **stated)


def limit(market: factories.Market, name: str, amount_minor: int, deposit_minor: int) -> Guarantee:
    """A credit limit of a participant that its deposit backs, paid from money that it pays in now."""
    factories.pay_in(market, name, deposit_minor)
    pay_deposit(actor=actor_for(market.party(name)), amount_minor=deposit_minor, currency="JPY")
    return register(market, name, amount_minor, kind="deposit_limit", issuer="")


def reduce(market: factories.Market, guarantee: Guarantee, amount_minor: int) -> Guarantee:
    """A guarantee that two people reduced."""
    stated: dict[str, Any] = {
        "guarantee": guarantee.public_id,
        "amount_minor": amount_minor,
        "reason": "契約変更",
    }
    first, second = people(market)
    with pytest.raises(SecondPersonNeeded):
        reduce_guarantee(actor=first, **stated)
    return reduce_guarantee(actor=second, **stated)


def used(guarantee: Guarantee) -> int:
    """What is used of a guarantee now."""
    guarantee.refresh_from_db()
    return guarantee.used_minor


def part_of(trade: Trade) -> GuaranteedPart:
    """The guaranteed part of a trade as it stands."""
    return GuaranteedPart.objects.get(trade=trade)


def move_to(moment: datetime) -> None:
    """Let business time stand at a moment."""
    clock.move_to(moment, running=False)
