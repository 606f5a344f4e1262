"""Accepts trades of which only a part was used."""

from __future__ import annotations

from django.db import transaction

from clearing.models import Trade
from clearing.trades.services.acceptance import accept_locked_trade
from clearing.trades.services.holds import locked_trade
from marketplace.kernel.actors import SYSTEM


def accept_used(trade: Trade, used_minor: int) -> None:
    """A trade is accepted of which only a part of the price, without tax, was used."""
    with transaction.atomic():
        accept_locked_trade(locked_trade(pk=trade.pk), actor=SYSTEM, used_minor=used_minor)
