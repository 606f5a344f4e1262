"""The database's guards of the ledger, tried by raw SQL."""

from __future__ import annotations

import pytest

from clearing.models import Account, Balance

from .. import factories
from ..raw import ENTRY, WHOLE, account, counts, refused, run


@pytest.mark.usefixtures("no_causes")
def test_an_entry_that_does_not_balance_is_refused(market, secured):
    available, bank = account(market, "buyer", "available"), Account.objects.get(kind="bank_client")
    before = counts()
    refused(
        f"{WHOLE} SELECT id, 1, %s, 100, 'JPY', 'pay_in' FROM made UNION ALL SELECT id, 2, %s, -99, 'JPY', 'pay_in' FROM made",
        bank.pk, available.pk, because="sum to 1, not to zero",
    )  # fmt: skip
    refused(f"{WHOLE} SELECT id, 1, %s, 0, 'JPY', 'pay_in' FROM made", bank.pk, because="posting_amount")
    refused(ENTRY, because="has no postings")
    refused(
        "INSERT INTO clearing_posting (entry_id, leg, account_id, amount_minor, currency, line)"
        " VALUES (0, 1, %s, 5, 'JPY', 'pay_in'), (0, 2, %s, -5, 'JPY', 'pay_in')",
        bank.pk, available.pk, because="complete or missing",
    )  # fmt: skip
    refused(
        f"{WHOLE} SELECT id, 1, %s, 5, 'USD', 'pay_in' FROM made UNION ALL SELECT id, 2, %s, -5, 'USD', 'pay_in' FROM made",
        bank.pk, available.pk, because="not in the currency of its account",
    )  # fmt: skip
    refused(
        f"{WHOLE} SELECT id, 1, 0, 5, 'JPY', 'pay_in' FROM made UNION ALL SELECT id, 2, %s, -5, 'JPY', 'pay_in' FROM made",
        available.pk, because="names no account",
    )  # fmt: skip
    assert counts() == before


def test_postings_and_positions_stay_as_they_are(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.clear(market)
    for table in (
        "clearing_posting",
        "clearing_entry",
        "clearing_netposition",
        "clearing_obligation",
        "clearing_account",
    ):
        refused(f"DELETE FROM {table}", because="append-only")
    refused("UPDATE clearing_posting SET amount_minor = amount_minor + 1", because="append-only")
    refused("UPDATE clearing_netposition SET net_minor = 0", because="append-only")
    refused("UPDATE clearing_obligation SET amount_minor = 1", because="append-only")


def test_a_balance_moves_by_postings_only(market, secured):
    available = account(market, "buyer", "available")
    before = Balance.objects.get(account=available).balance_minor
    refused(
        "UPDATE clearing_balance SET balance_minor = -1000000 WHERE account_id = %s",
        available.pk, because="by postings only",
    )  # fmt: skip
    refused(
        "INSERT INTO clearing_balance (account_id, side, balance_minor) VALUES (%s, -1, 0)",
        Account.objects.get(kind="fee_revenue").pk, because="by postings only",
    )  # fmt: skip
    refused("DELETE FROM clearing_balance", because="are kept")
    assert Balance.objects.get(account=available).balance_minor == before == -4_000


@pytest.mark.usefixtures("no_causes")
def test_a_participant_cannot_spend_what_it_does_not_have(market, secured):
    available, bank = account(market, "buyer", "available"), Account.objects.get(kind="bank_client")
    refused(
        f"{WHOLE} SELECT id, 1, %s, 4001, 'JPY', 'payment' FROM made UNION ALL SELECT id, 2, %s, -4001, 'JPY', 'payment' FROM made",
        available.pk, bank.pk, because="balance_within_funds",
    )  # fmt: skip
    assert factories.available(market, "buyer") == 4_000


def test_every_limited_account_has_its_balance(market):
    run(
        "INSERT INTO clearing_account (public_id, code, organisation_id, kind, currency, side, opened_at)"
        " VALUES ('acc_raw', 'raw', %s, 'available', 'USD', -1, now())",
        market.party("buyer").pk,
    )
    assert Balance.objects.get(account__code="raw").balance_minor == 0
    refused(
        "INSERT INTO clearing_account (public_id, code, organisation_id, kind, currency, side, opened_at)"
        " VALUES ('acc_raw2', 'raw2', %s, 'available', 'USD', -1, now())",
        market.party("buyer").pk, because="account_once",
    )  # fmt: skip
    refused(
        "INSERT INTO clearing_account (public_id, code, organisation_id, kind, currency, side, opened_at)"
        " VALUES ('acc_raw3', 'raw3', NULL, 'held', 'USD', -1, now())",
        because="account_owner",
    )
