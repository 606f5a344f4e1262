"""Clearing over HTTP: everybody sees what is theirs, and nobody writes what the market computes."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from clearing.bank.queries import pay_in_reference
from clearing.ledger.queries import ledger_counts
from clearing.models import Account, BankEntry, Cycle, SettlementInstruction, TransferFile
from clearing.settlement.services.transfer_files import create_transfer_file
from clearing.trades.neutrality import NEUTRALITY, trading_figures
from clearing.trades.services.endings import fail_trade
from marketplace.jobs.runner import run_due
from marketplace.kernel import clock
from marketplace.rules.neutrality.periods import Period
from tests.participants.factories import client_of, person_of
from tests.standing import made_once

from . import factories

OWN_LISTS = [
    "trades",
    "obligations",
    "positions",
    "accounts",
    "postings",
    "invoices",
    "settlement-instructions",
]
OPERATOR_LISTS = ["transfer-files", "bank-statements", "bank-entries", "client-accounts"]
OPERATOR_BOOKS = ["trial-balance", "client-money", "journal"]


@made_once
def settled(market):
    """A market that has cleared and settled one trade between buyer and seller."""
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.settle(market, factories.clear(market))
    assert cycle.state == "settled"
    market.party("stranger")
    market.trade, market.settled = trade, cycle
    return market


@pytest.fixture
def buyer(settled):
    return client_of(settled.party("buyer"))


@pytest.fixture
def seller(settled):
    return client_of(settled.party("seller"))


@pytest.fixture
def stranger(settled):
    return client_of(settled.party("stranger"))


@pytest.fixture
def operator(settled):
    return client_of(settled.operator)


def rows(answer):
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_a_trade_is_seen_by_its_parties(settled, buyer, seller):
    (shown,) = rows(buyer.get("/api/v1/trades/"))
    assert rows(seller.get("/api/v1/trades/")) == [shown]
    assert shown["id"] == settled.trade.public_id
    assert (shown["buyer"], shown["seller"]) == (
        settled.party("buyer").public_id,
        settled.party("seller").public_id,
    )
    assert (shown["state"], shown["cleared"], shown["gross_minor"]) == ("accepted", True, 11_000)
    assert shown["state_label"] == {"ja": "検収済み・清算対象", "en": "accepted, money captured for clearing"}
    assert buyer.get(f"/api/v1/trades/{shown['id']}/").json() == shown


@pytest.mark.parametrize("name", OWN_LISTS)
def test_a_stranger_sees_nothing_of_others(name, stranger, operator):
    assert rows(stranger.get(f"/api/v1/{name}/")) == []
    assert rows(operator.get(f"/api/v1/{name}/")) != []


@pytest.mark.parametrize("name", [name for name in OWN_LISTS if name != "postings"])
def test_what_is_another_s_is_missing(name, stranger, operator):
    for row in rows(operator.get(f"/api/v1/{name}/")):
        assert stranger.get(f"/api/v1/{name}/{row['id']}/").status_code == 404


@pytest.mark.parametrize("name", OPERATOR_LISTS)
def test_the_operator_s_lists_are_closed_to_participants(name, buyer, operator):
    assert buyer.get(f"/api/v1/{name}/").status_code == 403
    assert rows(operator.get(f"/api/v1/{name}/")) != []


@pytest.mark.parametrize("name", OPERATOR_BOOKS)
def test_the_books_are_the_operator_s(name, buyer, operator):
    assert buyer.get(f"/api/v1/{name}/").status_code == 403
    assert operator.get(f"/api/v1/{name}/").status_code == 200


@pytest.mark.parametrize("name", [*OWN_LISTS, *OPERATOR_LISTS, "pay-in-reference"])
def test_nothing_is_shown_without_a_token(name, api, settled):
    assert api.get(f"/api/v1/{name}/").status_code == 401


@pytest.mark.parametrize("name", ["trades", "obligations", "positions", "accounts", "postings", "invoices"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_what_the_market_computes_cannot_be_written(name, method, buyer, settled):
    before = settled.trade.state
    assert getattr(buyer, method)(f"/api/v1/{name}/", {"state": "refunded"}).status_code == 405
    settled.trade.refresh_from_db()
    assert settled.trade.state == before


def test_cycles_are_public_with_their_hashes(api, settled):
    shown = {row["state"]: row for row in rows(api.get("/api/v1/cycles/"))}
    assert set(shown) == {"settled", "open"}
    assert shown["settled"]["input_hash"] == settled.settled.input_hash
    assert shown["settled"]["waits_for"] is None
    assert shown["open"]["waits_for"]["en"] == "open until the operator cuts it off"


def test_only_the_operator_cuts_off_a_cycle(settled, buyer, operator, api):
    identifier = settled.cycle.public_id
    assert buyer.post(f"/api/v1/cycles/{identifier}/close/").status_code == 403
    assert api.post(f"/api/v1/cycles/{identifier}/close/").status_code == 401
    assert Cycle.objects.get(public_id=identifier).state == "open"
    answer = operator.post(f"/api/v1/cycles/{identifier}/close/")
    assert (answer.status_code, answer.json()["state"]) == (200, "closing")
    again = operator.post(f"/api/v1/cycles/{identifier}/close/")
    assert (again.status_code, again.json()["id"]) == (200, identifier)
    assert Cycle.objects.filter(state="open").count() == 1
    assert operator.post("/api/v1/cycles/", {"currency": "yen"}).status_code == 422


def test_a_participant_reads_its_balances_and_its_reference(settled, buyer):
    balances = {row["kind"]: row["balance_minor"] for row in rows(buyer.get("/api/v1/accounts/"))}
    assert balances == {"available": 0, "held": 0, "payable": 0, "receivable": 0, "deposit": 0, "claim": 0}
    shown = buyer.get("/api/v1/pay-in-reference/").json()
    assert shown == {
        "organisation": settled.party("buyer").public_id,
        "reference": pay_in_reference(organisation=settled.party("buyer").public_id),
    }


def test_statement_lines_tell_where_the_money_went(settled, buyer):
    lines = rows(buyer.get("/api/v1/postings/?account_kind=held"))
    assert [(line["line"], line["amount_minor"], line["trade"]) for line in lines] == [
        ("unhold", 11_000, settled.trade.public_id),
        ("hold", -11_000, settled.trade.public_id),
    ]


def test_an_invoice_is_read_as_json_and_pdf(settled, buyer, stranger):
    (shown,) = rows(buyer.get("/api/v1/invoices/"))
    assert (shown["purpose"], shown["kind"], shown["total_minor"]) == (
        "purchase",
        "qualified_invoice",
        11_000,
    )
    assert shown["trade"] == settled.trade.public_id
    for language in ("ja", "en"):
        answer = buyer.get(
            f"/api/v1/invoices/{shown['id']}/document.pdf/?language={language}",
            headers={"accept": "application/pdf"},
        )
        assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
    assert buyer.get(f"/api/v1/invoices/{shown['id']}/document.pdf/?language=fr").status_code == 422
    assert stranger.get(f"/api/v1/invoices/{shown['id']}/document.pdf/").status_code == 404


def test_invoices_are_found_by_date_amount_and_counterparty(settled, seller):
    fee, sale = rows(seller.get("/api/v1/invoices/"))
    assert (fee["purpose"], sale["purpose"]) == ("fee", "purchase")
    found = seller.get(
        f"/api/v1/invoices/?party={settled.party('buyer').public_id}&total_minor_min=11000"
        f"&issued_from={sale['issued_on']}&issued_until={sale['issued_on']}"
    )
    assert rows(found) == [sale]
    assert rows(seller.get("/api/v1/invoices/?party=org_nobody")) == []
    assert rows(seller.get("/api/v1/trades/?price_minor_min=10001")) == []
    (trade,) = rows(seller.get("/api/v1/trades/?accepted_from=2000-01-01T00:00:00Z"))
    assert rows(seller.get(f"/api/v1/trades/?reference={trade['reference']}")) == [trade]
    assert rows(seller.get("/api/v1/trades/?accepted_before=2000-01-01T00:00:00Z")) == []


def test_a_trade_proves_that_it_is_in_its_cycle(settled, seller, stranger):
    shown = seller.get(f"/api/v1/trades/{settled.trade.public_id}/proof/").json()
    assert shown["merkle_root"] == settled.settled.merkle_root
    assert shown["line"].startswith(f"{settled.trade.business_key}|trade|")
    assert stranger.get(f"/api/v1/trades/{settled.trade.public_id}/proof/").status_code == 404


def test_a_statement_is_uploaded_once(settled, operator, buyer):
    reference = pay_in_reference(organisation=settled.party("buyer").public_id)
    content = factories.statement([factories.booking("credit", 500, reference, reference="UP-1")])

    def upload(client, data=content):
        file = SimpleUploadedFile("s.csv", data, "text/csv")
        return client.post("/api/v1/bank-statements/", {"file": file}, format="multipart")

    assert upload(buyer).status_code == 403
    assert factories.available(settled, "buyer") == 0

    def outcome(made):
        assert (made.status_code, made.json()["state"]) == (202, "received")
        run_due("clearing")
        return operator.get(f"/api/v1/statement-imports/{made.json()['id']}/").json()

    first = outcome(upload(operator))
    assert (first["state"], first["statement"]["added"]) == ("imported", 1)
    assert upload(operator).json() == first
    assert factories.available(settled, "buyer") == 500
    broken = outcome(upload(operator, content.replace(b",credit,500,", b",credit,-5,")))
    assert (broken["state"], broken["statement"]) == ("refused", None)
    assert [(fault["line"], fault["field"]) for fault in broken["faults"]] == [(4, "amount_minor")]
    assert factories.available(settled, "buyer") == 500


def test_an_unrecognised_receipt_is_shown_and_allocated(settled, operator, buyer):
    factories.receive(settled, [factories.booking("credit", 700, "no reference at all")])
    (shown,) = rows(operator.get("/api/v1/bank-entries/?waits_for_operator=true"))
    assert (shown["match"], shown["mismatch_code"], shown["organisation"]) == (
        "unallocated",
        "no_reference",
        None,
    )
    target = {"organisation": settled.party("buyer").public_id}
    assert buyer.post(f"/api/v1/bank-entries/{shown['id']}/allocate/", target).status_code == 403
    assert factories.available(settled, "buyer") == 0
    assert operator.post(f"/api/v1/bank-entries/{shown['id']}/allocate/", target).status_code == 200
    assert factories.available(settled, "buyer") == 700
    assert operator.post(f"/api/v1/bank-entries/{shown['id']}/allocate/", target).status_code == 409
    assert factories.available(settled, "buyer") == 700
    assert rows(operator.get("/api/v1/bank-entries/?waits_for_operator=true")) == []


def test_transfer_files_are_made_and_fetched_by_the_operator(settled, operator, buyer):
    factories.accepted(settled, "buyer", "seller", 500)
    cycle = factories.clear(settled)
    before = TransferFile.objects.count()
    assert buyer.post("/api/v1/transfer-files/", {"cycle": cycle.public_id}).status_code == 403
    assert TransferFile.objects.count() == before
    made = operator.post("/api/v1/transfer-files/", {"cycle": cycle.public_id})
    assert (made.status_code, made.json()["records"]) == (201, 2)
    content = operator.get(f"/api/v1/transfer-files/{made.json()['id']}/content/")
    assert (content.status_code, len(content.content)) == (200, 5 * 122)
    assert operator.post("/api/v1/transfer-files/", {"cycle": "cyc_none"}).status_code == 404


def test_a_failed_payment_is_planned_again_by_the_operator(settled, operator, buyer):
    factories.accepted(settled, "buyer", "seller", 500)
    cycle = factories.clear(settled)
    create_transfer_file(actor=settled.actor, cycle=cycle.public_id)
    payment = factories.instructions(cycle)[0]
    path = f"/api/v1/settlement-instructions/{payment.public_id}"
    assert buyer.post(f"{path}/fail/", {"reason": "x"}).status_code == 403
    assert operator.post(f"{path}/retry/").status_code == 409
    assert operator.post(f"{path}/fail/", {"reason": "口座該当なし"}).json()["state"] == "failed"
    again = operator.post(f"{path}/retry/")
    assert (again.status_code, again.json()["state"]) == (201, "planned")
    assert SettlementInstruction.objects.filter(cycle=cycle).count() == 3


def test_client_accounts_are_stated_in_bank_characters(settled, operator):
    stated = {"currency": "JPY", **factories.CLIENT_ACCOUNT}
    asked = operator.post("/api/v1/client-accounts/", stated)
    assert (asked.status_code, asked.json()["code"]) == (409, "second_person_needed")
    second = client_of(settled.operator, person=person_of(settled.operator))
    assert second.post("/api/v1/client-accounts/", stated).status_code == 201
    refused = operator.post("/api/v1/client-accounts/", stated | {"requester_name": "三方市場"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "requester_name")
    assert operator.post("/api/v1/client-accounts/", stated | {"colour": "red"}).status_code == 422


@pytest.mark.parametrize(
    "name", ["trades", "invoices", "settlement-instructions", "positions", "accounts", "bank-entries"]
)
def test_lists_take_the_same_queries_for_one_row_and_for_more(
    name, settled, operator, django_assert_num_queries
):
    wanted = {"trades": 5}.get(name, 3)

    def look():
        with django_assert_num_queries(wanted):
            return rows(operator.get(f"/api/v1/{name}/"))

    first = look()
    for party in ("one", "two"):
        factories.accepted(settled, party, "seller", 1_000)
    factories.settle(settled, factories.clear(settled))
    assert len(look()) > len(first)


def test_trading_neutrality_tells_everybody_nothing_of_a_running_period(api, settled):
    NEUTRALITY.make()
    shown = api.get("/api/v1/trading-neutrality/").json()
    assert (shown["trades_of_operator_or_affiliates"], shown["trades_by_segment"]) == (0, {})
    factories.accepted(settled, "one", "seller", 1_000)
    NEUTRALITY.make()
    again = api.get("/api/v1/trading-neutrality/").json()
    assert {**again, "made_at": ""} == {**shown, "made_at": ""}


def test_the_auditor_reads_the_trading_neutrality_of_the_running_period(settled):
    auditor = client_of(settled.operator, roles=("auditor",))
    shown = auditor.get("/api/v1/trading-neutrality/").json()
    assert shown["seller_concentration_bp"] == {"mobility": 10_000}
    assert shown["fees_of_price_bp"] == {"mobility": 500}


def test_figures_of_a_segment_with_few_parties_are_null(settled):
    today = Period(clock.today(), clock.today())
    assert trading_figures(today)["trades_by_segment"] == {"mobility": None}
    for name in ("one", "two", "three"):
        factories.accepted(settled, name, f"seller {name}", 1_000)
    shown = trading_figures(today)
    assert shown["trades_by_segment"]["mobility"] >= 3
    assert shown["fees_of_price_bp"]["mobility"] > 0


def test_parties_of_trades_that_failed_hide_nobody(settled):
    today = Period(clock.today(), clock.today())
    failed = [factories.conclude(settled, name, f"seller {name}", 1_000) for name in ("one", "two")]
    clock.move_to(max(trade.fund_by for trade in failed), running=False)
    assert all(fail_trade(actor=factories.system(), trade=trade.public_id) for trade in failed)
    assert trading_figures(today) == {
        "trades_by_segment": {"mobility": None},
        "seller_concentration_bp": {"mobility": None},
        "fees_of_price_bp": {"mobility": None},
    }


def test_the_journal_can_be_downloaded(operator, settled):
    text = b"".join(operator.get("/api/v1/journal/").streaming_content).decode()
    assert len(text.splitlines()) == 1 + ledger_counts()["postings"]
    assert operator.get("/api/v1/journal/?first=yesterday").status_code == 422


def test_bookings_and_accounts_exist(settled):
    assert BankEntry.objects.filter(match="settlement").count() == 2
    assert Account.objects.filter(organisation=settled.party("buyer")).count() == 6
