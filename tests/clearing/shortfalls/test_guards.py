"""The database itself refuses what shortfalls rule out, whatever SQL is sent."""

from __future__ import annotations

import pytest

from clearing.models import Account, Deferral, Obligation, Shortfall

from .. import factories
from ..raw import WHOLE, account, refused, run
from ..test_invariants import broken


@pytest.fixture
def deferred(market):
    """A cycle that put off 550 which the seller owes the buyer."""
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    factories.settle(market, factories.clear(market))
    factories.adjust(market, trade, "seller", "buyer", 500)
    return factories.clear(market)


def moving(line: str) -> str:
    """An entry of its own with one debit and one credit."""
    whole = WHOLE.replace("'jrn_raw'", f"'jrn_{line}'").replace("'raw'", f"'{line}'")
    return f"{whole} SELECT id, 1, %s, %s, 'JPY', '{line}' FROM made UNION ALL SELECT id, 2, %s, %s, 'JPY', '{line}' FROM made"


def lend(market: factories.Market, amount_minor: int) -> tuple[str, int, int, int, int]:
    claim, available = account(market, "seller", "claim"), account(market, "seller", "available")
    return (
        moving("drawn_reserve"),
        claim.pk,
        amount_minor,
        available.pk,
        -amount_minor,
    )


@pytest.mark.usefixtures("no_causes")
def test_the_reserve_lends_no_more_than_it_has(market):
    factories.pay_in(market, "seller", 1)
    factories.fund_reserve(market, 500)
    refused(*lend(market, 501), because="exceed the reserve of 500")
    run(*lend(market, 300))
    assert factories.balance(market, "seller", "claim") == 300
    write_off, reserve = (Account.objects.get(kind=kind) for kind in ("write_off", "reserve"))
    used = moving("reserve_used")
    refused(used, reserve.pk, 201, write_off.pk, -201, because="exceed the reserve of 299")
    refused(used, reserve.pk, 501, write_off.pk, -501, because="balance_within_funds")


def test_what_is_put_off_goes_on_in_full(market, deferred):
    deferral = Deferral.objects.get()
    refused("UPDATE clearing_deferral SET amount_minor = 1", because="append-only")
    refused("DELETE FROM clearing_deferral", because="append-only")
    first = deferral.obligation
    following = (
        "INSERT INTO clearing_obligation (trade_id, kind, debtor_id, creditor_id, amount_minor, tax_minor,"
        " tax_rate_bp, currency, cycle_id, legal_basis, deferred_from_id, made_at)"
        " VALUES (%s, %s, %s, %s, 1, 0, 0, 'JPY', %s, 'market_terms', %s, now())"
    )
    refused(
        following, first.trade_id, "adjustment", first.debtor_id, first.creditor_id, market.cycle.pk,
        deferral.next_id, because=r"a deferral of obligation .* differs from it",
    )  # fmt: skip
    factories.adjust(market, first.trade, "seller", "buyer", 10)
    cycle = factories.clear(market, "validated")
    waiting = Obligation.objects.get(cycle=cycle, deferred_from=None)
    for changes in (
        {"debtor": first.creditor_id, "creditor": first.debtor_id},
        {"kind": "refund"},
        {"cycle": cycle.pk},
    ):
        values = {
            "kind": "adjustment", "debtor": first.debtor_id, "creditor": first.creditor_id, "cycle": market.cycle.pk,
        } | changes  # fmt: skip
        refused(
            following, waiting.trade_id, values["kind"], values["debtor"], values["creditor"], values["cycle"],
            waiting.pk, because=r"a deferral of obligation .* differs from it",
        )  # fmt: skip
    run(
        following, waiting.trade_id, "adjustment", first.debtor_id, first.creditor_id, market.cycle.pk, waiting.pk
    )  # fmt: skip
    assert set(broken()) == {"clearing.deferrals_go_on"}
    made = Obligation.objects.get(deferred_from=waiting)
    row = (
        "INSERT INTO clearing_deferral (cycle_id, obligation_id, next_id, amount_minor, tax_minor)"
        " VALUES (%s, %s, %s, %s, 0)"
    )
    refused(row, cycle.pk, waiting.pk, made.pk, 2, because="differs from the obligation that continues it")
    refused(row, deferred.pk, waiting.pk, made.pk, 1, because="differs from the obligation that continues it")
    refused(row, cycle.pk, waiting.pk, deferral.next_id, 1, because="deferral")
    refused(row, cycle.pk, waiting.pk, made.pk, 0, because="deferral_amount")


@pytest.mark.usefixtures("no_causes")
def test_what_was_set_aside_cannot_be_spent_otherwise(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    factories.settle(market, factories.clear(market))
    factories.pay_in(market, "seller", 550)
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.clear(market, "netted")
    available, payable = account(market, "seller", "available"), account(market, "seller", "payable")
    posting = moving("drawn")
    refused(posting, available.pk, 1, payable.pk, -1, because="balance_within_funds")
    refused(posting, payable.pk, 551, available.pk, -551, because="balance_within_funds")
    assert broken() == {}


def test_a_shortfall_is_told_once_and_stays(market, deferred):
    (found,) = Shortfall.objects.all()
    refused("UPDATE clearing_shortfall SET deferred_minor = 1", because="append-only")
    refused("DELETE FROM clearing_shortfall", because="append-only")
    again = (
        "INSERT INTO clearing_shortfall (public_id, cycle_id, organisation_id, currency, missing_minor, lent_minor,"
        " deferred_minor, awaited_minor, occurred_at) VALUES ('sft_x', %s, %s, 'JPY', %s, 0, %s, 0, now())"
    )
    refused(again, deferred.pk, found.organisation_id, 550, 550, because="shortfall_once")
    refused(again, deferred.pk, market.party("buyer").pk, 5, 6, because="shortfall_amounts")
    refused(again, deferred.pk, market.party("buyer").pk, 0, 0, because="shortfall_amounts")
