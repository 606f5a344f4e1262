"""Refunds, penalties and their undoing: after acceptance, within what was paid, by the operator, once."""

from __future__ import annotations

import pytest

from clearing.models import Obligation
from clearing.trades.errors import BeyondCaptured, NotAcceptedYet, NotReversible
from clearing.trades.obligation_reference import obligation_reference, parse_obligation_reference
from clearing.trades.services.corrections import penalise_trade, refund_trade, reverse_obligation
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.invariants import verify_all
from tests.participants import factories as participants
from tests.participants.factories import client_of
from tests.standing import made_once

from .. import factories
from ..accepting import accept_used


def clean() -> bool:
    return {name: rows for name, rows in verify_all("clearing").items() if rows} == {}


@made_once
def trade(market):
    """An accepted trade of 10,000 with 1,000 of tax and a fee of 500."""
    return factories.accepted(market, "buyer", "seller", 10_000)


def refund(market, trade, amount_minor=None, reason="half was missing"):
    return refund_trade(actor=market.actor, trade=trade.public_id, amount_minor=amount_minor, reason=reason)


def penalise(market, trade, debtor, amount_minor, reason="late"):
    return penalise_trade(
        actor=market.actor,
        trade=trade.public_id,
        debtor=market.party(debtor).public_id,
        amount_minor=amount_minor,
        reason=reason,
    )


def reverse(market, obligation, reason="ordered for the wrong trade"):
    name = obligation_reference(obligation.trade.public_id, obligation.pk)
    return reverse_obligation(actor=market.actor, obligation=name, reason=reason)


def kinds() -> list[tuple[str, int, int]]:
    rows = Obligation.objects.order_by("pk").values_list("kind", "amount_minor", "tax_minor")
    return [row for row in rows if row[0] not in ("purchase", "fee")]


def test_a_part_is_refunded_with_its_tax(market, trade):
    made = refund(market, trade, 4_005)
    assert (made.debtor_id, made.creditor_id) == (trade.seller_id, trade.buyer_id)
    assert (made.amount_minor, made.tax_minor, made.tax_rate_bp) == (4_005, 400, 1_000)
    assert kinds() == [("refund", 4_005, 400)]
    record = EvidenceRecord.objects.get(kind="clearing.trade_refund_ordered")
    assert (record.actor, record.payload["reason"]) == (market.actor.identifier, "half was missing")
    factories.clear(market)
    assert factories.balance(market, "buyer", "receivable") == 4_405
    assert factories.balance(market, "seller", "receivable") == 11_000 - 550 - 4_405
    assert clean()


def test_the_whole_price_comes_back_to_the_yen_and_the_fee_with_it(market):
    trade = factories.accepted(market, "buyer", "seller", 19)
    refund(market, trade, 9)
    refund(market, trade)
    # 10% of 9 is cut off to nothing; the rest gives back all the tax that is left.
    assert kinds() == [("refund", 9, 0), ("refund", 10, 1), ("fee_refund", 19, 1)]
    factories.clear(market)
    assert factories.balance(market, "buyer", "receivable") == 20
    assert factories.balance(market, "seller", "receivable") == 0
    assert clean()


def test_a_rulebook_may_keep_the_fee(db):
    market = factories.market(factories.RULEBOOK | {"parameters": {"refund_returns_fee": False}})
    refund(market, factories.accepted(market, "buyer", "seller", 10_000))
    assert kinds() == [("refund", 10_000, 1_000)]


def test_never_more_is_refunded_than_is_left(market, trade):
    factories.adjust(market, trade, "seller", "buyer", 3_000)
    refund(market, trade, 5_000)
    with pytest.raises(BeyondCaptured) as caught:
        refund(market, trade, 2_001)
    assert caught.value.fields["remaining_minor"] == 2_000
    refund(market, trade)
    for amount_minor in (None, 1):
        with pytest.raises(BeyondCaptured):
            refund(market, trade, amount_minor)
    assert kinds() == [
        ("adjustment", 3_000, 300),
        ("refund", 5_000, 500),
        ("refund", 2_000, 200),
        ("fee_refund", 500, 50),
    ]


def test_of_a_used_period_only_what_was_captured_is_refunded(market):
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "buyer", 11_000)
    accept_used(trade, 3_000)
    with pytest.raises(BeyondCaptured):
        refund(market, trade, 3_001)
    assert refund(market, trade).amount_minor == 3_000


def test_before_acceptance_a_complaint_is_the_way(market):
    factories.pay_in(market, "buyer", 11_000)
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    with pytest.raises(NotAcceptedYet):
        refund(market, trade)
    with pytest.raises(NotAcceptedYet):
        penalise(market, trade, "seller", 5)
    for kind in ("refund", "penalty"):
        with pytest.raises(NotAcceptedYet):
            factories.adjust(market, trade, "seller", "buyer", 5, kind=kind)
    assert Obligation.objects.count() == 0


def test_a_penalty_carries_no_tax_either_way(market, trade):
    made = penalise(market, trade, "seller", 700)
    assert (made.debtor_id, made.creditor_id, made.tax_minor, made.tax_rate_bp) == (
        trade.seller_id,
        trade.buyer_id,
        0,
        0,
    )
    penalise(market, trade, "buyer", 50)
    assert kinds() == [("penalty", 700, 0), ("penalty", 50, 0)]
    assert EvidenceRecord.objects.filter(kind="clearing.trade_penalised").count() == 2
    factories.clear(market)
    assert clean()


def test_a_refund_and_a_penalty_may_be_decided_elsewhere(market, trade):
    factories.adjust(market, trade, "seller", "buyer", 105, kind="refund")
    factories.adjust(market, trade, "seller", "buyer", 105, kind="penalty")
    assert kinds() == [("refund", 105, 10), ("penalty", 105, 0)]
    with pytest.raises(BeyondCaptured):
        factories.adjust(market, trade, "seller", "buyer", 9_896, kind="refund")
    with pytest.raises(ValueError, match="is not a kind of correction"):
        factories.adjust(market, trade, "seller", "buyer", 1, kind="purchase")
    assert len(kinds()) == 2


def test_a_correction_is_undone_once(market, trade):
    made = penalise(market, trade, "seller", 700)
    factories.clear(market)
    undone = reverse(market, made)
    assert (undone.reverses_id, undone.debtor_id, undone.amount_minor) == (made.pk, trade.buyer_id, 700)
    for again in (made, undone):
        with pytest.raises(NotReversible):
            reverse(market, again)
    record = EvidenceRecord.objects.get(kind="clearing.obligation_reversed")
    assert (record.actor, record.payload["reason"]) == (
        market.actor.identifier,
        "ordered for the wrong trade",
    )
    assert len(kinds()) == 2
    factories.clear(market)
    assert clean()


def test_what_a_reversed_refund_gave_back_may_be_given_back_again(market, trade):
    reverse(market, refund(market, trade))
    assert refund(market, trade, 10_000).tax_minor == 1_000
    # The fee went back with the first refund, and not once more.
    assert [kind for kind, _, _ in kinds()] == ["refund", "fee_refund", "refund", "refund"]
    factories.clear(market)
    assert clean()


def test_price_and_fee_are_not_undone_so(market, trade):
    for obligation in Obligation.objects.order_by("pk"):
        with pytest.raises(NotReversible):
            reverse(market, obligation)
    for name in ("obl_x", f"obl_{trade.public_id[4:]}_999999999", f"obl_01JABC_{obligation.pk}"):
        with pytest.raises(Missing):
            reverse_obligation(actor=market.actor, obligation=name, reason="r")
    assert Obligation.objects.count() == 2


def test_only_the_operator_corrects_and_says_why(market, trade):
    seller = participants.actor_for(market.party("seller"))
    made = penalise(market, trade, "seller", 700)
    name = obligation_reference(trade.public_id, made.pk)
    with pytest.raises(Forbidden):
        refund_trade(actor=seller, trade=trade.public_id, reason="r")
    with pytest.raises(Forbidden):
        penalise_trade(actor=seller, trade=trade.public_id, debtor="x", amount_minor=1, reason="r")
    with pytest.raises(Forbidden):
        reverse_obligation(actor=seller, obligation=name, reason="r")
    for reason in ("", "  ", "x" * 2_001, "nul\x00"):
        with pytest.raises(FieldInvalid):
            refund(market, trade, 5, reason)
        with pytest.raises(FieldInvalid):
            reverse(market, made, reason)
    with pytest.raises(FieldInvalid):
        refund(market, trade, 0)
    with pytest.raises(FieldInvalid):
        penalise(market, trade, "stranger", 5)
    assert kinds() == [("penalty", 700, 0)]


def test_an_obligation_is_named_by_its_trade_and_its_key():
    name = obligation_reference("trd_01JABCDEFGHJKMNPQRSTVWXYZ0", 17)
    assert name == "obl_01JABCDEFGHJKMNPQRSTVWXYZ0_17"
    assert parse_obligation_reference(name) == ("trd_01JABCDEFGHJKMNPQRSTVWXYZ0", 17)
    for wrong in ("obl_1", "trd_01J_17", "obl_01J_017", "obl_01J_0", f"obl_01J_{'9' * 19}", "obl_01J_17 "):
        assert parse_obligation_reference(wrong) is None


def test_corrections_over_http(market, trade):
    operator, buyer = client_of(market.operator), client_of(market.party("buyer"))
    stranger = client_of(market.party("stranger"))
    path = f"/api/v1/trades/{trade.public_id}"
    body = {"amount_minor": 1_000, "reason": "one file was empty"}
    for client in (buyer, stranger):
        assert client.post(f"{path}/refund/", body, format="json").status_code == 403
        penalty = {"debtor": market.party("seller").public_id, "amount_minor": 9, "reason": "late"}
        assert client.post(f"{path}/penalty/", penalty, format="json").status_code == 403
    for wrong in (
        {"amount_minor": 0, "reason": "x"},
        {"reason": ""},
        {"amount_minor": 1, "reason": "x", "tax": 1},
    ):
        assert operator.post(f"{path}/refund/", wrong, format="json").status_code == 422
    assert kinds() == []
    headers = {"Idempotency-Key": "refund-1"}
    first = operator.post(f"{path}/refund/", body, format="json", headers=headers)
    again = operator.post(f"{path}/refund/", body, format="json", headers=headers)
    assert (first.status_code, again.json()) == (201, first.json())
    shown = first.json()
    assert (shown["kind"], shown["amount_minor"], shown["tax_minor"], shown["stage"]) == (
        "refund",
        1_000,
        100,
        "gross",
    )
    assert kinds() == [("refund", 1_000, 100)]
    assert operator.post(f"{path}/penalty/", penalty, format="json").status_code == 201
    refused = operator.post(f"{path}/refund/", {"amount_minor": 9_001, "reason": "x"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "beyond_captured")
    reversal = f"/api/v1/obligations/{shown['id']}/reverse/"
    assert buyer.post(reversal, {"reason": "x"}, format="json").status_code == 403
    undone = operator.post(reversal, {"reason": "wrong trade"}, format="json")
    assert (undone.status_code, undone.json()["reverses"]) == (201, shown["id"])
    assert operator.post(reversal, {"reason": "x"}, format="json").status_code == 409
    assert operator.post("/api/v1/trades/trd_none/refund/", {"reason": "x"}, format="json").status_code == 404


def test_obligations_are_seen_by_who_owes_and_who_is_owed(market, trade, django_assert_num_queries):
    seller, buyer = client_of(market.party("seller")), client_of(market.party("buyer"))
    operator, stranger = client_of(market.operator), client_of(market.party("stranger"))

    def rows(client, query=""):
        answer = client.get(f"/api/v1/obligations/{query}")
        assert answer.status_code == 200, answer.content
        return answer.json()["results"]

    assert [row["kind"] for row in rows(buyer)] == ["purchase"]
    assert sorted(row["kind"] for row in rows(seller)) == ["fee", "purchase"]
    assert (len(rows(operator)), rows(stranger)) == (2, [])
    (shown,) = rows(seller, "?kind=purchase&amount_minor_min=10000")
    assert shown == buyer.get(f"/api/v1/obligations/{shown['id']}/").json()
    assert stranger.get(f"/api/v1/obligations/{shown['id']}/").status_code == 404
    assert (shown["debtor"], shown["creditor"], shown["trade"], shown["stage"], shown["final_at"]) == (
        market.party("buyer").public_id,
        market.party("seller").public_id,
        trade.public_id,
        "gross",
        None,
    )
    assert shown["legal_basis"] == "assumption_with_release"
    fee = next(row for row in rows(seller) if row["kind"] == "fee")
    assert buyer.get(f"/api/v1/obligations/{fee['id']}/").status_code == 404
    cycle = factories.clear(market)
    (taken,) = rows(buyer)
    assert (taken["stage"], taken["final_at"] is not None) == ("taken_over", True)
    factories.settle(market, cycle)
    (over,) = rows(buyer)
    assert (over["stage"], over["stage_label"]["en"]) == ("discharged", "discharged by settlement")


def test_a_list_of_obligations_takes_as_many_queries_for_many(market, django_assert_num_queries):
    client = client_of(market.operator)
    factories.accepted(market, "buyer", "seller", 10_000)
    client.get("/api/v1/obligations/")
    with django_assert_num_queries(3):
        assert len(client.get("/api/v1/obligations/").json()["results"]) == 2
    for name in ("one", "two"):
        factories.accepted(market, name, "seller", 10_000)
    with django_assert_num_queries(3):
        assert len(client.get("/api/v1/obligations/").json()["results"]) == 6
