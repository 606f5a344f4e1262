"""A payout account that is changed on a Friday before Golden Week, to the day: who is paid where, and what comes back."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from clearing.settlement.queries import transfers_in
from clearing.settlement.services.payments import report_failed_payment, retry_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.kernel import clock
from marketplace.notices.handlers import payout_accounts as handlers
from marketplace.notices.models import Notice, Task
from marketplace.participants.payout_queries import payout_accounts_on
from tests.participants import factories as participants
from tests.participants.accounts import OTHER_ACCOUNT, settled, signed_in

from .. import factories
from ..test_invariants import broken

pytestmark = pytest.mark.django_db

PATH = "/api/v1/payout-account-changes/"


def at(day: date, hour: int = 10) -> None:
    """It is this hour of the day in Japan."""
    clock.move_to(datetime(day.year, day.month, day.day, hour - 9, tzinfo=UTC), running=False)


def tell(*types: str) -> None:
    """What was emitted reaches those who are told of it."""
    reactions = {
        "payout_account.proposed": handlers.on_payout_account_proposed,
        "payout_account.confirmed": handlers.on_payout_account_confirmed,
        "payment.returned": handlers.on_payment_returned,
        "payment.return_settled": handlers.on_return_settled,
    }
    for event in OutboxEvent.objects.filter(type__in=types).order_by("pk"):
        data = parse(event.type, event.data)
        reactions[event.type](data, factories.envelope(data))


def test_a_payout_in_the_waiting_time_goes_to_the_account_in_use():
    at(date(2026, 4, 24))
    market = factories.market()
    seller = market.party("seller")
    first, second = (participants.person_of(seller, name, ["owner"]) for name in ("first", "second"))
    settled(second)
    change = signed_in(first).post(PATH, {"payout_account": OTHER_ACCOUNT}, format="json").json()["id"]
    confirmed = signed_in(second).post(f"{PATH}{change}/confirm/").json()
    assert confirmed["usable_from"] == "2026-05-07"
    tell("payout_account.proposed", "payout_account.confirmed")
    titles = [row.title["en"] for row in Notice.objects.filter(organisation=seller).order_by("pk")]
    assert titles == [
        "Somebody is changing your payout account",
        "Your new payout account is used from 2026-05-07",
    ]
    assert list(Task.objects.filter(subject=change).values_list("organisation", "kind", "state")) == [
        (seller.pk, "vet_account", "done")
    ]

    factories.accepted(market, "buyer", "seller", 10_000)
    at(date(2026, 5, 1))
    cycle = factories.clear(market)
    sent = create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    (payment,) = [row for row in factories.instructions(cycle) if row.organisation_id == seller.pk]
    assert b"1234567" in bytes(sent.content)
    assert b"7777777" not in bytes(sent.content)

    report_failed_payment(actor=market.actor, instruction=payment.public_id, reason="口座該当なし")
    tell("payment.returned")
    task = Task.objects.get(kind="pay_again")
    assert (task.organisation, task.subject, task.state) == (market.operator, payment.public_id, "open")
    for language, words in (("en", "is used from 2026-05-07"), ("ja", "2026-05-07 から使用")):
        assert change in task.title[language]
        assert words in task.title[language]
    assert change in Notice.objects.filter(subject=payment.public_id).get().body["ja"]

    at(date(2026, 5, 6), hour=23)
    assert payout_accounts_on(clock.today(), [seller.pk])[seller.pk].account_number == "1234567"
    at(date(2026, 5, 7))
    again = retry_payment(actor=market.actor, instruction=payment.public_id)
    resent = create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    assert b"7777777" in bytes(resent.content)
    assert b"1234567" not in bytes(resent.content)
    tell("payment.return_settled")
    task.refresh_from_db()
    assert (task.state, again.instead_of) == ("done", payment)
    assert [row.reference for row in transfers_in(resent.public_id)] == [again.reference]
    assert broken() == {}
