"""Any yen can be walked back to trades, agreements and evidence, and forward to the bank."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clearing.ledger.queries import balances_at
from clearing.ledger.states import LineKind
from clearing.models import Entry, Posting, SettlementInstruction
from clearing.reports.tracing import obligations_behind, trace_entry
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.money import share_of
from tests.participants.factories import client_of
from tests.standing import made_once

from .. import factories


@made_once
def settled(market):
    """Two sales of b to a, one of a to b, a correction, all cleared and paid."""
    market.trades = [
        factories.accepted(market, "a", "b", 10_005),
        factories.accepted(market, "a", "b", 20_010),
        factories.accepted(market, "b", "a", 777),
    ]
    factories.adjust(market, market.trades[0], "b", "a", 105)
    market.settled = factories.settle(market, factories.clear(market))
    assert market.settled.state == "settled"
    return market


def entry_of(market, name: str, kind: str) -> Entry:
    return Entry.objects.filter(organisation=market.party(name), kind=kind).order_by("pk").first()


def test_each_line_of_a_cycle_is_the_sum_of_its_obligations(settled):
    summed = 0
    for entry in Entry.objects.filter(kind="cycle"):
        for posting in Posting.objects.filter(entry=entry, amount_minor__gt=0):
            behind = list(obligations_behind(entry, posting.line))
            if posting.line in (LineKind.FEE_TAX, LineKind.FEE_REFUND_TAX):
                total = share_of(sum(row.amount_minor for row in behind), 1_000)
            else:
                total = sum(row.amount_minor + row.tax_minor for row in behind)
            assert (posting.line, total) == (posting.line, posting.amount_minor)
            summed += 1
    assert summed == 10


def test_a_cycle_s_entry_leads_to_the_bank(settled):
    entry = entry_of(settled, "b", "cycle")
    walked = trace_entry(entry)
    assert walked["back"]["cycle"] == settled.settled.public_id
    (payment,) = walked["forward"]["payments"]
    instruction = SettlementInstruction.objects.get(organisation=settled.party("b"))
    assert (payment["instruction"], payment["state"]) == (instruction.public_id, "confirmed")
    (booking,) = payment["bank"]
    assert (booking["direction"], booking["amount_minor"]) == ("debit", instruction.amount_minor)
    kinds = EvidenceRecord.objects.filter(public_id__in=walked["back"]["evidence"]).values_list(
        "kind", flat=True
    )
    assert "clearing.cycle_posted" in kinds


def test_a_hold_leads_back_to_its_agreement_and_on_to_its_cycle(settled):
    entry = entry_of(settled, "a", "hold")
    walked = trace_entry(entry)
    trade = settled.trades[0]
    assert (walked["back"]["trade"], walked["back"]["agreement"]) == (trade.public_id, trade.agreement)
    assert walked["forward"]["cycle"] == settled.settled.public_id
    assert walked["forward"]["entries"] == [Entry.objects.get(trade=trade, kind="capture").public_id]
    kinds = EvidenceRecord.objects.filter(public_id__in=walked["back"]["evidence"]).values_list(
        "kind", flat=True
    )
    assert set(kinds) >= {"clearing.trade_concluded", "clearing.trade_secured", "clearing.trade_accepted"}


def test_a_receipt_leads_back_to_the_bank_s_booking(settled):
    entry = entry_of(settled, "a", "pay_in")
    booking = trace_entry(entry)["back"]["bank_entry"]
    assert (booking["direction"], entry.reference) == ("credit", f"bank:{booking['bank_entry']}")


def test_the_walk_over_http_shows_what_is_one_s_own(settled):
    settled.party("stranger")
    seller, stranger = client_of(settled.party("b")), client_of(settled.party("stranger"))
    operator = client_of(settled.operator)
    entry = entry_of(settled, "b", "cycle")
    path = f"/api/v1/journal-entries/{entry.public_id}/"
    shown = seller.get(path).json()
    assert {row["account_kind"] for row in shown["postings"]} <= {"receivable", "payable"}
    whole = operator.get(path).json()
    assert sum(row["amount_minor"] for row in whole["postings"]) == 0
    assert len(whole["postings"]) > len(shown["postings"])
    sales = seller.get(f"{path}obligations/", {"line": "sales"}).json()["results"]
    assert sorted(row["amount_minor"] for row in sales) == [10_005, 20_010]
    assert seller.get(f"{path}obligations/", {"line": "nonsense"}).status_code == 422
    assert stranger.get("/api/v1/journal-entries/").json()["results"] == []
    for route in (path, f"{path}obligations/?line=sales"):
        assert stranger.get(route).status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_a_list_of_entries_takes_as_many_queries_for_one_as_for_three(
    settled, rows, django_assert_num_queries
):
    operator = client_of(settled.operator)
    operator.get("/api/v1/journal-entries/", {"page_size": rows})
    with django_assert_num_queries(3):
        answer = operator.get("/api/v1/journal-entries/", {"page_size": rows})
    assert len(answer.json()["results"]) == rows


def test_balances_with_holds_are_read_at_any_moment(market, django_assert_num_queries):
    today = clock.now().replace(microsecond=0)
    moments = [today + timedelta(days=day) for day in (1, 2, 3)]
    clock.move_to(moments[0], running=False)
    factories.pay_in(market, "buyer", 20_000)
    clock.move_to(moments[1], running=False)
    factories.conclude(market, "buyer", "seller", 10_000)
    buyer = client_of(market.party("buyer"))
    market.party("stranger")

    def read(**query: str) -> dict[str, int]:
        answer = buyer.get("/api/v1/balances/", query)
        assert answer.status_code == 200, answer.content
        return {kind: minor for kind, minor in answer.json()["balances"]["JPY"].items() if minor}

    assert read() == {"available": 9_000, "held": 11_000}
    assert read(at=moments[0].isoformat()) == {"available": 20_000}
    assert read(at=moments[1].isoformat()) == {"available": 9_000, "held": 11_000}
    with django_assert_num_queries(1):
        balances_at(organisation_id=market.party("buyer").pk, instant=moments[1])
    for text in ("yesterday", "2026-12-01T00:00:00"):
        assert buyer.get("/api/v1/balances/", {"at": text}).status_code == 422
    theirs = {"organisation": market.party("buyer").public_id}
    assert client_of(market.party("stranger")).get("/api/v1/balances/", theirs).status_code == 404
    assert (
        client_of(market.operator).get("/api/v1/balances/", theirs).json()["balances"]["JPY"]["held"]
        == 11_000
    )
