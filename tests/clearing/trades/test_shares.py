"""Claw-back: what beneficiaries give back of their shares once the price of a trade was given back."""

from __future__ import annotations

import pytest

from clearing.models import NetPosition, Obligation
from clearing.trades.errors import BeyondShare
from clearing.trades.services.corrections import refund_trade
from clearing.trades.services.shares import claw_back_share
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.schemas.contracts import Beneficiary
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.invariants import verify_all
from tests.participants.factories import actor_for, client_of
from tests.roles import unguarded
from tests.standing import made_once

from .. import factories
from ..raw import OBLIGATION, refused, run


def broken() -> dict[str, object]:
    return {name: rows for name, rows in verify_all("clearing").items() if rows}


@made_once
def shared(market):
    """A trade of 10,000 of which a person gets 30 %, settled."""
    shares = (Beneficiary(organisation=market.party("person").public_id, share_bp=3_000),)
    trade = factories.accepted(market, "buyer", "seller", 10_000, beneficiaries=shares)
    assert Obligation.objects.get(trade=trade, kind="share").amount_minor == 3_000
    return trade


def claw_back(market, trade, amount_minor, *, beneficiary: str = "person") -> Obligation:
    return claw_back_share(
        actor=market.actor,
        trade=trade.public_id,
        beneficiary=market.party(beneficiary).public_id,
        amount_minor=amount_minor,
        reason="返金のため",
    )


def test_a_share_comes_back_as_far_as_the_price_did(market, shared):
    with pytest.raises(BeyondShare):
        claw_back(market, shared, 1)
    refund_trade(actor=market.actor, trade=shared.public_id, amount_minor=5_000, reason="half")
    with pytest.raises(BeyondShare) as refusal:
        claw_back(market, shared, 1_501)
    assert refusal.value.fields["remaining_minor"] == 1_500
    assert Obligation.objects.filter(kind="share_return").count() == 0
    made = claw_back(market, shared, 1_000)
    assert (made.debtor_id, made.creditor_id, made.tax_minor, made.beneficiary_key) == (
        market.party("person").pk,
        shared.seller_id,
        0,
        market.party("person").corporate_number,
    )
    claw_back(market, shared, 500)
    with pytest.raises(BeyondShare):
        claw_back(market, shared, 1)
    factories.clear(market)
    parts = {row.organisation_id: row for row in NetPosition.objects.all()}
    person, seller = parts[market.party("person").pk], parts[shared.seller_id]
    assert (person.shares_received_minor, person.shares_paid_minor) == (3_000, -1_500)
    assert (seller.shares_received_minor, seller.shares_paid_minor) == (1_500, -3_000)
    assert broken() == {}


def test_a_share_is_clawed_back_over_http_by_the_operator_only(market, shared):
    refund_trade(actor=market.actor, trade=shared.public_id, amount_minor=None, reason="undone")
    path = f"/api/v1/trades/{shared.public_id}/claw-back/"
    body = {"beneficiary": market.party("person").public_id, "amount_minor": 3_000, "reason": "undone"}
    headers = {"Idempotency-Key": "claw-1"}
    assert client_of(market.party("seller")).post(path, body, headers=headers).status_code == 403
    assert Obligation.objects.filter(kind="share_return").count() == 0
    operator = client_of(market.operator)
    assert operator.post(path, body | {"amount_minor": 0}, headers=headers).status_code == 422
    made = operator.post(path, body, headers={"Idempotency-Key": "claw-2"})
    assert (made.status_code, made.json()["kind"], made.json()["amount_minor"]) == (
        201,
        "share_return",
        3_000,
    )
    again = operator.post(path, body | {"amount_minor": 1}, headers={"Idempotency-Key": "claw-3"})
    assert (again.status_code, again.json()["code"]) == (409, "beyond_share")
    assert Obligation.objects.filter(kind="share_return").count() == 1


def test_only_a_beneficiary_of_the_trade_gives_back(market, shared):
    refund_trade(actor=market.actor, trade=shared.public_id, amount_minor=None, reason="undone")
    for name in ("stranger", "buyer", "seller"):
        with pytest.raises(FieldInvalid):
            claw_back(market, shared, 1, beneficiary=name)
    assert Obligation.objects.filter(kind="share_return").count() == 0


def test_a_large_share_needs_a_second_person(market):
    shares = (Beneficiary(organisation=market.party("person").public_id, share_bp=5_000),)
    trade = factories.accepted(market, "buyer", "seller", 4_000_000, beneficiaries=shares)
    second = actor_for(market.operator, "usr_second")
    for actor in (market.actor, second):
        try:
            refund_trade(actor=actor, trade=trade.public_id, amount_minor=None, reason="undone")
        except SecondPersonNeeded:
            continue
    with pytest.raises(SecondPersonNeeded):
        claw_back(market, trade, 1_500_000)
    assert Obligation.objects.filter(kind="share_return").count() == 0


def test_the_database_refuses_what_passes_the_share(market, shared):
    refund_trade(actor=market.actor, trade=shared.public_id, amount_minor=5_000, reason="half")
    person, stranger = market.party("person"), market.party("stranger")
    row = (
        f"{OBLIGATION[: -len(' VALUES ')].replace('source', 'beneficiary_key, source')}"
        " VALUES (%s, 'share_return', %s, %s, %s, 0, 0, 'JPY', %s, 'market_terms', %s, 'raw', now())"
    )
    for debtor, creditor, amount, key, because in (
        (person, shared.seller_id, 1_501, person.corporate_number, "exceeds the part of the price"),
        (stranger, shared.seller_id, 1, stranger.corporate_number, "is no share of it"),
        (person, shared.buyer_id, 1, person.corporate_number, "differs from the trade"),
        (person, shared.seller_id, 1, None, "obligation_beneficiary"),
    ):
        refused(row, shared.pk, debtor.pk, creditor, amount, market.cycle.pk, key, because=because)
    assert Obligation.objects.filter(kind="share_return").count() == 0
    with unguarded("clearing_obligation"):
        run(row, shared.pk, person.pk, shared.seller_id, 3_001, market.cycle.pk, person.corporate_number)
    assert "clearing.given_within_limits" in broken()
