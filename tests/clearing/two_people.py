"""Commands that two people of the operator give, and what waits for the second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from django.db.models import QuerySet

from clearing.settlement.held_by_two import DECLARE_REGIME, REGISTER_ACCOUNT
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.kernel.actors import Actor
from marketplace.participants.models import Organisation
from tests.participants.factories import actor_for

T = TypeVar("T")


class TwoPeople(Protocol):
    """A market with somebody of the operator, and another person."""

    @property
    def actor(self) -> Actor: ...
    @property
    def second(self) -> Actor: ...


@dataclass
class Staffed:
    """The operator of a market, and people of it as they are named."""

    operator: Organisation
    people: dict[str, Actor] = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        """Somebody of the operator."""
        return self._person("usr_desk")

    @property
    def second(self) -> Actor:
        """Another person of the operator, who confirms large receipts."""
        return self._person("usr_confirming")

    @property
    def program(self) -> Actor:
        """A program of the operator, for which the first answers, as if programs could hold its permissions."""
        return replace(self.actor, identifier="app_desk")

    def _person(self, identifier: str) -> Actor:
        if identifier not in self.people:
            self.people[identifier] = actor_for(self.operator, identifier)
        return self.people[identifier]


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
