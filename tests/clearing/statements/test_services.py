"""Monthly statements: once a participant and month, gross invoices and the set-off apart, as the ledger says."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import clearing
from clearing.invoices.services.correcting import correct_invoice
from clearing.models import Invoice, MonthlyStatement, StatementMonth
from clearing.statements import services as making
from clearing.statements.document import Month, month_of, set_off, totals_per_rate
from clearing.statements.queries import statement_documents
from clearing.statements.rendering import statement_pdf
from clearing.statements.services import _due_month, due_from, make_statements
from clearing.trades.states import PositionPart
from marketplace.documents.shapes import check_shape
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.evidence.signatures import verify
from marketplace.kernel import clock
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.clock import market_zone
from marketplace.kernel.invariants import verify_all
from tests.participants.factories import actor_for, client_of
from tests.standing import made_once

from .. import factories


def noon(day):
    return datetime.combine(day, time(12), market_zone())


@made_once
def trading(market):
    """A market in the middle of a whole month, with a month before it in which nothing happened."""
    market.month = month_of(month_of(clock.today()).until)
    clock.move_to(noon(market.month.first + timedelta(days=9)), running=False)
    return market


def over(market):
    """The month is over, and its statements are due."""
    clock.move_to(due_from(market.month.until), running=False)


def make():
    made = 0
    while True:
        found = make_statements()
        if not found and _due_month("JPY") is None:
            return made
        made += found


@pytest.fixture
def traded(trading):
    """Sales both ways, a correction, a penalty and a share, cleared and settled within the month."""
    first = factories.accepted(trading, "buyer", "seller", 10_005, reference="PO-A")
    factories.accepted(trading, "seller", "buyer", 2_000, tax_category="reduced")
    factories.adjust(trading, first, "seller", "buyer", 105)
    factories.owe(trading, first, "penalty", "seller", "buyer", 300)
    factories.owe(trading, first, "share", "seller", "keeper", 700)
    trading.settled = factories.settle(trading, factories.clear(trading))
    assert trading.settled.state == "settled"
    return trading


def statement_of(market, name):
    return MonthlyStatement.objects.get(organisation=market.party(name), month=market.month.first)


def test_everybody_with_a_movement_gets_one_statement(traded):
    assert make_statements() == 0
    over(traded)
    assert make() == 3
    assert make() == 0
    found = MonthlyStatement.objects.order_by("organisation_id").values_list("organisation_id", flat=True)
    assert set(found) == {traded.party(name).pk for name in ("buyer", "seller", "keeper")}
    assert StatementMonth.objects.get(month=traded.month.first).statements == 3
    assert {name: rows for name, rows in verify_all("clearing").items() if rows} == {}


def test_balances_open_and_close_as_the_ledger_stands(traded):
    factories.pay_in(traded, "buyer", 5_000)
    over(traded)
    make()
    for name in ("buyer", "seller", "keeper"):
        for row in statement_of(traded, name).document["balances"]:
            assert (row["opening_minor"], row["closing_minor"]) == (
                0,
                factories.balance(traded, name, row["account"]),
            )
    clock.move_to(noon(traded.month.until + timedelta(days=9)), running=False)
    factories.pay_in(traded, "buyer", 1)
    traded.month = month_of(traded.month.until)
    over(traded)
    assert make() == 1
    available = statement_of(traded, "buyer").document["balances"][0]
    assert (available["account"], available["opening_minor"], available["moved_minor"]) == (
        "available",
        5_000,
        1,
    )


def test_movements_sum_to_the_change_of_each_account(traded):
    over(traded)
    make()
    document = statement_of(traded, "buyer").document
    moved = {row["account"]: 0 for row in document["balances"]}
    for group in document["movements"]:
        assert sum(entry["amount_minor"] for entry in group["entries"]) == group["total_minor"]
        assert (group["left_out"], len(group["entries"])) == (0, group["count"])
        moved[group["account"]] += group["total_minor"]
    assert moved == {row["account"]: row["moved_minor"] for row in document["balances"]}


def test_invoices_are_gross_with_totals_per_rate(traded):
    sale = Invoice.objects.get(purpose="purchase", issuer=traded.party("seller"))
    correct_invoice(
        actor=actor_for(traded.party("seller")),
        invoice=sale.public_id,
        changes={"note": "x"},
        reason="y",
    )
    over(traded)
    make()
    invoices = statement_of(traded, "seller").document["invoices"]
    assert [row["purpose"] for row in invoices["issued"]["rows"]] == ["purchase", "correction", "purchase"]
    assert invoices["issued"]["rows"][2]["replaces"] == sale.number
    assert invoices["issued"]["totals"] == [
        {"tax_rate_bp": 1_000, "net_minor": 9_900, "tax_minor": 990, "total_minor": 10_890}
    ]
    assert [row["purpose"] for row in invoices["received"]["rows"]] == ["purchase", "fee"]
    assert [row["tax_rate_bp"] for row in invoices["received"]["totals"]] == [1_000, 800]


def test_the_set_off_is_told_apart_down_to_the_bank(traded):
    over(traded)
    make()
    (cycle,) = statement_of(traded, "seller").document["cycles"]
    assert cycle["cycle"] == traded.settled.business_key
    assert sum(row["amount_minor"] for row in cycle["parts"]) == cycle["net_minor"]
    settled = sum(row["amount_minor"] for row in cycle["settlement"])
    assert cycle["net_minor"] + settled == cycle["paid_minor"]
    (payment,) = cycle["payments"]
    assert (payment["amount_minor"], payment["state"], payment["direction"]) == (
        cycle["paid_minor"],
        "confirmed",
        "out",
    )
    assert payment["booking"] is not None
    assert [
        (row["kind"], row["amount_minor"]) for row in statement_of(traded, "seller").document["others"]
    ] == [
        ("penalty", -300),
        ("share", -700),
    ]
    (share,) = statement_of(traded, "keeper").document["others"]
    assert (share["amount_minor"], share["counterparty"]["ja"]) == (700, "組織seller")
    assert share["purchase_order"] is None
    assert statement_of(traded, "keeper").document["invoices"]["issued"]["count"] == 0


def test_a_shortfall_is_told_as_it_was_met(trading):
    trade = factories.accepted(trading, "buyer", "seller", 10_000)
    factories.settle(trading, factories.clear(trading))
    factories.adjust(trading, trade, "seller", "buyer", 1_000)
    factories.pay_in(trading, "seller", 400)
    factories.clear(trading)
    over(trading)
    make()
    cycle = statement_of(trading, "seller").document["cycles"][1]
    steps = {row["label"]["en"]: row["amount_minor"] for row in cycle["settlement"]}
    assert cycle["net_minor"] + sum(steps.values()) == cycle["paid_minor"] == 0
    assert 400 in steps.values()
    assert "otherwise applied" not in steps
    assert cycle["payments"] == []


def test_a_statement_is_signed_over_its_hash(traded):
    over(traded)
    make()
    statement = statement_of(traded, "seller")
    assert statement.sha256 == digest_of(statement.document)
    assert verify(statement.signature) == {
        "organisation": traded.party("seller").public_id,
        "currency": "JPY",
        "month": traded.month.first.isoformat(),
        "number": statement.document["number"],
        "sha256": statement.sha256,
    }


def test_a_month_is_closed_on_the_first_business_day_and_caught_up_after_an_outage(trading):
    factories.pay_in(trading, "buyer", 100)
    due = due_from(trading.month.until)
    clock.move_to(due - timedelta(seconds=1), running=False)
    make()
    assert MonthlyStatement.objects.count() == 0
    later = month_of(month_of(trading.month.until).until)
    clock.move_to(noon(later.first + timedelta(days=14)), running=False)
    assert make() == 1
    assert statement_of(trading, "buyer").made_on == clock.today()
    assert StatementMonth.objects.count() == 3
    assert EvidenceRecord.objects.filter(kind="clearing.statements_made").count() == 3
    told = OutboxEvent.objects.get(type="statement.made").data
    assert (told["organisation"], told["month"]) == (
        trading.party("buyer").public_id,
        trading.month.first.isoformat()[:7],
    )


def test_making_goes_on_where_it_stopped(trading, monkeypatch):
    monkeypatch.setattr(making, "STATEMENTS_A_STEP", 2)
    monkeypatch.setattr(making, "STEPS_A_SWEEP", 1)
    for number in range(5):
        factories.pay_in(trading, f"payer{number}", 100)
    over(trading)
    assert [make_statements() for _ in range(6)] == [0, 2, 2, 1, 0, 0]
    assert MonthlyStatement.objects.count() == 5


@pytest.mark.parametrize("count", [1, 3])
def test_statements_take_the_same_queries_for_one_and_for_more(trading, count):
    for number in range(count):
        factories.accepted(trading, f"buyer{number}", f"seller{number}", 1_000)
    factories.settle(trading, factories.clear(trading))
    over(trading)
    keys = [trading.party(f"seller{number}").pk for number in range(count)]
    with CaptureQueriesContext(connection) as taken:
        documents = statement_documents(keys, "JPY", trading.month)
    assert len(taken) == 13
    assert [len(documents[key]["cycles"]) for key in keys] == [1] * count


def test_every_document_fits_its_template(traded):
    over(traded)
    make()
    schema = Path(clearing.__file__).parent / "document_templates" / "statement.schema.json"
    for statement in MonthlyStatement.objects.all():
        check_shape(template="clearing/statement", schema_path=schema, data=statement.document)
        for language in ("ja", "en"):
            first = statement_pdf(statement, language)
            assert first[:5] == b"%PDF-"
    assert statement_pdf(statement, "en") == first


def test_statements_are_their_own(traded):
    over(traded)
    make()
    statement = statement_of(traded, "seller")
    path = f"/api/v1/monthly-statements/{statement.public_id}/"
    seller, stranger = client_of(traded.party("seller")), client_of(traded.party("stranger"))
    assert seller.get(path).json()["document"] == statement.document
    answer = seller.get(f"{path}document.pdf/?language=en", headers={"accept": "application/pdf"})
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
    assert stranger.get(path).status_code == stranger.get(f"{path}document.pdf/").status_code == 404
    assert stranger.get("/api/v1/monthly-statements/").json()["results"] == []
    month = traded.month.first.isoformat()
    (row,) = seller.get(f"/api/v1/monthly-statements/?month={month}&currency=JPY").json()["results"]
    assert (row["id"], row["sha256"], "document" in row) == (statement.public_id, statement.sha256, False)
    assert seller.get("/api/v1/monthly-statements/?month_from=2200-01-01").json()["results"] == []
    assert seller.post("/api/v1/monthly-statements/", {}).status_code == 405
    operator = client_of(traded.operator)
    assert len(operator.get("/api/v1/monthly-statements/").json()["results"]) == 3
    whose = traded.party("buyer").public_id
    assert len(operator.get(f"/api/v1/monthly-statements/?organisation={whose}").json()["results"]) == 1


def test_a_running_month_is_read_as_a_draft(traded):
    own = traded.party("seller").public_id
    seller, stranger = client_of(traded.party("seller")), client_of(traded.party("stranger"))
    shown = seller.get("/api/v1/monthly-statements/draft/").json()
    assert (shown["draft"], shown["document"]["draft"]) == (True, True)
    assert shown["document"]["until_on"] == clock.today().isoformat()
    assert shown["document"]["invoices"]["issued"]["count"] == 2
    assert seller.get(f"/api/v1/monthly-statements/draft/?organisation={own}").json() == shown
    assert stranger.get(f"/api/v1/monthly-statements/draft/?organisation={own}").status_code == 404
    assert stranger.get("/api/v1/monthly-statements/draft/").json()["document"]["movements"] == []
    operator = client_of(traded.operator)
    assert operator.get("/api/v1/monthly-statements/draft/").status_code == 404
    assert operator.get(f"/api/v1/monthly-statements/draft/?organisation={own}").json() == shown
    assert MonthlyStatement.objects.count() == 0


def test_months_and_totals_are_plain_arithmetic():
    month = month_of(date(2026, 12, 31))
    assert month == Month(date(2026, 12, 1), date(2027, 1, 1))
    assert month.title.as_dict() == {"ja": "2026年12月", "en": "December 2026"}
    row = {
        "kind": "invoice",
        "replaces": None,
        "totals": [{"tax_rate_bp": 800, "net_minor": 10, "tax_minor": 1}],
    }
    rows = [row, row | {"kind": "return_invoice"}, row | {"replaces": "1"}, row]
    assert totals_per_rate(rows) == [{"tax_rate_bp": 800, "net_minor": 10, "tax_minor": 1, "total_minor": 11}]


def test_what_nobody_names_is_still_told():
    parts = dict.fromkeys(PositionPart.values, 0) | {"sales_minor": 100, "fees_minor": -10}
    told, steps = set_off(parts=parts, ladder={"recovered": -20}, paid_minor=65)
    assert [row["amount_minor"] for row in told] == [100, -10]
    deferred, rest = set_off(parts=parts | {"deferred_minor": 5}, ladder={"deferred": 5}, paid_minor=95)
    assert ([row["amount_minor"] for row in deferred], rest) == ([100, -10, 5], [])
    assert [(row["label"]["en"], row["amount_minor"]) for row in steps] == [
        ("earlier claim collected", -20),
        ("otherwise applied", -5),
    ]
