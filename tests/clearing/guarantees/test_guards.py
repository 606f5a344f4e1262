"""The database holds guarantees to their room and their term: raw SQL of both roles, and what the checker names."""

from __future__ import annotations

import pytest
from django.db import connection

from clearing.models import (
    Cycle,
    Guarantee,
    GuaranteedPart,
    GuaranteeReduction,
    Obligation,
    PutOffCorrection,
    Trade,
)
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all
from tests.roles import assert_refused, unguarded

from .. import factories
from ..guaranteeing import limit, reduce, register, used
from ..raw import refused, run
from ..test_invariants import broken

PART = (
    "INSERT INTO clearing_guaranteedpart (public_id, trade_id, guarantee_id, amount_minor, due_by, reserved_at)"
    " SELECT 'gpt_raw', %s, %s, %s, (public.business_now() AT TIME ZONE 'Asia/Tokyo')::date + %s,"
    " public.business_now()"
)


def conclude_unsecured(market: factories.Market, **changes) -> Trade:
    trade = factories.conclude(market, "city", "seller", 10_000, **changes)
    assert trade.state == "concluded"
    return trade


@pytest.mark.parametrize(
    ("changes", "amount_minor", "days", "because"),
    [
        ({}, 10_001, 62, "has no room"),
        ({}, 11_001, 62, "cannot|can secure"),
        ({}, 5_000, 366, "is not valid until"),
        ({}, 5_000, 1, "is not valid until"),
        ({"commissioned": True}, 5_000, 62, "that a guarantee can secure"),
    ],
)
def test_the_database_refuses_use_beyond_a_guarantee(market, changes, amount_minor, days, because):
    trade = conclude_unsecured(market, **changes)
    guarantee = register(market, "city", 10_000)
    refused(PART, trade.pk, guarantee.pk, amount_minor, days, because=because)
    assert (GuaranteedPart.objects.count(), used(guarantee)) == (0, 0)
    with unguarded("clearing_guaranteedpart"):
        run(PART, trade.pk, guarantee.pk, amount_minor, days)
    assert "clearing.guarantees_secure_trades" in broken()


def test_a_part_is_of_the_own_buyer_of_a_waiting_trade_that_is_then_secured(market):
    trade = conclude_unsecured(market)
    others, own = register(market, "town", 50_000), register(market, "city", 50_000)
    refused(PART, trade.pk, others.pk, 5_000, 62, because="not of the buyer")

    def reserve_only() -> None:
        run(PART, trade.pk, own.pk, 5_000, 62)
        connection.check_constraints()

    assert_refused(reserve_only, because="guaranteed part of trade")
    factories.pay_in(market, "city", 11_000)
    refused(PART, trade.pk, own.pk, 5_000, 62, because="that a guarantee can secure")
    assert GuaranteedPart.objects.count() == 0


def test_no_guarantee_secures_a_trade_whose_price_was_adjusted_before(market):
    trade = conclude_unsecured(market)
    factories.adjust(market, trade, "seller", "city", 1_000)
    guarantee = register(market, "city", 50_000)
    refused(PART, trade.pk, guarantee.pk, 5_000, 62, because="that a guarantee can secure")
    assert (used(guarantee), broken()) == (0, {})


def test_an_expired_guarantee_secures_nothing(market):
    trade = conclude_unsecured(market)
    guarantee = register(market, "city", 50_000)
    with unguarded("clearing_guarantee"):
        run("UPDATE clearing_guarantee SET expires_at = public.business_now() - interval '1 minute'")
    refused(PART, trade.pk, guarantee.pk, 5_000, 62, because="is not valid until")
    assert "clearing.guarantees_by_two" in broken()


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ("released_at = public.business_now()", "guaranteed part of trade"),
        (
            "billed_at = public.business_now(), due_on = (public.business_now() AT TIME ZONE 'Asia/Tokyo')::date, paid_at = public.business_now(), paid_from = 'available'",
            "on hold for trade",
        ),
        ("paid_at = public.business_now(), paid_from = 'available'", "guaranteed_part_moments"),
        ("billed_at = public.business_now()", "guaranteed_part_moments"),
        ("amount_minor = amount_minor - 1", "cannot be changed"),
        ("due_by = due_by + 1", "cannot be changed"),
    ],
)
def test_a_part_is_not_freed_without_payment(market, change, because):
    guarantee = register(market, "city", 50_000)
    factories.conclude(market, "city", "seller", 10_000)

    def free() -> None:
        run(f"UPDATE clearing_guaranteedpart SET {change}")
        connection.check_constraints()

    assert_refused(free, because=because)
    refused("DELETE FROM clearing_guaranteedpart", because="are kept")
    assert (used(guarantee), broken()) == (11_000, {})


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ("billed_at = '2020-01-01', due_on = '2020-01-01'", "not that of the clock"),
        ("billed_at = business_now() + interval '1 hour', due_on = due_by", "not that of the clock"),
        ("released_at = '2020-01-01'", "not that of the clock"),
        (
            "billed_at = business_now(), due_on = (business_now() AT TIME ZONE 'Asia/Tokyo')::date - 1",
            "is not billed, paid or released",
        ),
        (
            "billed_at = business_now(), due_on = (business_now() AT TIME ZONE 'Asia/Tokyo')::date + 366",
            "is not billed, paid or released",
        ),
        (
            (
                "billed_at = business_now(), due_on = (business_now() AT TIME ZONE 'Asia/Tokyo')::date, paid_at = business_now(),"
                " paid_from = 'deposit'"
            ),
            "is not billed, paid or released",
        ),
    ],
)
def test_nobody_bills_a_part_at_another_time_or_from_a_deposit_that_backs_nothing(market, change, because):
    register(market, "city", 50_000)
    factories.conclude(market, "city", "seller", 10_000)
    refused(f"UPDATE clearing_guaranteedpart SET {change}", because=because)
    assert broken() == {}
    with unguarded("clearing_guaranteedpart"):
        run(f"UPDATE clearing_guaranteedpart SET {change}")
    # Whatever its moments, nobody recorded a bill or release of it.
    named = {name for name, found in verify_all().items() if found}
    assert named & {"clearing.guarantees_secure_trades", "evidence.rows_recorded"}


def test_nothing_is_cleared_of_a_trade_whose_bill_is_unpaid(market):
    register(market, "city", 50_000)
    trade = factories.accept(factories.conclude(market, "city", "seller", 10_000))
    values = {
        "trade": trade,
        "kind": "adjustment",
        "debtor_id": trade.seller_id,
        "creditor_id": trade.buyer_id,
        "amount_minor": 1_000,
        "tax_minor": 100,
        "tax_rate_bp": 1_000,
        "currency": "JPY",
        "cycle": Cycle.objects.get(),
        "source": "adj_raw",
        "made_at": clock.now(),
    }

    def clear() -> None:
        Obligation.objects.create(**values)

    assert_refused(clear, because="once its guaranteed part is paid")
    with unguarded("clearing_obligation"):
        clear()
    assert "clearing.guarantees_secure_trades" in broken()


def test_a_correction_waits_for_an_open_bill_only(market):
    register(market, "city", 50_000)
    trade = factories.accept(factories.conclude(market, "city", "seller", 10_000))
    values = {
        "trade": trade,
        "kind": "adjustment",
        "debtor_id": trade.seller_id,
        "creditor_id": trade.buyer_id,
        "amount_minor": 1_000,
        "put_off_at": clock.now(),
    }
    factories.pay_in(market, "city", 11_000)

    def put_off() -> None:
        PutOffCorrection.objects.create(**values, source="adj_raw")

    assert_refused(put_off, because="is not one that waits for a bill")
    assert broken() == {}
    with unguarded("clearing_putoffcorrection"):
        put_off()
    assert "clearing.guarantees_secure_trades" in broken()


def test_a_trade_is_not_cleared_before_its_guaranteed_part_is_paid(market):
    register(market, "city", 50_000)
    trade = factories.conclude(market, "city", "seller", 10_000)
    with unguarded("clearing_trade"):
        run("UPDATE clearing_trade SET state = 'refunded', ended_at = now() WHERE id = %s", trade.pk)
    assert "clearing.guarantees_secure_trades" in broken()


@pytest.mark.parametrize(
    "change",
    [
        "used_minor = 0",
        "amount_minor = amount_minor + 1",
        "amount_minor = 0",
        "expires_at = expires_at + interval '1 day'",
    ],
)
def test_nobody_registers_or_changes_a_guarantee_alone(market, change):
    guarantee = register(market, "city", 50_000)
    factories.conclude(market, "city", "seller", 10_000)
    refused(f"UPDATE clearing_guarantee SET {change}", because="by its reductions and its use only")
    refused("DELETE FROM clearing_guarantee", because="are kept")
    refused(
        "INSERT INTO clearing_guarantee (public_id, organisation_id, kind, issuer, amount_minor, used_minor, currency,"
        " valid_from, expires_at, document_sha256, approval_id, registered_by, registered_at)"
        " SELECT 'gua_raw', organisation_id, kind, issuer, amount_minor * 2, 0, currency, valid_from, expires_at,"
        " document_sha256, approval_id, registered_by, public.business_now() FROM clearing_guarantee",
        because="is not what two people approved",
    )
    assert (Guarantee.objects.count(), used(guarantee), broken()) == (1, 11_000, {})
    if change == "amount_minor = 0":
        return
    with unguarded("clearing_guarantee"):
        run(f"UPDATE clearing_guarantee SET {change}")
    assert {"clearing.guarantees_by_two", "clearing.guarantees_secure_trades"} & set(broken())


@pytest.mark.parametrize(
    "change",
    [
        "kind = 'deposit_limit', issuer = ''",
        "issuer = '別の銀行'",
        "currency = 'USD'",
        "valid_from = valid_from - interval '1 day'",
        "expires_at = expires_at + interval '1 day'",
        "document_sha256 = repeat('0', 64)",
        "registered_by = 'usr_other'",
        "organisation_id = (SELECT id FROM participants_organisation WHERE is_operator)",
    ],
)
def test_a_guarantee_on_other_terms_than_two_people_gave_is_named(market, change):
    register(market, "city", 50_000)
    with unguarded("clearing_guarantee"):
        run(f"UPDATE clearing_guarantee SET {change}")
    assert "clearing.guarantees_by_two" in broken()


@pytest.mark.parametrize("change", ["amount_minor = 10000", "decided_by = 'usr_other'"])
def test_a_reduction_that_two_people_did_not_give_is_named(market, change):
    guarantee = register(market, "city", 50_000)
    reduce(market, guarantee, 20_000)
    with unguarded("clearing_guarantee", "clearing_guaranteereduction"):
        run(f"UPDATE clearing_guaranteereduction SET {change}")
        run(
            "UPDATE clearing_guarantee g SET amount_minor = r.amount_minor FROM clearing_guaranteereduction r"
        )
    assert "clearing.guarantees_by_two" in broken()


@pytest.mark.parametrize(
    ("amount_minor", "because"),
    [(10_999, "not below 11000"), (50_000, "is reduced below"), (20_000, "no two people approved")],
)
def test_a_guarantee_is_not_reduced_below_its_use_or_by_one_person(market, amount_minor, because):
    guarantee = register(market, "city", 50_000)
    factories.conclude(market, "city", "seller", 10_000)
    refused(
        "INSERT INTO clearing_guaranteereduction (public_id, guarantee_id, amount_minor, reason, approval_id, decided_by,"
        " decided_at) VALUES ('grd_raw', %s, %s, 'x', %s, 'usr_x', public.business_now())",
        guarantee.pk,
        amount_minor,
        guarantee.approval_id,
        because=because,
    )
    guarantee.refresh_from_db()
    assert (GuaranteeReduction.objects.count(), guarantee.amount_minor) == (0, 50_000)
    reduce(market, guarantee, 11_000)
    refused("UPDATE clearing_guaranteereduction SET amount_minor = 1", because="append-only")
    assert broken() == {}


def test_a_deposit_stays_while_it_backs_a_limit(market):
    guarantee = limit(market, "city", 50_000, 30_000)
    factories.conclude(market, "city", "seller", 10_000)

    def lower() -> None:
        run(
            "WITH decided AS (INSERT INTO clearing_fundsdecision (public_id, organisation_id, currency, kind, amount_minor,"
            " reason, decided_by, decided_at) VALUES ('fdc_raw', %(city)s, 'JPY', 'deposit_released', 19001, 'x', 'usr_x',"
            " public.business_now())), made AS (INSERT INTO clearing_entry (public_id, kind, reference, description,"
            " business_date, booked_at, organisation_id) VALUES ('jrn_raw', 'deposit', 'deposit:fdc_raw', '',"
            " (public.business_now() AT TIME ZONE 'Asia/Tokyo')::date, public.business_now(), %(city)s) RETURNING id)"
            " INSERT INTO clearing_posting (entry_id, leg, account_id, amount_minor, currency, line)"
            " SELECT made.id, v.leg, a.id, v.amount, 'JPY', 'deposit_released' FROM made, (VALUES (1, 'deposit', 19001),"
            " (2, 'available', -19001)) v(leg, kind, amount) JOIN clearing_account a"
            " ON a.kind = v.kind AND a.organisation_id = %(city)s".replace(
                "%(city)s", str(market.party("city").pk)
            )
        )
        connection.check_constraints()

    assert_refused(lower, because="of the limits that it backs")
    assert (factories.balance(market, "city", "deposit"), used(guarantee)) == (30_000, 11_000)
    with unguarded("clearing_guarantee"):
        run("UPDATE clearing_guarantee SET used_minor = 30001")
    assert "clearing.deposits_back_limits" in broken()
