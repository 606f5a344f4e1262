"""Requests that succeed, of the standing of organisations and their people: facts, accounts, suspensions, trustees, leaving."""

from __future__ import annotations

from clearing.models import SettlementInstruction
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.suspensions import SuspensionKind
from marketplace.participants import services
from marketplace.participants.fact_views import EXAMPLE as FACTS_EXAMPLE
from marketplace.participants.models import FactChange, Membership, Suspension, User
from marketplace.participants.payout_views import EXAMPLE as ACCOUNT_EXAMPLE
from marketplace.participants.trustee_views import EXAMPLE as TRUSTEE_EXAMPLE
from tests.clearing import factories
from tests.participants import factories as parties
from tests.participants import recoveries
from tests.participants.accounts import settled

from .callers import EVERYTHING
from .requests import EVERYBODY, Request, Table
from .world import World, suspend

TABLE = Table()
REASON = {"reason": "確認済み"}
COURT = {"document": "令和8年(フ)第9号", "document_sha256": "0" * 64}


def person_of(side: str) -> User:
    """The person who is the caller of a side with every role."""
    return User.objects.get(email=f"{side}-{EVERYTHING}@example.jp")


def colleague(world: World, side: str = "buyer", role: str = "trader") -> str:
    """The membership of a new person of a side."""
    person = parties.person_of(world.of(side), "colleague", (role,))
    return str(Membership.objects.get(user=person).public_id)


def fact_change(world: World) -> str:
    """A change of the buyer's address."""
    services.change_facts(
        actor=world.actor("buyer"), facts={"address": "大阪府大阪市1-1"}, document="履歴事項全部証明書"
    )
    return str(FactChange.objects.latest("pk").public_id)


def account_change(world: World) -> str:
    """Another account of the buyer, which a second person has to confirm."""
    return services.propose_payout_account(actor=world.actor("buyer"), **ACCOUNT_EXAMPLE).public_id


def account_to_confirm(world: World) -> str:
    """One that everybody of the buyer may confirm whose role allows it, because nobody is new; not the trustee, for whom whoever
    proposed it acts no more."""
    settled(*User.objects.filter(email__startswith="buyer-"))
    return account_change(world)


def reset(world: World) -> str:
    """The reset of the second factor of a colleague, in its waiting time."""
    made = services.ask_second_factor_reset(
        actor=world.actor("buyer"), member=colleague(world), reason="端末の紛失"
    )
    return made.public_id


def reset_by_two(world: World) -> str:
    """One at the operator, which a second owner has to confirm."""
    lost = colleague(world, "operator", "support")
    made = services.ask_second_factor_reset(actor=world.actor("operator"), member=lost, reason="端末の紛失")
    assert made.state == "proposed"
    return made.public_id


def ask_reset(world: World) -> dict[str, str]:
    return {"member": colleague(world), **REASON}


def suspension(world: World, kind: str = SuspensionKind.ATTACHMENT) -> str:
    """A suspension of the buyer, by a document of its own."""
    services.suspend_participant(
        actor=SYSTEM,
        organisation=world.of("buyer").public_id,
        kind=kind,
        reason_code="court_order",
        reason="裁判所の決定",
        reference=COURT["document"],
    )
    return str(Suspension.objects.latest("pk").public_id)


def propose_trustee(world: World, organisation: str) -> str:
    """The proposal of a trustee, by a first person."""
    stated = {**TRUSTEE_EXAMPLE, **COURT, "organisation": organisation}
    return services.propose_trustee(actor=world.actor("operator"), **stated).public_id


def insolvent(_world: World) -> str:
    """Another organisation, in insolvency proceedings."""
    subject = parties.organisation("倒産")
    suspend(subject, SuspensionKind.INSOLVENCY)
    return subject.public_id


def trustee_of_buyer(world: World) -> str:
    """A trustee who is proposed for the buyer."""
    suspension(world, SuspensionKind.INSOLVENCY)
    return propose_trustee(world, world.of("buyer").public_id)


def trustee(world: World) -> str:
    """A trustee who is proposed for another organisation."""
    return propose_trustee(world, insolvent(world))


def state_trustee(world: World) -> dict[str, str]:
    return {**TRUSTEE_EXAMPLE, "organisation": insolvent(world)}


def take_over(world: World) -> Request:
    """A program that was offered to the person with every role."""
    program = parties.application_of(world.of("buyer")).public_id
    person = person_of("buyer").public_id
    services.offer_program(actor=world.actor("buyer"), application=program, person=person)
    return Request((program,))


def join(world: World) -> Request:
    """The token of an invitation to another organisation, for the person with every role."""
    address = person_of("buyer").email
    row = services.invite(actor=world.actor("stranger"), email=address, roles=("trader",))
    return Request(body={"token": parties.token_in_mail(row)})


def waiting_recovery(world: World) -> str:
    """The recovery of an owner of the buyer, in its waiting time."""
    return recoveries.waiting(world.of("buyer"), world.of("operator")).public_id


def object_by_mail(world: World) -> Request:
    """The token that a known contact got by mail."""
    row = recoveries.waiting(world.of("buyer"), world.of("operator"))
    return Request(body={"token": parties.token_in_mail(row), **REASON})


def payment_under_sanctions(world: World) -> str:
    """The payment to the seller, which is put under sanctions before it is sent."""
    factories.accepted(world.clearing, "buyer", "seller", 10_000)
    cycle = factories.clear(world.clearing)
    suspend(world.of("seller"), SuspensionKind.SANCTIONS)
    return str(SettlementInstruction.objects.get(cycle=cycle, organisation=world.of("seller")).public_id)


TABLE.listed("fact-changes/", "buyer", fact_change)
TABLE.sent("fact-changes/", "buyer", FACTS_EXAMPLE)
TABLE.listed("payout-account-changes/", "buyer", account_change)
TABLE.sent("payout-account-changes/", "buyer", ACCOUNT_EXAMPLE)
TABLE.of_row("POST payout-account-changes/{}/confirm/", "buyer", account_to_confirm, is_narrowed=True)
TABLE.of_row("POST payout-account-changes/{}/stop/", "buyer", account_change, REASON)
TABLE.listed("second-factor-resets/", "buyer", reset)
TABLE.sent("second-factor-resets/", "buyer", ask_reset)
TABLE.of_row("POST second-factor-resets/{}/confirm/", "operator", reset_by_two)
TABLE.of_row("POST second-factor-resets/{}/stop/", "buyer", reset, is_narrowed=True)
TABLE.listed("suspensions/", "buyer", suspension)
TABLE.listed("trustee-appointments/", "buyer", trustee_of_buyer)
TABLE.sent("trustee-appointments/", "operator", state_trustee)
TABLE.of_row("POST trustee-appointments/{}/appoint/", "operator", trustee)
TABLE.of_row("POST trustee-appointments/{}/withdraw/", "operator", trustee)
TABLE.sent("members/leave/", "buyer", None)
TABLE.of_row(
    "POST members/{}/revoke-role/", "buyer", colleague, {"role": "trader", **REASON}, is_narrowed=True
)
TABLE.example("POST applications/{}/take-over/", "buyer", is_narrowed=True)(take_over)
TABLE.example("POST invitations/join/", "buyer", is_narrowed=True)(join)
TABLE.example("POST invitations/object/", EVERYBODY)(object_by_mail)
TABLE.of_row("POST owner-recoveries/{}/object/", "buyer", waiting_recovery, REASON)
TABLE.of_row(
    "POST settlement-instructions/{}/permit/",
    "operator",
    payment_under_sanctions,
    {"number": "財国第1234号", "authority": "財務大臣"},
    takes_two=True,
)
