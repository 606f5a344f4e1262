"""Nobody gives a command about a participant in which it has declared an interest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clearing.approvals.halts import lift_halt_by_two
from clearing.models import Guarantee, SetOffRestraint
from clearing.shortfalls.services.restraints import lift_restraint, record_restraint
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.invariants import REGISTER
from marketplace.participants.interest_errors import Recused
from marketplace.participants.services import declare_interest
from marketplace.rules.models import Halt
from marketplace.rules.services import halt_trading
from tests.listings.factories import listing
from tests.participants.factories import actor_for, client_of
from tests.roles import unguarded

from .. import factories
from ..guaranteeing import people, reduce, register
from ..raw import refused, run

WHY = {"ja": "解消", "en": "Solved"}
ENDED = "UPDATE approvals_approval SET state = 'approved', ended_by = %s, ended_at = public.business_now() WHERE id = %s"


def related(person: Actor, market: factories.Market, name: str) -> None:
    stated = {
        "organisation": market.party(name).public_id,
        "kind": "family",
        "statement": "親族が勤務しています。",
    }
    declare_interest(actor=person, **stated)


def nobody_related_gives(market: factories.Market, command: Callable[..., Any], **stated: Any) -> None:
    """The first gave it, then declares its interest, as the second did: neither completes it; two others are needed."""
    with pytest.raises(SecondPersonNeeded):
        command(actor=market.actor, **stated)
    asked = Approval.objects.latest("pk")
    related(market.second, market, "seller")
    with pytest.raises(Recused):
        command(actor=market.second, **stated)
    refused(ENDED, market.second.identifier, asked.pk, because="declared an interest")
    other = actor_for(market.operator, "usr_third")
    related(market.actor, market, "seller")
    refused(ENDED, other.identifier, asked.pk, because="declared an interest")
    with pytest.raises(SecondPersonNeeded):
        command(actor=other, **stated)
    assert not Approval.objects.filter(subject=asked.subject, state="approved").exists()


def test_nobody_related_to_the_seller_lifts_a_halt_of_its_listing(market):
    offered = listing(market.party("seller"))
    halt = halt_trading(actor=market.actor, scope="listing", subject=offered.public_id, reason=WHY)
    nobody_related_gives(market, lift_halt_by_two, halt=halt.public_id, reason=WHY)
    assert Halt.objects.get().lifted_at is None
    # Two people who are not related do.
    lifted = client_of(market.operator).post(
        f"/api/v1/halts/{halt.public_id}/lift/", {"reason": WHY}, format="json"
    )
    assert lifted.status_code == 200
    assert Halt.objects.get().lifted_at is not None


def test_nobody_related_lifts_or_records_an_attachment(market):
    stated = {"kind": "attachment", "served_at": clock.now(), "reference": "令和8年(ル)第1号"}
    seller = market.party("seller").public_id
    restraint = record_restraint(actor=market.actor, organisation=seller, **stated)
    nobody_related_gives(market, lift_restraint, restraint=restraint.public_id, reason="取下げ")
    with pytest.raises(Recused):
        record_restraint(actor=market.actor, organisation=seller, **stated)
    assert SetOffRestraint.objects.count() == 1


def test_nobody_related_registers_or_reduces_a_guarantee(market):
    made = register(market, "seller", 50_000)
    related(people(market)[0], market, "seller")
    with pytest.raises(Recused):
        reduce(market, made, 1_000)
    with pytest.raises(Recused):
        register(market, "seller", 60_000)
    assert list(Guarantee.objects.values_list("amount_minor", flat=True)) == [50_000]


def test_the_database_recuses_who_is_related_from_commands(market):
    made = register(market, "seller", 50_000)
    related(people(market)[1], market, "seller")
    assert REGISTER["clearing.commanded_by_unrelated"].check() == []
    alone = (
        "INSERT INTO clearing_moneycommand (command, subject, payee, amount_minor, currency, given_by, given_on, given_at)"
        " SELECT 'clearing.refund', 'trd_none', %s, 1, 'JPY', 'usr_second', (public.business_now() AT TIME ZONE 'Asia/Tokyo')::date, public.business_now()"
    )
    refused(alone, market.party("seller").public_id, because="declared an interest")
    with unguarded("approvals_approval"):
        run(
            "UPDATE approvals_approval SET ended_at = ended_at + interval '1 minute' WHERE id = %s",
            made.approval_id,
        )
    assert len(REGISTER["clearing.commanded_by_unrelated"].check()) == 1
