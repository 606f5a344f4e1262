"""The database's guards of bank entries, tried by raw SQL."""

from __future__ import annotations

from clearing.models import Account, Entry

from ..raw import WHOLE, account, refused


def test_a_bank_entry_is_recorded_and_posted_once(market, secured):
    refused(
        "INSERT INTO clearing_bankentry (public_id, statement_id, entry_reference, booked_on, direction, amount_minor,"
        " currency, counterparty_name, counterparty_account, remittance_information, match, mismatch_code)"
        " SELECT 'bke_raw', statement_id, entry_reference, booked_on, direction, amount_minor, currency, '', '', '',"
        " 'unallocated', 'raw' FROM clearing_bankentry",
        because="entry_reference",
    )
    refused("UPDATE clearing_bankentry SET amount_minor = 1", because="append-only")
    bank, available = Account.objects.get(kind="bank_client"), account(market, "buyer", "available")
    used = Entry.objects.get(kind="pay_in").reference
    refused(
        f"{WHOLE.replace(chr(39) + 'raw' + chr(39), '%s')} SELECT id, 1, %s, 5, 'JPY', 'pay_in' FROM made"
        " UNION ALL SELECT id, 2, %s, -5, 'JPY', 'pay_in' FROM made",
        used, bank.pk, available.pk, because="reference",
    )  # fmt: skip
