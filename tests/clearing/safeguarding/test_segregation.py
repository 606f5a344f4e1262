"""The funds regime is declared before any money is taken, and clients' money is checked every business day."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from clearing.bank.errors import AnotherPersonNeeded, ConfirmationDiffers
from clearing.bank.uploads import confirm_statement
from clearing.ledger.errors import FundsRegimeMissing
from clearing.ledger.queries import regime_in_force
from clearing.models import (
    BankEntry,
    BankStatement,
    Cycle,
    FundsRegime,
    SegregationCheck,
    StatementConfirmation,
    StatementImport,
)
from clearing.run.services.cycles import open_first_cycle
from clearing.run.services.watching import watch_money
from clearing.safeguarding.services.segregation import check_client_money
from clearing.settlement.errors import NothingToTransfer
from clearing.settlement.services.funds_regimes import declare_funds_regime
from clearing.settlement.services.payments import alarm_lost_payments, mark_overdue_payments, retry_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from fixtures.day.bank import StatementNotImported
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.clearing import SegregationBroken, SegregationRestored
from marketplace.evidence.models import EvidenceRecord
from marketplace.jobs.runner import run_due
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid, Forbidden, IllegalTransition
from marketplace.notices import handlers
from marketplace.notices.models import Task
from tests.participants.factories import PAYOUT_ACCOUNT, actor_for, client_of, organisation, person_of
from tests.roles import unguarded
from tests.standing import FIRST_DAY, made_once

from .. import factories
from ..carrying_in import codes_of
from ..test_invariants import broken, changed_behind_the_guards

PARTICIPANT = Actor("somebody", Role.PARTICIPANT, 1, "org_1")
FRIDAY = datetime(2027, 2, 5, 1, tzinfo=clock.market_zone())


def declare(market: factories.Market, currency: str = "JPY", **changes) -> FundsRegime:
    stated = factories.FUNDS_REGIME | changes
    return factories.by_two(market, declare_funds_regime, currency=currency, **stated)


def to(day: date) -> None:
    """Nine in the morning of a day."""
    moment = datetime(day.year, day.month, day.day, 9, tzinfo=clock.market_zone())
    clock.move_to(moment, running=False)


def test_a_regime_counts_from_its_day_on(market):
    later = declare(market, idle_days=9, effective_from=clock.now() + timedelta(days=4))
    assert regime_in_force("JPY").idle_days == 5
    assert regime_in_force("JPY", later.effective_from) == later
    assert regime_in_force("EUR") is None
    newest = declare(market, idle_days=3)
    assert regime_in_force("JPY") == newest
    assert EvidenceRecord.objects.filter(subject=newest.public_id).get().actor == market.second.identifier
    assert broken() == {}


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("regime", {"regime": "bank"}),
        ("legal_reference", {"legal_reference": " "}),
        ("registration_number", {"regime": "funds_transfer"}),
        ("balance_cap_minor", {"balance_cap_minor": 0}),
        ("idle_days", {"idle_days": 0}),
        ("idle_days", {"idle_days": 366}),
        ("cross_border_basis", {"cross_border_allowed": True}),
        ("cross_border_basis", {"cross_border_basis": "資金決済法の適用除外"}),
        ("effective_from", {"effective_from": FRIDAY - timedelta(days=3650)}),
    ],
)
def test_a_regime_that_does_not_fit_together_is_refused(market, field, changes):
    before = FundsRegime.objects.count()
    with pytest.raises(FieldInvalid) as refused:
        declare(market, **changes)
    assert (refused.value.name, FundsRegime.objects.count()) == (field, before)


def test_no_money_is_taken_without_a_regime(market):
    with pytest.raises(Forbidden):
        declare_funds_regime(actor=PARTICIPANT, currency="JPY", **factories.FUNDS_REGIME)
    with pytest.raises(FundsRegimeMissing):
        open_first_cycle(actor=market.actor, currency="EUR")
    assert Cycle.objects.filter(currency="EUR").count() == 0
    declare(market, "EUR", effective_from=clock.now() + timedelta(days=1))
    with pytest.raises(FundsRegimeMissing):
        open_first_cycle(actor=market.actor, currency="EUR")
    declare(market, "EUR")
    assert open_first_cycle(actor=market.actor, currency="EUR").number == 1


def test_a_statement_is_refused_where_the_regime_is_gone(market):
    with unguarded("clearing_fundsregime"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM clearing_fundsregime WHERE currency = 'JPY'")
    with pytest.raises(StatementNotImported) as refused:
        factories.pay_in(market, "buyer", 500)
    assert codes_of(refused.value) == [(None, None, "funds_regime_missing")]
    assert (BankStatement.objects.count(), BankEntry.objects.count()) == (0, 0)


def test_the_regime_is_declared_and_public_over_http(market, api):
    operator, buyer = client_of(market.operator), client_of(market.party("buyer"))
    stated = {"currency": "EUR", **factories.FUNDS_REGIME}
    assert buyer.post("/api/v1/funds-regimes/", stated, format="json").status_code == 403
    assert operator.post("/api/v1/funds-regimes/", stated | {"colour": 1}, format="json").status_code == 422
    asked = operator.post("/api/v1/funds-regimes/", stated, format="json")
    assert (asked.status_code, asked.json()["code"]) == (409, "second_person_needed")
    second = client_of(market.operator, person=person_of(market.operator))
    made = second.post("/api/v1/funds-regimes/", stated, format="json")
    assert (made.status_code, made.json()["regime_label"]["ja"]) == (201, "代理受領")
    shown = api.get("/api/v1/funds-regimes/?currency=EUR").json()["results"]
    assert shown == [made.json()]
    assert api.get(f"/api/v1/funds-regimes/{made.json()['id']}/").json() == made.json()


@pytest.fixture
def abroad(market):
    """A market whose seller is in Singapore, with a Japanese bank account, and a cycle that owes it 9,500: no tax is added."""
    market.parties["seller"] = organisation(
        "seller", corporate_number=None, country="SG", payout_account=PAYOUT_ACCOUNT
    )
    factories.state_supply(market, "seller")
    factories.accepted(market, "buyer", "seller", 10_000)
    return factories.clear(market)


def test_nobody_abroad_is_paid_without_a_licence(market, abroad):
    (seller, operator) = factories.instructions(abroad)
    assert (seller.held_back, operator.held_back) == ("abroad", "")
    made = create_transfer_file(actor=market.actor, cycle=abroad.public_id)
    assert (made.records, made.left_out) == (1, [{"reference": seller.reference, "reason": "abroad"}])
    seller.refresh_from_db()
    assert (seller.state, seller.held_back) == ("planned", "abroad")
    again = create_transfer_file(actor=market.actor, cycle=abroad.public_id)
    assert again == made
    declare(
        market,
        cross_border_allowed=True,
        cross_border_basis="資金決済法の適用除外（第X条）",
        effective_from=clock.now() + timedelta(days=4),
    )
    assert create_transfer_file(actor=market.actor, cycle=abroad.public_id) == made
    clock.move_to(clock.now() + timedelta(days=4), running=False)
    paid = create_transfer_file(actor=market.actor, cycle=abroad.public_id)
    assert (paid.records, paid.total_minor, paid.left_out) == (1, 9_500, [])
    seller.refresh_from_db()
    assert (seller.state, seller.held_back) == ("sending", "")
    assert broken() == {}


def test_a_payment_held_back_says_why_to_its_payee(market, abroad):
    seller = client_of(market.party("seller"))
    (shown,) = seller.get("/api/v1/settlement-instructions/?held_back=abroad").json()["results"]
    assert (shown["state"], shown["purpose"]) == ("planned", "cycle")
    assert "国外" in shown["held_back_label"]["ja"]
    operator = client_of(market.operator)
    made = operator.post("/api/v1/transfer-files/", {"cycle": abroad.public_id})
    assert made.json()["left_out"] == [{"reference": shown["reference"], "reason": "abroad"}]


def test_a_payment_that_the_bank_booked_is_confirmed_though_it_was_held_back(market, abroad):
    seller = factories.instructions(abroad)[0]
    factories.receive(market, [factories.booking("debit", seller.amount_minor, seller.reference)])
    seller.refresh_from_db()
    assert (seller.state, seller.held_back) == ("confirmed", "")
    assert broken() == {}


def test_money_is_checked_once_a_business_day(market):
    to(FRIDAY.date())
    factories.confirm(market, factories.pay_in(market, "buyer", 5_000))
    assert check_client_money() == 2
    assert check_client_money() == 0
    check = SegregationCheck.objects.get(currency="JPY")
    assert (check.bank_minor, check.owed_minor, check.operator_minor) == (5_000, 5_000, 0)
    assert (check.agrees, check.since, check.business_date) == (True, FRIDAY.date(), FRIDAY.date())
    assert EvidenceRecord.objects.filter(subject=check.public_id).count() == 1
    to(date(2027, 2, 6))
    assert check_client_money() == 0
    to(date(2027, 2, 9))
    factories.state_balance(market, date(2027, 2, 8))
    assert watch_money() == 2
    caught_up = SegregationCheck.objects.get(currency="JPY", business_date=date(2027, 2, 9))
    assert caught_up.since == date(2027, 2, 6)
    assert OutboxEvent.objects.filter(type__startswith="segregation.").count() == 0
    assert broken() == {}


@made_once
def market() -> factories.Market:
    """A market that clears yen and dollars."""
    clock.move_to(FIRST_DAY)
    made = factories.market()
    open_first_cycle(actor=made.actor, currency="USD")
    return made


def test_the_bank_s_own_balance_is_compared(market, caplog):
    """A statement cannot state another balance than the ledger's: it is forged behind the guards."""
    to(FRIDAY.date())
    made = factories.confirm(market, factories.pay_in(market, "buyer", 5_000))
    assert (made.closing_balance_minor, made.ledger_balance_minor) == (5_000, 5_000)
    changed_behind_the_guards(
        "clearing_bankstatement", "UPDATE clearing_bankstatement SET ledger_balance_minor = 5100"
    )
    with caplog.at_level(logging.ERROR):
        check_client_money()
    check = SegregationCheck.objects.get(currency="JPY")
    assert (check.statement, check.stated_minor, check.stated_difference_minor) == (made, 5_000, -100)
    assert (check.agrees, SegregationCheck.objects.get(currency="USD").agrees) == (False, True)
    assert "client money in JPY does not agree" in caplog.text
    (event,) = OutboxEvent.objects.filter(type="segregation.broken")
    assert (event.data["stated_difference_minor"], event.data["bank_minor"]) == (-100, 5_000)

    to(date(2027, 2, 8))
    check_client_money()
    assert OutboxEvent.objects.filter(type="segregation.broken").count() == 2
    factories.confirm(market, factories.receive(market, []))
    to(date(2027, 2, 9))
    check_client_money()
    assert SegregationCheck.objects.filter(currency="JPY").latest("business_date").agrees is True
    assert OutboxEvent.objects.filter(type="segregation.restored").count() == 1


@pytest.fixture
def holidays(db) -> factories.Market:
    """The last statement is of Friday, 2026-05-01; the bank is closed from Saturday until Wednesday, 05-06."""
    factories.on_day(2026, 4, 30)
    made = factories.market()
    factories.on_day(2026, 5, 1)
    factories.pay_in(made, "buyer", 5_000)
    return made


def checks() -> list[tuple[str, int, bool]]:
    rows = SegregationCheck.objects.filter(currency="JPY").order_by("business_date", "attempt")
    return [(f"{row.business_date:%m-%d}", row.attempt, row.agrees) for row in rows]


def test_a_confirmed_balance_passes_over_holidays_and_fails_when_a_bank_day_is_missing(holidays):
    factories.confirm(holidays, BankStatement.objects.get())
    to(date(2026, 5, 6))
    assert (check_client_money(), checks()) == (0, [])
    to(date(2026, 5, 7))
    check_client_money()
    assert checks() == [("05-07", 1, True)]
    assert SegregationCheck.objects.get(currency="JPY").due_on == date(2026, 5, 1)
    to(date(2026, 5, 8))
    check_client_money()
    assert checks()[1:] == [("05-08", 1, False)]
    (event,) = OutboxEvent.objects.filter(type="segregation.broken")
    assert (event.data["due_on"], event.data["stated_on"]) == ("2026-05-07", "2026-05-01")
    assert broken() == {}


def test_a_balance_that_one_person_stated_fails(holidays):
    to(date(2026, 5, 7))
    check_client_money()
    assert checks() == [("05-07", 1, False)]
    assert SegregationCheck.objects.get(currency="JPY").statement is None
    assert broken() == {}


def test_a_failed_check_is_made_again_once_the_balance_is_confirmed(holidays):
    to(date(2026, 5, 7))
    check_client_money()
    assert (check_client_money(), checks()) == (0, [("05-07", 1, False)])
    factories.confirm(holidays, BankStatement.objects.get())
    assert (check_client_money(), check_client_money()) == (1, 0)
    assert checks() == [("05-07", 1, False), ("05-07", 2, True)]
    assert OutboxEvent.objects.filter(type="segregation.restored").count() == 1
    to(date(2026, 5, 8))
    factories.state_balance(holidays, date(2026, 5, 7))
    check_client_money()
    assert SegregationCheck.objects.filter(currency="JPY").latest("business_date").since == date(2026, 5, 8)
    assert broken() == {}


def test_the_check_waits_until_nine_for_the_balance(holidays):
    clock.move_to(datetime(2026, 5, 7, 8, 59, tzinfo=clock.market_zone()), running=False)
    check_client_money()
    assert checks() == []
    factories.confirm(holidays, BankStatement.objects.get())
    check_client_money()
    assert checks() == [("05-07", 1, True)]


def test_what_clients_are_owed_is_compared_with_the_bank_not_with_what_it_debited(holidays):
    factories.confirm(holidays, factories.receive(holidays, [factories.booking("debit", 700, "手数料")]))
    to(date(2026, 5, 7))
    check_client_money()
    check = SegregationCheck.objects.get(currency="JPY")
    assert (check.bank_minor, check.owed_minor, check.outstanding_minor, check.agrees) == (
        4_300,
        5_000,
        700,
        False,
    )
    (event,) = OutboxEvent.objects.filter(type="segregation.broken")
    assert event.data["due_on"] == ""


def test_an_old_balance_is_a_task_that_says_what_is_missing(market):
    told = SegregationBroken(
        currency="JPY",
        check="sgc_1",
        business_date="2026-05-08",
        bank_minor=5_000,
        owed_minor=5_000,
        stated_difference_minor=0,
        due_on="2026-05-07",
        stated_on="2026-05-01",
    )
    handlers.on_segregation_broken(told, factories.envelope(told))
    task = Task.objects.get(kind="reconcile")
    assert "covers 2026-05-07 (the newest is of 2026-05-01)" in task.title["en"]
    assert "2026-05-07 までの" in task.title["ja"]


def test_an_imported_balance_is_confirmed_once_by_another_person(holidays):
    received = StatementImport.objects.get()
    stated = {"sha256": received.sha256, "closing_balance_minor": 5_000}
    refusals = (
        (holidays.actor, stated, AnotherPersonNeeded),
        (holidays.second, stated | {"closing_balance_minor": 5_001}, ConfirmationDiffers),
        (PARTICIPANT, stated, Forbidden),
    )
    for actor, said, refusal in refusals:
        with pytest.raises(refusal):
            confirm_statement(actor=actor, statement_import=received.public_id, **said)
    assert StatementConfirmation.objects.count() == 0
    confirm_statement(actor=holidays.second, statement_import=received.public_id, **stated)
    with pytest.raises(IllegalTransition):
        confirm_statement(actor=holidays.second, statement_import=received.public_id, **stated)
    shown = client_of(holidays.operator).get(f"/api/v1/statement-imports/{received.public_id}/").json()
    assert (shown["state"], shown["confirmed_by"]) == ("imported", holidays.second.identifier)
    assert broken() == {}


@pytest.mark.parametrize(
    "change",
    [
        "due_on = '2026-04-30'",
        "due_on = NULL",
        "agrees = NOT agrees, due_on = '2026-05-06'",
        "stated_on = '2026-05-07'",
        "attempt = 2",
        "since = '2026-05-06'",
    ],
)
def test_a_forged_check_is_named(holidays, change):
    factories.confirm(holidays, BankStatement.objects.get())
    to(date(2026, 5, 7))
    check_client_money()
    assert broken() == {}
    changed_behind_the_guards(
        "clearing_segregationcheck",
        f"UPDATE clearing_segregationcheck SET {change} WHERE currency = 'JPY'",
    )
    assert list(broken()) == ["clearing.client_money_checked"]


def test_a_claim_is_met_by_the_reserve_and_leaves_clients_money_whole(market):
    to(FRIDAY.date())
    factories.fund_reserve(market, 1_000)
    first = factories.accepted(market, "buyer", "seller", 10_000)
    factories.settle(market, factories.clear(market))
    factories.adjust(market, first, "seller", "buyer", 500)
    factories.clear(market)
    factories.confirm(market, BankStatement.objects.latest("number"))
    check_client_money()
    check = SegregationCheck.objects.get(currency="JPY")
    assert factories.balance(market, "seller", "claim") == 550
    assert (check.bank_minor - check.owed_minor, check.operator_minor, check.agrees) == (450, 450, True)
    assert broken() == {}


def test_the_operator_is_asked_to_find_out_and_no_longer_when_it_agrees(market):
    told = SegregationBroken(
        currency="JPY",
        check="sgc_1",
        business_date="2027-02-05",
        bank_minor=5_000,
        owed_minor=5_100,
        stated_difference_minor=-100,
        due_on="",
        stated_on="2027-02-04",
    )
    handlers.on_segregation_broken(told, factories.envelope(told))
    task = Task.objects.get(kind="reconcile")
    assert (task.organisation_id, task.state) == (market.operator.pk, "open")
    assert "5,100" in task.title["ja"]
    assert "differs from the ledger by -¥100" in task.title["en"]
    over = SegregationRestored(currency="JPY", check="sgc_2")
    handlers.on_segregation_restored(over, factories.envelope(over))
    task.refresh_from_db()
    assert task.state == "done"


def test_checks_and_closing_balances_over_http(market):
    operator, buyer = client_of(market.operator), client_of(market.party("buyer"))
    to(FRIDAY.date())
    operator, buyer = client_of(market.operator), client_of(market.party("buyer"))
    file = SimpleUploadedFile("s.csv", factories.statement([]), "text/csv")
    made = operator.post("/api/v1/bank-statements/", {"file": file}, format="multipart")
    assert (made.status_code, run_due("clearing")) == (202, 1)
    statement = operator.get(f"/api/v1/statement-imports/{made.json()['id']}/").json()["statement"]
    assert (statement["closing_balance_minor"], statement["ledger_balance_minor"]) == (0, 0)
    factories.confirm(market, BankStatement.objects.get())
    check_client_money()
    shown = operator.get("/api/v1/segregation-checks/?agrees=true").json()["results"]
    assert [(row["currency"], row["stated_minor"], row["statement"]) for row in shown] == [
        ("USD", None, None),
        ("JPY", 0, statement["id"]),
    ]
    assert buyer.get("/api/v1/segregation-checks/").status_code == 403
    assert buyer.get(f"/api/v1/segregation-checks/{shown[0]['id']}/").status_code == 403
    unknown = SimpleUploadedFile("s.csv", factories.statement([]).replace(b",JPY,", b",EUR,"), "text/csv")
    refused = operator.post("/api/v1/bank-statements/", {"file": unknown}, format="multipart")
    assert (refused.status_code, run_due("clearing")) == (202, 1)
    (fault,) = operator.get(f"/api/v1/statement-imports/{refused.json()['id']}/").json()["faults"]
    assert (fault["line"], fault["field"]) == (2, "currency")


def test_a_lost_payment_is_told_once_and_never_made_again(market):
    to(FRIDAY.date())
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    made = create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    payment = factories.instructions(cycle)[0]
    to(made.value_date + timedelta(days=1))
    assert (mark_overdue_payments(), alarm_lost_payments()) == (2, 0)
    to(made.value_date + timedelta(days=2))
    assert alarm_lost_payments() == 2
    assert alarm_lost_payments() == 0
    operator = client_of(market.operator)
    shown = operator.get("/api/v1/settlement-instructions/?lost=true").json()["results"]
    assert {row["id"] for row in shown} == {row.public_id for row in factories.instructions(cycle)}
    path = f"/api/v1/settlement-instructions/{payment.public_id}"
    refused = operator.post(f"{path}/retry/")
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_transfer")
    assert [row.state for row in factories.instructions(cycle)] == ["unknown", "unknown"]
    factories.receive(market, [factories.booking("debit", payment.amount_minor, payment.reference)])
    assert [row.state for row in factories.instructions(cycle)] == ["confirmed", "unknown"]
    (found,) = OutboxEvent.objects.filter(type="payment.found")
    assert found.data == {"instruction": payment.public_id, "state": "confirmed"}
    assert len(operator.get("/api/v1/settlement-instructions/?lost=true").json()["results"]) == 1
    with pytest.raises(NothingToTransfer):
        retry_payment(actor=actor_for(market.operator), instruction=payment.public_id)
    assert broken() == {}
