"""Commands that two people of the operator give, and what waits for the second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from django.db.models import QuerySet

from clearing.approvals.errors import SecondPersonNeeded
from clearing.models import Approval
from clearing.settlement.held_by_two import DECLARE_REGIME, REGISTER_ACCOUNT
from marketplace.kernel.actors import Actor

T = TypeVar("T")


class TwoPeople(Protocol):
    """A market with somebody of the operator, and another person."""

    @property
    def actor(self) -> Actor: ...
    @property
    def second(self) -> Actor: ...


def by_two(market: TwoPeople, command: Callable[..., T], **arguments: Any) -> T:
    """Have two people give a command that takes two."""
    try:
        command(actor=market.actor, **arguments)
    except SecondPersonNeeded:
        return command(actor=market.second, **arguments)
    raise AssertionError(f"{command.__name__} took one person")


def approvals() -> QuerySet[Approval]:
    """Approvals of what a test asked, in order; not those of the two people who set the market up."""
    return Approval.objects.exclude(command__in=(DECLARE_REGIME, REGISTER_ACCOUNT)).order_by("pk")
