"""The market that the matrix is tried on: who takes part, who calls, and how a row of each kind is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clearing.run.services.cycles import open_first_cycle
from clearing.settlement.services.client_accounts import register_client_account
from clearing.settlement.services.funds_regimes import declare_funds_regime
from contracts.models import Template
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.participants import services as participants
from marketplace.participants.models import Organisation, User
from tests.clearing import factories as clearing
from tests.contracts import factories as contracts
from tests.contracts import library
from tests.participants import factories as parties
from tests.rules import factories as rules

from .callers import EVERYTHING, Caller, all_roles, nobody, people, person, programs, session_of

SEGMENTS = ("mobility", "environment")
RULES: dict[str, Any] = {
    **rules.document(
        rules.rule("ADM-1", "true", "hold", "admission"),
        rules.rule("PUB-1", "true", "allow", "publication"),
        rules.rule("CON-1", "true", "allow", "conclusion"),
    ),
    "tariffs": clearing.RULEBOOK["tariffs"],
    "tax_rates": clearing.RULEBOOK["tax_rates"],
}


@dataclass
class World:
    """An operator, a seller, a buyer and a stranger, with their callers, in a market that trades and clears.

    ``first`` is a person of the operator who gives commands that take two, first; ``people``: one more of each side.
    """

    organisations: dict[str, Organisation]
    callers: list[Caller]
    first: Caller
    people: dict[str, str]
    template: Template
    listing: str

    def of(self, side: str) -> Organisation:
        """The organisation of a side."""
        return self.organisations[side]

    def actor(self, side: str) -> Actor:
        """A person of a side with every role, as the actor of services; at the operator, ``first``."""
        return parties.actor_for(self.of(side), self.people[side])

    def everything(self, side: str) -> Caller:
        """The caller of a side that may whatever somebody of that side may."""
        return next(each for each in self.callers if each.name == f"{side}: {EVERYTHING}")

    @property
    def contracts(self) -> contracts.Market:
        """The market as the factories of contracts know it."""
        return contracts.Market(
            **{side: self.actor(side) for side in ("operator", "seller", "buyer", "stranger")},
            organisations=self.organisations,
            listing=self.listing,
            template=self.template,
        )

    @property
    def clearing(self) -> clearing.Market:
        """The market as the factories of clearing know it."""
        sides = {side: self.of(side) for side in ("seller", "buyer", "stranger")}
        return clearing.Market(operator=self.of("operator"), parties=sides)


def trader(label: str) -> Organisation:
    """A business that buys and sells, is paid out, and issues invoices."""
    number = parties.corporate_number()
    subject = parties.organisation(
        label,
        corporate_number=number,
        invoice_registration_number=f"T{number}",
        payout_account=parties.PAYOUT_ACCOUNT,
    )
    for segment in SEGMENTS:
        for capacity in ("seller", "buyer"):
            parties.admit(subject, segment, capacity)
    return subject


def make_world() -> World:
    """A market that is open, with one listing on sale."""
    organisations = {
        "operator": parties.organisation("運営", is_operator=True, payout_account=parties.PAYOUT_ACCOUNT),
        **{side: trader(side) for side in ("seller", "buyer", "stranger")},
    }
    rules.publish(RULES)
    template = library.standard()
    callers = nobody(organisations["stranger"])
    callers.append(all_roles("stranger", organisations["stranger"]))
    for side in ("operator", "seller", "buyer"):
        callers += people(side, organisations[side])
        callers += programs(side, organisations[side])
    first = {
        side: person(side, subject, "first", parties.roles_of(subject))
        for side, subject in organisations.items()
    }
    people_of = {
        side: str(User.objects.get(email=f"{side}-first@example.jp").public_id) for side in organisations
    }
    seller = parties.actor_for(organisations["seller"], people_of["seller"])
    world = World(organisations, callers, first["operator"], people_of, template, contracts.listing(seller))
    begin_clearing(world.clearing)
    return world


def begin_clearing(market: clearing.Market) -> None:
    """What clearing needs before its first trade."""
    for currency in ("JPY", "USD"):
        clearing.by_two(market, declare_funds_regime, currency=currency, **clearing.FUNDS_REGIME)
    open_first_cycle(actor=market.actor, currency="JPY")
    clearing.by_two(market, register_client_account, currency="JPY", **clearing.CLIENT_ACCOUNT)


def suspend(subject: Organisation, kind: str) -> None:
    """Suspend an organisation, as the market does."""
    participants.suspend_participant(
        actor=SYSTEM,
        organisation=subject.public_id,
        reason_code="review",
        reason="確認中",
        kind=kind,
        reference="令和8年第1号",
    )


def trustee(world: World, side: str) -> Caller:
    """The trustee of a side that is in insolvency proceedings, whom two people of the operator entered."""
    subject, operator = world.of(side), world.of("operator")
    made = participants.propose_trustee(
        actor=world.actor("operator"),
        organisation=subject.public_id,
        email="court-appointed@example.jp",
        name="管財 一郎",
        document="令和8年第1号",
        document_sha256="0" * 64,
    )
    second = User.objects.get(email=f"operator-{EVERYTHING}@example.jp")
    appointed = participants.appoint_trustee(
        actor=parties.actor_for(operator, second.public_id), appointment=made.public_id
    )
    assert appointed.user is not None
    return session_of(appointed.user, side, subject, "trustee", frozenset({"trustee"}))
