"""Deposits, the operator's reserve, and claims that are collected or given up."""

from __future__ import annotations

import pytest

from clearing.bank.services import allocate_pay_in
from clearing.ledger.errors import InsufficientFunds
from clearing.ledger.queries import client_money, trial_balance
from clearing.models import BankEntry, Entry, Shortfall
from clearing.run.services.cycles import advance_cycle
from clearing.shortfalls.errors import ClaimOutstanding
from clearing.shortfalls.queries import Funds
from clearing.shortfalls.services.claims import write_off_claim
from clearing.shortfalls.services.deposits import pay_deposit, release_deposit
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing, PermissionNeeded
from marketplace.participants.services import suspend_participant
from tests.participants.factories import actor_for, client_of
from tests.standing import made_once

from .. import factories
from ..test_invariants import broken


def deposit(market: factories.Market, name: str, amount_minor: int) -> Funds:
    return pay_deposit(actor=actor_for(market.party(name)), amount_minor=amount_minor, currency="JPY")


def release(market: factories.Market, name: str, amount_minor: int, **changes) -> Funds:
    options = {"actor": market.actor, "reason": "退会"} | changes
    return release_deposit(organisation=market.party(name).public_id, amount_minor=amount_minor, **options)


def write_off(market: factories.Market, name: str, amount_minor: int, **changes) -> Funds:
    options = {"actor": market.actor, "reason": "破産手続の終結"} | changes
    return write_off_claim(organisation=market.party(name).public_id, amount_minor=amount_minor, **options)


def books(market: factories.Market) -> dict[str, int]:
    return {row["kind"]: row["balance_minor"] for row in trial_balance("JPY") if row["balance_minor"]}


@made_once
def owing(market):
    """A seller that the reserve of 1,000 has lent 550."""
    factories.fund_reserve(market, 1_000)
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    factories.settle(market, factories.clear(market))
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.settle(market, factories.clear(market))
    return market


def test_a_participant_keeps_money_back_and_gets_it_released(market):
    factories.pay_in(market, "seller", 1_000)
    has = deposit(market, "seller", 400)
    assert (has.available_minor, has.deposit_minor, has.claim_minor) == (600, 400, 0)
    assert release(market, "seller", 150).deposit_minor == 250
    assert factories.available(market, "seller") == 750
    kinds = [record.kind for record in EvidenceRecord.objects.filter(kind__contains="deposit").order_by("pk")]
    assert kinds == ["clearing.deposit_paid", "clearing.deposit_released"]
    released = EvidenceRecord.objects.get(kind="clearing.deposit_released")
    assert (released.actor, released.payload["reason"], released.payload["amount_minor"]) == (
        market.actor.identifier,
        "退会",
        150,
    )
    assert broken() == {}


def test_nobody_deposits_or_releases_what_is_not_there(market):
    factories.pay_in(market, "seller", 100)
    before = Entry.objects.count()
    with pytest.raises(InsufficientFunds):
        deposit(market, "seller", 101)
    with pytest.raises(InsufficientFunds):
        release(market, "seller", 1)
    for amount in (0, -5, 10**16):
        for call in (deposit, release, write_off):
            with pytest.raises(FieldInvalid):
                call(market, "seller", amount)
    with pytest.raises(FieldInvalid):
        pay_deposit(actor=actor_for(market.party("seller")), amount_minor=1, currency="XXX")
    assert (Entry.objects.count(), factories.available(market, "seller")) == (before, 100)


def test_deposits_are_a_participant_s_and_released_by_the_operator(market):
    factories.pay_in(market, "seller", 100)
    deposit(market, "seller", 100)
    before = Entry.objects.count()
    with pytest.raises(PermissionNeeded):
        pay_deposit(actor=market.actor, amount_minor=1, currency="JPY")
    with pytest.raises(Forbidden):
        pay_deposit(actor=Actor("nobody", Role.PARTICIPANT), amount_minor=1, currency="JPY")
    for call in (release, write_off):
        with pytest.raises(Forbidden):
            call(market, "seller", 1, actor=actor_for(market.party("seller")))
        with pytest.raises(FieldInvalid):
            call(market, "seller", 1, reason=" ")
    with pytest.raises(Missing):
        release_deposit(actor=market.actor, organisation="org_none", amount_minor=1, reason="x")
    assert (Entry.objects.count(), factories.balance(market, "seller", "deposit")) == (before, 100)


def test_a_released_deposit_secures_waiting_trades(market):
    factories.pay_in(market, "buyer", 1_100)
    deposit(market, "buyer", 1_100)
    trade = factories.conclude(market, "buyer", "seller", 1_000)
    assert trade.state == "concluded"
    release(market, "buyer", 1_100)
    trade.refresh_from_db()
    assert (trade.state, broken()) == ("secured", {})


def test_a_deposit_stays_while_its_owner_owes_the_market(owing):
    factories.pay_in(owing, "seller", 300)
    deposit(owing, "seller", 300)
    with pytest.raises(ClaimOutstanding) as refused:
        release(owing, "seller", 1)
    assert refused.value.fields["claim_minor"] == 550
    assert factories.balance(owing, "seller", "deposit") == 300


def test_what_the_operator_pays_in_under_its_reference_is_its_reserve(market):
    factories.fund_reserve(market, 5_000)
    booking = BankEntry.objects.get()
    assert (booking.match, booking.organisation_id) == ("reserve", market.operator.pk)
    assert books(market) == {"reserve": 5_000, "bank_client": 5_000}
    assert OutboxEvent.objects.filter(type="payment.received").count() == 0
    money = client_money("JPY")
    assert (money.owed_minor, money.operator_minor) == (0, 5_000)
    assert broken() == {}


def test_a_claim_is_written_off_against_the_reserve(owing):
    """The claim of 550 shrinks to 250 and the reserve of 1,000 to 700: what is owed to participants stays."""
    before = client_money("JPY")
    assert write_off(owing, "seller", 300).claim_minor == 250
    after = books(owing)
    assert (after["claim"], after["reserve"], after.get("write_off", 0)) == (250, 700, 0)
    assert client_money("JPY") == before
    record = EvidenceRecord.objects.get(kind="clearing.claim_written_off")
    assert (record.subject, record.actor) == (owing.party("seller").public_id, owing.actor.identifier)
    assert record.payload == {"amount_minor": 300, "currency": "JPY", "reason": "破産手続の終結"}
    with pytest.raises(InsufficientFunds):
        write_off(owing, "seller", 251)
    assert (books(owing)["claim"], broken()) == (250, {})


def test_a_cycle_is_settled_once_its_claims_are_written_off(owing):
    cycle = Shortfall.objects.get().cycle
    assert cycle.state == "partial"
    write_off(owing, "seller", 550)
    assert advance_cycle(cycle=cycle.public_id) == "settled"
    assert broken() == {}


def test_a_receipt_of_a_suspended_participant_pays_its_claim_first(owing):
    factories.pay_in(owing, "seller", 100)
    assert (factories.available(owing, "seller"), factories.balance(owing, "seller", "claim")) == (100, 550)
    suspend_participant(
        actor=owing.actor, organisation=owing.party("seller").public_id, reason_code="test", reason="試験"
    )
    factories.pay_in(owing, "seller", 250)
    assert (factories.available(owing, "seller"), factories.balance(owing, "seller", "claim")) == (0, 200)
    factories.receive(owing, [factories.booking("credit", 300, "no reference")])
    receipt = BankEntry.objects.get(match="unallocated")
    allocate_pay_in(
        actor=owing.actor, bank_entry=receipt.public_id, organisation=owing.party("seller").public_id
    )
    assert (factories.available(owing, "seller"), factories.balance(owing, "seller", "claim")) == (100, 0)
    collected = EvidenceRecord.objects.filter(kind="clearing.claim_collected").order_by("pk")
    assert [record.payload["amount_minor"] for record in collected] == [350, 200]
    assert broken() == {}


def test_deposits_and_claims_over_http(owing):
    seller, stranger, operator = (
        client_of(organisation)
        for organisation in (owing.party("seller"), owing.party("stranger"), owing.operator)
    )
    factories.pay_in(owing, "seller", 500)
    key = {"HTTP_IDEMPOTENCY_KEY": "one"}
    first = seller.post("/api/v1/deposits/", {"amount_minor": 200}, format="json", **key)
    again = seller.post("/api/v1/deposits/", {"amount_minor": 200}, format="json", **key)
    assert (first.status_code, first.json()) == (201, again.json())
    assert first.json() == {
        "organisation": owing.party("seller").public_id,
        "currency": "JPY",
        "available_minor": 300,
        "deposit_minor": 200,
        "claim_minor": 550,
    }
    assert seller.post("/api/v1/deposits/", {"amount_minor": 301}, format="json").status_code == 409
    assert stranger.post("/api/v1/deposits/", {"amount_minor": 1}, format="json").status_code == 409
    of_seller = {"organisation": owing.party("seller").public_id, "amount_minor": 550, "reason": "x"}
    for client in (seller, stranger):
        for path in ("deposits/release", "claims/write-off"):
            assert client.post(f"/api/v1/{path}/", of_seller, format="json").status_code == 403
    assert operator.post("/api/v1/deposits/release/", of_seller, format="json").status_code == 409
    written = operator.post("/api/v1/claims/write-off/", of_seller, format="json")
    assert (written.status_code, written.json()["claim_minor"]) == (200, 0)
    released = operator.post("/api/v1/deposits/release/", of_seller | {"amount_minor": 200}, format="json")
    assert (released.status_code, released.json()["deposit_minor"]) == (200, 0)
    assert operator.post("/api/v1/claims/write-off/", of_seller, format="json").status_code == 409
    assert broken() == {}


def test_shortfalls_are_shown_to_whose_they_are(owing, django_assert_num_queries):
    seller, stranger, operator = (
        client_of(organisation)
        for organisation in (owing.party("seller"), owing.party("stranger"), owing.operator)
    )
    (shown,) = seller.get("/api/v1/shortfalls/").json()["results"]
    assert (shown["missing_minor"], shown["lent_minor"], shown["deferred_minor"]) == (550, 550, 0)
    assert operator.get("/api/v1/shortfalls/").json()["results"] == [shown]
    assert stranger.get("/api/v1/shortfalls/").json()["results"] == []
